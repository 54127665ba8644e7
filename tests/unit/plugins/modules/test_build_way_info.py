# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module build_way_info, against a package index and real interpreters."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.modules import build_way_info, layer_lock
from ansible_collections.asesoria.serverless.tests.unit.fake_index import FakeIndex, forget_settings, serving
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

#: A runtime that Lambda supports, and whose Python this one is not.
OTHER = "python3.12" if sys.version_info[:2] != (3, 12) else "python3.13"
MACHINE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_settings(monkeypatch, tmp_path)


@pytest.fixture(name="index")
def _index() -> Iterator[FakeIndex]:
    with serving() as server:
        yield server


@pytest.fixture(name="options")
def _options(tmp_path: Path, index: FakeIndex) -> dict[str, Any]:
    (tmp_path / "requirements.txt").write_text("demo\n", encoding="utf-8")
    return {
        "requirements": str(tmp_path / "requirements.txt"),
        "lock": str(tmp_path / "none" / "pylock.toml"),
        "index_url": index.url,
        "runtime": OTHER,
        "architecture": MACHINE,
    }


def ask(options: dict[str, Any], **more: Any) -> dict[str, Any]:
    result = run_module(build_way_info.main, {**options, **more})
    assert_return_documented(build_way_info, result)
    assert not Path(options["lock"]).parent.exists()
    return result


def test_a_package_without_a_wheel(options: dict[str, Any], index: FakeIndex) -> None:
    index.sdist("demo", "1.0")
    result = ask(options)
    assert (result["way"], result["check"]["state"]) == ("builder", "ok")
    assert result["check"]["found"] == "builder, because there is no wheel of demo"


def test_an_interpreter_of_another_version(options: dict[str, Any], index: FakeIndex) -> None:
    index.wheel("demo", "1.0")
    result = ask(options, python=sys.executable, docker="yes", against_builder="ec2 vcpus: 5 of 5 used")
    assert (result["way"], result["check"]["state"]) == ("docker", "warning")
    assert f"runtime {OTHER} needs {OTHER.removeprefix('python')}, and ec2 vcpus" in result["check"]["found"]


def test_wheels_alone_that_can_not_be(options: dict[str, Any], index: FakeIndex) -> None:
    index.wheel("demo", "1.0")
    check = ask(options, strategy="wheels", python="/no/such/python")["check"]
    assert check["state"] == "problem"
    assert "the strategy wheels can't be followed: interpreter /no/such/python can't be started" in check["found"]


@pytest.mark.parametrize(("check_index", "way", "asked"), [(True, "wheels", True), (False, "unknown", False)])
def test_an_interpreter_that_fits(
    options: dict[str, Any], index: FakeIndex, check_index: bool, way: str, asked: bool
) -> None:
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    index.wheel("demo", "1.0")
    result = ask(options, runtime=runtime, check_index=check_index)
    assert result["way"] == way
    assert bool(index.asked) is asked


def test_requirements_without_a_solution(options: dict[str, Any], index: FakeIndex) -> None:
    index.wheel("demo", "1.0", ["other>=2"])
    index.wheel("other", "1.0")
    check = ask(options)["check"]
    assert (check["name"], check["state"]) == ("way to build", "problem")
    assert "other" in check["found"]


def test_a_lock_that_is_there_is_taken(options: dict[str, Any], index: FakeIndex, tmp_path: Path) -> None:
    index.sdist("demo", "1.0")
    lock = str(tmp_path / "pylock.toml")
    locked = {"dest": lock, "no_wheel": "build", "cache_dir": str(tmp_path / "cache")}
    given = {key: options[key] for key in ("requirements", "index_url", "runtime", "architecture")}
    assert run_module(layer_lock.main, {**given, **locked})["changed"]
    index.asked.clear()
    assert run_module(build_way_info.main, {**options, "lock": lock})["way"] == "builder"
    assert index.asked == []


def test_a_runtime_that_is_none(options: dict[str, Any]) -> None:
    result = run_module(build_way_info.main, {**options, "runtime": "python2.7"})
    assert result["msg"].startswith("runtime 'python2.7' is not a Python runtime of Lambda.")


def test_a_library_that_is_missing(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_way_info, "MISSING", {"unearth": "trace"})
    assert "(unearth)" in run_module(build_way_info.main, options)["msg"]
