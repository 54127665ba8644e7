# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of a service, compared with the one that the role's Jinja rendered before, byte for byte.

``tests/unit/data/serverless_configs.json`` has what the variables rendered for a matrix of settings.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter.serverless_config import serverless_config
from ansible_collections.asesoria.serverless.tests.unit.rendering import deploy_values

DATA = Path(__file__).parents[2] / "data" / "serverless_configs.json"
GOLDEN = json.loads(DATA.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", GOLDEN, ids=[each["case"] for each in GOLDEN])
def test_it_is_what_the_variables_rendered(case: dict[str, Any]) -> None:
    values = deploy_values(case["given"])
    if case["config"] is not None:
        found = serverless_config(values)
        assert json.dumps(found, indent=1) == json.dumps(case["config"], indent=1)
        if "pythonRequirements" in found["custom"]:
            assert found["custom"]["pythonRequirements"] == case["requirements"]
    assert json.dumps(serverless_config(values, identity_only=True)) == json.dumps(case["bare_config"])


def test_nothing_stands_there_twice() -> None:
    """A mapping that is there twice would be written as an alias of YAML, which the CLI's schema does not take."""
    domain = {"name": "a.example.com", "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
    config = serverless_config(deploy_values({"domain": {**domain, "hosted_zone_id": "Z1"}, "front_door": "rest_api"}))
    seen: set[int] = set()

    def walk(value: Any) -> None:
        if isinstance(value, (dict, list)):
            assert id(value) not in seen
            seen.add(id(value))
            for inner in value.values() if isinstance(value, dict) else value:
                walk(inner)

    walk(config)


@pytest.mark.parametrize("route", ["items", "GET", "FETCH /items", 'GET /"', "GET /a b"])
def test_a_route_that_is_none_is_refused(route: str) -> None:
    with pytest.raises(AnsibleFilterError, match="is no route"):
        serverless_config(deploy_values({"front_door": "rest_api", "routes": [route]}))


def test_a_runtime_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=r"python2\.7"):
        serverless_config(deploy_values({"packaging": "requirements", "runtime": "python2.7"}))
