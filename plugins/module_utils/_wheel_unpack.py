# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs plain wheels into a layer's import folder: those whose files only need to be laid there.

What is installed is the same as by pip. A file that stays as it was in its wheel need not be compressed again, see
C(_streams).

Source: Python Packaging User Guide, "Binary distribution format".
"""

from __future__ import annotations

import functools
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._file_tree import folder_of
from ansible_collections.asesoria.serverless.plugins.module_utils._glibc_floor import ELF_MAGIC, glibc_floor
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_tree import is_leftover
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Saved
from ansible_collections.asesoria.serverless.plugins.module_utils._slim import (
    stays_anyway,
    unused_files,
    without_symbols,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._streams import Streams
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_plain import PlainWheel
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import (
    Deflated,
    ZipBytes,
    deflate,
    inflate,
)

_RECORD = ".dist-info/RECORD"
#: Bytes of a file from which on it is worth handing it to another thread.
_LARGE = 1 << 16


@dataclass(frozen=True)
class Installed:
    """What was installed.

    :param saved: what a level of slimming has left out, files and parts of files.
    :param rewritten: names of files, with C(/), that are not what their wheel has.
    :param floors: which glibc each ELF file needs at least.
    :param streams: what need not be compressed again when the folder is zipped; None if nothing is known of that.
    """

    saved: Saved
    rewritten: frozenset[str]
    floors: tuple[tuple[int, int] | None, ...]
    streams: Streams | None = None

    @property
    def glibc(self) -> str:
        """The oldest that all ELF files can be loaded with, C(2.17); empty if none needs any."""
        newest = max((floor for floor in self.floors if floor), default=None)
        return ".".join(map(str, newest)) if newest else ""


@dataclass(frozen=True)
class _Read:
    """A member's content, and whether a zip may hold it just as the wheel does."""

    content: bytes = field(repr=False)
    is_stream: bool


@dataclass(frozen=True)
class _Laid:
    """A file that is there.

    :param name: of the member.
    :param compiled: whether it is an ELF file.
    :param floor: which glibc it then needs.
    :param stripped: how many bytes it is smaller than in the wheel; 0 if it is just what that has.
    """

    name: str
    compiled: bool = False
    floor: tuple[int, int] | None = None
    stripped: int = 0


@dataclass(frozen=True)
class _Member:
    """A file in a wheel.

    :param name: its name there.
    :param path: the wheel.
    :param zipped: the wheel's bytes.
    :param info: where it is in them.
    """

    name: str
    path: Path
    zipped: ZipBytes
    info: zipfile.ZipInfo

    def deflated(self) -> Deflated | None:
        """Its content as the wheel has it; C(None) if it is not compressed there, or not where it should be."""
        data = self.zipped.member(self.info) if self.info.compress_type == zipfile.ZIP_DEFLATED else None
        return Deflated(data, size=self.info.file_size, crc=self.info.CRC) if data is not None else None

    def read(self) -> _Read:
        """Its content."""
        deflated = self.deflated()
        content = inflate(deflated.data, size=deflated.size) if deflated else None
        if content is not None and zlib.crc32(content) == self.info.CRC:
            return _Read(content, is_stream=True)
        # What is wrong with it zipfile says.
        with zipfile.ZipFile(self.path) as archive:
            return _Read(archive.read(self.info), is_stream=False)


