# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a teardown has left in moto's account, and why it says so."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import marked
from ansible_collections.asesoria.serverless.plugins.modules import leftovers_info, named_resources_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws

WANTED = {
    "stack_name": "shop-dev",
    "project": "asesoria",
    "service": "shop",
    "stage": "dev",
    "layers": ["web"],
    "key_pair": "lambda-builder-keys",
    "user": "asesoria",
    "region": "us-east-1",
}


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


OURS = tags(Project="asesoria", Stage="dev", ManagedBy="asesoria.serverless")


@pytest.fixture(name="refused")
def _refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """An account in moto, and the operations that it does not allow."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    refused: set[str] = set()
    original = BaseClient._make_api_call

    def call(self: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        if name in refused:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, name)
        return original(self, name, arguments)

    with mock_aws():
        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        yield refused


def client(service: str, region: str = "us-east-1") -> Any:
    return boto3.client(service, region_name=region)


def publish(description: str, *, region: str = "us-east-1") -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("python/a.py", description)
    client("lambda", region).publish_layer_version(
        LayerName="web", Description=description, Content={"ZipFile": content.getvalue()}
    )


def look(**options: Any) -> dict[str, Any]:
    result = run_module(leftovers_info.main, {**WANTED, **options})
    assert not result["failed"], result.get("msg")
    assert_return_documented(leftovers_info, result)
    return result


def left(**options: Any) -> list[tuple[str, str]]:
    return [(each["what"], each["why"]) for each in look(**options)["left"]]


@pytest.mark.usefixtures("refused")
def test_nothing_is_said_to_be_nothing() -> None:
    result = look()
    assert (result["left"], result["unread"], result["lines"]) == ([], [], ["left: nothing"])


@pytest.mark.usefixtures("refused")
def test_layer_versions_of_others_are_left() -> None:
    publish("theirs")
    publish("theirs too")
    publish(marked("Web", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="))
    publish("there", region="eu-west-1")
    assert left(layer_regions=["eu-west-1"]) == [
        ("versions 1-2 of the layer web in us-east-1", "not published by this collection"),
        (
            "version 3 of the layer web in us-east-1",
            "its mark is not that of its content, or it was published after the removal",
        ),
        ("version 1 of the layer web in eu-west-1", "not published by this collection"),
    ]


@pytest.mark.usefixtures("refused")
def test_a_stack_and_a_log_are_told() -> None:
    queue = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    client("cloudformation").create_stack(StackName="shop-dev", TemplateBody=json.dumps(queue))
    for name in ("/aws/lambda/shop-dev-api", "/aws/lambda/shop-prod-api"):
        client("logs").create_log_group(logGroupName=name)
    assert left() == [
        ("the stack shop-dev", "it is not this service's, and it has no tags"),
        ("the log group /aws/lambda/shop-dev-api", "it is no part of the stack, or a function wrote after its end"),
    ]


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"team": "billing"}, "it is not this service's, and its tags are team=billing"),
        ({}, "it is not this service's, and it has no tags"),
        (
            {"ManagedBy": "asesoria.serverless", "Project": "asesoria", "Service": "shop", "STAGE": "dev"},
            "it is CREATE_COMPLETE",
        ),
    ],
)
def test_the_stack_of_another_owner_is_told_with_its_tags(tags: dict[str, str], why: str) -> None:
    client("cloudformation").create_stack(
        StackName="shop-dev",
        TemplateBody=json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    assert left(service="shop") == [("the stack shop-dev", why)]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "it was not made by this collection and has no tags"),
        (tags(team="payments"), "it was not made by this collection; its tags are team=payments"),
        (OURS, "removing it was left out"),
        ([*OURS, *tags(Service="shop")], "removing it was left out"),
        ([*OURS, *tags(Service="blog")], "it belongs to the project asesoria, service blog, stage dev"),
        (
            tags(Project="other", Stage="dev", ManagedBy="asesoria.serverless"),
            "it belongs to the project other, stage dev",
        ),
    ],
)
@pytest.mark.usefixtures("refused")
def test_keys_and_users_are_told_by_their_tags(given: list[dict[str, str]], why: str) -> None:
    client("ec2").create_key_pair(
        KeyName="lambda-builder-keys", TagSpecifications=[{"ResourceType": "key-pair", "Tags": given}] if given else []
    )
    client("iam").create_user(UserName="asesoria", Tags=given)
    assert left() == [("the key pair lambda-builder-keys", why), ("the IAM user asesoria", why)]
    assert left(key_pair="", user="") == []


@pytest.mark.usefixtures("refused")
def test_builders_and_security_groups_of_another_stage_are_told() -> None:
    ec2 = client("ec2")
    prod = tags(Project="asesoria", Stage="prod", ManagedBy="asesoria.serverless", Role="lambda-builder")
    ec2.run_instances(
        ImageId=ec2.describe_images()["Images"][0]["ImageId"],
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        TagSpecifications=[{"ResourceType": "instance", "Tags": prod}],
    )
    ec2.create_security_group(
        GroupName="lambda-builder",
        Description="x",
        TagSpecifications=[{"ResourceType": "security-group", "Tags": prod}],
    )
    (builder, builder_why), group = left()
    assert builder.startswith("the builder i-")
    assert builder_why == "it belongs to the project asesoria, stage prod, and costs money"
    assert group == ("the security group lambda-builder", "it belongs to the project asesoria, stage prod")


DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
)


def _make_named(given: list[dict[str, str]]) -> None:
    """A resource of each kind that is found by its name."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    made: dict[str, Any] = {
        "role": client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust, Tags=given)["Role"]["Arn"],
    }
    client("iam").create_instance_profile(InstanceProfileName="i", Tags=given)
    client("iam").create_policy(PolicyName="p", PolicyDocument=DOCUMENT, Tags=given)
    ec2 = client("ec2")
    ec2.create_security_group(
        GroupName="g",
        Description="x",
        TagSpecifications=[{"ResourceType": "security-group", "Tags": given}] if given else [],
    )
    ec2.create_launch_template(
        LaunchTemplateName="t",
        LaunchTemplateData={"InstanceType": "t3.micro"},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": given}] if given else [],
    )
    plain = {tag["Key"]: tag["Value"] for tag in given}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.py", "")
    client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.11",
        Role=made["role"],
        Handler="a.b",
        Code={"ZipFile": content.getvalue()},
        Tags=plain,
    )
    client("apigatewayv2").create_domain_name(DomainName="d.example.com", Tags=plain)
    for name in ("/l", "/l/other"):
        client("logs").create_log_group(logGroupName=name, tags=plain)


