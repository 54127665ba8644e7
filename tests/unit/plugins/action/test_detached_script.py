# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action in a real play, on this machine in the place of a host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.modules import detached_script
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented


class Play:
    """One task in a playbook of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.job = directory / "a job" / "here"
        self.shown = ""

    def run(self, content: str, *arguments: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run a script of that content, and return what the task returned."""
        (self.directory / "files").mkdir(exist_ok=True)
        (self.directory / "files" / "script.sh").write_text(content)
        (self.directory / "files" / "data file").write_text("data")
        task = {
            "name": "Run it",
            "asesoria.serverless.detached_script": {
                "script": "script.sh",
                "arguments": list(arguments),
                "files": ["data file"],
                "directory": str(self.job),
                "interval": 1,
                **options,
            },
            "environment": {"GREETING": "hello there"},
            "register": "result",
            "ignore_errors": True,
        }
        save = {
            "name": "Save what it returned",
            "ansible.builtin.copy": {"content": "{{ result | to_json }}", "dest": str(self.directory / "result")},
            "check_mode": False,
        }
        play = [{"name": "Test", "hosts": "localhost", "gather_facts": False, "tasks": [task, save]}]
        (self.directory / "play.yml").write_text(yaml.safe_dump(play))
        command = [
            sys.executable,
            "-m",
            "ansible",
            "playbook",
            "-c",
            "local",
            "play.yml",
            *(["--check"] if check else []),
        ]
        done = subprocess.run(
            [*command, "--check"] if check else command,
            check=False,
            cwd=self.directory,
            env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(self.directory / "tmp"), "ANSIBLE_NOCOLOR": "1"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.shown = done.stdout
        result: dict[str, Any] = json.loads((self.directory / "result").read_text())
        return result


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path)


def test_runs_shows_and_removes(play: Play) -> None:
    result = play.run('echo ">> $1, $GREETING"; printf ">> %s\\n" "$(cat "data file")"', 'it\'s $HOME "quoted"')
    assert_return_documented(detached_script, result)
    assert result["changed"]
    assert result["progress"] == ['it\'s $HOME "quoted", hello there', "data"]
    assert '    [localhost] it\'s $HOME "quoted", hello there\n' in play.shown
    assert not play.job.exists()


def test_check_mode_runs_nothing(play: Play, tmp_path: Path) -> None:
    result = play.run(f"touch '{tmp_path}/ran'", check=True)
    assert_return_documented(detached_script, result)
    assert result["changed"]
    assert not result["ran"]
    assert not (tmp_path / "ran").exists()
    assert not play.job.exists()


def test_failure(play: Play) -> None:
    result = play.run('echo words; echo "!! it is broken"; exit 4')
    assert result["failed"]
    assert (result["msg"], result["rc"], result["log"]) == ("it is broken.", 4, ["words", "!! it is broken"])
    assert not play.job.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"script": "absent.sh"}, "'absent.sh'"),
        ({"directory": "relative"}, "'relative', is not an absolute path of at least two folders"),
    ],
)
def test_bad_input(play: Play, options: dict[str, Any], message: str) -> None:
    result = play.run("true", **options)
    assert result["failed"]
    assert message in result["msg"]
