# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Empty and remove only folders and files that this collection has made.

A folder of ours has a mark: a file that is written when the folder is made, or when an empty folder is given to us. A
folder with contents and without the mark belongs to the user. In a folder of ours only the names that we make are
removed. Everything else is left, and named.
"""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: Name of the file that marks a folder as ours.
MARK = ".asesoria-serverless"
_TEXT = "The Ansible collection asesoria.serverless made this folder, and removes from it what it has made.\n"
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
#: Text in all that the collection writes for people: locks, pages, bills of materials.
_SIGNATURE = b"asesoria.serverless"


class OwnFolderError(ServerlessError):
    """A folder that is not ours, or can't be changed."""


@dataclass(frozen=True)
class Contents:
    """What this collection makes in a folder.

    :param names: Names of the files and folders, or patterns of names.
    :param evidence: Patterns of paths below the folder. If the folder has no mark, but all its names are ours and one
        of these is there, an earlier version of this collection made it.
    """

    names: tuple[str, ...]
    evidence: tuple[str, ...] = ()

    def ours(self, names: Iterable[str]) -> set[str]:
        """Return those of some names that this collection makes."""
        return {name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in self.names)}


@dataclass(frozen=True)
class Removal:
    """What became of a folder.

    :param removed: Paths that were removed, or would be.
    :param left: Paths in the folder that are not ours.
    """

    removed: tuple[Path, ...] = ()
    left: tuple[Path, ...] = ()


def require_ours(folder: Path, contents: Contents) -> None:
    """Require that a folder is ours, empty or not there.

    :param folder: Path of the folder.
    :param contents: What this collection makes there.
    :raises OwnFolderError: The folder belongs to the user, or can't be read.
    """
    if folder.resolve() in (Path("/"), Path.home().resolve()):
        raise OwnFolderError(
            f"{folder} is the {'root' if folder.resolve() == Path('/') else 'home'} folder, which is never ours",
            "Name a folder that is empty or does not exist",
        )
    names = _names(folder)
    if not names or MARK in names or _is_of_earlier_version(folder, names, contents):
        return
    foreign = sorted(names - contents.ours(names)) or sorted(names)
    raise OwnFolderError(
        f"the folder {folder} holds {foreign[0]!r} and does not bear the mark {MARK} of this collection, so it is left "
        "as it is",
        "Name a folder that is empty or does not exist",
    )


def take_folder(folder: Path, contents: Contents) -> bool:
    """Make a folder, or take an empty one, and mark it as ours.

    :param folder: Path of the folder.
    :param contents: What this collection makes there.
    :returns: Whether anything was made.
    :raises OwnFolderError: The folder belongs to the user, or can't be made.
    """
    require_ours(folder, contents)
    mark = folder / MARK
    if mark.exists():
        return False
    try:
        for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
            missing.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        descriptor = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, _FILE_MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_TEXT)
    except OSError as error:
        raise OwnFolderError(
            f"the folder {folder} can't be used: {error.strerror}", "Make it writable, or name another one"
        ) from error
    return True


def plan_removal(folder: Path, contents: Contents) -> Removal:
    """Find out what of a folder would be removed.

    :param folder: Path of the folder.
    :param contents: What this collection makes there.
    :raises OwnFolderError: The folder belongs to the user, or can't be read.
    """
    require_ours(folder, contents)
    if not folder.is_dir():
        return Removal()
    names = _names(folder)
    ours = contents.ours(names) | {MARK}
    left = tuple(folder / name for name in sorted(names - ours))
    removed = [folder / name for name in sorted(names & ours - ({MARK} if left else set()))]
    # A link was made by the user, and an empty folder without the mark as well.
    if not left and MARK in names and not folder.is_symlink():
        removed.append(folder)
    return Removal(removed=tuple(removed), left=left)


def remove_folder(folder: Path, contents: Contents) -> Removal:
    """Remove from a folder what this collection has made, and the folder itself if nothing else is in it.

    :param folder: Path of the folder.
    :param contents: What this collection makes there.
    :raises OwnFolderError: The folder belongs to the user, can't be removed, or another run works in it.
    """
    planned = plan_removal(folder, contents)
    try:
        with _idle(folder):
            # The mark goes last, so that a run that is killed can be made up for.
            for path in sorted(planned.removed, key=lambda path: (path == folder, path.name == MARK)):
                # What somebody has put into the folder just now stays.
                folder.rmdir() if path == folder else remove_entry(path)
    except OSError as error:
        raise OwnFolderError(
            f"{error.filename or folder} can't be removed: {error.strerror}", "Check its permissions, then run again"
        ) from error
    return planned


@contextlib.contextmanager
def _idle(folder: Path) -> Iterator[None]:
    """Require that no other run works in a folder, by the lock that such a run holds on the mark."""
    try:
        mark = (folder / MARK).open("r+b")
    except FileNotFoundError:
        yield
        return
    with mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OwnFolderError(
                f"another run, or a program that it left behind, still works in {folder}", "Wait until it has ended"
            ) from error
        yield


def remove_entry(path: Path) -> None:
    """Remove a file, a folder with its contents, or a link, whose target stays.

    :param path: Path of the entry, which need not exist.
    :raises OSError: It can't be removed.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path)


def is_signed(path: Path) -> bool:
    """Return whether a text file says that this collection has written it.

    :param path: Path of the file.
    :raises OSError: It can't be read.
    """
    return path.is_file() and _SIGNATURE in path.read_bytes()


def require_own_file(path: Path) -> None:
    """Require that a text file may be replaced: this collection has written it, it is empty, or it is not there.

    :param path: Path of the file.
    :raises OwnFolderError: The user has written it.
    :raises OSError: It can't be read.
    """
    if path.is_file() and path.stat().st_size > 0 and not is_signed(path):
        raise OwnFolderError(
            f"the file {path} was not written by this collection, so it is left as it is", "Name another file"
        )


def _names(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in folder.iterdir()}
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise OwnFolderError(
            f"the folder {folder} can't be used: {error.strerror}", "Name another folder, or correct its permissions"
        ) from error


def _is_of_earlier_version(folder: Path, names: set[str], contents: Contents) -> bool:
    return names <= contents.ours(names) and any(next(folder.glob(each), None) for each in contents.evidence)
