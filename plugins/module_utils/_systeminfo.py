# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what Windows' C(systeminfo.exe) says of virtualization, in five languages and any code page.

Only what is in its place and complete counts. Two lines that say the opposite say nothing.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from ansible_collections.asesoria.serverless.plugins.module_utils import _systeminfo_words as words
from ansible_collections.asesoria.serverless.plugins.module_utils._answers import NO, UNKNOWN, YES, Answer, agree
from ansible_collections.asesoria.serverless.plugins.module_utils._virtual_machines import is_virtual_machine

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: A processor, the same in all languages: C([01]: Intel64 Family 6 Model 165 Stepping 3 GenuineIntel ~3600 Mhz).
_PROCESSOR = re.compile(r"\[\d+\]\s*:\s*(?:Intel64|EM64T|AMD64|x86|ARM\S*)\b.*\bFamily\b.*")
_VENDORS = (("intel", "GenuineIntel"), ("amd", "AuthenticAMD"), ("arm", ": ARM"))


@dataclass(frozen=True)
class SystemInfo:
    """What the text says of virtualization.

    :param monitor: whether the CPU has the extensions.
    :param firmware: whether they are switched on in the firmware.
    :param slat: whether the CPU translates addresses of guests.
    :param dep: whether data execution prevention is on.
    :param hypervisor: whether one is running, below this Windows or as part of it.
    :param virtual_machine: whether this Windows runs in a virtual machine.
    :param cpu: C(intel), C(amd), C(arm) or C(unknown).
    :param block: whether the text has the block about Hyper-V at all.
    """

    monitor: Answer
    firmware: Answer
    slat: Answer
    dep: Answer
    hypervisor: Answer
    virtual_machine: Answer
    cpu: str
    block: bool


def decode(data: bytes) -> str:
    """Make text of the output: by its byte order mark, as UTF-8, or else in code page 850.

    Letters of other code pages come out wrong, and are recognized nevertheless.

    :param data: as the program or a file has it.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    if data and data[1::2].count(0) * 4 > len(data):
        return data.decode("utf-16-le", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp850")


def parse(text: str) -> SystemInfo:
    """Read the text.

    :param text: entire output, or the part of it that somebody has.
    """
    lines = [line for line in text.expandtabs().splitlines() if line.strip()]
    blocks = list(_hyperv_blocks(lines))
    statements = [statement for block in blocks for statement in block]
    found = {name: _requirement(statements, labels) for name, labels in words.REQUIREMENTS.items()}
    return SystemInfo(
        **found,
        hypervisor=_hypervisor(lines, statements),
        virtual_machine=_virtual_machine(lines),
        cpu=_cpu(lines),
        block=bool(blocks),
    )


def _hyperv_blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield the statements of each block about Hyper-V: what is right of its label, and the indented lines below."""
    for number, line in enumerate(lines):
        label, _colon, rest = line.partition(":")
        if words.label_skeleton(label) in words.HYPERV_BLOCK:
            below = takewhile(partial(_continues, depth=_indent(line)), lines[number + 1 :])
            yield [statement.strip() for statement in (rest, *below) if statement.strip()]


def _continues(line: str, *, depth: int) -> bool:
    """A line of the block is indented; in a text that has lost its spaces it is known by its label."""
    return _indent(line) > depth or any(_label(line) in labels for labels in words.REQUIREMENTS.values())


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _label(statement: str) -> str:
    return words.label_skeleton(statement.rpartition(":")[0])


def _requirement(statements: Iterable[str], labels: frozenset[str]) -> Answer:
    values = [words.skeleton(one.rpartition(":")[2]) for one in statements if _label(one) in labels]
    return agree(YES if value in words.YES else NO if value in words.NO else UNKNOWN for value in values)


def _hypervisor(lines: list[str], statements: list[str]) -> Answer:
    """The requirements are printed only if no hypervisor runs; security that is based on one runs only with one.

    A requirement outside of its block is out of place, so that the text is not to be trusted.
    """
    detected = any(_says_detected(one) for one in statements)
    required = any(_label(one) in labels for one in statements for labels in words.REQUIREMENTS.values())
    secured = any(words.skeleton(value) in words.VBS_RUNNING for value in _values(lines, words.VBS_BLOCK))
    lost = not required and any(_mentions_requirement(line) for line in lines)
    claims: list[tuple[bool, Answer]] = [(detected, YES), (required, NO), (secured, YES), (lost, UNKNOWN)]
    return agree(answer for made, answer in claims if made)


def _mentions_requirement(line: str) -> bool:
    reduced = words.skeleton(line)
    return any(label in reduced for labels in words.REQUIREMENTS.values() for label in labels)


def _says_detected(statement: str) -> bool:
    return words.skeleton(statement.partition(".")[0]) in words.HYPERVISOR_DETECTED


def _values(lines: Iterable[str], labels: frozenset[str]) -> list[str]:
    parts = (line.partition(":") for line in lines)
    return [value.strip() for label, _colon, value in parts if words.label_skeleton(label) in labels]


def _virtual_machine(lines: list[str]) -> Answer:
    makers, models = _values(lines, words.MANUFACTURER), _values(lines, words.MODEL)
    return is_virtual_machine(
        maker=" / ".join(makers), model=" / ".join(models), bios=" / ".join(_values(lines, words.BIOS))
    )


def _cpu(lines: list[str]) -> str:
    processors = [line for line in lines if _PROCESSOR.fullmatch(line.strip())]
    found = {name for name, mark in _VENDORS for line in processors if mark in line}
    return found.pop() if len(found) == 1 else "unknown"
