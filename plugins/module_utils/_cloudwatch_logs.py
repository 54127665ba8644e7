# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what the functions of a stack have written into their logs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    # Who calls this has looked for boto3.
    HAS_BOTOCORE = False
else:
    HAS_BOTOCORE = True

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stacks, error_code
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
    """The logs of Lambda functions.

    :param client: a boto3 client of C(logs).
    :param now: seconds since 1970.
    :param sleep: waits for seconds.
    """

    def __init__(
        self, client: Any, *, now: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._now = now
        self._sleep = sleep

    def read(self, stacks: Stacks, stack: str, *, seconds: float, count: int) -> list[FunctionLog]:
        """Read the logs of a stack's functions, those with a reason first; a function that wrote nothing is left out.

        :param stacks: tells the functions.
        :param stack: the stack's name.
        :param seconds: how far back.
        :param count: lines of each function at most.
        :raises ServerlessError: the functions can't be told, or a log can't be read.
        """
        since = self._now() - seconds - _SKEW_SECONDS
        deadline = self._now() + _ARRIVAL_SECONDS
        functions = stacks.functions(stack)
        while True:
            logs = [self._of(function, since=since, count=count) for function in functions]
            found = [log for log in logs if log.lines]
            if not functions or any(log.reason for log in found) or self._now() >= deadline:
                return sorted(found, key=lambda log: log.reason is None)
            self._sleep(_ARRIVAL_INTERVAL)

    def _of(self, function: str, *, since: float, count: int) -> FunctionLog:
        lines = plain_lines(self._messages(function, since=since))
        return FunctionLog(function=function, lines=telling_lines(lines, count=count), reason=read_reason(lines))

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
