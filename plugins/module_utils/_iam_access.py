# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is of an IAM user's access: the user with its keys and policies, and the policies meant for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._access.policy_use import OwnedPolicy, sort_policies
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner, is_of_project, is_ours

#: AWS: quota "Managed policies attached to an IAM user", which can be raised.
DEFAULT_POLICY_QUOTA = 10


class CallerReader(Protocol):
    """What is used of boto3's client of C(sts)."""

    def get_caller_identity(self) -> Any:
        """Answer with C(Account) and C(Arn)."""


class IamReader(Protocol):
    """What is used of boto3's client of C(iam)."""

    def get_user(self, *, UserName: str) -> Any:  # noqa: N803 - the API's own name
        """Answer with C(User), tags included; an unknown name is an error."""

    def get_policy(self, *, PolicyArn: str) -> Any:  # noqa: N803 - the API's own name
        """Answer with C(Policy), tags included."""

    def get_policy_version(self, *, PolicyArn: str, VersionId: str) -> Any:  # noqa: N803 - the API's own names
        """Answer with C(PolicyVersion), whose document is parsed."""

    def list_policy_versions(self, *, PolicyArn: str) -> Any:  # noqa: N803 - the API's own name
        """Answer with the list C(Versions), of which there are five at most."""

    def get_account_summary(self) -> Any:
        """Answer with C(SummaryMap), which has the quotas of the account."""

    def get_paginator(self, operation_name: str) -> Any:
        """Return what pages through the lists of users and policies."""


@dataclass(frozen=True)
class AccessKey:
    """An access key, without its secret.

    :param access_key_id: such as C(AKIAIOSFODNN7EXAMPLE).
    :param status: C(Active) or C(Inactive).
    """

    access_key_id: str
    status: str


@dataclass(frozen=True)
class User:
    """An IAM user.

    :param arn: its ARN, with its path.
    :param path: its path, which begins and ends with a slash.
    :param permissions_boundary: ARN of the policy that bounds what it may do, None if there is none.
    :param tags: its tags.
    :param attached_policies: ARNs of the managed policies that are attached to it, sorted.
    :param access_keys: its access keys as AWS lists them.
    :param ours: whether it belongs to the service.
    :param of_project: whether it belongs to the project, so that several services may share it.
    """

    arn: str
    path: str
    permissions_boundary: str | None
    tags: dict[str, str]
    attached_policies: list[str]
    access_keys: list[AccessKey]
    ours: bool
    of_project: bool


@dataclass(frozen=True)
class Policy:
    """A customer managed policy.

    :param name: its name.
    :param arn: its ARN, with its path.
    :param tags: its tags.
    :param document: what its default version says.
    :param versions: how many versions there are.
    """

    name: str
    arn: str
    tags: dict[str, str]
    document: dict[str, Any]
    versions: int


