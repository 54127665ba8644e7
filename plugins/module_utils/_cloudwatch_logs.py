# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what the functions of a stack have written into their logs."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    # Who calls this has looked for boto3.
    HAS_BOTOCORE = False
else:
    HAS_BOTOCORE = True

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Functions, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._function_log import (
    Reason,
    plain_lines,
    read_reason,
    telling_lines,
)

#: Events of one function that are kept, and pages of them that are read: CloudWatch gives the oldest first.
_MAX_EVENTS = 500
_MAX_PAGES = 20
#: Lines reach CloudWatch some seconds after they were written.
_ARRIVAL_SECONDS = 8.0
_ARRIVAL_INTERVAL = 2.0
#: How far the clocks of this machine and of AWS may be apart.
_SKEW_SECONDS = 30.0
#: How far back is looked for what a function said when it started.
_LOOK_BACK_SECONDS = 900.0


class FunctionLogError(ServerlessError):
    """A log can't be read."""


@dataclass(frozen=True)
class FunctionLog:
    """The end of one function's log.

    :param function: the function's name.
    :param lines: the last lines, the oldest first, without those around every invocation.
    :param reason: why the function does not answer, if that can be read off.
    """

    function: str
    lines: Sequence[str]
    reason: Reason | None


class FunctionLogs:
    """The logs of a stack's functions.

    :param client: a boto3 client of C(logs).
    :param stacks: tells the functions.
    :param functions: tells when they were changed.
    :param now: seconds since 1970.
    :param sleep: waits for seconds.
    """

    def __init__(
        self,
        client: Any,
        *,
        stacks: Stacks,
        functions: Functions,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._stacks = stacks
        self._functions = functions
        self._now = now
        self._sleep = sleep

    def read(self, stack: str, *, seconds: float, count: int) -> list[FunctionLog]:
        """Read the logs, those with a reason first; a function that wrote nothing is left out.

        What a function wrote before it was changed last is not looked at. A function that was called before tells some
        troubles only when it starts, so if it said nothing in that time, what it said shortly before is taken.

        :param stack: the stack's name.
        :param seconds: how far back.
        :param count: lines of each function at most.
        :raises ServerlessError: the functions can't be told, or a log can't be read.
        """
        now = self._now()
        changed = {name: self._changed_at(name) for name in self._stacks.functions(stack)}
        logs = self._await(changed, since=now - seconds - _SKEW_SECONDS, count=count)
        return logs or self._look(changed, since=now - _LOOK_BACK_SECONDS, count=count)

    def _changed_at(self, function: str) -> float:
        # Who may not ask sees more lines than need be.
        with contextlib.suppress(ServerlessError):
            return self._functions.changed_at(function)
        return 0.0

    def _await(self, changed: Mapping[str, float], *, since: float, count: int) -> list[FunctionLog]:
        deadline = self._now() + _ARRIVAL_SECONDS
        while True:
            logs = self._look(changed, since=since, count=count)
            if not changed or any(log.reason for log in logs) or self._now() >= deadline:
                return logs
            self._sleep(_ARRIVAL_INTERVAL)

    def _look(self, changed: Mapping[str, float], *, since: float, count: int) -> list[FunctionLog]:
        logs = []
        for function, at in changed.items():
            lines = plain_lines(self._messages(function, since=max(since, at)))
            shown = telling_lines(lines, count=count)
            if shown:
                logs.append(FunctionLog(function=function, lines=shown, reason=read_reason(lines)))
        return sorted(logs, key=lambda log: log.reason is None)

    def _messages(self, function: str, *, since: float) -> list[str]:
        group = f"/aws/lambda/{function}"
        messages: deque[str] = deque(maxlen=_MAX_EVENTS)
        request: dict[str, Any] = {"logGroupName": group, "startTime": int(since * 1000)}
        try:
            for _page in range(_MAX_PAGES):
                answer = self._client.filter_log_events(**request)
                messages.extend(event["message"] for event in answer["events"])
                if not answer.get("nextToken"):
                    break
                request["nextToken"] = answer["nextToken"]
        except (BotoCoreError, ClientError) as error:
            if error_code(error) == "ResourceNotFoundException":
                return []
            raise FunctionLogError(
                f"reading the log {group} failed: {error}".rstrip("."),
                "Allow the call to this user; the role's README lists the permissions"
                if error_code(error).startswith("AccessDenied")
                else "",
            ) from error
        return list(messages)


def describe_logs(logs: Sequence[FunctionLog]) -> str:
    """Say what the logs say, the reasons first.

    :param logs: those with a reason first.
    """
    if not logs:
        return "The functions wrote nothing into their logs, so they may not have been called."
    words = [f"The log of {log.function} says why: {log.reason}" for log in logs if log.reason]
    words += [
        f"Last lines of the log of {log.function}:\n" + "\n".join(f"  {line}" for line in log.lines) for log in logs
    ]
    return "\n".join(words)
