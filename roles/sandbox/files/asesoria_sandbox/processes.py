# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes that are certainly ours: told apart by id and start time, and gone when their parent is."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from asesoria_sandbox.settings import PARENT_VARIABLE

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Process:
    """One process, and not another that came to have its id.

    :param pid: process id.
    :param started: clock ticks from boot to its start, from C(/proc/PID/stat).
    :param boot: id of the boot, so that the file of an earlier one is never believed.
    """

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process with this id, or None if there is none (or only its corpse)."""
        fields = _stat(pid)
        if fields is None or fields[0] in ("Z", "X"):
            return None
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return cls(pid=pid, started=int(fields[19]), boot=boot)

    @classmethod
    def current(cls) -> Process:
        """The process that asks."""
        process = cls.of(os.getpid())
        if process is None:
            raise ProcessLookupError(os.getpid())
        return process

    @classmethod
    def load(cls, path: Path) -> Process | None:
        """The process that a file from C(save) names, if it still runs."""
        try:
            known = cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return known if known.alive else None

    def save(self, path: Path) -> None:
        """Write down who this is, all at once."""
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")
        draft.replace(path)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return Process.of(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _stat(pid: int) -> list[str] | None:
    """The fields of C(/proc/PID/stat) from the third (state) on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


def descendants(root: int) -> list[Process]:
    """All living processes below one, children before grandchildren."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        fields = _stat(int(entry.name)) if entry.name.isdigit() else None
        if fields is not None:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = [], list(children.get(root, ()))
    while queue:
        pid = queue.pop(0)
        queue += children.get(pid, ())
        process = Process.of(pid)
        if process is not None:
            found.append(process)
    return found


def end(processes: Iterable[Process], *, grace: float) -> None:
    """Ask processes to end, wait, and kill those that don't.

    :param processes: whom.
    :param grace: seconds that they have together.
    """
    group = list(processes)
    for process in group:
        process.send(signal.SIGTERM)
    wait_until(lambda: not any(process.alive for process in group), seconds=grace)
    for process in group:
        process.send(signal.SIGKILL)
    wait_until(lambda: not any(process.alive for process in group), seconds=2)


def wait_until(condition: Callable[[], bool], *, seconds: float, interval: float = 0.05) -> bool:
    """Wait for something to be true.

    :returns: whether it came true in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval)
    return True


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the supervisor ends, however it ends; it may have ended already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(os.environ[PARENT_VARIABLE]):
        os.kill(os.getpid(), signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
