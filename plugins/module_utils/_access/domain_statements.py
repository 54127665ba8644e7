# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions of a service's domains: the domain in API Gateway, and its record in Route 53."""

from __future__ import annotations

from collections.abc import Iterator

from .request import PolicyRequest
from .statement import Statement


def list_domain_statements(request: PolicyRequest) -> Iterator[Statement]:
    """List the statements with which CloudFormation makes the domains and their records.

    :param request: Settings of the user's policies.
    """
    if request.domains:
        yield from _domains(request)
    if request.domains_in_zones:
        yield from _records(request)


def _domains(request: PolicyRequest) -> Iterator[Statement]:
    paths = ["/domainnames"]
    for domain in request.domains:
        paths += [f"/domainnames/{domain.name}{end}" for end in ("", "/apimappings", "/apimappings/*")]
    yield Statement(
        "Domain",
        ("apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST"),
        tuple(request.scope.arn("apigateway", path) for path in paths),
    )
    if not request.uses_api_gateway:
        # An API brings the same for its own tags.
        tags = request.scope.arn("apigateway", "/tags/*")
        yield Statement("DomainTags", ("apigateway:DELETE", "apigateway:PUT"), (tags,))
    service_role = "role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway"
    yield Statement("DomainRole", ("iam:CreateServiceLinkedRole",), (request.scope.arn("iam", service_role),))


def _records(request: PolicyRequest) -> Iterator[Statement]:
    domains = request.domains_in_zones
    zones = tuple(
        dict.fromkeys(request.scope.arn("route53", f"hostedzone/{domain.hosted_zone_id}") for domain in domains)
    )
    names = [domain.name for domain in domains]
    yield Statement(
        "DomainRecord",
        ("route53:ChangeResourceRecordSets",),
        zones,
        {
            "ForAllValues:StringEquals": {
                "route53:ChangeResourceRecordSetsNormalizedRecordNames": names,
                "route53:ChangeResourceRecordSetsRecordTypes": ["A"],
            }
        },
    )
    yield Statement("DomainZone", ("route53:GetHostedZone", "route53:ListResourceRecordSets"), zones)
    yield Statement("DomainChange", ("route53:GetChange",), (request.scope.arn("route53", "change/*"),))
