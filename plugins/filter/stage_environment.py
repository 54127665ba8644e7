# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment in which a stage talks to AWS, for playbooks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._profiles import choose_environment


def stage_environment(stage: Mapping[str, str], admin: Mapping[str, str], fallback: bool = False) -> dict[str, str]:
    """Choose between the stage's environment and the admin's; see the filter's own documentation."""
    try:
        return choose_environment(stage, admin, fallback=fallback, process=os.environ)
    except ServerlessError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"stage_environment": stage_environment}
