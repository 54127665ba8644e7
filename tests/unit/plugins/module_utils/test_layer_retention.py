# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept and why, for every mix of versions and users."""

from __future__ import annotations

import random

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import LayerVersion
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_retention import (
    NOT_OURS,
    OTHER_TARGET,
    Kept,
    RetentionError,
    RetentionPlan,
    apply_retention,
    check_keep,
    plan_retention,
)
from hypothesis import given
from hypothesis import strategies as st

ARN = "arn:aws:lambda:us-east-1:123456789012:layer:n"


def version(number: int, description: str = "ours", runtime: str = "python3.11") -> LayerVersion:
    return LayerVersion(
        layer_arn=ARN,
        arn=f"{ARN}:{number}",
        version=number,
        description=description,
        runtimes=(runtime,),
        architectures=("x86_64",),
        license="",
    )


def plan(
    versions: list[LayerVersion], *, keep: int, new: int | None = None, users: dict[str, list[str]] | None = None
) -> RetentionPlan:
    return plan_retention(
        versions,
        keep=keep,
        new=new,
        fits=lambda item: item.runtimes == ("python3.11",),
        ours=lambda item: item.description == "ours",
        users=users or {},
    )


class Region:
    def __init__(self, users: dict[str, list[str]]) -> None:
        self._users = users
        self.deleted: list[int] = []

    def users(self) -> dict[str, list[str]]:
        return self._users

    def delete(self, _name: str, number: int) -> None:
        self.deleted.append(number)


def test_a_table() -> None:
    versions = [version(1), version(2), version(3, "theirs"), version(4, runtime="python3.13"), version(5), version(6)]
    found = plan(versions, keep=2, new=0, users={f"{ARN}:2": ["app:$LATEST", "app:7"]})
    assert found.keep == (
        Kept(0, "one of the newest 2"),
        Kept(6, "one of the newest 2"),
        Kept(4, OTHER_TARGET),
        Kept(3, NOT_OURS),
        Kept(2, "used by app:$LATEST, app:7"),
    )
    assert [item.version for item in found.delete] == [5, 1]


def test_what_came_into_use_since_stays() -> None:
    region = Region({f"{ARN}:1": ["app:$LATEST"]})
    planned = plan([version(1), version(2), version(3)], keep=1)
    done = apply_retention(planned, name="n", layers=region)  # type: ignore[arg-type]
    assert region.deleted == [2]
    assert [item.version for item in done.delete] == [2]
    assert done.keep == (Kept(3, "one of the newest 1"), Kept(1, "used by app:$LATEST"))


@pytest.mark.parametrize("keep", [0, -1])
def test_a_number_that_leaves_nothing(keep: int) -> None:
    with pytest.raises(RetentionError, match="which would leave no version"):
        check_keep(keep)


@given(
    kinds=st.lists(st.tuples(st.sampled_from(["ours", "theirs"]), st.sampled_from(["python3.11", "python3.13"]))),
    used=st.sets(st.integers(1, 20)),
    keep=st.integers(1, 8),
    new=st.sampled_from([None, 0]),
    order=st.randoms(),
)
def test_whatever_there_is(
    kinds: list[tuple[str, str]], used: set[int], keep: int, new: int | None, order: random.Random
) -> None:
    versions = [version(number, *kind) for number, kind in enumerate(kinds, 1)]
    users = {f"{ARN}:{number}": ["app:1"] for number in used}
    order.shuffle(versions)
    found = plan(versions, keep=keep, new=new, users=users)
    deleted = {item.version for item in found.delete}
    kept = {item.version for item in found.keep if item.version}
    assert deleted | kept == {item.version for item in versions}
    assert not deleted & kept
    assert not deleted & used
    assert all(item.description == "ours" and item.runtimes == ("python3.11",) for item in found.delete)
    candidates = sorted(
        (item.version for item in versions if item.description == "ours" and item.runtimes[0] == "python3.11"),
        reverse=True,
    )
    room = keep - (new is not None)
    assert set(candidates[:room]) <= kept
    assert deleted == set(candidates[room:]) - used
    assert all(item.reason for item in found.keep)
    # Doing it again finds nothing more.
    rest = [item for item in versions if item.version not in deleted]
    assert plan(rest, keep=keep, new=new, users=users).delete == ()
