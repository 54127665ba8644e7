# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._access.policy_use import (
    OwnedPolicy,
    PolicyUse,
    sort_policies,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner

WEB, API, PROD = (Owner("p", service, stage) for service, stage in (("web", "dev"), ("api", "dev"), ("web", "prod")))


def policy(name: str, tags: dict[str, str], *, attached: bool = True, stack: str = "") -> OwnedPolicy:
    resource: Any = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{stack}/*" if stack else ["*"]
    document = {"Statement": [{"Resource": resource}]}
    return OwnedPolicy(name=name, arn=f"arn:{name}", tags=tags, document=document, attached=attached)


def old(owner: Owner) -> dict[str, str]:
    return {key: value for key, value in owner.tags().items() if key != "Service"}


@pytest.mark.parametrize(
    ("policies", "use"),
    [
        pytest.param([], PolicyUse((), (), ()), id="none"),
        pytest.param(
            [policy("b", WEB.tags()), policy("a", WEB.tags(), attached=False)],
            PolicyUse(("a", "b"), (), ()),
            id="ours, attached or not",
        ),
        pytest.param(
            [policy("a", WEB.tags()), policy("b", API.tags()), policy("c", API.tags()), policy("d", PROD.tags())],
            PolicyUse(("a",), ("arn:b", "arn:c", "arn:d"), ("service api, stage dev", "service web, stage prod")),
            id="other services and stages",
        ),
        pytest.param(
            [policy("b", API.tags(), attached=False)],
            PolicyUse((), (), ()),
            id="another service's that the user does not have",
        ),
        pytest.param([policy("a", {"team": "x"}), policy("b", {})], PolicyUse((), (), ()), id="not made here"),
        pytest.param(
            [policy("a-deploy", old(WEB), stack="web-dev"), policy("a-layer", old(WEB))],
            PolicyUse(("a-deploy", "a-layer"), (), ()),
            id="from before, of this service",
        ),
        pytest.param(
            [policy("a-deploy", old(API), stack="api-dev"), policy("a-layer", old(API))],
            PolicyUse((), ("arn:a-deploy", "arn:a-layer"), ("the stack api-dev",)),
            id="from before, of another service",
        ),
        pytest.param([policy("a-layer", old(WEB))], PolicyUse(("a-layer",), (), ()), id="from before, no stack named"),
        pytest.param(
            [policy("a-layer", old(PROD))],
            PolicyUse((), ("arn:a-layer",), ("the stage prod",)),
            id="from before, of another stage",
        ),
        pytest.param(
            [policy("new", API.tags(), stack="api-dev"), policy("a-layer", old(WEB))],
            PolicyUse(("a-layer",), ("arn:new",), ("service api, stage dev",)),
            id="the stack of a tagged policy says nothing about old ones",
        ),
        pytest.param(
            [policy("a", {**WEB.tags(), "Project": "q"})],
            PolicyUse((), ("arn:a",), ("service web, stage dev",)),
            id="another project's",
        ),
    ],
)
def test_policies_are_told_apart(policies: list[OwnedPolicy], use: PolicyUse) -> None:
    assert sort_policies(policies, WEB) == use
