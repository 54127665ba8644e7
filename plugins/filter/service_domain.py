# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domain of a service for roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._service_domain import read_domain


def service_domain(given: Mapping[str, Any], front_door: str, region: str) -> dict[str, str]:
    """Say what the domain takes; see the filter's own documentation."""
    try:
        found = read_domain(given, front_door=front_door, region=region)
    except ServerlessError as error:
        raise AnsibleFilterError(str(error)) from error
    return asdict(found) if found else {}


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"service_domain": service_domain}
