# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter import builder_fleet as file
from ansible_collections.asesoria.serverless.plugins.filter.builder_fleet import FilterModule, builder_fleet

DEFAULTS: dict[str, Any] = {"runtime": "python3.13", "architecture": "arm64", "instance_type": "", "count": 1}
MACHINE = {
    "instance_id": "i-1",
    "state": {"name": "running"},
    "tags": {"OperatingSystem": "Amazon Linux 2023"},
    "architecture": "arm64",
    "instance_type": "t4g.micro",
    "key_name": "key",
}


def test_kinds_with_their_instances_and_what_is_too_much() -> None:
    other = {**MACHINE, "instance_id": "i-2"}
    fleet = builder_fleet([other, MACHINE], [{}], DEFAULTS, key_name="key")
    (kind,) = fleet["kinds"]
    assert kind["instances"] == [MACHINE]
    assert (kind["os"], kind["instance_type"], kind["count"]) == ("Amazon Linux 2023", "t4g.micro", 1)
    assert fleet["surplus"] == ["i-2"]


def _started(instance_id: str, at: str, run: str, state: str = "running") -> dict[str, Any]:
    tags = {**MACHINE["tags"], "asesoria:run": run}
    return {**MACHINE, "instance_id": instance_id, "launch_time": at, "tags": tags, "state": {"name": state}}


@pytest.mark.parametrize(
    ("machines", "kept", "surplus", "surplus_of_run", "of_run"),
    [
        pytest.param([_started("i-2", "t1", "me")], ["i-2"], [], [], ["i-2"], id="as many as asked for"),
        pytest.param(
            [_started("i-1", "t2", "me"), _started("i-2", "t1", "me")],
            ["i-2"],
            ["i-1"],
            ["i-1"],
            ["i-1", "i-2"],
            id="one too many of this run",
        ),
        pytest.param(
            [_started("i-1", "t2", "me"), _started("i-2", "t1", "other", "pending")],
            ["i-2"],
            ["i-1"],
            ["i-1"],
            ["i-1"],
            id="another run was first",
        ),
        pytest.param(
            [_started("i-1", "t2", "other"), _started("i-2", "t1", "me", "pending")],
            ["i-2"],
            ["i-1"],
            [],
            ["i-2"],
            id="another run came later",
        ),
        pytest.param(
            [_started("i-2", "t1", "other"), _started("i-1", "t1", "me")],
            ["i-1"],
            ["i-2"],
            [],
            ["i-1"],
            id="at the same second",
        ),
    ],
)
def test_two_runs_agree_on_the_machine_that_stays(
    machines: list[dict[str, Any]], kept: list[str], surplus: list[str], surplus_of_run: list[str], of_run: list[str]
) -> None:
    fleet = builder_fleet(machines, [{}], DEFAULTS, key_name="key", run="me")
    (kind,) = fleet["kinds"]
    assert [each["instance_id"] for each in kind["instances"]] == kept
    assert (fleet["surplus"], fleet["surplus_of_run"], sorted(fleet["of_run"])) == (surplus, surplus_of_run, of_run)


def test_without_a_run_no_machine_is_of_it() -> None:
    fleet = builder_fleet([MACHINE, {**MACHINE, "instance_id": "i-2", "tags": {}}], [{}], DEFAULTS, key_name="key")
    assert (fleet["of_run"], fleet["surplus_of_run"]) == ([], [])


def test_without_a_key_pair_none_serves() -> None:
    assert builder_fleet([MACHINE], [{}], DEFAULTS)["surplus"] == ["i-1"]


def test_bad_input_is_an_error_of_the_filter() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        builder_fleet([], [{"count": "two"}], DEFAULTS)
    assert "'two' is no number of builders" in str(caught.value)


def test_ansible_finds_the_filter_and_its_documentation() -> None:
    assert FilterModule().filters() == {"builder_fleet": builder_fleet}
    documentation = yaml.safe_load(Path(file.__file__).with_suffix(".yml").read_text())["DOCUMENTATION"]
    assert set(documentation["options"]) == {
        "_input",
        "wanted",
        "defaults",
        "key_name",
        "subnet_id",
        "spot",
        "access",
        "run",
    }
