# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module with the interpreter that runs the test, whose pip is replaced by one that fetches a made-up wheel."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import Lock, LockedPackage, render
from ansible_collections.asesoria.serverless.plugins.modules import layer_build
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

RUNTIME = f"python3.{sys.version_info[1]}"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
SECRET = "s3cr3t-of-the-index"
HASH = "0123456789abcdef" * 4


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Sequence[str], dict[str, Any]]]:
    """Pip's and other calls; of pip's those that fetch leave a wheel where they were told to."""
    made: list[tuple[Sequence[str], dict[str, Any]]] = []
    original = AnsibleModule.run_command

    def run_command(self: AnsibleModule, args: list[str], **options: Any) -> Any:
        made.append((args, options))
        folder = next((args[args.index(word) + 1] for word in ("--wheel-dir", "--dest") if word in args), None)
        if folder is None:
            return original(self, args, **options)
        info = "one-1.0.dist-info"
        Path(folder).mkdir(exist_ok=True)
        with zipfile.ZipFile(Path(folder, "one-1.0-py3-none-any.whl"), "w") as wheel:
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: one\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\n")
            wheel.writestr(f"{info}/RECORD", "".join(f"{info}/{name},,\n" for name in ("METADATA", "WHEEL", "RECORD")))
        return 0, "", ""

    monkeypatch.setattr(AnsibleModule, "run_command", run_command)
    return made


def build(folder: Path, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    (folder / "requirements.txt").write_text("one\n")
    args = {
        "requirements": str(folder / "requirements.txt"),
        "dest": str(folder / "layer.zip"),
        "runtime": RUNTIME,
        "architecture": ARCHITECTURE,
        **options,
    }
    given = {name: value for name, value in args.items() if value is not None}
    return run_module(layer_build.main, given, check_mode=check_mode, diff=True)


def test_check_mode_builds_nothing(tmp_path: Path, calls: list[Any]) -> None:
    result = build(tmp_path, check_mode=True)
    assert_return_documented(layer_build, result)
    assert (result["changed"], result["manifest"]) == (True, None)
    assert result["diff"]["after"] == "one (and what it needs)\n"
    assert [path.name for path in tmp_path.iterdir()] == ["requirements.txt"]
    assert not any("pip" in args for args, _options in calls)


def test_build_and_again(tmp_path: Path, calls: list[Any]) -> None:
    first = build(tmp_path)
    assert_return_documented(layer_build, first)
    assert first["changed"]
    assert first["artifact"] == str(tmp_path / "layer.zip")
    assert first["manifest_path"] == str(tmp_path / "layer.manifest.json")
    assert first["manifest"] == json.loads((tmp_path / "layer.manifest.json").read_text())
    assert first["diff"]["after"] == "one 1.0\n"
    for check_mode in (False, True):
        again = build(tmp_path, check_mode=check_mode)
        assert_return_documented(layer_build, again)
        assert (again["changed"], again["reason"], again["manifest"]) == (False, "", first["manifest"])
    assert sum("pip" in args for args, _options in calls) == 1


def test_the_password_of_an_index_is_seen_by_pip_only(tmp_path: Path, calls: list[Any]) -> None:
    url = f"https://me:{SECRET}@h/simple"
    result = build(tmp_path, index_url=url, extra_index_urls=[url])
    ((argv, settings),) = [(args, options) for args, options in calls if "pip" in args]
    assert SECRET not in str(argv)
    assert settings["environ_update"]["PIP_INDEX_URL"] == url
    assert settings["umask"] == 0o022
    assert SECRET not in json.dumps(result)
    assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runtime": "python2.7"}, "runtime 'python2.7' is not a Python runtime of Lambda. Use one of "),
        ({"python": "/nix/python"}, "interpreter /nix/python can't be started"),
        ({"constraints": "/nix/constraints.txt"}, "constraints file /nix/constraints.txt does not exist."),
    ],
)
@pytest.mark.usefixtures("calls")
def test_bad_input_is_one_clear_error(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    result = build(tmp_path, **options)
    assert result["failed"]
    assert result["msg"].startswith(message)
    assert not (tmp_path / "layer.zip").exists()


def test_from_a_lock(tmp_path: Path, calls: list[Any]) -> None:
    one = LockedPackage(
        name="one",
        version="1.0",
        kind="wheel",
        file="one-1.0-py3-none-any.whl",
        url="https://h/one",
        size=1,
        sha256=HASH,
    )
    lock = Lock(RUNTIME, ARCHITECTURE, marker="os_name == 'posix'", requires_python=">=3", key="0", packages=(one,))
    (tmp_path / "pylock.toml").write_text(render(lock))
    options = {"requirements": None, "lock": str(tmp_path / "pylock.toml")}
    planned = build(tmp_path, check_mode=True, **options)
    assert planned["diff"]["after"] == "one 1.0\n"
    result = build(tmp_path, **options)
    assert_return_documented(layer_build, result)
    (distribution,) = result["manifest"]["distributions"]
    assert (distribution["file"], distribution["sha256"]) == (one.file, HASH)
    ((argv, _options),) = [call for call in calls if "pip" in call[0]]
    assert {"download", "--no-deps", "--require-hashes", "--only-binary"} <= set(argv)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"requirements": None}, "one of the following is required: requirements, lock"),
        ({"lock": "pylock.toml"}, "parameters are mutually exclusive: requirements|lock"),
    ],
)
def test_one_of_requirements_and_lock(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    assert message in build(tmp_path, **options)["msg"]
