# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM's limits for the policies of a user, computed from the settings."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._access.policy import (
    MAX_MANAGED_POLICY,
    build_deployment_role,
    build_policies,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._access.statement import count_characters
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.choice import SettingsError
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.names import (
    deployment_role_name,
    lambda_role_name,
    stack_name,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.policies import (
    fullest,
    measure_settings,
    policy_request,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.read import read_settings
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.target import World

WORLD = World(
    regions=frozenset({"ap-southeast-2", "us-east-1"}),
    clis=frozenset({"osls@4"}),
    example="/collection/examples/flask",
    today=date(2026, 12, 1),
)
#: Every right, and names as long as AWS takes them.
EVERYTHING: dict[str, Any] = {
    "asesoria_service": "one-service",
    "asesoria_stage": "production",
    "asesoria_region": "ap-southeast-2",
    "asesoria_user": "u" * 64,
    "asesoria_canary_weight": 20,
    "asesoria_function_vpc": {"securityGroupIds": ["sg-01234567"], "subnetIds": ["subnet-01234567"]},
    "asesoria_builder_spot": True,
    "asesoria_builder_access": "ssm",
    "asesoria_python_bucket": "b" * 63,
    "asesoria_layer_create_bucket": True,
    "asesoria_layer_keep_versions": 3,
    "asesoria_layer_sharing": {"accounts": ["123456789012"]},
    "asesoria_layer_regions": ["us-east-1"],
    "iam_user_front_doors": ["http_api", "rest_api", "function_url"],
}


def layers(number: int, *, longest: int = 140) -> dict[str, Any]:
    """Return settings with so many layers, whose names are as long as AWS takes them."""
    return {"asesoria_layers": [{"name": f"{each:x>{longest}}"} for each in map(str, range(number))]}


def test_every_right_and_many_layers_fit_into_policies_that_aws_takes() -> None:
    request = policy_request(read_settings({**EVERYTHING, **layers(12)}, world=WORLD))
    policies = build_policies(request, base="x")
    assert {"x-deploy-2", "x-layer"} <= set(policies)
    assert max(map(count_characters, policies.values())) <= MAX_MANAGED_POLICY


def test_what_has_the_same_name_in_the_settings_has_it_in_the_policies() -> None:
    settings = read_settings(EVERYTHING, world=WORLD)
    request = policy_request(settings)
    assert request.stack == stack_name(settings.identity)
    assert request.function_role == lambda_role_name(settings.identity, region=settings.region)
    assert build_deployment_role(request).name == deployment_role_name(settings.identity, region=settings.region)
    assert request.builder_profile == settings.names.instance_profile


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        (
            {**layers(40), "asesoria_deployment_role": True},
            "characters, and AWS allows 10,240. Use fewer layers or domains, or shorter names, or set",
        ),
        (
            layers(350),
            "51 managed policies (the quota is 10 until you have it raised), and AWS allows 20. Use fewer layers",
        ),
        (
            {
                "iam_user_domains": [
                    {"name": f"{'a' * 60}.b{number}.example.com", "certificate_arn": "x", "hosted_zone_id": "Z1"}
                    for number in range(90)
                ]
            },
            "characters, and AWS allows 6,144. Use fewer domains, or shorter names",
        ),
    ],
)
def test_what_iam_would_refuse_is_refused_before_it_is_asked(variables: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({**EVERYTHING, **variables}, world=WORLD)
    (found,) = map(str, caught.value.problems)
    assert problem in found


def test_without_a_user_there_are_no_policies_to_refuse() -> None:
    read_settings({**EVERYTHING, **layers(350), "asesoria_create_user": False}, world=WORLD)


def test_what_is_nearest_to_each_limit_is_told() -> None:
    settings = read_settings(
        {"asesoria_service": "shop", "serverless_deploy_functions": {"nightly-cleaning": {"handler": "app.clean"}}},
        world=WORLD,
    )
    told = [each.share for each in fullest(measure_settings(settings))]
    assert told[0].startswith("the policy asesoria-shop-dev-shop-dev-")
    assert told[0].endswith(" of 6,144 characters")
    assert told[1:] == [
        "the IAM role shop-dev-us-east-1-lambdaRole has 29 of 64 characters",
        "the IAM user asesoria-shop-dev has 3 of 20 managed policies (the quota is 10 until you have it raised)",
        "the log group /aws/lambda/shop-dev-nightly-cleaning has 37 of 512 characters",
    ]


def test_what_is_said_of_a_policy_is_what_it_has() -> None:
    settings = read_settings(EVERYTHING, world=WORLD)
    base = f"{'u' * 64}-one-service-production"
    built = build_policies(policy_request(settings), base=base)
    told = {each.what: each.found for each in measure_settings(settings)}
    assert {name: told[f"the policy {name}"] for name in built} == {
        name: count_characters(document) for name, document in built.items()
    }
