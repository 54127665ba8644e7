# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several runs that write into the same AWS files at the same time; benchmarks/aws_files.py makes 200 trials of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _aws_profile_files
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import (
    Files,
    change_files,
    plan_present,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._private_file import ChangedError, write_text

sys.path.insert(0, str(Path(__file__).parents[4] / "benchmarks"))
from aws_files import OWNER, trial

TRIALS = 12


@pytest.mark.parametrize("intruder", [False, True], ids=["ours", "with a program that knows no lock"])
def test_no_writer_loses_another_ones_profile(tmp_path: Path, intruder: bool) -> None:
    for number in range(TRIALS):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert trial(folder, writers=4, intruder=intruder) == []


def plan_mine(read: Files) -> list[_aws_profile_files.Change]:
    return plan_present(read, "mine", key_id="AKIA", secret="s", settings={}, owner=OWNER)


def test_a_file_that_changes_between_reading_and_writing_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The AWS CLI writes a profile right before ours would replace the file."""
    files = Files(credentials=tmp_path / "credentials", config=tmp_path / "config")
    interruptions = iter(["[one]\nx = 1\n", "[one]\nx = 1\n[two]\nx = 1\n"])

    def interrupted(path: Path, text: str, *, expected: str | None) -> None:
        if path.name == "credentials":
            theirs = next(interruptions, None)
            if theirs:
                path.write_text(theirs, encoding="utf-8")
        write_text(path, text, expected=expected)

    monkeypatch.setattr(_aws_profile_files, "write_text", interrupted)
    assert [change.path.name for change in change_files(files, plan_mine)] == ["credentials", "config"]
    text = files.credentials.read_text(encoding="utf-8")
    assert text.startswith("[one]\nx = 1\n[two]\nx = 1\n[mine]\n")


def test_a_program_that_never_stops_writing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(credentials=tmp_path / "credentials", config=tmp_path / "config")
    written: list[str] = []

    def interrupted(path: Path, text: str, *, expected: str | None) -> None:
        written.append(f"# {len(written)}\n")
        path.write_text(written[-1], encoding="utf-8")
        write_text(path, text, expected=expected)

    monkeypatch.setattr(_aws_profile_files, "write_text", interrupted)
    monkeypatch.setattr(_aws_profile_files, "_ATTEMPT_PAUSE", 0)
    with pytest.raises(ChangedError, match=f"another program keeps changing {files.credentials}"):
        change_files(files, plan_mine)
    assert files.credentials.read_text(encoding="utf-8") == written[-1]
    assert len(written) > 3
