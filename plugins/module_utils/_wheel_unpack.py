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
import hashlib
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
from typing import IO

from ansible_collections.asesoria.serverless.plugins.module_utils._slim import unused_files
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import (
    Deflated,
    inflate,
    read_compressed,
)

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


@dataclass(frozen=True)
class WheelStreams:
    """Compressed contents of wheels, for those files of a tree that are still as they were unpacked.

    :param members: the wheel and the member of each file that can be had so, by its name in the tree.
    :param digests: SHA-256 of their contents in hexadecimal, as they were unpacked.
    """

    members: Mapping[str, tuple[Path, zipfile.ZipInfo]] = field(repr=False)
    digests: Mapping[str, str] = field(repr=False)

    def find(self, name: str, *, sha256: str) -> Deflated | None:
        """A file's content as its wheel has it compressed; None if it is not there, or not that content.

        :param name: of the file in the tree.
        :param sha256: of its content.
        """
        if self.digests.get(name) != sha256:
            return None
        path, info = self.members[name]
        with path.open("rb") as file:
            data = read_compressed(file, info)
        return Deflated(data, size=info.file_size, crc=info.CRC) if data is not None else None


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


def unpack_wheels(wheels: Sequence[PlainWheel], *, target: Path, unused: Set[str]) -> WheelStreams:
    """Lay the files of wheels into a folder, several wheels at once.

    :param wheels: plain ones that have nothing in common.
    :param target: the folder.
    :param unused: members that stay out.
    :returns: what need not be compressed again when the folder above is zipped.
    :raises OSError: writing failed, the disk is full for instance.
    :raises zipfile.BadZipFile: a wheel is damaged.
    """
    largest_first = sorted(wheels, key=lambda wheel: -wheel.path.stat().st_size)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting = [pool.submit(_unpack, wheel, target=target, unused=unused) for wheel in largest_first]
        digests = {name: digest for done in waiting for name, digest in done.result().items()}
    return WheelStreams(
        members={
            f"{target.name}/{name}": (wheel.path, info)
            for wheel in wheels
            for name, info in wheel.members.items()
            if name in digests
        },
        digests={f"{target.name}/{name}": digest for name, digest in digests.items()},
    )


def _unpack(wheel: PlainWheel, *, target: Path, unused: Set[str]) -> dict[str, str]:
    """Lay its files there; the SHA-256 of those whose compressed content can be taken as it is."""
    digests: dict[str, str] = {}
    with wheel.path.open("rb") as file, zipfile.ZipFile(wheel.path) as archive:
        for name in wheel.members.keys() - unused:
            info = wheel.members[name]
            content = _inflated(file, info)
            if content is not None:
                digests[name] = hashlib.sha256(content).hexdigest()
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # What is wrong with it zipfile says.
            path.write_bytes(archive.read(info) if content is None else content)
            if _is_executable(info):
                path.chmod(path.stat().st_mode | 0o111)
    return digests


def _inflated(file: IO[bytes], info: zipfile.ZipInfo) -> bytes | None:
    """The content of a deflated member that is in every way as the directory says."""
    data = read_compressed(file, info) if info.compress_type == zipfile.ZIP_DEFLATED else None
    content = inflate(data, size=info.file_size) if data is not None else None
    return content if content is not None and zlib.crc32(content) == info.CRC else None


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
