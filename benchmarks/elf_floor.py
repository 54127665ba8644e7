# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a runtime could load what a build has made, judged by binutils and by nothing of this collection.

C(readelf) lists the version needs and the machine of every ELF file below a folder. It reads them by way of the section
headers; where a file has none it reads the dynamic segment.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"\x7fELF"
_NEED = re.compile(r"Name: GLIBC_(\d+)\.(\d+)")
_MACHINE = re.compile(r"Machine:\s+(.*)")
_FILE = re.compile(r"^File: (.*)$", re.MULTILINE)
_MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "arm64": "AArch64"}
#: How many files one call is given.
_BATCH = 100


@dataclass(frozen=True)
class Judgement:
    """What is wrong with a tree.

    :param files: how many ELF files there are.
    :param too_new: those that need a later glibc than there is, with the version.
    :param wrong_machine: those for another processor.
    :param highest: the latest glibc that any of them needs, C(2.28).
    """

    files: int
    too_new: tuple[str, ...]
    wrong_machine: tuple[str, ...]
    highest: str

    @property
    def good(self) -> bool:
        """Whether a runtime could load all of it."""
        return not self.too_new and not self.wrong_machine


def judge(tree: Path, *, glibc: tuple[int, int], architecture: str) -> Judgement:
    """Look at every ELF file below a folder.

    :param tree: the folder.
    :param glibc: what the runtime has, (major, minor).
    :param architecture: Lambda's name of it.
    """
    files = [path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink() and _is_elf(path)]
    too_new, wrong, highest = [], [], (0, 0)
    for path, text in _read(files):
        name = path.relative_to(tree).as_posix()
        needed = max([(int(major), int(minor)) for major, minor in _NEED.findall(text)], default=(0, 0))
        highest = max(highest, needed)
        if needed > glibc:
            too_new.append(f"{name} ({needed[0]}.{needed[1]})")
        machine = _MACHINE.search(text)
        if machine is None or machine[1].strip() != _MACHINES[architecture]:
            wrong.append(f"{name} ({machine[1].strip() if machine else 'unknown'})")
    return Judgement(len(files), tuple(too_new), tuple(wrong), f"{highest[0]}.{highest[1]}")


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == _MAGIC


def _read(files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    for start in range(0, len(files), _BATCH):
        batch = files[start : start + _BATCH]
        # With more than one file it says before each which one it is.
        argv = ["readelf", "--wide", "--file-header", "--version-info", "/dev/null", *map(str, batch)]
        text = subprocess.run(argv, capture_output=True, text=True, check=False, errors="replace").stdout
        parts = _FILE.split(text)
        found = dict(zip(parts[1::2], parts[2::2], strict=True))
        for path in batch:
            yield path, found.get(str(path), "")
