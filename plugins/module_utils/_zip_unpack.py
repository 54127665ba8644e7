# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a folder hold what a zip holds, and nothing else, on all processors.

Everything is read from the zip. A file that is there already is held against what the zip has, byte for byte, and only
written where the two differ: comparing takes less than half the time of writing.
"""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import IO

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import ArchiveError
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import inflate, read_compressed

_MODES = 0o777
_FOLDER_MODE = 0o755


def unpack_zip(archive: Path, folder: Path) -> None:
    """Unpack a zip.

    :param archive: the zip.
    :param folder: made if need be; what is in it and not in the zip is removed.
    :raises ArchiveError: the zip is damaged, or names something outside of the folder.
    :raises OSError: reading or writing failed.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if not info.is_dir()]
    except zipfile.BadZipFile as error:
        raise ArchiveError(f"{archive} is not a zip that can be read ({error})", "Build the layer again") from error
    names = [PurePosixPath(info.filename) for info in members]
    for name in names:
        if name.is_absolute() or ".." in name.parts:
            raise ArchiveError(f"{archive} holds {name}, which lies outside of it", "Build the layer again")
    _make_folders(folder, names)
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        parts = [members[part::workers] for part in range(workers)]
        for done in [pool.submit(_unpack, archive, part, folder=folder) for part in parts]:
            done.result()


def _make_folders(folder: Path, names: Iterable[PurePosixPath]) -> None:
    """Make the folders of all files, and remove what the zip has not."""
    files = {folder / name for name in names}
    folders = {folder / parent for name in names for parent in name.parents}
    for path in sorted(folders):
        if path.is_symlink() or path.is_file():
            path.unlink()
        path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    for path in _walk(folder):
        if path.is_dir() and not path.is_symlink():
            if path not in folders:
                shutil.rmtree(path)
        elif path not in files or path.is_symlink():
            path.unlink()


def _walk(folder: Path) -> Iterator[Path]:
    """All that is below a folder, each folder before what is in it, unless it was removed meanwhile."""
    for path in list(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)


def _unpack(archive: Path, members: Iterable[zipfile.ZipInfo], *, folder: Path) -> None:
    with archive.open("rb") as file, zipfile.ZipFile(file) as opened:
        for info in members:
            content = _content(file, opened, info)
            path = folder / info.filename
            if not _holds(path, content):
                if path.is_dir():
                    shutil.rmtree(path)
                path.write_bytes(content)
            mode = info.external_attr >> 16 & _MODES
            if mode and stat.S_IMODE(path.stat().st_mode) != mode:
                path.chmod(mode)


def _content(file: IO[bytes], opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A member's content, if it is in every way as the directory says."""
    if info.compress_type != zipfile.ZIP_DEFLATED:
        try:
            return opened.read(info)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise _damaged(info) from error
    data = read_compressed(file, info)
    content = inflate(data, size=info.file_size) if data is not None else None
    if content is None or zlib.crc32(content) != info.CRC:
        raise _damaged(info)
    return content


def _damaged(info: zipfile.ZipInfo) -> ArchiveError:
    return ArchiveError(f"{info.filename} is damaged in the zip", "Build the layer again")


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except (FileNotFoundError, IsADirectoryError):
        return False
