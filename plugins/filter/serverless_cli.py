# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which Serverless CLI a run installs, for the roles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular

_LOCK = "package-lock.json"
#: The packages that are a CLI, and the program of each.
_PROGRAMS = {"osls": "osls", "serverless": "serverless"}
#: The first line of the package serverless that wants a login or a licence key, see docs/dependencies.md.
_FIRST_LICENSED = 4


def serverless_cli(cli: str, shipped: str) -> dict[str, Any]:
    """Say what is installed, where and from what; see the filter's own documentation."""
    folder = Path(shipped, cli.replace("@", "-"))
    if "@" in cli and folder.is_dir():
        name = folder.name
    elif "/" in cli or cli.startswith("~"):
        folder = Path(cli).expanduser().absolute()
        name = "project-" + hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    else:
        known = sorted(path.name.replace("-", "@") for path in Path(shipped).iterdir() if path.is_dir())
        raise AnsibleFilterError(
            f"{cli!r} is no Serverless CLI. Write one of {', '.join(known)}, or the path of a folder with a {_LOCK}."
        )
    packages = _packages(folder / _LOCK)
    program = next((_PROGRAMS[package] for package in _PROGRAMS if package in packages), None)
    if program is None:
        raise AnsibleFilterError(
            f"{folder / _LOCK} locks no Serverless CLI. Add one: npm install --save-dev osls@4 serverless-wsgi."
        )
    version = packages[program]
    if program == "serverless" and int(version.partition(".")[0]) >= _FIRST_LICENSED:
        raise AnsibleFilterError(
            f"{folder / _LOCK} locks serverless {version}, which wants a login or a licence key. Lock osls@4, which "
            "reads the same serverless.yml, or serverless@3."
        )
    return {"name": name, "source": str(folder), "lock": str(folder / _LOCK), "program": program, "packages": packages}


def _packages(path: Path) -> dict[str, str]:
    """The packages that a lock was made for, and their versions."""
    try:
        lock: Mapping[str, Any] = json.loads(read_regular(path))
        there = lock["packages"]
        wanted = {**there[""].get("dependencies", {}), **there[""].get("devDependencies", {})}
        return {name: str(there[f"node_modules/{name}"]["version"]) for name in sorted(wanted)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(
            f"{path} can't be read as a lock of npm: {type(error).__name__}: {error}. Write package.json there, and "
            "let npm install --package-lock-only make the lock."
        ) from error


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"serverless_cli": serverless_cli}
