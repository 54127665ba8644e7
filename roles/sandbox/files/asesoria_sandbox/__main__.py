# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts, stops and looks after a sandbox; needs nothing but the standard library.

What it did goes to standard output as one JSON object, C(changed) included. What went wrong goes to standard error.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asesoria_sandbox import builder, jail, processes
from asesoria_sandbox.processes import Process
from asesoria_sandbox.settings import HOST, SETTINGS_VARIABLE, SandboxError, Settings

_SECONDS_TO_START = 60.0
_SECONDS_TO_STOP = 15.0
_INSTALL = {
    "bwrap": "bubblewrap",
    "sshd": "openssh-server",
    "ssh": "openssh-client (openssh-clients)",
    "ssh-keygen": "openssh-client (openssh-clients)",
}


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says.

    :returns: exit status.
    """
    options = _parse(arguments)
    try:
        print(json.dumps(options.action(options)))
    except SandboxError as error:
        print(f"{error}.", file=sys.stderr)
        return 2
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="asesoria_sandbox")
    commands = parser.add_subparsers(required=True)
    for name, action in (("start", start), ("stop", stop), ("status", status), ("missing", missing)):
        command = commands.add_parser(name)
        command.set_defaults(action=action)
        command.add_argument("--directory", type=lambda text: Path(text).absolute(), required=True)
        if name == "start":
            command.add_argument("--port", type=int, required=True)
            command.add_argument("--region", required=True)
            command.add_argument("--runtime", action="append", default=[])
            command.add_argument("--lambda-python", action="append", default=[])
            command.add_argument("--python", required=True)
    return parser.parse_args(arguments)


def missing(_options: argparse.Namespace) -> dict[str, object]:
    """Which programs of the system are not there, and what they come in."""
    absent = [name for name in _INSTALL if name != "sshd" and shutil.which(name) is None]
    absent += [] if os.access(builder.sshd(), os.X_OK) else ["sshd"]
    return {"changed": False, "missing": absent, "packages": sorted({_INSTALL[name] for name in absent})}


def status(options: argparse.Namespace) -> dict[str, object]:
    """Whether the sandbox of a directory runs, and on which port."""
    running = _running(options.directory)
    return {"changed": False, "running": running is not None, "port": running.port if running else None}


def start(options: argparse.Namespace) -> dict[str, object]:
    """Start the sandbox, unless it runs.

    :raises SandboxError: it runs on another port, a port is taken, namespaces are forbidden, or a stand-in ended.
    """
    settings = Settings(
        directory=os.fspath(options.directory),
        port=options.port,
        region=options.region,
        runtimes=tuple(options.runtime),
        pythons=tuple(options.lambda_python),
        python=options.python,
    )
    with _alone(settings.top):
        running = _running(settings.top)
        if running is not None:
            if running.port != settings.port:
                raise SandboxError(
                    f"the sandbox in {settings.top} runs on port {running.port} already, not on {settings.port}. "
                    "Stop it first (sandbox_state: stopped)"
                )
            return {"changed": False, "running": True, "port": running.port}
        _check_namespaces()
        _check_ports(settings)
        _clear(settings)
        _launch(settings)
    return {"changed": True, "running": True, "port": settings.port}


def stop(options: argparse.Namespace) -> dict[str, object]:
    """Stop the sandbox, if it runs, and wait until all of it is gone.

    :raises SandboxError: something of it is left.
    """
    top: Path = options.directory
    if not top.is_dir():
        return {"changed": False, "running": False, "port": None}
    with _alone(top):
        supervisor = Process.load(top / "supervisor.json")
        if supervisor is not None:
            family = [supervisor, *processes.descendants(supervisor.pid)]
            supervisor.send(signal.SIGTERM)
            processes.wait_until(lambda: not supervisor.alive, seconds=_SECONDS_TO_STOP)
            processes.end(family, grace=0)
            left = [process.pid for process in family if process.alive]
            if left:
                raise SandboxError(f"processes {left} of the sandbox in {top} can't be ended")
        (top / "supervisor.json").unlink(missing_ok=True)
    return {"changed": supervisor is not None, "running": False, "port": None}


@contextmanager
def _alone(top: Path) -> Iterator[None]:
    """Let nobody else start or stop this sandbox meanwhile."""
    top.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (top / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _running(top: Path) -> Settings | None:
    if Process.load(top / "supervisor.json") is None:
        return None
    return Settings.load(top / "settings.json")


def _check_namespaces() -> None:
    """See whether bubblewrap may do what it has to."""
    view = [*jail.system(), *jail.namespaces(user=1000, group=1000, hostname="probe")]
    command = [shutil.which("bwrap") or "bwrap", *view, "--", "/usr/bin/env", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise SandboxError(f"bwrap does not run: {error}. Install the package bubblewrap") from error
    if done.returncode != 0:
        raise SandboxError(
            f"bwrap can't make a namespace: {done.stderr.strip()}. "
            "Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
            "kernel.apparmor_restrict_unprivileged_userns=0), or run as root"
        )


def _check_ports(settings: Settings) -> None:
    for port in (settings.ministack_port, settings.moto_port, settings.ssh_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError) as error:
                raise SandboxError(
                    f"port {port} of {HOST} is taken ({error.strerror if isinstance(error, OSError) else error}), and the "
                    f"sandbox needs {settings.port} to {settings.port + 2}. Set sandbox_port, or the environment variable "
                    "ASESORIA_SANDBOX_PORT, to the first of three free ports"
                ) from error


def _clear(settings: Settings) -> None:
    """Remove what an earlier run left, and make room. The state of AWS begins anew, so disks and functions do."""
    for directory in (settings.machines, settings.functions, settings.top / "tmp", settings.log):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
    settings.lang.mkdir(exist_ok=True)
    settings.pid_file.unlink(missing_ok=True)


def _launch(settings: Settings) -> None:
    environment = {
        **os.environ,
        SETTINGS_VARIABLE: os.fspath(settings.save()),
        "PYTHONPATH": os.fspath(Path(__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    log = settings.log / "supervisor.log"
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            [settings.python, "-m", "asesoria_sandbox.supervisor"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=settings.top,
            start_new_session=True,
        )
    ready = processes.wait_until(
        lambda: supervisor.poll() is not None or _healthy(settings), seconds=_SECONDS_TO_START, interval=0.1
    )
    if supervisor.poll() is None and ready:
        return
    if supervisor.poll() is None:
        supervisor.terminate()
    supervisor.wait()
    said = (log.read_text(encoding="utf-8").strip().splitlines() or ["nothing"])[-2:]
    raise SandboxError(f"the stand-ins did not start within {_SECONDS_TO_START:g} s: {'; '.join(said)} (logs: {settings.log})")


def _healthy(settings: Settings) -> bool:
    pages = ((settings.ministack_port, "/_ministack/health"), (settings.moto_port, "/moto-api/data.json"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        for port, path in pages:
            with opener.open(f"http://{HOST}:{port}{path}", timeout=5) as answer:
                if answer.status != 200:
                    return False
    except OSError:
        return False
    return settings.pid_file.exists()


if __name__ == "__main__":
    sys.exit(main())
