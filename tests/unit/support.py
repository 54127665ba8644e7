# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module inside the test's own process, and holds what it returns against its documentation.

The module goes through the real C(AnsibleModule), from reading its arguments to printing its answer, so that a test
sees what a user would: validated options, values hidden by C(no_log), the JSON that went to standard output.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any
from unittest import mock

import yaml
from ansible.module_utils import basic
from ansible.module_utils.common import warnings

#: Keys that Ansible itself gives a meaning to; a module's RETURN need not repeat them.
COMMON_KEYS = frozenset(
    {"changed", "deprecations", "diff", "exception", "failed", "invocation", "msg", "skipped", "warnings"}
)

_TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "complex": (dict,),
    "dict": (dict,),
    "float": (float, int),
    "int": (int,),
    "list": (list,),
    "path": (str,),
    "str": (str,),
}


class NoAnswerError(AssertionError):
    """The module ended without C(exit_json) or C(fail_json)."""


@contextlib.contextmanager
def module_args(args: Mapping[str, Any], *, check_mode: bool = False, diff: bool = False) -> Iterator[None]:
    """Let every C(AnsibleModule) made inside the block read these arguments.

    :param args: the task's options.
    :param check_mode: as with C(--check).
    :param diff: as with C(--diff).
    """
    content = {**args, "_ansible_check_mode": check_mode, "_ansible_diff": diff}
    encoded = json.dumps({"ANSIBLE_MODULE_ARGS": content}).encode()
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(basic, "_ANSIBLE_ARGS", encoded))
        # How the values were serialized.
        stack.enter_context(mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy"))
        # Where a test has imported a part of the control node, a module would send its warnings to the terminal.
        internal = sys.modules.get("ansible.module_utils._internal")
        if internal:
            stack.enter_context(mock.patch.object(internal, "is_controller", False))
        # Warnings belong to the process: a module must not report those of the one before.
        for name in ("_global_warnings", "_global_deprecations"):
            stack.enter_context(mock.patch.object(warnings, name, type(getattr(warnings, name))()))
        yield


def run_module(
    main: Callable[[], None], args: Mapping[str, Any], *, check_mode: bool = False, diff: bool = False
) -> dict[str, Any]:
    """Call a module's C(main) and return what it would have sent to the control node.

    :param main: the module's function of that name.
    :param args: the task's options.
    :param check_mode: as with C(--check).
    :param diff: as with C(--diff).
    :returns: the answer; C(failed) is always there, C(invocation) is left out, C(warnings) is a list of strings.
    :raises NoAnswerError: the module returned, or printed something that is no answer.
    """
    output = io.StringIO()
    with module_args(args, check_mode=check_mode, diff=diff), contextlib.redirect_stdout(output):
        code = _exit_code(main)
    answer = _answer(output.getvalue())
    failed = bool(answer.setdefault("failed", False))
    assert failed == bool(code), f"exit code {code} does not go with failed={failed}"
    answer.pop("invocation", None)
    if "warnings" in answer:
        answer["warnings"] = [warning["event"]["msg"] for warning in answer["warnings"]]
    return answer


def _exit_code(main: Callable[[], None]) -> str | int | None:
    try:
        main()
    except SystemExit as end:
        return end.code
    raise NoAnswerError(f"{main.__module__}.main returned without exit_json or fail_json")


def _answer(printed: str) -> dict[str, Any]:
    try:
        answer = json.loads(printed)
    except ValueError as error:
        raise NoAnswerError(f"the module printed more or less than its one answer: {printed!r}") from error
    if not isinstance(answer, dict):
        raise NoAnswerError(f"the module's answer is not a dictionary: {printed!r}")
    return answer


def assert_return_documented(module: ModuleType, result: Mapping[str, Any]) -> None:
    """Fail unless a successful result has exactly the keys that the module's RETURN promises, with the right types.

    A key whose C(returned) is C(always) or C(success) must be there, one with C(changed) if something changed; any
    other condition makes it optional. A value may be null only if its description says C(null).

    :param module: the module, which has the string RETURN.
    :param result: what M(run_module) returned.
    """
    assert not result.get("failed"), f"compare a result that succeeded, not: {result.get('msg')}"
    documented = yaml.safe_load(module.RETURN) or {}
    actual = {key: value for key, value in result.items() if key not in COMMON_KEYS or key in documented}
    problems = list(_dict_problems(documented, actual, where="", changed=bool(result.get("changed"))))
    if problems:
        raise AssertionError("\n".join([f"RETURN of {module.__name__} and its result differ:", *problems]))


def _dict_problems(
    documented: Mapping[str, Mapping[str, Any]], actual: Mapping[str, Any], *, where: str, changed: bool
) -> Iterator[str]:
    for key in sorted(actual.keys() - documented.keys()):
        yield f"{where}{key}: returned but not documented"
    for key, doc in documented.items():
        if key in actual:
            yield from _value_problems(doc, actual[key], where=f"{where}{key}", changed=changed)
        elif _is_due(str(doc.get("returned", "always")), changed=changed):
            yield f"{where}{key}: documented (returned: {doc.get('returned', 'always')}) but missing"


def _is_due(returned: str, *, changed: bool) -> bool:
    condition = returned.strip().rstrip(".").lower()
    return condition in ("always", "success") or (condition in ("changed", "when changed") and changed)


def _value_problems(doc: Mapping[str, Any], value: Any, *, where: str, changed: bool) -> Iterator[str]:
    documented_type = doc["type"]
    if value is None:
        if "null" not in str(doc["description"]).lower():
            yield f"{where}: null, but its description does not say when it is C(null)"
        return
    if not _is_of_type(value, documented_type):
        yield f"{where}: documented as {documented_type}, but is {type(value).__name__}: {value!r}"
        return
    if documented_type == "list":
        yield from _list_problems(doc, value, where=where, changed=changed)
    elif "contains" in doc:
        yield from _dict_problems(doc["contains"], value, where=f"{where}.", changed=changed)


def _list_problems(doc: Mapping[str, Any], value: list[Any], *, where: str, changed: bool) -> Iterator[str]:
    elements = doc.get("elements")
    if elements is None:
        yield f"{where}: a list without a documented type of its elements"
        return
    element_doc = {key: doc[key] for key in ("description", "contains") if key in doc} | {"type": elements}
    for index, element in enumerate(value):
        yield from _value_problems(element_doc, element, where=f"{where}[{index}]", changed=changed)


def _is_of_type(value: Any, documented_type: str) -> bool:
    if documented_type in ("raw", "any"):
        return True
    if isinstance(value, bool):
        return documented_type == "bool"
    return isinstance(value, _TYPES[documented_type])
