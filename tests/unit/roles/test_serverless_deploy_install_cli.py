# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that installs the Serverless CLI, called by several runs at once. A script stands in for npm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "roles/serverless_deploy/files/install_cli.py"
# Like npm, it empties the folder first, and it can't stand another one in the same folder.
NPM = """#!/bin/sh
for option; do case $option in --prefix=*) cd "${option#--prefix=}" || exit 1 ;; esac; done
echo "$@" >>"$NPM_LOG"
mkdir busy || { echo "two at once" >>"$NPM_LOG"; exit 1; }
rm -rf node_modules
sleep 0.3
mkdir node_modules && cp package.json node_modules/ && rmdir busy
exit "${NPM_STATUS:-0}"
"""


class Place:
    """A folder to install into, and npm."""

    def __init__(self, top: Path) -> None:
        self.source, self.folder, self.log = top / "source", top / "mi d'Ángel" / "cli", top / "npm.log"
        self.stamp = self.folder / "node_modules" / ".installed-1"
        for folder in (self.source, self.folder, top / "bin"):
            folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            (self.source / name).write_text("{}", encoding="utf-8")
        (top / "bin" / "npm").write_text(NPM, encoding="utf-8")
        (top / "bin" / "npm").chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{top / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "NPM_LOG": str(self.log),
        }

    def start(self, **environment: str) -> subprocess.Popen[str]:
        options = {"source": self.source, "folder": self.folder, "stamp": self.stamp, "cache": self.folder / "cache"}
        argv = [sys.executable, "-I", str(PROGRAM), *(f"--{name}={path}" for name, path in options.items())]
        return subprocess.Popen(
            [*argv, "package.json", "package-lock.json"],
            env={**self.environment, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_runs_that_come_together_install_once(place: Place) -> None:
    runs = [place.start() for _run in range(4)]
    assert [run.wait(timeout=60) for run in runs] == [0, 0, 0, 0]
    (called,) = place.log.read_text(encoding="utf-8").splitlines()
    assert called.startswith(f"ci --prefix={place.folder} --cache=")
    assert (place.stamp.parent / "package.json").exists()
    assert place.stamp.exists()


def test_an_installation_that_failed_is_not_taken_for_one(place: Place) -> None:
    assert place.start(NPM_STATUS="7").wait(timeout=60) == 7
    assert not place.stamp.exists()
    assert place.start().wait(timeout=60) == 0
    assert place.stamp.exists()


def test_a_missing_npm_is_told(place: Place, tmp_path: Path) -> None:
    run = place.start(PATH=str(tmp_path / "nothing"))
    assert run.communicate(timeout=60)[1] == "npm can't be run: No such file or directory. Install npm.\n"
    assert run.returncode == 1
