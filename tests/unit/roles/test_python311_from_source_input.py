# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role C(python311_from_source) says to bad input, in one run of Ansible on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = Path(__file__).parents[3] / "roles" / "python311_from_source"
RELEASES: dict[str, str] = yaml.safe_load((ROLE / "vars" / "main" / "releases.yml").read_text())[
    "python311_from_source__releases"
]
SOURCE = b"not the source"
SHA256 = hashlib.sha256(SOURCE).hexdigest()

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "no release": (
        {"version": "3.11"},
        (
            "python311_from_source_version is 3.11, which is no release of CPython 3.10 to 3.14. Write"
            " all three numbers, such as 3.11.17."
        ),
    ),
    "too old": (
        {"version": "3.9.20"},
        (
            "python311_from_source_version is 3.9.20, which is no release of CPython 3.10 to 3.14."
            " Write all three numbers, such as 3.11.17."
        ),
    ),
    "unknown checksum": (
        {"version": "3.11.99"},
        (
            "The SHA-256 of CPython 3.11.99 is not known. Set python311_from_source_sha256 to that of"
            f" its source (Python-3.11.99.tgz), or use one of {', '.join(RELEASES)}."
        ),
    ),
    "no checksum": (
        {"sha256": "abc"},
        "python311_from_source_sha256 is abc, which is no SHA-256. That is 64 hexadecimal digits.",
    ),
    "prefix of the system": (
        {"prefix": "/usr"},
        (
            "python311_from_source_prefix is /usr, where nothing can be installed beside the system's"
            " own. Use an absolute path without a slash at its end, such as /usr/local or /opt/python."
        ),
    ),
    "relative prefix": (
        {"prefix": "python"},
        (
            "python311_from_source_prefix is python, where nothing can be installed beside the"
            " system's own. Use an absolute path without a slash at its end, such as /usr/local or"
            " /opt/python."
        ),
    ),
    "option with a variable of its own": (
        {"configure_options": ["--with-lto", "--prefix=/opt"]},
        (
            "python311_from_source_configure_options holds --with-lto, --prefix=/opt. Use python311_from_source_prefix,"
            " python311_from_source_optimizations and python311_from_source_lto for that."
        ),
    ),
    "no url": (
        {"urls": ["www.example.org/Python.tgz"]},
        (
            "python311_from_source_urls is ['www.example.org/Python.tgz']. It takes at least one URL,"
            " each of http, https, ftp or file, and no spaces in it."
        ),
    ),
    "no file on the control node": (
        {"tarball": "/nowhere/Python.tgz"},
        (
            "There is no file /nowhere/Python.tgz on the control node. Correct"
            " python311_from_source_tarball, or leave it out to fetch the source from"
            " python311_from_source_urls."
        ),
    ),
    "another file on the control node": (
        {"tarball": "{{ playbook_dir }}/source.tgz"},
        (
            f"The source of CPython 3.11.17, DIRECTORY/source.tgz, has SHA-256 {SHA256}, not"
            f" {RELEASES['3.11.17']}; nothing was built. Correct python311_from_source_sha256 or"
            " python311_from_source_tarball."
        ),
    ),
}


def _tasks(name: str, options: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Run the role, and save what it failed with."""
    variables = {f"python311_from_source_{key}": value for key, value in options.items()}
    message = {"content": "{{ ansible_failed_result.msg }}", "dest": str(directory / "messages" / name)}
    return {
        "name": name,
        "block": [
            {
                "name": "Run the role",
                "ansible.builtin.include_role": {"name": "asesoria.serverless.python311_from_source"},
                "vars": {"python311_from_source_become": False, **variables},
            }
        ],
        "rescue": [{"name": "Save what it says", "ansible.builtin.copy": message}],
    }


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    directory = tmp_path_factory.mktemp("input")
    (directory / "messages").mkdir()
    (directory / "source.tgz").write_bytes(SOURCE)
    safe = {"prefix": str(directory / "prefix"), "work_dir": str(directory / "work"), "manage_packages": False}
    tasks = [_tasks(name, {**safe, **options}, directory) for name, (options, _message) in CASES.items()]
    play = [{"name": "Test", "hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    (directory / "play.yml").write_text(json.dumps(play))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-c", "local", "play.yml"],
        check=False,
        cwd=directory,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(directory / "tmp"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (directory / "prefix").exists()
    assert not (directory / "work").exists()
    return {
        path.name: path.read_text().replace(str(directory), "DIRECTORY") for path in (directory / "messages").iterdir()
    }


@pytest.mark.parametrize("name", CASES)
def test_says_what_is_wrong(messages: dict[str, str], name: str) -> None:
    assert messages.get(name) == CASES[name][1]


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_knows_a_release_of_every_minor_version(version: str) -> None:
    assert any(release.startswith(f"{version}.") for release in RELEASES)


def test_checksums_are_checksums() -> None:
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in RELEASES.values())
    assert len(set(RELEASES.values())) == len(RELEASES)
