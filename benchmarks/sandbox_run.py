# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox of a benchmark's own, and playbooks that run against it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BIN = TOP / ".venv/bin"


class SandboxRun:
    """A sandbox and what is started against it.

    :param folder: where all is kept.
    :param variables: given to every playbook.
    """

    def __init__(self, folder: Path, *, variables: Mapping[str, object]) -> None:
        self.port = free_port()
        self.sandbox = folder / "sandbox"
        self._variables = variables
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))},
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "ASESORIA_SANDBOX_DIR": str(self.sandbox),
            "ASESORIA_SANDBOX_PORT": str(self.port),
            "ASESORIA_SANDBOX_PACKAGES": str(TOP / ".cache/sandbox"),
            "ANSIBLE_INVENTORY": str(TOP / "inventory/sandbox"),
            "ANSIBLE_NOCOLOR": "true",
        }
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    @contextmanager
    def started(self) -> Iterator[None]:
        """Start the sandbox, and remove it in the end."""
        self.play("playbooks/sandbox.yml")
        try:
            yield
        finally:
            self.play("playbooks/sandbox.yml", {"sandbox_state": "stopped", "sandbox_purge": True})

    def command(self, playbook: str, variables: Mapping[str, object] | None = None) -> list[str]:
        """What runs a playbook."""
        return ["ansible-playbook", playbook, "-e", json.dumps({**self._variables, **(variables or {})})]

    def play(self, playbook: str, variables: Mapping[str, object] | None = None) -> None:
        """Run a playbook.

        :raises SystemExit: it failed.
        """
        argv = self.command(playbook, variables)
        done = subprocess.run(
            argv,
            cwd=TOP,
            env=self.environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout[-3000:]}")


def execute(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> None:
    """Run a command that has to end well.

    :raises SystemExit: it did not.
    """
    done = subprocess.run(
        argv, check=False, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout[-3000:]}")


def free_port() -> int:
    """The first of three neighbouring ports that are free.

    :raises SystemExit: there are none.
    """
    for first in range(24700, 25600, 10):
        try:
            for port in range(first, first + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise SystemExit("no three neighbouring ports are free")
