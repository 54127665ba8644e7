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

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._builder_instances import Builders
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import (
    Stacks,
    explained,
    none_if,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Layers
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import claimed_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._log_groups import LogGroups
from ansible_collections.asesoria.serverless.plugins.module_utils._service.ownership import describe_tags, owns
from ansible_collections.asesoria.serverless.plugins.module_utils._status_table import numbers
from ansible_collections.asesoria.serverless.plugins.module_utils._unread import Attempts

_MANAGER = "asesoria.serverless"
_NOT_OURS = "it was not made by this collection"


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
    :param service: name of the service; empty if nobody asks whose the stack is.
    :param layers: the layers.
    :param project: value of the tag C(Project).
    :param stage: value of the tag C(Stage).
    :param key_pair: the builders'.
    :param user: the IAM user; empty if the chain makes none.
    """

    stack: str
    layers: Sequence[str]
    project: str
    stage: str
    key_pair: str = ""
    user: str = ""
    service: str = ""


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
    def groups(self, project: str) -> list[tuple[str, str]]:
        """Return name and stage of the security groups that this collection made for a project."""
        filters = {"tag:Project": project, "tag:ManagedBy": _MANAGER}
        found = self._connect().describe_security_groups(
            Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()]
        )["SecurityGroups"]
        return sorted((group["GroupName"], _tags(group).get("Stage", "")) for group in found)


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
    :param attempts: keeps what could not be read.
    """

    stacks: Stacks
    layers: Mapping[str, Layers]
    logs: LogGroups
    builders: Builders
    keys: Keys
    users: Users
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
            *self._user(names),
        ]

    def _stack(self, names: Names) -> Iterator[Left]:
        stack = self.attempts.read(f"the stack {names.stack}", lambda: self.stacks.find(names.stack), None)
        if stack is None:
            return
        owner = Owner(project=names.project, service=names.service, stage=names.stage)
        why = f"it is {stack.status}{': ' if stack.reason else ''}{stack.reason}"
        if names.service and not owns(stack, owner):
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
        ours = [version.version for version in versions if claimed_sha256(version)]
        if foreign:
            yield Left(f"{_count(foreign)} of the layer {name} in {region}", "not published by this collection")
        if ours:
            yield Left(
                f"{_count(ours)} of the layer {name} in {region}",
                "its mark is not that of its content, or it was published after the removal",
            )

    def _builders(self, names: Names) -> Iterator[Left]:
        what = f"builders of the project {names.project}"
        for builder in self.attempts.read_all(what, lambda: self.builders.of_project(names.project)):
            why = f"it is {builder.state}" if builder.stage == names.stage else f"it is of the stage {builder.stage}"
            yield Left(f"the builder {builder.instance_id} ({builder.instance_type})", f"{why}, and costs money")

    def _key_pair(self, names: Names) -> Iterator[Left]:
        if not names.key_pair:
            return
        tags = self.attempts.read(f"the key pair {names.key_pair}", lambda: self.keys.tags(names.key_pair), None)
        if tags is not None:
            yield Left(f"the key pair {names.key_pair}", _owner_words(tags, names))

    def _groups(self, names: Names) -> Iterator[Left]:
        what = f"security groups of the project {names.project}"
        for group, stage in self.attempts.read_all(what, lambda: self.keys.groups(names.project)):
            why = "something still uses it" if stage == names.stage else f"it is of the stage {stage}"
            yield Left(f"the security group {group}", why)

    def _user(self, names: Names) -> Iterator[Left]:
        if not names.user:
            return
        tags = self.attempts.read(f"the user {names.user}", lambda: self.users.tags(names.user), None)
        if tags is not None:
            yield Left(f"the IAM user {names.user}", _owner_words(tags, names))


def _owner_words(tags: Mapping[str, str], names: Names) -> str:
    if tags.get("ManagedBy") != _MANAGER:
        return _NOT_OURS
    if (tags.get("Project"), tags.get("Stage")) != (names.project, names.stage):
        return f"it is of the project {tags.get('Project')}, stage {tags.get('Stage')}"
    return "removing it was left out"


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
