# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of a service in moto's account, and of one in which some things may not be read."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Resource
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import LayerVersion
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import marked
from ansible_collections.asesoria.serverless.plugins.module_utils._service.stateful_resources import data_holders
from ansible_collections.asesoria.serverless.plugins.module_utils._service_status import fits, layer_of
from ansible_collections.asesoria.serverless.plugins.module_utils._status_table import numbers, size
from ansible_collections.asesoria.serverless.plugins.modules import service_status_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

REGION = "us-east-1"
WANTED = {"service": "shop", "region": REGION, "project": "asesoria", "layers": ["web"]}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ],
        }
    },
}


class Account:
    """Makes what a service consists of, and forbids to read it."""

    def __init__(self) -> None:
        self.refused: dict[str, Exception] = {}
        self.cloudformation, self.functions, self.logs, self.ec2 = (
            boto3.client(service, region_name=REGION) for service in ("cloudformation", "lambda", "logs", "ec2")
        )

    def layer(self, name: str = "web", *, runtime: str = "python3.11", region: str = REGION) -> str:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("python/a.py", name)
        made = boto3.client("lambda", region_name=region).publish_layer_version(
            LayerName=name,
            Description=marked("Web", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="),
            Content={"ZipFile": content.getvalue()},
            CompatibleRuntimes=[runtime],
            CompatibleArchitectures=["x86_64"],
        )
        return str(made["LayerVersionArn"])

    def stack(self, *layers: str, name: str = "shop-dev") -> None:
        resources = {
            "Role": ROLE,
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "DeletionPolicy": "Retain",
                "Properties": {
                    "TableName": f"{name}-orders",
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            },
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": f"{name}-api",
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Runtime": "python3.11",
                    "Handler": "app.handler",
                    "MemorySize": 256,
                    "Timeout": 29,
                    "Code": {"ZipFile": "def handler(event, context): pass"},
                },
            },
        }
        self.cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(
                {"Resources": resources, "Outputs": {"HttpApiUrl": {"Value": "https://a.example"}}}
            ),
            Tags=[{"Key": "Project", "Value": "asesoria"}],
        )
        # moto's CloudFormation passes this over.
        self.functions.update_function_configuration(FunctionName=f"{name}-api", Layers=list(layers))

    def refuse(self, *operations: str, code: str = "AccessDeniedException") -> None:
        for operation in operations:
            answer = {"Error": {"Code": code, "Message": f"not authorized to perform {operation}"}}
            self.refused[operation] = ClientError(answer, operation)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    original = BaseClient._make_api_call
    with mock_aws():
        made = Account()

        def call(self: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
            if name in made.refused:
                raise made.refused[name]
            return original(self, name, arguments)

        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        yield made


def read(**options: Any) -> dict[str, Any]:
    result = run_module(service_status_info.main, {**WANTED, **options})
    assert not result["failed"], result.get("msg")
    assert_return_documented(service_status_info, result)
    assert result["changed"] is False
    return result


def test_a_service_with_a_stale_layer(account: Account) -> None:
    old, _newer, _other = account.layer(), account.layer(), account.layer(runtime="python3.13")
    account.stack(old)
    account.logs.create_log_group(logGroupName="/aws/lambda/shop-dev-api")
    account.logs.put_retention_policy(logGroupName="/aws/lambda/shop-dev-api", retentionInDays=14)
    status = read()
    (function,) = status["functions"]
    assert (function["name"], function["runtime"], function["memory_mb"]) == ("shop-dev-api", "python3.11", 256)
    (used,) = function["layers"]
    assert (used["name"], used["version"], used["newest"], used["stale"]) == ("web", 1, 2, True)
    assert function["log"]["retention_days"] == 14
    (layer,) = status["layers"]
    assert (layer["newest"], layer["unused"], layer["complete"]) == (3, [3, 2], True)
    assert layer["versions"][-1]["used_by"] == ["shop-dev-api:$LATEST"]
    assert layer["versions"][0]["sha256"] == "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
    assert (status["exists"], status["endpoint"], status["unread"]) == (True, "https://a.example", [])
    assert [(held["type"], held["name"], held["stays"]) for held in status["data"]] == [
        ("AWS::DynamoDB::Table", "shop-dev-orders", True)
    ]
    shown = "\n".join(status["lines"])
    assert "uses      web:1, " in shown
    assert "STALE: 2 is the newest that fits" in shown
    assert "layer     web, newest 3, versions 1-3, no function uses 2-3" in shown
    assert "/aws/lambda/shop-dev-api, 0 B, kept 14 days" in shown


def test_a_service_with_the_newest_layer_is_not_stale(account: Account) -> None:
    account.layer()
    account.stack(account.layer())
    assert read()["functions"][0]["layers"][0]["stale"] is False


def test_builders_that_go_on_are_told(account: Account) -> None:
    account.stack()
    image = account.ec2.describe_images()["Images"][0]["ImageId"]
    for role in ("lambda-builder", "other"):
        tags = [
            {"Key": "Project", "Value": "asesoria"},
            {"Key": "Role", "Value": role},
            {"Key": "Stage", "Value": "dev"},
        ]
        account.ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.micro",
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
    status = read()
    (builder,) = status["builders"]
    assert (builder["instance_type"], builder["state"], builder["stage"]) == ("t3.micro", "running", "dev")
    assert any(
        line.startswith("builder   i-") and "until it is ended (about USD 0.0154 an hour" in line
        for line in status["lines"]
    )
    assert read(project="")["builders"] == []


def test_other_stacks_of_the_project_are_told_if_asked_for(account: Account) -> None:
    account.stack()
    account.stack(name="other-dev")
    account.cloudformation.create_stack(StackName="theirs", TemplateBody=json.dumps({"Resources": {"Role": ROLE}}))
    assert read()["stacks"] == []
    assert [stack["name"] for stack in read(all_stacks=True)["stacks"]] == ["other-dev"]


def test_layers_of_other_regions_are_told(account: Account) -> None:
    account.stack(account.layer())
    account.layer(region="eu-west-1")
    status = read(layer_regions=["eu-west-1", REGION])
    assert [(layer["region"], layer["newest"], layer["unused"]) for layer in status["layers"]] == [
        ("", 1, []),
        ("eu-west-1", 1, [1]),
    ]
    assert "layer     web in eu-west-1, newest 1, versions 1, no function uses 1" in status["lines"]
    account.refuse("ListFunctions")
    status = read(layer_regions=["eu-west-1"])
    assert "layer     web in eu-west-1, newest 1, versions 1, who uses them is not known" in status["lines"]
    assert [unread["what"] for unread in status["unread"]] == [
        "who else uses the layers",
        "who uses the layers in eu-west-1",
    ]


def test_what_is_not_there_is_no_error(account: Account) -> None:
    account.layer()
    status = read()
    assert (status["exists"], status["stack_status"], status["functions"]) == (False, None, [])
    assert status["layers"][0]["unused"] == [1]
    assert "stack     shop-dev is not deployed" in status["lines"]


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ("DescribeStacks", "the stack shop-dev"),
        ("ListStackResources", "the resources of the stack shop-dev"),
        ("GetTemplate", "the template of the stack shop-dev"),
        ("GetFunctionConfiguration", "the function shop-dev-api"),
        ("ListLayerVersions", "the versions of the layer web"),
        ("ListFunctions", "who else uses the layers"),
        ("DescribeLogGroups", "the log group /aws/lambda/shop-dev-api"),
        ("DescribeInstances", "the builders of the project asesoria"),
    ],
)
def test_what_may_not_be_read_is_told_and_the_rest_is_read(account: Account, operation: str, what: str) -> None:
    account.stack(account.layer())
    account.refuse(operation, code="UnauthorizedOperation" if operation == "DescribeInstances" else "AccessDenied")
    status = read()
    assert [unread["what"] for unread in status["unread"]] == [what]
    assert f"not authorized to perform {operation}" in status["unread"][0]["reason"]
    assert any(line.startswith(f"not read  {what}: ") for line in status["lines"])


