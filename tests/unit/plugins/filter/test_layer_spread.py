# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter import layer_spread as file
from ansible_collections.asesoria.serverless.plugins.filter.layer_spread import (
    FilterModule,
    layer_builders,
    layer_spread,
)

PLAN: dict[str, Any] = {
    "name": "flask",
    "runtime": "python3.12",
    "architecture": "arm64",
    "place": "builder",
    "wheels": 4,
    "compiled": 1,
    "slim": "safe",
}
BUILDERS = {"i-1": ["Amazon Linux 2023", "arm64"], "i-2": ["Amazon Linux 2", "arm64"]}


@pytest.mark.parametrize("place", ["control_node", "nowhere"])
def test_only_what_a_builder_has_to_make_is_spread(place: str) -> None:
    plans = {"a": PLAN, "b": {**PLAN, "place": place}}
    assert layer_spread(plans, BUILDERS) == {"i-1": ["a"], "i-2": []}
    assert layer_builders(plans) == [{"runtime": "python3.12", "architecture": "arm64"}]
    assert layer_builders({"b": plans["b"]}) == []


def test_a_layer_that_nobody_can_make_is_an_error_of_the_filter() -> None:
    with pytest.raises(AnsibleFilterError, match="the layer flask, which takes Amazon Linux 2023, arm64"):
        layer_spread({"a": PLAN}, {"i-2": BUILDERS["i-2"]})


def test_a_runtime_that_lambda_does_not_have_is_an_error_of_the_filter() -> None:
    for function in (lambda plans: layer_spread(plans, BUILDERS), layer_builders):
        with pytest.raises(AnsibleFilterError, match=r"python2\.7"):
            function({"a": {**PLAN, "runtime": "python2.7"}})


@pytest.mark.parametrize("name", ["layer_spread", "layer_builders"])
def test_ansible_finds_the_filter_and_its_documentation(name: str) -> None:
    assert name in FilterModule().filters()
    documentation = yaml.safe_load(Path(file.__file__).with_name(f"{name}.yml").read_text())["DOCUMENTATION"]
    assert documentation["name"] == name
