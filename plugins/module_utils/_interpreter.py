# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Python interpreter of this host is, and whether a layer for a runtime can be built with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import Runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_name import glibc_of

_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_DESCRIBE = """
import importlib.util, json, platform, sys
print(json.dumps({
    "version": platform.python_version(),
    "minor": "%d.%d" % sys.version_info[:2],
    "machine": platform.machine(),
    "libc": " ".join(platform.libc_ver()).strip(),
    "lacks": [name for name in ("pip", "_ssl", "zlib") if importlib.util.find_spec(name) is None],
}))
"""
_LACKS = {
    "pip": "Install it with '{python} -m ensurepip'",
    "_ssl": "Build it again with OpenSSL 1.1.1 or newer and its headers installed",
    "zlib": "Build it again with zlib's headers installed",
}


class InterpreterError(ServerlessError):
    """The layer can't be built with this interpreter."""


@dataclass(frozen=True)
class Interpreter:
    """The Python that installs.

    :param version: C(3.11.17).
    :param libc: C(glibc 2.26), empty if unknown.
    """

    version: str
    libc: str

    @property
    def glibc(self) -> tuple[int, int] | None:
        """Version of glibc; None without one."""
        match = re.match(r"glibc (?P<major>\d+)\.(?P<minor>\d+)", self.libc)
        return (int(match["major"]), int(match["minor"])) if match else None


def examine(python: str, *, runtime: Runtime, architecture: str, runner: Runner) -> Interpreter:
    """See whether an interpreter can build and import what a layer is made of.

    :param python: its path.
    :param runtime: what the layer is for.
    :param architecture: Lambda's name of it.
    :param runner: starts it.
    :raises InterpreterError: it can't.
    """
    facts = _describe(python, runner=runner)
    if facts["minor"] != runtime.python:
        raise InterpreterError(
            f"{python} is Python {facts['version']}, but runtime {runtime.identifier} needs {runtime.python}",
            f"Name an interpreter of Python {runtime.python}",
        )
    machine = _MACHINES.get(facts["machine"].lower(), facts["machine"])
    if machine != architecture:
        raise InterpreterError(
            f"this builder is {machine}, but the layer is for {architecture}",
            f"Build on a host with {architecture}, or change the architecture",
        )
    for name in facts["lacks"]:
        raise InterpreterError(f"{python} has no {name.strip('_')}", _LACKS[name].format(python=python))
    return Interpreter(version=facts["version"], libc=facts["libc"])


def check_wheels(interpreter: Interpreter, files: Iterable[str]) -> None:
    """See whether the host can load what is in these wheels; pip would not take them otherwise.

    :param interpreter: of the host.
    :param files: names of wheels.
    :raises InterpreterError: names the first that it can't.
    """
    found = interpreter.glibc
    for file in files:
        wanted = glibc_of(file)
        if wanted and (found is None or found < wanted):
            raise InterpreterError(
                f"{file} needs glibc {wanted[0]}.{wanted[1]}, but this host has {interpreter.libc or 'none'}",
                "Build on a host with the operating system of the runtime, or with a newer one",
            )


def _describe(python: str, *, runner: Runner) -> dict[str, Any]:
    remedy = "Name an interpreter that is there"
    try:
        completed = runner([python, "-I", "-c", _DESCRIBE], environment={})
    except OSError as error:
        raise InterpreterError(f"interpreter {python} can't be started ({error.strerror})", remedy) from error
    try:
        facts: dict[str, Any] = json.loads(completed.stdout)
    except ValueError as error:
        lines = completed.output.strip().splitlines() or ["it printed nothing"]
        raise InterpreterError(f"{python} does not work as a Python interpreter ({lines[-1]})", remedy) from error
    return facts
