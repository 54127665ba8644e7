# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Customer managed policies of an IAM user that several services may share: which service each of them belongs to.

Policies are tagged with their service. Those from before that tag existed are attributed by the stack that the deploy
policy among them names; where none names a stack, the other tags decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import (
    Owner,
    is_managed,
    is_ours,
    read_owner,
)

_STACK = re.compile(r":stack/(?P<name>[^/*]+)/\*\Z")


@dataclass(frozen=True)
class OwnedPolicy:
    """A customer managed policy, as far as its owner is concerned.

    :param name: Name of the policy.
    :param arn: ARN of the policy.
    :param tags: Tags of the policy.
    :param document: Content of the default version.
    :param attached: Whether the user has it.
    """

    name: str
    arn: str
    tags: Mapping[str, str]
    document: Mapping[str, Any]
    attached: bool


@dataclass(frozen=True)
class PolicyUse:
    """Policies of a user, by whose they are.

    :param own: Names of the policies of the service.
    :param kept: ARNs of the attached policies of other services.
    :param used_by: The other services, each as words that end a sentence.
    """

    own: tuple[str, ...]
    kept: tuple[str, ...]
    used_by: tuple[str, ...]


def sort_policies(policies: Iterable[OwnedPolicy], owner: Owner) -> PolicyUse:
    """Tell the policies of a service from those of other services that use the same user.

    A policy that this collection did not make is in neither list.

    :param policies: Policies that the user has, and policies whose names a run may use.
    :param owner: Identity of the service.
    """
    managed = [policy for policy in policies if is_managed(policy.tags)]
    old_stacks = _old_stacks(managed)
    own = [policy for policy in managed if _is_own(policy, owner, old_stacks)]
    others = [policy for policy in managed if policy not in own and policy.attached]
    return PolicyUse(
        own=tuple(sorted({policy.name for policy in own})),
        kept=tuple(sorted({policy.arn for policy in others})),
        used_by=tuple(sorted({_user_words(policy, old_stacks) for policy in others})),
    )


def _is_own(policy: OwnedPolicy, owner: Owner, old_stacks: Sequence[str]) -> bool:
    if not is_ours(policy.tags, owner):
        return False
    return bool(read_owner(policy.tags).service) or not old_stacks or f"{owner.service}-{owner.stage}" in old_stacks


def _old_stacks(policies: Iterable[OwnedPolicy]) -> list[str]:
    """Read the stacks that policies without the tag ``Service`` name."""
    old = [policy for policy in policies if not read_owner(policy.tags).service]
    resources = [resource for policy in old for resource in _resources(policy.document)]
    return sorted({found["name"] for found in map(_STACK.search, resources) if found})


def _resources(document: Mapping[str, Any]) -> list[str]:
    statements = document.get("Statement", [])
    listed = [statements] if isinstance(statements, Mapping) else statements
    found = [statement.get("Resource", []) for statement in listed]
    return [name for value in found for name in ([value] if isinstance(value, str) else value)]


def _user_words(policy: OwnedPolicy, old_stacks: Sequence[str]) -> str:
    recorded = read_owner(policy.tags)
    if recorded.service:
        return f"service {recorded.service}, stage {recorded.stage}"
    if old_stacks:
        return f"the stack {' and '.join(old_stacks)}"
    return f"the stage {recorded.stage}" if recorded.stage else "an unknown service"
