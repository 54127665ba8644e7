# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account in which other people have a resource of each name that the chain would use."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .support import CHECKOUT, Chain

TAGS = {"team": "payments"}
WHY = "it was not made by this collection; its tags are team=payments"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
)
ROLE = "shop-dev-us-east-1-lambdaRole"
BUCKET = "layers-of-payments"
LOG_GROUP = "/aws/lambda/shop-dev-api"


def pairs() -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in TAGS.items()]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": pairs()}]


def packed(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "VALUE = 1\n")
    return content.getvalue()


def make_all(chain: Chain) -> dict[str, Callable[[], Any]]:
    """Make a foreign resource of each name, and return how to read each by what a message calls it."""
    iam, ec2, functions = chain.client("iam"), chain.client("ec2"), chain.client("lambda")
    logs, s3, gateway = chain.client("logs"), chain.client("s3"), chain.client("apigatewayv2")
    stack_role = "shop-dev-us-east-1-deployment"
    made = {
        name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=pairs())
        for name in (ROLE, stack_role)
    }
    iam.create_user(UserName="asesoria-shop-dev", Tags=pairs())
    policies = [
        iam.create_policy(PolicyName=f"asesoria-shop-dev-shop-dev-{each}", PolicyDocument=DOCUMENT, Tags=pairs())[
            "Policy"
        ]["Arn"]
        for each in ("builder", "layer", "deploy")
    ]
    ec2.create_key_pair(KeyName="asesoria-shop-dev-builder", TagSpecifications=of_kind("key-pair"))
    ec2.create_security_group(
        GroupName="asesoria-shop-dev-builder", Description="x", TagSpecifications=of_kind("security-group")
    )
    ec2.create_launch_template(
        LaunchTemplateName="asesoria-shop-dev-lambda-builder-spot",
        LaunchTemplateData={"InstanceType": "t3.micro"},
        TagSpecifications=of_kind("launch-template"),
    )
    iam.create_instance_profile(InstanceProfileName="asesoria-shop-dev-lambda-builder", Tags=pairs())
    functions.create_function(
        FunctionName="shop-dev-api",
        Runtime="python3.11",
        Role=made[ROLE]["Role"]["Arn"],
        Handler="a.b",
        Code={"ZipFile": packed("a.py")},
        Tags=TAGS,
    )
    functions.publish_layer_version(LayerName="shop-dev-dependencies", Content={"ZipFile": packed("python/a.py")})
    logs.create_log_group(logGroupName=LOG_GROUP, tags=TAGS)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="shop-dev-dependencies/theirs.zip", Body=b"theirs")
    gateway.create_domain_name(DomainName="shop.example.com", Tags=TAGS)
    return {
        "the IAM user asesoria-shop-dev": lambda: iam.get_user(UserName="asesoria-shop-dev")["User"],
        **{
            f"the IAM policy {arn.rpartition('/')[2]}": lambda arn=arn: iam.get_policy(PolicyArn=arn)["Policy"]
            for arn in policies
        },
        **{f"the IAM role {name}": lambda name=name: iam.get_role(RoleName=name)["Role"] for name in made},
        "the key pair asesoria-shop-dev-builder": lambda: ec2.describe_key_pairs()["KeyPairs"],
        "the security group asesoria-shop-dev-builder": lambda: ec2.describe_security_groups()["SecurityGroups"],
        "the launch template asesoria-shop-dev-lambda-builder-spot": lambda: ec2.describe_launch_templates()[
            "LaunchTemplates"
        ],
        "the instance profile asesoria-shop-dev-lambda-builder": lambda: iam.get_instance_profile(
            InstanceProfileName="asesoria-shop-dev-lambda-builder"
        )["InstanceProfile"],
        "the function shop-dev-api": lambda: functions.get_function(FunctionName="shop-dev-api")["Configuration"][
            "LastModified"
        ],
        "version 1 of the layer shop-dev-dependencies": lambda: functions.get_layer_version(
            LayerName="shop-dev-dependencies", VersionNumber=1
        )["CreatedDate"],
        f"the log group {LOG_GROUP}": lambda: logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"],
        f"the bucket {BUCKET}": lambda: s3.list_objects_v2(Bucket=BUCKET)["Contents"],
        "the domain shop.example.com": lambda: gateway.get_domain_name(DomainName="shop.example.com")["Tags"],
    }


@pytest.fixture(scope="module")
def theirs(chain: Chain) -> dict[str, Callable[[], Any]]:
    return make_all(chain)


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    """Options for a service that uses all these names."""
    (tmp_path / "app.py").write_text("def app(environ, start_response):\n    return []\n")
    (tmp_path / "requirements.txt").write_text("werkzeug==3.1.3\n")
    given = {
        "asesoria_project": "asesoria",
        "asesoria_service": "shop",
        "asesoria_app_dir": str(tmp_path),
        "asesoria_requirements": str(tmp_path / "requirements.txt"),
        "asesoria_layer_bucket": BUCKET,
        "asesoria_builder_spot": True,
        "asesoria_builder_access": "ssm",
        "builder_ec2_cidr": [],
        "asesoria_layer_strategy": "wheels",
        "asesoria_deployment_role": True,
        "asesoria_domain": {
            "name": "shop.example.com",
            "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
        },
        "serverless_deploy_npm_cache": str(CHECKOUT / ".cache/npm"),
    }
    return ("-e", json.dumps(given))


def test_a_run_is_refused_and_changes_none(
    chain: Chain, theirs: dict[str, Callable[[], Any]], options: tuple[str, ...]
) -> None:
    before = {name: read() for name, read in theirs.items()}
    since = chain.calls
    run = chain.play("site.yml", *options).refused()
    for name in (
        f"the IAM role {ROLE}",
        "the function shop-dev-api",
        f"the log group {LOG_GROUP}",
        "the domain shop.example.com",
    ):
        assert name in run.message
    assert "team=payments" in run.message
    # What the first playbook does not look for, the one that would make it refuses.
    assert "left as it is" in chain.play("playbooks/access.yml", *options).refused().message
    by_ssh = {"asesoria_builder_access": "cidr", "builder_ec2_cidr": ["127.0.0.1/32"]}
    builder = ("playbooks/builder.yml", *options, "-e")
    said = chain.play(*builder, json.dumps(by_ssh)).refused().message
    assert "The config profile (asesoria-shop-dev) could not be found" in said
    by_admin = {**by_ssh, "asesoria_environment": "{{ asesoria_admin_environment }}"}
    assert "left as it is" in chain.play(*builder, json.dumps(by_admin)).refused().message
    assert chain.writes(since=since) == []
    assert {name: read() for name, read in theirs.items()} == before


def test_a_teardown_leaves_all_of_them_and_names_each(
    chain: Chain, theirs: dict[str, Callable[[], Any]], options: tuple[str, ...]
) -> None:
    before = {name: read() for name, read in theirs.items()}
    since = chain.calls
    run = chain.play("playbooks/teardown.yml", *options).ok()
    assert chain.writes(since=since) == []
    assert {name: read() for name, read in theirs.items()} == before
    # YAML doubles a quote.
    said = " ".join(run.output.split()).replace("''", "'")
    assert {name: f"left: {name}" in said for name in theirs} == dict.fromkeys(theirs, True)
    assert f"left: the IAM user asesoria-shop-dev: {WHY}" in said
