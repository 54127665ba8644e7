# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resources that the chain makes under names which another owner may already use, and the tags that they have."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import explained, none_if

from .ownership import Owner, describe_owner, is_ours


@dataclass(frozen=True)
class Named:
    """A resource that exists.

    :param kind: Kind of the resource, a key of :data:`KINDS`.
    :param name: Name of the resource.
    :param tags: Tags of the resource.
    """

    kind: str
    name: str
    tags: Mapping[str, str]

    @property
    def title(self) -> str:
        """Kind and name, as a message names it."""
        return f"the {self.kind} {self.name}"

    def is_ours(self, owner: Owner) -> bool:
        """Tell whether it belongs to a service.

        :param owner: Identity of the service.
        """
        return is_ours(self.tags, owner)

    @property
    def owner(self) -> str:
        """Whose it is, as the end of a sentence."""
        return describe_owner(self.tags)


class NamedResources:
    """Reads resources by their names.

    :param connect: Makes a boto3 client of a service.
    """

    def __init__(self, connect: Callable[[str], Any]) -> None:
        self._connect = functools.cache(connect)

    def read(self, kind: str, name: str) -> list[Named]:
        """Read the resources of a name; of a security group there is one in each VPC.

        :param kind: Kind of the resource.
        :param name: Name of the resource.
        :raises CloudFormationError: AWS refused.
        """
        return [Named(kind, name, tags) for tags in self._tags(name, kind)]

    @explained("looking for")
    def _tags(self, name: str, kind: str) -> list[dict[str, str]]:
        return KINDS[kind](self._connect, name)


_Connect = Callable[[str], Any]


def _pairs(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


@none_if("NoSuchEntity")
def _role(connect: _Connect, name: str) -> dict[str, str]:
    return _pairs(connect("iam").get_role(RoleName=name)["Role"].get("Tags", []))


@none_if("NoSuchEntity")
def _instance_profile(connect: _Connect, name: str) -> dict[str, str]:
    return _pairs(connect("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"].get("Tags", []))


@none_if("NoSuchEntity")
def _policy(connect: _Connect, name: str) -> dict[str, str]:
    caller = connect("sts").get_caller_identity()
    arn = f"arn:{caller['Arn'].split(':')[1]}:iam::{caller['Account']}:policy/{name}"
    return _pairs(connect("iam").get_policy(PolicyArn=arn)["Policy"].get("Tags", []))


@none_if("ResourceNotFoundException")
def _function(connect: _Connect, name: str) -> dict[str, str]:
    return dict(connect("lambda").get_function(FunctionName=name).get("Tags", {}))


@none_if("NotFoundException")
def _domain(connect: _Connect, name: str) -> dict[str, str]:
    return dict(connect("apigatewayv2").get_domain_name(DomainName=name).get("Tags", {}))


def _log_groups(connect: _Connect, name: str) -> list[dict[str, str]]:
    logs = connect("logs")
    # Of the groups whose names begin with a name, the first is the one of that name.
    found = logs.describe_log_groups(logGroupNamePrefix=name, limit=1)["logGroups"]
    arns = [each["arn"].removesuffix(":*") for each in found if each["logGroupName"] == name]
    return [dict(logs.list_tags_for_resource(resourceArn=arn)["tags"]) for arn in arns]


def _dns_records(connect: _Connect, name: str) -> list[dict[str, str]]:
    zone, _separator, domain = name.partition("/")
    found = connect("route53").list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=domain, StartRecordType="A", MaxItems="10"
    )["ResourceRecordSets"]
    # A record has no tags. Where there is a CNAME, there can be no A.
    return [{} for each in found if each["Type"] in ("A", "CNAME") and each["Name"].rstrip(".") == domain]


def _security_groups(connect: _Connect, name: str) -> list[dict[str, str]]:
    filters = [{"Name": "group-name", "Values": [name]}]
    found = connect("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return [_pairs(group.get("Tags", [])) for group in found]


def _launch_templates(connect: _Connect, name: str) -> list[dict[str, str]]:
    filters = [{"Name": "launch-template-name", "Values": [name]}]
    found = connect("ec2").describe_launch_templates(Filters=filters)["LaunchTemplates"]
    return [_pairs(template.get("Tags", [])) for template in found]


def _one(read: Callable[[_Connect, str], dict[str, str] | None]) -> Callable[[_Connect, str], list[dict[str, str]]]:
    def listed(connect: _Connect, name: str) -> list[dict[str, str]]:
        found = read(connect, name)
        return [] if found is None else [found]

    return listed


#: How to read the tags of each kind of resource. A DNS record is named by its hosted zone and its domain, ZONE/DOMAIN.
KINDS: Mapping[str, Callable[[_Connect, str], list[dict[str, str]]]] = {
    "DNS record": _dns_records,
    "IAM policy": _one(_policy),
    "IAM role": _one(_role),
    "domain": _one(_domain),
    "function": _one(_function),
    "instance profile": _one(_instance_profile),
    "launch template": _launch_templates,
    "log group": _log_groups,
    "security group": _security_groups,
}
