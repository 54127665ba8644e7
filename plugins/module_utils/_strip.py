# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes out of a shared library what only a linker or a debugger reads: symbol table, debugging sections, comments.

What the dynamic loader maps stays byte for byte as it is, and every segment keeps the remainder of its offset by its
alignment. A tool that lays the file out anew need not: C(strip) has moved segments of libraries that C(patchelf) had
touched, which no loader maps after that ("ELF load command address/offset not properly aligned"). The same bytes give
the same result on every machine, which has to have no tool for it.

The section table keeps its length and order, so that symbols go on naming the right sections, and tools that go by
sections still read what is left. A removed one has the type C(SHT_NULL).

Source of the layout: Tool Interface Standard, "Executable and Linking Format", and the generic System V ABI.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

_IDENT = b"\x7fELF\x02\x01\x01"
_SHARED = 3
_LOAD, _INTERPRETER = 1, 3
_NULL, _SYMBOLS, _STRINGS, _NO_BITS = 0, 2, 3, 8
_ALLOCATED = 0x2
_REMOVABLE = re.compile(rb"\.(symtab|z?debug_\w+|stab\w*|comment|gnu_debuglink|gnu_debugdata|gnu\.build\.attributes.*)")
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
#: Of what is neither mapped nor says itself how it is to be aligned.
_ALIGNMENT = 16
#: Where a section table may begin, in the form for 64 bits.
_TABLE_ALIGNMENT = 8


@dataclass(frozen=True)
class _Segment:
    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    size: int
    memory: int
    align: int


@dataclass(frozen=True)
class _Section:
    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int

    @property
    def stored(self) -> int:
        """How many bytes of the file it is."""
        return 0 if self.kind in (_NULL, _NO_BITS) else self.size


@dataclass(frozen=True)
class _Tables:
    """The parts of the header that say where the tables are, and the tables."""

    segments_at: int
    sections_at: int
    names: int
    segments: tuple[_Segment, ...]
    sections: tuple[_Section, ...]


@dataclass(frozen=True)
class _Piece:
    """A range of the file that stays in one piece, and where it goes."""

    start: int
    end: int
    align: int
    to: int = 0


def strip_tree(folder: Path, *, share: float = 0.0) -> dict[Path, int]:
    """Strip every shared library below a folder that can be stripped safely.

    :param folder: it is changed.
    :param share: what part of a file has to be saved, from 0 to 1; others are left alone.
    :returns: bytes that were saved, by file.
    :raises OSError: reading or writing failed.
    """
    saved = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        with path.open("rb") as file:
            if file.read(len(_IDENT)) != _IDENT:
                continue
        data = path.read_bytes()
        stripped = strip(data, share=share)
        if stripped is not None:
            path.write_bytes(stripped)
            saved[path] = len(data) - len(stripped)
    return saved


def strip(data: bytes, *, share: float = 0.0) -> bytes | None:
    """A shared library without what only linkers and debuggers read.

    :param data: the file.
    :param share: what part of it has to be saved, from 0 to 1.
    :returns: the smaller file; None if it is not that much smaller, or if it is not one that is sure to work without:
        a program, a file with something behind its sections, one that contradicts itself.
    """
    try:
        tables = _read(data)
        if tables is None:
            return None
        removed = _removable(data, tables)
        pieces = _lay_out(_kept(tables, removed))
        saved = len(data) - _sections_at(pieces) - len(tables.sections) * _SECTION.size
        if not removed or saved <= 0 or saved < share * len(data):
            return None
        # Whoever appended something, or hid it between the sections, may look for it there.
        if not _is_accounted_for(data, pieces, tables):
            return None
        return _write(data, tables, removed=removed, pieces=pieces)
    except (struct.error, IndexError, OverflowError, ValueError):
        return None


def _read(data: bytes) -> _Tables | None:
    fields = _HEADER.unpack_from(data)
    ident, kind, segments_at, sections_at = fields[0], fields[1], fields[5], fields[6]
    segment_size, segment_count, section_size, section_count, names = fields[9:]
    if not ident.startswith(_IDENT) or kind != _SHARED or not 0 < names < section_count:
        return None
    if (segment_size, section_size) != (_SEGMENT.size, _SECTION.size):
        return None
    segments = tuple(
        _Segment(*_SEGMENT.unpack_from(data, segments_at + index * _SEGMENT.size)) for index in range(segment_count)
    )
    sections = tuple(
        _Section(*_SECTION.unpack_from(data, sections_at + index * _SECTION.size)) for index in range(section_count)
    )
    ends = [each.offset + each.size for each in segments] + [each.offset + each.stored for each in sections]
    if max(ends) > len(data) or any(segment.kind == _INTERPRETER for segment in segments):
        return None
    return _Tables(segments_at, sections_at, names, segments, sections)


