# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files for one user's eyes: read and replaced as a whole, so that nobody ever finds half a file."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.file_lock import exclusive, lock_path
from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_SUFFIX = ".asesoria.serverless"


class PrivateFileError(ServerlessError):
    """A file that can't be read or written."""


class ChangedError(PrivateFileError):
    """A file that another program has changed between our reading and our writing."""


def read_text(path: Path) -> str | None:
    """Read a file so that :func:`write_text` would write the very same bytes: no line ending is translated.

    :param path: the file.
    :returns: its content, bytes that are no UTF-8 as surrogates; None if there is no file.
    :raises PrivateFileError: the file is there but can't be read.
    """
    try:
        return read_regular(path).decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PrivateFileError(f"{path} can't be read: {error.strerror}", "Make it a file that you may read") from error


def write_text(path: Path, text: str, *, expected: str | None = None) -> None:
    """Replace a file's content, or make the file (0600) and its folders (0700).

    The content goes to a temporary file in the same folder, which then takes the place, mode and owner of the old one.
    A run that is killed leaves the old file or the new one. If the path is a link, its target is replaced.

    :param path: Path of the file.
    :param text: New content, see :func:`read_text`.
    :param expected: Content that the file must still have right before it is replaced; None to replace any content.
    :raises ChangedError: The file has another content than expected.
    :raises PrivateFileError: A file or folder can't be written.
    """
    target = path.resolve()
    try:
        make_folders(target.parent)
        descriptor, name = tempfile.mkstemp(prefix=_prefix(target), suffix=_SUFFIX, dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                _take_over_access(target, descriptor)
                stream.write(text.encode("utf-8", "surrogateescape"))
                stream.flush()
                os.fsync(descriptor)
            if expected is not None:
                require_content(target, expected)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
    except OSError as error:
        raise PrivateFileError(
            f"{target} can't be written: {error.strerror}", "Make its folder one that you may write to"
        ) from error


def require_content(path: Path, expected: str) -> None:
    """Require that a program that does not know our lock has not changed a file meanwhile.

    :param path: Path of the file.
    :param expected: Content that was read from it; empty if there was no file.
    :raises ChangedError: The file has another content.
    """
    if (read_text(path) or "") != expected:
        raise ChangedError(
            f"another program keeps changing {path}", "Stop it, or wait until it has ended, then run again"
        )


def remove_file(path: Path, *, expected: str | None = None) -> None:
    """Remove a file, if it is there.

    :param path: Path of the file.
    :param expected: Content that the file must still have; None to remove any content.
    :raises ChangedError: The file has another content than expected.
    :raises PrivateFileError: The file can't be removed.
    """
    target = path.resolve()
    try:
        if expected is not None:
            require_content(target, expected)
        target.unlink(missing_ok=True)
    except OSError as error:
        raise PrivateFileError(f"{target} can't be removed: {error.strerror}") from error


def remove_folders(path: Path, *, count: int) -> None:
    """Remove the folders that were made for a file, as far as nothing else is in them.

    :param path: Path of the file.
    :param count: How many folders were made for it, see :func:`missing_folders`.
    """
    with contextlib.suppress(OSError):
        for folder in list(path.resolve().parents)[:count]:
            folder.rmdir()


def leftovers(path: Path) -> list[Path]:
    """Find the temporary files of runs that were killed while they wrote a file. Call it while holding the file's lock.

    :param path: Path of the file that was written.
    """
    target = path.resolve()
    with contextlib.suppress(OSError):
        return [
            entry
            for entry in sorted(target.parent.iterdir())
            if entry.name.startswith(_prefix(target)) and entry.name.endswith(_SUFFIX)
        ]
    return []


def remove_leftovers(path: Path) -> bool:
    """Remove what runs that were killed while they wrote a file have left next to it.

    :param path: Path of the file that was written.
    :returns: Whether there was a temporary file.
    :raises PrivateFileError: A temporary file can't be removed.
    :raises LockError: Another run keeps the lock.
    """
    if not leftovers(path) and not lock_path(path.resolve()).exists():
        return False
    with exclusive(path):
        found = leftovers(path)
        try:
            for temporary in found:
                temporary.unlink()
        except OSError as error:
            raise PrivateFileError(f"{error.filename} can't be removed: {error.strerror}") from error
    return bool(found)


def missing_folders(path: Path) -> int:
    """Count the folders that :func:`write_text` would have to make.

    :param path: the file.
    """
    return sum(1 for folder in path.resolve().parents if not folder.exists())


def make_folders(folder: Path) -> None:
    """Make a folder and those above it that are missing, each for its user only.

    :param folder: the innermost one.
    :raises OSError: it can't be made.
    """
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=FOLDER_MODE, exist_ok=True)


def is_open_to_others(path: Path) -> bool:
    """Tell whether somebody but its owner may read a file.

    :param path: the file; one that isn't there is open to nobody.
    """
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


def _prefix(target: Path) -> str:
    return f".{target.name}."


def _sync_folder(folder: Path) -> None:
    """Let the new name outlast a power failure, where the file system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _take_over_access(target: Path, descriptor: int) -> None:
    """Give the new file the mode and owner of the old one; a new one gets 0600 whatever the umask says."""
    try:
        old = target.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, FILE_MODE)
        return
    new = os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
