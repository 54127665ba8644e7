# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment of the chain's user, for playbooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._settings import environment
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.checks import (
    environment as read_environment,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.values import InvalidValueError


def user_environment(settings: Mapping[str, Any], given: object, admin: object) -> dict[str, str]:
    """Return the environment of the chain's user; see the filter's own documentation."""
    try:
        return environment.user_environment(
            read_environment(given),
            read_environment(admin),
            profile=settings["names"]["profile"],
            region=settings["region"],
            create_user=settings["access"]["create_user"],
        )
    except InvalidValueError as error:
        raise AnsibleFilterError(str(error)) from error


def admin_environment(given: object) -> dict[str, str]:
    """Return the administrator's environment; see the filter's own documentation."""
    try:
        return read_environment(given)
    except InvalidValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"user_environment": user_environment, "admin_environment": admin_environment}
