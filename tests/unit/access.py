# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies of a service's user, for tests."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._access.policy import (
    build_deployment_role,
    build_policies,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._access.request import PolicyRequest, read_request

ACCOUNT = "123456789012"
DEFAULTS: dict[str, Any] = {
    "region": "us-east-1",
    "project": "asesoria",
    "service": "mi-api-flask",
    "stage": "dev",
    "user": "asesoria",
    "key_pair": "lambda-builder-keys",
    "layer_names": ["flask-dependencies-py311"],
}


def request_for(*, account: str = ACCOUNT, partition: str = "aws", **changes: Any) -> PolicyRequest:
    """Return a request with the tutorial's names.

    :param account: Number of the account.
    :param partition: Partition of the account.
    :param changes: Settings in place of the tutorial's.
    """
    return read_request({**DEFAULTS, **changes}, account=account, partition=partition)


def policies_for(request: PolicyRequest) -> dict[str, dict[str, Any]]:
    """Return the documents of the user's policies, whose names begin with ``x``."""
    return build_policies(request, base="x")


def all_statements(request: PolicyRequest) -> list[dict[str, Any]]:
    """Return the statements of the user's policies and of CloudFormation's role, each once."""
    documents = [*policies_for(request).values(), build_deployment_role(request).document]
    found = {json.dumps(statement): statement for document in documents for statement in document["Statement"]}
    return list(found.values())
