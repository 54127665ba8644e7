# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which collections a collection needs, and which are there."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter import needed_collections as file
from ansible_collections.asesoria.serverless.plugins.filter.needed_collections import FilterModule, needed_collections

GALAXY = Path(__file__).parents[4] / "galaxy.yml"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for collections, each a folder."""

    def find(name: str) -> SimpleNamespace:
        folder = tmp_path / name.removeprefix("ansible_collections.")
        if not folder.is_dir():
            raise ModuleNotFoundError(name)
        return SimpleNamespace(__path__=[str(folder)])

    monkeypatch.setattr(file, "import_module", find)
    return tmp_path


def install(place: Path, name: str, version: str, dependencies: dict[str, str] | None = None) -> None:
    folder = place / name
    folder.mkdir()
    info = {"version": version, "dependencies": dependencies}
    (folder / "MANIFEST.json").write_text(json.dumps({"collection_info": info}), encoding="utf-8")


def test_this_collection() -> None:
    wanted = yaml.safe_load(GALAXY.read_text(encoding="utf-8"))["dependencies"]
    found = needed_collections("asesoria.serverless")
    assert {each["name"]: each["requirement"] for each in found} == wanted
    assert all(each["version"][0].isdigit() for each in found)


def test_what_is_installed(there: Path) -> None:
    install(there, "a.a", "1.0.0", {"b.b": ">=2", "c.c": "*"})
    install(there, "b.b", "2.1.0")
    assert needed_collections("a.a") == [
        {"name": "b.b", "requirement": ">=2", "version": "2.1.0"},
        {"name": "c.c", "requirement": "*", "version": ""},
    ]
    assert needed_collections("b.b") == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"collection_info": null}'])
def test_a_collection_that_says_nothing_of_itself(there: Path, text: str) -> None:
    install(there, "a.a", "1.0.0", {"b.b": ">=2"})
    (there / "b.b").mkdir()
    (there / "b.b" / "MANIFEST.json").write_text(text, encoding="utf-8")
    assert needed_collections("a.a") == [{"name": "b.b", "requirement": ">=2", "version": ""}]
    with pytest.raises(AnsibleFilterError, match=r"the collection b\.b is not installed, or does not say"):
        needed_collections("b.b")


def test_a_collection_that_is_not_there(there: Path) -> None:
    with pytest.raises(AnsibleFilterError, match=r"the collection no\.such is not installed"):
        needed_collections("no.such")
    assert there.is_dir()


def test_it_is_a_filter() -> None:
    assert FilterModule().filters() == {"needed_collections": needed_collections}
