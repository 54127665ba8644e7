# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a command and says what it took."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000
# A process begins with the memory of the one that starts it as its largest, so a small one has to start it.
_LAUNCHER = """
import json, os, resource, sys, time
started = time.perf_counter()
child = os.fork()
if child == 0:
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    finally:
        os._exit(127)
status = os.waitpid(child, 0)[1]
seconds = time.perf_counter() - started
with open(sys.argv[1], "w") as file:
    json.dump([seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss], file)
sys.exit(min(abs(os.waitstatus_to_exitcode(status)), 125))
"""


@dataclass(frozen=True)
class Run:
    """How a command ended and what it took.

    :param code: its exit status.
    :param seconds: how long it ran.
    :param memory: resident bytes of the largest of its processes at its largest.
    :param output: what it printed.
    """

    code: int
    seconds: float
    memory: int
    output: str


def run(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], umask: int = 0o022) -> Run:
    """Run a command to its end.

    :param environment: all of it.
    """
    with tempfile.TemporaryFile() as output, tempfile.NamedTemporaryFile() as taken:
        process = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, taken.name, *argv],
            cwd=cwd,
            env=dict(environment),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            umask=umask,
            check=False,
        )
        output.seek(0)
        text = output.read().decode(errors="replace")
        seconds, memory = json.load(taken)
    return Run(process.returncode, seconds, memory * 1024, text)


def clean_environment(**more: str) -> dict[str, str]:
    """The environment of the process without what would change how Python, pip or uv work."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "UV_", "XDG_", "AWS_", "npm_"))
    }
    return {**kept, **more}


def tree_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree_digest(folder: Path) -> str:
    """SHA-256 over names, modes and contents of all files below a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name} {path.stat().st_mode:o} {file_digest(path)}\n".encode())
    return digest.hexdigest()


def zip_tree(folder: Path, destination: Path) -> Path:
    """Zip a folder as C(shutil.make_archive) does, at zlib's default level."""
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder).as_posix())
    return destination
