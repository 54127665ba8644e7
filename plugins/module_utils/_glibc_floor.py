# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The oldest glibc that a file can be loaded with, read with nothing but the standard library.

The host that builds has no library for ELF. It is enough to look at the strings that the dynamic loader uses, among
which are the names of all versions that it will ask glibc for. What is wrong with a file is for C(_layer_audit) to say,
which reads it whole; here a file that can't be understood needs nothing.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

ELF_MAGIC = b"\x7fELF"
_IDENT = ELF_MAGIC + b"\x02\x01"
_HEADER = struct.Struct("<16xHHIQQQIHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_ENTRY = struct.Struct("<qQ")
_LOAD, _DYNAMIC = 1, 2
_STRINGS, _STRINGS_SIZE = 5, 10
_VERSION = re.compile(rb"(?<=\0)GLIBC_(\d+)\.(\d+)(?:\.\d+)?\0")
#: Stands for a feature of the loader; the first such name came with this release.
_ABI_MARK, _FIRST_WITH_MARKS = b"\0GLIBC_ABI_", (2, 36)


def floors_below(folder: Path) -> list[tuple[int, int] | None]:
    """Which glibc each ELF file below a folder needs at least, as C(glibc_floor) says it.

    :raises OSError: one can't be read.
    """
    floors = []
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(len(ELF_MAGIC))
                if head == ELF_MAGIC:
                    floors.append(glibc_floor(head + file.read()))
    return floors


def glibc_floor(data: bytes) -> tuple[int, int] | None:
    """Which glibc a file needs at least.

    :param data: a file.
    :returns: (major, minor); None if it needs no particular one, or is no ELF file of 64 bits.
    """
    if not data.startswith(_IDENT):
        return None
    try:
        strings = _strings(data)
    except (struct.error, OverflowError, StopIteration):
        return None
    found = [(int(major), int(minor)) for major, minor in _VERSION.findall(strings)]
    if _ABI_MARK in strings:
        found.append(_FIRST_WITH_MARKS)
    return max(found, default=None)


def _strings(data: bytes) -> bytes:
    """The string table of the dynamic segment."""
    segments = list(_segments(data))
    dynamic = next(segment for segment in segments if segment[0] == _DYNAMIC)
    tags = dict(_entries(data[dynamic[2] : dynamic[2] + dynamic[5]]))
    address, size = tags.get(_STRINGS, 0), tags.get(_STRINGS_SIZE, 0)
    start = next(
        offset + address - at
        for kind, _flags, offset, at, _physical, length, *_rest in segments
        if kind == _LOAD and at <= address < at + length
    )
    return data[start : start + size]


def _segments(data: bytes) -> Iterator[tuple[int, ...]]:
    fields = _HEADER.unpack_from(data)
    table, size, count = fields[4], fields[8], fields[9]
    for index in range(count):
        yield _SEGMENT.unpack_from(data, table + index * size)


def _entries(dynamic: bytes) -> Iterator[tuple[int, int]]:
    for at in range(0, len(dynamic) - _ENTRY.size + 1, _ENTRY.size):
        tag, value = _ENTRY.unpack_from(dynamic, at)
        if tag == 0:
            return
        yield tag, value
