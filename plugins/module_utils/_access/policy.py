# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies of a service's user, and the role with which CloudFormation acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .builder_statements import list_builder_statements
from .deploy_statements import list_caller_statements, list_stack_statements
from .domain_statements import list_domain_statements
from .layer_statements import list_layer_statements
from .names import list_sections, name_parts
from .request import BUILDER, DEPLOY, DOMAIN, LAYER, PolicyRequest
from .statement import Document, Statement, make_document, split_statements

#: Characters of a managed policy without white space. Source: IAM User Guide, "IAM and AWS STS quotas", 2026-12-01.
MAX_MANAGED_POLICY = 6144


@dataclass(frozen=True)
class DeploymentRole:
    """The role with which CloudFormation makes, changes and removes the stack's resources.

    :param name: Name of the role.
    :param document: Document of its inline policy.
    :param trust: Document that says who can assume the role.
    """

    name: str
    document: Document
    trust: Document


def build_policies(request: PolicyRequest, *, base: str) -> dict[str, Document]:
    """Build the managed policies of a user, by name.

    A section whose statements don't fit into one policy gets several.

    :param request: Settings of the user's policies.
    :param base: Beginning of the policies' names.
    """
    policies: dict[str, Document] = {}
    for section in list_sections(request):
        parts = split_statements(_SECTIONS[section](request), limit=MAX_MANAGED_POLICY)
        names = name_parts(base, section, parts=len(parts))
        policies.update({name: make_document(part) for name, part in zip(names, parts, strict=True)})
    return policies


def build_deployment_role(request: PolicyRequest) -> DeploymentRole:
    """Build the role with which CloudFormation acts.

    :param request: Settings of the user's policies.
    """
    return DeploymentRole(
        name=request.deployment_role_name,
        document=make_document([*list_stack_statements(request), *list_domain_statements(request)]),
        trust=_trust_cloudformation(request.scope.account),
    )


def _trust_cloudformation(account: str) -> Document:
    """Build the trust policy of a role for CloudFormation.

    A role can be passed to CloudFormation of its own account only. AWS does not promise that CloudFormation says which
    account it acts for, so the condition applies if it does.
    """
    statement: Mapping[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": account}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _list_deploy_statements(request: PolicyRequest) -> Iterator[Statement]:
    yield from list_caller_statements(request)
    if not request.deployment_role:
        yield from list_stack_statements(request)


_SECTIONS: Mapping[str, Callable[[PolicyRequest], Iterator[Statement]]] = {
    BUILDER: list_builder_statements,
    LAYER: list_layer_statements,
    DEPLOY: _list_deploy_statements,
    DOMAIN: list_domain_statements,
}
