# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._fingerprint import (
    SourceError,
    SourceFile,
    copy_source,
    fingerprint,
    is_excluded,
    read_source,
)


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(root: Path, *exclude: str) -> list[str]:
    return [file.name for file in read_source(root=root, exclude=exclude)]


@pytest.mark.parametrize(
    ("name", "pattern", "excluded"),
    [
        (".env", ".env", True),
        ("deep/.env", ".env", True),
        (".environment", ".env", False),
        ("tests", "/tests", True),
        ("package/tests", "/tests", False),
        ("a/b.pyc", "*.pyc", True),
        ("doc/a.md", "/doc/*.md", True),
        ("Tests", "/tests", False),
    ],
)
def test_exclusion(name: str, pattern: str, excluded: bool) -> None:
    assert is_excluded(name, exclude=[pattern]) is excluded


def test_an_excluded_folder_goes_with_all_that_is_in_it(tmp_path: Path) -> None:
    put(tmp_path, "app.py", "node_modules/a/b.js", "package/tests/x.py", "tests/x.py")
    assert names(tmp_path, "node_modules", "/tests") == ["app.py", "package/tests/x.py"]


def test_virtual_environments_stay_where_they_are(tmp_path: Path) -> None:
    put(tmp_path, "app.py", "some-name/pyvenv.cfg", "some-name/lib/x.py")
    assert names(tmp_path) == ["app.py"]


def test_links_are_followed(tmp_path: Path) -> None:
    put(tmp_path, "app/app.py", "shared/x.py")
    (tmp_path / "app" / "lib").symlink_to(tmp_path / "shared")
    (tmp_path / "app" / "y.py").symlink_to("app.py")
    files = {file.name: file for file in read_source(root=tmp_path / "app", exclude=[])}
    assert list(files) == ["app.py", "lib/x.py", "y.py"]
    assert files["y.py"].sha256 == files["app.py"].sha256


def test_a_link_in_a_circle(tmp_path: Path) -> None:
    put(tmp_path, "app.py")
    (tmp_path / "again").symlink_to(tmp_path)
    with pytest.raises(SourceError, match=r"the link .*/again leads to a folder that holds it"):
        names(tmp_path)


def test_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "gone.py").symlink_to("nowhere")
    with pytest.raises(SourceError, match=r"gone\.py can't be read: No such file"):
        names(tmp_path)


def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="is neither a file nor a folder"):
        names(tmp_path)


def test_nothing_to_deploy(tmp_path: Path) -> None:
    put(tmp_path, ".env")
    with pytest.raises(SourceError, match="holds no file to deploy"):
        names(tmp_path, ".env")


def file(name: str, *, executable: bool = False, sha256: str = "0") -> SourceFile:
    return SourceFile(name=name, path=Path(name), executable=executable, sha256=sha256)


def test_the_fingerprint_does_not_depend_on_any_order() -> None:
    one = fingerprint(files=[file("a"), file("b")], settings={"x": "1", "y": "2"})
    assert one == fingerprint(files=[file("b"), file("a")], settings={"y": "2", "x": "1"})
    assert len(one) == 64


def test_every_part_counts_for_the_fingerprint() -> None:
    prints = {
        fingerprint(files=files, settings=settings)
        for files, settings in [
            ([file("a")], {"x": "1"}),
            ([file("b")], {"x": "1"}),
            ([file("a", executable=True)], {"x": "1"}),
            ([file("a", sha256="1")], {"x": "1"}),
            ([file("a"), file("b")], {"x": "1"}),
            ([file("a")], {"x": "2"}),
            ([file("a")], {"y": "1"}),
        ]
    }
    assert len(prints) == 7


def test_the_copy_has_the_contents_and_plain_modes(tmp_path: Path) -> None:
    put(tmp_path, "app/app.py", "app/bin/run")
    (tmp_path / "app" / "app.py").chmod(0o600)
    (tmp_path / "app" / "bin" / "run").chmod(0o700)
    copy_source(files=read_source(root=tmp_path / "app", exclude=[]), destination=tmp_path / "copy")
    assert (tmp_path / "copy" / "bin" / "run").read_text() == "app/bin/run"
    assert (tmp_path / "copy" / "bin" / "run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "copy" / "app.py").stat().st_mode & 0o777 == 0o644


def test_a_copy_over_something_else(tmp_path: Path) -> None:
    put(tmp_path, "app/app.py", "copy/precious")
    with pytest.raises(SourceError, match="can't be copied"):
        copy_source(files=read_source(root=tmp_path / "app", exclude=[]), destination=tmp_path / "copy")
