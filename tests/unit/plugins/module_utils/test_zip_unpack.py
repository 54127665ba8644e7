# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder holds what the zip holds, whatever was there before."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._archive import ArchiveError, write_archive
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_unpack import is_unpacked, unpack_zip
from hypothesis import given, settings
from hypothesis import strategies as st

FILES = {"python/a/__init__.py": b"A = 1\n" * 50, "python/a/run": b"#!/bin/sh\n", "python/b.py": b"", "top": b"t"}


def make_zip(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    tree = folder / "tree"
    for name, content in (FILES if files is None else files).items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if name.endswith("run") else 0o644)
    write_archive(tree=tree, destination=folder / "layer.zip")
    return folder / "layer.zip"


def held(folder: Path) -> dict[str, bytes]:
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def folders(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_dir()}


def test_a_new_folder(tmp_path: Path) -> None:
    unpack_zip(make_zip(tmp_path), tmp_path / "opt")
    assert held(tmp_path / "opt") == FILES
    assert stat.S_IMODE((tmp_path / "opt/python/a/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "opt/python/b.py").stat().st_mode) == 0o644


def test_what_is_there_as_it_should_be(tmp_path: Path) -> None:
    archive = make_zip(tmp_path)
    before = {path: path.stat() for path in (tmp_path / "tree").rglob("*")}
    assert is_unpacked(archive, tmp_path / "tree")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "tree").rglob("*")} == {
        path: status.st_mtime_ns for path, status in before.items()
    }


def test_whom_else_a_file_can_be_read_by_does_not_matter(tmp_path: Path) -> None:
    archive = make_zip(tmp_path)
    (tmp_path / "tree/python/a/__init__.py").chmod(0o600)
    (tmp_path / "tree/python/a/run").chmod(0o700)
    assert is_unpacked(archive, tmp_path / "tree")


def change_a_byte(opt: Path, _elsewhere: Path) -> None:
    file = opt / "python/a/__init__.py"
    file.write_bytes(file.read_bytes().replace(b"1", b"2", 1))


def shorten(opt: Path, _elsewhere: Path) -> None:
    (opt / "python/a/__init__.py").write_bytes(b"A")


def remove(opt: Path, _elsewhere: Path) -> None:
    (opt / "python/a/__init__.py").unlink()


def make_it_a_program(opt: Path, _elsewhere: Path) -> None:
    (opt / "python/a/__init__.py").chmod(0o755)


def make_it_no_program(opt: Path, _elsewhere: Path) -> None:
    (opt / "python/a/run").chmod(0o644)


def lengthen(opt: Path, _elsewhere: Path) -> None:
    file = opt / "python/a/__init__.py"
    file.write_bytes(file.read_bytes() + b"A")


def link_the_file(opt: Path, elsewhere: Path) -> None:
    (opt / "python/a/__init__.py").rename(elsewhere)
    (opt / "python/a/__init__.py").symlink_to(elsewhere)


def put_a_folder_in_its_place(opt: Path, _elsewhere: Path) -> None:
    (opt / "python/a/__init__.py").unlink()
    (opt / "python/a/__init__.py").mkdir()
    (opt / "python/a/__init__.py/x").touch()


def add_a_file(opt: Path, _elsewhere: Path) -> None:
    (opt / "python/more.py").touch()


def add_a_folder(opt: Path, _elsewhere: Path) -> None:
    (opt / "python/more/empty").mkdir(parents=True)


def link_the_folder(opt: Path, elsewhere: Path) -> None:
    (opt / "python/a").rename(elsewhere)
    (opt / "python/a").symlink_to(elsewhere)


def put_a_file_in_its_place(opt: Path, elsewhere: Path) -> None:
    (opt / "python/a").rename(elsewhere)
    (opt / "python/a").touch()


@pytest.mark.parametrize(
    "spoil",
    [
        change_a_byte,
        shorten,
        lengthen,
        remove,
        make_it_a_program,
        make_it_no_program,
        link_the_file,
        put_a_folder_in_its_place,
        add_a_file,
        add_a_folder,
        link_the_folder,
        put_a_file_in_its_place,
    ],
)
def test_what_differs_is_noticed_and_brought_in_order(tmp_path: Path, spoil: Callable[[Path, Path], None]) -> None:
    archive = make_zip(tmp_path)
    spoil(tmp_path / "tree", tmp_path / "elsewhere")
    assert not is_unpacked(archive, tmp_path / "tree")
    unpack_zip(archive, tmp_path / "tree")
    assert held(tmp_path / "tree") == FILES
    assert folders(tmp_path / "tree") == {"python", "python/a"}
    assert is_unpacked(archive, tmp_path / "tree")


def test_what_is_in_the_place_of_the_folder_goes(tmp_path: Path) -> None:
    archive = make_zip(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "tree")
    for name in ("file", "link"):
        unpack_zip(archive, tmp_path / name)
        assert is_unpacked(archive, tmp_path / name)
        assert not (tmp_path / name).is_symlink()


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.from_regex(r"[a-c]{1,2}(/[a-c]{1,2}){0,2}", fullmatch=True), st.binary(max_size=200), min_size=1, max_size=6
    ),
    st.dictionaries(st.from_regex(r"[a-c]{1,2}(/[a-c]{1,2}){0,2}", fullmatch=True), st.binary(max_size=200)),
)
def test_whatever_was_there_before(files: dict[str, bytes], before: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as work:
        opt = Path(work, "opt")
        for names, root in ((before, opt), (files, Path(work, "tree"))):
            for name, content in names.items():
                path = root / name
                # A name that is a folder of another one can't be a file as well.
                if not path.is_dir() and not any(parent.is_file() for parent in path.parents):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
        write_archive(tree=Path(work, "tree"), destination=Path(work, "layer.zip"))
        opt.mkdir(exist_ok=True)
        same = (held(opt), folders(opt)) == (held(Path(work, "tree")), folders(Path(work, "tree")))
        assert is_unpacked(Path(work, "layer.zip"), opt) == same
        unpack_zip(Path(work, "layer.zip"), opt)
        assert held(opt) == held(Path(work, "tree"))
        assert is_unpacked(Path(work, "layer.zip"), opt)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a//x", "./x"])
def test_what_lies_outside_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        archive.writestr(name, "")
    for action in (unpack_zip, is_unpacked):
        with pytest.raises(ArchiveError, match="which may lie outside of it"):
            action(tmp_path / "layer.zip", tmp_path / "opt")
    assert [path.name for path in tmp_path.iterdir()] == ["layer.zip"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_zip_is_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "layer.zip", "w", method) as archive:
        archive.writestr("a", bytes(range(256)) * 9)
    content = bytearray((tmp_path / "layer.zip").read_bytes())
    content[60] ^= 0x55
    (tmp_path / "layer.zip").write_bytes(content)
    with pytest.raises(ArchiveError, match="a is damaged in the zip"):
        unpack_zip(tmp_path / "layer.zip", tmp_path / "opt")
    (tmp_path / "opt/a").write_bytes(bytes(range(256)) * 9)
    with pytest.raises(ArchiveError, match="a is damaged in the zip"):
        is_unpacked(tmp_path / "layer.zip", tmp_path / "opt")


def test_no_zip(tmp_path: Path) -> None:
    (tmp_path / "layer.zip").write_text("no zip")
    with pytest.raises(ArchiveError, match="is not a zip that can be read"):
        unpack_zip(tmp_path / "layer.zip", tmp_path / "opt")
