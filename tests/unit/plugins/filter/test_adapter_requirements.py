# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter.adapter_requirements import FilterModule
from packaging.requirements import Requirement

adapter_requirements = FilterModule().filters()["adapter_requirements"]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["wsgi"], ["werkzeug"]),
        (["asgi"], ["mangum"]),
        (["asgi", "auto"], ["mangum"]),
        (["asgi", "none"], []),
        ([""], []),
    ],
)
def test_what_an_interface_adds(arguments: list[str], names: list[str]) -> None:
    found = adapter_requirements(*arguments)
    assert [Requirement(each["requirement"]).name for each in found] == names
    assert all(each["reason"].startswith("adapter for ") for each in found)


@pytest.mark.parametrize("arguments", [["flask"], ["asgi", "mangum"]])
def test_what_there_is_not(arguments: list[str]) -> None:
    with pytest.raises(AnsibleFilterError, match="Use "):
        adapter_requirements(*arguments)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("service: x\ncustom: {wsgi: {app: app.app}}\n", ["werkzeug"]),
        ("service: x\ncustom:\n  wsgi:\n    app: ${self:service}.app\n", ["werkzeug"]),
        ("service: x\nfunctions: {api: {handler: handler.handler}}\n", []),
        ("service: [\n", []),
        (None, []),
    ],
)
def test_the_plugin_that_an_own_serverless_yml_names_needs_its_adapter(
    tmp_path: Path, text: str | None, names: list[str]
) -> None:
    if text is not None:
        (tmp_path / "serverless.yml").write_text(text)
    found = adapter_requirements("", "auto", str(tmp_path))
    assert [Requirement(each["requirement"]).name for each in found] == names
    assert adapter_requirements("", "none", str(tmp_path)) == []
    assert [Requirement(each["requirement"]).name for each in adapter_requirements("asgi", "auto", str(tmp_path))] == [
        "mangum"
    ]