def test_without_the_right_to_list_functions_this_service_counts(account: Account) -> None:
    account.layer()
    account.stack(account.layer())
    account.refuse("ListFunctions")
    (layer,) = read()["layers"]
    assert (layer["complete"], layer["unused"]) == (False, [1])
    assert layer["versions"][0]["used_by"] == ["shop-dev-api:$LATEST"]


def test_who_else_uses_the_layers_is_not_asked_without_the_right(account: Account) -> None:
    account.layer()
    account.stack(account.layer())
    account.layer(region="eu-west-1")
    account.refuse("ListFunctions")
    status = read(layer_users=False, layer_regions=["eu-west-1"])
    assert status["unread"] == []
    assert [(layer["complete"], layer["unused"]) for layer in status["layers"]] == [(False, [1]), (False, [1])]
    assert not [line for line in status["lines"] if line.startswith("not read")]


def test_what_is_no_refusal_is_an_error(account: Account) -> None:
    account.refused["DescribeStacks"] = EndpointConnectionError(endpoint_url="https://nowhere.example")
    result = run_module(service_status_info.main, WANTED)
    assert result["failed"]
    assert result["msg"].startswith("looking up the stack shop-dev failed")


def test_all_stacks_need_a_project() -> None:
    result = run_module(service_status_info.main, {**WANTED, "project": "", "all_stacks": True})
    assert result["msg"].startswith("all_stacks is set without project.")


