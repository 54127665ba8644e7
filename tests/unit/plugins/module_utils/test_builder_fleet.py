# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._builder_fleet import (
    DEFAULT_TYPES,
    Place,
    read_kinds,
    sort_out,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import ARCHITECTURES
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 8, 1)
DEFAULTS = {"runtime": "python3.11", "architecture": "x86_64", "instance_type": "", "count": 1}
HERE = Place(key_name="key", subnet_id="", spot=False)


def machine(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An instance as EC2 tells it."""
    return {
        "instance_id": f"i-{number}",
        "state": {"name": changes.pop("state", "running")},
        "tags": {"OperatingSystem": changes.pop("os", "Amazon Linux 2")},
        "architecture": "x86_64",
        "instance_type": "t3.micro",
        "key_name": "key",
        "subnet_id": "subnet-1",
        **changes,
    }


def sorted_out(
    machines: list[dict[str, Any]], *wanted: dict[str, Any], place: Place = HERE
) -> tuple[list[list[str]], list[str]]:
    kinds = read_kinds(wanted or [{}], defaults=DEFAULTS, today=TODAY)
    kept, surplus = sort_out(machines, kinds=kinds, place=place)
    return [[each["instance_id"] for each in own] for own in kept], [each["instance_id"] for each in surplus]


def test_without_a_word_it_is_one_of_the_defaults() -> None:
    (kind,) = read_kinds([{}], defaults=DEFAULTS, today=TODAY)
    assert (kind.os, kind.architecture, kind.instance_type, kind.count) == ("Amazon Linux 2", "x86_64", "t3.micro", 1)
    assert kind.ami_parameter.endswith("amzn2-ami-kernel-5.10-hvm-x86_64-gp2")
    assert kind.ssh_user == "ec2-user"


def test_there_is_a_type_for_each_architecture() -> None:
    assert set(DEFAULT_TYPES) == set(ARCHITECTURES)
    (kind,) = read_kinds([{"architecture": "arm64"}], defaults=DEFAULTS, today=TODAY)
    assert kind.instance_type == "t4g.micro"


def test_runtimes_of_one_operating_system_share_the_machines() -> None:
    wanted = [{"runtime": "python3.12"}, {"runtime": "python3.13", "count": "2"}, {"runtime": "python3.11"}]
    kinds = read_kinds(wanted, defaults=DEFAULTS, today=TODAY)
    assert [(kind.os, kind.count) for kind in kinds] == [("Amazon Linux 2023", 3), ("Amazon Linux 2", 1)]


def test_what_is_null_is_not_said() -> None:
    (kind,) = read_kinds([{"architecture": None, "count": None}], defaults=DEFAULTS, today=TODAY)
    assert (kind.architecture, kind.count) == ("x86_64", 1)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"cout": 2}, "a fleet has no 'cout'. Its entries know runtime, architecture, instance_type, count."),
        ({"count": 0}, "0 is no number of builders. Give a whole number from 1 on."),
        ({"count": -1}, "-1 is no number of builders"),
        ({"count": "many"}, "'many' is no number of builders"),
        ({"count": True}, "True is no number of builders"),
        ({"count": 1.5}, "1.5 is no number of builders"),
        ({"count": 21}, "21 builders of one kind are more than the 20 that this is meant for"),
        ({"architecture": "i686"}, "architecture 'i686' is not one that Lambda has"),
        ({"runtime": "python2.7"}, "runtime 'python2.7' is not a Python runtime of Lambda"),
    ],
)
def test_what_is_no_fleet_is_refused(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ServerlessError) as caught:
        read_kinds([entry], defaults=DEFAULTS, today=TODAY)
    assert said in str(caught.value)


def test_counts_that_add_up_to_too_many_are_refused() -> None:
    with pytest.raises(ServerlessError, match="22 builders of one kind"):
        read_kinds([{"count": 11}, {"count": 11}], defaults=DEFAULTS, today=TODAY)


def test_one_that_fits_is_kept() -> None:
    assert sorted_out([machine()]) == ([["i-1"]], [])


@pytest.mark.parametrize(
    "changes",
    [
        {"os": "Amazon Linux 2023"},
        {"tags": {}},
        {"architecture": "arm64"},
        {"instance_type": "t3.large"},
        {"key_name": "another"},
        {"key_name": None},
        {"instance_lifecycle": "spot"},
    ],
)
def test_one_that_does_not_fit_is_to_be_ended(changes: dict[str, Any]) -> None:
    assert sorted_out([machine(1, **changes)]) == ([[]], ["i-1"])


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        (Place(key_name=None, subnet_id="", spot=False), []),
        (Place(key_name="key", subnet_id="subnet-1", spot=False), ["i-1"]),
        (Place(key_name="key", subnet_id="subnet-2", spot=False), []),
        (Place(key_name="key", subnet_id="", spot=True), []),
    ],
)
def test_where_it_is_matters(place: Place, kept: list[str]) -> None:
    assert sorted_out([machine()], place=place)[0] == [kept]


def test_a_spot_instance_serves_where_spot_is_asked_for() -> None:
    spot = Place(key_name="key", subnet_id="", spot=True)
    assert sorted_out([machine(1, instance_lifecycle="spot")], place=spot) == ([["i-1"]], [])


def test_how_it_is_reached_matters() -> None:
    tags = {"OperatingSystem": "Amazon Linux 2", "Access": "ssm"}
    by_session = Place(key_name="key", subnet_id="", spot=False, access="ssm")
    assert sorted_out([machine(1, tags=tags), machine(2)], place=by_session) == ([["i-1"]], ["i-2"])
    assert sorted_out([machine(1, tags=tags), machine(2)]) == ([["i-2"]], ["i-1"])


def test_those_that_run_are_kept_before_those_that_do_not() -> None:
    machines = [machine(1, state="stopped"), machine(2, state="running"), machine(3, state="pending")]
    assert sorted_out(machines, {"count": 2}) == ([["i-2", "i-3"]], ["i-1"])


def test_each_kind_has_its_own() -> None:
    machines = [machine(1), machine(2, architecture="arm64", instance_type="t4g.micro"), machine(3)]
    assert sorted_out(machines, {}, {"architecture": "arm64", "count": 2}) == ([["i-1"], ["i-2"]], ["i-3"])


_MACHINES = st.lists(
    st.builds(
        machine,
        st.integers(1, 999),
        state=st.sampled_from(["pending", "running", "stopping", "stopped"]),
        os=st.sampled_from(["Amazon Linux 2", "Amazon Linux 2023", "another"]),
        architecture=st.sampled_from(ARCHITECTURES),
        instance_type=st.sampled_from(["t3.micro", "t4g.micro", "t3.large"]),
        key_name=st.sampled_from(["key", "another"]),
    ),
    unique_by=lambda each: each["instance_id"],
)
_WANTED = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "runtime": st.sampled_from(["python3.11", "python3.12", "python3.13"]),
            "architecture": st.sampled_from(ARCHITECTURES),
            "instance_type": st.sampled_from(["t3.micro", "t4g.micro", "t3.large", ""]),
            "count": st.integers(1, 4),
        },
    ),
    min_size=1,
    max_size=4,
)


@given(machines=_MACHINES, wanted=_WANTED)
def test_every_machine_is_kept_once_or_ended(machines: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    kinds = read_kinds(wanted, defaults=DEFAULTS, today=TODAY)
    kept, surplus = sort_out(machines, kinds=kinds, place=HERE)
    assert sum(kind.count for kind in kinds) == sum(entry.get("count", 1) for entry in wanted)
    assert Counter(each["instance_id"] for own in [*kept, surplus] for each in own) == Counter(
        each["instance_id"] for each in machines
    )
    for kind, own in zip(kinds, kept, strict=True):
        assert len(own) <= kind.count
        assert all(kind.is_of(each) for each in own)
        # Nothing that would serve is ended where one is missing.
        assert len(own) == kind.count or not any(kind.is_of(each) and HERE.has(each) for each in surplus)
