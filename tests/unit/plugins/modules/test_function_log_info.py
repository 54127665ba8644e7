# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readings of a log: what one has told the next one does not tell, and none is left out."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.action.function_log import Follower, LookError
from ansible_collections.asesoria.serverless.plugins.module_utils import _log_reading
from ansible_collections.asesoria.serverless.plugins.module_utils._log_reading import (
    OVERLAP,
    Event,
    LogReader,
    Place,
    Reading,
    SinceError,
    as_lines,
    dump_places,
    load_places,
    parse_since,
)
from ansible_collections.asesoria.serverless.plugins.modules import function_log_info
from ansible_collections.asesoria.serverless.tests.unit.stacks import ROLE, WITH_FUNCTION
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

NOW = datetime(2026, 11, 25, 20, 30, tzinfo=timezone.utc)
MS = int(NOW.timestamp() * 1000)


@dataclass
class Log:
    """CloudWatch with one log, whose events have a time of their own and arrive when they do."""

    #: Time and round of arrival of each event.
    events: list[tuple[int, int]] = field(default_factory=list)
    round: int = 0
    page: int = 2
    #: Whether events have an id.
    named: bool = True

    def filter_log_events(
        self,
        *,
        logGroupName: str,  # noqa: N803
        startTime: int,  # noqa: N803
        limit: int,  # noqa: ARG002
        nextToken: str = "0",  # noqa: N803  # a page's
    ) -> dict[str, Any]:
        if logGroupName != "/aws/lambda/one":
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "FilterLogEvents")
        shown = sorted(
            (at, f"e{number}")
            for number, (at, arrives) in enumerate(self.events)
            if at >= startTime and arrives <= self.round
        )
        begin = int(nextToken)
        events = [
            {"eventId": name, "timestamp": at, "message": f"{name}\n"}
            if self.named
            else {"logStreamName": "s", "timestamp": at, "message": "same"}
            for at, name in shown
        ]
        answer: dict[str, Any] = {"events": events[begin : begin + self.page]}
        return {**answer, "nextToken": str(begin + self.page)} if begin + self.page < len(events) else answer


def through_json(reading: Reading) -> dict[str, Place]:
    return load_places(json.loads(json.dumps(dump_places(reading.places))))


def read_all(log: Log, *, rounds: int, since: int = 0) -> list[str]:
    reader = LogReader(log)
    places = {"one": Place(since)}
    told = []
    for log.round in range(rounds):
        more = True
        while more:
            reading = reader.read(places)
            told += [event.message for event in reading.events]
            places, more = through_json(reading), reading.more
    return told


@given(
    st.lists(
        st.integers(0, 3).flatmap(
            lambda arrives: st.tuples(
                st.integers(0, OVERLAP).map(lambda late: MS + 10 * arrives - late), st.just(arrives)
            )
        ),
        max_size=30,
    ),
    st.integers(1, 7),
)
def test_every_event_that_is_not_too_late_is_told_once(events: list[tuple[int, int]], page: int) -> None:
    # No event of an earlier round has a later time than the newest of this one, so none is later than the overlap.
    log = Log(events=[(min(at, MS), arrives) for at, arrives in events], page=page)
    assert sorted(read_all(log, rounds=4)) == sorted(f"e{number}" for number in range(len(events)))


def test_more_than_a_reading_takes_is_left_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_log_reading, "MAX_PAGES", 2)
    log = Log(events=[(MS + number, 0) for number in range(11)])
    first = LogReader(log).read({"one": Place(0)})
    assert ([event.message for event in first.events], first.more) == (["e0", "e1", "e2", "e3"], True)
    assert read_all(log, rounds=1) == [f"e{number}" for number in range(11)]


def test_events_without_an_id_are_told_apart() -> None:
    log = Log(events=[(MS, 0), (MS, 0), (MS + 1, 1), (MS, 2), (MS, 2)], page=10, named=False)
    assert read_all(log, rounds=4) == ["same"] * 5


