# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.modules import iam_access_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.client import BaseClient
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

ACCOUNT = "123456789012"
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
WIDER = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
OURS = [{"Key": "ManagedBy", "Value": "asesoria.serverless"}]


@pytest.fixture(name="iam", autouse=True)
def _iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("iam", region_name="us-east-1")


def run(*, user: str = "asesoria", policy: str = "asesoria-serverless") -> dict[str, Any]:
    owner = {"project": "asesoria", "service": "web", "stage": "dev"}
    args = {"user_name": user, "policy_names": [policy, "absent"], "owner": owner, "region": "us-east-1"}
    result = run_module(iam_access_info.main, args, check_mode=True)
    if not result["failed"]:
        assert_return_documented(iam_access_info, result)
        assert result["changed"] is False
    return result


def make_policy(iam: Any, *, name: str = "asesoria-serverless", path: str = "/") -> str:
    made = iam.create_policy(PolicyName=name, Path=path, PolicyDocument=json.dumps(DOCUMENT), Tags=OURS)
    return str(made["Policy"]["Arn"])


def test_where_nothing_is_the_account_is_told() -> None:
    result = run()
    assert (result["account"], result["partition"]) == (ACCOUNT, "aws")
    assert (result["user"], result["policies"]) == (None, [])


def test_a_user_with_all_it_has(iam: Any) -> None:
    iam.create_user(UserName="asesoria", Path="/apps/", Tags=OURS)
    arns = [make_policy(iam, name=name) for name in ("zeta", "alpha")]
    for arn in arns:
        iam.attach_user_policy(UserName="asesoria", PolicyArn=arn)
    keys = [iam.create_access_key(UserName="asesoria")["AccessKey"]["AccessKeyId"] for _time in range(2)]
    iam.update_access_key(UserName="asesoria", AccessKeyId=keys[0], Status="Inactive")
    user = run()["user"]
    assert user["arn"] == f"arn:aws:iam::{ACCOUNT}:user/apps/asesoria"
    assert (user["path"], user["permissions_boundary"]) == ("/apps/", None)
    assert user["tags"] == {"ManagedBy": "asesoria.serverless"}
    assert user["attached_policies"] == sorted(arns)
    assert {key["access_key_id"]: key["status"] for key in user["access_keys"]} == {
        keys[0]: "Inactive",
        keys[1]: "Active",
    }


def test_a_user_without_anything(iam: Any) -> None:
    iam.create_user(UserName="asesoria")
    user = run()["user"]
    assert (user["tags"], user["attached_policies"], user["access_keys"]) == ({}, [], [])


def test_a_permissions_boundary(iam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's users have none."""
    iam.create_user(UserName="asesoria")
    arn = make_policy(iam, name="boundary")
    call = BaseClient._make_api_call

    def bounded(self: Any, operation: str, arguments: Any) -> Any:
        answer = call(self, operation, arguments)
        if operation == "GetUser":
            boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
            answer["User"]["PermissionsBoundary"] = boundary
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", bounded)
    assert run()["user"]["permissions_boundary"] == arn


@pytest.mark.parametrize("path", ["/", "/apps/"])
def test_a_policy_is_found_below_any_path(iam: Any, path: str) -> None:
    make_policy(iam, name="asesoria-serverless-2")
    arn = make_policy(iam, path=path)
    policy = run()["policies"][0]
    assert policy == {
        "name": "asesoria-serverless",
        "arn": arn,
        "tags": {"ManagedBy": "asesoria.serverless"},
        "document": DOCUMENT,
        "versions": 1,
    }


def test_what_counts_is_the_default_version_of_a_policy(iam: Any) -> None:
    arn = make_policy(iam)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(WIDER), SetAsDefault=False)
    assert (run()["policies"][0]["document"], run()["policies"][0]["versions"]) == (DOCUMENT, 2)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    assert run()["policies"][0]["document"] == WIDER


def make_tagged(iam: Any, name: str, **tags: str) -> str:
    all_tags = {"ManagedBy": "asesoria.serverless", "Project": "asesoria", "Stage": "dev", **tags}
    listed = [{"Key": key, "Value": value} for key, value in all_tags.items()]
    arn = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(DOCUMENT), Tags=listed)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="asesoria", PolicyArn=arn)
    return str(arn)


@pytest.mark.parametrize(
    ("tags", "ours", "of_project"),
    [
        ({"Service": "web", "Stage": "dev"}, True, True),
        ({"Stage": "dev"}, True, True),
        ({"Service": "api", "Stage": "dev"}, False, True),
        ({"Service": "web", "Stage": "dev", "Project": "other"}, False, False),
        ({"ManagedBy": "", "Service": "web", "Stage": "dev"}, False, False),
    ],
)
def test_whose_a_user_is(iam: Any, tags: dict[str, str], ours: bool, of_project: bool) -> None:
    all_tags = {"ManagedBy": "asesoria.serverless", "Project": "asesoria", **tags}
    listed = [{"Key": key, "Value": value} for key, value in all_tags.items() if value]
    iam.create_user(UserName="asesoria", Tags=listed)
    user = run()["user"]
    assert (user["ours"], user["of_project"]) == (ours, of_project)


def test_policies_of_other_services_are_kept_apart(iam: Any) -> None:
    iam.create_user(UserName="asesoria")
    make_tagged(iam, "asesoria-web-dev-layer", Service="web")
    make_tagged(iam, "asesoria-serverless")
    other = make_tagged(iam, "asesoria-api-dev-layer", Service="api")
    iam.attach_user_policy(UserName="asesoria", PolicyArn=make_policy(iam, name="theirs"))
    result = run()
    assert result["own_policies"] == ["asesoria-serverless", "asesoria-web-dev-layer"]
    assert other in result["kept_policies"]
    assert "service api, stage dev" in result["used_by"]
    assert [policy["name"] for policy in result["policies"]] == ["asesoria-serverless"]


def test_the_quota_is_read_where_it_matters(iam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    iam.create_user(UserName="asesoria")
    assert run()["policy_quota"] == 10
    for number in range(5):
        make_tagged(iam, f"p{number}", Service="web")
    call = BaseClient._make_api_call

    def raised(self: Any, operation: str, arguments: Any) -> Any:
        answer = call(self, operation, arguments)
        return {"SummaryMap": {"AttachedPoliciesPerUserQuota": 20}} if operation == "GetAccountSummary" else answer

    monkeypatch.setattr(BaseClient, "_make_api_call", raised)
    assert run()["policy_quota"] == 20


def test_a_policy_of_another_page_is_found(iam: Any) -> None:
    for number in range(120):
        make_policy(iam, name=f"other-{number:03}")
    arn = make_policy(iam)
    assert run()["policies"][0]["arn"] == arn


def test_a_refusal_of_aws_says_what_was_wanted(iam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without any rights asks for itself."""
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    result = set_initial_no_auth_action_count(0)(run)(user="ana")
    assert result["failed"]
    assert result["msg"].startswith("The access of the IAM user ana could not be read: ")
    assert result["error"]["code"] == "AccessDenied"
