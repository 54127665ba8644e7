# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of the policies that a user of the chain has."""

from __future__ import annotations

from collections.abc import Sequence

from .request import DEPLOY, DOMAIN, PLAYBOOKS, PolicyRequest

#: Documents that a policy may be split into. IAM attaches ten policies to a user, unless the quota was raised.
_MOST_PARTS = 10


def list_sections(request: PolicyRequest) -> list[str]:
    """List the sections that the user has a policy for: its playbooks, and the domain that goes with deploy.yml.

    :param request: Settings of the user's policies.
    """
    with_domain = DEPLOY in request.playbooks and request.domains and not request.deployment_role
    return [*request.playbooks, *([DOMAIN] if with_domain else [])]


def name_parts(base: str, section: str, *, parts: int) -> list[str]:
    """Name the policies of a section.

    >>> name_parts("shop-dev", "deploy", parts=2)
    ['shop-dev-deploy', 'shop-dev-deploy-2']

    :param base: Beginning of the policies' names.
    :param section: Playbook that the policies are for.
    :param parts: Number of policies that the section takes.
    """
    return [f"{base}-{section}" if part == 1 else f"{base}-{section}-{part}" for part in range(1, parts + 1)]


def list_possible_names(bases: Sequence[str]) -> list[str]:
    """List the names of all policies that a user may have from this or an earlier run with other settings.

    :param bases: Beginnings of the policies' names. Each is also the name of a policy that the user wrote itself.
    """
    sections = (*PLAYBOOKS, DOMAIN)
    return [
        name
        for base in bases
        for name in [base, *(name for each in sections for name in name_parts(base, each, parts=_MOST_PARTS))]
    ]