NAMED = [
    ("IAM policy", "p"),
    ("IAM role", "r"),
    ("domain", "d.example.com"),
    ("function", "f"),
    ("instance profile", "i"),
    ("launch template", "t"),
    ("log group", "/l"),
    ("security group", "g"),
]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (tags(team="payments"), "it was not made by this collection; its tags are team=payments"),
        (
            tags(Project="other", Service="blog", Stage="dev", ManagedBy="asesoria.serverless"),
            "it belongs to the project other, service blog, stage dev",
        ),
    ],
)
@pytest.mark.usefixtures("refused")
def test_each_resource_of_a_name_is_told(given: list[dict[str, str]], why: str) -> None:
    _make_named(given)
    named = [{"kind": kind, "name": name} for kind, name in NAMED]
    assert left(named=named) == [(f"the {kind} {name}", why) for kind, name in NAMED]
    assert left(named=[{"kind": kind, "name": "none"} for kind, _name in NAMED]) == []


@pytest.mark.parametrize(("kind", "value"), [("A", "192.0.2.1"), ("CNAME", "example.net")])
@pytest.mark.usefixtures("refused")
def test_a_dns_record_is_told_that_a_new_one_could_not_stand_beside(kind: str, value: str) -> None:
    route53 = client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="x")["HostedZone"]["Id"].rpartition("/")[2]

    def told(domain: str) -> list[tuple[str, str]]:
        return left(named=[{"kind": "DNS record", "name": f"{zone}/{domain}"}])

    def make(name: str, kind: str, value: str) -> None:
        record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    make("www.api.example.com", "A", "192.0.2.1")
    make("api.example.com", "TXT", '"x"')
    assert told("api.example.com") == []
    make("api.example.com", kind, value)
    assert told("api.example.com") == [
        (f"the DNS record {zone}/api.example.com", "it was not made by this collection and has no tags")
    ]


