# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked when, by a clock that moves only when somebody waits or is answered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._expectation import Expectation, same_json
from ansible_collections.asesoria.serverless.plugins.module_utils._http_probe import Request, RequestError, Response
from ansible_collections.asesoria.serverless.plugins.module_utils._verification import (
    Attempt,
    Check,
    Demand,
    Patience,
    Verification,
    VerificationError,
    describe_attempts,
    percentile,
    verify,
)
from hypothesis import given
from hypothesis import strategies as st


class World:
    """A server that answers by a script of statuses and seconds, and the clock."""

    def __init__(self, *script: tuple[int, float]) -> None:
        self.now = 100.0
        self.script = list(script)
        self.asked: list[str] = []
        self.timeouts: list[float] = []
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def send(self, request: Request) -> Response:
        self.asked.append(request.url)
        self.timeouts.append(request.timeout)
        status, seconds = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.now += seconds
        return Response(status=status, reason="", headers={}, body=b"", connect_seconds=0.0, total_seconds=seconds)

    def verify(self, *urls: str, demand: Demand | None = None, **patience: Any) -> Verification:
        return verify(
            [Check(Request(url, timeout=30.0), Expectation(status=[200])) for url in urls or ("a",)],
            patience=Patience(**{"budget": 60.0, "delay": 1.0, "max_delay": 4.0, **patience}),
            demand=demand,
            sender=self.send,
            clock=self.clock,
            sleep=self.sleep,
        )

    def fails(self, *urls: str, **options: Any) -> str:
        with pytest.raises(VerificationError) as raised:
            self.verify(*urls, **options)
        return str(raised.value)


def test_pauses_grow_up_to_a_limit() -> None:
    world = World((500, 0.1), (500, 0.1), (500, 0.1), (500, 0.1), (200, 0.1))
    assert len(world.verify().attempts) == 5
    assert world.slept == [1.0, 2.0, 4.0, 4.0]


def test_a_bad_answer_begins_anew_with_the_first_request() -> None:
    world = World((200, 0.1), (500, 0.1), (200, 0.1))
    world.verify("a", "b")
    assert world.asked == ["a", "b", "a", "b"]


def test_good_answers_in_a_row_have_none_that_is_bad_between_them() -> None:
    world = World((200, 0.1), (200, 0.1), (500, 0.1), (200, 0.1))
    done = world.verify(demand=Demand(in_a_row=3))
    assert [attempt.status for attempt in done.attempts] == [200, 200, 500, 200, 200, 200]
    assert world.slept == [1.0]


def test_too_few_in_a_row_in_the_time_there_is() -> None:
    world = World((200, 1.0))
    said = world.fails("a", budget=3, demand=Demand(in_a_row=5))
    assert "Expected: status 200, 5 times in a row. Received: a good answer, 3 times in a row when the time " in said
    assert said.endswith("Attempts: 1-3 (at 0.0-2.0 s, took up to 1.00 s): as expected.")


def test_the_first_bad_answer_may_end_it() -> None:
    world = World((200, 0.1), (200, 0.1), (500, 0.1), (200, 0.1))
    said = world.fails("a", fail_fast=True, demand=Demand(in_a_row=3))
    assert "Attempts: 1-2 (at 0.0-0.1 s, took up to 0.10 s): as expected; 3 (" in said
    assert world.slept == []
    slow = World((200, 3.0), (200, 0.2)).fails("a", fail_fast=True, demand=Demand(in_a_row=2, latency=0.5))
    assert "Received: a good answer, 2 times in a row, 95 % of them within 3.000 s." in slow


def test_slow_answers_are_asked_for_again_until_most_are_fast() -> None:
    # A cold start, and then a function that is warm.
    world = World((200, 3.0), (200, 0.2))
    done = world.verify(demand=Demand(in_a_row=4, latency=0.5, percentile=100))
    assert [round(attempt.seconds, 1) for attempt in done.attempts] == [3.0, 0.2, 0.2, 0.2, 0.2]


