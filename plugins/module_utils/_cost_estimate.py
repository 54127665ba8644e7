# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a service is likely to cost in a month, and the builder of a run, from list prices and stated assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ansible_collections.asesoria.serverless.plugins.module_utils import _prices as prices
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

Door = Literal["http", "rest", ""]

_MILLION = 1_000_000
_GIGABYTE = 1_000_000_000
_MB_OF_GB = 1024
_HOUR = 3600
#: Bytes that Lambda itself logs around a request: START, END, REPORT.
LOGGED_BYTES = 500
#: Deployments that the CLI keeps in its bucket.
KEPT_DEPLOYMENTS = 5


class AssumptionError(ServerlessError):
    """Nothing can be estimated from that."""


@dataclass(frozen=True)
class Assumption:
    """What is taken for granted.

    :param requests: a month.
    :param seconds: that a request takes in the function, on average.
    """

    requests: int
    seconds: float

    def check(self) -> None:
        """Refuse what no service can be.

        :raises AssumptionError: a number is negative.
        """
        if self.requests < 0:
            raise AssumptionError(f"the requests a month are {self.requests}", "Give 0 or more")
        if not 0 <= self.seconds < float("inf"):
            raise AssumptionError(f"the mean latency is {self.seconds:g} s", "Give 0 or more milliseconds")


@dataclass(frozen=True)
class Usage:
    """What the service is made of.

    :param memory_mb: of the function that answers.
    :param architecture: of that function.
    :param door: what it answers behind: an HTTP API, a REST API, or nothing that is paid.
    :param code_bytes: of a deployment, in the bucket.
    """

    memory_mb: int
    architecture: str
    door: Door
    code_bytes: int


@dataclass(frozen=True)
class Cost:
    """A part of the sum.

    :param what: it is for.
    :param basis: how it is reckoned.
    :param dollars: the sum.
    """

    what: str
    basis: str
    dollars: float


def monthly(usage: Usage, assumption: Assumption) -> list[Cost]:
    """Reckon what a month costs.

    :raises AssumptionError: see :meth:`Assumption.check`.
    """
    assumption.check()
    requests = assumption.requests
    rate = prices.LAMBDA_GB_SECOND.get(usage.architecture, prices.LAMBDA_GB_SECOND["x86_64"])
    gb_seconds = requests * assumption.seconds * usage.memory_mb / _MB_OF_GB
    costs = [
        _per_million("Lambda requests", requests, prices.LAMBDA_MILLION_REQUESTS),
        Cost("Lambda compute", f"{gb_seconds:,.0f} GB-s at {rate:.10f}", gb_seconds * rate),
    ]
    if usage.door:
        name, price = {
            "http": ("HTTP API", prices.HTTP_API_MILLION_REQUESTS),
            "rest": ("REST API", prices.REST_API_MILLION_REQUESTS),
        }[usage.door]
        costs.append(_per_million(name, requests, price))
    logged = requests * LOGGED_BYTES / _GIGABYTE
    stored = usage.code_bytes * KEPT_DEPLOYMENTS / _GIGABYTE
    return [
        *costs,
        Cost("logs", f"{logged:.3f} GB at {prices.LOGS_GB_INGESTED:.2f}", logged * prices.LOGS_GB_INGESTED),
        Cost("deployment bucket", f"{stored:.3f} GB at {prices.S3_GB_MONTH:.3f}", stored * prices.S3_GB_MONTH),
    ]


def _per_million(what: str, requests: int, price: float) -> Cost:
    return Cost(what, f"{requests:,} at {price:.2f} a million", requests * price / _MILLION)


def builder(instance_type: str, seconds: float) -> Cost | None:
    """Reckon what a builder cost while a run used it; nothing if the price of its type is not known."""
    hourly = hour_of(instance_type)
    if hourly is None or seconds <= 0:
        return None
    return Cost(
        "builder in this run",
        f"{seconds / 60:.1f} min of {instance_type} and its address at {hourly:.4f} an hour",
        seconds / _HOUR * hourly,
    )


def hour_of(instance_type: str) -> float | None:
    """What an instance costs an hour with its public address; C(None) if the price of its type is not known."""
    price = prices.INSTANCE_HOUR.get(instance_type)
    return None if price is None else price + prices.PUBLIC_IPV4_HOUR


def total(costs: Sequence[Cost]) -> float:
    """The sum."""
    return sum(cost.dollars for cost in costs)
