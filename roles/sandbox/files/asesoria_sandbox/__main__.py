# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts, stops and looks after a sandbox; needs nothing but the standard library.

What it did goes to standard output as one JSON object, C(changed) included. What went wrong goes to standard error.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import http.client
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

from asesoria_sandbox import builder, identity, jail, processes
from asesoria_sandbox.processes import Process
from asesoria_sandbox.settings import HOST, SETTINGS_VARIABLE, SandboxError, Settings

_HIGHEST_PORT = 65533
#: Generous, as the first start compiles the stand-ins, and the machine may have other things to do.
_SECONDS_TO_START = 180.0
_SECONDS_TO_STOP = 15.0
#: Directories for files that belong to one life of the account: AWS profiles, SSH keys, the stand-ins' own.
_ACCOUNT = ("aws", "ssh", "tmp")
#: File that says that a directory is a sandbox's.
MARKER = ".asesoria-sandbox"
#: Names in a directory with the stand-ins' packages.
_PACKAGES = {"runtime", "venv"}
#: Names in a sandbox's directory; the inventory puts caches there as well.
_ENTRIES = {
    *_ACCOUNT,
    *_PACKAGES,
    *("cache", "functions", "lang", "log", "machines", "python", "state"),
    *("lock", "settings.json", "supervisor.json", "supervisor.new"),
}
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
        sys.stdout.write(json.dumps(options.action(options)) + "\n")
    except SandboxError as error:
        sys.stderr.write(f"{error}.\n")
        return 2
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="asesoria_sandbox")
    commands = parser.add_subparsers(required=True)
    for name, action in (
        ("start", start),
        ("stop", stop),
        ("status", status),
        ("missing", missing),
        ("take", take),
    ):
        command = commands.add_parser(name)
        command.set_defaults(action=action)
        command.add_argument("--directory", type=lambda text: Path(text).absolute(), required=True)
        if name in ("start", "stop", "take"):
            command.add_argument("--dry-run", action="store_true")
        if name == "stop":
            command.add_argument("--purge", action="store_true")
        if name == "start":
            command.add_argument("--packages", type=lambda text: Path(text).absolute())
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


def take(options: argparse.Namespace) -> dict[str, object]:
    """Make a directory for the stand-ins' packages, or take an empty one, and mark it.

    :raises SandboxError: The directory is not a sandbox's.
    """
    top: Path = options.directory
    _require_ours(top)
    changed = not (top / MARKER).exists()
    if changed and not options.dry_run:
        _mark(top)
    return {"changed": changed}


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
        packages=os.fspath(options.packages or options.directory),
        port=options.port,
        region=options.region,
        runtimes=tuple(options.runtime),
        pythons=tuple(options.lambda_python),
        python=options.python,
    )
    _require_ours(settings.top)
    if options.dry_run:
        return {"changed": _must_start(settings), "running": _running(settings.top) is not None, "port": settings.port}
    with _alone(settings.top):
        must_start = _must_start(settings)
        if must_start:
            _clear(settings)
            _launch(settings)
    return {"changed": must_start, "running": True, "port": settings.port}


def stop(options: argparse.Namespace) -> dict[str, object]:
    """Stop the sandbox, if it runs, and wait until all of it is gone; with C(--purge) also remove its directory.

    What the user has put into the directory stays there, and is named in C(left).

    :raises SandboxError: something of it is left, or the directory is not a sandbox's.
    """
    top: Path = options.directory
    if not top.is_dir():
        return {"changed": False, "running": False, "port": None, "left": []}
    _require_ours(top)
    left: list[str] = []
    running = _running(top) is not None
    if not options.dry_run:
        running = _end(top)
        if options.purge:
            left = _purge(top)
    return {"changed": running or options.purge, "running": running and options.dry_run, "port": None, "left": left}


def _purge(top: Path) -> list[str]:
    """Remove what a sandbox has made, and its directory if nothing else is in it.

    :returns: Paths that are not ours, and were left.
    """
    left = sorted(os.fspath(entry) for entry in top.iterdir() if entry.name not in (MARKER, *_ENTRIES))
    for entry in (*(top / name for name in sorted(_ENTRIES)), *(() if left else (top / MARKER,))):
        _remove(entry)
    # A link to a directory is the user's.
    if not left and not top.is_symlink():
        top.rmdir()
    return left


