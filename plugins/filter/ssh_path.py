# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths in the options of OpenSSH's client, for inventories."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.loader import connection_loader
from ansible_collections.asesoria.serverless.plugins.module_utils._builder.ssh_paths import (
    control_path,
    escape_path,
    quote_path,
)


def ssh_path(path: str, quoted: bool = True) -> str:
    """Quote a path for an option of the SSH client; see the filter's own documentation."""
    absolute = str(Path(path).expanduser().absolute())
    return quote_path(absolute) if quoted else escape_path(absolute)


def ssh_control_path(host: str) -> str:
    """Make the setting ansible_control_path; see the filter's own documentation."""
    return control_path(str(_control_folder()), host)


def _control_folder() -> Path:
    """Read Ansible's setting of the folder in which connections are shared."""
    # The configuration knows the options of a plugin once that is loaded, by its own name.
    plugin = connection_loader.get("ssh", class_only=True)
    setting = constants.config.get_config_value(
        "control_path_dir", plugin_type="connection", plugin_name=plugin._load_name
    )
    return Path(os.path.expandvars(str(setting))).expanduser().absolute()


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"ssh_path": ssh_path, "ssh_control_path": ssh_control_path}
