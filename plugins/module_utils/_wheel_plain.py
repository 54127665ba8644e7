# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells which wheels are plain, so that their files only need to be laid into an import folder.

Nearly all are. One that has a C(.data) folder, files that its RECORD does not list, links, or a newer format is for
pip, and so is a set of wheels two of which bring the same file, since which one stays is then for an installer to say.

Source: Python Packaging User Guide, "Binary distribution format".
"""

from __future__ import annotations

import csv
import io
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._file_tree import folders_of

_FORMAT = "1."
#: Members that RECORD need not list.
_SIGNATURES = ("RECORD", "RECORD.jws", "RECORD.p7s")
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class PlainWheel:
    """A wheel that only needs to be unpacked.

    :param path: the file.
    :param members: its files, by their names.
    """

    path: Path
    members: Mapping[str, zipfile.ZipInfo] = field(repr=False)


def read_plain(paths: Sequence[Path]) -> list[PlainWheel] | None:
    """Look whether these wheels can be unpacked side by side.

    :returns: None if one of them is not plain, or two have a file in common.
    :raises OSError: one can't be read.
    """
    wheels: list[PlainWheel] = []
    taken: set[str] = set()
    for path in paths:
        wheel = _read(path)
        if wheel is None or not taken.isdisjoint(wheel.members):
            return None
        taken.update(wheel.members)
        wheels.append(wheel)
    # A file where another has a folder can't be laid there either.
    return wheels if taken.isdisjoint(folders_of(taken)) else None


def _read(path: Path) -> PlainWheel | None:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            members = {info.filename: info for info in infos}
            if len(members) != len(infos) or not all(map(_is_plain, infos)):
                return None
            return PlainWheel(path, members) if _agrees(archive, members.keys()) else None
    except (zipfile.BadZipFile, UnicodeDecodeError, csv.Error, RuntimeError, NotImplementedError, zlib.error):
        return None


def _is_plain(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.split("/")
    mode = info.external_attr >> 16
    return (
        not {"", ".", ".."}.intersection(parts)
        and not any("\\" in part or "\0" in part for part in parts)
        and not parts[0].endswith(".data")
        and info.compress_type in _PLAIN_METHODS
        and not info.flag_bits & _ENCRYPTED
        and (not mode or stat.S_IFMT(mode) in (0, stat.S_IFREG))
    )


def _agrees(archive: zipfile.ZipFile, members: Set[str]) -> bool:
    """Whether the metadata is that of one distribution, in a format that is known, and lists every file."""
    folders = {name.partition("/")[0] for name in members}
    infos = [folder for folder in folders if folder.endswith(".dist-info")]
    if len(infos) != 1 or not {f"{infos[0]}/{name}" for name in ("WHEEL", "METADATA", "RECORD")} <= members:
        return False
    version = HeaderParser().parsestr(archive.read(f"{infos[0]}/WHEEL").decode()).get("Wheel-Version", "")
    record = archive.read(f"{infos[0]}/RECORD").decode()
    listed = {row[0] for row in csv.reader(io.StringIO(record)) if row}
    unlisted = members - listed - {f"{infos[0]}/{name}" for name in _SIGNATURES}
    return version.strip().startswith(_FORMAT) and not unlisted
