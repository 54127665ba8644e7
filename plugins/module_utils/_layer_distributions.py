# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which distributions a layer's zip holds, and how two zips differ by them.

AWS keeps no list of what is in a layer version, and its description has no room for one. So the names are read from the
zip's directory (C(python/NAME-VERSION.dist-info/)), of which a version in AWS sends the end alone: some hundred
kilobytes, whatever the layer's size.
"""

from __future__ import annotations

import http.client
import io
import os
import re
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import IO, Any, TypeVar

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize

#: Opens an address with the given header fields.
Fetch = Callable[[str, Mapping[str, str]], Any]
_T = TypeVar("_T")
_DIST_INFO = re.compile(
    r"python/(?:lib/python3\.\d+/site-packages/)?(?P<name>[^/]+?)-(?P<version>[^/-]+)\.dist-info/METADATA"
)
_TAIL = 256 * 1024
_PARTIAL = 206
#: Bytes of a zip that is read whole because the server sends no parts: no layer is larger unzipped.
_MOST = 262_144_000


class UnreadableError(ServerlessError):
    """What is in a zip can't be told."""


def distributions_of(file: IO[bytes]) -> dict[str, str]:
    """Version by distribution, with the name in its normal form.

    :param file: the zip.
    :raises UnreadableError: it is no zip.
    """
    found = (match for match in map(_DIST_INFO.fullmatch, names_in(file)) if match)
    return dict(sorted((normalize(match["name"]), match["version"]) for match in found))


def names_in(file: IO[bytes]) -> list[str]:
    """The names in a zip.

    :raises UnreadableError: it is none.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableError(f"the zip can't be read ({error})", "") from error


def remote_distributions(location: str, *, fetch: Fetch) -> dict[str, str]:
    """What :func:`distributions_of` says of a zip that has an address."""
    return _remote(location, fetch=fetch, read=distributions_of)


def remote_names(location: str, *, fetch: Fetch) -> list[str]:
    """What :func:`names_in` says of a zip that has an address."""
    return _remote(location, fetch=fetch, read=names_in)


def _remote(location: str, *, fetch: Fetch, read: Callable[[IO[bytes]], _T]) -> _T:
    """Read a zip elsewhere.

    :param location: its address.
    :param fetch: asks it.
    :param read: what is wanted of it.
    :raises UnreadableError: it does not answer, or has no zip.
    """
    if not location.startswith(("https://", "http://")):
        raise UnreadableError("AWS gives no address for the zip", "")
    try:
        with closing(_RemoteFile(location, fetch=fetch)) as file:
            return read(file)
    except (OSError, http.client.HTTPException) as error:
        # The address itself works like a password, and these errors do not repeat it.
        raise UnreadableError(f"the zip can't be fetched ({type(error).__name__}: {error})", "") from error


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """How two zips differ, one line for each distribution.

    >>> changes({"werkzeug": "3.1.3", "six": "1.17.0"}, {"werkzeug": "3.1.4", "flask": "3.1.0"})
    ['+ flask 3.1.0', '- six 1.17.0', 'werkzeug 3.1.3 -> 3.1.4']
    """
    lines = []
    for name in sorted({**before, **after}):
        old, new = before.get(name), after.get(name)
        if old is None:
            lines.append(f"+ {name} {new}")
        elif new is None:
            lines.append(f"- {name} {old}")
        elif old != new:
            lines.append(f"{name} {old} -> {new}")
    return lines


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
