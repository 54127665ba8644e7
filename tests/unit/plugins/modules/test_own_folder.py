# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that remove folders and files of ours, as a role calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.modules import own_files, own_folder
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module


def folder(path: Path, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    result = run_module(
        own_folder.main, {"path": str(path), "contents": ["bin"], **options}, check_mode=check_mode, diff=True
    )
    if not result["failed"]:
        assert_return_documented(own_folder, result)
    return result


def files(*paths: Path, check_mode: bool = False) -> dict[str, Any]:
    result = run_module(own_files.main, {"paths": [str(path) for path in paths]}, check_mode=check_mode, diff=True)
    assert_return_documented(own_files, result)
    return result


def test_check_mode_says_what_the_run_does(tmp_path: Path) -> None:
    path = tmp_path / "ours"
    for state in ("present", "absent"):
        before = sorted(tmp_path.rglob("*"))
        planned = folder(path, state=state, check_mode=True)
        assert sorted(tmp_path.rglob("*")) == before
        done = folder(path, state=state)
        assert planned == done
        assert done["changed"]
        assert not folder(path, state=state)["changed"]
    assert not path.exists()


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_folder_of_the_user_is_refused(tmp_path: Path, state: str, check_mode: bool) -> None:
    (tmp_path / "bin").mkdir()
    result = folder(tmp_path, state=state, check_mode=check_mode)
    assert result["failed"]
    assert result["msg"].startswith(f"the folder {tmp_path} holds 'bin' and does not bear the mark")
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_what_is_left_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ours"
    folder(path)
    (path / "notes.txt").touch()
    result = folder(path, state="absent")
    assert result["left"] == [str(path / "notes.txt")]
    assert result["warnings"] == [f"{path / 'notes.txt'} is left, because this collection has not made it"]


def manifest(archive: Path, **other: Any) -> dict[str, Any]:
    """A manifest that describes a zip."""
    return {**other, "sha256": file_sha256(archive)}


@pytest.mark.parametrize("check_mode", [False, True])
def test_only_files_that_we_have_written_go(tmp_path: Path, check_mode: bool) -> None:
    ours = {
        "a.report.html": "<p>made by asesoria.serverless</p>",
        "a.pylock.toml": 'created-by = "asesoria.serverless"\n',
        ".a.zip.lock": "",
    }
    theirs = {
        "b.report.html": "<p>mine</p>",
        "b.zip": "PK",
        "b.manifest.json": json.dumps({"mine": True}),
        "b.lock": "pid 1",
    }
    for name, text in (ours | theirs).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "linked.html").symlink_to(tmp_path / "a.report.html")
    paths = [tmp_path / name for name in (*ours, *theirs, "linked.html", "not there")]
    result = files(*paths, check_mode=check_mode)
    assert result["removed"] == [str(tmp_path / name) for name in ours]
    assert result["left"] == [str(tmp_path / name) for name in (*theirs, "linked.html")]
    assert len(result["warnings"]) == 5
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*theirs, "linked.html", *(ours if check_mode else ())}
    if not check_mode:
        assert not files(*(tmp_path / name for name in ours))["changed"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_files_of_the_user_are_not_written_over(tmp_path: Path, check_mode: bool) -> None:
    ours = {
        "a.pylock.toml": 'created-by = "asesoria.serverless"\n',
        "a.report.html": "",
        ".a.zip.lock": "",
        "a.zip": "half a zip",
        "a.manifest.json": "{}",
    }
    theirs = {
        "b.pylock.toml": 'created-by = "pip"\n',
        "b.cdx.json": "{}",
        "b.zip": "PK",
        "b.manifest.json": json.dumps({"mine": True}),
    }
    for name, text in (ours | theirs).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "b.report.html").mkdir()
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}

    def required(*names: str) -> dict[str, Any]:
        options = {"paths": [str(tmp_path / name) for name in names], "state": "owned"}
        return run_module(own_files.main, options, check_mode=check_mode)

    assert not required(*ours, "not there")["failed"]
    for name in (*theirs, "b.report.html"):
        result = required(name, *ours)
        assert result["failed"], name
        assert result["msg"] == (
            f"{tmp_path / name} was not written by this collection, and would be written over. "
            "Move it, or use another folder or name."
        )
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
