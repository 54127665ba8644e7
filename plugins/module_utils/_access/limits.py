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
class Measure:
    """A number that AWS limits, computed for some settings.

    :param what: What has so many of the unit.
    :param found: The number.
    :param limit: Greatest number that AWS allows.
    :param unit: What is counted.
    :param action: What to do where the number is too great, one sentence without a full stop at the end.
    """

    what: str
    found: int
    limit: int
    unit: str = "characters"
    action: str = "Use shorter names"

    @property
    def exceeds(self) -> bool:
        """Whether AWS would refuse it."""
        return self.found > self.limit

    @property
    def problem(self) -> str:
        """Why AWS would refuse it, one sentence without a full stop at the end."""
        return f"{self.what} would have {self.found:,} {self.unit}, and AWS allows {self.limit:,}"

    @property
    def share(self) -> str:
        """How much of the limit is taken, for a table."""
        return f"{self.what} has {self.found:,} of {self.limit:,} {self.unit}"


def measure_policies(request: PolicyRequest, *, base: str) -> Iterator[Measure]:
    """Compute what IAM limits of the policies for some settings.

    :param request: Settings of the user's policies.
    :param base: Beginning of the policies' names.
    """
    policies = build_policies(request, base=base)
    for name, document in policies.items():
        yield Measure(
            f"the policy {name}",
            count_characters(document),
            MAX_MANAGED_POLICY,
            action="Use fewer domains, or shorter names",
        )
    yield Measure(
        f"the IAM user {request.user}",
        len(policies),
        MAX_ATTACHED_POLICIES,
        unit="managed policies (the quota is 10 until you have it raised)",
        action="Use fewer layers, or shorter names",
    )
    if request.deployment_role:
        role = build_deployment_role(request)
        yield Measure(
            f"the inline policy of the IAM role {role.name}",
            count_characters(role.document),
            MAX_INLINE_POLICIES,
            action="Use fewer layers or domains, or shorter names, or set asesoria_deployment_role to false",
        )
