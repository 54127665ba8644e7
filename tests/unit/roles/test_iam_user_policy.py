# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy of the role iam_user: what AWS takes, and no more than the chain needs."""

from __future__ import annotations

import fnmatch
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.filter.iam_policies import iam_policies
from ansible_collections.asesoria.serverless.plugins.module_utils._access.policy import build_deployment_role
from ansible_collections.asesoria.serverless.plugins.module_utils._access.request import PolicyRequest
from ansible_collections.asesoria.serverless.plugins.module_utils._access.statement import count_characters
from ansible_collections.asesoria.serverless.tests.unit.access import (
    ACCOUNT,
    DEFAULTS,
    all_statements,
    policies_for,
    request_for,
)
from ansible_collections.asesoria.serverless.tests.unit.rendering import render_variable
from botocore.session import Session

ROLE = Path(__file__).parents[3] / "roles" / "iam_user"
#: Variables whose defaults are looked up by a plugin of the collection, which no test loads.
LOOKED_UP = {
    "iam_user_name": "asesoria",
    "iam_user_region": "us-east-1",
    "iam_user_project": "asesoria",
    "iam_user_service": "mi-api-flask",
    "iam_user_stage": "dev",
    "iam_user_key_pair": "lambda-builder-keys",
    "iam_user_layer_names": ["flask-dependencies-py311"],
}
#: Settings that identify the service and its region.
IDENTITY = {"project", "service", "stage", "region"}
#: AWS: quota "Role inline policy size limit"; white space is not counted.
MAX_INLINE = 10240
#: CloudFormation has a role of its own.
WITH_ROLE = {"deployment_role": True}
#: AWS: quota "Managed policy length"; white space is not counted.
MAX_LENGTH = 6144
#: Actions that can't be restricted to resources: AWS Service Authorization Reference.
WITHOUT_RESOURCE = (
    "ec2:Describe*",
    "cloudformation:ValidateTemplate",
    "lambda:GetAccountSettings",
    "lambda:ListFunctions",
    "lambda:ListLayerVersions",
    "logs:DescribeLogGroups",
    "servicequotas:GetServiceQuota",
)
#: All that layers can ask for.
EVERYTHING_OF_LAYERS = {
    "layer_regions": ["eu-west-1", "us-east-1", "ap-southeast-2"],
    "layer_create_bucket": True,
    "layer_share": True,
    "layer_prune": True,
}
EVERYTHING_OF_BUILDERS = {
    "builder_spot": True,
    "builder_profile": "asesoria-dev-lambda-builder",
    "python_bucket": "built-pythons",
}
#: Two domains, one of which gets its record in Route 53.
DOMAINS = {
    "domains": [
        {"name": "api.example.com", "certificate_arn": "arn:x", "hosted_zone_id": "Z0123456789"},
        {"name": "www.example.org", "certificate_arn": "arn:x"},
    ]
}
#: IAM's names of actions that are called otherwise in the API, or are no API action at all.
NOT_IN_THE_API = {
    "iam:PassRole",
    "s3:DeleteObjectVersion",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetEncryptionConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:TagResource",
    "s3:UntagResource",
}


def render(**changes: Any) -> dict[str, Any]:
    """Return one document with the statements of the user's policies and of CloudFormation's role."""
    return {"Version": "2012-10-17", "Statement": all_statements(request_for(**changes))}


