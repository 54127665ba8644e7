# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resources of other people with the names of what a new stack would make."""

from __future__ import annotations

import json
from typing import Any

from .support import Account, role, tagged


def check(service: str, **variables: Any) -> dict[str, Any]:
    given = {"serverless_deploy_service": service, "serverless_deploy_stage": "dev", **variables}
    return role("serverless_deploy", tasks_from="check_stack", **given)


def test_what_a_new_stack_would_make_and_exists_is_refused(account: Account) -> None:
    iam, gateway = account.client("iam"), account.client("apigatewayv2")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    name = "web-dev-us-east-1-lambdaRole"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=tagged({"team": "payments"}))
    gateway.create_domain_name(DomainName="api.example.com", Tags={"team": "payments"})
    domain = {"name": "api.example.com", "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/x"}
    account.play(check("web", serverless_deploy_domain=domain)).refused(
        f"does: the IAM role {name}, the domain api.example.com. It is left as it is", "team=payments"
    )
    account.play(check("api")).ok()
