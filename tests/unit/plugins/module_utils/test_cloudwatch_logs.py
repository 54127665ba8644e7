# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which lines of a log are taken, by a clock that moves only when somebody waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Functions, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudwatch_logs import (
    FunctionLog,
    FunctionLogError,
    FunctionLogs,
    describe_logs,
)
from botocore.exceptions import ClientError

NOW = 1_795_000_000.0
ERROR = "[ERROR] KeyError: 'TABLE'"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


@dataclass
class Account:
    """CloudFormation, Lambda and CloudWatch, as far as they are asked."""

    #: Seconds before now at which a line was written, the line, and seconds after now at which it arrives.
    lines: dict[str, list[tuple[float, str, float]]]
    changed: dict[str, float] = field(default_factory=dict)
    now: float = NOW
    refused: str = ""
    pages: int = 0

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **_options: Any) -> list[dict[str, Any]]:
        kinds = [("AWS::Lambda::Function", name) for name in self.lines] + [("AWS::IAM::Role", "role")]
        return [
            {"StackResourceSummaries": [{"ResourceType": kind, "PhysicalResourceId": name} for kind, name in kinds]}
        ]

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, str]:  # noqa: N803
        if FunctionName not in self.changed:
            raise refusal("AccessDeniedException")
        at = datetime.fromtimestamp(NOW - self.changed[FunctionName], tz=timezone.utc)
        return {"LastModified": at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")}

    def filter_log_events(
        self,
        *,
        logGroupName: str,  # noqa: N803
        startTime: int,  # noqa: N803
        nextToken: str = "0",  # noqa: N803
    ) -> dict[str, Any]:
        if self.refused:
            raise refusal(self.refused)
        name = logGroupName.removeprefix("/aws/lambda/")
        events = [
            {"message": line}
            for before, line, arrives in self.lines[name]
            if (NOW - before) * 1000 >= startTime and NOW + arrives <= self.now
        ]
        self.pages += 1
        page = int(nextToken)
        answer: dict[str, Any] = {"events": events[page : page + 1]}
        return {**answer, "nextToken": str(page + 1)} if page + 1 < len(events) else answer

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def read(self, *, count: int = 20) -> list[FunctionLog]:
        logs = FunctionLogs(
            self,
            stacks=Stacks(self),
            functions=Functions(lambda: self),
            now=lambda: self.now,
            sleep=self.sleep,
        )
        return logs.read("shop-dev", seconds=10, count=count)


@pytest.mark.parametrize(
    ("lines", "changed", "taken"),
    [
        pytest.param([(5, "now", 0)], 60, ["now"], id="in the time"),
        pytest.param([(35, "now", 0)], 60, ["now"], id="by a clock that is late"),
        pytest.param([(9, "before", 0), (5, "now", 0)], 7, ["now"], id="before it was changed"),
        pytest.param([(9, "before", 0)], 7, [], id="only before it was changed"),
        pytest.param([(600, "start", 0)], 700, ["start"], id="when it started"),
        pytest.param([(600, "start", 0), (5, "now", 0)], 700, ["now"], id="both"),
        pytest.param([(1000, "long ago", 0)], 2000, [], id="long ago"),
        pytest.param([(9, "before", 0), (5, "now", 0)], None, ["before", "now"], id="nobody tells when it was changed"),
        pytest.param([(5, "now", 3)], 60, ["now"], id="it arrives late"),
    ],
)
def test_which_lines_are_taken(lines: list[tuple[float, str, float]], changed: float | None, taken: list[str]) -> None:
    account = Account({"api": lines}, {} if changed is None else {"api": changed})
    assert [line for log in account.read() for line in log.lines] == taken


def test_nobody_waits_once_the_reason_is_there() -> None:
    account = Account({"api": [(5, ERROR, 0)]}, {"api": 60})
    (log,) = account.read()
    assert str(log.reason) == "KeyError: 'TABLE'."
    assert account.now == NOW


def test_all_pages_are_read_and_the_last_lines_kept() -> None:
    account = Account({"api": [(5 - i / 10, f"line {i}", 0) for i in range(15)]}, {"api": 60})
    (log,) = account.read(count=2)
    assert log.lines == ["line 13", "line 14"]


def test_several_functions() -> None:
    account = Account({"one": [(5, "fine", 0)], "two": [(5, ERROR, 0)], "three": []})
    logs = account.read()
    assert [log.function for log in logs] == ["two", "one"]
    assert describe_logs(logs).splitlines() == [
        "The log of two says why: KeyError: 'TABLE'.",
        "Last lines of the log of two:",
        f"  {ERROR}",
        "Last lines of the log of one:",
        "  fine",
    ]


def test_a_stack_without_functions() -> None:
    account = Account({})
    assert account.read() == []
    assert account.now == NOW


def test_a_log_that_is_not_there_is_empty() -> None:
    assert Account({"api": [(5, "now", 0)]}, refused="ResourceNotFoundException").read() == []


def test_a_log_that_may_not_be_read() -> None:
    with pytest.raises(FunctionLogError) as raised:
        Account({"api": []}, refused="AccessDeniedException").read()
    assert str(raised.value) == (
        "reading the log /aws/lambda/api failed: An error occurred (AccessDeniedException) when calling the Call "
        "operation: no. Allow the call to this user; the role's README lists the permissions."
    )