@dataclass(frozen=True)
class Access:
    """All of it.

    :param account: number of the account whose credentials are used.
    :param partition: C(aws), C(aws-cn) or C(aws-us-gov).
    :param user: None if there is no user of that name.
    :param policies: those of the names that were asked for.
    :param own_policies: names of the policies of the service, those from before among them.
    :param kept_policies: ARNs of the user's policies that belong to other services.
    :param used_by: the other services that use the user, in words.
    :param policy_quota: how many managed policies a user may have.
    """

    account: str
    partition: str
    user: User | None
    policies: list[Policy]
    own_policies: list[str]
    kept_policies: list[str]
    used_by: list[str]
    policy_quota: int

    def facts(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def read_access(
    *,
    sts: CallerReader,
    iam: IamReader,
    user_name: str,
    policy_names: Sequence[str],
    owner: Owner,
    missing: type[Exception],
) -> Access:
    """Read what there is.

    :param sts: client of the Security Token Service.
    :param iam: client of IAM.
    :param user_name: of the user.
    :param policy_names: of the policies, which are looked for below every path, as a name is used once in an account.
    :param owner: identity of the service.
    :param missing: the error that C(iam) raises for what is not there.
    """
    account, partition = read_account(sts)
    user = _user(iam, user_name, owner=owner, missing=missing)
    attached = user.attached_policies if user else []
    policies = _policies(iam, policy_names, attached)
    use = sort_policies(
        [
            OwnedPolicy(
                name=policy.name,
                arn=policy.arn,
                tags=policy.tags,
                document=policy.document,
                attached=policy.arn in attached,
            )
            for policy in policies
        ],
        owner,
    )
    return Access(
        account=account,
        partition=partition,
        user=user,
        policies=[policy for policy in policies if policy.name in policy_names],
        own_policies=list(use.own),
        kept_policies=list(use.kept),
        used_by=list(use.used_by),
        policy_quota=_policy_quota(iam, attached),
    )


def read_account(sts: CallerReader) -> tuple[str, str]:
    """Read which account the credentials are for, and which partition it is in.

    :param sts: client of the Security Token Service.
    """
    caller = sts.get_caller_identity()
    return str(caller["Account"]), str(caller["Arn"]).split(":")[1]


def read_keys(iam: IamReader, name: str) -> list[AccessKey]:
    """Read the access keys of a user.

    :param iam: client of IAM.
    :param name: of the user.
    """
    entries = listed(iam, "list_access_keys", "AccessKeyMetadata", UserName=name)
    return [AccessKey(access_key_id=key["AccessKeyId"], status=key["Status"]) for key in entries]


def listed(iam: IamReader, operation: str, key: str, **arguments: str) -> Iterator[Any]:
    """Read a list, page by page.

    :param iam: client of IAM.
    :param operation: what is called, such as C(list_access_keys).
    :param key: the list's name in the answers.
    :param arguments: of the call.
    """
    for page in iam.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def read_tags(entry: Mapping[str, Any]) -> dict[str, str]:
    """Read the tags of a user or a policy.

    :param entry: what AWS answers about it.
    """
    return {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}


def _policy_quota(iam: IamReader, attached: Sequence[str]) -> int:
    """Read the quota only where the user comes near the default."""
    if len(attached) < DEFAULT_POLICY_QUOTA // 2:
        return DEFAULT_POLICY_QUOTA
    return int(iam.get_account_summary()["SummaryMap"].get("AttachedPoliciesPerUserQuota", DEFAULT_POLICY_QUOTA))


def _user(iam: IamReader, name: str, *, owner: Owner, missing: type[Exception]) -> User | None:
    try:
        entry = iam.get_user(UserName=name)["User"]
        keys = read_keys(iam, name)
        attached = list(listed(iam, "list_attached_user_policies", "AttachedPolicies", UserName=name))
    except missing:
        return None
    return User(
        arn=entry["Arn"],
        path=entry["Path"],
        permissions_boundary=entry.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        tags=read_tags(entry),
        ours=is_ours(read_tags(entry), owner),
        of_project=is_of_project(read_tags(entry), owner),
        attached_policies=sorted(policy["PolicyArn"] for policy in attached),
        access_keys=keys,
    )


def _policies(iam: IamReader, names: Sequence[str], attached: Sequence[str]) -> list[Policy]:
    """Read the policies of these names in their order, then other customer managed policies that are attached."""
    there = {found["PolicyName"]: found["Arn"] for found in listed(iam, "list_policies", "Policies", Scope="Local")}
    others = [name for name, arn in there.items() if arn in attached and name not in names]
    return [_policy(iam, name, there[name]) for name in (*names, *others) if name in there]


def _policy(iam: IamReader, name: str, arn: str) -> Policy:
    entry = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=entry["DefaultVersionId"])["PolicyVersion"]
    return Policy(
        name=name,
        arn=arn,
        tags=read_tags(entry),
        document=version["Document"],
        versions=len(iam.list_policy_versions(PolicyArn=arn)["Versions"]),
    )
