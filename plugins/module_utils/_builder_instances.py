# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The builders of a project that go on, which cost money."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import explained
from ansible_collections.asesoria.serverless.plugins.module_utils._minute import minute

#: States of an instance that is there; all but the last cost by the hour.
ALIVE = ("pending", "running", "stopping", "stopped")


@dataclass(frozen=True)
class Builder:
    """An instance that was made to build layers."""

    instance_id: str
    instance_type: str
    state: str
    stage: str
    launched: str
    spot: bool
    tags: Mapping[str, str] = field(default_factory=dict)


class Builders:
    """EC2's instances with the tags of a builder.

    :param connect: makes a boto3 client of C(ec2).
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = functools.cache(connect)

    @explained("looking for the builders of the project")
    def of_project(self, project: str) -> list[Builder]:
        """Return those that have not ended, the oldest first."""
        filters = {"tag:Project": [project], "tag:Role": ["lambda-builder"], "instance-state-name": list(ALIVE)}
        pages = (
            self._connect()
            .get_paginator("describe_instances")
            .paginate(Filters=[{"Name": name, "Values": values} for name, values in filters.items()])
        )
        found = [
            _builder(instance)
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        ]
        return sorted(found, key=lambda builder: (builder.launched, builder.instance_id))


def _builder(instance: Mapping[str, Any]) -> Builder:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    return Builder(
        instance_id=instance["InstanceId"],
        instance_type=instance["InstanceType"],
        state=instance["State"]["Name"],
        stage=tags.get("Stage", ""),
        launched=minute(instance.get("LaunchTime")),
        spot=instance.get("InstanceLifecycle") == "spot",
        tags=tags,
    )
