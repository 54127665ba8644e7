# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host keys that several runs write into one file."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.modules import builder_known_hosts
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

ONE, TWO = "i-1 ssh-ed25519 AAAA", "i-2 ssh-ed25519 BBBB"
OTHERS = "# mine\n\n@cert-authority *.example.com ssh-rsa CCCC\n|1|hash= ssh-rsa DDDD\n"
_WRITE = """
import pathlib, sys
from ansible_collections.asesoria.serverless.plugins.module_utils._builder.known_hosts import (
    add_key, change_file, remove_keys)
path, number = pathlib.Path(sys.argv[1]), sys.argv[2]
for each in range(20):
    host = f"i-{number}-{each}"
    change_file(path, lambda text: add_key(text, host=host, key=f"{host} ssh-ed25519 AAAA"), dry=False)
    if each % 2:
        change_file(path, lambda text: remove_keys(text, host=host), dry=False)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "not there yet" / "known_hosts"


def run(path: Path, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    result = run_module(builder_known_hosts.main, {"path": str(path), **options}, check_mode=check_mode)
    if not result["failed"]:
        assert_return_documented(builder_known_hosts, result)
    return result


def test_keys_come_and_go(path: Path) -> None:
    assert run(path, name="i-1", key=ONE, check_mode=True)["changed"]
    assert not path.parent.exists()
    assert run(path, name="i-1", key=ONE)["changed"]
    assert not run(path, name="i-1", key=ONE)["changed"]
    assert run(path, name="i-2", key=TWO)["changed"]
    assert path.read_text(encoding="utf-8") == f"{ONE}\n{TWO}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(path, name="i-1", state="absent", check_mode=True)["changed"]
    assert run(path, name="i-1", state="absent")["changed"]
    assert not run(path, name="i-1", state="absent")["changed"]
    assert path.read_text(encoding="utf-8") == f"{TWO}\n"


def test_what_else_is_in_the_file_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(OTHERS + "i-1 ssh-ed25519 OLD\ni-1 ssh-rsa OLD", encoding="utf-8")
    run(path, name="i-1", key=ONE)
    assert path.read_text(encoding="utf-8") == f"{OTHERS}i-1 ssh-rsa OLD\n{ONE}\n"
    run(path, name="i-1", state="absent")
    assert path.read_text(encoding="utf-8") == OTHERS


def test_lines_of_others_stay_byte_for_byte(path: Path) -> None:
    path.parent.mkdir()
    others = b"# mine\r\nhost.example.com ssh-rsa AAAA\r\n\r\n"
    path.write_bytes(others + b"i-1 ssh-ed25519 OLD\r\n")
    run(path, name="i-1", key=ONE)
    assert path.read_bytes() == others + f"{ONE}\n".encode()
    run(path, name="i-1", state="absent")
    assert path.read_bytes() == others


@pytest.mark.parametrize("key", ["i-2 ssh-ed25519 AAAA", "i-1 ssh-ed25519", "i-1"])
def test_a_key_of_another_host_is_refused(path: Path, key: str) -> None:
    result = run(path, name="i-1", key=key)
    assert result["failed"]
    assert "is not a host key of i-1" in result["msg"]
    assert not path.exists()


def test_runs_that_write_at_the_same_time_lose_nothing(path: Path) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", _WRITE, str(path), str(number)]) for number in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0, 0]
    expected = {f"i-{number}-{each} ssh-ed25519 AAAA" for number in range(4) for each in range(0, 20, 2)}
    assert set(path.read_text(encoding="utf-8").splitlines()) == expected
    assert list(path.parent.iterdir()) == [path]
