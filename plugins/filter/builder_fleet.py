# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which builders to keep, to start and to end, for the role builder_ec2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._builder_fleet import (
    BY_ADDRESS,
    Place,
    of_run,
    read_kinds,
    sort_out,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError


def builder_fleet(
    instances: Sequence[Mapping[str, Any]],
    wanted: Sequence[Mapping[str, Any]],
    defaults: Mapping[str, Any],
    key_name: str | None = None,
    subnet_id: str = "",
    spot: bool = False,
    access: str = BY_ADDRESS,
    run: str = "",
) -> dict[str, Any]:
    """Sort the machines out; see the filter's own documentation."""
    today = datetime.now(tz=timezone.utc).date()
    try:
        kinds = read_kinds(wanted, defaults=defaults, today=today)
    except ServerlessError as error:
        raise AnsibleFilterError(str(error)) from error
    place = Place(key_name=key_name or None, subnet_id=subnet_id, spot=spot, access=access)
    kept, surplus = sort_out(instances, kinds=kinds, place=place, by_age=bool(run))
    return {
        "kinds": [{**asdict(kind), "instances": list(own)} for kind, own in zip(kinds, kept, strict=True)],
        "surplus": [instance["instance_id"] for instance in surplus],
        "surplus_of_run": of_run(surplus, run),
        "of_run": of_run(instances, run),
    }


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"builder_fleet": builder_fleet}
