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


def test_without_a_key_pair_none_serves() -> None:
    assert builder_fleet([MACHINE], [{}], DEFAULTS)["surplus"] == ["i-1"]


def test_bad_input_is_an_error_of_the_filter() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        builder_fleet([], [{"count": "two"}], DEFAULTS)
    assert "'two' is no number of builders" in str(caught.value)


def test_ansible_finds_the_filter_and_its_documentation() -> None:
    assert FilterModule().filters() == {"builder_fleet": builder_fleet}
    documentation = yaml.safe_load(Path(file.__file__).with_suffix(".yml").read_text())["DOCUMENTATION"]
    assert set(documentation["options"]) == {"_input", "wanted", "defaults", "key_name", "subnet_id", "spot", "access"}
