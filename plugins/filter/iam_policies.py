# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IAM policies of a service's user for the role iam_user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._access.names import list_possible_names
from ansible_collections.asesoria.serverless.plugins.module_utils._access.policy import (
    build_deployment_role,
    build_policies,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._access.request import read_request
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError


def iam_policies(settings: Mapping[str, Any], base: str, account: str = "", partition: str = "") -> dict[str, Any]:
    """Build the policies of a user; see the filter's own documentation."""
    try:
        request = read_request(settings, account=account, partition=partition)
    except ServerlessError as error:
        raise AnsibleFilterError(str(error)) from error
    return {
        "policies": build_policies(request, base=base),
        "deployment_role": asdict(build_deployment_role(request)),
        "possible_names": list_possible_names([base, f"{request.user}-serverless"]),
    }


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"iam_policies": iam_policies}
