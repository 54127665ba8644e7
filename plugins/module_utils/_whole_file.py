# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a file as a whole, and writes one that has its new content or its old one, and never a part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

#: Everybody may read what is not secret.
MODE = 0o644


def read_whole(path: Path) -> str:
    """A file's text, whatever is in it, and nothing if there is no file.

    :raises OSError: it can't be read.
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def write_whole(path: Path, text: str, *, mode: int = MODE) -> None:
    """Replace a file's content, or make the file.

    :param path: of the file, whose folder is there.
    :param text: its new content, written as UTF-8.
    :param mode: its permissions.
    :raises OSError: writing failed; the file is as it was.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
