# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of AWS calls: right names, reads told from writes, nothing that should not be in a log."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from asesoria_sandbox.actions import action_of, is_read
from asesoria_sandbox.request_log import Call, read, writes

from .conftest import Sandbox, archive


@pytest.mark.parametrize(
    ("service", "method", "path", "query", "action"),
    [
        ("lambda", "POST", "/2018-10-31/layers/name/versions", "", "PublishLayerVersion"),
        ("lambda", "GET", "/2018-10-31/layers/name/versions", "MaxItems=50", "ListLayerVersions"),
        ("lambda", "GET", "/2018-10-31/layers", "find=LayerVersion&Arn=x", "GetLayerVersionByArn"),
        ("lambda", "GET", "/2018-10-31/layers", "", "ListLayers"),
        ("lambda", "PUT", "/2015-03-31/functions/name/code", "", "UpdateFunctionCode"),
        ("s3", "PUT", "/bucket/some/key.zip", "", "PutObject"),
        ("s3", "PUT", "/bucket/some/key.zip", "partNumber=1&uploadId=x", "UploadPart"),
        ("s3", "HEAD", "/bucket/some/key.zip", "", "HeadObject"),
        ("s3", "HEAD", "/bucket", "", "HeadBucket"),
        ("s3", "GET", "/bucket", "list-type=2&prefix=x", "ListObjectsV2"),
        ("s3", "PUT", "/bucket", "tagging", "PutBucketTagging"),
        ("s3", "GET", "/bucket", "location", "GetBucketLocation"),
        ("apigateway", "GET", "/v2/apis", "", "GetApis"),
        ("apigateway", "GET", "/restapis", "", "GetRestApis"),
        ("iam", "POST", "/", "Action=CreateUser&UserName=x", "CreateUser"),
        ("unheard-of", "POST", "/somewhere/else", "", "POST /somewhere"),
    ],
)
def test_action_of_a_request(service: str, method: str, path: str, query: str, action: str) -> None:
    assert action_of(service, method, path, query, {}, b"") == action


def test_action_in_a_body_or_a_header() -> None:
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert action_of("ec2", "POST", "/", "", form, b"Action=RunInstances&Version=1") == "RunInstances"
    copy = {"x-amz-copy-source": "other/key"}
    assert action_of("s3", "PUT", "/bucket/key", "", copy, b"") == "CopyObject"
    assert (
        action_of("logs", "POST", "/", "", {"x-amz-target": "Logs_20140328.CreateLogGroup"}, b"{}") == "CreateLogGroup"
    )


@pytest.mark.parametrize("action", ["GetUser", "ListLayers", "DescribeStacks", "HeadObject", "ValidateTemplate"])
def test_reads(action: str) -> None:
    assert is_read(action)


@pytest.mark.parametrize("action", ["CreateUser", "PublishLayerVersion", "PutObject", "POST /x", "Invoke", "TagRole"])
def test_writes(action: str) -> None:
    assert not is_read(action)


def test_calls_of_both_stand_ins_are_logged(sandbox: Sandbox) -> None:
    since = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    sandbox.client("iam").list_users()
    sandbox.client("ec2").describe_instances()
    assert list(writes(read(sandbox.request_log, since=since))) == []
    sandbox.client("lambda").publish_layer_version(LayerName="logged", Content={"ZipFile": archive({"x": ""})})
    sandbox.client("ec2").create_security_group(GroupName="logged", Description="hush-hush")
    calls = read(sandbox.request_log, since=since)
    assert [(call.service, call.action, call.status) for call in calls] == [
        ("iam", "ListUsers", 200),
        ("ec2", "DescribeInstances", 200),
        ("lambda", "PublishLayerVersion", 201),
        ("ec2", "CreateSecurityGroup", 200),
    ]
    assert [call.action for call in writes(calls)] == ["PublishLayerVersion", "CreateSecurityGroup"]


def test_endpoint_visits_are_no_aws_calls() -> None:
    visit = Call(time="", service="execute-api", action="Invoke", method="POST", path="/", status=200)
    assert not visit.is_write


def test_no_secret_and_no_body_is_logged(sandbox: Sandbox) -> None:
    secret = sandbox.client("iam")
    secret.create_user(UserName="logged")
    key = secret.create_access_key(UserName="logged")["AccessKey"]["SecretAccessKey"]
    log = sandbox.request_log.read_text(encoding="utf-8")
    for word in (key, "not-a-secret-but-must-not-be-logged", "Signature", "hush-hush"):
        assert word not in log