def _remove(entry: Path) -> None:
    """Remove a file, a directory, or a link without its target."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)


def _end(top: Path) -> bool:
    """End the supervisor and all below it.

    :returns: whether there was one.
    """
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
    return supervisor is not None


def _must_start(settings: Settings) -> bool:
    """Whether the sandbox is still to be started, and could be.

    :raises SandboxError: it can't.
    """
    running = _running(settings.top)
    if running is None:
        _check_namespaces()
        _check_ports(settings)
        return True
    if running.port != settings.port:
        raise SandboxError(
            f"the sandbox in {settings.top} runs on port {running.port} already, not on {settings.port}. "
            "Stop it first (sandbox_state: stopped)"
        )
    return False


def _require_ours(top: Path) -> None:
    """Require that a directory may be cleared: it isn't there, is empty, is marked, or an earlier version has made it.

    :raises SandboxError: It belongs to the user.
    """
    try:
        names = {entry.name for entry in top.iterdir()}
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise SandboxError(f"{top} is not a directory. Set sandbox_dir to one") from error
    if top.resolve() in (Path("/"), Path.home().resolve()):
        raise SandboxError(f"{top} is never a sandbox's directory. Set sandbox_dir to one that is empty or not there")
    if not names or MARKER in names or _is_of_earlier_version(top, names):
        return
    foreign = sorted(names - _ENTRIES) or sorted(names)
    raise SandboxError(
        f"{top} holds {foreign[0]!r} and has no file {MARKER}, and so is not a sandbox's directory. "
        "Set sandbox_dir, or the environment variable ASESORIA_SANDBOX_DIR (ASESORIA_SANDBOX_PACKAGES for the "
        "stand-ins' packages), to one that is empty or not there"
    )


def _is_of_earlier_version(top: Path, names: set[str]) -> bool:
    """Return whether a directory without the mark was made by a version that set none, or was killed before it did."""
    if names <= _PACKAGES:
        return (top / "venv/.installed").exists() or any(top.glob("runtime/*/.installed"))
    if names - _ENTRIES:
        return False
    try:
        return Settings.load(top / "settings.json").top == top
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _mark(top: Path) -> None:
    top.mkdir(parents=True, exist_ok=True, mode=0o700)
    (top / MARKER).write_text(
        "Made by asesoria.serverless, which removes from here what it has made.\n", encoding="ascii"
    )


@contextmanager
def _alone(top: Path) -> Iterator[None]:
    """Let nobody else start or stop this sandbox meanwhile."""
    _mark(top)
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
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=30, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise SandboxError(f"bwrap does not run: {error}. Install the package bubblewrap") from error
    if done.returncode != 0:
        raise SandboxError(
            f"bwrap can't make a namespace: {done.stderr.strip()}. "
            "Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
            "kernel.apparmor_restrict_unprivileged_userns=0), or run as root"
        )


def _check_ports(settings: Settings) -> None:
    remedy = (
        f"The sandbox needs ports {settings.port} to {settings.port + 2}: set sandbox_port, or the environment "
        "variable ASESORIA_SANDBOX_PORT, to the first of three free ones"
    )
    if not 1 <= settings.port <= _HIGHEST_PORT:
        raise SandboxError(f"port {settings.port} is not between 1 and {_HIGHEST_PORT}. {remedy}")
    for port in (settings.ministack_port, settings.moto_port, settings.ssh_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                what = (
                    "is taken by another program"
                    if error.errno == errno.EADDRINUSE
                    else f"can't be had: {error.strerror}"
                )
                raise SandboxError(f"port {port} of {HOST} {what}. {remedy}") from error


def _clear(settings: Settings) -> None:
    """Remove what an earlier run left, and make room.

    The account begins anew, empty. So do the disks, and the keys that the earlier account gave out.
    """
    for directory in (settings.machines, settings.functions, settings.log, *(settings.top / name for name in _ACCOUNT)):
        _remove(directory)
        directory.mkdir(mode=0o700)
    for directory in (settings.lang, settings.top / "state"):
        directory.mkdir(mode=0o700, exist_ok=True)
    settings.pid_file.unlink(missing_ok=True)


def _launch(settings: Settings) -> None:
    environment = {
        **os.environ,
        SETTINGS_VARIABLE: os.fspath(settings.save()),
        "PYTHONPATH": os.fspath(Path(__file__).parents[1]),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if not os.access(settings.python, os.X_OK):
        raise SandboxError(
            f"the stand-ins' interpreter {settings.python} is not there. Run the role, which installs it"
        )
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
        lambda: supervisor.poll() is not None or _healthy(settings, supervisor.pid),
        seconds=_SECONDS_TO_START,
        interval=0.3,
    )
    if supervisor.poll() is None and ready:
        return
    if supervisor.poll() is None:
        supervisor.terminate()
    supervisor.wait()
    said = (log.read_text(encoding="utf-8").strip().splitlines() or ["nothing"])[-2:]
    raise SandboxError(
        f"the stand-ins did not start within {_SECONDS_TO_START:g} s: {'; '.join(said)} (logs: {settings.log})"
    )


def _healthy(settings: Settings, supervisor: int) -> bool:
    """Whether both stand-ins of this supervisor answer. Another sandbox may have been faster in taking the ports."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        for port in (settings.ministack_port, settings.moto_port):
            with opener.open(f"http://{HOST}:{port}{identity.PATH}", timeout=5) as answer:
                if answer.read() != str(supervisor).encode():
                    return False
    except (OSError, http.client.HTTPException):
        return False
    return settings.pid_file.exists()


if __name__ == "__main__":
    sys.exit(main())
