# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the directory of a zip: of one that lies elsewhere the server sends the end alone, some hundred kilobytes."""

from __future__ import annotations

import http.client
import io
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import open_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: Opens an address with the given header fields.
Fetch = Callable[[str, Mapping[str, str]], Any]
_TAIL = 256 * 1024
_PARTIAL = 206
#: Bytes of a zip that is read whole because the server sends no parts: no layer is larger unzipped.
_MOST = 262_144_000


class UnreadableError(ServerlessError):
    """What is in a zip can't be told."""


def read_directory(file: IO[bytes]) -> list[zipfile.ZipInfo]:
    """All members of a zip.

    :param file: the zip.
    :raises UnreadableError: it is no zip.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableError(f"the zip can't be read ({error})", "") from error


def local_directory(path: Path) -> list[zipfile.ZipInfo]:
    """All members of a zip on this machine.

    :raises UnreadableError: it is no zip, or not there.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return read_directory(file)
    except OSError as error:
        raise UnreadableError(f"{path} can't be read: {error.strerror}", "") from error


def unzipped_bytes(members: Iterable[zipfile.ZipInfo]) -> int:
    """What members of a zip take when they are unzipped."""
    return sum(member.file_size for member in members)


@contextmanager
def remote_file(location: str, *, fetch: Fetch) -> Iterator[IO[bytes]]:
    """A zip that has an address.

    :param location: the address.
    :param fetch: asks it.
    :raises UnreadableError: it does not answer.
    """
    if not location.startswith(("https://", "http://")):
        raise UnreadableError("AWS gives no address for the zip", "")
    try:
        with closing(_RemoteFile(location, fetch=fetch)) as file:
            yield file
    except (OSError, http.client.HTTPException) as error:
        # The address itself works like a password, and these errors do not repeat it.
        raise UnreadableError(f"the zip can't be fetched ({type(error).__name__}: {error})", "") from error


class _RemoteFile(io.BytesIO):
    """The end of a file that lies elsewhere; what is before it is asked for when somebody reads there."""

    def __init__(self, location: str, *, fetch: Fetch) -> None:
        super().__init__()
        self._location = location
        self._fetch = fetch
        self._load(_TAIL)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Positions are those of the whole file."""
        if whence == os.SEEK_END:
            position = self._size + offset
        elif whence == os.SEEK_CUR:
            position = self.tell() + offset
        else:
            position = offset
        if position < self._start:
            self._load(self._size - max(position, 0))
        super().seek(max(position, self._start) - self._start)
        return self.tell()

    def tell(self) -> int:
        """The position in the whole file."""
        return super().tell() + self._start

    def _load(self, length: int) -> None:
        """Have at least so many bytes of the end."""
        with closing(self._fetch(self._location, {"Range": f"bytes=-{length}"})) as answer:
            content = answer.read(_MOST)
            partial = answer.status == _PARTIAL
            total = answer.headers.get("Content-Range", "").rpartition("/")[2] if partial else ""
        self._size = int(total) if total.isdigit() else len(content)
        self._start = self._size - len(content)
        super().seek(0)
        self.truncate(0)
        self.write(content)
        super().seek(0)
