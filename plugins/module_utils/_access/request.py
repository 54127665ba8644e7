# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings that decide what the user of a service must be allowed to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

from .scope import UNKNOWN_ACCOUNT, AwsScope

HTTP_API, REST_API, FUNCTION_URL = FRONT_DOORS = ("http_api", "rest_api", "function_url")
BUILDER, LAYER, DEPLOY = PLAYBOOKS = ("builder", "layer", "deploy")
DOMAIN = "domain"
#: The bucket for layers of the role lambda_layer, where it makes one and no other is named.
_DEFAULT_BUCKET = "asesoria-layers-{account}-{region}"
_IDENTITY = ("project", "service", "stage")
#: Characters that IAM reads as a pattern or a variable in an ARN.
_PATTERN = re.compile(r"[*?]|\$\{")


class PolicyRequestError(ServerlessError):
    """The settings of the user's policies are wrong."""


@dataclass(frozen=True)
class PolicyDomain:
    """A domain of the service.

    :param name: Name of the domain.
    :param hosted_zone_id: Identifier of the hosted zone that gets the domain's record; empty for none.
    """

    name: str
    hosted_zone_id: str = ""


@dataclass(frozen=True)
class PolicyRequest:
    """The settings that decide what the user of a service must be allowed to do.

    :param scope: Partition, region and account of the service.
    :param owner: Identity of the service.
    :param user: Name of the IAM user.
    :param key_pair: Name of the builder's key pair.
    :param layer_names: Names of the layers.
    :param front_doors: Front doors of the service.
    :param domains: Domains of the service.
    :param function_vpc: Whether the function is in a VPC.
    :param function_alias: Whether the front door calls an alias of the function.
    :param layer_bucket: Bucket that large layers go through, with C({account}) and C({region}); empty for none.
    :param layer_regions: More regions in which the layers are published.
    :param layer_create_bucket: Whether the bucket for layers is made by the chain.
    :param layer_share: Whether layers are shared with other accounts.
    :param layer_prune: Whether old versions of layers are deleted.
    :param builder_spot: Whether builders come from the spot market.
    :param builder_profile: Instance profile of the builders, and role of the same name; empty for none.
    :param python_bucket: Bucket with built Pythons; empty for none.
    :param deployment_role: Whether CloudFormation has a role of its own.
    :param playbooks: Playbooks that the user may run.
    """

    scope: AwsScope
    owner: Owner
    user: str
    key_pair: str
    layer_names: tuple[str, ...]
    front_doors: tuple[str, ...] = (HTTP_API,)
    domains: tuple[PolicyDomain, ...] = ()
    function_vpc: bool = False
    function_alias: bool = False
    layer_bucket: str = ""
    layer_regions: tuple[str, ...] = ()
    layer_create_bucket: bool = False
    layer_share: bool = False
    layer_prune: bool = False
    builder_spot: bool = False
    builder_profile: str = ""
    python_bucket: str = ""
    deployment_role: bool = False
    playbooks: tuple[str, ...] = PLAYBOOKS

    @property
    def stack(self) -> str:
        """Name of the service's stack."""
        return f"{self.owner.service}-{self.owner.stage}"

    @property
    def function_role(self) -> str:
        """Name of the function's role, as the Serverless CLI makes it."""
        return f"{self.stack}-{self.scope.region}-lambdaRole"

    @property
    def deployment_role_name(self) -> str:
        """Name of the role with which CloudFormation acts."""
        return f"{self.stack}-{self.scope.region}-deployment"

    @property
    def all_layer_regions(self) -> tuple[str, ...]:
        """Regions in which the layers are published."""
        return tuple(dict.fromkeys((self.scope.region, *self.layer_regions)))

    @property
    def bucket_for_layers(self) -> str:
        """Bucket that large layers go through, with C({region}) still in it; empty for none."""
        bucket = self.layer_bucket or (_DEFAULT_BUCKET if self.layer_create_bucket else "")
        return bucket.replace("{account}", self.scope.account)

    @property
    def uses_rest_api(self) -> bool:
        """Whether a REST API is among the front doors."""
        return REST_API in self.front_doors

    @property
    def uses_api_gateway(self) -> bool:
        """Whether the service has, or has had, an API of API Gateway."""
        return HTTP_API in self.front_doors or self.uses_rest_api

    @property
    def domains_in_zones(self) -> tuple[PolicyDomain, ...]:
        """Domains whose records the chain makes."""
        return tuple(domain for domain in self.domains if domain.hosted_zone_id)


def read_request(given: Mapping[str, Any], *, account: str = "", partition: str = "") -> PolicyRequest:
    """Read the settings of a user's policies.

    :param given: Settings by the names of the fields of :class:`PolicyRequest`, with C(region), C(project), C(service)
        and C(stage) in place of the first two.
    :param account: Number of the account; empty if it is not known.
    :param partition: Partition of the account; empty if it is not known.
    :raises PolicyRequestError: A setting is unknown, missing or can't be part of an ARN.
    """
    _require_known(given)
    values = {name: _read_value(name, value) for name, value in given.items()}
    region = values.pop("region")
    request = PolicyRequest(
        scope=AwsScope(partition or "aws", region, account or UNKNOWN_ACCOUNT),
        owner=Owner(**{name: values.pop(name) for name in _IDENTITY}),
        **values,
    )
    problems = list(_problems(request))
    if problems:
        raise PolicyRequestError("; ".join(problems), "Correct the setting, then run again")
    return request


def _require_known(given: Mapping[str, Any]) -> None:
    known = {*_IDENTITY, "region", *(field.name for field in fields(PolicyRequest))} - {"scope", "owner"}
    unknown = sorted(set(given) - known)
    if unknown:
        raise PolicyRequestError(f"a policy has no setting {', '.join(unknown)}", f"Use {', '.join(sorted(known))}")
    needed = {*_IDENTITY, "region", *(field.name for field in fields(PolicyRequest) if field.default is MISSING)}
    missing = sorted(needed - {"scope", "owner"} - set(given))
    if missing:
        raise PolicyRequestError(f"a policy needs the setting {', '.join(missing)}", "Add the setting, then run again")


def _read_value(name: str, value: Any) -> Any:
    if name == "domains":
        return tuple(PolicyDomain(str(each.get("name") or ""), str(each.get("hosted_zone_id") or "")) for each in value)
    if isinstance(value, (list, tuple)):
        return tuple(str(each) for each in value)
    return value if isinstance(value, bool) else str(value)


def _problems(request: PolicyRequest) -> Iterator[str]:
    for front_door in request.front_doors:
        if front_door not in FRONT_DOORS:
            yield f"the front door {front_door!r} is none of {', '.join(FRONT_DOORS)}"
    for playbook in request.playbooks:
        if playbook not in PLAYBOOKS:
            yield f"the playbook {playbook!r} is none of {', '.join(PLAYBOOKS)}"
    if not all(domain.name for domain in request.domains):
        yield "a domain has no name"
    for name in _names_in_arns(request):
        if _PATTERN.search(name):
            yield f"the name {name!r} has a character that IAM reads as a pattern (*, ? or ${{)"


def _names_in_arns(request: PolicyRequest) -> Iterator[str]:
    yield from (request.scope.region, request.user, request.owner.service, request.owner.stage, request.key_pair)
    yield from (request.layer_bucket, request.builder_profile, request.python_bucket)
    yield from request.layer_names
    for domain in request.domains:
        yield from (domain.name, domain.hosted_zone_id)
