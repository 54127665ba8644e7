# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a folder of a zip, and says whether a folder is what a zip would be made into.

To say so, everything is read, from the zip and from the folder. Where it is known what a file is compressed to, it is
enough that the zip has just that.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import ArchiveError
from ansible_collections.asesoria.serverless.plugins.module_utils._file_tree import entries_below, folders_of
from ansible_collections.asesoria.serverless.plugins.module_utils._streams import Streams
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import (
    Deflated,
    ZipBytes,
    inflate,
)

_MODES = 0o777


def unpack_zip(archive: Path, folder: Path) -> None:
    """Unpack a zip.

    :param archive: the zip.
    :param folder: what was there before is removed.
    :raises ArchiveError: the zip is damaged, or names something outside of the folder.
    :raises OSError: reading or writing failed.
    """
    members = _members_of(archive)
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
    for name in sorted({"", *folders_of(members)}):
        (folder / name).mkdir()
    zipped = ZipBytes(archive)
    for name, info in members.items():
        path = folder / name
        path.write_bytes(_content(zipped, info))
        mode = info.external_attr >> 16 & _MODES
        if mode:
            path.chmod(mode)


def is_unpacked(archive: Path, folder: Path, *, streams: Streams | None = None) -> bool:
    """Whether a folder holds what a zip holds, and nothing else: names, contents, and which files are programs.

    :param archive: the zip.
    :param folder: nothing in it is changed.
    :param streams: compressed contents of files that may be there.
    :raises ArchiveError: the zip is damaged, or names something outside of the folder.
    :raises OSError: reading failed.
    """
    members = _members_of(archive)
    there = dict(entries_below(folder))
    files = {name: entry for name, entry in there.items() if entry.is_file(follow_symlinks=False)}
    if files.keys() != members.keys() or there.keys() - files.keys() != folders_of(members):
        return False
    zipped = ZipBytes(archive)
    # The same memory for all of them: to have more of it every time takes longer than reading does.
    buffer = memoryview(bytearray(max((info.file_size for info in members.values()), default=0) + 1))
    return all(_is_same(files[name], zipped, info, streams, buffer) for name, info in members.items())


def _members_of(archive: Path) -> dict[str, zipfile.ZipInfo]:
    """The files in a zip by their names, all of which lie below the folder that it is unpacked to."""
    try:
        with zipfile.ZipFile(archive) as opened:
            members = {info.filename: info for info in opened.infolist() if not info.is_dir()}
    except zipfile.BadZipFile as error:
        raise ArchiveError(f"{archive} is not a zip that can be read ({error})", "Build the layer again") from error
    for name in members:
        if not {"", ".", ".."}.isdisjoint(name.split("/")):
            raise ArchiveError(f"{archive} holds {name}, which may lie outside of it", "Build the layer again")
    return members


def _content(zipped: ZipBytes, info: zipfile.ZipInfo) -> bytes:
    """A member's content, if it is in every way as the directory says."""
    data = zipped.member(info)
    if info.compress_type == zipfile.ZIP_DEFLATED and data is not None:
        data = inflate(data, size=info.file_size)
    if data is None or zlib.crc32(data) != info.CRC:
        raise ArchiveError(f"{info.filename} is damaged in the zip", "Build the layer again")
    return data


def _is_same(
    entry: os.DirEntry[str], zipped: ZipBytes, info: zipfile.ZipInfo, streams: Streams | None, buffer: memoryview
) -> bool:
    """Whether a file is what the zip has under its name."""
    with io.FileIO(entry.path) as file:
        content = buffer[: file.readinto(buffer)]
        status = os.fstat(file.fileno())
    if bool(status.st_mode & stat.S_IXUSR) != bool(info.external_attr >> 16 & stat.S_IXUSR):
        return False
    if streams and _is_known(content, status, zipped, info, streams):
        return True
    return bytes(content) == _content(zipped, info)


def _is_known(
    content: memoryview, status: os.stat_result, zipped: ZipBytes, info: zipfile.ZipInfo, streams: Streams
) -> bool:
    """Whether the zip holds just what this content is known to be compressed to."""
    known = streams.find(info.filename, status=status)
    return (
        known is not None
        and info.compress_type == zipfile.ZIP_DEFLATED
        and known.deflated == Deflated(zipped.member(info) or b"", size=info.file_size, crc=info.CRC)
        and (len(content), zlib.crc32(content)) == (info.file_size, info.CRC)
    )
