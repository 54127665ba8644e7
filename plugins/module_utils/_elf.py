# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of one ELF file that decide whether a dynamic loader can load it.

They are read where the loader reads them, by way of the program headers: section headers are for linkers and debuggers,
and some tools remove them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, cast

with suppress(ImportError):  # The module says that it is missing.
    from elftools.common.exceptions import ELFError
    from elftools.common.utils import parse_cstring_from_stream
    from elftools.construct.lib.container import Container
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerNeedSection
    from elftools.elf.segments import InterpSegment, Segment

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

MAGIC = b"\x7fELF"
#: More entries than any real file has; a damaged or malicious one could claim four thousand million.
_MOST_ENTRIES = 10_000
_KINDS = {"ET_DYN": "shared", "ET_EXEC": "executable", "ET_REL": "object", "ET_CORE": "core"}
_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64", "EM_386": "i386", "EM_ARM": "arm"}
_VERSION = re.compile(r"([A-Z]+)_(\d+(?:\.\d+)*)")
#: Names such as GLIBC_ABI_DT_RELR stand for a feature of the loader; the first of them came with this release.
_ABI_MARK = "GLIBC_ABI_"
_FIRST_WITH_MARKS = (2, 36)
_WEAK = 0x2


class ElfError(ServerlessError):
    """A file that begins like ELF but can't be read to its end."""


@dataclass(frozen=True)
class VersionNeed:
    """A version of a library that the file was linked against.

    :param library: its name, C(libc.so.6).
    :param version: the version's name, C(GLIBC_2.17).
    """

    library: str
    version: str


@dataclass(frozen=True)
class Elf:
    """One ELF file.

    :param machine: C(x86_64), C(aarch64), C(i386), C(arm), or the name in the ELF standard.
    :param bits: 32 or 64.
    :param little_endian: the order of bytes.
    :param kind: C(shared), C(executable), C(object), C(core) or C(other).
    :param soname: the name that it has for the loader.
    :param needed: names of the libraries that it needs.
    :param search: folders that it wants to be searched for them (DT_RPATH, DT_RUNPATH), as written.
    :param versions: what it needs of them.
    :param interpreter: the program that loads it, if it is a program itself.
    """

    machine: str
    bits: int
    little_endian: bool
    kind: str
    soname: str | None = None
    needed: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    versions: tuple[VersionNeed, ...] = ()
    interpreter: str | None = None

    @property
    def loadable(self) -> bool:
        """Whether it is made to be loaded or run, other than what a compiler leaves for a linker."""
        return self.kind in ("shared", "executable")

    def highest(self, family: str, *, library: str | None = None) -> tuple[int, ...] | None:
        """The highest version of a family such as C(GLIBC) that it needs, C(None) if it needs none.

        :param family: what stands before the underscore.
        :param library: only what it needs of this library.
        """
        numbers = [
            number
            for need in self.versions
            if library in (None, need.library) and (number := version_number(need.version, family=family))
        ]
        return max(numbers, default=None)


def version_number(name: str, *, family: str) -> tuple[int, ...] | None:
    """The number in a version's name, C(None) if it is of another family or has none.

    >>> version_number("GLIBC_2.17", family="GLIBC")
    (2, 17)
    """
    if family == "GLIBC" and name.startswith(_ABI_MARK):
        return _FIRST_WITH_MARKS
    found = _VERSION.fullmatch(name)
    if not found or found.group(1) != family:
        return None
    return tuple(int(part) for part in found.group(2).split("."))


def read_elf(content: bytes) -> Elf:
    """Read the facts of an ELF file.

    :param content: the whole file.
    :raises ElfError: it is damaged.
    """
    try:
        return _read(content)
    except ElfError:
        raise
    # What a library that trusts its input raises, depending on which byte is wrong.
    except (
        ELFError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        MemoryError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise _damaged(f"its headers can't be followed ({type(error).__name__})") from error


@dataclass(frozen=True)
class _Strings:
    """The names that the loader looks up, which pyelftools takes for a section."""

    stream: IO[bytes]
    start: int

    def get_string(self, offset: int) -> str:
        found = parse_cstring_from_stream(self.stream, self.start + offset)
        if found is None:
            raise _damaged("a name in it has no end")
        return found.decode("utf-8", "backslashreplace")


def _read(content: bytes) -> Elf:
    stream = io.BytesIO(content)
    file = ELFFile(stream)
    segments = list(file.iter_segments())
    _check_complete(file, segments, len(content))
    kind = _KINDS.get(str(file["e_type"]), "other")
    machine = str(file["e_machine"])
    facts: dict[str, Any] = {
        "machine": _MACHINES.get(machine, machine),
        "bits": file.elfclass,
        "little_endian": file.little_endian,
        "kind": kind,
    }
    if kind not in ("shared", "executable"):
        return Elf(**facts)
    if not any(segment["p_type"] == "PT_LOAD" for segment in segments):
        raise _damaged("nothing in it is to be loaded")
    for segment in segments:
        if isinstance(segment, DynamicSegment):
            facts |= _dynamic(file, segment, stream)
        elif isinstance(segment, InterpSegment):
            facts["interpreter"] = segment.get_interp_name()
    return Elf(**facts)


def _check_complete(file: ELFFile, segments: list[Segment], size: int) -> None:
    """The parts that the headers name must be there."""
    ends = [segment["p_offset"] + segment["p_filesz"] for segment in segments if segment["p_filesz"]]
    ends.append(file["e_shoff"] + file["e_shnum"] * file["e_shentsize"] if file["e_shoff"] else 0)
    if max(ends) > size:
        raise _damaged(f"it ends after {size} bytes, and its headers speak of {max(ends)}")


def _dynamic(file: ELFFile, segment: DynamicSegment, stream: IO[bytes]) -> dict[str, Any]:
    _address, start = segment.get_table_offset("DT_STRTAB")
    if start is None:
        raise _damaged("the names that its dynamic section speaks of are not in it")
    strings = _Strings(stream, start)
    tags = [(tag.entry.d_tag, tag.entry.d_val) for tag in islice(segment.iter_tags(), _MOST_ENTRIES)]

    def names(*wanted: str) -> list[str]:
        return [strings.get_string(value) for tag, value in tags if tag in wanted]

    sonames = names("DT_SONAME")
    return {
        "soname": sonames[0] if sonames else None,
        "needed": tuple(names("DT_NEEDED")),
        "search": tuple(part for text in names("DT_RPATH", "DT_RUNPATH") for part in text.split(":") if part),
        "versions": tuple(_versions(file, segment, strings, dict(tags).get("DT_VERNEEDNUM", 0))),
    }


def _versions(file: ELFFile, segment: DynamicSegment, strings: _Strings, count: int) -> Iterator[VersionNeed]:
    address, start = segment.get_table_offset("DT_VERNEED")
    if address is None:
        return
    if start is None:
        raise _damaged("the versions that its dynamic section speaks of are not in it")
    header = Container(sh_flags=0, sh_offset=start, sh_size=0, sh_addralign=0, sh_info=min(count, _MOST_ENTRIES))
    table = GNUVerNeedSection(header, "", file, cast("Any", strings))
    for library, auxiliaries in table.iter_versions():
        for auxiliary in auxiliaries:
            # Without a weak one the loader only warns.
            if not auxiliary["vna_flags"] & _WEAK:
                yield VersionNeed(str(library.name), auxiliary.name)
            if not auxiliary["vna_next"]:
                break
        if not library["vn_next"]:
            break


def _damaged(what: str) -> ElfError:
    return ElfError(f"this is a damaged ELF file: {what}", "Install the distribution again")
