# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders that are ours, and folders of the user that are neither emptied nor removed."""

from __future__ import annotations

import fcntl
import stat
from pathlib import Path

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.module_utils import _work_folder
from ansible_collections.asesoria.serverless.plugins.module_utils._base.own_folder import (
    MARK,
    Contents,
    OwnFolderError,
    plan_removal,
    remove_folder,
    take_folder,
)

CONTENTS = Contents(names=("bin", "lib", "log.*"), evidence=("lib/.installed-*",))
ROLE = Path(__file__).parents[4] / "roles/serverless_deploy/vars/main.yml"


def make(folder: Path, *names: str) -> list[Path]:
    """Make files below a folder, and return all that is in it."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")
    return sorted(folder.rglob("*"))


def test_a_folder_that_we_make_is_marked_and_goes_again(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert take_folder(folder, CONTENTS)
    assert not take_folder(folder, CONTENTS)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, folder.parent)] == [0o700, 0o700]
    make(folder, "bin/program", "log.1")
    planned = plan_removal(folder, CONTENTS)
    assert planned.left == ()
    assert remove_folder(folder, CONTENTS) == planned
    assert not folder.exists()
    assert folder.parent.exists()
    assert remove_folder(folder, CONTENTS).removed == ()


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert take_folder(tmp_path, CONTENTS)
    assert [path.name for path in tmp_path.iterdir()] == [MARK]


def test_an_empty_folder_that_we_have_not_made_stays(tmp_path: Path) -> None:
    assert remove_folder(tmp_path, CONTENTS).removed == ()
    assert tmp_path.exists()


@pytest.mark.parametrize(
    "names",
    [["precious"], ["bin/program"], ["bin/x", "lib/x", "log.1"], ["lib/.installed-1", "precious"], [".hidden"]],
    ids=", ".join,
)
def test_a_folder_of_the_user_is_refused(tmp_path: Path, names: list[str]) -> None:
    before = make(tmp_path, *names)
    for act in (take_folder, plan_removal, remove_folder):
        with pytest.raises(OwnFolderError) as refused:
            act(tmp_path, CONTENTS)
        assert str(refused.value).startswith(f"the folder {tmp_path} holds '")
        assert f"does not bear the mark {MARK}" in str(refused.value)
        assert "Name a folder that is empty or does not exist" in str(refused.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_of_an_earlier_version_is_known_by_its_contents(tmp_path: Path) -> None:
    make(tmp_path, "bin/program", "lib/.installed-1")
    assert take_folder(tmp_path, CONTENTS)
    remove_folder(tmp_path, CONTENTS)
    assert not tmp_path.exists()


def test_files_of_the_user_in_our_folder_stay_and_are_named(tmp_path: Path) -> None:
    take_folder(tmp_path, CONTENTS)
    make(tmp_path, "bin/program", "notes.txt", "photos/1")
    assert remove_folder(tmp_path, CONTENTS).left == (tmp_path / "notes.txt", tmp_path / "photos")
    assert sorted(path.name for path in tmp_path.iterdir()) == [MARK, "notes.txt", "photos"]


def test_a_folder_in_which_another_run_works_stays(tmp_path: Path) -> None:
    take_folder(tmp_path / "folder", CONTENTS)
    make(tmp_path / "folder", "bin/program")
    with (tmp_path / "folder" / MARK).open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OwnFolderError, match="still works in"):
            remove_folder(tmp_path / "folder", CONTENTS)
    assert (tmp_path / "folder/bin/program").exists()
    remove_folder(tmp_path / "folder", CONTENTS)
    assert not (tmp_path / "folder").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    theirs, folder, link = tmp_path / "theirs", tmp_path / "ours", tmp_path / "link"
    make(theirs, "precious")
    take_folder(folder, CONTENTS)
    (folder / "bin").symlink_to(theirs)
    link.symlink_to(folder)
    assert not take_folder(link, CONTENTS)
    remove_folder(link, CONTENTS)
    assert (theirs / "precious").exists()
    # The link is the user's, and so is the choice of its target.
    assert link.is_symlink()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("marked", [False, True])
def test_a_home_folder_is_never_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marked: bool) -> None:
    make(tmp_path, *([MARK] if marked else []), "bin/program")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(OwnFolderError, match="is the home folder, which is never ours"):
        remove_folder(tmp_path, CONTENTS)
    with pytest.raises(OwnFolderError, match=r"^/ is the root folder"):
        take_folder(Path("/"), CONTENTS)
    assert (tmp_path / "bin/program").exists()


def test_the_mark_of_a_folder_above_counts_for_nothing(tmp_path: Path) -> None:
    take_folder(tmp_path, CONTENTS)
    make(tmp_path, "bin/precious")
    with pytest.raises(OwnFolderError):
        remove_folder(tmp_path / "bin", CONTENTS)


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "file")
    with pytest.raises(OwnFolderError, match=f"the folder {tmp_path / 'file'} can't be used: Not a directory"):
        take_folder(tmp_path / "file", CONTENTS)


def test_the_role_removes_what_the_work_folder_holds() -> None:
    names = yaml.safe_load(ROLE.read_text(encoding="utf-8"))["serverless_deploy__work_contents"]
    assert tuple(names) == _work_folder.CONTENTS.names