@pytest.mark.parametrize(("percent", "attempts"), [(75, 4), (100, 5)])
def test_a_percentile_lets_some_be_slow(percent: float, attempts: int) -> None:
    world = World((200, 3.0), (200, 0.2))
    done = world.verify(demand=Demand(in_a_row=4, latency=0.5, percentile=percent))
    assert len(done.attempts) == attempts


def test_answers_that_stay_slow() -> None:
    world = World((200, 0.2), (200, 0.9))
    said = world.fails("a", "b", budget=5, demand=Demand(in_a_row=2, latency=0.5, percentile=90))
    assert said.startswith("GET a was asked ")
    assert (
        "Expected: status 200, 2 times in a row, 90 % of them within 0.5 s. Received: a good answer, 2 times " in said
    )
    assert (
        "in a row, 90 % of them within 0.900 s. Attempts: 1 (GET a, at 0.0 s, took 0.20 s): as expected; 2 (GET b"
        in said
    )


def test_the_budget_is_for_all_and_no_attempt_outlasts_it() -> None:
    world = World((500, 8.0))
    said = world.fails(budget=20, delay=1)
    assert world.timeouts == [30.0, 11.0, 1.0]
    assert world.slept == [1.0, 2.0]
    assert said.startswith("GET a was asked 3 times in ")


def test_an_attempt_has_a_second_at_least() -> None:
    world = World((500, 1.0))
    world.fails(budget=3.2, delay=2.1)
    assert world.timeouts == [30.0, 1.0]


def test_which_request_was_not_answered_well() -> None:
    world = World((200, 0.1), (500, 0.1))
    assert world.fails("a", "b", budget=0).startswith("GET b was asked once in 0.2 s and did not answer as expected.")


@pytest.mark.parametrize(
    ("demand", "said"),
    [
        (Demand(in_a_row=0), "in_a_row is 0. Give 1 or more."),
        (Demand(latency=-1), "latency is -1. Give a number of seconds, or 0 for any time."),
        (Demand(latency=math.nan), "latency is nan. Give a number of seconds, or 0 for any time."),
        (Demand(percentile=0), "percentile is 0. Give more than 0 and at most 100."),
        (Demand(percentile=101), "percentile is 101. Give more than 0 and at most 100."),
    ],
)
def test_demands_that_no_answers_could_meet(demand: Demand, said: str) -> None:
    world = World((200, 0.1))
    with pytest.raises(RequestError) as raised:
        world.verify(demand=demand)
    assert str(raised.value) == said
    assert world.asked == []


@pytest.mark.parametrize("name", ["budget", "delay", "max_delay"])
@pytest.mark.parametrize("value", [-1, math.inf, math.nan])
def test_times_that_are_none(name: str, value: float) -> None:
    with pytest.raises(RequestError, match=rf"{name} is {value:g}\. Give a number of seconds, 0 or more\."):
        World((200, 0.1)).verify(**{name: value})


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [([1], 50, 1), ([1, 2], 50, 1), ([2, 1], 51, 2), ([5, 1, 4, 2, 3], 80, 4), ([5, 1, 4, 2, 3], 81, 5)],
)
def test_percentile(values: Sequence[float], percent: float, found: float) -> None:
    assert percentile(values, percent) == found


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 100, exclude_min=True))
def test_so_many_percent_do_not_exceed_a_percentile(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= len(values) * percent - 1e-9


def test_of_very_many_attempts_the_middle_is_left_out() -> None:
    attempts = [Attempt("GET a", float(i), 0.1, 500, f"status {500 + i % 2}") for i in range(100)]
    said = describe_attempts(attempts)
    assert said.startswith("1 (at 0.0 s, took 0.10 s): status 500; 2 (")
    assert "; (80 more); 91 (" in said


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        (1, "1", False),
        (None, None, True),
        (None, False, False),
        ({"a": [1, 2]}, {"a": [1, 2.0]}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([], {}, False),
        ([True], [1], False),
    ],
)
def test_same_json(first: Any, second: Any, same: bool) -> None:
    for one, other in ((first, second), (second, first)):
        assert same_json(one, other) is same
