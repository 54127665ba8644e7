# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long answers took: a picture of bars, and the numbers that tell most."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 1000, 240
#: Share of its place that a bar takes.
_FILLED = 0.8
_WIDEST = 80.0


@dataclass(frozen=True)
class Attempt:
    """One request.

    :param request: method and address.
    :param seconds: how long the answer took.
    :param good: whether it was as expected.
    """

    request: str
    seconds: float
    good: bool


@dataclass(frozen=True)
class Bar:
    """A bar of the picture.

    :param attempt: what it stands for; its height is in proportion to the time.
    """

    attempt: Attempt
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Latency:
    """Of the good answers, in seconds."""

    count: int
    least: float
    median: float
    mean: float
    p95: float
    most: float


def read_attempts(attempts: Sequence[Mapping[str, Any]]) -> list[Attempt]:
    """Read what the module endpoint_verify returns."""
    return [
        Attempt(request=str(each["request"]), seconds=float(each["seconds"]), good=not each["problem"])
        for each in attempts
    ]


def summarize(attempts: Sequence[Attempt]) -> Latency | None:
    """Sum up the good answers; nothing if there is none."""
    good = sorted(attempt.seconds for attempt in attempts if attempt.good)
    if not good:
        return None
    return Latency(
        count=len(good),
        least=good[0],
        median=statistics.median(good),
        mean=statistics.fmean(good),
        # The least time that so many of them kept to.
        p95=good[math.ceil(0.95 * len(good)) - 1],
        most=good[-1],
    )


def bars(attempts: Sequence[Attempt]) -> list[Bar]:
    """Draw them, in the order of the attempts."""
    if not attempts:
        return []
    longest = max(attempt.seconds for attempt in attempts) or 1.0
    place = min(WIDTH / len(attempts), _WIDEST)
    return [
        Bar(
            attempt=attempt,
            x=place * (number + (1 - _FILLED) / 2),
            y=HEIGHT * (1 - attempt.seconds / longest),
            width=place * _FILLED,
            height=HEIGHT * attempt.seconds / longest,
        )
        for number, attempt in enumerate(attempts)
    ]
