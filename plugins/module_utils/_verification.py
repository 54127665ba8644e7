# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks an endpoint until it answers as expected, and says precisely how it does not."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._http_probe import (
    ProbeError,
    Request,
    RequestError,
    Response,
    send,
)

_SHOWN_BODY = 500
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

    :param attempts: what was tried.
    :param response: the last answer, if any came.
    """

    def __init__(self, problem: str, remedy: str, *, attempts: Sequence[Attempt], response: Response | None) -> None:
        self.attempts = attempts
        self.response = response
        super().__init__(problem, remedy)


@dataclass(frozen=True)
class Expectation:
    """What a good answer looks like.

    :param status: the codes that are good.
    :param body: the whole content; C(None) if it does not matter.
    :param contains: a part of the content; empty if it does not matter.
    :param regex: a regular expression that is searched for in the content; empty if it does not matter.
    """

    status: Sequence[int]
    body: str | None = None
    contains: str = ""
    regex: str = ""

    def check(self) -> None:
        """Refuse what can't be searched for.

        :raises RequestError: I(regex) is none.
        """
        try:
            re.compile(self.regex)
        except re.error as error:
            raise RequestError(f"the regular expression {self.regex!r} can't be read: {error}", "Correct it") from error

    def describe(self) -> str:
        """Say it in words."""
        words = ["status " + " or ".join(map(str, self.status))]
        if self.body is not None:
            words.append(f"the body {self.body!r}")
        if self.contains:
            words.append(f"a body that contains {self.contains!r}")
        if self.regex:
            words.append(f"a body that matches {self.regex!r}")
        return ", ".join(words)

    def differences(self, response: Response) -> list[str]:
        """Say what an answer lacks; nothing if it is good."""
        found = []
        if response.status not in self.status:
            found.append(f"status {response.status}")
        if self.body is not None and response.text != self.body:
            found.append("another body")
        if self.contains and self.contains not in response.text:
            found.append("a body without the text")
        if self.regex and not re.search(self.regex, response.text):
            found.append("a body without a match")
        return found


@dataclass(frozen=True)
class Patience:
    """How long to go on asking.

    :param budget: seconds in which a good answer has to have come.
    :param delay: seconds before the second attempt; each further one waits twice as long as the one before it.
    :param max_delay: seconds that no wait exceeds.
    """

    budget: float
    delay: float
    max_delay: float


@dataclass(frozen=True)
class Attempt:
    """One request and what became of it.

    :param started: seconds since the first one.
    :param seconds: how long it took.
    :param status: the answer's status; C(None) if none came.
    :param problem: what was wrong; empty if nothing was.
    """

    started: float
    seconds: float
    status: int | None
    problem: str


@dataclass
class Verification:
    """What has been asked and answered so far."""

    attempts: list[Attempt] = field(default_factory=list)
    response: Response | None = None


def verify(
    request: Request,
    *,
    expected: Expectation,
    patience: Patience,
    sender: Callable[[Request], Response] = send,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Verification:
    """Ask until the answer is good.

    :param request: what to send each time.
    :param expected: a good answer.
    :param patience: how long to go on.
    :param sender: sends one request.
    :param clock: a clock in seconds.
    :param sleep: waits for seconds.
    :returns: the good answer and the attempts that it took.
    :raises VerificationError: none came in time.
    """
    expected.check()
    began = clock()
    done = Verification()
    delay = patience.delay
    while True:
        final = _attempt(request, done, expected=expected, sender=sender, clock=clock, began=began)
        if not done.attempts[-1].problem:
            return done
        if final or clock() - began + delay >= patience.budget:
            raise _failure(request, done, expected=expected, seconds=clock() - began)
        sleep(delay)
        delay = min(delay * 2, patience.max_delay)


def _attempt(
    request: Request,
    done: Verification,
    *,
    expected: Expectation,
    sender: Callable[[Request], Response],
    clock: Callable[[], float],
    began: float,
) -> bool:
    """Ask once; tell whether it is of no use to ask again."""
    started = clock()
    status, final = None, False
    try:
        done.response = sender(request)
    except ProbeError as error:
        done.response = None
        problem, final = error.reason, error.final
    else:
        status = done.response.status
        problem = ", ".join(expected.differences(done.response))
    attempt = Attempt(started=started - began, seconds=clock() - started, status=status, problem=problem)
    done.attempts.append(attempt)
    return final


def _failure(request: Request, done: Verification, *, expected: Expectation, seconds: float) -> VerificationError:
    count = len(done.attempts)
    times = "once" if count == 1 else f"{count} times"
    address = f" (connected to {request.connect_to[0]} port {request.connect_to[1]})" if request.connect_to else ""
    got = describe_response(done.response) if done.response else done.attempts[-1].problem
    return VerificationError(
        f"{request.method} {request.url}{address} was asked {times} in {seconds:.1f} s and did not answer as expected. "
        f"Expected: {expected.describe()}. Received: {got.rstrip('.')}. "
        f"Attempts: {describe_attempts(done.attempts)}",
        "",
        attempts=done.attempts,
        response=done.response,
    )


def describe_response(response: Response) -> str:
    """Say in one line what came: status, telling headers, the beginning of the body."""
    telling = [f"{name}: {response.headers[name]}" for name in _TELLING_HEADERS if name in response.headers]
    shown = response.text[:_SHOWN_BODY]
    cut = f", cut after {_SHOWN_BODY} characters" if len(response.text) > _SHOWN_BODY else ""
    status = f"status {response.status} {response.reason}".rstrip()
    return ", ".join([status, *telling, f"body ({len(response.body)} bytes{cut}): {shown!r}"])


def describe_attempts(attempts: Sequence[Attempt]) -> str:
    """Say what became of each attempt, those in a row that ended alike together."""
    numbered = enumerate(attempts, start=1)
    words = []
    for problem, group in itertools.groupby(numbered, key=lambda pair: pair[1].problem):
        run = list(group)
        (first, start), (last, end) = run[0], run[-1]
        number = f"{first}" if first == last else f"{first}-{last}"
        slowest = max(attempt.seconds for _number, attempt in run)
        at = f"{start.started:.1f} s" if first == last else f"{start.started:.1f}-{end.started:.1f} s"
        words.append(f"{number} (at {at}, took {'up to ' if first != last else ''}{slowest:.2f} s): {problem}")
    return "; ".join(words)
