# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resources of a stack that hold data, and what becomes of them when they leave the stack.

A resource that a template no longer has goes by the ``DeletionPolicy`` of the deployed template. A resource that is
replaced goes by the ``UpdateReplacePolicy`` of the new one. Packages of the app in the bucket of the Serverless CLI,
and logs that Lambda writes itself, are made again and do not count.

Source: AWS CloudFormation Template Reference, "DeletionPolicy attribute" and "UpdateReplacePolicy attribute", read on
2026-12-01.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Resource

from .stateful_types import HOLDERS, SNAPSHOTS
from .yaml_template import read_yaml_template

#: Name of the Serverless CLI's bucket in the template.
_CLI_BUCKET = "ServerlessDeploymentBucket"
_LOG_GROUP = "AWS::Logs::LogGroup"
_LAMBDA_LOGS = "/aws/lambda/"


@dataclass(frozen=True)
class DataHolder:
    """A resource with data.

    :param logical_id: its name in the template.
    :param kind: its type.
    :param name: its name in AWS.
    :param policy: C(Delete), C(Retain), or C(Snapshot).
    """

    logical_id: str
    kind: str
    name: str
    policy: str

    @property
    def stays(self) -> bool:
        """Whether the data outlive the stack."""
        return stays(self.policy)


def data_holders(resources: Iterable[Resource], *, template: Mapping[str, Any]) -> list[DataHolder]:
    """Find what holds data.

    :param resources: of a stack.
    :param template: that of the stack.
    """
    declared = declared_resources(template)
    return [
        DataHolder(
            logical_id=resource.logical_id,
            kind=resource.kind,
            name=resource.physical_id,
            policy=deletion_policy(resource.kind, declared.get(resource.logical_id, {})),
        )
        for resource in resources
        if resource.physical_id and holds_data(resource)
    ]


def declared_resources(template: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the resources of a template by their names in it.

    :param template: The template, or ``{"text": ...}`` with the text of one in YAML.
    """
    found = read_yaml_template(str(template["text"])) if "text" in template else template
    resources = found.get("Resources")
    return resources if isinstance(resources, Mapping) else {}


def holds_data(resource: Resource) -> bool:
    """Tell whether a resource holds data that a deployment does not make again."""
    if resource.logical_id == _CLI_BUCKET:
        return False
    if resource.kind == _LOG_GROUP and resource.physical_id.startswith(_LAMBDA_LOGS):
        return False
    return resource.kind in HOLDERS


def deletion_policy(kind: str, declared: Mapping[str, Any]) -> str:
    """Return what a removal from the stack does to a resource: ``Delete``, ``Retain`` or ``Snapshot``.

    :param kind: Type of the resource.
    :param declared: The resource in the deployed template.
    """
    return _policy(kind, declared.get("DeletionPolicy") or _default(kind, declared))


def replacement_policy(kind: str, declared: Mapping[str, Any]) -> str:
    """Return what a replacement does to the old resource: ``Delete``, ``Retain`` or ``Snapshot``.

    :param kind: Type of the resource.
    :param declared: The resource in the new template.
    """
    return _policy(kind, declared.get("UpdateReplacePolicy"))


def stays(policy: str) -> bool:
    """Tell whether the data of a resource outlive it under a policy."""
    return policy in ("Retain", "Snapshot")


def _policy(kind: str, said: object) -> str:
    """``RetainExceptOnCreate`` retains what has been made. A policy that is computed may turn out as ``Delete``."""
    if said in ("Retain", "RetainExceptOnCreate"):
        return "Retain"
    return "Snapshot" if said == "Snapshot" and kind in SNAPSHOTS else "Delete"


def _default(kind: str, declared: Mapping[str, Any]) -> str:
    if kind == "AWS::RDS::DBCluster":
        return "Snapshot"
    properties = declared.get("Properties") or {}
    return "Snapshot" if kind == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in properties else "Delete"
