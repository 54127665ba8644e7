# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

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
