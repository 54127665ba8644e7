# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an IAM user is granted: the managed policies and groups that it should have, and whatever it has besides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._iam_access import IamReader, listed


class IamGranter(IamReader, Protocol):
    """What is used of boto3's client of C(iam)."""

    def attach_user_policy(self, *, UserName: str, PolicyArn: str) -> Any:  # noqa: N803 - the API's own names
        """Attach a managed policy."""

    def detach_user_policy(self, *, UserName: str, PolicyArn: str) -> Any:  # noqa: N803 - the API's own names
        """Detach one."""

    def delete_user_policy(self, *, UserName: str, PolicyName: str) -> Any:  # noqa: N803 - the API's own names
        """Delete a policy that is a part of the user."""

    def add_user_to_group(self, *, UserName: str, GroupName: str) -> Any:  # noqa: N803 - the API's own names
        """Put the user into a group."""

    def remove_user_from_group(self, *, UserName: str, GroupName: str) -> Any:  # noqa: N803 - the API's own names
        """Take it out of one."""


@dataclass(frozen=True)
class Grants:
    """What a user has, or should have.

    :param policies: ARNs of managed policies.
    :param groups: names of groups.
    :param inline: names of policies that are a part of the user.
    """

    policies: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    inline: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.policies or self.groups or self.inline)

    def without(self, other: Grants) -> Grants:
        """What is here and not there.

        :param other: there.
        """
        return Grants(self.policies - other.policies, self.groups - other.groups, self.inline - other.inline)

    def joined(self, other: Grants) -> Grants:
        """What is here or there.

        :param other: there.
        """
        return Grants(self.policies | other.policies, self.groups | other.groups, self.inline | other.inline)

    def facts(self) -> dict[str, list[str]]:
        """The same as plain values."""
        return {
            "managed_policies": sorted(self.policies),
            "groups": sorted(self.groups),
            "inline_policies": sorted(self.inline),
        }

    def lines(self) -> list[str]:
        """The same for people to read."""
        return [
            *(f"managed policy {arn}" for arn in sorted(self.policies)),
            *(f"group {name}" for name in sorted(self.groups)),
            *(f"inline policy {name}" for name in sorted(self.inline)),
        ]


#: A user that has nothing.
NO_GRANTS = Grants()


@dataclass(frozen=True)
class GrantsPlan:
    """What is to be done.

    :param before: what the user has.
    :param add: what it does not have yet.
    :param extra: what it has and should not.
    :param remove: what of that is to be taken away.
    """

    before: Grants
    add: Grants
    extra: Grants
    remove: Grants

    @property
    def changed(self) -> bool:
        """Whether something is to be done."""
        return bool(self.add or self.remove)

    def diff(self, *, user: str) -> dict[str, str]:
        """The same as Ansible shows differences.

        :param user: name of the user.
        """
        header = f"what the IAM user {user} is granted"
        after = self.before.without(self.remove).joined(self.add)
        return {
            "before_header": header,
            "after_header": header,
            "before": _text(self.before.lines()),
            "after": _text(after.lines()),
        }


def plan_grants(
    iam: IamReader,
    user: str,
    wanted: Grants,
    *,
    purge: bool,
    missing: type[Exception],
    others: Grants = NO_GRANTS,
) -> GrantsPlan:
    """Hold what a user has against what it should have.

    :param iam: client of IAM.
    :param user: name of the user; one that is not there has nothing.
    :param wanted: what it should have.
    :param purge: take away what it should not have.
    :param missing: the error that C(iam) raises for what is not there.
    :param others: Grants of other services that share the user, which are neither reported nor taken away.
    """
    try:
        before = _read(iam, user)
    except missing:
        before = Grants()
    extra = before.without(wanted).without(others)
    return GrantsPlan(before=before, add=wanted.without(before), extra=extra, remove=extra if purge else Grants())


def apply_grants(iam: IamGranter, user: str, plan: GrantsPlan) -> None:
    """Do what was planned, what is granted first.

    :param iam: client of IAM.
    :param user: name of the user.
    :param plan: see :func:`plan_grants`.
    """
    for arn in sorted(plan.add.policies):
        iam.attach_user_policy(UserName=user, PolicyArn=arn)
    for name in sorted(plan.add.groups):
        iam.add_user_to_group(UserName=user, GroupName=name)
    for arn in sorted(plan.remove.policies):
        iam.detach_user_policy(UserName=user, PolicyArn=arn)
    for name in sorted(plan.remove.groups):
        iam.remove_user_from_group(UserName=user, GroupName=name)
    for name in sorted(plan.remove.inline):
        iam.delete_user_policy(UserName=user, PolicyName=name)


def administrator(wanted: Grants) -> bool:
    """Tell whether a user is to be allowed everything.

    :param wanted: what it should have.
    """
    return any(arn.endswith(":iam::aws:policy/AdministratorAccess") for arn in wanted.policies)


def _read(iam: IamReader, user: str) -> Grants:
    attached = listed(iam, "list_attached_user_policies", "AttachedPolicies", UserName=user)
    groups = listed(iam, "list_groups_for_user", "Groups", UserName=user)
    return Grants(
        policies=frozenset(policy["PolicyArn"] for policy in attached),
        groups=frozenset(group["GroupName"] for group in groups),
        inline=frozenset(listed(iam, "list_user_policies", "PolicyNames", UserName=user)),
    )


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
