# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.modules import layer_requirements_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

INDEX = {"flask": "3.1.3, 3.1.2, 0.1", "serverless-wsgi": "3.1.0", "early": "1.0rc1"}
UNREACHABLE = "WARNING: connection broken by 'NewConnectionError('x: [Errno 111] Connection refused')'\n"


class Pip:
    """Answers as pip does, from INDEX."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.environments: list[Mapping[str, str]] = []
        self.argv: Sequence[str] = ()
        self.noise = ""

    def __call__(self, argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        name = argv[-1]
        self.argv = argv
        self.asked.append(name)
        self.environments.append(environment)
        if self.noise or name not in INDEX:
            return Completed(1, "", f"{self.noise}ERROR: No matching distribution found for {name}\n")
        return Completed(0, f"{name} (1)\nAvailable versions: {INDEX[name]}\n", "")


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    pip = Pip()
    monkeypatch.setattr(layer_requirements_info, "run_process", pip)
    return pip


def read(folder: Path, content: str, **options: Any) -> dict[str, Any]:
    path = folder / "requirements.txt"
    path.write_text(content)
    return run_module(layer_requirements_info.main, {"path": str(path), **options}, check_mode=True)


def test_what_it_returns(tmp_path: Path, pip: Pip) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "more.txt").write_text('tomli; python_version < "3.11"\nx @ https://me:secret@h/x.whl\n')
    (tmp_path / "limits.txt").write_text("click<9\n")
    result = read(tmp_path, "flask>=3\n-r sub/more.txt\n", constraints=str(tmp_path / "limits.txt"))
    assert_return_documented(layer_requirements_info, result)
    assert result["root"] == str(tmp_path)
    assert result["files"] == ["requirements.txt", "sub/more.txt", "limits.txt"]
    assert (result["requirements_file"], result["constraints_file"]) == ("requirements.txt", "limits.txt")
    assert [(item["name"], item["kind"], item["applies"]) for item in result["requirements"]] == [
        ("flask", "index", True),
        ("tomli", "index", False),
        ("x", "url", True),
    ]
    assert "secret" not in json.dumps(result)
    assert (result["changed"], result["index_checked"], pip.asked) == (False, False, [])


@pytest.mark.parametrize(
    ("content", "constraints", "says"),
    [
        ("flask\n", "click<9\n", False),
        ("--pre\nflask\n", "", False),
        ("--extra-index-url https://h/simple\nflask\n", "", True),
        ("flask\n", "--find-links https://h/links\n", True),
        ("flask\nx @ https://h/x-1.0.tar.gz\n", "", True),
        ("x @ git+https://h/x.git\n", "", True),
    ],
)
def test_whether_the_files_say_where_packages_are(tmp_path: Path, content: str, constraints: str, says: bool) -> None:
    (tmp_path / "limits.txt").write_text(constraints)
    result = read(tmp_path, content, constraints=str(tmp_path / "limits.txt"))
    assert result["has_addresses"] is says


def test_the_index_is_asked_for_what_the_target_installs(tmp_path: Path, pip: Pip) -> None:
    content = (
        'flask>=3\nflask<4\ntomli; python_version < "3.11"\nwinonly; sys_platform == "win32"\n'
        "early\nx @ https://h/x.whl\n"
    )
    result = read(tmp_path, content, check_index=True, architecture="arm64")
    assert_return_documented(layer_requirements_info, result)
    assert sorted(pip.asked) == ["early", "flask"]
    assert pip.argv[pip.argv.index("--python-version") + 1] == "3.11"
    assert "--platform=manylinux_2_26_aarch64" in pip.argv
    assert not any("2_27" in argument for argument in pip.argv)


@pytest.mark.usefixtures("pip")
def test_all_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    result = read(tmp_path, "flaskk\nflask==99\nserverless-wsgi\n", check_index=True)
    path = tmp_path / "requirements.txt"
    assert result["msg"] == (
        f"{path}, line 1: the package index has no flaskk for python3.11 on x86_64; {path}, line 2: no version of "
        "flask for python3.11 on x86_64 is ==99 (the newest in the package index: 3.1.3, 3.1.2, 0.1). Correct the name "
        "or the version in the requirements."
    )


def test_an_index_that_does_not_answer_is_another_error(tmp_path: Path, pip: Pip) -> None:
    pip.noise = UNREACHABLE
    message = read(tmp_path, "flask\n", check_index=True)["msg"]
    assert message.startswith("the package index did not answer when asked for flask ([Errno 111] Connection refused).")


def test_indexes_of_the_file_and_of_the_options(tmp_path: Path, pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDEX_TOKEN", "t0ken")
    content = "--extra-index-url https://me:${INDEX_TOKEN}@h/simple\nflask\n"
    result = read(tmp_path, content, check_index=True, index_url="https://me:0ther@i/simple")
    assert pip.environments[0]["PIP_INDEX_URL"] == "https://me:0ther@i/simple"
    assert "https://me:t0ken@h/simple" in pip.environments[0]["PIP_EXTRA_INDEX_URL"]
    assert not any("t0ken" in argument or "0ther" in argument for argument in pip.argv)
    assert "t0ken" not in json.dumps(result)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "requirements file {path} names no package."),
        ("flask\nserverless wsgi\nwerk zeug\n", "{path}, line 2: 'serverless wsgi' is not a requirement (Expected"),
        ("flask==\n", "{path}, line 1: 'flask==' is not a requirement (Expected"),
        (
            "flask\n-e .\n./mine\n",
            "{path}, line 2: '.' is a path of the control node; {path}, line 3: './mine' is a path",
        ),
    ],
)
@pytest.mark.usefixtures("pip")
def test_bad_files(tmp_path: Path, content: str, message: str) -> None:
    result = read(tmp_path, content, check_index=True)
    assert result["failed"]
    assert result["msg"].startswith(message.format(path=tmp_path / "requirements.txt"))
    if "werk" in content:
        assert "line 3: 'werk zeug'" in result["msg"]


def test_runtime_that_lambda_does_not_have(tmp_path: Path) -> None:
    assert read(tmp_path, "flask\n", runtime="python2.7")["msg"].startswith("runtime 'python2.7' is not a Python")
