# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a zip, or a folder that is to become one, in the same way, and writes nothing to disk.

Nothing that is in it is trusted: a file is read up to the size that was declared for it and no further, so whoever
looks at C(Contents.unzipped_bytes) first knows what reading can cost.
"""

from __future__ import annotations

import os
import posixpath
import stat
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_CHUNK = 1 << 20
#: Unix and macOS, by the format's numbers.
_WITH_MODES = (3, 19)
_DOS_FOLDER = 0x10
_EXTENDED_TIMESTAMP = 0x5455
_MTIME_GIVEN = 0x1
#: Linux's PATH_MAX: a link can't be longer.
_LONGEST_LINK = 4096
_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


class ContentsError(ServerlessError):
    """There is nothing to read."""


class DamagedError(ContentsError):
    """A zip, or a file in it, that can't be read to its end."""


@dataclass(frozen=True)
class Entry:
    """One name in the zip or below the folder.

    :param name: as written, with whatever characters.
    :param kind: C(file), C(folder), C(link) or C(other).
    :param size: the declared bytes of a file.
    :param mode: its permissions, C(None) where the zip gives none.
    :param modified: what its time of change can be read as, in seconds since 1970. A zip can give two.
    :param zipped: bytes that a file takes in the zip, 0 in a folder.
    :param link: what a link points to.
    :param index: its place.
    """

    name: str
    kind: str
    size: int
    mode: int | None
    modified: frozenset[int] = frozenset()
    zipped: int = 0
    link: str = ""
    index: int = field(default=0, compare=False)

    @property
    def path(self) -> str:
        """The name without what makes no difference (C(./a), C(a//b), a slash at the end)."""
        return posixpath.normpath(self.name)


class Contents(ABC):
    """What is in a zip or a folder. To be used in a C(with) statement.

    :param entries: all names, in the order of the zip, or sorted.
    :param zipped_bytes: size of the zip, C(None) for a folder.
    """

    def __init__(self, *, entries: list[Entry], zipped_bytes: int | None) -> None:
        self.entries = entries
        self.zipped_bytes = zipped_bytes

    def __enter__(self) -> Contents:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def unzipped_bytes(self) -> int:
        """Sum of the declared sizes."""
        return sum(entry.size for entry in self.entries if entry.kind != "folder")

    def read(self, entry: Entry) -> bytes:
        """The bytes of a file.

        :raises DamagedError: they can't be read, or there are more of them than declared.
        """
        content = bytearray()
        try:
            with self._open(entry) as file:
                while chunk := file.read(min(_CHUNK, entry.size + 1 - len(content))):
                    content += chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
            raise DamagedError(f"it can't be read ({error})", "Install the distribution again") from error
        if len(content) != entry.size:
            raise DamagedError(
                f"it is declared with {entry.size} bytes and has another size", "Install the distribution again"
            )
        return bytes(content)

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    @abstractmethod
    def _open(self, entry: Entry) -> IO[bytes]:
        """Open a file for reading."""


def open_contents(path: Path) -> Contents:
    """Open a zip or a folder.

    :param path: where it is.
    :raises DamagedError: it is a file, but no zip that can be read.
    :raises ContentsError: it is not there.
    """
    if path.is_dir():
        return _Folder(path)
    if not path.is_file():
        raise ContentsError(f"{path} is neither a zip nor a folder", "Give the path of the zip, or of its folder")
    return _Zip(path)


class _Folder(Contents):
    def __init__(self, root: Path) -> None:
        self._root = root
        super().__init__(entries=list(_walk(root)), zipped_bytes=None)

    def close(self) -> None:
        """Nothing is open."""

    def _open(self, entry: Entry) -> IO[bytes]:
        return (self._root / entry.name).open("rb")


def _walk(root: Path) -> Iterator[Entry]:
    def refuse(error: OSError) -> None:
        raise ContentsError(f"{error.filename} can't be read ({error.strerror})", "Let your user read it") from error

    for folder, subfolders, files in os.walk(root, onerror=refuse):
        subfolders.sort()
        within = folder[len(os.fspath(root)) :].strip("/")
        for name in sorted([*subfolders, *files]):
            path = Path(folder, name)
            facts = path.lstat()
            kind = _KINDS.get(stat.S_IFMT(facts.st_mode), "other")
            yield Entry(
                name=posixpath.join(within, name),
                kind=kind,
                size=facts.st_size if kind == "file" else 0,
                mode=stat.S_IMODE(facts.st_mode),
                modified=frozenset({int(facts.st_mtime)}),
                link=str(path.readlink()) if kind == "link" else "",
            )


class _Zip(Contents):
    def __init__(self, path: Path) -> None:
        try:
            # Closed by close(), or here.
            self._zip = zipfile.ZipFile(path)  # pylint: disable=consider-using-with
        # Damage in the directory ends in one or the other, depending on the byte.
        except (zipfile.BadZipFile, NotImplementedError, OSError, OverflowError, ValueError, struct.error) as error:
            raise DamagedError(f"{path.name} is not a zip that can be read ({error})", "Build it again") from error
        try:
            entries = [self._entry(info, index) for index, info in enumerate(self._zip.infolist())]
        except BaseException:
            self._zip.close()
            raise
        super().__init__(entries=entries, zipped_bytes=path.stat().st_size)

    def close(self) -> None:
        self._zip.close()

    def _open(self, entry: Entry) -> IO[bytes]:
        info = self._zip.infolist()[entry.index]
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotImplementedError(f"Lambda does not know its compression, method {info.compress_type}")
        return self._zip.open(info)

    def _entry(self, info: zipfile.ZipInfo, index: int) -> Entry:
        mode = _mode(info)
        kind = "folder" if info.orig_filename.endswith("/") or info.external_attr & _DOS_FOLDER else "file"
        if mode is not None and stat.S_IFMT(mode):
            kind = _KINDS.get(stat.S_IFMT(mode), "other")
        return Entry(
            name=info.orig_filename,
            kind=kind,
            size=info.file_size,
            mode=None if mode is None else stat.S_IMODE(mode),
            modified=frozenset(_times(info)),
            zipped=info.compress_size,
            link=self._link(info) if kind == "link" else "",
            index=index,
        )

    def _link(self, info: zipfile.ZipInfo) -> str:
        """Where a link points to; an empty one points nowhere."""
        if info.file_size > _LONGEST_LINK:
            return ""
        try:
            with self._zip.open(info) as file:
                return file.read(_LONGEST_LINK).decode("utf-8", "surrogateescape")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError):
            return ""


def _mode(info: zipfile.ZipInfo) -> int | None:
    """The mode in the upper half of the attributes, which counts where the zip was made by a system that has modes."""
    return info.external_attr >> 16 if info.create_system in _WITH_MODES else None


def _times(info: zipfile.ZipInfo) -> Iterator[int]:
    """The time in the directory, which has no time zone (Lambda's is UTC), and the one that Info-ZIP adds."""
    with suppress(ValueError):  # The format has room for a 15th month.
        yield int(datetime(*info.date_time, tzinfo=timezone.utc).timestamp())
    extra = info.extra
    while len(extra) >= 4:  # noqa: PLR2004 - two numbers of two bytes
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _EXTENDED_TIMESTAMP and size >= 5 and len(extra) >= 9 and extra[4] & _MTIME_GIVEN:  # noqa: PLR2004
            yield struct.unpack_from("<i", extra, 5)[0]
        extra = extra[4 + size :]
