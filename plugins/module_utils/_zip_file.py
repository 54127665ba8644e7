# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a zip of members that were compressed before, which Python's zipfile can't: it compresses one after the other.

Only what a layer needs of the format: deflated files with a mode, fewer than 65,536 of them, less than 4 GiB in all.
Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", version 6.3.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
import weakref
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import open_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: What inflates.
_ZLIB: Any = zlib
# The same content in half the time; a host that builds has nothing but Python.
with contextlib.suppress(ImportError):
    from isal import isal_zlib

    _ZLIB = isal_zlib

_LOCAL_MAGIC = b"PK\3\4"
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION = 20
_UNIX = 3
_DEFLATED = 8
_UTF8 = 0x800
#: 1980-01-01 00:00:00, the oldest date that the format can hold.
_TIME, _DATE = 0, (0 << 9) | (1 << 5) | 1
#: Of zlib. Level 5 makes bytecode 2 % smaller and takes 1.4 times as long.
COMPRESSION_LEVEL = 4
MOST_MEMBERS = 0xFFFF - 1
MOST_BYTES = 0xFFFFFFFF - 1


class ZipLimitError(ServerlessError):
    """More than a zip holds."""


@dataclass(frozen=True)
class Deflated:
    """A file's content, compressed.

    :param data: as the format has it, without zlib's own header.
    :param size: bytes before that.
    :param crc: CRC-32 of these.
    """

    data: bytes
    size: int
    crc: int


def deflate(content: bytes) -> Deflated:
    """Compress a file's content. Threads may do that side by side.

    :param content: the file.
    """
    compressor = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Deflated(compressor.compress(content) + compressor.flush(), size=len(content), crc=zlib.crc32(content))


class ZipBytes:
    """A zip for several threads to read in; it is closed when nobody has it any more.

    :param path: the zip.
    :raises OSError: it can't be read.
    """

    def __init__(self, path: Path) -> None:
        self._handle = open_regular(path)
        weakref.finalize(self, os.close, self._handle)

    def member(self, info: zipfile.ZipInfo) -> bytes | None:
        """What the zip has of a file, compressed or not; C(None) if that is not where its directory says.

        :raises OSError: it can't be read.
        """
        header = os.pread(self._handle, _LOCAL.size, info.header_offset)
        if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MAGIC):
            return None
        *_fields, name_length, extra_length = _LOCAL.unpack(header)
        start = info.header_offset + _LOCAL.size + name_length + extra_length
        return os.pread(self._handle, info.compress_size, start)


def inflate(data: bytes, *, size: int) -> bytes | None:
    """The content of a deflated member.

    :param data: as the format has it, without zlib's own header.
    :param size: bytes of the content.
    :returns: None if it is damaged, of another size, not ended, or if something stands behind it.
    """
    inflater = _ZLIB.decompressobj(-zlib.MAX_WBITS)
    try:
        content: bytes = inflater.decompress(data, size + 1)
    except _ZLIB.error:
        return None
    return content if len(content) == size and inflater.eof and not inflater.unused_data else None


class ZipFile:
    """A zip that is being written.

    :param file: where it goes; it is written from its beginning to its end.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._directory: list[bytes] = []
        self._at = 0
        self._digest = hashlib.sha256()

    def add(self, name: str, content: Deflated, *, mode: int) -> None:
        """Write a member.

        :param name: with C(/).
        :param content: what is in it.
        :param mode: its permissions.
        :raises ZipLimitError: there are more members, or more bytes, than the format holds without extensions.
        """
        encoded = name.encode()
        flags = 0 if name.isascii() else _UTF8
        if len(self._directory) >= MOST_MEMBERS or self._at + len(content.data) > MOST_BYTES:
            raise ZipLimitError(
                f"one zip holds {MOST_MEMBERS} files and {MOST_BYTES} bytes, and there are more",
                "Make several layers of it",
            )
        shared = (flags, _DEFLATED, _TIME, _DATE, content.crc, len(content.data), content.size, len(encoded), 0)
        attributes = (stat.S_IFREG | mode) << 16
        self._directory.append(
            _CENTRAL.pack(b"PK\1\2", _VERSION, _UNIX, _VERSION, 0, *shared, 0, 0, 0, attributes, self._at) + encoded
        )
        self._write(_LOCAL.pack(_LOCAL_MAGIC, _VERSION, *shared) + encoded + content.data)

    def close(self) -> None:
        """Write the directory; nothing can be added after that."""
        start, count = self._at, len(self._directory)
        self._write(b"".join(self._directory))
        self._write(_END.pack(b"PK\5\6", 0, 0, count, count, self._at - start, start, 0))

    @property
    def size(self) -> int:
        """How many bytes were written."""
        return self._at

    @property
    def sha256(self) -> str:
        """Of what was written, in hexadecimal."""
        return self._digest.hexdigest()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._at += len(data)
