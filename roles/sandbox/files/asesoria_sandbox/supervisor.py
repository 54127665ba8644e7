# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds the stand-ins: starts them, ends them all when one ends or when told to, and leaves no process behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from types import FrameType

from asesoria_sandbox import processes
from asesoria_sandbox.processes import Process
from asesoria_sandbox.settings import ADMIN_KEY, HOST, PARENT_VARIABLE, SETTINGS_VARIABLE, Settings

CHILDREN = ("ministack", "moto", "hypervisor")
_MODULES = {"ministack": "aws_ministack", "moto": "aws_moto", "hypervisor": "hypervisor"}
_SECONDS_TO_END = 8.0
_INTERVAL = 0.3


class StopRequest(Exception):  # noqa: N818  # not an error
    """Somebody asked for the end."""


def child_environment(settings: Settings) -> dict[str, str]:
    """What the stand-ins are told; nothing of the caller's AWS settings is."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **inherited,
        # They call one another, which no proxy could do for them.
        **dict.fromkeys(("no_proxy", "NO_PROXY"), _exempt_this_machine(inherited)),
        PARENT_VARIABLE: str(os.getpid()),
        SETTINGS_VARIABLE: os.fspath(settings.top / "settings.json"),
        "TMPDIR": os.fspath(settings.top / "tmp"),
        # ministack: where to listen, where functions find AWS, and nothing that would leave the machine or the sandbox.
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(settings.ministack_port),
        "MINISTACK_HOST": "localhost",
        "AWS_ENDPOINT_URL": f"http://{HOST}:{settings.ministack_port}",
        "LAMBDA_EXECUTOR": "local",
        # Signatures are verified and policies enforced, for everybody but the one who has the administrator's key.
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": ADMIN_KEY,
        "AWS_SECRET_ACCESS_KEY": ADMIN_KEY,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MOTO_PORT": str(settings.moto_port),
        "DOCKER_HOST": f"unix://{settings.top}/no-docker.sock",
    }


def _exempt_this_machine(environment: Mapping[str, str]) -> str:
    """Return the caller's list of hosts that need no proxy, with this machine added."""
    listed = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return ",".join([*filter(None, [listed]), HOST, "localhost", ".localhost"])


def run(settings: Settings) -> int:
    """Hold the children until one ends or a signal comes.

    :returns: exit status: 0 when asked to end, 1 when a child ended by itself.
    """
    processes.adopt_orphans()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    Process.current().save(settings.pid_file)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in CHILDREN:
            children[name] = _start(name, settings)
        return _watch(children)
    except StopRequest:
        return 0
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        _end_all(children)
        settings.pid_file.unlink(missing_ok=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequest


def _start(name: str, settings: Settings) -> subprocess.Popen[bytes]:
    with (settings.log / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            [settings.python, "-m", f"asesoria_sandbox.{_MODULES[name]}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=child_environment(settings),
            cwd=settings.top,
        )
    _say(f"{name}: started, process {child.pid}")
    return child


def _watch(children: dict[str, subprocess.Popen[bytes]]) -> int:
    """Wait for a child to end, and meanwhile bury adopted orphans."""
    ours = {child.pid for child in children.values()}
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                _say(f"{name}: ended by itself with status {child.returncode}, so everything ends; see {name}.log")
                return 1
        _bury(ours)
        time.sleep(_INTERVAL)


def _bury(ours: set[int]) -> None:
    """Take the exit status of dead children, but for those that C(subprocess) asks about itself."""
    with contextlib.suppress(ChildProcessError):
        while True:
            dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if dead is None or dead.si_pid in ours:
                return
            os.waitpid(dead.si_pid, os.WNOHANG)


def _end_all(children: dict[str, subprocess.Popen[bytes]]) -> None:
    direct = [process for child in children.values() if (process := Process.of(child.pid)) is not None]
    processes.end(direct, grace=_SECONDS_TO_END)
    for child in children.values():
        child.wait()
    processes.end(processes.descendants(os.getpid()), grace=1.0)
    _bury(set())
    _say("ended")


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(run(Settings.load()))
