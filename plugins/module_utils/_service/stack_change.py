# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change a stack by the CLI, and go by CloudFormation's word on whether that succeeded, not by the CLI's.

CloudFormation goes on without the one who asked for the change. A lost reply or an outage therefore says nothing about
the stack, and neither does a CLI that was stopped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import is_outage
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stack, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: Seconds that an outage may last before the stack is given up on.
_OUTAGE_PATIENCE = 300.0
#: Seconds between two reads of the stack's status.
_INTERVAL = 2.0
#: How often a settled stack is read in a row. DescribeStacks may show the old status just after ExecuteChangeSet.
_READS = 3


class UncertainError(ServerlessError):
    """It is not known whether a stack holds, or will hold, the version that it was being changed to."""


@dataclass(frozen=True)
class Change:
    """A change of a stack.

    :param name: Name of the stack.
    :param doing: The change in words, such as "deploying".
    :param apply: Function that asks for the change and returns when it is done.
    :param repeat: Function that does the same once more, after the first attempt has left its change set.
    :param arrived: Function that returns True for a settled stack that holds the wanted version.
    :param abandon: Function that cleans up once it is certain that the stack will not hold the wanted version.
    :param meanwhile: The code that may answer as long as nothing is certain, as a sentence without its full stop.
    """

    name: str
    doing: str
    apply: Callable[[], None]
    repeat: Callable[[], None]
    arrived: Callable[[Stack], bool]
    abandon: Callable[[Stack | None], None]
    meanwhile: str


class StackChanges:
    """Changes of stacks.

    :param stacks: Stacks of CloudFormation.
    :param pending: Function that returns what identifies the CLI's change set of a stack that is yet to be executed, by
        the stack's name; empty if there is none.
    :param warn: Function that shows the user a warning.
    :param timeout: Seconds to wait for a stack that is being changed.
    :param clock: Function that returns the time in seconds.
    :param sleep: Function that waits for seconds.
    """

    def __init__(
        self,
        *,
        stacks: Stacks,
        pending: Callable[[str], str],
        warn: Callable[[str], None],
        timeout: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._stacks = stacks
        self._pending = pending
        self._warn = warn
        self._timeout = timeout
        self._clock = clock
        self._sleep = sleep

    def make(self, change: Change) -> Stack | None:
        """Make a change and return the stack as CloudFormation has settled it.

        :param change: The change.
        :returns: The stack; ``None`` if there is none. If the CLI did not fail, it may hold another version.
        :raises UncertainError: CloudFormation can't be asked what became of the change.
        :raises ServerlessError: The change failed, and the stack does not hold the wanted version.
        """
        earlier = self._read_pending(change)
        failure, stack, arrived = self._attempt(change, change.apply)
        if failure is not None and not arrived and self._read_pending(change) not in ("", earlier):
            # CloudFormation has refused nothing: the reply to the CLI was lost, or the network was.
            self._warn(f"{failure} CloudFormation has the change set and was not asked to execute it. Asked once more.")
            failure, stack, arrived = self._attempt(change, change.repeat)
        if not arrived:
            change.abandon(stack)
        if failure is None:
            return stack
        if not arrived:
            raise failure
        self._warn(f"{failure} CloudFormation has brought the stack {change.name} to the wanted version all the same.")
        return stack

    def _read_pending(self, change: Change) -> str:
        # What can't be read is not there: then nothing is repeated.
        with contextlib.suppress(ServerlessError):
            return self._pending(change.name)
        return ""

    def _attempt(self, change: Change, apply: Callable[[], None]) -> tuple[ServerlessError | None, Stack | None, bool]:
        """Ask for a change. Return why the CLI failed, the stack, and whether it holds the wanted version."""
        failure: ServerlessError | None = None
        try:
            apply()
        except ServerlessError as error:
            failure = error
        except BaseException:
            # A signal. The caller is to end; no one waits for an answer, but the next run waits for the work folder.
            with contextlib.suppress(ServerlessError):
                stack, arrived = self._settled(change, timeout=0, outage=0)
                if not arrived:
                    change.abandon(stack)
            raise
        try:
            return (failure, *self._settled(change, timeout=self._timeout, outage=_OUTAGE_PATIENCE))
        except UncertainError as error:
            raise _uncertain(change, failure=failure, error=error) from (failure or error)

    def _settled(self, change: Change, *, timeout: float, outage: float) -> tuple[Stack | None, bool]:
        """Wait until CloudFormation is done with the stack, and tell whether it holds the wanted version."""
        answered, reads = self._clock(), 0
        deadline = answered + timeout
        while True:
            try:
                stack = self._stacks.find(change.name)
                reads = 0 if stack is not None and stack.in_progress else reads + 1
                arrived = bool(reads) and stack is not None and change.arrived(stack)
            except ServerlessError as error:
                if not is_outage(error.__cause__) or self._clock() - answered >= outage:
                    raise UncertainError(error.problem, error.remedy) from error
                reads = 0
            else:
                answered = self._clock()
                if arrived or reads >= _READS:
                    return stack, arrived
                if stack is not None and stack.in_progress and answered >= deadline:
                    raise UncertainError(f"the stack is still {stack.status}")
            self._sleep(_INTERVAL)


def _uncertain(change: Change, *, failure: ServerlessError | None, error: UncertainError) -> UncertainError:
    cut_off = f"{change.doing} the stack {change.name} was cut off: {failure.problem}. " if failure else ""
    return UncertainError(
        f"{cut_off}It is not known whether the stack {change.name} was changed, because {error.problem}. "
        f"{change.meanwhile}",
        "Run the same again: it waits for CloudFormation, verifies what answers, and goes back if that is bad",
    )
