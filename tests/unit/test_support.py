# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.tests.unit.support import (
    NoAnswerError,
    assert_return_documented,
    run_module,
)

RETURN = """
name:
  description: A name.
  type: str
  returned: always
version:
  description: A number, or C(null) before there is one.
  type: int
  returned: success
plan:
  description: What was done.
  type: list
  elements: dict
  returned: changed
  contains:
    step:
      description: What.
      type: str
      returned: always
hint:
  description: Something else.
  type: str
  returned: when there is something to say
"""
GOOD = {"changed": True, "failed": False, "name": "a", "version": 1, "plan": [{"step": "x"}]}


def documented() -> ModuleType:
    module = ModuleType("example")
    vars(module)["RETURN"] = RETURN
    return module


@pytest.mark.parametrize(
    "change",
    [{}, {"version": None}, {"hint": "x"}, {"plan": []}, {"warnings": ["w"], "diff": {}}],
)
def test_a_result_as_documented_passes(change: dict[str, Any]) -> None:
    assert_return_documented(documented(), GOOD | change)


def test_what_comes_with_a_change_may_be_missing_without_one() -> None:
    assert_return_documented(documented(), {"changed": False, "name": "a", "version": 1})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"extra": 1}, "extra: returned but not documented"),
        ({"name": 7}, "name: documented as str, but is int: 7"),
        ({"name": None}, "name: null, but its description does not say when it is C(null)"),
        ({"version": True}, "version: documented as int, but is bool: True"),
        ({"plan": {}}, "plan: documented as list, but is dict: {}"),
        ({"plan": ["x"]}, "plan[0]: documented as dict, but is str: 'x'"),
        ({"plan": [{}]}, "plan[0].step: documented (returned: always) but missing"),
        ({"plan": [{"step": "x", "more": 1}]}, "plan[0].more: returned but not documented"),
    ],
)
def test_a_result_that_differs_fails(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_return_documented(documented(), GOOD | change)
    assert problem in str(caught.value).splitlines()


@pytest.mark.parametrize("key", ["name", "version", "plan"])
def test_a_key_that_is_missing_fails(key: str) -> None:
    with pytest.raises(AssertionError, match=f"{key}: documented .* but missing"):
        assert_return_documented(documented(), {name: value for name, value in GOOD.items() if name != key})


def example() -> None:
    module = AnsibleModule(
        {"name": {"type": "str", "required": True}, "secret": {"type": "str", "no_log": True}},
        supports_check_mode=True,
    )
    if module.params["name"] == "loud":
        module.warn("beware")
    if module.params["name"] == "silent":
        return
    if module.params["name"] == "bad":
        module.fail_json(msg="no")
    module.exit_json(changed=not module.check_mode, secret=f"<{module.params['secret']}>")


def test_a_module_runs_as_on_a_host() -> None:
    result = run_module(example, {"name": "a", "secret": "hush-hush"})
    assert result == {"changed": True, "failed": False, "secret": "<********>"}
    assert run_module(example, {"name": "a"}, check_mode=True)["changed"] is False


@pytest.mark.parametrize(("args", "message"), [({"name": "bad"}, "no"), ({}, "missing required arguments: name")])
def test_a_modules_failure_is_its_result(args: dict[str, Any], message: str) -> None:
    result = run_module(example, args)
    assert (result["failed"], result["msg"]) == (True, message)


def test_a_module_without_an_answer_fails_the_test() -> None:
    with pytest.raises(NoAnswerError, match="without exit_json or fail_json"):
        run_module(example, {"name": "silent"})


def test_a_warning_is_reported_by_its_own_module_only() -> None:
    # After this import the process counts as a control node, as it does when the tests of an action plugin have run.
    importlib.import_module("ansible.plugins.action")
    assert run_module(example, {"name": "loud"})["warnings"] == ["beware"]
    assert "warnings" not in run_module(example, {"name": "a"})
