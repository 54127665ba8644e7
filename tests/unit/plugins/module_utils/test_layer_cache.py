# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds with a cache: real pip, packages of a folder, and entries that are not what they should be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _layer_cache
from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_build import BuildRequest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_cache import LayerCache
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Manifest, read_manifest
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import Allowance
from ansible_collections.asesoria.serverless.tests.unit.plugins.module_utils.test_build_from_lock import (
    Packages,
    build,
    request_for,
    write_lock,
)

ZIP, MANIFEST = "layer.zip", "layer.manifest.json"


class House:
    """Locks of one package in three versions, and a cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages = Packages(folder / "packages")
        self.cache = folder / "cache"
        self.locked = {version: self.packages.wheel("one", version) for version in ("1.0", "2.0", "3.0")}

    def request(self, version: str, *, place: str = "here", **changes: object) -> BuildRequest:
        lock = write_lock(self.folder / place / "pylock.toml", self.locked[version])
        return request_for(lock, **{"cache": LayerCache(self.cache), **changes})

    def build(self, version: str, *, place: str = "here", **changes: object) -> tuple[Manifest, bool]:
        """The manifest, and whether pip was run."""
        self.packages.calls.clear()
        request = self.request(version, place=place, **changes)
        _plan, manifest = build(request, self.packages)
        assert read_manifest(request.manifest) == manifest
        assert file_sha256(request.archive) == manifest.archive.sha256
        assert sorted(path.name for path in request.archive.parent.iterdir() if path.name != ".layer.zip.lock") == [
            MANIFEST,
            ZIP,
        ]
        return manifest, bool(self.packages.calls)

    def entry(self, version: str) -> Path:
        (found,) = [path for path in self.entries() if read_manifest(path / MANIFEST).versions() == {"one": version}]
        return found

    def entries(self) -> list[Path]:
        return sorted(self.cache.iterdir())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(scope="module")
def full_house(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Manifest]:
    """A cache that has two versions, and the manifest of the first; building them takes a second each."""
    house = House(tmp_path_factory.mktemp("full"))
    first, _asked = house.build("1.0")
    house.build("2.0")
    shutil.copytree(house.cache, house.folder / "kept")
    return house, first


@pytest.fixture
def filled(full_house: tuple[House, Manifest]) -> tuple[House, Manifest]:
    """The same, whatever an earlier test has done to it."""
    house, first = full_house
    for name in ("cache", "elsewhere", "moved", "a third"):
        shutil.rmtree(house.folder / name, ignore_errors=True)
    shutil.copytree(house.folder / "kept", house.cache)
    return house, first


def test_what_was_built_before_is_taken_again(house: House) -> None:
    first, _asked = house.build("1.0")
    second, asked = house.build("2.0")
    assert asked
    assert second.archive.sha256 != first.archive.sha256
    assert house.build("1.0") == (first, False)
    assert house.build("2.0", place="elsewhere") == (second, False)
    assert len(house.entries()) == 2


def test_without_a_cache_nothing_is_kept(house: House) -> None:
    house.build("1.0", cache=None)
    assert not house.cache.exists()
    house.build("2.0", cache=None)
    assert house.build("1.0", cache=None)[1]


def test_force_builds_and_keeps_what_it_built(house: House) -> None:
    house.build("1.0")
    (house.entry("1.0") / ZIP).write_bytes(b"")
    assert house.build("1.0", force=True)[1]
    assert not house.build("1.0", place="elsewhere")[1]


def test_what_the_static_gate_lets_pass_is_not_taken_from_the_cache(house: House) -> None:
    house.build("1.0", allow=(Allowance("glibc-too-new", "one"),))
    manifest, asked = house.build("1.0", place="elsewhere")
    assert (manifest.allow, asked) == ((), False)


def swap(house: House) -> None:
    """The zip and the manifest of another layer, which go together."""
    shutil.copytree(house.entry("2.0"), house.entry("1.0"), dirs_exist_ok=True)


def cut_off(house: House) -> None:
    path = house.entry("1.0") / ZIP
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(house: House) -> None:
    path = house.entry("1.0") / ZIP
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)


def other_zip(house: House) -> None:
    shutil.copyfile(house.entry("2.0") / ZIP, house.entry("1.0") / ZIP)


def remove(name: str) -> Callable[[House], None]:
    def change(house: House) -> None:
        (house.entry("1.0") / name).unlink()

    return change


def damaged_manifest(house: House) -> None:
    (house.entry("1.0") / MANIFEST).write_text("{")


def open_to_others(house: House) -> None:
    house.entry("1.0").chmod(0o777)


def cache_open_to_others(house: House) -> None:
    house.cache.chmod(0o770)


def link(house: House) -> None:
    entry = house.entry("1.0")
    shutil.move(entry, house.folder / "moved")
    entry.symlink_to(house.folder / "moved")


def a_file(house: House) -> None:
    entry = house.entry("1.0")
    shutil.rmtree(entry)
    entry.write_text("")


@pytest.mark.parametrize(
    "change",
    [
        swap,
        cut_off,
        flip_a_bit,
        other_zip,
        remove(ZIP),
        remove(MANIFEST),
        damaged_manifest,
        open_to_others,
        cache_open_to_others,
        link,
        a_file,
    ],
    ids=lambda change: getattr(change, "__qualname__", ""),
)
def test_what_is_wrong_with_an_entry_is_noticed(
    filled: tuple[House, Manifest], change: Callable[[House], None]
) -> None:
    house, first = filled
    change(house)
    assert house.build("1.0", place="elsewhere") == (first, True)
    if change in (swap, cut_off, other_zip, damaged_manifest, open_to_others):
        assert house.build("1.0", place="a third") == (first, False), "it was not replaced"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_the_folder_of_another_user_is_not_used(house: House) -> None:
    house.build("1.0")
    os.chown(house.entry("1.0"), 65534, 65534)
    assert house.build("1.0", place="elsewhere")[1]


def test_the_oldest_entries_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_layer_cache, "MOST_ENTRIES", 2)
    house.build("1.0")
    house.build("2.0")
    for version, moment in (("1.0", 1000), ("2.0", 2000)):
        os.utime(house.entry(version), (moment, moment))
    house.build("1.0", place="elsewhere")
    house.build("3.0")
    assert [read_manifest(path / MANIFEST).versions()["one"] for path in (house.entry("1.0"), house.entry("3.0"))]
    assert len(house.entries()) == 2


def test_folders_of_the_user_are_not_entries(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_layer_cache, "MOST_ENTRIES", 1)
    theirs = [house.cache / name for name in ("photos", "a" * 64, "letters")]
    house.build("1.0")
    for folder in theirs:
        folder.mkdir()
        (folder / "precious").touch()
        os.utime(folder, (1000, 1000))
    house.build("2.0")
    assert all((folder / "precious").exists() for folder in theirs)
    assert len(house.entries()) == 1 + len(theirs)


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(house: House) -> None:
    house.cache.write_text("a file")
    manifest, asked = house.build("1.0")
    assert asked
    assert manifest.versions() == {"one": "1.0"}
    assert house.cache.read_text() == "a file"


def test_what_a_killed_run_left_is_not_an_entry(house: House) -> None:
    first, _asked = house.build("1.0")
    entry = house.entry("1.0")
    entry.rename(house.cache / ".partial-x")
    assert house.build("1.0", place="elsewhere") == (first, True)


def test_a_request_without_changes_writes_nothing(house: House) -> None:
    house.build("1.0")
    before = house.entry("1.0").stat().st_mtime_ns
    assert not house.build("1.0")[1]
    assert house.entry("1.0").stat().st_mtime_ns == before
