# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stack of another owner with the service's name, and stacks with data, in the order of this file."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .support import CHECKOUT, WELCOME, Chain, Run

STACK = "orders-dev"
APP = f"""
def handler(event, context):
    return {{"statusCode": 200, "headers": {{"Content-Type": "text/plain"}}, "body": "{WELCOME}"}}
"""
SERVICE = {
    "service": "orders",
    "frameworkVersion": "3 || 4",
    "provider": {"name": "aws", "region": "us-east-1", "runtime": "python3.11", "stackTags": {"team": "web"}},
    "functions": {"api": {"handler": "app.handler", "events": [{"httpApi": "*"}]}},
}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": "billing-reader",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUST]},
    },
}
FOREIGN = {
    "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "billing-jobs"}},
    "Reader": ROLE,
    "Rate": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/billing/rate", "Type": "String", "Value": "7"}},
}
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "TableName": "orders-items",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
}

Play = Callable[..., Run]


@pytest.fixture
def play(chain: Chain, tmp_path: Path) -> Play:
    """Runs a playbook for an app with a serverless.yml of its own and these resources, and variables."""

    def run(playbook: str, *options: str, resources: dict[str, Any] | None = None, **variables: Any) -> Run:
        (tmp_path / "app.py").write_text(APP)
        (tmp_path / "requirements.txt").write_text("werkzeug\n")
        service = {**SERVICE, "resources": {"Resources": resources}} if resources else SERVICE
        (tmp_path / "serverless.yml").write_text(json.dumps(service))
        given = {
            "asesoria_service": "orders",
            "asesoria_config_source": "app",
            "asesoria_app_dir": str(tmp_path),
            "serverless_deploy_app_dir": str(tmp_path),
            "serverless_deploy_layer_name": "",
            "serverless_deploy_npm_cache": str(CHECKOUT / ".cache/npm"),
            "endpoint_verify_budget": 20,
            # There is no user of the chain's own here.
            "asesoria_create_user": False,
            "asesoria_environment": "{{ asesoria_admin_environment }}",
            **variables,
        }
        return chain.play(playbook, *options, "-e", json.dumps(given))

    return run


def make_foreign_stack(chain: Chain, resources: dict[str, Any]) -> dict[str, Any]:
    cloudformation = chain.client("cloudformation")
    tags = [{"Key": "team", "Value": "billing"}, {"Key": "owner", "Value": "ana"}]
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps({"Resources": resources}),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=tags,
    )
    deadline = time.monotonic() + 30
    while described(chain)["StackStatus"] != "CREATE_COMPLETE" and time.monotonic() < deadline:
        time.sleep(0.2)
    return described(chain)


def described(chain: Chain) -> dict[str, Any]:
    stack: dict[str, Any] = chain.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    assert stack["StackStatus"] != "ROLLBACK_COMPLETE", stack
    return stack


def tags(chain: Chain) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described(chain)["Tags"]}


def answer(chain: Chain) -> str:
    """What the service answers now."""
    api = next(each["OutputValue"] for each in described(chain)["Outputs"] if each["OutputKey"] == "HttpApiId")
    url = f"http://{api}.execute-api.localhost:{chain.port}/"
    return subprocess.run(["curl", "-sS", url], check=True, capture_output=True, text=True).stdout


def tables(chain: Chain) -> list[str]:
    names: list[str] = chain.client("dynamodb").list_tables()["TableNames"]
    return names


def change_sets(chain: Chain) -> list[str]:
    found = chain.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    return [each["ChangeSetName"] for each in found]


def test_the_stack_of_another_owner_is_refused_and_nothing_is_changed(chain: Chain, play: Play) -> None:
    there = make_foreign_stack(chain, FOREIGN)
    since = len(chain.request_log)
    for playbook in ("site.yml", "playbooks/deploy.yml"):
        for options in (["--check"], []):
            said = play(playbook, *options).refused().message
            assert "is not the one of the service orders, stage dev, of the project asesoria: its tags are" in said
            assert "owner=ana, team=billing" in said
            assert "--check --diff" in said
    assert chain.writes(since=since) == []
    assert described(chain) == there


def test_a_teardown_leaves_it_and_names_it(chain: Chain, play: Play) -> None:
    chain.client("cloudformation").delete_stack(StackName=STACK)
    there = make_foreign_stack(chain, {"Reader": ROLE})
    refused = play("playbooks/deploy.yml", serverless_deploy_state="absent").refused().message
    assert "Leave it to its owner" in refused
    run = play("playbooks/teardown.yml").ok()
    # YAML doubles a quote.
    folded = " ".join(run.output.split()).replace("''", "'")
    assert f"left: the stack {STACK}: it is not this service's, and its tags are owner=ana, team=billing" in folded, (
        folded
    )
    assert described(chain) == there
    assert chain.client("iam").get_role(RoleName="billing-reader")


def test_it_is_taken_over_once_that_is_said(chain: Chain, play: Play) -> None:
    chain.client("cloudformation").delete_stack(StackName=STACK)
    make_foreign_stack(chain, FOREIGN)
    said = play("playbooks/deploy.yml", "--check", "--diff", asesoria_adopt=True).refused().message
    assert "data would be deleted with it: Jobs (AWS::SQS::Queue, " in said
    assert "; Rate (AWS::SSM::Parameter, /billing/rate) would be removed" in said
    confirmed = {"asesoria_adopt": True, "asesoria_confirm": STACK}
    planned = play("playbooks/deploy.yml", "--check", "--diff", **confirmed).ok()
    assert "Reader (AWS::IAM::Role, billing-reader) would be removed" in planned.output
    assert set(tags(chain)) == {"team", "owner"}
    play("playbooks/deploy.yml", **confirmed).ok()
    assert answer(chain) == WELCOME
    assert tags(chain) == {
        "ManagedBy": "asesoria.serverless",
        "Project": "asesoria",
        "Service": "orders",
        "STAGE": "dev",
        "team": "web",
    }
    assert play("playbooks/deploy.yml").ok().changed_tasks == []


def test_a_table_that_leaves_the_template_is_not_deleted_unless_that_is_confirmed(chain: Chain, play: Play) -> None:
    play("playbooks/deploy.yml", resources={"Items": TABLE}).ok()
    assert tables(chain) == ["orders-items"]
    item = {"id": {"S": "1"}}
    chain.client("dynamodb").put_item(TableName="orders-items", Item=item)
    renamed = {**TABLE, "Properties": {**TABLE["Properties"], "TableName": "other"}}  # type: ignore[dict-item]
    for options in (["--check"], []):
        said = play("playbooks/deploy.yml", *options, resources={"Items": renamed}).refused().message
        assert "Items (AWS::DynamoDB::Table, orders-items) would be replaced, since TableName changes" in said
        said = play("playbooks/deploy.yml", *options).refused().message
        assert "Items (AWS::DynamoDB::Table, orders-items) would be removed" in said
        assert f"confirm: {STACK}" in said
    assert chain.client("dynamodb").get_item(TableName="orders-items", Key=item)["Item"] == item
    # The one of the CLI stays, as CloudFormation keeps what was executed.
    assert change_sets(chain) in ([], [f"{STACK}-change-set"])
    assert answer(chain) == WELCOME
    said = play("playbooks/deploy.yml", serverless_deploy_state="absent").refused().message
    assert "is not removed, since data would be deleted with it: Items (AWS::DynamoDB::Table, orders-items)" in said
    play("playbooks/deploy.yml", asesoria_confirm=STACK).ok()
    assert tables(chain) == []
    assert answer(chain) == WELCOME
