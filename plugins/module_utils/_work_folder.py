# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder in which a service is packaged: a copy of the app, so that the app's own folder is never written to."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.own_folder import (
    MARK,
    Contents,
    remove_entry,
    require_ours,
    take_folder,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._fingerprint import SourceFile, copy_source

#: What is made in the folder. The role serverless_deploy removes it by the same names.
CONTENTS = Contents(names=("service", "package", "tmp", "cache", "cli.log", "unverified.json", ".unverified.json.*"))
_LOCK_INTERVAL = 0.5


class WorkFolderError(ServerlessError):
    """The folder can't be used."""


class WorkFolder:
    """One service's folder.

    :param path: where it is.
    :param lock_descriptor: the open lock file.
    :param kept: whether it is there after the run.
    """

    def __init__(self, path: Path, *, lock_descriptor: int, kept: bool) -> None:
        self.lock_descriptor = lock_descriptor
        self.service = path / "service"
        self.package = path / "package"
        self.scratch = path / "tmp"
        self.cache = path / "cache"
        self.log = path / "cli.log"
        self._kept = kept

    @property
    def log_hint(self) -> str:
        """Where to read more; empty if the log goes with the folder."""
        return f"The CLI's whole output is in {self.log}" if self._kept else ""

    def fill(self, *, files: Iterable[SourceFile], config: str, config_name: str) -> None:
        """Start afresh with a copy of the app.

        :param files: the app's files.
        :param config: the service's configuration.
        :param config_name: the name of its file.
        :raises ServerlessError: the folder can't be written.
        """
        try:
            for folder in (self.service, self.package, self.scratch):
                remove_entry(folder)
            self.scratch.mkdir(mode=0o700, parents=True)
            self.cache.mkdir(mode=0o700, exist_ok=True)
            copy_source(files=files, destination=self.service)
            self.service.joinpath(config_name).write_text(config, encoding="utf-8")
        except OSError as error:
            raise WorkFolderError(
                f"{error.filename} can't be written: {error.strerror}", "Make it writable, or name another folder"
            ) from error


@contextlib.contextmanager
def open_work_folder(
    path: Path,
    *,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[WorkFolder]:
    """Make a folder ready and keep others out of it.

    The lock goes with every process that the CLI's caller starts: as long as a CLI works that an earlier, killed run
    left behind, its folder is taken.

    :param path: the folder; it is made if it is not there.
    :param timeout: seconds to wait for another run to end.
    :param clock: a clock in seconds.
    :param sleep: waits for seconds.
    :raises OwnFolderError: The folder belongs to the user, or can't be made.
    :raises WorkFolderError: It can't be written, or stays taken.
    """
    take_folder(path, CONTENTS)
    try:
        descriptor = os.open(path / MARK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise WorkFolderError(
            f"the work folder {path} can't be used: {error.strerror}", "Make it writable, or name another one"
        ) from error
    try:
        _lock(descriptor, path=path, deadline=clock() + timeout, clock=clock, sleep=sleep)
        yield WorkFolder(path, lock_descriptor=descriptor, kept=True)
    finally:
        os.close(descriptor)


def _lock(
    descriptor: int, *, path: Path, deadline: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    while not _try_lock(descriptor):
        if clock() >= deadline:
            raise WorkFolderError(
                f"another run, or the CLI that it left behind, still works in {path}", "Wait until it has ended"
            )
        sleep(_LOCK_INTERVAL)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def temporary_work_folder(model: Path) -> Iterator[WorkFolder]:
    """Make a folder that is gone afterwards, for a run that must leave nothing behind.

    :param model: the folder of the real runs; what its cache holds is copied, since it takes the CLI seconds to make.
    :raises OwnFolderError: The real runs could not use their folder.
    """
    require_ours(model, CONTENTS)
    with tempfile.TemporaryDirectory(prefix="asesoria-serverless-") as name, tempfile.TemporaryFile() as lock:
        work = WorkFolder(Path(name), lock_descriptor=lock.fileno(), kept=False)
        with contextlib.suppress(OSError, shutil.Error):
            shutil.copytree(model / work.cache.name, work.cache)
        yield work