class Unpacking:
    """Lays the files of plain wheels into a folder, but for leftovers and what a level of slimming leaves out.

    The Python sources come first, so that they can be compiled while the rest follows, which is most of the bytes.

    :param wheels: plain ones that have nothing in common.
    :param target: the folder.
    :param level: see C(_slim).
    :param pool: lays large files there meanwhile, of which a thread spends more time in zlib than in Python.
    """

    def __init__(self, wheels: Sequence[PlainWheel], *, target: Path, level: str, pool: Executor) -> None:
        self._target = target
        self._pool = pool
        self._large: dict[str, Future[_Laid]] = {}
        self._level = level
        self._members = {
            name: _Member(name, wheel.path, zipped, info)
            for wheel in wheels
            for zipped in [ZipBytes(wheel.path)]
            for name, info in wheel.members.items()
        }
        self._unused: frozenset[str] = frozenset()
        self._laid: list[_Laid] = []
        self._streams = Streams()

    def lay_sources(self) -> None:
        """Lay the Python sources there.

        :raises OSError: writing failed, the disk is full for instance.
        :raises zipfile.BadZipFile: a wheel is damaged.
        """
        self._lay_large(name for name in self._members if stays_anyway(name, level=self._level))
        # Most of the unused ones need not be read.
        read = functools.cache(lambda name: self._members[name].read())
        self._unused = unused_files(self._members.keys(), read=lambda name: read(name).content, level=self._level)
        sources = self._staying(filter(_is_source, self._members))
        self._laid += [self._write(self._members[name], read(name)) for name in sources]

    def lay_rest(self) -> Installed:
        """Lay what else there is, without the symbols that the level leaves out.

        :raises OSError: writing failed, the disk is full for instance.
        :raises zipfile.BadZipFile: a wheel is damaged.
        """
        rest = [name for name in self._members if not _is_source(name) and name not in self._unused]
        self._lay_large(rest)
        self._laid += map(self._lay, self._staying(name for name in rest if name not in self._large))
        self._laid += [large.result() for large in self._large.values()]
        unused = sum(self._members[name].info.file_size for name in self._unused)
        stripped = {laid.name: laid.stripped for laid in self._laid if laid.stripped}
        return Installed(
            saved=Saved(files=len(self._unused), size=unused + sum(stripped.values())),
            rewritten=frozenset(stripped),
            floors=tuple(laid.floor for laid in self._laid if laid.compiled),
            streams=self._streams,
        )

    def _lay_large(self, names: Iterable[str]) -> None:
        """Have those of some members laid there by others that are large, and are not already."""
        size = {name: self._members[name].info.file_size for name in names if name not in self._large}
        large = [name for name in size if size[name] >= _LARGE and not _is_source(name)]
        # The largest first, so that none of them is what all wait for at the end.
        for name in self._staying(sorted(large, key=lambda name: (-size[name], name))):
            self._large[name] = self._pool.submit(self._lay, name)

    def _staying(self, names: Iterable[str]) -> list[str]:
        """Those of some members that are to be there, whose folders are then there."""
        staying = [name for name in names if name not in self._unused and not is_leftover(name)]
        for folder in {folder_of(name) for name in staying}:
            (self._target / folder).mkdir(parents=True, exist_ok=True)
        return staying

    def _lay(self, name: str) -> _Laid:
        member = self._members[name]
        read = member.read()
        if not read.content.startswith(ELF_MAGIC):
            return self._write(member, read)
        smaller = without_symbols(read.content, level=self._level)
        laid = self._write(member, read) if smaller is None else self._write_anew(member, smaller)
        kept = read.content if smaller is None else smaller
        return replace(laid, compiled=True, floor=glibc_floor(kept), stripped=len(read.content) - len(kept))

    def _write(self, member: _Member, read: _Read) -> _Laid:
        """Lay a file there as the wheel has it."""
        status = self._put(member, read.content)
        # RECORD is written anew when all is there.
        if read.is_stream and not member.name.endswith(_RECORD):
            self._keep(member, read.content, status, deflated=member.deflated)
        return _Laid(member.name)

    def _write_anew(self, member: _Member, content: bytes) -> _Laid:
        """Lay a file there with another content than the wheel has."""
        status, deflated = self._put(member, content), deflate(content)
        self._keep(member, content, status, deflated=lambda: deflated)
        return _Laid(member.name)

    def _put(self, member: _Member, content: bytes) -> os.stat_result:
        path = self._target / member.name
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            if _is_executable(member.info):
                path.chmod(os.fstat(file.fileno()).st_mode | 0o111)
            return os.fstat(file.fileno())

    def _keep(
        self,
        member: _Member,
        content: bytes,
        status: os.stat_result,
        *,
        deflated: Callable[[], Deflated | None],
    ) -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        self._streams.keep(f"{self._target.name}/{member.name}", status=status, sha256=sha256, deflated=deflated)


def _is_source(name: str) -> bool:
    return name.endswith(".py")


def _is_executable(info: zipfile.ZipInfo) -> bool:
    """As pip judges it."""
    mode = info.external_attr >> 16
    return stat.S_ISREG(mode) and bool(mode & 0o111)
