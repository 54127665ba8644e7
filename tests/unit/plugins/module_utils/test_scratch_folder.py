# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._scratch_folder import scratch_folder

GET_FLAGS, TOP_OF_TREE = 0x80086601, 0x00020000


def flags_of(folder: Path) -> int:
    handle = os.open(folder, os.O_RDONLY)
    try:
        found = bytearray(8)
        fcntl.ioctl(handle, GET_FLAGS, found)
        return int(struct.unpack_from("i", found)[0])
    finally:
        os.close(handle)


def file_system_of(folder: Path) -> str:
    """As the kernel calls it: that of the longest mount point above the folder."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    above = [(point, kind) for _device, point, kind, *_options in mounts if folder.resolve().is_relative_to(point)]
    return max(above, key=lambda each: len(each[0]))[1]


def test_it_is_there_and_gone(tmp_path: Path) -> None:
    with scratch_folder(tmp_path, prefix=".x-") as folder:
        assert list(folder.iterdir()) == []
        (folder / "a").mkdir()
        (folder / "a/b").write_text("b")
        (top,) = tmp_path.iterdir()
        assert top.name.startswith(".x-")
        assert folder.is_relative_to(top)
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with scratch_folder(tmp_path, prefix=".x-") as folder:
            (folder / "a").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_ext4_is_told_to_lay_it_elsewhere(tmp_path: Path) -> None:
    if file_system_of(tmp_path) != "ext4":
        pytest.skip("the temporary folder is not on ext4")
    before = flags_of(tmp_path)
    with scratch_folder(tmp_path, prefix=".x-") as first, scratch_folder(tmp_path, prefix=".x-") as second:
        assert flags_of(first.parent) == before | TOP_OF_TREE
        # ext4 chooses by the name.
        assert first.name != second.name
    assert flags_of(tmp_path) == before


def test_others_need_not_know_the_like(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr(fcntl, "ioctl", refuse)
    with scratch_folder(tmp_path, prefix=".x-") as folder:
        assert folder.is_dir()
