# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings in a real play: templates, the command line, the message, and what the terminal shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.modules import settings as module
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented

PLAY: list[dict[str, Any]] = [
    {
        "name": "Test",
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Read",
                "asesoria.serverless.settings": {},
                "register": "asesoria_settings",
                "ignore_errors": True,
            },
            {
                "name": "Save",
                "ansible.builtin.copy": {"content": "{{ asesoria_settings | to_json }}", "dest": "{{ result }}"},
            },
            {"name": "Read again", "asesoria.serverless.settings": {}, "when": "asesoria_settings is success"},
        ],
    }
]
INVENTORY: dict[str, Any] = {
    "all": {
        "hosts": {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}},
        "vars": {
            "base": "shop",
            "asesoria_service": "{{ base }}-web",
            "asesoria_layers": [{"name": "{{ base }}"}],
            "asesoria_builder_spot": False,
            "asesoria_admin_environment": {"AWS_SECRET_ACCESS_KEY": "not-to-be-shown"},
        },
    }
}


def run(folder: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    """Run the play, and return what the task returned and all that the terminal showed."""
    (folder / "play.yml").write_text(yaml.safe_dump(PLAY), encoding="utf-8")
    (folder / "hosts.yml").write_text(yaml.safe_dump(INVENTORY), encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "playbook", "-vvv", "-i", "hosts.yml", "play.yml"]
    done = subprocess.run(
        [*command, "-e", f"result={folder / 'result'}", *arguments],
        check=False,
        cwd=folder,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads((folder / "result").read_text(encoding="utf-8"))
    return result, done.stdout + done.stderr


@pytest.fixture(name="good", scope="module")
def _good(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    folder = tmp_path_factory.mktemp("good")
    return run(folder, "-e", "builder_ec2_spot=yes", "-e", 'asesoria_layer_regions=["eu-west-1"]')


def test_templates_are_filled_in_and_the_command_line_wins(good: tuple[dict[str, Any], str]) -> None:
    settings, _shown = good
    assert settings["identity"] == {"project": "asesoria", "service": "shop-web", "stage": "dev"}
    assert [layer["name"] for layer in settings["layers"]] == ["shop"]
    assert settings["builders"]["spot"] is True
    assert settings["access"]["layer_regions"] == ["eu-west-1"]
    assert settings["app"]["is_example"] is True
    assert Path(settings["app"]["dir"], "app.py").is_file()
    assert settings["changed"] is False


def test_what_is_returned_is_documented(good: tuple[dict[str, Any], str]) -> None:
    settings, _shown = good
    returned = {name: value for name, value in settings.items() if not name.startswith(("_", "ansible_"))}
    assert_return_documented(module, returned)


def test_the_terminal_shows_no_setting_and_no_secret(good: tuple[dict[str, Any], str]) -> None:
    _settings, shown = good
    assert "not-to-be-shown" not in shown
    assert "shop-web-dev-lambdaRole" not in shown
    assert '"folders"' not in shown
    assert "npm_cache" not in shown


def test_one_message_says_all_that_is_wrong(tmp_path: Path) -> None:
    result, _shown = run(
        tmp_path,
        *("-e", "asesoria_front_dor=rest_api", "-e", "asesoria_memory_size=1"),
        *("-e", '{"asesoria_user": "{{ nowhere }}", "asesoria_admin_environment": "AWS_SECRET_ACCESS_KEY=guess"}'),
    )
    assert result["failed"] is True
    lines = result["msg"].splitlines()
    assert lines[0] == "The settings can't be used, and nothing was created or changed. Correct 4:"
    assert any(line.startswith("- asesoria_user: its template can't be filled in: 'nowhere'") for line in lines)
    assert (
        "- asesoria_front_dor: there is no such setting. Did you mean asesoria_front_door? Correct the name." in lines
    )
    assert "- asesoria_memory_size: 1 MB is not possible. Set it to 128 to 10240." in lines
    assert "- asesoria_admin_environment: the value is not a mapping. Set it to keys with values." in lines
    assert {each["setting"] for each in result["problems"]} == {
        "asesoria_admin_environment",
        "asesoria_front_dor",
        "asesoria_memory_size",
        "asesoria_user",
    }


def test_a_mistyped_variable_of_a_role_is_named_with_the_right_one(tmp_path: Path) -> None:
    result, _shown = run(tmp_path, "-e", "lambda_layer_runtme=python3.12", "-e", "iam_user_emails=ana@example.com")
    assert result["failed"]
    assert [each["setting"] for each in result["problems"]] == ["lambda_layer_runtme"]
    assert "Did you mean lambda_layer_runtime?" in result["msg"]