def _removable(data: bytes, tables: _Tables) -> frozenset[int]:
    """Indexes of the sections that can go, and of the strings that only they use."""
    strings = tables.sections[tables.names]

    def name(section: _Section) -> bytes:
        start = strings.offset + section.name
        return data[start : data.index(b"\0", start)]

    chosen = {
        index
        for index, section in enumerate(tables.sections)
        if not section.flags & _ALLOCATED and section.stored and _REMOVABLE.fullmatch(name(section))
    }
    linked = {tables.sections[index].link for index in chosen if tables.sections[index].kind == _SYMBOLS}
    for index in linked - {tables.names}:
        section = tables.sections[index]
        if section.kind == _STRINGS and not section.flags & _ALLOCATED:
            chosen.add(index)
    return frozenset(_without_needed(chosen, tables.sections))


def _without_needed(chosen: set[int], sections: Sequence[_Section]) -> set[int]:
    """What no section that stays refers to."""
    while True:
        needed = {section.link for index, section in enumerate(sections) if index not in chosen}
        if not chosen & needed:
            return chosen
        chosen = chosen - needed


def _kept(tables: _Tables, removed: frozenset[int]) -> Iterator[_Piece]:
    yield _Piece(0, _HEADER.size, align=1)
    end = tables.segments_at + len(tables.segments) * _SEGMENT.size
    yield _Piece(tables.segments_at, end, align=_ALIGNMENT)
    for segment in tables.segments:
        if segment.size:
            yield _Piece(segment.offset, segment.offset + segment.size, align=max(segment.align, 1))
    for index, section in enumerate(tables.sections):
        if section.stored and index not in removed:
            yield _Piece(section.offset, section.offset + section.size, align=max(section.align, 1))


def _lay_out(ranges: Iterable[_Piece]) -> list[_Piece]:
    """Join what overlaps, and move every piece forward as far as its alignment lets it."""
    joined: list[_Piece] = []
    for each in sorted(ranges, key=lambda piece: (piece.start, piece.end)):
        if joined and each.start <= joined[-1].end:
            last = joined.pop()
            joined.append(_Piece(last.start, max(last.end, each.end), align=max(last.align, each.align)))
        else:
            joined.append(each)
    placed: list[_Piece] = []
    end = 0
    for piece in joined:
        to = piece.start - (piece.start - end) // piece.align * piece.align
        placed.append(_Piece(piece.start, piece.end, piece.align, to))
        end = to + piece.end - piece.start
    return placed


def _is_accounted_for(data: bytes, pieces: Iterable[_Piece], tables: _Tables) -> bool:
    """Whether all bytes are of a table, a segment or a section, or nothing but padding."""
    table = (tables.sections_at, tables.sections_at + len(tables.sections) * _SECTION.size)
    known = [(piece.start, piece.end) for piece in pieces]
    known += [(section.offset, section.offset + section.stored) for section in tables.sections if section.stored]
    covered = 0
    for begin, stop in sorted([*known, table, (len(data), len(data))]):
        if begin > covered and not _is_padding(data, covered, begin):
            return False
        covered = max(covered, stop)
    return True


def _is_padding(data: bytes, start: int, end: int) -> bool:
    """Zeros, or the section table as it was before C(patchelf) wrote another one elsewhere."""
    if not data[start:end].strip(b"\0"):
        return True
    start = -(-start // _TABLE_ALIGNMENT) * _TABLE_ALIGNMENT
    count = -(-len(data[start:end].rstrip(b"\0")) // _SECTION.size)
    first, *others = (_Section(*_SECTION.unpack_from(data, start + index * _SECTION.size)) for index in range(count))
    return not any(astuple(first)) and all(
        each.kind and each.offset <= len(data) and each.align & (each.align - 1) == 0 for each in others
    )


def _sections_at(pieces: Sequence[_Piece]) -> int:
    """Where the section table goes, which is the end of the file."""
    last = pieces[-1]
    return -(-(last.to + last.end - last.start) // _ALIGNMENT) * _ALIGNMENT


def _write(data: bytes, tables: _Tables, *, removed: frozenset[int], pieces: list[_Piece]) -> bytes:
    def moved(offset: int) -> int:
        inside = [piece for piece in pieces if piece.start <= offset]
        return offset - inside[-1].start + inside[-1].to

    sections_at = _sections_at(pieces)
    written = bytearray(sections_at + len(tables.sections) * _SECTION.size)
    source = memoryview(data)
    for piece in pieces:
        written[piece.to : piece.to + piece.end - piece.start] = source[piece.start : piece.end]
    header = list(_HEADER.unpack_from(data))
    header[5], header[6] = moved(tables.segments_at), sections_at
    _HEADER.pack_into(written, 0, *header)
    for index, segment in enumerate(tables.segments):
        # Without bytes in the file the loader only holds the offset's remainder against the address.
        offset = moved(segment.offset) if segment.size else segment.offset
        place = header[5] + index * _SEGMENT.size
        fields = (segment.address, segment.physical, segment.size, segment.memory, segment.align)
        _SEGMENT.pack_into(written, place, segment.kind, segment.flags, offset, *fields)
    for index, section in enumerate(tables.sections):
        if index in removed:
            continue
        offset = moved(section.offset) if section.kind != _NULL else section.offset
        fields = (section.size, section.link, section.info, section.align, section.entry)
        place = sections_at + index * _SECTION.size
        _SECTION.pack_into(written, place, section.name, section.kind, section.flags, section.address, offset, *fields)
    return bytes(written)
