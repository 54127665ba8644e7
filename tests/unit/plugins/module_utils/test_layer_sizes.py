# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import zipfile
from itertools import combinations
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_sizes import (
    Share,
    Tile,
    differences,
    shares_of,
    treemap,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles
from hypothesis import given
from hypothesis import strategies as st

TARGET = Target(runtime=RUNTIMES["python3.11"], architecture="x86_64")


def share(name: str, size: int, version: str = "1") -> Share:
    return Share(name=name, version=version, files=1, size=size, zipped=size // 2)


def test_every_byte_is_somebodys(tmp_path: Path) -> None:
    layer = LayerFiles()
    layer.distribution("big", "2.0", files={"big/__init__.py": b"x" * 5000, "big/data.bin": b"y" * 1000})
    layer.distribution("small", "1.0", files={"small.py": b"z"})
    layer.add("python/big/__pycache__/__init__.cpython-311.pyc", b"b" * 700)
    layer.add("python/nobody.txt", b"n" * 50)
    path = layer.zip(tmp_path / "layer.zip")
    shares = shares_of(path, target=TARGET)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    assert sum(each.size for each in shares) == sum(entry.file_size for entry in entries)
    assert sum(each.zipped for each in shares) == sum(entry.compress_size for entry in entries)
    assert sum(each.files for each in shares) == len(entries)
    assert [(each.name, each.version) for each in shares] == [("big", "2.0"), ("small", "1.0"), ("", "")]
    metadata = sum(entry.file_size for entry in entries if "/big-2.0.dist-info/" in entry.filename)
    assert shares[0].size == 5000 + 1000 + 700 + metadata
    assert shares[-1].size == 50


@given(sizes=st.lists(st.integers(0, 10**8), max_size=40))
def test_rectangles_fill_the_area_in_proportion(sizes: list[int]) -> None:
    shares = [share(str(number), size) for number, size in enumerate(sorted(sizes, reverse=True))]
    tiles = treemap(shares, width=1000, height=420)
    assert [tile.share for tile in tiles] == [each for each in shares if each.size]
    total = sum(sizes)
    for tile in tiles:
        assert tile.width * tile.height == pytest.approx(1000 * 420 * tile.share.size / total, rel=1e-6)
        assert -1e-6 <= tile.x <= tile.x + tile.width <= 1000 + 1e-6
        assert -1e-6 <= tile.y <= tile.y + tile.height <= 420 + 1e-6
    assert not any(overlap(one, two) for one, two in combinations(tiles, 2))


def overlap(one: Tile, two: Tile) -> bool:
    across = min(one.x + one.width, two.x + two.width) - max(one.x, two.x)
    down = min(one.y + one.height, two.y + two.height) - max(one.y, two.y)
    return across > 1e-6 and down > 1e-6


def test_what_differs() -> None:
    before = [share("Same", 10), share("old", 300), share("up", 100, "1"), share("grown", 50), share("", 5)]
    after = [share("same", 10), share("new", 20), share("Up", 90, "2"), share("grown", 51), share("", 5)]
    found = [(each.name, each.kind, each.size) for each in differences(before, after)]
    assert found == [
        ("old", "removed", -300),
        ("new", "added", 20),
        ("up", "version", -10),
        ("grown", "size", 1),
    ]
    assert differences(before, before) == []
