# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archive that "ansible-galaxy collection build" makes, installed where nothing else is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[2]
NAME = "asesoria.serverless"


@dataclass(frozen=True)
class Installed:
    """The archive, and a folder into which nothing but it and its dependencies have been installed."""

    archive: Path
    folder: Path

    @property
    def collection(self) -> Path:
        return self.folder / "ansible_collections" / "asesoria" / "serverless"

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run one of Ansible's commands in the folder, which is all that it can see of the checkout."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
        command = [str(Path(sys.executable).parent / argv[0]), *argv[1:]]
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**environment, "ANSIBLE_COLLECTIONS_PATH": str(self.folder), "ANSIBLE_NOCOLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(name="installed", scope="session")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    built = subprocess.run([TOP / "scripts" / "build", folder], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (archive,) = folder.glob("asesoria-serverless-*.tar.gz")
    return Installed(archive, folder)


@pytest.fixture(name="plugins", scope="session")
def _plugins(installed: Installed) -> dict[str, list[str]]:
    """The names of the plugins by their kind, from the archive's files."""
    kinds = {"module": "modules", "filter": "filter", "test": "test", "lookup": "lookup", "inventory": "inventory"}
    return {
        kind: sorted(
            f"{NAME}.{path.stem}"
            for path in (installed.collection / "plugins" / folder).glob("*.py")
            if not path.stem.startswith("_")
        )
        for kind, folder in kinds.items()
    }


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return tar.getnames()


def test_nothing_but_the_sources_is_in_the_archive(installed: Installed) -> None:
    unwanted = {
        ".cache",
        ".ci",
        ".git",
        ".hypothesis",
        ".pytest_cache",
        ".sandbox",
        ".venv",
        "__pycache__",
        "node_modules",
    }
    parts = {part for name in names(installed.archive) for part in Path(name).parts}
    assert parts & unwanted == set()
    assert [name for name in names(installed.archive) if name.endswith((".pyc", ".tar.gz", ".log"))] == []


def test_only_what_git_knows_is_in_the_archive(installed: Installed) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=True,
    )
    known = set(listed.stdout.splitlines()) | {"MANIFEST.json", "FILES.json"}
    with tarfile.open(installed.archive) as tar:
        files = {member.name for member in tar.getmembers() if not member.isdir()}
    assert files - known == set()


@pytest.mark.parametrize("wanted", ["README.md", "LICENSE", "meta/runtime.yml", "playbooks/site.yml"])
def test_what_users_need_is_in_the_archive(installed: Installed, wanted: str) -> None:
    assert wanted in names(installed.archive)


def test_the_metadata_names_the_collection(installed: Installed) -> None:
    info = json.loads((installed.collection / "MANIFEST.json").read_text())["collection_info"]
    assert (info["namespace"], info["name"]) == ("asesoria", "serverless")
    assert set(info["dependencies"]) == {"amazon.aws", "community.general"}


def test_the_documentation_of_every_plugin_renders(installed: Installed, plugins: dict[str, list[str]]) -> None:
    failed = {}
    for kind, plugin_names in plugins.items():
        if not plugin_names:
            continue
        done = installed.run("ansible-doc", "--type", kind, "--json", *plugin_names)
        documented: dict[str, Any] = json.loads(done.stdout or "{}")
        if done.returncode or sorted(documented) != plugin_names:
            failed[kind] = done.stderr or f"only {sorted(documented)}"
    assert failed == {}
    assert plugins["module"], "the archive has no module"


def test_every_module_is_listed_with_a_description(installed: Installed, plugins: dict[str, list[str]]) -> None:
    done = installed.run("ansible-doc", "--list", "--json", NAME)
    assert done.returncode == 0, done.stderr
    listed: dict[str, str] = json.loads(done.stdout)
    assert sorted(listed) == plugins["module"]
    assert [name for name, description in listed.items() if not description or description == "UNDOCUMENTED"] == []


def test_every_role_has_its_entry_points_documented(installed: Installed) -> None:
    roles = sorted(f"{NAME}.{path.name}" for path in (installed.collection / "roles").iterdir() if path.is_dir())
    done = installed.run("ansible-doc", "--type", "role", "--list", "--json", NAME)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)) == roles


def test_the_playbooks_are_found_by_name_from_an_empty_folder(installed: Installed) -> None:
    done = installed.run("ansible-playbook", "--syntax-check", f"{NAME}.site")
    assert done.returncode == 0, done.stdout + done.stderr
    listed = installed.run("ansible-playbook", "--list-tasks", f"{NAME}.site")
    assert "Create the IAM user" in listed.stdout
    assert str(TOP) not in listed.stdout
