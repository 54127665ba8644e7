# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks an endpoint until it answers as expected, and says precisely how it does not."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._expectation import Expectation
from ansible_collections.asesoria.serverless.plugins.module_utils._http_probe import (
    ProbeError,
    Request,
    RequestError,
    Response,
    send,
)

_SHOWN_BODY = 500
#: Seconds that an attempt has at least, however little of the budget is left.
_LEAST_TIMEOUT = 1.0
#: Runs of attempts that ended alike which a message shows from the beginning and from the end.
_SHOWN_RUNS = 10
#: Header fields that tell who answered, and under which id it can be found in the logs.
_TELLING_HEADERS = (
    "content-type",
    "location",
    "server",
    "apigw-requestid",
    "x-amzn-requestid",
    "x-amzn-errortype",
    "x-amz-apigw-id",
    "retry-after",
)


class VerificationError(ServerlessError):
    """The endpoint did not answer as expected in time.

    :param done: what was asked and answered.
    """

    def __init__(self, problem: str, remedy: str, *, done: Verification) -> None:
        self.done = done
        super().__init__(problem, remedy)


@dataclass(frozen=True)
class Check:
    """A request, and the answer to it that is good."""

    request: Request
    expected: Expectation

    @property
    def label(self) -> str:
        """Method and address."""
        return f"{self.request.method} {self.request.url}"


@dataclass(frozen=True)
class Patience:
    """How long to go on asking.

    :param budget: seconds in which the good answers have to have come.
    :param delay: seconds before asking again after a bad answer; each further one waits twice as long as the one
        before it.
    :param max_delay: seconds that no wait exceeds.
    :param fail_fast: whether the first bad answer, or good ones that took too long, are the last.
    """

    budget: float
    delay: float
    max_delay: float
    fail_fast: bool = False

    def check(self) -> None:
        """Refuse what would never end, or never begin.

        :raises RequestError: a time is negative.
        """
        for name in ("budget", "delay", "max_delay"):
            if not _is_duration(getattr(self, name)):
                raise RequestError(f"{name} is {getattr(self, name):g}", "Give a number of seconds, 0 or more")


@dataclass(frozen=True)
class Demand:
    """What the good answers have to be together.

    :param in_a_row: how often every request has to be answered well without a bad answer in between.
    :param latency: seconds that so many of these answers may take; 0 for any time.
    :param percentile: how many of them, in percent.
    """

    in_a_row: int = 1
    latency: float = 0.0
    percentile: float = 95.0

    def check(self) -> None:
        """Refuse what no answers could be.

        :raises RequestError: a number is out of range.
        """
        if self.in_a_row < 1:
            raise RequestError(f"in_a_row is {self.in_a_row}", "Give 1 or more")
        if not _is_duration(self.latency):
            raise RequestError(f"latency is {self.latency:g}", "Give a number of seconds, or 0 for any time")
        if not 0 < self.percentile <= 100:  # noqa: PLR2004  # percent
            raise RequestError(f"percentile is {self.percentile:g}", "Give more than 0 and at most 100")

    def describe(self) -> str:
        """Say it in words that follow a good answer's; empty for a single answer that may take any time."""
        words = f", {self.in_a_row} times in a row" if self.in_a_row > 1 else ""
        return words + (f", {self.percentile:g} % of them within {self.latency:g} s" if self.latency else "")


@dataclass(frozen=True)
class Attempt:
    """One request and what became of it.

    :param request: method and address.
    :param started: seconds since the first one.
    :param seconds: how long it took.
    :param status: the answer's status; C(None) if none came.
    :param problem: what was wrong; empty if nothing was.
    """

    request: str
    started: float
    seconds: float
    status: int | None
    problem: str


@dataclass
class Verification:
    """What has been asked and answered so far.

    :param attempts: every one of them.
    :param response: the last answer; C(None) if none came.
    :param rounds: how long each request's answer took, in each of the last rounds in which all were good.
    """

    attempts: list[Attempt] = field(default_factory=list)
    response: Response | None = None
    rounds: list[list[float]] = field(default_factory=list)


