# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module writes and returns. How the page looks is seen in a browser, see tests/integration/report."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.modules import layer_report
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(name="archive")
def _archive(tmp_path: Path) -> Path:
    layer = LayerFiles()
    layer.distribution("app", "1.0", files={"app/__init__.py": b"import base\n"}, headers=["Requires-Dist: base"])
    layer.distribution("base", "2.0", files={"base.py": b"import json\n"})
    return layer.zip(tmp_path / "layer.zip")


def run(archive: Path, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    task = {"path": str(archive), "dest": str(archive.with_suffix(".html")), **options}
    return run_module(layer_report.main, task, check_mode=check_mode, diff=True)


def text_of(archive: Path) -> str:
    return archive.with_suffix(".html").read_text(encoding="utf-8")


class Tags(HTMLParser):
    """All tags, and what refers to something outside of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.places: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.places += [value or "" for name, value in attrs if name in ("href", "src")]


def test_what_is_returned(archive: Path) -> None:
    result = run(archive, python=sys.executable, rounds=1)
    assert_return_documented(layer_report, result)
    assert result["changed"]
    assert [(each["name"], each["version"]) for each in result["distributions"]] == [("app", "1.0"), ("base", "2.0")]
    assert {each["module"]: each["distribution"] for each in result["imports"]} == {"app": "app", "base": "base"}
    assert all(0 < each["seconds"] < 60 for each in result["imports"])
    assert (result["findings"], result["differences"]) == (0, [])
    assert result["zipped_bytes"] == archive.stat().st_size
    assert sum(each["size"] for each in result["distributions"]) == result["unzipped_bytes"]


def test_the_same_zip_gives_the_same_page(archive: Path) -> None:
    run(archive)
    before = text_of(archive)
    assert not run(archive)["changed"]
    assert str(archive.parent) not in before
    elsewhere = archive.parent / "elsewhere" / archive.name
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(archive.read_bytes())
    run(elsewhere)
    assert text_of(elsewhere) == before


def test_a_page_of_the_user_is_not_written_over(archive: Path) -> None:
    dest = archive.with_suffix(".html")
    dest.write_text("<p>my thesis</p>", encoding="utf-8")
    result = run(archive)
    assert result["failed"]
    assert f"the file {dest} was not written by this collection" in result["msg"]
    assert dest.read_text(encoding="utf-8") == "<p>my thesis</p>"


def test_check_mode_writes_nothing(archive: Path) -> None:
    result = run(archive, check_mode=True)
    assert result["changed"]
    assert result["diff"]["after"].startswith("<!DOCTYPE html>")
    assert not archive.with_suffix(".html").exists()


def test_a_module_that_does_not_import_is_said_so(tmp_path: Path) -> None:
    layer = LayerFiles()
    layer.distribution("bad", "1.0", files={"bad.py": b"1 / 0\n"})
    archive = layer.zip(tmp_path / "layer.zip")
    assert run(archive, python=sys.executable)["imports"] == [{"distribution": "bad", "module": "bad", "seconds": None}]
    assert "does not import" in text_of(archive)


def test_without_an_interpreter_nothing_is_run(tmp_path: Path) -> None:
    layer = LayerFiles()
    layer.distribution("bad", "1.0", files={"bad.py": f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode()})
    archive = layer.zip(tmp_path / "layer.zip")
    assert run(archive)["imports"] is None
    assert "Not measured" in text_of(archive)
    assert not (tmp_path / "ran").exists()


def test_two_layers_are_compared(archive: Path, tmp_path: Path) -> None:
    layer = LayerFiles()
    layer.distribution("base", "1.9", files={"base.py": b"import json\n" * 100})
    layer.distribution("gone", "1.0", files={"gone.py": b""})
    older = layer.zip(tmp_path / "older.zip")
    differences = {each["name"]: each for each in run(archive, compare=str(older))["differences"]}
    assert {name: (each["kind"], each["before"], each["after"]) for name, each in differences.items()} == {
        "app": ("added", None, "1.0"),
        "base": ("version", "1.9", "2.0"),
        "gone": ("removed", "1.0", None),
    }
    assert differences["base"]["size"] < 0 < differences["app"]["size"]
    assert "Compared with older.zip" in text_of(archive)
    assert run(archive, compare=str(archive))["differences"] == []


def test_nothing_of_a_package_becomes_part_of_the_page(tmp_path: Path) -> None:
    layer = LayerFiles()
    layer.distribution("good", "1.0", files={"good.py": b""}, headers=[f"License: {HOSTILE}"])
    layer.add(f"python/{HOSTILE.replace('/', '')}.so", b"MZ")
    layer.add(f"{HOSTILE.replace('/', '')}/__init__.py", b"")
    archive = layer.zip(tmp_path / "layer.zip")
    result = run(archive, name=HOSTILE)
    assert result["findings"]
    page = Tags(text_of(archive))
    assert "script" not in page.tags
    assert page.places == ["data:,"]
    assert "&lt;script&gt;" in text_of(archive)


def test_what_lies_beside_the_zip_is_found(archive: Path) -> None:
    archive.with_suffix(".cdx.json").write_text("{}")
    below = archive.parent / "pages"
    below.mkdir()
    run(archive, dest=str(below / "page.html"))
    assert Tags((below / "page.html").read_text()).places == ["data:,", "../layer.cdx.json"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": "/nonexistent.zip"}, "/nonexistent.zip is neither a zip nor a folder"),
        ({"compare": "/nonexistent.zip"}, "/nonexistent.zip is neither a zip nor a folder"),
        ({"manifest": "/nonexistent.json"}, "manifest /nonexistent.json does not exist"),
        ({"python": "/nonexistent/python"}, "/nonexistent/python can't be run"),
        ({"dest": "/nonexistent/page.html"}, "/nonexistent/page.html can't be written"),
        ({"rounds": 0}, "rounds is 0"),
        ({"runtime": "python2.7"}, "python2.7"),
    ],
)
def test_bad_input_is_one_clear_error(archive: Path, options: dict[str, Any], words: str) -> None:
    result = run(archive, **options)
    assert result["failed"]
    assert words in result["msg"]
    assert not archive.with_suffix(".html").exists()
