# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The versions of Ansible that the metadata promises are the versions that the tests run with."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ansible.release import __version__ as ansible_core
from packaging.specifiers import SpecifierSet
from packaging.version import Version

TOP = Path(__file__).resolve().parents[2]
REQUIRED = SpecifierSet(yaml.safe_load((TOP / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"])
COLLECTIONS = yaml.safe_load((TOP / "galaxy.yml").read_text(encoding="utf-8"))["dependencies"]


def locked(name: str) -> list[Version]:
    """Return the versions of ansible-core in a lock file, oldest first.

    :param name: File name below ``requirements/``.
    """
    text = (TOP / "requirements" / name).read_text(encoding="utf-8")
    return sorted(Version(found) for found in re.findall(r"^ansible-core==([^ ]+)", text, re.MULTILINE))


def test_ansible_core_is_a_promised_version() -> None:
    assert ansible_core in REQUIRED


@pytest.mark.parametrize("name", COLLECTIONS)
def test_the_collections_are_promised_versions(name: str) -> None:
    folder = Path(next(iter(import_module(f"ansible_collections.{name}").__path__)))
    manifest = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    assert manifest["collection_info"]["version"] in SpecifierSet(COLLECTIONS[name])


def test_the_oldest_environment_has_the_oldest_promised_ansible_core() -> None:
    (oldest,) = locked("oldest.txt")
    assert oldest in REQUIRED
    assert f"2.{oldest.minor - 1}.99" not in REQUIRED


def test_every_role_asks_for_the_oldest_promised_ansible_core() -> None:
    (oldest,) = locked("oldest.txt")
    asked = {
        path.parent.parent.name: yaml.safe_load(path.read_text(encoding="utf-8"))["galaxy_info"]["min_ansible_version"]
        for path in TOP.glob("roles/*/meta/main.yml")
    }
    assert asked
    assert asked == dict.fromkeys(asked, f"2.{oldest.minor}")
