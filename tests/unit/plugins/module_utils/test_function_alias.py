# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._function_alias import (
    AliasError,
    template_fingerprint,
    weighted_after,
    weighted_aliases,
    with_aliases,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._function_versions import Versions
from moto import mock_aws

FUNCTION = {"Ref": "ApiLambdaFunction"}
FUNCTION_ARN = {"Fn::GetAtt": ["ApiLambdaFunction", "Arn"]}
ALIAS_ID = "ApiLambdaFunctionAsesoriaAlias"
ALIAS = {"Ref": ALIAS_ID}
NEW = {"Fn::GetAtt": ["ApiLambdaVersionX", "Version"]}
BEFORE = "1700000000000-2023-11-14T22:13:20.000Z"
#: What each of the CLI's front doors says of the function, and what it has to say of the alias: osls 4.3.1.
REFERENCES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "http_api": (
        {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"IntegrationUri": FUNCTION_ARN}},
        {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"IntegrationUri": ALIAS}},
    ),
    "rest_api": (
        {
            "Type": "AWS::ApiGateway::Method",
            "DependsOn": ["ApiLambdaPermission"],
            "Properties": {"Integration": {"Uri": {"Fn::Join": ["", ["arn:", FUNCTION_ARN, "/invocations"]]}}},
        },
        {
            "Type": "AWS::ApiGateway::Method",
            "DependsOn": ["ApiLambdaPermission"],
            "Properties": {"Integration": {"Uri": {"Fn::Join": ["", ["arn:", ALIAS, "/invocations"]]}}},
        },
    ),
    "function_url": (
        {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE", "TargetFunctionArn": FUNCTION_ARN}},
        {
            "Type": "AWS::Lambda::Url",
            "DependsOn": [ALIAS_ID],
            "Properties": {"AuthType": "NONE", "TargetFunctionArn": FUNCTION_ARN, "Qualifier": "live"},
        },
    ),
    "permission": (
        {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": FUNCTION_ARN, "Principal": "*"}},
        {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": ALIAS, "Principal": "*"}},
    ),
    "event_source": (
        {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": FUNCTION}},
        {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": ALIAS}},
    ),
    "asynchronous": (
        {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "DependsOn": "Queue",
            "Properties": {"FunctionName": FUNCTION, "Qualifier": "$LATEST"},
        },
        {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "DependsOn": ["Queue", ALIAS_ID],
            "Properties": {"FunctionName": FUNCTION, "Qualifier": "live"},
        },
    ),
    "substitution": (
        {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Arn": {"Fn::Sub": "${ApiLambdaFunction.Arn}"}}]}},
        {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Arn": {"Fn::Sub": f"${{{ALIAS_ID}}}"}}]}},
    ),
    "dotted": (
        {"Type": "AWS::SNS::Subscription", "Properties": {"Endpoint": {"Fn::GetAtt": "ApiLambdaFunction.Arn"}}},
        {"Type": "AWS::SNS::Subscription", "Properties": {"Endpoint": ALIAS}},
    ),
    "role": (
        {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Resource": FUNCTION_ARN}}},
        {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Resource": FUNCTION_ARN}}},
    ),
    "other": (
        {"Type": "AWS::Events::Rule", "Properties": {"Arn": {"Fn::GetAtt": ["OtherLambdaFunction", "Arn"]}}},
        {"Type": "AWS::Events::Rule", "Properties": {"Arn": {"Fn::GetAtt": ["OtherLambdaFunction", "Arn"]}}},
    ),
    "no_properties": ({"Type": "AWS::SNS::Topic"}, {"Type": "AWS::SNS::Topic", "Properties": {}}),
}


def template(**resources: dict[str, Any]) -> dict[str, Any]:
    """One with a function that has a version, and one that has none."""
    own = {
        "ApiLambdaFunction": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "shop-dev-api"}},
        "ApiLambdaVersionX": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": FUNCTION}},
        "OtherLambdaFunction": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "shop-dev-other"}},
    }
    return {
        "Resources": {**copy.deepcopy(own), **copy.deepcopy(resources)},
        "Outputs": {"AsesoriaFingerprint": {"Value": "abc"}},
    }


@pytest.mark.parametrize("name", REFERENCES)
def test_what_asked_the_function_asks_the_alias(name: str) -> None:
    given, expected = REFERENCES[name]
    before = template(Asker=given)
    made = with_aliases(before, alias="live", weight=0, answering={}, before="")
    assert made["Resources"]["Asker"] == expected
    assert before == template(Asker=given), "the packaged template stays as it is"


@pytest.mark.parametrize(
    ("answering", "points_at", "weights", "fingerprint"),
    [
        ({}, NEW, [], "abc"),
        (
            {"ApiLambdaFunction": "4"},
            "4",
            [{"FunctionVersion": NEW, "FunctionWeight": 0.1}],
            f"abc weighted after {BEFORE}",
        ),
    ],
)
def test_alias(answering: dict[str, str], points_at: Any, weights: list[Any], fingerprint: str) -> None:
    made = with_aliases(template(), alias="live", weight=10, answering=answering, before=BEFORE)
    assert made["Resources"][ALIAS_ID] == {
        "Type": "AWS::Lambda::Alias",
        "Properties": {
            "FunctionName": FUNCTION,
            "Name": "live",
            "FunctionVersion": points_at,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
        },
    }
    assert made["Resources"].keys() == {*template()["Resources"], ALIAS_ID}
    assert template_fingerprint(made) == fingerprint
    assert weighted_after({"AsesoriaFingerprint": fingerprint}) == (BEFORE if answering else None)
    assert list(weighted_aliases(made)) == ([("shop-dev-api", "live")] if answering else [])


@pytest.mark.parametrize("outputs", [{}, {"AsesoriaFingerprint": "abc"}, {"Other": "abc weighted after x"}])
def test_a_stack_that_shares_nothing_out(outputs: dict[str, str]) -> None:
    assert weighted_after(outputs) is None


def test_what_was_before_may_be_unknown() -> None:
    assert weighted_after({"AsesoriaFingerprint": "abc weighted after "}) == ""


def test_refuses_a_function_that_has_an_alias() -> None:
    own = {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": FUNCTION, "Name": "provisioned"}}
    with pytest.raises(AliasError, match="the function shop-dev-api has an alias already, Own"):
        with_aliases(template(Own=own), alias="live", weight=0, answering={}, before="")


def test_refuses_a_service_without_versions() -> None:
    bare = template()
    del bare["Resources"]["ApiLambdaVersionX"]
    with pytest.raises(AliasError, match="versionFunctions: false"):
        with_aliases(bare, alias="live", weight=0, answering={}, before="")


@pytest.fixture
def client() -> Iterator[Any]:
    """Lambda with a function of three versions, the second of which an alias points at."""
    with mock_aws():
        trust = '{"Version": "2012-10-17", "Statement": []}'
        role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        lambdas = boto3.client("lambda", region_name="us-east-1")
        lambdas.create_function(
            FunctionName="f", Role=role, Runtime="python3.11", Handler="h.h", Code={"ZipFile": archive(0)}
        )
        for number in (1, 2, 3):
            lambdas.update_function_code(FunctionName="f", ZipFile=archive(number))
            assert lambdas.publish_version(FunctionName="f")["Version"] == str(number)
        lambdas.create_alias(FunctionName="f", Name="live", FunctionVersion="2")
        yield lambdas


def archive(number: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("h.py", str(number))
    return buffer.getvalue()


def test_versions_of_a_function(client: Any) -> None:
    versions = Versions(lambda: client)
    assert versions.answering("f", alias="live") == "2"
    assert versions.answering("f", alias="other") is None
    assert versions.answering("nobody", alias="live") is None
    client.update_alias(FunctionName="f", Name="live", RoutingConfig={"AdditionalVersionWeights": {"3": 0.1}})
    assert versions.prune("f") == ["1"]
    versions.settle("f", alias="live")
    assert not client.get_alias(FunctionName="f", Name="live")["RoutingConfig"].get("AdditionalVersionWeights")
    assert versions.prune("f") == ["3"]
    left = client.list_versions_by_function(FunctionName="f")["Versions"]
    assert [version["Version"] for version in left] == ["$LATEST", "2"]
