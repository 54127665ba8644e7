# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files for one user's eyes: read and replaced as a whole, so that nobody ever finds half a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

FILE_MODE = 0o600
FOLDER_MODE = 0o700


class PrivateFileError(ServerlessError):
    """A file that can't be read or written."""


def read_text(path: Path) -> str | None:
    """Read a file so that :func:`write_text` would write the very same bytes: no line ending is translated.

    :param path: the file.
    :returns: its content, bytes that are no UTF-8 as surrogates; None if there is no file.
    :raises PrivateFileError: the file is there but can't be read.
    """
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PrivateFileError(f"{path} can't be read: {error.strerror}", "Make it a file that you may read") from error


def write_text(path: Path, text: str) -> None:
    """Replace a file's content, or make the file (0600) and its folders (0700).

    The content goes to a temporary file in the same folder, which then takes the old one's place, mode and owner:
    whoever is killed here leaves the old file or the new one. What a killed run leaves is overwritten by the next one,
    because the temporary file has a fixed name. If C(path) is a link, the file that it leads to is replaced.

    :param path: the file.
    :param text: see :func:`read_text`.
    :raises PrivateFileError: something on the way can't be written.
    """
    target = path.resolve()
    temporary = _temporary(target)
    try:
        make_folders(target.parent)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, FILE_MODE)
        with os.fdopen(descriptor, "wb") as stream:
            _take_over_access(target, descriptor)
            stream.write(text.encode("utf-8", "surrogateescape"))
            stream.flush()
            os.fsync(descriptor)
        temporary.replace(target)
    except OSError as error:
        raise PrivateFileError(
            f"{target} can't be written: {error.strerror}", "Make its folder one that you may write to"
        ) from error


def remove_file(path: Path, *, folders: int) -> None:
    """Remove a file and the folders around it that were made for it, as far as nothing else is in them.

    :param path: the file.
    :param folders: how many folders were made for it, see :func:`missing_folders`.
    :raises PrivateFileError: the file can't be removed.
    """
    target = path.resolve()
    try:
        target.unlink(missing_ok=True)
        for folder in list(target.parents)[:folders]:
            if any(folder.iterdir()):
                return
            folder.rmdir()
    except OSError as error:
        raise PrivateFileError(f"{target} can't be removed: {error.strerror}") from error


def remove_leftover(path: Path) -> bool:
    """Remove the temporary file of a run that was killed while it wrote C(path), if there is one.

    :param path: the file that was written.
    :returns: whether there was one.
    :raises PrivateFileError: it can't be removed.
    """
    temporary = _temporary(path.resolve())
    try:
        temporary.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise PrivateFileError(f"{temporary} can't be removed: {error.strerror}") from error
    return True


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


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.asesoria.serverless")


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
