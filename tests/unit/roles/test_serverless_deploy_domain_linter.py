# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role serverless_deploy adds to a template for a domain, as CloudFormation's schemas and cfn-lint see it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.filter.serverless_config import serverless_config
from ansible_collections.asesoria.serverless.tests.unit.rendering import deploy_values
from cfnlint.api import ManualArgs, lint

DOMAIN = {"name": "api.example.com", "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
ZONE = {"hosted_zone_id": "Z0123456789ABCDEFGHIJ"}
#: What the CLI makes of a packaging's own number, and the resources of its own that these refer to.
NUMBER = "1700000000000"
OF_THE_CLI: dict[str, dict[str, Any]] = {
    "http_api": {
        "HttpApi": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "x", "ProtocolType": "HTTP"}},
        "HttpApiStage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "HttpApi"}, "StageName": "$default"},
        },
    },
    "rest_api": {
        "ApiGatewayRestApi": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x"}},
        "ApiGatewayMethodAny": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "ApiGatewayRestApi"},
                "ResourceId": {"Fn::GetAtt": ["ApiGatewayRestApi", "RootResourceId"]},
                "HttpMethod": "ANY",
                "AuthorizationType": "NONE",
            },
        },
        f"ApiGatewayDeployment{NUMBER}": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": "ApiGatewayRestApi"}, "StageName": "dev"},
            "DependsOn": ["ApiGatewayMethodAny"],
        },
    },
}


def config(door: str, domain: dict[str, str]) -> dict[str, Any]:
    """The configuration of a service."""
    return serverless_config(deploy_values({"front_door": door, "domain": domain}))


def template(door: str, domain: dict[str, str]) -> dict[str, Any]:
    """The template that comes of it, as far as the domain is concerned."""
    added = json.loads(json.dumps(config(door, domain)["resources"]).replace("${sls:instanceId}", NUMBER))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {**OF_THE_CLI[door], **added["Resources"]},
        "Outputs": added["Outputs"],
    }


@pytest.mark.parametrize("zone", [{}, ZONE])
@pytest.mark.parametrize("door", OF_THE_CLI)
def test_cfn_lint_has_nothing_to_say(door: str, zone: dict[str, str]) -> None:
    found = lint(json.dumps(template(door, {**DOMAIN, **zone})), config=ManualArgs(regions=["us-east-1"]))
    assert [str(match) for match in found] == []


@pytest.mark.parametrize(
    ("resource", "change"),
    [
        ("AsesoriaDomain", {"DomainNameConfigurations": [{"Certificate": "x"}]}),
        ("AsesoriaDomainMapping", {"ApiId": {"Ref": "Nobody"}}),
        ("AsesoriaDomainRecord", {"HostedZoneId": 1, "ResourceRecords": ["x"]}),
    ],
)
def test_it_would_find_a_mistake(resource: str, change: dict[str, Any]) -> None:
    wrong = template("http_api", {**DOMAIN, **ZONE})
    wrong["Resources"][resource]["Properties"].update(change)
    assert lint(json.dumps(wrong), config=ManualArgs(regions=["us-east-1"]))


def test_what_there_is_without_a_domain() -> None:
    assert "resources" not in config("http_api", {})


def test_the_domain_of_an_http_api() -> None:
    made = template("http_api", DOMAIN)
    (configuration,) = made["Resources"]["AsesoriaDomain"]["Properties"]["DomainNameConfigurations"]
    assert configuration == {
        "CertificateArn": DOMAIN["certificate_arn"],
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }
    assert made["Resources"]["AsesoriaDomainMapping"]["Properties"] == {
        "DomainName": {"Ref": "AsesoriaDomain"},
        "ApiId": {"Ref": "HttpApi"},
        "Stage": {"Ref": "HttpApiStage"},
    }
    assert made["Outputs"] == {
        "AsesoriaDomainUrl": {"Value": "https://api.example.com"},
        "AsesoriaDomainTarget": {"Value": {"Fn::GetAtt": ["AsesoriaDomain", "RegionalDomainName"]}},
    }


def test_the_stage_of_a_rest_api_is_there_before_the_domain_leads_to_it() -> None:
    mapping = template("rest_api", DOMAIN)["Resources"]["AsesoriaDomainMapping"]
    assert mapping["DependsOn"] == f"ApiGatewayDeployment{NUMBER}"
    assert mapping["Properties"]["ApiId"] == {"Ref": "ApiGatewayRestApi"}
    assert mapping["Properties"]["Stage"] == "dev"


def test_another_front_door_leaves_the_domain_where_it_is() -> None:
    http_api, rest_api = (template(door, {**DOMAIN, **ZONE})["Resources"] for door in ("http_api", "rest_api"))
    assert http_api["AsesoriaDomain"] == rest_api["AsesoriaDomain"]
    assert http_api["AsesoriaDomainRecord"] == rest_api["AsesoriaDomainRecord"]
    assert http_api["AsesoriaDomainMapping"]["Type"] == rest_api["AsesoriaDomainMapping"]["Type"]


def test_with_a_zone_the_record_is_made_and_nobody_has_to_make_it() -> None:
    made = template("rest_api", {**DOMAIN, **ZONE})
    assert made["Resources"]["AsesoriaDomainRecord"]["Properties"] == {
        "HostedZoneId": ZONE["hosted_zone_id"],
        "Name": "api.example.com",
        "Type": "A",
        "AliasTarget": {
            "DNSName": {"Fn::GetAtt": ["AsesoriaDomain", "RegionalDomainName"]},
            "HostedZoneId": {"Fn::GetAtt": ["AsesoriaDomain", "RegionalHostedZoneId"]},
        },
    }
    assert list(made["Outputs"]) == ["AsesoriaDomainUrl"]