def test_old_events_are_forgotten() -> None:
    log = Log(events=[(MS - 3 * OVERLAP, 0), (MS - OVERLAP // 2, 0), (MS, 0)])
    place = LogReader(log).read({"one": Place(0)}).places["one"]
    assert place == Place(MS - OVERLAP, "", {"e1": MS - OVERLAP // 2, "e2": MS})


def test_a_log_that_is_not_there_is_told_and_waited_for() -> None:
    reading = LogReader(Log()).read({"one": Place(5), "two": Place(5)})
    assert reading.missing == ["/aws/lambda/two"]
    assert reading.places["two"] == Place(5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10m", MS - 600_000),
        ("10", MS - 600_000),
        ("90s", MS - 90_000),
        ("2h", MS - 7_200_000),
        (" 1d ", MS - 86_400_000),
        ("2026-11-25T20:00", MS - 1_800_000),
        ("2026-11-25T20:00:00Z", MS - 1_800_000),
        ("2026-11-25T21:00+01:00", MS - 1_800_000),
    ],
)
def test_where_to_begin(text: str, expected: int) -> None:
    assert parse_since(text, now=NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "10w", "-5m", "9" * 30, "2026-13-01"])
def test_a_beginning_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SinceError, match="which is no time"):
        parse_since(text, now=NOW)


def test_lines_say_when_and_who_if_there_are_several() -> None:
    event = Event("shop-dev-api", MS + 7, "one\n\ntwo")
    assert as_lines([event], named=False) == ["2026-11-25 20:30:00.007 one", "    ", "    two"]
    assert as_lines([event], named=True)[0] == "2026-11-25 20:30:00.007 shop-dev-api one"


def test_what_a_terminal_would_obey_is_left_out() -> None:
    log = Log(events=[(MS, 0)])
    answer = log.filter_log_events
    log.filter_log_events = lambda **request: {  # type: ignore[method-assign]
        "events": [{**answer(**request)["events"][0], "message": "a\x1b[2J\x07\tb\r\n\x9bc\n"}]
    }
    (event,) = LogReader(log).read({"one": Place(0)}).events
    assert event.message == "a[2J\tb\nc"


@pytest.mark.parametrize("cursor", [{"one": 1}, {"one": {"since": "x", "token": "", "seen": {}}}, {"one": {}}])
def test_a_cursor_of_somebody_else_is_refused(cursor: dict[str, Any]) -> None:
    with pytest.raises(SinceError, match="cursor is none of this module"):
        load_places(cursor)


class Terminal:
    """What a follower needs: looks that were prepared, a clock that moves when somebody waits, and what was shown."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = itertools.chain(answers, itertools.repeat({}))
        self.shown: list[str] = []
        self.cursors: list[Any] = []
        self.now = 0.0

    def look(self, cursor: Any) -> dict[str, Any]:
        self.cursors.append(cursor)
        number = len(self.cursors)
        return {"lines": [], "events": [], "missing": [], "more": False, "cursor": {"n": number}, **next(self.answers)}

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def follow(self, *, duration: float, interval: float = 3.0) -> Follower:
        follower = Follower(look=self.look, show=self.shown.append, clock=lambda: self.now, sleep=self.sleep)
        follower.follow(duration=duration, interval=interval)
        return follower


def test_it_goes_on_for_as_long_as_it_is_told() -> None:
    terminal = Terminal({"lines": ["one"], "events": [1]}, {}, {"lines": ["two", "  more"], "events": [2]})
    follower = terminal.follow(duration=10)
    assert terminal.shown == ["one", "two", "  more"]
    assert (follower.events, follower.looks, terminal.now) == (2, 5, 10.0)
    assert terminal.cursors == [None, {"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]


def test_without_time_it_shows_all_that_is_there() -> None:
    terminal = Terminal({"lines": ["one"], "more": True}, {"lines": ["two"], "more": True}, {"lines": ["three"]})
    assert terminal.follow(duration=0).looks == 3
    assert (terminal.shown, terminal.now) == (["one", "two", "three"], 0.0)


def test_a_log_that_is_missing_is_told_once() -> None:
    missing = {"missing": ["/aws/lambda/one"]}
    terminal = Terminal(missing, missing, {"lines": ["there"]})
    assert terminal.follow(duration=6).missing == []
    assert [line.partition(":")[0] for line in terminal.shown] == ["There is no log /aws/lambda/one", "there"]


def test_a_look_that_fails_ends_it() -> None:
    with pytest.raises(LookError, match="no right"):
        Terminal({}, {"failed": True, "msg": "no right"}).follow(duration=6)


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A stack with one function in moto, and a client for its log."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        stacks = boto3.client("cloudformation", region_name="us-east-1")
        for name, parts in (("shop-dev", WITH_FUNCTION), ("empty-dev", {"Role": ROLE})):
            stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": parts}))
        yield boto3.client("logs", region_name="us-east-1")


def read(**options: Any) -> dict[str, Any]:
    result = run_module(function_log_info.main, {"service": "shop", "region": "us-east-1", **options})
    if not result["failed"]:
        assert_return_documented(function_log_info, result)
    return result


def test_the_module_reads_on_from_its_cursor(logs: Any) -> None:
    where = {"logGroupName": "/aws/lambda/shop-dev-api", "logStreamName": "s"}
    first = read()
    assert (first["events"], first["missing"]) == ([], ["/aws/lambda/shop-dev-api"])
    logs.create_log_group(logGroupName=where["logGroupName"])
    logs.create_log_stream(**where)
    now = int(datetime.now(tz=timezone.utc).timestamp() * 1000)
    logs.put_log_events(**where, logEvents=[{"timestamp": now - 3_600_000, "message": "old"}])
    logs.put_log_events(**where, logEvents=[{"timestamp": now, "message": "new"}])
    second = read(cursor=first["cursor"])
    assert [event["message"] for event in second["events"]] == ["new"]
    assert second["lines"][0].endswith(" new")
    logs.put_log_events(**where, logEvents=[{"timestamp": now, "message": "newer"}])
    assert [event["message"] for event in read(cursor=second["cursor"])["events"]] == ["newer"]
    assert [event["message"] for event in read(since="2h")["events"]] == ["old", "new", "newer"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"service": "nothing"}, "the stack nothing-dev in us-east-1 does not exist. Deploy the service first."),
        ({"service": "empty"}, "the stack empty-dev in us-east-1 has no function. Name another service or stage."),
        ({"since": "soon"}, "since is 'soon', which is no time."),
        ({"cursor": {"a": 1}}, "cursor is none of this module. Give what an earlier call has returned."),
    ],
)
def test_what_can_not_be_read_is_told(logs: Any, options: dict[str, Any], said: str) -> None:  # noqa: ARG001
    assert read(**options)["msg"].startswith(said)
