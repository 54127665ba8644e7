# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a sandbox is started with, and where its files are."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
#: Identifier and secret of the key that may do everything.
ADMIN_KEY = "sandboxadmin"
#: Environment variable by which the children learn where their settings are.
SETTINGS_VARIABLE = "ASESORIA_SANDBOX_SETTINGS"
#: Environment variable by which the children learn the process id of the supervisor.
PARENT_VARIABLE = "ASESORIA_SANDBOX_SUPERVISOR"


class SandboxError(Exception):
    """Something that the user can act on; one sentence, or several on one line."""


@dataclass(frozen=True)
class Settings:
    """What the command line was given.

    :param directory: absolute path below which everything is written.
    :param packages: absolute path below which the stand-ins and the runtimes' clients are installed.
    :param port: of the control plane; EC2 has the next one, the builder's SSH server the one after.
    :param region: the AWS region whose instances are booted.
    :param runtimes: Lambda runtimes whose client is installed, such as C(python3.11).
    :param pythons: interpreters to look at before those that are found on the machine.
    :param python: the interpreter of the stand-ins.
    """

    directory: str
    packages: str
    port: int
    region: str
    runtimes: tuple[str, ...]
    pythons: tuple[str, ...]
    python: str

    @property
    def top(self) -> Path:
        """The sandbox's directory."""
        return Path(self.directory)

    @property
    def log(self) -> Path:
        """Directory of the log files."""
        return self.top / "log"

    @property
    def request_log(self) -> Path:
        """One JSON line for each AWS call."""
        return self.log / "requests.jsonl"

    @property
    def pid_file(self) -> Path:
        """Who the supervisor is."""
        return self.top / "supervisor.json"

    @property
    def machines(self) -> Path:
        """Directory of the builders' disks, one a instance."""
        return self.top / "machines"

    @property
    def lang(self) -> Path:
        """Directory of the interpreters that were taken over from a builder."""
        return self.top / "lang"

    @property
    def functions(self) -> Path:
        """Directory of unpacked functions and layers."""
        return self.top / "functions"

    @property
    def ministack_port(self) -> int:
        """Port of the control plane."""
        return self.port

    @property
    def moto_port(self) -> int:
        """Port of EC2 and Systems Manager."""
        return self.port + 1

    @property
    def ssh_port(self) -> int:
        """Port of the builder's SSH server."""
        return self.port + 2

    def runtime_dir(self, runtime: str) -> Path:
        """What a function sees as C(/var/runtime)."""
        return Path(self.packages, "runtime", runtime)

    def save(self) -> Path:
        """Write the settings where the children find them.

        :returns: the file.
        """
        path = self.top / "settings.json"
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> Settings:
        """Read what C(save) wrote; without a path, from the file that the environment names."""
        text = Path(path or os.environ[SETTINGS_VARIABLE]).read_text(encoding="utf-8")
        raw: dict[str, Any] = json.loads(text)
        raw["runtimes"], raw["pythons"] = tuple(raw["runtimes"]), tuple(raw["pythons"])
        return cls(**raw)
