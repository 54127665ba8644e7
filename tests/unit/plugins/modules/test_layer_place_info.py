# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a layer is built, with the interpreters of this machine and some that only say that they are one."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _layer_place
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_build import BuildRequest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_place import candidates
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import Allowance
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES
from ansible_collections.asesoria.serverless.plugins.modules import layer_place_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

MINOR = f"3.{sys.version_info[1]}"
MACHINE = os.uname().machine
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[MACHINE]
HERE = {"runtime": f"python{MINOR}", "architecture": ARCHITECTURE, "wheels": ["one-1.0-py3-none-any.whl"]}


def interpreter(path: Path, **facts: Any) -> str:
    """A program that says of itself what an interpreter would."""
    usual = {"version": f"{MINOR}.1", "minor": MINOR, "machine": MACHINE, "libc": "glibc 2.26", "lacks": []}
    path.write_text(f"#!/bin/sh\necho '{json.dumps({**usual, **facts})}'\n")
    path.chmod(0o755)
    return str(path)


def place(**options: Any) -> dict[str, Any]:
    result = run_module(layer_place_info.main, {**HERE, **options})
    if not result["failed"]:
        assert_return_documented(layer_place_info, result)
        assert result["changed"] is False
    return result


@pytest.mark.parametrize("strategy", ["auto", "wheels"])
def test_wheels_and_an_interpreter_are_all_it_takes(strategy: str) -> None:
    result = place(strategy=strategy)
    assert (result["place"], result["python"]) == ("control_node", sys.executable)
    assert result["reason"] == f"there is a wheel of everything, and {sys.executable} can import them"


def test_the_strategy_builder_looks_at_nothing() -> None:
    result = place(strategy="builder", python="/nix/python")
    assert (result["place"], result["python"], result["reason"]) == ("builder", None, "the strategy is builder")


CASES = [
    pytest.param({"to_build": ["psutil", "mine"]}, {}, "there is no wheel of psutil, mine", id="something to compile"),
    pytest.param({"python": "/nix/python"}, None, "interpreter /nix/python can't be started", id="no such interpreter"),
    pytest.param({}, {"minor": "3.2", "version": "3.2.1"}, "is Python 3.2.1, but runtime", id="another Python"),
    pytest.param({}, {"machine": "riscv64"}, "this builder is riscv64, but the layer is for", id="another machine"),
    pytest.param({}, {"lacks": ["pip"]}, "has no pip", id="no pip"),
    pytest.param({}, {"lacks": ["_ssl"]}, "has no ssl", id="no ssl"),
    pytest.param({}, {"lacks": ["zlib"]}, "has no zlib", id="no zlib"),
    pytest.param(
        {"wheels": [f"one-1.0-cp311-cp311-manylinux_2_27_{MACHINE}.manylinux_2_28_{MACHINE}.whl"]},
        {},
        "needs glibc 2.27, but this host has glibc 2.26",
        id="glibc too old",
    ),
    pytest.param(
        {"wheels": [f"one-1.0-cp311-cp311-manylinux2014_{MACHINE}.whl"]},
        {"libc": ""},
        "needs glibc 2.17, but this host has none",
        id="no glibc",
    ),
]


@pytest.mark.parametrize(("options", "facts", "reason"), CASES)
def test_what_the_control_node_can_not_do(
    tmp_path: Path, options: dict[str, Any], facts: dict[str, Any] | None, reason: str
) -> None:
    given = options if facts is None else {"python": interpreter(tmp_path / "python", **facts), **options}
    result = place(**given)
    assert (result["place"], result["python"]) == ("builder", None)
    assert reason in result["reason"]
    refused = place(**given, strategy="wheels")
    assert refused["msg"].startswith("the layer can't be built on the control node, as the strategy wheels wants: ")
    assert reason in refused["msg"]
    assert "lambda_layer_python" in refused["msg"]


@pytest.mark.parametrize("libc", ["glibc 2.17", "glibc 2.36"])
def test_the_glibc_that_wheels_ask_for(tmp_path: Path, libc: str) -> None:
    wheels = [
        f"one-1.0-cp311-cp311-manylinux_2_17_{MACHINE}.manylinux2014_{MACHINE}.whl",
        f"two-1.0-cp311-cp311-linux_{MACHINE}.whl",
    ]
    python = interpreter(tmp_path / "python", libc=libc)
    assert place(python=python, wheels=wheels)["python"] == python


def test_not_on_another_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert place()["reason"] == "this host runs Darwin, and the layer is for Linux"


def test_interpreters_are_looked_for_by_the_name_of_the_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = next(each for each in RUNTIMES.values() if each.python != MINOR and each.deprecated.year > 2026)
    python = interpreter(tmp_path / f"python{other.python}", minor=other.python)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert candidates(other)[-1] == python
    result = place(runtime=other.identifier)
    assert (result["place"], result["python"]) == ("control_node", python)


def test_all_that_were_tried_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = interpreter(tmp_path / f"python{MINOR}", lacks=["pip"])
    monkeypatch.setattr(sys, "executable", "/nix/python")
    monkeypatch.setattr(sys, "_base_executable", "/nix/python")
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = place()["reason"]
    assert reason.startswith("interpreter /nix/python can't be started (No such file or directory); ")
    assert reason.endswith(f"{python} has no pip")


def test_a_zip_that_is_what_the_lock_asks_for_needs_no_builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[BuildRequest] = []

    def is_current(request: BuildRequest) -> bool:
        asked.append(request)
        return request.slim == "max"

    monkeypatch.setattr(_layer_place, "is_current", is_current)
    files = {"lock": str(tmp_path / "one.pylock.toml"), "zip": str(tmp_path / "one.zip")}
    allow = [{"rule": "layout", "distribution": "one"}]
    there = place(strategy="builder", slim="max", allow=allow, **files)
    assert (there["place"], there["python"]) == ("nowhere", None)
    assert there["reason"] == f"{tmp_path}/one.zip is what the lock asks for"
    (request,) = asked
    assert (request.archive, request.manifest) == (tmp_path / "one.zip", tmp_path / "one.manifest.json")
    assert (request.lock, request.allow) == (tmp_path / "one.pylock.toml", (Allowance("layout", "one"),))
    assert (request.runtime.identifier, request.architecture) == (f"python{MINOR}", ARCHITECTURE)
    assert place(strategy="builder", **files)["place"] == "builder"
    # What the control node can do it does by itself, and sees there that nothing has changed.
    assert place(slim="max", **files)["place"] == "control_node"
    assert len(asked) == 2
