# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory source without hosts, by which an inventory keeps the caller's AWS settings out of its runs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: aws_environment
short_description: Keeps the AWS settings of your shell out of a run
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - For an inventory that has AWS settings of its own, such as the sandbox's. Keys, profiles, endpoints, roles and
    certificates that the shell exports would win over some of them, or contradict them.
  - When the source is read, the variables that begin with C(AWS_), C(EC2_) and C(BOTO_CONFIG) are removed from the
    environment of Ansible's own process, and so of all modules, lookups and inventory plugins that come after it. The
    shell keeps them.
  - If the shell names an HTTP proxy, E(NO_PROXY) exempts this machine from it.
  - The source adds no hosts. Sources in a folder are read in the order of their names, so it has to be the first.
options:
  plugin:
    description: Name of this plugin.
    type: str
    required: true
    choices: [asesoria.serverless.aws_environment]
"""

EXAMPLES = r"""
# inventory/sandbox/00-environment.yml
plugin: asesoria.serverless.aws_environment
"""

import os
from typing import Any

from ansible.plugins.inventory import BaseInventoryPlugin
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_environment import (
    leave_out_aws,
    replace_environment,
)


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]  # ansible-core has no type hints
    """Ansible finds its inventory plugins by this name."""

    NAME = "asesoria.serverless.aws_environment"

    def verify_file(self, path: str) -> bool:
        """Accept a file of YAML, whatever its name; Ansible asks only for those that name the plugin."""
        return bool(super().verify_file(path)) and path.endswith((".yml", ".yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:  # noqa: FBT001  # as Ansible calls it
        """Read the source; the parameters are as for every inventory plugin."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        replace_environment(os.environ, leave_out_aws(os.environ))
