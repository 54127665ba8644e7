# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let one run at a time change a file or a folder.

A lock is a file next to the path, locked by flock(2). The operating system releases the lock when the process exits,
for any reason. For NFS the kernel translates flock since Linux 2.6.12, so that two machines with one home exclude each
other as well. On a file system without locks a lock excludes no one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: End of a lock's file name.
SUFFIX = ".asesoria.serverless.lock"
_INTERVAL = 0.02
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


class LockError(ServerlessError):
    """A lock that can't be made, or that another run keeps."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a lock.

    :param timeout: Seconds to wait.
    :param clock: Clock in seconds.
    :param sleep: Function that waits for seconds.
    """

    timeout: float = 60.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@contextlib.contextmanager
def exclusive(*paths: Path, patience: Patience | None = None) -> Iterator[None]:
    """Keep other runs from changing some paths, until the block ends.

    Folders that are missing are made, and removed again if nothing was put into them. No lock file is left behind.

    :param paths: Paths of the files or folders, which need not exist. A link stands for its target.
    :param patience: How long to wait for another run.
    :raises LockError: A lock can't be made, or another run keeps it.
    """
    # In one order, so that two runs never wait for each other.
    targets = sorted({path.resolve() for path in paths})
    with contextlib.ExitStack() as held:
        for target in targets:
            held.enter_context(_hold(lock_path(target), target=target, patience=patience or Patience()))
        yield


def lock_path(target: Path) -> Path:
    """Return the path of a lock's file.

    :param target: Path that is locked, without links.
    """
    return target.with_name(f".{target.name}{SUFFIX}")


@contextlib.contextmanager
def _hold(lock: Path, *, target: Path, patience: Patience) -> Iterator[None]:
    made: list[Path] = []
    try:
        descriptor = _acquire(lock, target=target, patience=patience, made=made)
    except OSError as error:
        raise LockError(
            f"{target} can't be locked: {error.strerror}", f"Check the permissions of {lock.parent}"
        ) from error
    try:
        yield
    finally:
        # While it is held: the next holder sees that its file is not the one of that name any more.
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(descriptor)
        with contextlib.suppress(OSError):
            for folder in reversed(made):
                folder.rmdir()


def _acquire(lock: Path, *, target: Path, patience: Patience, made: list[Path]) -> int:
    """Open and lock a file, which is the one of that name once it is locked.

    :param made: Gets the folders that had to be made, the outermost first.
    """
    deadline = patience.clock() + patience.timeout
    while True:
        _make_folders(lock.parent, made=made)
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE)
        except FileNotFoundError:
            # Another run has just removed the folder.
            continue
        if _try_lock(descriptor) and _is_current(descriptor, lock):
            return descriptor
        os.close(descriptor)
        if patience.clock() >= deadline:
            raise LockError(
                f"another run has been changing {target} for more than {patience.timeout:g} seconds",
                "Wait until it has ended, or stop it, then run again",
            )
        patience.sleep(_INTERVAL)


def _make_folders(folder: Path, *, made: list[Path]) -> None:
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        with contextlib.suppress(FileExistsError):
            missing.mkdir(mode=_FOLDER_MODE)
            made.append(missing)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    return True


def _is_current(descriptor: int, lock: Path) -> bool:
    """Return whether the open file still has its name, and not one that an earlier holder has removed."""
    try:
        return os.path.samestat(os.fstat(descriptor), lock.stat())
    except FileNotFoundError:
        return False