def _is_duration(seconds: float) -> bool:
    """Whether that is a time at all: neither negative, nor without end, nor no number."""
    return 0 <= seconds < math.inf


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that so many percent of them don't exceed (the nearest rank).

    :param values: at least one.
    :param percent: more than 0, at most 100.
    """
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


class _Asker:
    """Asks, one round of all requests after the other."""

    def __init__(
        self,
        checks: Sequence[Check],
        *,
        demand: Demand,
        patience: Patience,
        sender: Callable[[Request], Response],
        clock: Callable[[], float],
    ) -> None:
        self._checks = checks
        self._demand = demand
        self._patience = patience
        self._sender = sender
        self._clock = clock
        self._began = clock()
        self.done = Verification()

    @property
    def elapsed(self) -> float:
        """Seconds since the first request."""
        return self._clock() - self._began

    def round(self) -> tuple[Check, bool] | None:
        """Ask everything once; return what was not answered well, and whether it is of no use to go on."""
        seconds = []
        for check in self._checks:
            final = self._attempt(check)
            if self.done.attempts[-1].problem:
                self.done.rounds.clear()
                return check, final
            seconds.append(self.done.attempts[-1].seconds)
        self.done.rounds = [*self.done.rounds, seconds][-self._demand.in_a_row :]
        return None

    def slow(self) -> tuple[Check, float] | None:
        """The first request whose last good answers took too long together, and how long they took."""
        if self._demand.latency:
            for check, seconds in zip(self._checks, zip(*self.done.rounds, strict=True), strict=True):
                taken = percentile(seconds, self._demand.percentile)
                if taken > self._demand.latency:
                    return check, taken
        return None

    def _attempt(self, check: Check) -> bool:
        """Ask once; tell whether it is of no use to ask again."""
        started = self.elapsed
        left = max(self._patience.budget - started, _LEAST_TIMEOUT)
        timeout = min(check.request.timeout, left) if self.done.attempts else check.request.timeout
        status, final = None, False
        try:
            self.done.response = self._sender(replace(check.request, timeout=timeout))
        except ProbeError as error:
            self.done.response = None
            problem, final = error.reason, error.final
        else:
            status = self.done.response.status
            problem = ", ".join(check.expected.differences(self.done.response))
        self.done.attempts.append(
            Attempt(
                request=check.label, started=started, seconds=self.elapsed - started, status=status, problem=problem
            )
        )
        return final


def verify(
    checks: Sequence[Check],
    *,
    patience: Patience,
    demand: Demand | None = None,
    sender: Callable[[Request], Response] = send,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Verification:
    """Ask until all answers are good.

    :param checks: what to ask each time, in this order.
    :param patience: how long to go on.
    :param demand: what the answers have to be together; one good answer to each if not given.
    :param sender: sends one request.
    :param clock: a clock in seconds.
    :param sleep: waits for seconds.
    :returns: the good answers and the attempts that it took.
    :raises VerificationError: they did not come in time.
    :raises RequestError: nobody could ask so.
    """
    demand = demand or Demand()
    demand.check()
    patience.check()
    for check in checks:
        check.expected.check()
    asker = _Asker(checks, demand=demand, patience=patience, sender=sender, clock=clock)
    delay = patience.delay
    while True:
        bad = asker.round()
        if bad:
            check, final = bad
            if final or patience.fail_fast or asker.elapsed + delay >= patience.budget:
                raise _failure(check, asker, demand=demand, received=_received(asker.done))
            sleep(delay)
            delay = min(delay * 2, patience.max_delay)
            continue
        slow, missing = asker.slow(), demand.in_a_row - len(asker.done.rounds)
        if not slow and not missing:
            return asker.done
        if asker.elapsed >= patience.budget or (patience.fail_fast and not missing):
            check = slow[0] if slow else checks[-1]
            raise _failure(check, asker, demand=demand, received=_too_little(asker.done, demand=demand, slow=slow))


def _received(done: Verification) -> str:
    return describe_response(done.response) if done.response else done.attempts[-1].problem


def _too_little(done: Verification, *, demand: Demand, slow: tuple[Check, float] | None) -> str:
    count = len(done.rounds)
    good = f"a good answer{'' if count == 1 else f', {count} times in a row'}"
    return good + (
        f", {demand.percentile:g} % of them within {slow[1]:.3f} s" if slow else " when the time was used up"
    )


def _failure(check: Check, asker: _Asker, *, demand: Demand, received: str) -> VerificationError:
    done, request = asker.done, check.request
    count = sum(attempt.request == check.label for attempt in done.attempts)
    times = "once" if count == 1 else f"{count} times"
    address = f" (connected to {request.connect_to[0]} port {request.connect_to[1]})" if request.connect_to else ""
    return VerificationError(
        f"{check.label}{address} was asked {times} in {asker.elapsed:.1f} s and did not answer as expected. "
        f"Expected: {check.expected.describe()}{demand.describe()}. Received: {received.rstrip('.')}. "
        f"Attempts: {describe_attempts(done.attempts)}",
        "",
        done=done,
    )


def describe_response(response: Response) -> str:
    """Say in one line what came: status, telling headers, the beginning of the body."""
    telling = [f"{name}: {response.headers[name]}" for name in _TELLING_HEADERS if name in response.headers]
    shown = response.text[:_SHOWN_BODY]
    cut = f", cut after {_SHOWN_BODY} characters" if len(response.text) > _SHOWN_BODY else ""
    status = f"status {response.status} {response.reason}".rstrip()
    return ", ".join([status, *telling, f"body ({len(response.body)} bytes{cut}): {shown!r}"])


def describe_attempts(attempts: Sequence[Attempt]) -> str:
    """Say what became of each attempt, those in a row that ended alike together.

    The requests are named if there are several. Of very many runs, those in the middle are only counted.
    """
    several = len({attempt.request for attempt in attempts}) > 1
    words = [
        _describe_run(list(group), several=several)
        for _alike, group in itertools.groupby(
            enumerate(attempts, start=1), key=lambda pair: (pair[1].request, pair[1].problem)
        )
    ]
    if len(words) > 2 * _SHOWN_RUNS:
        left_out = f"({len(words) - 2 * _SHOWN_RUNS} more)"
        words = [*words[:_SHOWN_RUNS], left_out, *words[-_SHOWN_RUNS:]]
    return "; ".join(words)


def _describe_run(run: Sequence[tuple[int, Attempt]], *, several: bool) -> str:
    (first, start), (last, end) = run[0], run[-1]
    number = f"{first}" if first == last else f"{first}-{last}"
    slowest = max(attempt.seconds for _number, attempt in run)
    at = f"{start.started:.1f} s" if first == last else f"{start.started:.1f}-{end.started:.1f} s"
    asked = f"{start.request}, " if several else ""
    took = f"took {'up to ' if first != last else ''}{slowest:.2f} s"
    return f"{number} ({asked}at {at}, {took}): {start.problem or 'as expected'}"
