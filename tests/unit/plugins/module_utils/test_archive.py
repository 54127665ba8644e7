# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _archive, _zip_file
from ansible_collections.asesoria.serverless.plugins.module_utils._archive import (
    Archive,
    ArchiveError,
    file_sha256,
    in_base64,
    unzipped_size,
    write_archive,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._streams import Streams
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import (
    COMPRESSION_LEVEL,
    Deflated,
    ZipLimitError,
    inflate,
)
from hypothesis import given, settings
from hypothesis import strategies as st

_NAME = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 100
)
_TREES = st.dictionaries(
    st.lists(_NAME, min_size=1, max_size=3).map(tuple),
    st.tuples(st.binary(max_size=300), st.booleans()),
    min_size=1,
    max_size=8,
).filter(lambda tree: not any(other[: len(path)] == path for path in tree for other in tree if other != path))


def fill(folder: Path, tree: dict[tuple[str, ...], tuple[bytes, bool]], *, backwards: bool, date: int) -> None:
    for path in sorted(tree, reverse=backwards):
        content, executable = tree[path]
        file = folder.joinpath(*path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(0o700 if executable else 0o600)
        os.utime(file, (date, date))


@given(tree=_TREES, date=st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_bytes_follow_from_names_modes_and_contents_alone(
    tree: dict[tuple[str, ...], tuple[bytes, bool]], date: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here, there = Path(folder, "here"), Path(folder, "some", "where", "else")
        fill(here, tree, backwards=False, date=0)
        first = write_archive(tree=here, destination=Path(folder, "first.zip"))
        mask = os.umask(0o077)
        try:
            fill(there, tree, backwards=True, date=date)
            second = write_archive(tree=there, destination=Path(folder, "second.zip"))
        finally:
            os.umask(mask)
        assert first == second
        assert Path(folder, "first.zip").read_bytes() == Path(folder, "second.zip").read_bytes()
        with zipfile.ZipFile(Path(folder, "first.zip")) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == {
                "/".join(path): content for path, (content, _executable) in tree.items()
            }


@given(tree=_TREES)
@settings(max_examples=60, deadline=None)
def test_the_bytes_are_those_of_pythons_own_zipfile(tree: dict[tuple[str, ...], tuple[bytes, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder, "tree"), tree, backwards=False, date=0)
        write_archive(tree=Path(folder, "tree"), destination=Path(folder, "ours.zip"))
        with zipfile.ZipFile(Path(folder, "theirs.zip"), "w") as theirs:
            for name, (content, executable) in sorted(
                (("/".join(path), entry) for path, entry in tree.items()), key=lambda item: item[0].encode()
            ):
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.create_system = 3
                info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
                theirs.writestr(info, content, zipfile.ZIP_DEFLATED, COMPRESSION_LEVEL)
        assert Path(folder, "ours.zip").read_bytes() == Path(folder, "theirs.zip").read_bytes()


def test_many_files_keep_their_order(tmp_path: Path) -> None:
    names = [f"{number:04}" for number in range(2000)]
    fill(tmp_path / "tree", {(name,): (name.encode() * 50, False) for name in names}, backwards=True, date=0)
    write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == names
        assert archive.testzip() is None


@pytest.mark.parametrize(("limit", "value"), [("MOST_MEMBERS", 2), ("MOST_BYTES", 200)])
def test_more_than_a_zip_holds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    fill(tmp_path / "tree", {(name,): (os.urandom(100), False) for name in "abc"}, backwards=False, date=0)
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(_zip_file, limit, value)
    with pytest.raises(ZipLimitError, match="Make several layers of it"):
        write_archive(tree=tmp_path / "tree", destination=out / "a.zip")
    assert list(out.iterdir()) == []


def test_bytecode_comes_last_and_may_be_made_meanwhile(tmp_path: Path) -> None:
    tree, archive = tmp_path / "tree", tmp_path / "a.zip"
    files = {("b.py",): (b"b", False), ("__pycache__", "x.txt"): (b"x", False), ("a.pyc",): (b"old", False)}
    fill(tree, files, backwards=False, date=0)

    def compile_it() -> None:
        fill(tree, {("__pycache__", "b.pyc"): (b"new", False), ("c.py",): (b"late", False)}, backwards=False, date=0)

    written = write_archive(tree=tree, destination=archive, bytecode=compile_it)
    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == ["__pycache__/x.txt", "b.py", "__pycache__/b.pyc", "a.pyc"]
    (tree / "c.py").unlink()
    assert write_archive(tree=tree, destination=archive) == written


def test_the_digest_of_the_contents_goes_by_names_alone(tmp_path: Path) -> None:
    files = {"a.pyc": b"1", "b.py": b"2", "c.pyc": b"3"}
    fill(tmp_path / "tree", {(name,): (files[name], False) for name in files}, backwards=False, date=0)
    written = write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip")
    lines = (f"644 {hashlib.sha256(files[name]).hexdigest()} {name}\0" for name in sorted(files))
    assert written.tree_sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_what_is_compressed_is_known_after_that(tmp_path: Path) -> None:
    fill(tmp_path / "tree", {("a.py",): (b"A = 1\n" * 9, False)}, backwards=False, date=0)
    streams = Streams()
    write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip", streams=streams)
    known = streams.find("a.py", status=(tmp_path / "tree/a.py").stat())
    assert known is not None
    assert inflate(known.deflated.data, size=known.deflated.size) == b"A = 1\n" * 9
    assert known.sha256 == file_sha256(tmp_path / "tree/a.py")


def test_a_file_that_vanishes_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "tree", {(name,): (b"x", False) for name in "abc"}, backwards=False, date=0)

    def vanish(_content: bytes, **_options: int) -> Deflated:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(_archive, "deflate", vanish)
    with pytest.raises(FileNotFoundError):
        write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_time_zone_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "tree", {("a",): (b"a", False)}, backwards=False, date=1_700_000_000)
    sums = set()
    for zone in ("UTC", "Asia/Tokyo", "America/Lima"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        sums.add(write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip").sha256)
    monkeypatch.undo()
    time.tzset()
    assert len(sums) == 1


def test_entries_are_portable(tmp_path: Path) -> None:
    tree = {("b", "ñ.py"): (b"x" * 2000, False), ("a",): (b"#!", True)}
    fill(tmp_path / "tree", tree, backwards=False, date=0)
    written = write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        entries = archive.infolist()
    assert [(entry.filename, entry.external_attr >> 16) for entry in entries] == [
        ("a", stat.S_IFREG | 0o755),
        ("b/ñ.py", stat.S_IFREG | 0o644),
    ]
    assert {(entry.date_time, entry.extra, entry.create_system, entry.compress_type) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), b"", 3, zipfile.ZIP_DEFLATED)
    }
    assert (written.files, written.unzipped_size) == (2, 2002)
    assert written.size == (tmp_path / "a.zip").stat().st_size
    assert written.sha256 == file_sha256(tmp_path / "a.zip")
    assert unzipped_size(tmp_path / "a.zip") == 2002
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o644


@pytest.mark.parametrize("change", ["content", "name", "mode"])
def test_every_change_shows(tmp_path: Path, change: str) -> None:
    fill(tmp_path / "tree", {("a",): (b"a", False)}, backwards=False, date=0)
    before = write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip")
    file = tmp_path / "tree" / "a"
    if change == "content":
        file.write_bytes(b"b")
    elif change == "name":
        file.rename(tmp_path / "tree" / "b")
    else:
        file.chmod(0o755)
    after = write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip")
    assert after.sha256 != before.sha256
    assert after.tree_sha256 != before.tree_sha256


def test_a_link_inside_the_tree_becomes_the_file(tmp_path: Path) -> None:
    fill(tmp_path / "tree", {("a",): (b"a", False)}, backwards=False, date=0)
    (tmp_path / "tree" / "link").symlink_to("a")
    write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("link") == b"a"


@pytest.mark.parametrize(
    ("name", "target"), [("outside", "/etc/hostname"), ("folder", "/etc"), ("nowhere", "nix"), ("up", "../secret")]
)
def test_other_links_are_refused_and_nothing_is_left(tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a").write_text("a")
    (tmp_path / "tree" / name).symlink_to(target)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(ArchiveError, match=name):
        write_archive(tree=tmp_path / "tree", destination=out / "a.zip")
    assert list(out.iterdir()) == []


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "tree") + b"/\xff")).write_text("a")
    with pytest.raises(ArchiveError, match="not UTF-8"):
        write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip")


def test_an_empty_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tree" / "empty").mkdir(parents=True)
    with pytest.raises(ArchiveError, match="there is no file below"):
        write_archive(tree=tmp_path / "tree", destination=tmp_path / "a.zip")


def test_a_failure_keeps_the_older_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "tree", {("a",): (b"a", False)}, backwards=False, date=0)
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.zip").write_text("older")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_archive(tree=tmp_path / "tree", destination=out / "a.zip")
    assert [(file.name, file.read_text()) for file in out.iterdir()] == [("a.zip", "older")]


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("PK")
    with pytest.raises(ArchiveError, match="is not a zip that can be read"):
        unzipped_size(tmp_path / "a.zip")


def test_code_sha256_is_what_lambda_writes() -> None:
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert in_base64(digest) == "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
    assert Archive(sha256=digest, size=0, files=0, unzipped_size=0, tree_sha256="").code_sha256 == in_base64(digest)
