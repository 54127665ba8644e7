# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which CLI a run installs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter.serverless_cli import FilterModule, serverless_cli

SHIPPED = Path(__file__).parents[4] / "roles" / "serverless_deploy" / "files" / "cli"


def write_lock(folder: Path, *, versions: dict[str, str], **root: Any) -> str:
    """A lock as npm writes it."""
    packages = {f"node_modules/{name}": {"version": version} for name, version in versions.items()}
    (folder / "package-lock.json").write_text(json.dumps({"packages": {"": root, **packages}}), encoding="utf-8")
    return str(folder)


@pytest.mark.parametrize(
    ("cli", "name", "program", "line"),
    [
        ("osls@4", "osls-4", "osls", "4."),
        ("osls@3", "osls-3", "osls", "3."),
        ("serverless@3", "serverless-3", "serverless", "3."),
    ],
)
def test_those_that_are_shipped(cli: str, name: str, program: str, line: str) -> None:
    found = serverless_cli(cli, str(SHIPPED))
    assert (found["name"], found["program"]) == (name, program)
    assert found["source"] == str(SHIPPED / name)
    assert found["packages"][program].startswith(line)
    assert {"serverless-wsgi", "serverless-python-requirements"} < set(found["packages"])


@pytest.mark.parametrize("folder", sorted(path.name for path in SHIPPED.iterdir()))
def test_a_shipped_lock_has_every_hash_and_no_address(folder: str) -> None:
    text = (SHIPPED / folder / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
    assert "resolved" not in text
    pins = json.loads((SHIPPED / folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in pins} == pins


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    versions = {"serverless": "3.38.0", "serverless-plugin-x": "1.2.0", "deep": "9.0.0"}
    folder = write_lock(
        tmp_path, versions=versions, dependencies={"serverless-plugin-x": "^1"}, devDependencies={"serverless": "^3"}
    )
    found = serverless_cli(folder, str(SHIPPED))
    assert found["program"] == "serverless"
    assert found["packages"] == {"serverless": "3.38.0", "serverless-plugin-x": "1.2.0"}
    assert re.fullmatch("project-[0-9a-f]{12}", found["name"])
    assert found["name"] == serverless_cli(folder + "/", str(SHIPPED))["name"]


@pytest.mark.parametrize("cli", ["osls", "osls@5", "npm"])
def test_no_such_cli(cli: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"'{cli}' is no Serverless CLI. Write one of osls@3, osls@4, serverl"):
        serverless_cli(cli, str(SHIPPED))


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"serverless": "4.1.0"}, "locks serverless 4.1.0, which wants a login or a licence key"),
        ({"left-pad": "1.0.0"}, "locks no Serverless CLI"),
    ],
)
def test_a_lock_that_will_not_do(tmp_path: Path, versions: dict[str, str], said: str) -> None:
    folder = write_lock(tmp_path, versions=versions, dependencies=dict.fromkeys(versions, "*"))
    with pytest.raises(AnsibleFilterError, match=said):
        serverless_cli(folder, str(SHIPPED))


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"packages": {"": {"dependencies": {"osls": "4"}}}}'])
def test_no_lock(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "package-lock.json").write_text(text, encoding="utf-8")
    with pytest.raises(AnsibleFilterError, match=r"package-lock\.json can't be read as a lock of npm"):
        serverless_cli(str(tmp_path), str(SHIPPED))


def test_it_is_a_filter() -> None:
    assert FilterModule().filters() == {"serverless_cli": serverless_cli}
