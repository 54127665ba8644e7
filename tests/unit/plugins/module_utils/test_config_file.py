# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS configuration files that can't be read: refused, with the line, exactly where botocore refuses them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._access.config_file import ConfigFileError, parse
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import (
    Files,
    change_files,
    plan_absent,
    plan_present,
)
from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigParseError
from hypothesis import given
from hypothesis import strategies as st

SECRET = "wJalrXUtnFEMI"  # of nobody
BROKEN = {
    "no section": (b"region = x\n", 1, "is in no section"),
    "a section twice": (b"[a]\nx = 1\n\n[b]\n[a]\n", 5, "begins the section [a] a second time"),
    "a setting twice": (b"[a]\nregion = x\noutput = y\nREGION = z\n", 4, "sets region of [a] a second time"),
    "no setting": (b"[a]\n" + SECRET.encode() + b"\n", 2, "is neither a section, nor a setting"),
    "no end of a section's name": (b"[a]\nx = 1\n[b\n", 3, "is neither a section, nor a setting"),
    "byte order mark": (b"\xef\xbb\xbf[a]\nx = 1\n", 1, "begins with a byte order mark"),
    "UTF-16": ("[a]\nx = 1\n".encode("utf-16"), 1, "has bytes that are not UTF-8"),
    "Latin-1": ("[a]\r\n# de Ángel\r\nx = 1\r\n".encode("latin-1"), 2, "has bytes that are not UTF-8"),
    "a nested value": (b"[a]\nx = 1\ns3 =\n  max_queue_size = 1\n  oops\n", 3, "begins the setting s3 of [a]"),
}
FINE = {
    "nothing": b"",
    "comments": b"# a\n; b\n\n",
    "nested values": b"[a]\ns3 =\n  max_queue_size = 1\n  addressing_style = path\nregion = x\n",
    "old line endings": b"[a]\r# b\rx = 1\r",
    "no value": b"[a]\nx =\n",
    "an indented section": b"  [a]\n  x = 1\n  [b]\n",
    "a percent sign": b"[a]\nx = 100%\n",
    "not ASCII": "[a]\n# de Ángel\nx = ñ\n".encode(),
}


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def botocore_reads(path: Path) -> bool:
    try:
        raw_config_parse(str(path))
    except ConfigParseError:
        return False
    return True


@pytest.mark.parametrize(("content", "line", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_botocore_cant_read_is_refused_with_the_line(
    tmp_path: Path, content: bytes, line: int, problem: str
) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(content)
    assert not botocore_reads(path)
    with pytest.raises(ConfigFileError) as refused:
        parse(read(path), path=path)
    assert refused.value.problem.startswith(f"the AWS SDKs can't read {path}: line {line} {problem}")
    assert refused.value.remedy.endswith(", then run again")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("content", FINE.values(), ids=FINE)
def test_a_file_that_botocore_reads_is_not_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config"
    path.write_bytes(content)
    assert botocore_reads(path)
    parse(read(path), path=path)


_LINES = st.sampled_from(
    [
        "[a]",
        "[b]",
        " [c]",
        "[d",
        "x = 1",
        "y: 2",
        "  z = 3",
        "s3 =",
        "  nested",
        "word",
        "# c",
        "",
        "\t",
        "= 1",
        "[a] = 2",
    ]
)


@given(st.lists(_LINES, max_size=8).map("\n".join))
def test_what_is_refused_is_what_botocore_refuses(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any config"
    path.write_text(text, encoding="utf-8")
    try:
        parse(text, path=path)
        refused = False
    except ConfigFileError:
        refused = True
    assert refused is not botocore_reads(path)


@pytest.mark.parametrize(("content", "_line", "_problem"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("broken", ["credentials", "config"])
def test_a_file_that_cant_be_read_is_not_written_to(
    tmp_path: Path, content: bytes, _line: int, _problem: str, broken: str
) -> None:
    files = Files(credentials=tmp_path / "credentials", config=tmp_path / "config")
    (tmp_path / broken).write_bytes(content)
    wanted = {"key_id": "AKIA", "secret": SECRET, "settings": {}, "owner": "somebody"}
    with pytest.raises(ConfigFileError):
        change_files(files, lambda found: plan_present(found, "mine", **wanted))  # type: ignore[arg-type]
    with pytest.raises(ConfigFileError):
        change_files(files, lambda found: plan_absent(found, "mine", owner="somebody"))
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(broken, content)]
