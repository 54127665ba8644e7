# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Layers to builders, for the playbooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_spread import Builder, Layer, kinds, spread
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import find_runtime


def _read(plans: Mapping[str, Mapping[str, Any]]) -> list[Layer]:
    """The layers among the plans that a builder has to make."""
    today = datetime.now(tz=timezone.utc).date()
    return [
        Layer(
            key=key,
            name=plan["name"],
            os=find_runtime(plan["runtime"], today=today).os.name,
            architecture=plan["architecture"],
            runtime=plan["runtime"],
            wheels=plan["wheels"],
            compiled=plan["compiled"],
        )
        for key, plan in plans.items()
        if plan["place"] == "builder"
    ]


def layer_spread(plans: Mapping[str, Mapping[str, Any]], builders: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Give each layer to a builder; see the filter's own documentation."""
    hosts = [Builder(name, *kind) for name, kind in builders.items()]
    try:
        return spread(_read(plans), hosts)
    except ServerlessError as error:
        raise AnsibleFilterError(str(error)) from error


def layer_builders(plans: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """The kinds of builders that the layers need; see the filter's own documentation."""
    try:
        return kinds(_read(plans))
    except ServerlessError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"layer_spread": layer_spread, "layer_builders": layer_builders}
