# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there still is, after a teardown, under the names that the chain uses, and why it is still there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.named import NamedResources
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import (
    MANAGER,
    Owner,
    describe_owner,
    is_managed,
    is_ours,
    read_owner,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._builder_instances import Builders
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import (
    Stacks,
    explained,
    none_if,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Layers, LayerVersion
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import claimed_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._log_groups import LogGroups
from ansible_collections.asesoria.serverless.plugins.module_utils._service.ownership import describe_tags, owns
from ansible_collections.asesoria.serverless.plugins.module_utils._status_table import numbers
from ansible_collections.asesoria.serverless.plugins.module_utils._unread import Attempts


@dataclass(frozen=True)
class Left:
    """Something that is there.

    :param what: it is.
    :param why: it was left, in words that end a sentence.
    """

    what: str
    why: str


@dataclass(frozen=True)
class Names:
    """Under which names the chain makes things.

    :param stack: the service's.
    :param layers: the layers.
    :param owner: Identity of the service.
    :param key_pair: the builders'.
    :param user: the IAM user; empty if the chain makes none.
    :param named: Kind and name of each other resource, see :mod:`_aws.named`.
    """

    stack: str
    layers: Sequence[str]
    owner: Owner
    key_pair: str = ""
    user: str = ""
    named: Sequence[tuple[str, str]] = ()


class Keys:
    """EC2's key pairs and security groups.

    :param connect: makes a boto3 client of C(ec2).
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = functools.cache(connect)

    @explained("looking for the key pair")
    def tags(self, name: str) -> dict[str, str] | None:
        """Return the tags of a key pair, or C(None) if there is none."""
        found = self._connect().describe_key_pairs(Filters=[{"Name": "key-name", "Values": [name]}])["KeyPairs"]
        return _tags(found[0]) if found else None

    @explained("looking for security groups of the project")
    def groups(self, project: str) -> list[tuple[str, dict[str, str]]]:
        """Return name and tags of the security groups that this collection made for a project."""
        filters = {"tag:Project": project, "tag:ManagedBy": MANAGER}
        found = self._connect().describe_security_groups(
            Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()]
        )["SecurityGroups"]
        return sorted(((group["GroupName"], _tags(group)) for group in found), key=lambda group: group[0])


class Users:
    """IAM's users.

    :param connect: makes a boto3 client of C(iam).
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = functools.cache(connect)

    @explained("looking for the user")
    @none_if("NoSuchEntity")
    def tags(self, name: str) -> dict[str, str]:
        """Return the tags of a user, or C(None) if there is none."""
        return _tags(self._connect().get_user(UserName=name)["User"])

    @explained("looking for the services that use the user")
    def other_users(self, name: str, owner: Owner) -> list[str]:
        """Return the other services whose policies a user has, each in words.

        :param name: Name of the user.
        :param owner: Identity of the service that is no other.
        """
        client, found = self._connect(), set()
        for page in client.get_paginator("list_attached_user_policies").paginate(UserName=name):
            for policy in page["AttachedPolicies"]:
                if ":iam::aws:" in policy["PolicyArn"]:
                    continue
                tags = _tags(client.get_policy(PolicyArn=policy["PolicyArn"])["Policy"])
                recorded = read_owner(tags)
                if is_managed(tags) and not is_ours(tags, owner):
                    found.add(f"service {recorded.service}, stage {recorded.stage}")
        return sorted(found)


def _tags(described: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


@dataclass
class LeftoverReader:
    """Looks for what is left.

    :param stacks: CloudFormation's stacks.
    :param layers: Lambda's layers, by region.
    :param logs: CloudWatch's log groups.
    :param builders: EC2's builders.
    :param keys: EC2's key pairs and security groups.
    :param users: IAM's users.
    :param named: Reads other resources by their names.
    :param attempts: keeps what could not be read.
    """

    stacks: Stacks
    layers: Mapping[str, Layers]
    logs: LogGroups
    builders: Builders
    keys: Keys
    users: Users
    named: NamedResources
    attempts: Attempts = field(default_factory=Attempts)

    def read(self, names: Names) -> list[Left]:
        """Look for all of it.

        :raises ServerlessError: AWS can't be asked; that something is not allowed is no such case.
        """
        return [
            *self._stack(names),
            *self._logs(names),
            *(left for region in self.layers for name in names.layers for left in self._layer(name, region=region)),
            *self._builders(names),
            *self._key_pair(names),
            *self._groups(names),
            *self._named(names),
            *self._user(names),
        ]

    def _stack(self, names: Names) -> Iterator[Left]:
        stack = self.attempts.read(f"the stack {names.stack}", lambda: self.stacks.find(names.stack), None)
        if stack is None:
            return
        why = f"it is {stack.status}{': ' if stack.reason else ''}{stack.reason}"
        if not owns(stack, names.owner):
            why = f"it is not this service's, and {describe_tags(stack.tags)}"
        yield Left(f"the stack {names.stack}", why)

    def _logs(self, names: Names) -> Iterator[Left]:
        begin = f"/aws/lambda/{names.stack}-"
        for group in self.attempts.read_all(f"log groups {begin}*", lambda: self.logs.beginning_with(begin)):
            yield Left(f"the log group {group.name}", "it is no part of the stack, or a function wrote after its end")

    def _layer(self, name: str, *, region: str) -> Iterator[Left]:
        versions = self.attempts.read_all(
            f"versions of the layer {name} in {region}", lambda: self.layers[region].versions(name)
        )
        foreign = [version.version for version in versions if not claimed_sha256(version)]
        ours = [version for version in versions if claimed_sha256(version)]
        if foreign:
            yield Left(f"{_count(foreign)} of the layer {name} in {region}", "not published by this collection")
        users = self._layer_users(ours, region=region) if ours else {}
        for why, several in _by_reason(ours, users):
            yield Left(f"{_count(several)} of the layer {name} in {region}", why)

    def _layer_users(self, versions: Sequence[LayerVersion], *, region: str) -> dict[int, list[str]]:
        """Return the functions that use layer versions, by the number of the version."""
        what = f"functions that use layers in {region}"
        used = dict(self.attempts.read_all(what, lambda: list(self.layers[region].users().items())))
        return {each.version: used[each.arn] for each in versions if each.arn in used}

    def _builders(self, names: Names) -> Iterator[Left]:
        what = f"builders of the project {names.owner.project}"
        for builder in self.attempts.read_all(what, lambda: self.builders.of_project(names.owner.project)):
            ours = is_ours(builder.tags, names.owner)
            why = f"it is {builder.state}" if ours else describe_owner(builder.tags)
            yield Left(f"the builder {builder.instance_id} ({builder.instance_type})", f"{why}, and costs money")

    def _key_pair(self, names: Names) -> Iterator[Left]:
        if not names.key_pair:
            return
        tags = self.attempts.read(f"the key pair {names.key_pair}", lambda: self.keys.tags(names.key_pair), None)
        if tags is not None:
            yield Left(f"the key pair {names.key_pair}", _owner_words(tags, names.owner))

    def _groups(self, names: Names) -> Iterator[Left]:
        what = f"security groups of the project {names.owner.project}"
        for group, tags in self.attempts.read_all(what, lambda: self.keys.groups(names.owner.project)):
            why = "something still uses it" if is_ours(tags, names.owner) else describe_owner(tags)
            yield Left(f"the security group {group}", why)

    def _named(self, names: Names) -> Iterator[Left]:
        for kind, name in names.named:
            for found in self.attempts.read_all(f"the {kind} {name}", functools.partial(self.named.read, kind, name)):
                listed = kind == "security group" and read_owner(found.tags).project == names.owner.project
                if not (listed and is_managed(found.tags)):
                    yield Left(found.title, _owner_words(found.tags, names.owner))

    def _user(self, names: Names) -> Iterator[Left]:
        if not names.user:
            return
        tags = self.attempts.read(f"the user {names.user}", lambda: self.users.tags(names.user), None)
        if tags is None:
            return
        others = self.attempts.read_all(
            f"the policies of the user {names.user}", lambda: self.users.other_users(names.user, names.owner)
        )
        used = is_managed(tags) and others
        yield Left(
            f"the IAM user {names.user}",
            f"{'; '.join(others)} still uses it" if used else _owner_words(tags, names.owner),
        )


def _owner_words(tags: Mapping[str, str], owner: Owner) -> str:
    return "removing it was left out" if is_ours(tags, owner) else describe_owner(tags)


def _by_reason(versions: Sequence[LayerVersion], users: Mapping[int, Sequence[str]]) -> Iterator[tuple[str, list[int]]]:
    """Group layer versions that this collection published by why they are still there."""
    reasons: dict[str, list[int]] = {}
    for each in versions:
        used = users.get(each.version)
        why = (
            f"{', '.join(used)} still {'use' if len(used) > 1 else 'uses'} it"
            if used
            else "its mark is not that of its content, or it was published after the removal"
        )
        reasons.setdefault(why, []).append(each.version)
    yield from reasons.items()


def _count(versions: Sequence[int]) -> str:
    return f"version{'s' if len(versions) > 1 else ''} {numbers(versions)}"


def retained(data: Sequence[Mapping[str, Any]]) -> list[Left]:
    """Of a stack's resources with data, those that outlive it.

    :param data: as :func:`_service_status.describe` writes them.
    """
    return [
        Left(
            f"{'a snapshot of ' if each.get('policy') == 'Snapshot' else ''}{each.get('name')} ({each.get('type')})",
            f"its DeletionPolicy is {each.get('policy')}",
        )
        for each in data
        if each.get("stays")
    ]


def local_leftovers(paths: Sequence[Mapping[str, str]]) -> list[Left]:
    """Of files and folders on this machine, those that are there and hold something.

    :param paths: each with C(path) and C(why).
    """
    return [Left(each["path"], each["why"]) for each in paths if _holds(Path(each["path"]).expanduser())]


def _holds(path: Path) -> bool:
    with suppress(OSError):
        return any(path.iterdir()) if path.is_dir() else path.exists()
    return True