def held(kind: str, *, policy: str = "", logical_id: str = "Thing", name: str = "thing") -> list[bool]:
    template = {"Resources": {logical_id: {"Type": kind, **({"DeletionPolicy": policy} if policy else {})}}}
    return [each.stays for each in data_holders([Resource(logical_id, kind, name)], template=template)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(held("AWS::DynamoDB::Table"), [False], id="goes"),
        pytest.param(held("AWS::DynamoDB::Table", policy="Retain"), [True], id="retained"),
        pytest.param(held("AWS::S3::Bucket", policy="RetainExceptOnCreate"), [True], id="retained once made"),
        pytest.param(held("AWS::RDS::DBInstance", policy="Snapshot"), [True], id="snapshot"),
        pytest.param(held("AWS::RDS::DBCluster"), [True], id="snapshot by default"),
        pytest.param(held("AWS::RDS::DBCluster", policy="Delete"), [False], id="no snapshot"),
        pytest.param(held("AWS::ElastiCache::ReplicationGroup"), [False], id="any type of the service"),
        pytest.param(held("AWS::S3::Bucket", logical_id="ServerlessDeploymentBucket"), [], id="packages"),
        pytest.param(held("AWS::Logs::LogGroup", name="/aws/lambda/shop-dev-api"), [], id="a function's log"),
        pytest.param(held("AWS::Logs::LogGroup", name="audit"), [False], id="another log"),
        pytest.param(held("AWS::Lambda::Function"), [], id="no data"),
        pytest.param(held("AWS::S3::Bucket", name=""), [], id="not made"),
    ],
)
def test_what_holds_data(found: list[bool], expected: list[bool]) -> None:
    assert found == expected


def version(*, runtimes: tuple[str, ...] = (), architectures: tuple[str, ...] = ()) -> LayerVersion:
    return LayerVersion("arn", "arn:1", 1, "", runtimes, architectures, "")


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (version(), True),
        (version(runtimes=("python3.11", "python3.12")), True),
        (version(runtimes=("python3.12",)), False),
        (version(architectures=("arm64",)), False),
        (version(runtimes=("python3.11",), architectures=("arm64", "x86_64")), True),
    ],
)
def test_which_versions_fit(candidate: LayerVersion, *, expected: bool) -> None:
    assert fits(candidate, runtime="python3.11", architecture="x86_64") is expected


def test_a_layer_of_another_account_keeps_its_arn() -> None:
    arn = "arn:aws:lambda:us-east-1:753240598075:layer:adapter:24"
    assert layer_of(arn, account="123456789012") == "arn:aws:lambda:us-east-1:753240598075:layer:adapter"
    assert layer_of(arn, account="753240598075") == "adapter"


def test_numbers_and_sizes_are_short() -> None:
    assert numbers([9, 7, 5, 4, 3, 1]) == "1, 3-5, 7, 9"
    assert numbers([]) == ""
    assert [size(999), size(1000), size(2_500_000)] == ["999 B", "1.0 kB", "2.50 MB"]
