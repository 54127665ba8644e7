# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudFormation's change sets: the tags of a stack that is not made yet."""

from __future__ import annotations

from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import explained, none_if


class ChangeSets:
    """CloudFormation's change sets.

    :param client: A boto3 client of C(cloudformation) that retries what can be retried.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def tags(self, stack: str) -> dict[str, str]:
        """Return the tags of the change set with which the Serverless CLI makes a stack; empty if there is none.

        :param stack: Name of the stack.
        """
        # The name as osls' naming.js makes it.
        found = self._describe(stack, f"{stack}-change-set") or {}
        return {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}

    @explained("reading the change set of the stack")
    @none_if("ChangeSetNotFound")
    def _describe(self, stack: str, name: str) -> dict[str, Any]:
        return dict(self._client.describe_change_set(StackName=stack, ChangeSetName=name))
