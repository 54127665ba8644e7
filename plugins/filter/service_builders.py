# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The builders that a run may use, for playbooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

#: Variables of a builder that the dynamic inventory has found, by the part of the identity that its tag names.
_VARIABLES = {
    "project": "asesoria_builder_project",
    "service": "asesoria_builder_service",
    "stage": "asesoria_builder_stage",
}


def service_builders(hosts: Iterable[str], hostvars: Mapping[str, Any], identity: Mapping[str, str]) -> list[str]:
    """Choose the builders of a service; see the filter's own documentation."""
    return [host for host in hosts if _is_usable(hostvars[host], identity)]


def _is_usable(variables: Mapping[str, Any], identity: Mapping[str, str]) -> bool:
    """Tell whether every tag that is known of a builder names the service. A host put in by hand has none."""
    return all(str(variables.get(name) or identity[part]) == identity[part] for part, name in _VARIABLES.items())


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"service_builders": service_builders}
