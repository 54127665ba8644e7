# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries

ALL = ("cyclonedx-python-lib >= 11", "jinja2", "packaging", "pyelftools", "resolvelib", "squarify", "unearth")


def test_all_that_the_modules_want_is_here() -> None:
    assert missing_libraries(*ALL) == {}


@pytest.mark.parametrize(("name", "module"), [("pyelftools", "elftools.elf.elffile"), ("unearth", "unearth")])
def test_one_that_is_not_there(name: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Python takes this for a module that can't be imported.
    monkeypatch.setitem(sys.modules, module, None)
    found = missing_libraries("packaging", name)
    assert list(found) == [name]
    assert "ModuleNotFoundError" in found[name]
