# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name of the app that a stack holds, recorded in an output of the stack, to say when another app takes its place."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stack
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import APP_OUTPUT
from ansible_collections.asesoria.serverless.plugins.module_utils._toml import AVAILABLE, read_toml

#: Characters besides letters and digits that are written as they are. CloudFormation turns what is not ASCII into "?".
_PLAIN = " ().:-_"
#: Characters of a name that are kept.
_MAX_NAME = 100


def name_app(root: Path, *, setting: str) -> str:
    """Name an app: by the project in its ``pyproject.toml``, or else by its folder, and by its object.

    No path of this machine is part of the name.

    :param root: Folder of the app.
    :param setting: The app as ``module.object``; empty if the configuration names none.
    """
    name = (_project(root) or root.expanduser().resolve().name)[:_MAX_NAME]
    return f"{name} ({setting})" if setting else name


def encode(app: str) -> str:
    """Write the name of an app as an output's value."""
    return quote(app, safe=_PLAIN)


def replaced_app(stack: Stack | None, *, app: str) -> str | None:
    """Return the app that a stack holds if another one takes its place.

    :param stack: The stack as it is.
    :param app: Name of the app that is deployed.
    """
    recorded = unquote(stack.outputs.get(APP_OUTPUT, "")) if stack else ""
    return recorded if recorded not in ("", app) else None


def _project(root: Path) -> str:
    if not AVAILABLE:
        return ""
    try:
        project = read_toml(read_regular(root / "pyproject.toml").decode("utf-8")).get("project")
    except (OSError, ValueError):
        return ""
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) else ""
