# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths that the SSH client has to read as they are, tried with the client itself and with Ansible's connection."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.filter.ssh_path import ssh_control_path, ssh_path

FOLDERS = ["plain", "mi proyecto", "d'Ángel", '"ñ"', "50%h", "a\\b", "# no comment", "$HOME", "tab\tin it"]


def read_by_ssh(*options: str) -> dict[str, str]:
    """The settings that the client has after having read its options."""
    argv = ["ssh", "-F", "none", "-G", *(part for option in options for part in ("-o", option)), "host"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_client_reads_the_path_itself(folder: str) -> None:
    path = f"/tmp/{folder}/known_hosts"
    assert read_by_ssh(f"UserKnownHostsFile={ssh_path(path)}")["userknownhostsfile"] == path


def test_a_home_is_expanded_and_a_relative_path_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/d'Ángel")
    monkeypatch.chdir(tmp_path)
    assert ssh_path("~/a b/key") == '"/home/d\'Ángel/a b/key"'
    assert ssh_path("key", quoted=False) == f"{tmp_path}/key"


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder that leaves room for a socket's path."""
    with tempfile.TemporaryDirectory(prefix="asesoria-") as folder:
        yield Path(folder)


@pytest.mark.parametrize("folder", ["plain", "mi proyecto", 'd\'Ángel "ñ"', "50%h a\\b"])
def test_ansible_hands_the_key_and_the_socket_to_the_client(folder: str, short: Path, tmp_path: Path) -> None:
    """ansible itself builds the command, and a program in ssh's place writes down its arguments."""
    home = short / folder
    home.mkdir()
    written, ssh = tmp_path / "arguments.json", tmp_path / "ssh"
    ssh.write_text(
        f"#!{sys.executable}\nimport json, sys\njson.dump(sys.argv[1:], open({str(written)!r}, 'w'))\nsys.exit(255)\n",
        encoding="utf-8",
    )
    ssh.chmod(0o755)
    key = home / "my key.pem"
    variables = {
        "ansible_connection": "ansible.builtin.ssh",
        "ansible_ssh_executable": str(ssh),
        "ansible_ssh_private_key_file": "{{ key_file | asesoria.serverless.ssh_path(quoted=false) }}",
        "ansible_control_path": "{{ inventory_hostname | asesoria.serverless.ssh_control_path }}",
        "key_file": str(key),
    }
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"i-1": variables}}}), encoding="utf-8")
    argv = [str(Path(sys.executable).with_name("ansible")), "-i", str(inventory), "i-1", "-m", "raw", "-a", "true"]
    environment = {**os.environ, "HOME": str(home), "ANSIBLE_RETRY_FILES_ENABLED": "false"}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert written.exists(), done.stdout + done.stderr
    arguments = json.loads(written.read_text(encoding="utf-8"))
    options = [value for option, value in pairwise(arguments) if option == "-o"]
    found = read_by_ssh(*(option for option in options if option.startswith(("IdentityFile", "ControlPath"))))
    # The client expands percent signs in this one only when it opens the file.
    assert found["identityfile"].replace("%%", "%") == str(key)
    assert Path(found["controlpath"]).parent == home / ".ansible/cp"
    assert (home / ".ansible/cp").is_dir()


def test_each_host_has_a_socket_of_its_own() -> None:
    assert ssh_control_path("i-1") == ssh_control_path("i-1") != ssh_control_path("i-2")


def test_a_folder_whose_path_is_too_long_for_a_socket_shares_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", f"/tmp/{'ñ' * 45}")
    assert ssh_control_path("i-1") == "none"
    monkeypatch.setenv("HOME", f"/tmp/{'n' * 45}")
    assert ssh_control_path("i-1") != "none"
