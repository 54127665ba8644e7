# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs plain wheels into a layer's import folder: those whose files only need to be laid there.

Nearly all wheels are plain. One that has a C(.data) folder, files that its RECORD does not list, links, or a newer
format is for pip, and so is a set of wheels two of which bring the same file, since which one stays is then for an
installer to say. What is installed is the same either way, but for what C(_layer_tree) removes.

A file that stays as it was in its wheel need not be compressed again, see C(WheelStreams).

Source: Python Packaging User Guide, "Binary distribution format".
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from ansible_collections.asesoria.serverless.plugins.module_utils._slim import unused_files
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import Deflated, read_deflated

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


class WheelStreams:
    """Compressed contents of wheels, for those files of a tree that are still as they were unpacked.

    :param wheels: what the tree was unpacked from.
    :param prefix: what stands before their names in the tree, C(python/).
    """

    def __init__(self, wheels: Sequence[PlainWheel], *, prefix: str) -> None:
        self._members = {
            f"{prefix}{name}": (wheel.path, info) for wheel in wheels for name, info in wheel.members.items()
        }

    def find(self, name: str, content: bytes) -> Deflated | None:
        """A file's content as its wheel has it compressed; None if it is not there, or not that content.

        :param name: of the file in the tree.
        :param content: all of it.
        """
        path, info = self._members.get(name, (None, None))
        if path is None or info is None or info.compress_type != zipfile.ZIP_DEFLATED:
            return None
        if info.file_size != len(content) or zlib.crc32(content) != info.CRC:
            return None
        with path.open("rb") as file:
            return read_deflated(file, info, content=content)


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
    folders = {parent.as_posix() for name in taken for parent in PurePosixPath(name).parents}
    return wheels if taken.isdisjoint(folders) else None


def unused_members(wheels: Sequence[PlainWheel], *, level: str) -> frozenset[str]:
    """Which files of wheels that are unpacked together a level of slimming leaves out, see C(_slim).

    :raises OSError: one can't be read.
    :raises zipfile.BadZipFile: one is damaged.
    """
    with contextlib.ExitStack() as stack:
        of_member = {
            name: (archive, info)
            for wheel in wheels
            for archive in [stack.enter_context(zipfile.ZipFile(wheel.path))]
            for name, info in wheel.members.items()
        }

        def read(name: str) -> bytes:
            archive, info = of_member[name]
            return archive.read(info)

        return unused_files(of_member.keys(), read=read, level=level)


def unpack_wheels(wheels: Sequence[PlainWheel], *, target: Path, unused: Set[str]) -> None:
    """Lay the files of wheels into a folder, several wheels at once.

    :param wheels: plain ones that have nothing in common.
    :param target: the folder.
    :param unused: members that stay out.
    :raises OSError: writing failed, the disk is full for instance.
    :raises zipfile.BadZipFile: a wheel is damaged.
    """
    largest_first = sorted(wheels, key=lambda wheel: -wheel.path.stat().st_size)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for done in [pool.submit(_unpack, wheel, target=target, unused=unused) for wheel in largest_first]:
            done.result()


def _unpack(wheel: PlainWheel, *, target: Path, unused: Set[str]) -> None:
    with zipfile.ZipFile(wheel.path) as archive:
        for name in wheel.members.keys() - unused:
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(wheel.members[name]))
            if _is_executable(wheel.members[name]):
                path.chmod(path.stat().st_mode | 0o111)


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


def _is_executable(info: zipfile.ZipInfo) -> bool:
    """As pip judges it."""
    mode = info.external_attr >> 16
    return stat.S_ISREG(mode) and bool(mode & 0o111)
