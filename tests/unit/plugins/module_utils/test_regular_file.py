# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A path of the user's that is no regular file is told at once, wherever it is read."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._pip_config import pip_settings
from ansible_collections.asesoria.serverless.plugins.module_utils._private_file import read_text
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import read_requirements
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_directory import local_directory


def make_socket(path: Path) -> None:
    """A socket that nobody listens to."""
    with socket.socket(socket.AF_UNIX) as made:
        # The path of a socket is short.
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "named pipe": (os.mkfifo, "it is a named pipe, and no regular file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "it is a device, and no regular file"),
    "terminal": (lambda path: path.symlink_to("/dev/ptmx"), "it is a device, and no regular file"),
    "socket": (make_socket, "it is a socket, and no regular file"),
    "folder": (Path.mkdir, "Is a directory"),
    "link to itself": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "link to nothing": (lambda path: path.symlink_to("nowhere"), "No such file or directory"),
    "link to a named pipe": (lambda path: (os.mkfifo(f"{path}.pipe"), path.symlink_to(f"{path}.pipe")), "a named pipe"),
    "file that is too large": (
        lambda path: (path.touch(), os.truncate(path, 2**40)),
        "it has 1048576 MiB, and at most",
    ),
}


def open_files() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_not_be_read_to_its_end(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    make, reason = KINDS[kind]
    make(path)
    before = open_files()
    with pytest.raises(OSError, match=reason):
        read_regular(path)
    assert open_files() == before


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    assert read_regular(path) == b"x" * 3_000_000
    assert read_regular(Path(os.devnull)) == b""
    with pytest.raises(OSError, match="at most 2 MiB are read"):
        read_regular(path, most=2 * 1024 * 1024)


READERS: dict[str, Callable[[Path], object]] = {
    "requirements": read_requirements,
    "constraints": lambda path: read_requirements(path, constraints=True),
    "included": lambda path: read_requirements(including(path)),
    "pip's configuration": lambda path: pip_settings({"PIP_CONFIG_FILE": str(path)}),
    "AWS's files": read_text,
    "a zip": local_directory,
}


def including(path: Path) -> Path:
    """A requirements file that includes another file."""
    outer = path.with_name("outer.txt")
    outer.write_text(f"six\n-r {path.name}\n", encoding="utf-8")
    return outer


@pytest.mark.parametrize("reader", READERS)
def test_a_named_pipe_is_told_wherever_it_is_read(tmp_path: Path, reader: str) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(ServerlessError, match="it is a named pipe, and no regular file"):
        READERS[reader](path)


def test_a_hash_of_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="it is a named pipe"):
        file_sha256(path)


def test_a_requirements_file_that_is_a_link_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.symlink_to("../nowhere.txt")
    with pytest.raises(ServerlessError, match=r"does not exist: it is a link to \.\./nowhere\.txt\. Correct the path"):
        read_requirements(path)
