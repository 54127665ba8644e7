# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies that the settings lead to, compared with IAM's limits."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.asesoria.serverless.plugins.module_utils._access.limits import (
    LimitProblem,
    find_limit_problems,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._access.request import (
    PolicyDomain,
    PolicyRequest,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._access.scope import UNKNOWN_ACCOUNT, AwsScope

from .names import policy_name
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


def find_policy_problems(settings: Settings) -> Iterator[LimitProblem]:
    """Find the limits of IAM that the user's policies exceed. There are none without a user.

    :param settings: All settings.
    """
    if settings.access.create_user:
        base = policy_name(settings.names.user, settings.identity, playbook="").removesuffix("-")
        yield from find_limit_problems(policy_request(settings), base=base)
