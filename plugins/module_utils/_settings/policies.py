# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies and names that the settings lead to, compared with AWS's limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.asesoria.serverless.plugins.module_utils._access.limits import (
    Measure,
    measure_policies,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._access.request import (
    PolicyDomain,
    PolicyRequest,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._access.scope import UNKNOWN_ACCOUNT, AwsScope

from . import limits
from .names import APP_FUNCTION, deployment_role_name, function_name, lambda_role_name, policy_name
from .settings import Settings


def policy_request(settings: Settings, *, account: str = UNKNOWN_ACCOUNT) -> PolicyRequest:
    """Return what the user of the settings must be allowed to do.

    :param settings: All settings.
    :param account: Number of the account.
    """
    access, builders = settings.access, settings.builders
    return PolicyRequest(
        scope=AwsScope(settings.partition, settings.region, account),
        owner=settings.identity,
        user=settings.names.user,
        key_pair=settings.names.key_pair,
        layer_names=access.layer_names,
        front_doors=access.front_doors,
        domains=tuple(PolicyDomain(each["name"], each.get("hosted_zone_id") or "") for each in access.domains),
        function_vpc=access.function_vpc,
        function_alias=access.function_alias,
        layer_bucket=settings.layer_store.bucket,
        layer_regions=access.layer_regions,
        layer_create_bucket=settings.layer_store.create,
        layer_share=access.layer_share,
        layer_prune=access.layer_prune,
        builder_spot=builders.spot,
        builder_profile=access.builder_profile,
        python_bucket=builders.python_bucket,
        deployment_role=access.deployment_role,
        playbooks=access.playbooks,
    )


def measure_settings(settings: Settings) -> Iterator[Measure]:
    """Compute what AWS limits of the policies and names for some settings.

    Without a user there are no policies. Names that AWS refuses are refused before.

    :param settings: All settings.
    """
    owner, region = settings.identity, settings.region
    if settings.access.create_user:
        base = policy_name(settings.names.user, owner, playbook="").removesuffix("-")
        yield from measure_policies(policy_request(settings), base=base)
    for function in (APP_FUNCTION, *settings.function.functions):
        name = function_name(owner, function=function)
        yield Measure(f"the function {name}", len(name), limits.FUNCTION.longest)
        log_group = f"/aws/lambda/{name}"
        yield Measure(f"the log group {log_group}", len(log_group), limits.LOG_GROUP_LONGEST)
    roles = [lambda_role_name(owner, region=region)]
    if settings.access.deployment_role:
        roles.append(deployment_role_name(owner, region=region))
    yield from (Measure(f"the IAM role {role}", len(role), limits.ROLE.longest) for role in roles)


def fullest(measures: Iterable[Measure]) -> list[Measure]:
    """Return the measure nearest to its limit for each limit, the fullest first.

    :param measures: All measures.
    """
    found: dict[int, Measure] = {}
    for each in measures:
        found[each.limit] = max(found.get(each.limit, each), each, key=lambda measure: measure.found)
    return sorted(found.values(), key=lambda each: each.found / each.limit, reverse=True)
