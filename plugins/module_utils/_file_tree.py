# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists what is below a folder by the names that a zip, a RECORD file and a wheel have for it.

A layer has thousands of files. With plain strings such a list is there some ten times as soon as with C(pathlib).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def entries_below(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All files, folders and links below a folder, each folder before what is in it. Links are not followed.

    :param folder: the folder.
    :returns: the name of each, relative to the folder and with C(/), and what the system says of it.
    :raises OSError: a folder can't be read.
    """
    return _below(str(folder), "")


def files_below(folder: Path) -> dict[str, os.stat_result]:
    """What the system says of all files below a folder, and of links to files, by their names as above.

    :param folder: the folder.
    :raises OSError: a folder can't be read.
    """
    return {name: entry.stat() for name, entry in entries_below(folder) if entry.is_file()}


def folder_of(name: str) -> str:
    """The folder that a name lies in; empty if that is the one at the top."""
    return name.rpartition("/")[0]


def folders_of(names: Iterable[str]) -> set[str]:
    """All folders that some names lie in, at whatever depth, but for the one at the top."""
    folders = {""}
    for name in names:
        folder = folder_of(name)
        while folder not in folders:
            folders.add(folder)
            folder = folder_of(folder)
    return folders - {""}


def _below(folder: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        name = prefix + entry.name
        yield name, entry
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, f"{name}/")
