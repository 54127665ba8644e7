# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies of a service's user, compared with those that a Jinja template rendered before.

``tests/unit/data/iam_policies.json`` has the statements of that template: those of the defaults, and for a matrix of
settings those that differ.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._access.names import list_possible_names
from ansible_collections.asesoria.serverless.plugins.module_utils._access.policy import MAX_MANAGED_POLICY
from ansible_collections.asesoria.serverless.plugins.module_utils._access.request import (
    PolicyRequest,
    PolicyRequestError,
    read_request,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._access.statement import (
    Statement,
    count_characters,
    make_document,
    split_statements,
)
from ansible_collections.asesoria.serverless.tests.unit.access import (
    DEFAULTS,
    all_statements,
    policies_for,
    request_for,
)

DATA = Path(__file__).parents[2] / "data" / "iam_policies.json"
GOLDEN = json.loads(DATA.read_text(encoding="utf-8"))
#: Every option, twelve layers and long names, with which the template's deploy policy had more than IAM allows.
LARGE: dict[str, Any] = {
    "service": "a-service-with-quite-a-long-name",
    "stage": "production",
    "layer_names": [f"a-layer-with-quite-a-long-name-{number}" for number in range(12)],
    "front_doors": ["http_api", "rest_api", "function_url"],
    "function_vpc": True,
    "function_alias": True,
}


def of_template(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a copy of the statements that the template rendered."""
    statements = {**GOLDEN["defaults"], **case["changed"]}
    return json.loads(json.dumps([each for name, each in statements.items() if name not in case["gone"]]))


def canonical(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort statements, and write a list of one value as that value, which means the same."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        return value[0] if isinstance(value, list) and len(value) == 1 else value

    return sorted((plain(statement) for statement in statements), key=lambda each: str(each["Sid"]))


def as_json(statements: list[dict[str, Any]]) -> str:
    """Return statements as JSON with sorted keys."""
    return json.dumps(statements, indent=1, sort_keys=True)


def with_wanted_changes(statements: list[dict[str, Any]], request: PolicyRequest) -> list[dict[str, Any]]:
    """Apply the changes that were wanted since the template."""
    own = request.owner.tags()
    for statement in statements:
        condition = statement.get("Condition", {}).get("StringEquals", {})
        if "aws:RequestTag/Project" in condition:
            statement["Condition"] = {"StringEquals": {f"aws:RequestTag/{tag}": value for tag, value in own.items()}}
        if statement["Sid"] == "DeployRead" and request.function_vpc:
            statement["Action"] = sorted([*statement["Action"], "ec2:DescribeNetworkInterfaces"])
        for key in ("aws:ResourceTag", "ssm:resourceTag"):
            if f"{key}/Project" in condition:
                statement["Condition"] = {
                    "StringEquals": {f"{key}/{tag}": own[tag] for tag in ("ManagedBy", "Project", "Stage")},
                    "StringEqualsIfExists": {f"{key}/Service": own["Service"]},
                }
        if statement["Sid"] in ("DeployBucket", "DeployDirectBucket") and len(request.stack) <= 22:
            bucket = f"arn:{request.scope.partition}:s3:::{request.stack}-serverlessdeploymentbucket-*"
            statement["Resource"] = [bucket, f"{bucket}/*"]
    return statements


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=[each["case"] for each in GOLDEN["cases"]])
def test_the_statements_are_those_of_the_template_and_the_wanted_changes(case: dict[str, Any]) -> None:
    request = request_for(**case["request"])
    wanted = with_wanted_changes(canonical(of_template(case)), request)
    assert as_json(canonical(all_statements(request))) == as_json(wanted)


def test_a_policy_that_is_too_long_becomes_several_that_allow_the_same() -> None:
    request = request_for(**LARGE)
    policies = policies_for(request)
    assert list(policies) == ["x-builder", "x-layer", "x-deploy", "x-deploy-2"]
    assert all(count_characters(document) <= MAX_MANAGED_POLICY for document in policies.values())
    split = [each for name in ("x-deploy", "x-deploy-2") for each in policies[name]["Statement"]]
    assert count_characters({"Version": "2012-10-17", "Statement": split}) > MAX_MANAGED_POLICY
    short = policies_for(request_for(**{**LARGE, "layer_names": ["one"]}))["x-deploy"]["Statement"]
    assert [each["Sid"] for each in split] == [each["Sid"] for each in short]
    assert set(policies) < set(list_possible_names(["x"]))


def test_a_statement_that_is_too_long_is_divided_by_its_resources() -> None:
    resources = tuple(f"arn:{number}" for number in range(100))
    statement = Statement("Long", ("lambda:GetFunction",), resources)
    parts = split_statements([statement], limit=300)
    assert tuple(resource for part in parts for each in part for resource in each.resources) == resources
    assert len({each.sid for part in parts for each in part}) == sum(map(len, parts)) > 1
    assert all(count_characters(make_document(part)) <= 300 for part in parts)
    assert split_statements([statement], limit=10_000) == [[statement]]


@pytest.mark.parametrize(
    ("document", "characters"),
    [({}, 2), ({"a": "b c"}, 10), ({"a": ["b", "ñ"]}, 20)],
)
def test_white_space_does_not_count(document: dict[str, Any], characters: int) -> None:
    assert count_characters(document) == characters


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"front_doors": ["alb"]}, "the front door 'alb' is none of http_api, rest_api, function_url"),
        ({"playbooks": ["verify"]}, "the playbook 'verify' is none of builder, layer, deploy"),
        ({"layer_names": ["*"]}, "the name '*' has a character that IAM reads as a pattern"),
        ({"service": "shop?"}, "the name 'shop?' has a character that IAM reads as a pattern"),
        ({"user": "${aws:username}"}, "IAM reads as a pattern"),
        ({"domains": [{"name": "*.example.com"}]}, "the name '*.example.com' has a character"),
        ({"domains": [{"hosted_zone_id": "Z1"}]}, "a domain has no name"),
        ({"layer_name": "x"}, "a policy has no setting layer_name"),
    ],
)
def test_settings_that_would_allow_something_else_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyRequestError, match=problem.translate({ord(c): f"\\{c}" for c in "*?"})):
        request_for(**changes)


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_setting_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(PolicyRequestError, match=f"needs the setting {name}"):
        read_request({key: value for key, value in DEFAULTS.items() if key != name})
