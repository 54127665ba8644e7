# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ownership of a CloudFormation stack, checked before anything changes or removes it.

A stack records its owner in its tags from its creation on: ``ManagedBy``, ``Project`` and ``Service`` come from this
collection, ``STAGE`` from the Serverless CLI. A stack from before these tags has an output with a fingerprint. It is
ours unless one of its tags names another owner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner, is_ours
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stack
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import FINGERPRINT_OUTPUT

_REVIEW = "REVIEW_IN_PROGRESS"
#: Tags that record the owner, by their keys in lower case. The Serverless CLI writes ``STAGE``.
_RECORDED = {"managedby": "ManagedBy", "project": "Project", "service": "Service", "stage": "Stage"}


class ForeignStackError(ServerlessError):
    """A stack with the service's name belongs to another owner."""


def owns(stack: Stack, owner: Owner) -> bool:
    """Tell whether a stack belongs to a service.

    :param stack: Stack that has the service's name.
    :param owner: Identity of the service.
    """
    recorded = recorded_tags(stack.tags)
    if is_ours(recorded, owner):
        return True
    return FINGERPRINT_OUTPUT in stack.outputs and not _contradict(recorded, owner)


def recorded_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return those tags that record the owner, by the keys that this collection writes.

    IAM refuses a second key that differs in case only, and the role in the stack gets the stack's tags. So a key in
    another case stands for the tag.

    :param tags: Tags of a stack.
    """
    return {_RECORDED[key.lower()]: value for key, value in tags.items() if key.lower() in _RECORDED}


def describe_tags(tags: Mapping[str, str]) -> str:
    """Show all tags of a stack, as the end of a sentence."""
    shown = ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
    return f"its tags are {shown}" if shown else "it has no tags"


def explain_foreign(stack: Stack, owner: Owner) -> str:
    """Say that a stack belongs to another owner, and how that is known."""
    return (
        f"the stack {stack.name} ({stack.status}) is not the one of the service {owner.service}, stage {owner.stage}, "
        f"of the project {owner.project}: {describe_tags(stack.tags)}"
    )


class StackClaims:
    """Refusal of stacks that belong to another owner.

    :param change_set_tags: Reads the tags of the Serverless CLI's change set for a stack, by the stack's name.
    """

    def __init__(self, change_set_tags: Callable[[str], Mapping[str, str]]) -> None:
        self._change_set_tags = change_set_tags

    def owns(self, stack: Stack, owner: Owner) -> bool:
        """Tell whether a stack belongs to a service."""
        return owns(self._with_tags(stack), owner)

    def require(self, stack: Stack, owner: Owner, *, remedy: str) -> None:
        """Refuse a stack that belongs to another owner.

        :param stack: Stack that has the service's name.
        :param owner: Identity of the service.
        :param remedy: Ways out.
        :raises ForeignStackError: The stack does not belong to the service.
        """
        known = self._with_tags(stack)
        if not owns(known, owner):
            raise ForeignStackError(explain_foreign(known, owner), remedy)

    def _with_tags(self, stack: Stack) -> Stack:
        """Return a stack with its tags; before its first change set is executed, only that one may have them."""
        if stack.tags or stack.status != _REVIEW:
            return stack
        return replace(stack, tags=self._change_set_tags(stack.name))


def _contradict(recorded: Mapping[str, str], owner: Owner) -> bool:
    """Tell whether a tag names another owner."""
    expected = owner.tags()
    return any(expected[key] != value for key, value in recorded.items())
