# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.modules import iam_user_grants
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from moto import mock_aws

STATEMENT = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
NOTHING: dict[str, list[str]] = {"managed_policies": [], "groups": [], "inline_policies": []}


@pytest.fixture(name="iam", autouse=True)
def _iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    with mock_aws():
        iam = boto3.client("iam", region_name="us-east-1")
        iam.create_user(UserName="asesoria")
        for name in ("developers", "testers"):
            iam.create_group(GroupName=name)
        yield iam


@pytest.fixture(name="own")
def _own(iam: Any) -> str:
    return str(iam.create_policy(PolicyName="asesoria-serverless", PolicyDocument=DOCUMENT)["Policy"]["Arn"])


def run(*, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    args = {"user_name": "asesoria", "region": "us-east-1", **options}
    result = run_module(iam_user_grants.main, args, check_mode=check_mode, diff=True)
    if not result["failed"]:
        assert_return_documented(iam_user_grants, result)
    return result


def granted(iam: Any) -> dict[str, list[str]]:
    return {
        "managed_policies": sorted(
            policy["PolicyArn"] for policy in iam.list_attached_user_policies(UserName="asesoria")["AttachedPolicies"]
        ),
        "groups": sorted(group["GroupName"] for group in iam.list_groups_for_user(UserName="asesoria")["Groups"]),
        "inline_policies": iam.list_user_policies(UserName="asesoria")["PolicyNames"],
    }


def test_what_is_missing_is_granted(iam: Any, own: str) -> None:
    wanted = {"managed_policies": [own], "groups": ["developers"]}
    planned = run(check_mode=True, **wanted)
    assert (planned["changed"], granted(iam)) == (True, NOTHING)
    done = run(**wanted)
    assert (done["changed"], done["diff"], done["extra"]) == (True, planned["diff"], NOTHING)
    assert done["diff"]["after"] == f"managed policy {own}\ngroup developers\n"
    assert granted(iam) == {**NOTHING, **wanted}
    again = run(**wanted)
    assert (again["changed"], again.get("warnings")) == (False, None)


def test_what_is_there_besides_is_reported_and_removed_only_if_asked(iam: Any, own: str) -> None:
    iam.attach_user_policy(UserName="asesoria", PolicyArn=own)
    iam.attach_user_policy(UserName="asesoria", PolicyArn=READ_ONLY)
    iam.put_user_policy(UserName="asesoria", PolicyName="by-hand", PolicyDocument=DOCUMENT)
    for name in ("developers", "testers"):
        iam.add_user_to_group(UserName="asesoria", GroupName=name)
    before = granted(iam)
    wanted = {"managed_policies": [own], "groups": ["developers"]}
    extra = {"managed_policies": [READ_ONLY], "groups": ["testers"], "inline_policies": ["by-hand"]}
    kept = run(**wanted)
    assert (kept["changed"], kept["extra"], granted(iam)) == (False, extra, before)
    (warning,) = kept["warnings"]
    assert warning == (
        f"The IAM user asesoria has more than it was asked to have: managed policy {READ_ONLY}, group testers, inline "
        "policy by-hand. It stays so unless purge (in the role iam_user: iam_user_purge) is true."
    )
    planned = run(check_mode=True, purge=True, **wanted)
    assert (planned["changed"], planned["extra"], granted(iam)) == (True, extra, before)
    purged = run(purge=True, **wanted)
    assert (purged["changed"], purged["diff"], purged.get("warnings")) == (True, planned["diff"], None)
    assert granted(iam) == {**NOTHING, **wanted}
    assert not run(purge=True, **wanted)["changed"]


@pytest.mark.parametrize("purge", [False, True])
def test_policies_of_other_services_stay_without_a_word(iam: Any, own: str, purge: bool) -> None:
    iam.attach_user_policy(UserName="asesoria", PolicyArn=own)
    iam.attach_user_policy(UserName="asesoria", PolicyArn=READ_ONLY)
    result = run(other_policies=[own, READ_ONLY], purge=purge)
    assert (result["changed"], result["extra"], result.get("warnings")) == (False, NOTHING, None)
    assert granted(iam)["managed_policies"] == sorted([own, READ_ONLY])


def test_administrator_access_is_warned_of(iam: Any) -> None:
    result = run(managed_policies=[ADMINISTRATOR])
    assert granted(iam)["managed_policies"] == [ADMINISTRATOR]
    assert result["warnings"] == [
        "The IAM user asesoria gets AdministratorAccess: who holds its key can do anything in this account."
    ]


def test_a_user_that_is_yet_to_be_made(own: str) -> None:
    result = run(check_mode=True, user_name="ana", managed_policies=[own])
    assert (result["changed"], result["diff"]["before"]) == (True, "")


def test_a_group_that_is_not_there(own: str) -> None:
    result = run(managed_policies=[own], groups=["nobody"])
    assert result["msg"].startswith("What the IAM user asesoria is granted could not be seen to: ")
    assert "nobody" in result["msg"]
