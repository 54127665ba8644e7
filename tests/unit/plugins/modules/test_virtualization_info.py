# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module virtualization_info reads text, a file, or the machine itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.modules import virtualization_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

TEXT = """\
System Manufacturer:       LENOVO
System Model:              10M70007GE
Hyper-V Requirements:      VM Monitor Mode Extensions: Yes
                           Virtualization Enabled In Firmware: No
                           Second Level Address Translation: Yes
                           Data Execution Prevention Available: Yes
"""


@pytest.mark.parametrize("check_mode", [False, True])
def test_text(check_mode: bool) -> None:
    result = run_module(virtualization_info.main, {"text": TEXT}, check_mode=check_mode)
    assert_return_documented(virtualization_info, result)
    assert not result["changed"]
    assert (result["docker"]["answer"], result["docker"]["reasons"]) == ("no", ["firmware"])
    assert result["wsl2"] == result["docker"]
    assert result["facts"]["engine"] == {"state": "unasked", "name": ""}
    assert result["summary"].count(result["docker"]["remedy"]) == 1
    assert "\n" not in result["summary"]


def test_a_file_in_windows_code_page(tmp_path: Path) -> None:
    (tmp_path / "info.txt").write_bytes(
        b"Requisitos Hyper-V:  Se habilit\xa2 la virtualizaci\xa2n en el firmware: S\xa1\r\n"
    )
    result = run_module(virtualization_info.main, {"path": str(tmp_path / "info.txt")})
    assert (result["facts"]["firmware"], result["wsl2"]["reasons"]) == ("yes", ["hypervisor_off"])


def test_this_machine_and_its_own_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 27.3.1\n", encoding="utf-8")
    docker.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    result = run_module(virtualization_info.main, {})
    assert_return_documented(virtualization_info, result)
    assert result["docker"] == {"answer": "yes", "reasons": [], "because": "docker 27.3.1 answers", "remedy": ""}
    assert list(tmp_path.iterdir()) == [docker]


def test_an_empty_text_is_a_text() -> None:
    result = run_module(virtualization_info.main, {"text": ""})
    assert (result["facts"]["system"], result["docker"]["answer"], result["wsl2"]["answer"]) == (
        "windows",
        "unknown",
        "unknown",
    )


def test_one_or_the_other() -> None:
    result = run_module(virtualization_info.main, {"text": TEXT, "path": "/etc/hostname"})
    assert result["failed"]
    assert "mutually exclusive: text|path" in result["msg"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = run_module(virtualization_info.main, {"path": str(tmp_path / "missing")})
    assert result["failed"]
    assert result["msg"] == f"{tmp_path}/missing can't be read. Write the output of systeminfo.exe into that file."