def split(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the policy ``deploy`` of a user where CloudFormation has a role, and the policy of that role."""
    request = request_for(**WITH_ROLE, **changes)
    user = policies_for(request)
    return user["x-deploy"], build_deployment_role(request).document


def listed(value: Any) -> list[str]:
    """A value or a list of values, as a list."""
    return value if isinstance(value, list) else [value]


def actions(policy: dict[str, Any]) -> list[str]:
    """All that is allowed."""
    return [action for statement in policy["Statement"] for action in listed(statement["Action"])]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        WITH_ROLE,
        {"region": "us-gov-west-1", "partition": "aws-us-gov"},
        {"service": "s" * 40, "stage": "production"},
        {"layer_bucket": "my-artifacts"},
        {"layer_names": ["one", "two", "three", "four", "five"]},
        {"project": 'a "quoted" \\ name'},
        EVERYTHING_OF_LAYERS,
        {"front_doors": ["function_url"]},
        DOMAINS,
        {
            **DOMAINS,
            "front_doors": ["http_api", "rest_api", "function_url"],
            "function_vpc": True,
            "function_alias": True,
        },
        {**EVERYTHING_OF_LAYERS, **EVERYTHING_OF_BUILDERS, "layer_names": list("abcdefghij")},
    ],
)
def test_aws_takes_it(changes: dict[str, Any]) -> None:
    policies = policies_for(request_for(**changes))
    for document in policies.values():
        assert document["Version"] == "2012-10-17"
        assert count_characters(document) <= MAX_LENGTH
        names = [statement["Sid"] for statement in document["Statement"]]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch("[A-Za-z0-9]+", name) for name in names)
        assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}


def test_no_action_is_a_pattern() -> None:
    assert not [action for action in actions(render()) if "*" in action or "?" in action]


def test_only_what_takes_no_resource_is_allowed_on_all_of_them() -> None:
    for statement in render()["Statement"]:
        if "*" not in listed(statement["Resource"]):
            continue
        assert listed(statement["Condition"]["StringEquals"]["aws:RequestedRegion"]) == ["us-east-1"]
        for action in listed(statement["Action"]):
            assert any(fnmatch.fnmatchcase(action, pattern) for pattern in WITHOUT_RESOURCE), action


def test_every_resource_is_of_this_account_or_of_nobody() -> None:
    public = ("arn:aws:ssm:us-east-1::parameter/aws/service/", "arn:aws:ec2:us-east-1::image/", "arn:aws:s3:::")
    public += ("arn:aws:apigateway:us-east-1::/",)
    for statement in render()["Statement"]:
        for resource in listed(statement["Resource"]):
            assert resource == "*" or ":123456789012:" in resource or resource.startswith(public), resource


def test_what_it_names_is_of_this_service() -> None:
    by_name = {statement["Sid"]: statement for statement in render()["Statement"]}
    assert by_name["DeployStack"]["Resource"] == (
        "arn:aws:cloudformation:us-east-1:123456789012:stack/mi-api-flask-dev/*"
    )
    assert by_name["DeployRole"]["Resource"] == ("arn:aws:iam::123456789012:role/mi-api-flask-dev-us-east-1-lambdaRole")
    assert by_name["Layer"]["Resource"] == [
        "arn:aws:lambda:us-east-1:123456789012:layer:flask-dependencies-py311",
        "arn:aws:lambda:us-east-1:123456789012:layer:flask-dependencies-py311:*",
    ]
    assert by_name["DeployPassRole"]["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def test_a_bucket_for_layers_is_allowed_if_there_is_one() -> None:
    assert "LayerBucket" not in [statement["Sid"] for statement in render()["Statement"]]
    (statement,) = [
        statement for statement in render(layer_bucket="my-artifacts")["Statement"] if statement["Sid"] == "LayerBucket"
    ]
    assert statement["Resource"] == "arn:aws:s3:::my-artifacts/*"


def test_what_layers_may_need_is_allowed_only_if_it_is_used() -> None:
    plain, everything = set(actions(render())), set(actions(render(**EVERYTHING_OF_LAYERS)))
    assert plain < everything
    cases = {
        "layer_share": {
            "lambda:AddLayerVersionPermission",
            "lambda:GetLayerVersionPolicy",
            "lambda:RemoveLayerVersionPermission",
        },
        "layer_prune": {"lambda:ListFunctions"},
        "layer_create_bucket": {action for action in everything - plain if action.startswith("s3:")},
    }
    assert set().union(*cases.values()) == everything - plain
    for option, wanted in cases.items():
        assert set(actions(render(**{option: True}))) - plain == wanted, option
    assert "s3:PutLifecycleConfiguration" in cases["layer_create_bucket"]


def test_layers_are_allowed_in_each_region_and_in_no_other() -> None:
    by_name = {statement["Sid"]: statement for statement in render(**EVERYTHING_OF_LAYERS)["Statement"]}
    regions = {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1", "ap-southeast-2"]}}
    assert by_name["Layer"]["Resource"] == [
        "arn:aws:lambda:*:123456789012:layer:flask-dependencies-py311",
        "arn:aws:lambda:*:123456789012:layer:flask-dependencies-py311:*",
    ]
    assert by_name["Layer"]["Condition"] == by_name["LayerList"]["Condition"] == regions
    assert by_name["LayerBucket"]["Resource"] == "arn:aws:s3:::asesoria-layers-123456789012-*"
    assert by_name["BuilderRead"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}


def test_a_bucket_that_is_made_in_one_region_is_named() -> None:
    (statement,) = [
        statement for statement in render(layer_create_bucket=True)["Statement"] if statement["Sid"] == "LayerBucket"
    ]
    bucket = "arn:aws:s3:::asesoria-layers-123456789012-us-east-1"
    assert statement["Resource"] == [bucket, f"{bucket}/*"]


def test_the_spot_market_is_allowed_only_if_it_is_used() -> None:
    plain, spot = render(), render(builder_spot=True)
    assert set(actions(spot)) - set(actions(plain)) == {
        "ec2:CreateLaunchTemplate",
        "ec2:DeleteLaunchTemplate",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeLaunchTemplates",
        "iam:CreateServiceLinkedRole",
    }
    templates = "arn:aws:ec2:us-east-1:123456789012:launch-template/*"
    by_name = {statement["Sid"]: statement for statement in spot["Statement"]}
    assert by_name["BuilderSpot"]["Resource"] == templates
    assert by_name["BuilderSpot"]["Condition"] == by_name["BuilderRun"]["Condition"]
    assert templates in by_name["BuilderRunWith"]["Resource"]
    assert templates not in json.dumps(plain)
    assert by_name["BuilderSpotRole"]["Resource"].endswith("/spot.amazonaws.com/AWSServiceRoleForEC2Spot")


def test_session_manager_is_allowed_only_if_it_is_used() -> None:
    plain, session = render(), render(builder_profile="asesoria-dev-lambda-builder")
    wanted = {"ssm:StartSession", "ssm:TerminateSession", "iam:GetInstanceProfile"}
    assert set(actions(session)) - set(actions(plain)) == wanted
    by_name = {statement["Sid"]: statement for statement in session["Statement"]}
    named = "arn:aws:iam::123456789012:{}/asesoria-dev-lambda-builder"
    assert by_name["BuilderProfile"]["Resource"] == named.format("instance-profile")
    assert by_name["BuilderPassRole"]["Resource"] == named.format("role")
    assert by_name["BuilderPassRole"]["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    assert by_name["BuilderSession"]["Condition"] == {
        "StringEquals": {
            "ssm:resourceTag/ManagedBy": "asesoria.serverless",
            "ssm:resourceTag/Project": "asesoria",
            "ssm:resourceTag/Stage": "dev",
        },
        "StringEqualsIfExists": {"ssm:resourceTag/Service": "mi-api-flask"},
    }
    assert by_name["BuilderSessionKind"]["Resource"] == "arn:aws:ssm:us-east-1::document/AWS-StartSSHSession"
    assert by_name["BuilderSessionEnd"]["Resource"] == "arn:aws:ssm:us-east-1:123456789012:session/asesoria-*"
    assert not {"BuilderProfile", "BuilderPassRole"} & {statement["Sid"] for statement in plain["Statement"]}


def test_of_the_bucket_of_pythons_only_their_folder_is_open() -> None:
    by_name = {statement["Sid"]: statement for statement in render(python_bucket="mine")["Statement"]}
    assert by_name["PythonBucketList"]["Resource"] == "arn:aws:s3:::mine"
    assert by_name["PythonBucket"]["Resource"] == "arn:aws:s3:::mine/python/*"
    assert by_name["PythonBucket"]["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert not [statement for statement in render()["Statement"] if statement["Sid"].startswith("Python")]


def test_users_and_their_keys_are_out_of_reach() -> None:
    allowed = [action for action in actions(render()) if action.startswith("iam:")]
    assert allowed
    assert not [action for action in allowed if not action.endswith(("Role", "RolePolicy", "RolePolicies"))]
    assert "iam:AttachRolePolicy" not in allowed


def test_with_a_role_of_cloudformation_the_user_can_hand_it_over_and_make_none() -> None:
    user, role = split()
    assert [action for action in actions(user) if action.startswith("iam:")] == ["iam:PassRole"]
    (handed,) = [statement for statement in user["Statement"] if statement["Action"] == "iam:PassRole"]
    assert handed["Resource"] == "arn:aws:iam::123456789012:role/mi-api-flask-dev-us-east-1-deployment"
    assert handed["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    assert not [
        name for name in actions(user) if re.match("lambda:(Create|Update|Delete|Add|Remove)|apigateway:", name)
    ]
    assert {"iam:CreateRole", "iam:PutRolePolicy", "lambda:CreateFunction", "s3:CreateBucket"} <= set(actions(role))
    assert [action for action in actions(role) if action.startswith("cloudformation:")] == [
        "cloudformation:ValidateTemplate"
    ]
    by_name = {statement["Sid"]: statement for statement in role["Statement"]}
    assert by_name["DeployPassRole"]["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    # It can't give itself more than it has.
    assert by_name["DeployRole"]["Resource"] != handed["Resource"]
    assert len(re.sub(r"\s", "", json.dumps(role))) < MAX_INLINE


def test_a_role_of_cloudformation_takes_no_other_rights_than_the_user_would_have() -> None:
    alone, together = render(), render(**WITH_ROLE)
    direct = ("DeployDirectRole", "DeployDirectLayer")
    assert [statement for statement in together["Statement"] if statement["Sid"] not in direct] == (alone["Statement"])


def test_only_cloudformation_of_this_account_can_take_the_role() -> None:
    (statement,) = build_deployment_role(request_for(**WITH_ROLE)).trust["Statement"]
    assert statement["Principal"] == {"Service": "cloudformation.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"] == {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}


def test_what_is_asked_before_a_run_is_allowed() -> None:
    asked = {"lambda:GetAccountSettings", "servicequotas:GetServiceQuota", "ec2:DescribeInstances"}
    assert asked <= set(actions(render()))


def test_every_action_is_one_of_aws() -> None:
    session = Session()
    for action in actions(render()):
        service, name = action.split(":")
        service = {"servicequotas": "service-quotas"}.get(service, service)
        if action in NOT_IN_THE_API or service == "apigateway":
            continue
        operations = session.get_service_model(service).operation_names
        assert name in operations, action


def test_a_front_door_is_allowed_only_if_it_is_used() -> None:
    by_name = {
        door: {statement["Sid"]: statement for statement in render(front_doors=[door])["Statement"]}
        for door in ("http_api", "rest_api", "function_url")
    }
    paths = {
        door: [resource.rpartition("::")[2] for resource in named["DeployApi"]["Resource"]]
        if "DeployApi" in named
        else []
        for door, named in by_name.items()
    }
    assert paths == {
        "http_api": ["/apis", "/apis/*", "/tags/*"],
        "rest_api": ["/restapis", "/restapis/*", "/tags/*"],
        "function_url": [],
    }
    urls = {
        door: [action for action in named["DeployFunction"]["Action"] if "FunctionUrl" in action]
        for door, named in by_name.items()
    }
    assert (urls["http_api"], urls["rest_api"], len(urls["function_url"])) == ([], [], 4)
    assert "apigateway:UpdateRestApiPolicy" not in by_name["http_api"]["DeployApi"]["Action"]
    assert "apigateway:UpdateRestApiPolicy" in by_name["rest_api"]["DeployApi"]["Action"]


def test_a_vpc_is_allowed_only_if_it_is_used() -> None:
    plain, with_vpc = render(), render(function_vpc=True)
    assert set(actions(with_vpc)) - set(actions(plain)) == {
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeVpcs",
        "ec2:GetSecurityGroupsForVpc",
        "iam:AttachRolePolicy",
        "iam:DetachRolePolicy",
    }
    (attach,) = [statement for statement in with_vpc["Statement"] if statement["Sid"] == "DeployRoleForVpc"]
    assert attach["Condition"] == {
        "ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"}
    }


def test_a_domain_is_allowed_only_if_there_is_one() -> None:
    plain, alone, with_zone = (
        render(domains=domains) for domains in ([], DOMAINS["domains"][1:], DOMAINS["domains"][:1])
    )
    assert not [statement for statement in plain["Statement"] if statement["Sid"].startswith("Domain")]
    assert set(actions(alone)) - set(actions(plain)) == {"iam:CreateServiceLinkedRole"}
    assert set(actions(with_zone)) - set(actions(alone)) == {
        "route53:ChangeResourceRecordSets",
        "route53:GetChange",
        "route53:GetHostedZone",
        "route53:ListResourceRecordSets",
    }


def test_of_domains_and_zones_only_those_of_the_service_are_open() -> None:
    by_name = {statement["Sid"]: statement for statement in render(**DOMAINS)["Statement"]}
    assert [resource.rpartition("::")[2] for resource in by_name["Domain"]["Resource"]] == [
        "/domainnames",
        *(
            f"/domainnames/{name}{path}"
            for name in ("api.example.com", "www.example.org")
            for path in ("", "/apimappings", "/apimappings/*")
        ),
    ]
    record = by_name["DomainRecord"]
    assert record["Resource"] == by_name["DomainZone"]["Resource"] == "arn:aws:route53:::hostedzone/Z0123456789"
    assert record["Condition"] == {
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": "api.example.com",
            "route53:ChangeResourceRecordSetsRecordTypes": "A",
        }
    }
    assert by_name["DomainChange"]["Resource"] == "arn:aws:route53:::change/*"
    assert by_name["DomainRole"]["Resource"].endswith("/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway")


def test_with_a_role_of_cloudformation_the_domain_is_its_business() -> None:
    user, role = split(**DOMAINS)
    assert not [name for name in actions(user) if name.startswith(("apigateway:", "route53:"))]
    assert "iam:CreateServiceLinkedRole" not in actions(user)
    assert {"route53:ChangeResourceRecordSets", "iam:CreateServiceLinkedRole"} < set(actions(role))
    assert len(re.sub(r"\s", "", json.dumps(role))) < MAX_INLINE


def test_an_alias_is_allowed_only_if_it_is_used() -> None:
    plain, with_alias = render(), render(function_alias=True)
    assert set(actions(with_alias)) - set(actions(plain)) == {
        "lambda:CreateAlias",
        "lambda:DeleteAlias",
        "lambda:GetAlias",
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:ListAliases",
        "lambda:ListVersionsByFunction",
        "lambda:UpdateAlias",
    }
    user, _role = split(function_alias=True)
    (direct,) = [statement for statement in user["Statement"] if statement["Sid"] == "DeployDirectAlias"]
    assert direct["Resource"] == "arn:aws:lambda:us-east-1:123456789012:function:mi-api-flask-dev-*"


def test_of_builders_only_those_of_the_service_are_open() -> None:
    by_name = {statement["Sid"]: statement for statement in render()["Statement"]}
    assert by_name["BuilderRun"]["Condition"] == {
        "StringEquals": {
            "aws:RequestTag/ManagedBy": "asesoria.serverless",
            "aws:RequestTag/Project": "asesoria",
            "aws:RequestTag/Service": "mi-api-flask",
            "aws:RequestTag/Stage": "dev",
        }
    }
    assert by_name["BuilderOwn"]["Condition"] == {
        "StringEquals": {
            "aws:ResourceTag/ManagedBy": "asesoria.serverless",
            "aws:ResourceTag/Project": "asesoria",
            "aws:ResourceTag/Stage": "dev",
        },
        "StringEqualsIfExists": {"aws:ResourceTag/Service": "mi-api-flask"},
    }


@pytest.mark.parametrize(
    ("given", "policies"),
    [
        ({}, [f"asesoria-mi-api-flask-dev-{playbook}" for playbook in ("builder", "layer", "deploy")]),
        ({"iam_user_playbooks": ["deploy"], "iam_user_domains": DOMAINS["domains"]}, ["deploy", "domain"]),
        ({"iam_user_policy": {"Version": "2012-10-17", "Statement": []}, "iam_user_policy_name": "mine"}, ["mine"]),
        ({"iam_user_policy": '{"Version": "2012-10-17"}'}, ["asesoria-mi-api-flask-dev"]),
    ],
)
def test_the_role_has_a_policy_for_each_playbook(given: dict[str, Any], policies: list[str]) -> None:
    files = [ROLE / "defaults/main.yml", ROLE / "vars/main.yml"]
    given = {**LOOKED_UP, **given}
    # Templates can't name lookups of collections here, so these defaults are given.
    given = {f"iam_user_{'name' if name == 'user' else name}": value for name, value in DEFAULTS.items()} | given
    settings = render_variable("iam_user__settings", files=files, given=given)
    base = render_variable("iam_user_policy_name", files=files, given=given)
    plan = iam_policies(settings, base, ACCOUNT)
    assert set(settings) == set(inspect.signature(PolicyRequest).parameters) - {"scope", "owner"} | IDENTITY
    found = list(render_variable("iam_user__policies", files=files, given={**given, "iam_user__plan": plan}))
    assert [name.endswith(end) for name, end in zip(found, policies, strict=True)] == [True] * len(policies)
    assert set(found) <= set(plan["possible_names"])
    assert {"asesoria-serverless", "asesoria-serverless-builder", "asesoria-serverless-domain"} <= set(
        plan["possible_names"]
    )
