# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any valid settings: the policies allow each call that the chain makes with them, and nothing of another service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._access.policy import (
    build_deployment_role,
    build_policies,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._access.request import PolicyRequest
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._settings import limits
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.policies import policy_request
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.read import read_settings
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.target import World
from ansible_collections.asesoria.serverless.tests.unit.access import request_for
from ansible_collections.asesoria.serverless.tests.unit.chain_calls import Call, calls_of, calls_of_cloudformation
from ansible_collections.asesoria.serverless.tests.unit.iam_evaluation import Policies
from hypothesis import assume, given, settings
from hypothesis import strategies as st

REGIONS = ("cn-north-1", "eu-west-1", "us-east-1", "us-gov-west-1")
WORLD = World(
    regions=frozenset(REGIONS),
    clis=frozenset({"osls@4"}),
    example="/collection/examples/flask",
    today=date(2026, 12, 1),
)
#: Allowed although the chain makes no such call: why.
SPARE = {
    "ec2:getsecuritygroupsforvpc": "AWS's documentation of functions in a VPC asks for it",
    "iam:createservicelinkedrole": "API Gateway makes its role with an account's first domain",
    "lambda:getfunctioncodesigningconfig": "the handler reads it, whether or not the function has one",
    "lambda:listtags": "GetFunction shows tags only to a caller that has it",
}
SPARE_OF_ROLE = {
    **SPARE,
    "lambda:listlayerversions": "it is in one statement with what the handlers list",
}
_SERVICE = st.from_regex(r"[a-z][a-z0-9]{1,8}", fullmatch=True)
_STAGE = st.from_regex(r"[a-z0-9]{1,5}", fullmatch=True)
_REGION = st.sampled_from(REGIONS)
_BUCKET = st.from_regex(r"[a-z]{3,8}", fullmatch=True)
_LAYER = st.fixed_dictionaries(
    {"name": st.from_regex(r"[a-z]{1,6}", fullmatch=True)},
    optional={"regions": st.lists(_REGION, max_size=2), "keep_versions": st.integers(0, 3)},
)
_DOMAIN = st.fixed_dictionaries(
    {"name": st.from_regex(r"[a-z]{1,8}\.example\.com", fullmatch=True), "certificate_arn": st.just("")},
    optional={"hosted_zone_id": st.from_regex(r"Z[A-Z0-9]{5}", fullmatch=True)},
)
SETTINGS = st.fixed_dictionaries(
    {"asesoria_service": _SERVICE, "asesoria_stage": _STAGE, "asesoria_region": _REGION},
    optional={
        "asesoria_front_door": st.sampled_from(limits.FRONT_DOORS),
        "asesoria_canary_weight": st.integers(0, 99),
        "asesoria_domain": _DOMAIN,
        "asesoria_function_vpc": st.just({"securityGroupIds": ["sg-01234567"], "subnetIds": ["subnet-01234567"]}),
        "asesoria_builder_spot": st.booleans(),
        "asesoria_builder_access": st.sampled_from(["my_ip", "ssm"]),
        "asesoria_python_bucket": st.from_regex(r"[a-z]{3,8}", fullmatch=True),
        "asesoria_layer_bucket": _BUCKET,
        "asesoria_layer_create_bucket": st.booleans(),
        "asesoria_layer_sharing": st.sampled_from(["", {"public": True}, {"accounts": ["123456789012"]}]),
        "asesoria_layer_keep_versions": st.integers(0, 3),
        "asesoria_layer_regions": st.lists(_REGION, max_size=2),
        "asesoria_layers": st.lists(_LAYER, unique_by=lambda entry: entry["name"], min_size=1, max_size=3),
        "asesoria_deployment_role": st.booleans(),
        "asesoria_packaging": st.sampled_from(["layer", "requirements"]),
        "iam_user_domains": st.lists(_DOMAIN, max_size=2),
        "iam_user_function_vpc": st.booleans(),
        "iam_user_layer_prune": st.booleans(),
        "iam_user_layer_regions": st.lists(_REGION, max_size=2),
        "iam_user_layer_share": st.booleans(),
        "iam_user_playbooks": st.lists(st.sampled_from(["builder", "layer", "deploy"]), unique=True, min_size=1),
        "iam_user_front_doors": st.lists(st.sampled_from(limits.FRONT_DOORS), unique=True, min_size=1),
    },
)