@pytest.mark.usefixtures("refused")
def test_layer_versions_that_functions_use_are_told_with_them() -> None:
    publish(marked("Web", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="))
    publish(marked("Web", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="))
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.py", "")
    client("lambda").create_function(
        FunctionName="blog-dev-api",
        Runtime="python3.11",
        Role=role,
        Handler="a.b",
        Code={"ZipFile": content.getvalue()},
        Layers=["arn:aws:lambda:us-east-1:123456789012:layer:web:1"],
    )
    assert left() == [
        (
            "version 2 of the layer web in us-east-1",
            "its mark is not that of its content, or it was published after the removal",
        ),
        ("version 1 of the layer web in us-east-1", "blog-dev-api:$LATEST still uses it"),
    ]


def test_the_same_are_found_by_their_names(refused: set[str]) -> None:
    named = [{"kind": kind, "name": name} for kind, name in NAMED]

    def read() -> dict[str, Any]:
        result = run_module(named_resources_info.main, {"named": named, "region": "us-east-1"})
        assert_return_documented(named_resources_info, result)
        return result

    assert (read()["found"], read()["unread"]) == ([], [])
    _make_named(tags(team="payments"))
    why = "it was not made by this collection; its tags are team=payments"
    assert [(each["what"], each["owner"]) for each in read()["found"]] == [
        (f"the {kind} {name}", why) for kind, name in NAMED
    ]
    refused.add("GetFunction")
    assert [each["what"] for each in read()["unread"]] == ["the function f"]


@pytest.mark.usefixtures("refused")
def test_a_user_that_other_services_use_says_which() -> None:
    iam = client("iam")
    iam.create_user(UserName="asesoria", Tags=OURS)
    for service in ("shop", "blog"):
        made = iam.create_policy(PolicyName=service, PolicyDocument=DOCUMENT, Tags=[*OURS, *tags(Service=service)])
        iam.attach_user_policy(UserName="asesoria", PolicyArn=made["Policy"]["Arn"])
    assert left() == [("the IAM user asesoria", "service blog, stage dev still uses it")]


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ("DescribeStacks", "the stack shop-dev"),
        ("DescribeLogGroups", "log groups /aws/lambda/shop-dev-*"),
        ("ListLayerVersions", "versions of the layer web in us-east-1"),
        ("DescribeInstances", "builders of the project asesoria"),
        ("DescribeKeyPairs", "the key pair lambda-builder-keys"),
        ("DescribeSecurityGroups", "security groups of the project asesoria"),
        ("GetUser", "the user asesoria"),
    ],
)
def test_what_may_not_be_read_is_told(refused: set[str], operation: str, what: str) -> None:
    refused.add(operation)
    result = look()
    assert [unread["what"] for unread in result["unread"]] == [what]
    assert result["lines"][-1].startswith(f"not read: {what}: ")


@pytest.mark.usefixtures("refused")
def test_what_outlives_the_stack_comes_first_and_files_last(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    (tmp_path / "empty").mkdir()
    paths = [{"path": str(tmp_path / name), "why": "for next time"} for name in ("full", "empty", "none", "full/file")]
    data = [
        {"name": "orders", "type": "AWS::DynamoDB::Table", "policy": "Retain", "stays": True},
        {"name": "db", "type": "AWS::RDS::DBInstance", "policy": "Snapshot", "stays": True},
        {"name": "gone", "type": "AWS::SQS::Queue", "policy": "Delete", "stays": False},
    ]
    assert left(data=data, buckets=["mine"], paths=paths) == [
        ("orders (AWS::DynamoDB::Table)", "its DeletionPolicy is Retain"),
        ("a snapshot of db (AWS::RDS::DBInstance)", "its DeletionPolicy is Snapshot"),
        ("the bucket mine", "it is yours, with what is in it"),
        (str(tmp_path / "full"), "for next time"),
        (str(tmp_path / "full/file"), "for next time"),
    ]
