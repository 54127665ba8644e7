# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ownership of AWS resources: the identity of a service, the tags that record it, and the check against them.

A resource is ours if its tags name the collection, the project, the service and the stage. A resource from before the
tag ``Service`` existed lacks that tag: it is ours if the other three match. A tag with another value never matches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Value of the tag ``ManagedBy``.
MANAGER = "asesoria.serverless"
#: Most tags that a message names of a resource that another tool or person has made.
_SHOWN_TAGS = 4


@dataclass(frozen=True)
class Owner:
    """Identity of a service.

    :param project: Name of the project.
    :param service: Name of the service.
    :param stage: Name of the stage.
    """

    project: str
    service: str
    stage: str

    def tags(self) -> dict[str, str]:
        """Return the tags that record this owner on a resource."""
        return {"ManagedBy": MANAGER, "Project": self.project, "Service": self.service, "Stage": self.stage}


def read_owner(tags: Mapping[str, str]) -> Owner:
    """Read the owner that the tags of a resource record.

    :param tags: Tags of the resource. On a stack and its resources the Serverless CLI's ``STAGE`` stands for ``Stage``.
    :returns: The owner; a part that no tag records is empty.
    """
    stage = tags.get("Stage") or tags.get("STAGE", "")
    return Owner(project=tags.get("Project", ""), service=tags.get("Service", ""), stage=stage)


def is_managed(tags: Mapping[str, str]) -> bool:
    """Tell whether this collection made a resource, for any service.

    :param tags: Tags of the resource.
    """
    return tags.get("ManagedBy") == MANAGER


def is_ours(tags: Mapping[str, str], owner: Owner) -> bool:
    """Tell whether a resource belongs to a service.

    :param tags: Tags of the resource.
    :param owner: Identity of the service.
    """
    recorded = read_owner(tags)
    return (
        is_managed(tags)
        and (recorded.project, recorded.stage) == (owner.project, owner.stage)
        and recorded.service in ("", owner.service)
    )


def is_of_project(tags: Mapping[str, str], owner: Owner) -> bool:
    """Tell whether a resource belongs to the project of a service, so that services may share it by its name.

    :param tags: Tags of the resource.
    :param owner: Identity of the service.
    """
    return is_managed(tags) and read_owner(tags).project == owner.project


def describe_owner(tags: Mapping[str, str]) -> str:
    """Say whose a resource is, as the end of a sentence.

    :param tags: Tags of the resource.
    """
    if is_managed(tags):
        recorded = read_owner(tags)
        parts = {"project": recorded.project, "service": recorded.service, "stage": recorded.stage}
        named = ", ".join(f"{part} {value}" for part, value in parts.items() if value)
        return f"it belongs to the {named}" if named else "it was made by this collection for an unknown service"
    shown = [f"{key}={value}" for key, value in sorted(tags.items()) if not key.startswith("aws:")]
    if not shown:
        return "it was not made by this collection and has no tags"
    more = ", ..." if len(shown) > _SHOWN_TAGS else ""
    return f"it was not made by this collection; its tags are {', '.join(shown[:_SHOWN_TAGS])}{more}"
