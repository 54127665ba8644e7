# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusal of what would remove or replace resources with data, unless the stack's name confirms it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stack, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

from .change_set import UpdatePreview
from .losses import Loss, losses_between, losses_of_changes
from .stateful_resources import data_holders, holds_data


class DataLossError(ServerlessError):
    """What was asked for would delete data, and nobody has confirmed that."""


class LossGuard:
    """Reads which resources an update or a removal of a stack takes away.

    :param stacks: CloudFormation's stacks.
    :param preview: Has CloudFormation say what an update changes.
    :param warn: Is told what leaves the stack and stays in the account.
    """

    def __init__(self, *, stacks: Stacks, preview: UpdatePreview, warn: Callable[[str], None]) -> None:
        self._stacks = stacks
        self._preview = preview
        self._warn = warn

    def update(self, stack: Stack, template: Mapping[str, Any], *, exact: bool, every: bool) -> tuple[Loss, ...]:
        """Read what an update removes or replaces.

        :param stack: The stack as it is.
        :param template: The new template.
        :param exact: Have CloudFormation make a change set and delete it again, which tells what references lead to.
            Without it, the templates are compared.
        :param every: Read all resources, in place of those with data.
        """
        resources = self._stacks.resources(stack.name)
        if not every and not any(holds_data(resource) for resource in resources):
            return ()
        deployed = self._stacks.template(stack.name)
        changes = self._preview.changes(stack.name, template=template) if exact else None
        found = (
            losses_between(deployed, template, resources=resources)
            if changes is None
            else losses_of_changes(changes, before=deployed, after=template)
        )
        return tuple(loss for loss in found if every or loss.holds_data)

    def require_update(self, losses: Iterable[Loss], *, stack: str, confirm: str) -> None:
        """Refuse an update that would delete data, and tell what leaves the stack and stays.

        :param losses: What the update removes or replaces.
        :param stack: Name of the stack.
        :param confirm: Name of the stack that may lose data; empty for none.
        :raises DataLossError: Data would be deleted, and the stack's name was not given.
        """
        data = [loss for loss in losses if loss.holds_data]
        lost = [loss.words for loss in data if not loss.stays]
        if lost and confirm != stack:
            raise DataLossError(
                f"the stack {stack} is not updated, since data would be deleted with it: {'; '.join(lost)}",
                "Keep these resources in the template as they are. Or save the data, then confirm the loss with "
                f"confirm: {stack}",
            )
        for loss in data:
            if loss.stays:
                kept = "a snapshot of it stays" if loss.policy == "Snapshot" else "it stays in the account"
                self._warn(f"{loss.words} in the stack {stack}; {kept}, by its policy {loss.policy}.")

    def require_removal(self, stack: str, *, confirm: str) -> None:
        """Refuse to remove a stack with data that would be deleted.

        :param stack: Name of the stack.
        :param confirm: Name of the stack that may lose data; empty for none.
        :raises DataLossError: Data would be deleted, and the stack's name was not given.
        """
        if confirm == stack:
            return
        resources = self._stacks.resources(stack)
        if not any(holds_data(resource) for resource in resources):
            return
        holders = data_holders(resources, template=self._stacks.template(stack))
        lost = [f"{each.logical_id} ({each.kind}, {each.name})" for each in holders if not each.stays]
        if lost:
            raise DataLossError(
                f"the stack {stack} is not removed, since data would be deleted with it: {'; '.join(lost)}",
                f"Save the data, then confirm the loss with confirm: {stack}",
            )
