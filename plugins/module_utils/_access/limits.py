# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM's limits for the policies of a user, computed before AWS is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .policy import MAX_MANAGED_POLICY, build_deployment_role, build_policies
from .request import PolicyRequest
from .statement import count_characters

#: Source: IAM User Guide, "IAM and AWS STS quotas", read on 2026-12-01. All inline policies of a role count together,
#: and white space does not count. The second quota is 10 policies, and AWS raises it up to this number.
MAX_INLINE_POLICIES = 10_240
MAX_ATTACHED_POLICIES = 20


@dataclass(frozen=True)
class LimitProblem:
    """A limit of IAM that the settings exceed.

    :param problem: What exceeds which limit, one sentence without a full stop at the end.
    :param action: What to do, likewise.
    """

    problem: str
    action: str


def find_limit_problems(request: PolicyRequest, *, base: str) -> Iterator[LimitProblem]:
    """Find the limits of IAM that the policies for some settings exceed.

    :param request: Settings of the user's policies.
    :param base: Beginning of the policies' names.
    """
    policies = build_policies(request, base=base)
    for name, document in policies.items():
        found = count_characters(document)
        if found > MAX_MANAGED_POLICY:
            yield LimitProblem(
                f"the policy {name} would have {found:,} characters, and IAM allows {MAX_MANAGED_POLICY:,}",
                "Use fewer domains, or shorter names",
            )
    if len(policies) > MAX_ATTACHED_POLICIES:
        yield LimitProblem(
            f"the user {request.user} would need {len(policies)} managed policies, and IAM attaches "
            f"{MAX_ATTACHED_POLICIES} to a user at most",
            "Use fewer layers, or shorter names",
        )
    if request.deployment_role:
        yield from _find_role_problems(request)


def _find_role_problems(request: PolicyRequest) -> Iterator[LimitProblem]:
    role = build_deployment_role(request)
    found = count_characters(role.document)
    if found > MAX_INLINE_POLICIES:
        yield LimitProblem(
            f"the inline policy of the role {role.name} would have {found:,} characters, and IAM allows "
            f"{MAX_INLINE_POLICIES:,}",
            "Use fewer layers or domains, or shorter names, or set asesoria_deployment_role to false",
        )
