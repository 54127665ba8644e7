# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy of the role iam_user as parliament sees it, which has AWS's table of actions, resources and conditions."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.tests.unit.roles import test_iam_user_policy as of_policy
from ansible_collections.asesoria.serverless.tests.unit.roles.test_iam_user_policy import (
    EVERYTHING_OF_BUILDERS,
    EVERYTHING_OF_LAYERS,
    render,
)

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
        {"iam_user_layer_bucket": "my-artifacts"},
        {"iam_user_layer_names": ["one", "two"]},
    ],
)
def test_it_finds_nothing_of_note(changes: dict[str, Any]) -> None:
    found = findings(render(**changes))
    assert [(issue, about) for issue, about in found if issue != "RESOURCE_MISMATCH" or about not in ACCEPTED] == []


def test_it_finds_nothing_of_note_where_cloudformation_has_a_role() -> None:
    user, role = of_policy.split(render(**of_policy.WITH_ROLE))
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
