# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time, by processes that know of each other by the file system alone."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._base import file_lock
from ansible_collections.asesoria.serverless.plugins.module_utils._base.file_lock import (
    LockError,
    Patience,
    exclusive,
    lock_path,
)

AT_ONCE = Patience(timeout=0)

# Adds one to a number, slowly enough that another process would read it meanwhile.
_COUNT = """
import pathlib, sys, time
from ansible_collections.asesoria.serverless.plugins.module_utils._base.file_lock import exclusive
path = pathlib.Path(sys.argv[1])
for _round in range(int(sys.argv[2])):
    with exclusive(path):
        number = int(path.read_text()) if path.exists() else 0
        time.sleep(0.002)
        path.write_text(str(number + 1))
"""
_KEEP = """
import pathlib, sys, time
from ansible_collections.asesoria.serverless.plugins.module_utils._base.file_lock import exclusive
with exclusive(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def test_four_processes_count_without_losing_a_number(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there yet" / "number"
    processes = [start(_COUNT, path, 25) for _process in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0, 0]
    assert path.read_text(encoding="utf-8") == "100"
    assert list(path.parent.iterdir()) == [path], "a lock was left behind"


def test_a_run_that_is_killed_releases_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "file"
    keeper = start(_KEEP, path)
    assert keeper.stdout is not None
    assert keeper.stdout.readline() == "held\n"
    with pytest.raises(LockError, match=f"^another run has been changing {path} for more than 0 seconds. Wait"):
        exclusive(path, patience=AT_ONCE).__enter__()
    keeper.send_signal(signal.SIGKILL)
    keeper.communicate()
    assert lock_path(path).exists()
    with exclusive(path, patience=AT_ONCE):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_locked_like_its_target(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch()
    link.symlink_to(target)
    with exclusive(target), pytest.raises(LockError):
        exclusive(link, patience=AT_ONCE).__enter__()
    # The same file twice is one lock.
    with exclusive(target, link, patience=AT_ONCE):
        pass


def test_folders_that_were_made_for_nothing_go_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    with exclusive(path):
        assert path.parent.is_dir()
    assert list(tmp_path.iterdir()) == []
    with exclusive(path):
        path.touch()
    assert list(path.parent.iterdir()) == [path]


def test_a_lock_that_its_holder_has_removed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between our opening the file and our locking it, its holder removes it, and another run makes it again."""
    path = tmp_path / "file"
    opened: list[int] = []
    real = os.open

    def open_late(name: str, *arguments: int) -> int:
        opened.append(real(name, *arguments))
        if len(opened) == 1:
            lock_path(path).unlink()
            lock_path(path).write_text("", encoding="utf-8")
        return opened[-1]

    monkeypatch.setattr(file_lock.os, "open", open_late)
    with exclusive(path):
        assert len(opened) == 2


def test_a_file_system_without_locks_excludes_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with exclusive(tmp_path / "file"), exclusive(tmp_path / "file", patience=AT_ONCE):
        pass


def test_a_folder_that_cant_be_made_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file" / "below"
    path.parent.touch()
    with pytest.raises(LockError, match=f"^{path} can't be locked: Not a directory"):
        exclusive(path).__enter__()
