# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input gets one clear error, before anything is created.

The port of the sandbox that is taken is tested with the sandbox, the wrong SHA-256 of the source with the role that
builds Python, and why SSH is refused in detail with the builder's utils.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .support import Chain

NO_CREDENTIALS = {
    "AWS_ENDPOINT_URL": "{{ sandbox_endpoint }}",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    """Make a folder with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


CASES = [
    pytest.param({"asesoria_admin_environment": NO_CREDENTIALS}, {}, ["credentials"], id="no AWS credentials"),
    # One message says all that is wrong.
    pytest.param(
        {
            "asesoria_runtime": "python2.7",
            "asesoria_layer_name": "flask dependencies",
            "asesoria_region": "us-east-9",
            "asesoria_domain": {"name": "api.example.com"},
            "asesoria_front_door": "function_url",
        },
        {},
        [
            "'python2.7' is not a Python runtime of Lambda",
            "flask dependencies",
            "us-east-9",
            "region",
            "a function URL can't have a domain of its own",
        ],
        id="no runtime, no layer name, an unknown region, a domain for a function URL",
    ),
    pytest.param(
        {"asesoria_runtime": "python3.9"},
        {},
        ["python3.9 has been deprecated by Lambda since 2025-12-15"],
        id="deprecated",
    ),
    pytest.param(
        {"asesoria_requirements": "{folder}/nowhere.txt"}, {}, ["{folder}/nowhere.txt"], id="requirements missing"
    ),
    pytest.param(
        {"asesoria_requirements": "{folder}/requirements.txt"},
        {"requirements.txt": "# nothing yet\n"},
        ["{folder}/requirements.txt", "names no package"],
        id="requirements empty",
    ),
    pytest.param(
        {"asesoria_requirements": "{folder}/requirements.txt"},
        {"requirements.txt": "flask\nserverless-wsgi===>1\n"},
        ["{folder}/requirements.txt", "line 2"],
        id="requirements with a syntax error",
    ),
    pytest.param(
        {"asesoria_requirements": "{folder}/requirements.txt"},
        {"requirements.txt": "flask\nasesoria-no-such-distribution\n"},
        ["asesoria-no-such-distribution"],
        id="a package that does not exist",
    ),
    pytest.param(
        {"asesoria_requirements": "{folder}/requirements.txt"},
        {"requirements.txt": "flask==3.0.3\nwerkzeug<3\n"},
        ["flask 3.0.3 wants Werkzeug>=3.0.0", "{folder}/requirements.txt, line 2"],
        id="requirements that contradict each other",
    ),
    pytest.param(
        {"lambda_layer_strategy": "wheels", "lambda_layer_python": "{folder}/python"},
        {"requirements.txt": "flask\n"},
        ["the strategy wheels", "{folder}/python"],
        id="no interpreter to build on the control node with",
    ),
    pytest.param(
        {"asesoria_app_dir": "{folder}"},
        {"requirements.txt": "flask\n", "main.py": "app = None\n"},
        ["app", "{folder}"],
        id="no such module",
    ),
]


@pytest.mark.parametrize(("variables", "files", "said"), CASES)
def test_bad_input_is_refused_before_anything_is_created(
    chain: Chain, tmp_path: Path, variables: dict[str, Any], files: dict[str, str], said: list[str]
) -> None:
    folder = write(tmp_path / "app", files)
    given = json.dumps(variables).replace("{folder}", str(folder))
    since, before = chain.calls, chain.files()
    run = chain.play("site.yml", "-e", given).refused()
    for words in said:
        assert words.replace("{folder}", str(folder)) in run.message
    assert run.output.count("fatal: ") == 1
    assert chain.writes(since=since) == []
    assert chain.files() == before


def test_what_is_no_app_and_no_file_is_told_before_anything_is_created(chain: Chain, tmp_path: Path) -> None:
    """A requirements file that is a named pipe, which nobody writes into, and an app that makes a coroutine."""
    source = "from shop import create_app\n\napp = create_app\n"
    folder = write(tmp_path / "app", {"app.py": source, "shop.py": "async def create_app():\n    return None\n"})
    os.mkfifo(folder / "requirements.txt")
    since, before = chain.calls, chain.files()
    run = chain.play("site.yml", "-e", json.dumps({"asesoria_app_dir": str(folder)})).refused()
    assert f"names the asynchronous function create_app in {folder}/shop.py, line 1" in run.message
    assert f"{folder}/requirements.txt can't be read (it is a named pipe, and no regular file)" in run.message
    assert chain.writes(since=since) == []
    assert chain.files() == before


def test_an_old_node_is_refused(chain: Chain, tmp_path: Path) -> None:
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\necho v18.20.4\n", encoding="utf-8")
    program.chmod(0o755)
    old = replace(chain, environment={"PATH": f"{tmp_path}{os.pathsep}{chain.environment['PATH']}"})
    run = old.play("site.yml").refused()
    assert "18.20.4" in run.message
    assert "20.19" in run.message


def test_ssh_that_is_refused_is_explained(chain: Chain) -> None:
    given = json.dumps({"builder_ec2_ssh_timeout": 5, "asesoria_create_user": False})
    closed = chain.port + 9
    run = chain.play("playbooks/builder.yml", "-e", given, "-e", f"ansible_port={closed}").refused()
    assert f"127.0.0.1:{closed}" in run.message or f"port {closed}" in run.message
    assert "refused" in run.message


def test_a_work_folder_of_the_users_is_neither_used_nor_removed(chain: Chain, tmp_path: Path) -> None:
    """A name that our own folder has as well makes no difference."""
    mine = write(tmp_path / "mine", {"service/precious.txt": "mine"})
    given = json.dumps({"serverless_deploy_work_dir": str(mine)})
    since, before = chain.calls, chain.files()
    for playbook in ("playbooks/preflight.yml", "playbooks/teardown.yml"):
        run = chain.play(playbook, "-e", given).refused()
        assert f"the folder {mine} holds 'service' and does not bear the mark .asesoria-serverless" in run.message
    assert (mine / "service/precious.txt").read_text(encoding="utf-8") == "mine"
    assert chain.writes(since=since) == []
    assert chain.files() == before