def request_of(variables: Mapping[str, Any]) -> PolicyRequest:
    """Resolve variables, and return what the user must be allowed to do."""
    domain = variables.get("asesoria_domain")
    if domain:
        region = variables["asesoria_region"]
        domain = {**domain, "certificate_arn": f"arn:aws:acm:{region}:123456789012:certificate/0a1b"}
        if variables.get("asesoria_front_door") == "function_url":
            domain = {}
        variables = {**variables, "asesoria_domain": domain}
    return policy_request(read_settings(variables, world=WORLD), account="123456789012")


def policies_of(request: PolicyRequest) -> tuple[Policies, Policies]:
    """Return the policies of the user, and those with which CloudFormation acts."""
    user = Policies(build_policies(request, base="x").values())
    return user, Policies([build_deployment_role(request).document]) if request.deployment_role else user


def refused(policies: Policies, calls: Iterable[Call]) -> list[Call]:
    """Return the calls that the policies do not allow."""
    return [each for each in calls if not allows(policies, each)]


def allows(policies: Policies, call: Call) -> bool:
    """Tell whether policies allow a call."""
    return policies.allow(action=call.action, resource=call.resource, context=call.context)


def stack_calls(request: PolicyRequest) -> list[Call]:
    """Return the calls of CloudFormation, which there are only where there is something to deploy."""
    return list(calls_of_cloudformation(request)) if "deploy" in request.playbooks else []


@settings(max_examples=60, deadline=None)
@given(variables=SETTINGS)
def test_each_call_of_the_chain_is_allowed(variables: dict[str, Any]) -> None:
    request = request_of(variables)
    user, cloudformation = policies_of(request)
    assert refused(user, calls_of(request)) == []
    assert refused(cloudformation, stack_calls(request)) == []


@settings(max_examples=60, deadline=None)
@given(variables=SETTINGS, service=_SERVICE, stage=_STAGE)
def test_no_call_of_another_service_or_stage_is_allowed(variables: dict[str, Any], service: str, stage: str) -> None:
    # Layers, the key pair and so on are named after the service, unless a setting names them.
    shared = ("asesoria_layers", "asesoria_domain", "iam_user_domains")
    ours = {name: value for name, value in variables.items() if name not in shared}
    assume(service != ours["asesoria_service"] and stage != ours["asesoria_stage"])
    own = policies_of(request_of(ours))
    for other in ({"asesoria_service": service}, {"asesoria_stage": stage}):
        theirs = request_of({**ours, **other})
        calls = [each for each in (*calls_of(theirs), *stack_calls(theirs)) if each.own]
        assert calls
        assert [each for each in calls for policies in own if allows(policies, each)] == []


@settings(max_examples=60, deadline=None)
@given(variables=SETTINGS)
def test_each_action_that_is_allowed_is_called(variables: dict[str, Any]) -> None:
    request = request_of(variables)
    user, cloudformation = policies_of(request)
    called = actions_of(calls_of(request))
    if request.deployment_role:
        assert cloudformation.actions - actions_of(calls_of_cloudformation(request)) - set(SPARE_OF_ROLE) == set()
    else:
        called |= actions_of(stack_calls(request))
    assert user.actions - called - set(SPARE) == set()


def actions_of(calls: Iterable[Call]) -> set[str]:
    """Return the actions of calls, in lower case."""
    return {each.action.lower() for each in calls}


def builder_call(**tags: str) -> Call:
    """Return the call that terminates a builder with some tags."""
    context = {f"aws:ResourceTag/{name}": value for name, value in tags.items()}
    return Call("ec2:TerminateInstances", "arn:aws:ec2:us-east-1:123456789012:instance/i-1", context)


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"Service": "another"}, False),
        ({"Stage": "prod"}, False),
        ({"Project": "another"}, False),
        ({"ManagedBy": "terraform"}, False),
        # From before there was the tag.
        ({"Service": None}, True),
        ({"Service": None, "Stage": "prod"}, False),
    ],
)
def test_only_builders_of_the_service_can_be_terminated(changes: dict[str, str | None], allowed: bool) -> None:
    request = request_for()
    tags = {name: value for name, value in {**request.owner.tags(), **changes}.items() if value is not None}
    assert allows(policies_of(request)[0], builder_call(**tags)) is allowed


@pytest.mark.parametrize("service", ["shop-dev", "shop", "a-shop"])
def test_a_deployment_bucket_is_that_of_one_stack(service: str) -> None:
    request = request_for(service="shop", stage="dev")
    other = replace(request, owner=Owner(project=request.owner.project, service=service, stage="dev2"))
    calls = [each for each in calls_of(other) if each.action.startswith("s3:")]
    assert len(refused(policies_of(request)[0], calls)) == len(calls) > 0
