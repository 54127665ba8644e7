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
    iam, gateway, route53 = account.client("iam"), account.client("apigatewayv2"), account.client("route53")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    name = "web-dev-us-east-1-lambdaRole"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=tagged({"team": "payments"}))
    account.client("logs").create_log_group(logGroupName="/aws/lambda/web-dev-api", tags={"team": "payments"})
    gateway.create_domain_name(DomainName="api.example.com", Tags={"team": "payments"})
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="x")["HostedZone"]["Id"].rpartition("/")[2]
    record = {"Name": "api.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    domain = {
        "name": "api.example.com",
        "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/x",
        "hosted_zone_id": zone,
    }
    account.play(check("web", serverless_deploy_domain=domain)).refused(
        f"does: the IAM role {name}, the log group /aws/lambda/web-dev-api, the domain api.example.com, the DNS record "
        f"{zone}/api.example.com. It is left as it is",
        "team=payments",
    )
    account.play(check("api")).ok()
