# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS says before a run, and how it is taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _control_account as account
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_identity import CredentialsError, Identity
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_quotas import Usage, UsageUnknownError
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import MAX_UNZIPPED_BYTES
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)
ANA = "arn:aws:iam::123456789012:user/ana"
GIB = 1024**3


def refuse() -> Identity:
    error = CredentialsError("no AWS credentials", "Get some")
    error.answered = NOON
    raise error


@pytest.mark.parametrize(
    ("asked", "state", "found"),
    [
        (account.Asked(), "unknown", "not known, because AWS was not asked"),
        (account.ask(lambda: Identity(ANA)), "ok", ANA),
        (account.ask(refuse), "problem", "no AWS credentials"),
        (
            account.ask(lambda: Identity("arn:aws:iam::123456789012:root")),
            "warning",
            "arn:aws:iam::123456789012:root, the owner of the account",
        ),
    ],
)
def test_credentials(asked: account.Asked, state: str, found: str) -> None:
    check = account.check_credentials(asked)
    assert (check.name, check.state, check.found) == ("credentials", state, found)
    assert bool(check.remedy) is (state in ("problem", "warning"))


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (account.Asked(), None),
        (account.ask(lambda: Identity(ANA)), None),
        (account.ask(lambda: Identity(ANA, NOON)), NOON),
        (account.ask(refuse), NOON),
    ],
)
def test_a_refusal_tells_the_time_as_well(asked: account.Asked, answered: datetime | None) -> None:
    assert asked.answered == answered


@pytest.mark.parametrize(
    ("seconds", "state", "found"),
    [
        (0, "ok", "the same as AWS's"),
        (0.4, "ok", "the same as AWS's"),
        (1, "ok", "1 s ahead of AWS's"),
        (-60, "ok", "60 s behind AWS's"),
        (-61, "warning", "61 s behind AWS's"),
        (300, "warning", "300 s ahead of AWS's"),
        (301, "problem", "301 s ahead of AWS's"),
        (-86400, "problem", "86400 s behind AWS's"),
    ],
)
def test_clock(seconds: float, state: str, found: str) -> None:
    check = account.check_clock(NOON, now=NOON + timedelta(seconds=seconds))
    assert (check.state, check.found) == (state, found)
    assert check.remedy.startswith("Let the network set this machine's clock") is (state != "ok")


def test_a_clock_that_nobody_compares() -> None:
    check = account.check_clock(None, now=NOON)
    assert (check.state, check.found) == ("unknown", "not known, because AWS has not said what time it is")


@given(st.floats(min_value=-(10**9), max_value=10**9))
def test_a_clock_is_refused_exactly_where_aws_does(seconds: float) -> None:
    check = account.check_clock(NOON, now=NOON + timedelta(seconds=seconds))
    assert (check.state == "problem") is (abs(round(timedelta(seconds=seconds).total_seconds())) > account.MAX_SKEW)


def known(used: int, limit: int) -> Callable[[], Usage]:
    return lambda: Usage(used=used, limit=limit)


def unknown() -> Usage:
    raise UsageUnknownError("not known, because lambda:GetAccountSettings is not allowed", "Never mind")


@pytest.mark.parametrize(
    ("usage", "state", "found"),
    [
        (known(3 * GIB // 2, 75 * GIB), "ok", "1.50 of 75.00 GiB used"),
        (known(75 * GIB - MAX_UNZIPPED_BYTES, 75 * GIB), "ok", "74.76 of 75.00 GiB used"),
        (known(75 * GIB - MAX_UNZIPPED_BYTES + 1, 75 * GIB), "warning", "74.76 of 75.00 GiB used"),
        (known(75 * GIB, 75 * GIB), "problem", "75.00 of 75.00 GiB used"),
        (unknown, "unknown", "not known, because lambda:GetAccountSettings is not allowed"),
    ],
)
def test_code_storage(usage: Callable[[], Usage], state: str, found: str) -> None:
    check = account.check_code_storage(usage)
    assert (check.state, check.found) == (state, found)
    assert check.wanted == "0.24 GiB left, the most that a function with its layers has"
    assert bool(check.remedy) is (state != "ok")


@pytest.mark.parametrize(
    ("usage", "required", "state", "found"),
    [
        (known(0, 5), True, "ok", "0 of 5 used"),
        (known(3, 5), True, "ok", "3 of 5 used"),
        # What is used may be the builder itself.
        (known(4, 5), True, "warning", "4 of 5 used"),
        (known(0, 1), False, "warning", "0 of 1 used"),
        (known(0, 1), True, "problem", "0 of 1 used"),
        (unknown, True, "unknown", "not known, because lambda:GetAccountSettings is not allowed"),
    ],
)
def test_vcpus(usage: Callable[[], Usage], required: bool, state: str, found: str) -> None:
    check = account.check_vcpus(usage, needed=2, spot=False, required=required)
    assert (check.state, check.found) == (state, found)
    assert check.wanted == "2 left for the builder, if one has to be started"
    assert ("L-1216C47A" in check.remedy) is (state in ("warning", "problem"))


def test_the_spot_market_has_a_quota_of_its_own() -> None:
    assert "L-34B43A08" in account.check_vcpus(known(2, 2), needed=2, spot=True, required=True).remedy
