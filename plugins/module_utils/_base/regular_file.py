# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a file that a user names, without waiting for ever if it is a named pipe, a device or a socket."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_MIB = 1024 * 1024
#: Most bytes of a file that a person writes.
MOST_BYTES = 16 * _MIB


class NotRegularFileError(OSError):
    """A path names something that can't be read to its end; ``strerror`` says what, as for any ``OSError``."""


def read_regular(path: Path, *, most: int = MOST_BYTES) -> bytes:
    """Read a whole file; the null device is an empty one.

    :param path: The file.
    :param most: Most bytes that the file may have.
    :raises OSError: The path names no regular file, the file is larger, or it can't be read. ``strerror`` says why.
    """
    descriptor = open_regular(path)
    try:
        size = os.fstat(descriptor).st_size
        if size > most:
            raise _refusal(f"it has {size // _MIB} MiB, and at most {most // _MIB} MiB are read", path)
        content = _read(descriptor, most=most)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise _refusal(f"it has more than {most // _MIB} MiB", path)
    return content


def open_regular(path: Path) -> int:
    """Open a file for reading and return its descriptor, which the caller closes.

    :param path: The file.
    :raises OSError: The path names no regular file, or it can't be opened. ``strerror`` says why.
    """
    # Opening a named pipe would otherwise wait until another process writes into it.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise _refusal("it is a socket, and no regular file", path) from error
        raise
    try:
        _require_regular(os.fstat(descriptor), path=path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _require_regular(state: os.stat_result, *, path: Path) -> None:
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if stat.S_ISCHR(state.st_mode) and state.st_rdev == Path(os.devnull).stat().st_rdev:
        return
    kind = next((name for is_kind, name in _KINDS if is_kind(state.st_mode)), "")
    if kind:
        raise _refusal(f"it is {kind}, and no regular file", path)


def _read(descriptor: int, *, most: int) -> bytes:
    """Read up to one byte more than allowed."""
    parts: list[bytes] = []
    left = most + 1
    while left > 0 and (part := os.read(descriptor, min(left, _MIB))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _refusal(reason: str, path: Path) -> NotRegularFileError:
    return NotRegularFileError(errno.EINVAL, reason, str(path))
