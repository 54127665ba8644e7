# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds a Python of a wanted version that works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from asesoria_sandbox.settings import SandboxError, Settings

#: Modules that C(make) leaves out, without failing, when a library's headers are missing.
MODULES = ("ssl", "ctypes", "zlib", "bz2", "lzma", "sqlite3")
_PROBE = (
    f"import {', '.join(MODULES)}, json, os, sys;"
    "print(json.dumps([list(sys.version_info[:2]), os.path.realpath(sys._base_executable), sys.base_prefix]))"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that ran and has all of C(MODULES).

    :param executable: absolute path, no link, no shim, not of a virtual environment.
    :param prefix: directory of its installation.
    """

    executable: Path
    prefix: Path

    @property
    def has_pip(self) -> bool:
        """Whether it can install packages."""
        return _run([os.fspath(self.executable), "-I", "-m", "pip", "--version"]) is not None


def probe(path: str | os.PathLike[str], version: str) -> Interpreter | None:
    """Run a candidate.

    :param path: of an executable.
    :param version: wanted, such as C(3.11).
    :returns: None if it does not run, is another version or lacks a module.
    """
    output = _run([os.fspath(path), "-I", "-c", _PROBE])
    if output is None:
        return None
    found, executable, prefix = json.loads(output)
    if found != [int(part) for part in version.split(".")]:
        return None
    return Interpreter(executable=Path(executable), prefix=Path(prefix).resolve())


def find(version: str, settings: Settings, *, pip: bool = False) -> Interpreter:
    """The first that works: as told, then of the machine, then of the builders.

    :param version: such as C(3.11).
    :param settings: of the sandbox.
    :param pip: take only one that has pip.
    :raises SandboxError: there is none.
    """
    for candidate in _candidates(version, settings):
        interpreter = probe(candidate, version) if os.access(candidate, os.X_OK) else None
        if interpreter is None or (pip and not interpreter.has_pip):
            continue
        return _keep(interpreter, version, settings)
    raise SandboxError(
        f"no working Python {version} (with {', '.join(MODULES)}) on this machine or built by the builder. "
        f"Install Python {version}, or name one in sandbox_lambda_python"
    )


def _candidates(version: str, settings: Settings) -> Iterator[Path]:
    name = f"python{version}"
    home = Path.home()
    yield from (Path(path) for path in settings.pythons)
    yield settings.lang / name / "bin" / name
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    yield from _newest(pyenv.glob(f"versions/{version}*/bin/{name}"))
    yield from _newest((home / ".local/share/uv/python").glob(f"cpython-{version}.*/bin/{name}"))
    yield from (Path(directory, name) for directory in ("/usr/local/bin", "/usr/bin", "/opt/python/bin"))
    yield from _built(name, settings)


def _built(name: str, settings: Settings) -> Iterator[Path]:
    """Interpreters on the builders' disks."""
    for pattern in ("usr-local", "opt", "opt/*", "home/*", "home/.local", "home/.local/*"):
        yield from sorted(settings.machines.glob(f"*/{pattern}/bin/{name}"))


def _newest(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)


def _keep(interpreter: Interpreter, version: str, settings: Settings) -> Interpreter:
    """An interpreter that will outlive the builder whose disk it is on."""
    if settings.machines.resolve() not in interpreter.executable.parents:
        return interpreter
    name = f"python{version}"
    target = settings.lang / name
    if not target.exists():
        draft = settings.lang / f".{name}-{os.getpid()}"
        shutil.copytree(interpreter.prefix / "lib" / name, draft / "lib" / name, symlinks=True)
        for library in (interpreter.prefix / "lib").glob("libpython*"):
            shutil.copy2(library, draft / "lib", follow_symlinks=True)
        (draft / "bin").mkdir()
        shutil.copy2(interpreter.executable, draft / "bin" / name)
        draft.rename(target)
    return Interpreter(executable=target / "bin" / name, prefix=target)


def _run(command: list[str]) -> str | None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
