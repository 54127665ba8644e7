# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy of the role iam_user as others see it.

Parliament has AWS's table of actions, resources and conditions; cfn-lint has the schemas of CloudFormation's types,
whose handlers name the permissions that they may need.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.tests.unit.roles import test_iam_user_policy as of_policy
from ansible_collections.asesoria.serverless.tests.unit.roles.test_iam_user_policy import (
    EVERYTHING_OF_BUILDERS,
    EVERYTHING_OF_LAYERS,
    actions,
    render,
)
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

with warnings.catch_warnings():
    # It uses what setuptools would like it not to.
    warnings.simplefilter("ignore")
    import parliament

#: What it finds and what is as it should be, with the reason.
ACCEPTED = {
    "ssm:GetParameters": "AWS's own public parameters are of no account, so their ARN has none",
    "ec2:RunInstances": "one statement asks for the tag of the instance, another allows what has no such tag",
}


def findings(policy: dict[str, Any]) -> list[tuple[str, str]]:
    """What it has to say, as issue and the action or text that it is about."""
    found = []
    for finding in parliament.analyze_policy_string(json.dumps(policy)).findings:
        details = finding.detail if isinstance(finding.detail, list) else [finding.detail]
        for detail in details:
            about = detail["action"] if isinstance(detail, dict) and "action" in detail else json.dumps(detail)
            found.append((finding.issue, about))
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        EVERYTHING_OF_LAYERS,
        EVERYTHING_OF_BUILDERS,
        {"layer_bucket": "my-artifacts"},
        {"layer_names": ["one", "two"]},
        of_policy.DOMAINS,
        {
            "front_doors": ["rest_api", "function_url"],
            "function_vpc": True,
            "function_alias": True,
        },
    ],
)
def test_it_finds_nothing_of_note(changes: dict[str, Any]) -> None:
    found = findings(render(**changes))
    assert [(issue, about) for issue, about in found if issue != "RESOURCE_MISMATCH" or about not in ACCEPTED] == []


def test_it_finds_nothing_of_note_where_cloudformation_has_a_role() -> None:
    user, role = of_policy.split()
    assert findings(user) == []
    # It sets the policy of the bucket that it makes, and has no business with what is in it.
    assert {issue for issue, _about in findings(role)} == {"RESOURCE_POLICY_PRIVILEGE_ESCALATION"}
    assert all("mi-api-flask-dev" in about and "s3:PutBucketPolicy" in about for _issue, about in findings(role))


def test_what_is_accepted_is_still_found() -> None:
    assert {about for _issue, about in findings(render())} == set(ACCEPTED)


@pytest.mark.parametrize(
    ("statement", "issue"),
    [
        ({"Action": "lambda:PublishLayer", "Resource": "*"}, "UNKNOWN_ACTION"),
        (
            {"Action": "lambda:ListLayerVersions", "Resource": "arn:aws:lambda:*:123456789012:layer:x"},
            "RESOURCE_MISMATCH",
        ),
        ({"Action": "lambda:GetFunction", "Resource": "*"}, "RESOURCE_STAR"),
        (
            {
                "Action": "iam:GetInstanceProfile",
                "Resource": "arn:aws:iam::123456789012:instance-profile/x",
                "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
            },
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
    ],
)
def test_it_would_find_a_mistake(statement: dict[str, Any], issue: str) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Sid": "Bad", **statement}]}
    assert issue in [name for name, _about in findings(policy)]


#: The types of resources that osls makes for each front door, as its templates have them.
OF_A_DOOR = {
    "http_api": [f"AWS::ApiGatewayV2::{name}" for name in ("Api", "Integration", "Route", "Stage")],
    "rest_api": [f"AWS::ApiGateway::{name}" for name in ("Deployment", "Method", "Resource", "RestApi")],
    "function_url": ["AWS::Lambda::Url"],
}
#: Of an API that is written down in a bucket, and of a method that acts as a role.
OF_OTHER_APIS = {"iam:passrole", "s3:getobject"}
#: Of a domain that asks its clients for certificates, and of a zone that is given by its name.
OF_OTHER_DOMAINS = {
    "apigateway:addcertificatetodomain",
    "apigateway:removecertificatefromdomain",
    "route53:listhostedzones",
    "s3:getobject",
    "s3:getobjectversion",
}


@pytest.mark.parametrize("door", OF_A_DOOR)
def test_each_front_door_is_allowed_what_cloudformation_needs_for_it(door: str) -> None:
    handlers = [
        PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
        for kind in (*OF_A_DOOR[door], "AWS::Lambda::Permission")
    ]
    needed = {
        action.lower()
        for each in handlers
        for handler in ("create", "read", "update", "delete")
        for action in each.get(handler, {}).get("permissions", [])
        # The tags of the HTTP API are POST and PUT on /tags.
        if not action.startswith("apigateway:TagResource") and not action.startswith("apigateway:UntagResource")
    }
    allowed = {action.lower() for action in actions(render(front_doors=[door]))}
    assert needed - allowed - OF_OTHER_APIS == set()


@pytest.mark.parametrize("door", ["http_api", "rest_api"])
def test_a_domain_is_allowed_what_cloudformation_needs_for_it(door: str) -> None:
    kinds = ("AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::ApiMapping", "AWS::Route53::RecordSet")
    needed = {
        action.lower()
        for kind in kinds
        for handler in PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"].values()
        for action in handler["permissions"]
    }
    allowed = {action.lower() for action in actions(render(front_doors=[door], **of_policy.DOMAINS))}
    assert needed - allowed <= OF_OTHER_DOMAINS
