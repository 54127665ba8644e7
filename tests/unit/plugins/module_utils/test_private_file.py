# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are replaced as a whole."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _private_file
from ansible_collections.asesoria.serverless.plugins.module_utils._private_file import (
    ChangedError,
    PrivateFileError,
    is_open_to_others,
    leftovers,
    missing_folders,
    read_text,
    remove_file,
    remove_folders,
    remove_leftovers,
    write_text,
)


def mode(path: Path) -> int:
    """The permission bits of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("content", [b"", b"a\r\nb\n\rc", b"\xff\xfe\x00", "caf\u00e9\u2028".encode()])
def test_any_bytes_come_back(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    text = read_text(path)
    assert text is not None
    write_text(path, text)
    assert path.read_bytes() == content


def test_a_new_file_and_its_folders_are_for_one_user(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    assert missing_folders(path) == 2
    old = os.umask(0)
    try:
        write_text(path, "x")
    finally:
        os.umask(old)
    assert [mode(path), mode(path.parent), mode(path.parent.parent)] == [0o600, 0o700, 0o700]
    assert missing_folders(path) == 0


@pytest.mark.parametrize("bits", [0o600, 0o640, 0o644, 0o400])
def test_an_old_file_keeps_its_mode(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")
    path.chmod(bits)
    write_text(path, "new")
    assert (path.read_text(encoding="utf-8"), mode(path)) == ("new", bits)
    assert is_open_to_others(path) == (bits in (0o640, 0o644))


def test_a_link_is_kept_and_its_target_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "dotfiles" / "credentials", tmp_path / "credentials"
    target.parent.mkdir()
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"


#: A run that is killed when it calls a function of the system.
_KILLED = """
import os, pathlib, signal, sys
from ansible_collections.asesoria.serverless.plugins.module_utils import _private_file
setattr(*{"fsync": (os, "fsync"), "replace": (pathlib.Path, "replace")}[sys.argv[2]],
        lambda *_arguments: os.kill(os.getpid(), signal.SIGKILL))
_private_file.write_text(pathlib.Path(sys.argv[1]), "new")
"""


@pytest.mark.parametrize("stage", ["fsync", "replace"])
def test_a_run_that_is_killed_leaves_the_old_file(tmp_path: Path, stage: str) -> None:
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")
    for _run in range(2):
        done = subprocess.run([sys.executable, "-c", _KILLED, str(path), stage], check=False)
        assert done.returncode == -signal.SIGKILL
    assert path.read_text(encoding="utf-8") == "old"
    assert len(leftovers(path)) == 2
    # The next run removes them, whether it writes or not.
    assert remove_leftovers(path)
    assert not remove_leftovers(path)
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_run_cleans_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_private_file.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "old"


def test_a_file_that_another_program_has_changed_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("theirs", encoding="utf-8")
    with pytest.raises(ChangedError, match=f"^another program keeps changing {path}. Stop it"):
        write_text(path, "ours", expected="what we read")
    with pytest.raises(ChangedError):
        remove_file(path, expected="what we read")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "theirs"
    write_text(path, "ours", expected="theirs")
    assert path.read_text(encoding="utf-8") == "ours"
    write_text(tmp_path / "new", "ours", expected="")
    with pytest.raises(ChangedError):
        write_text(tmp_path / "new", "ours", expected="")


def test_only_folders_that_were_made_for_the_file_go_with_it(tmp_path: Path) -> None:
    path = tmp_path / "mine" / "a" / "file"
    path.parent.mkdir(parents=True)
    path.write_text("x", encoding="utf-8")
    remove_file(path)
    remove_folders(path, count=1)
    assert not path.parent.exists()
    assert path.parent.parent.exists()


def test_a_folder_with_something_else_in_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "a" / "file"
    path.parent.mkdir()
    (path.parent / "other").touch()
    remove_file(path)
    remove_folders(path, count=1)
    assert list(path.parent.iterdir()) == [path.parent / "other"]


def test_a_file_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert read_text(tmp_path / "none") is None
    assert not is_open_to_others(tmp_path / "none")
    remove_file(tmp_path / "none")


def test_what_can_not_be_read_or_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(PrivateFileError, match=f"^{tmp_path} can't be read: Is a directory. Make it a file"):
        read_text(tmp_path)
    blocked = tmp_path / "file" / "credentials"
    blocked.parent.write_text("no folder", encoding="utf-8")
    with pytest.raises(PrivateFileError, match=f"^{blocked} can't be written: .*. Make its folder"):
        write_text(blocked, "x")
    assert not remove_leftovers(blocked)
