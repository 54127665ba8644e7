# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A zip whose bytes follow from the names, modes and contents of a folder's files, and from nothing else.

Dates, owners, the order in which the file system lists names, the time zone and the umask leave no trace. The
compressed bytes do depend on the zlib that compresses, but for those that are at hand compressed; where two machines'
versions differ, C(Archive.tree_sha256) still says whether the contents are the same.

Files are sorted by name, and bytecode comes after all others, which can so be written while that is being made.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import stat
import tempfile
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import open_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._file_tree import entries_below
from ansible_collections.asesoria.serverless.plugins.module_utils._streams import Compressed, Streams
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import (
    ZipFile,
    deflate,
)

FILE_MODE = 0o644
EXECUTABLE_MODE = 0o755
_BYTECODE = ".pyc"
#: Bytes of members, before compression, that may be compressed before the first of them is written.
_AHEAD = 64 << 20
_CHUNK = 1 << 20


class ArchiveError(ServerlessError):
    """A tree that can't be written as a portable zip, or a file that is not a zip that can be read."""


@dataclass(frozen=True)
class Archive:
    """What a zip is, without its contents.

    :param sha256: of the file, in hexadecimal.
    :param size: of the file, in bytes.
    :param files: how many files are in it.
    :param unzipped_size: sum of the files' sizes in bytes.
    :param tree_sha256: of the files' names, modes and contents, whatever compressed them, in hexadecimal.
    """

    sha256: str
    size: int
    files: int
    unzipped_size: int
    tree_sha256: str

    @property
    def code_sha256(self) -> str:
        """The SHA-256 as Lambda writes it: in base64."""
        return in_base64(self.sha256)


@dataclass(frozen=True)
class _Member:
    name: str
    path: str
    mode: int
    status: os.stat_result


@dataclass(frozen=True)
class _Written:
    """A file that is in the zip.

    :param member: where it came from.
    :param sha256: of its content, in hexadecimal.
    :param size: of its content, in bytes.
    """

    member: _Member
    sha256: str
    size: int


def write_archive(
    *,
    tree: Path,
    destination: Path,
    streams: Streams | None = None,
    bytecode: Callable[[], object] | None = None,
) -> Archive:
    """Write all files below a folder into a zip, with names relative to the folder.

    The zip appears under its name when it is complete and on disk, never before. Empty folders are left out.

    :param tree: the folder.
    :param destination: the zip; its folder exists. An older file there is replaced.
    :param streams: what need not be compressed again; what is compressed here is added.
    :param bytecode: is called when all else is written, and returns when all C(.pyc) files are there.
    :raises ArchiveError: the tree holds something that is neither a file nor a link to a file inside it, a name that is
        not UTF-8, or no file at all.
    :raises ZipLimitError: there is more than a zip holds.
    :raises OSError: reading or writing failed, the disk is full for instance.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{destination.name}.", suffix=".part", dir=destination.parent)
    try:
        with os.fdopen(handle, "w+b") as file:
            archive = ZipFile(file)
            written = _write_tree(archive, tree, streams, bytecode)
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(FILE_MODE)
        result = Archive(
            sha256=archive.sha256,
            size=archive.size,
            files=len(written),
            unzipped_size=sum(each.size for each in written),
            tree_sha256=_tree_sha256(written),
        )
        Path(temporary).replace(destination)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return result


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal.

    :raises OSError: the file can't be read.
    """
    digest = hashlib.sha256()
    with os.fdopen(open_regular(path), "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def in_base64(sha256: str) -> str:
    """A hexadecimal SHA-256 in base64.

    >>> in_base64("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg='
    """
    return base64.b64encode(bytes.fromhex(sha256)).decode("ascii")


def unzipped_size(path: Path) -> int:
    """Sum of the sizes in bytes that a zip's directory gives for its files.

    :raises ArchiveError: this is no zip, or a damaged one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise ArchiveError(f"{path} is not a zip that can be read ({error})", "Build the layer again") from error


def _write_tree(
    archive: ZipFile, tree: Path, streams: Streams | None, bytecode: Callable[[], object] | None
) -> list[_Written]:
    written = _write_members(archive, tree, streams, is_bytecode=False)
    if bytecode:
        bytecode()
    written += _write_members(archive, tree, streams, is_bytecode=True)
    if not written:
        raise ArchiveError(f"there is no file below {tree}, so there is nothing to put into a zip")
    return written


def _write_members(archive: ZipFile, tree: Path, streams: Streams | None, *, is_bytecode: bool) -> list[_Written]:
    """Write the files below a folder that are bytecode, or all others."""
    members = sorted(_members(tree, is_bytecode=is_bytecode), key=lambda member: member.name.encode())
    written = []
    for member, content in _compressed(members, streams):
        archive.add(member.name, content.deflated, mode=member.mode)
        written.append(_Written(member, content.sha256, content.deflated.size))
    return written


def _tree_sha256(written: Iterable[_Written]) -> str:
    digest = hashlib.sha256()
    for each in sorted(written, key=lambda each: each.member.name.encode()):
        digest.update(f"{each.member.mode:o} {each.sha256} {each.member.name}\0".encode())
    return digest.hexdigest()


def _members(tree: Path, *, is_bytecode: bool) -> Iterator[_Member]:
    root = tree.resolve()
    for name, entry in entries_below(tree):
        if name.endswith(_BYTECODE) == is_bytecode and not entry.is_dir(follow_symlinks=False):
            yield _member(name, entry, root=root)


def _member(name: str, entry: os.DirEntry[str], *, root: Path) -> _Member:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ArchiveError(f"the file name {name!r} is not UTF-8", "Leave out the package that brings it") from error
    try:
        status = entry.stat()
    except OSError as error:
        raise ArchiveError(
            f"{name} can't be read ({error.strerror})", "Leave out the package that brings it"
        ) from error
    inside = not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(root)
    if not stat.S_ISREG(status.st_mode) or not inside:
        raise ArchiveError(
            f"{name} is neither a file nor a link to a file of the same tree", "Leave out the package that brings it"
        )
    mode = EXECUTABLE_MODE if status.st_mode & stat.S_IXUSR else FILE_MODE
    return _Member(name=name, path=entry.path, mode=mode, status=status)


def _compressed(members: Iterable[_Member], streams: Streams | None) -> Iterator[tuple[_Member, Compressed]]:
    """Members in their order with their compressed content.

    As many are compressed at once as there are processors, and what waits in memory is limited. Those that are known
    are read when it is their turn.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting: deque[tuple[int, Callable[[], tuple[_Member, Compressed]]]] = deque()
        ahead = 0
        try:
            for member in members:
                if streams and streams.knows(member.name, status=member.status):
                    waiting.append((0, functools.partial(_compress, member, streams)))
                    continue
                size = member.status.st_size
                waiting.append((size, pool.submit(_compress, member, streams).result))
                ahead += size
                while ahead > _AHEAD:
                    size, take = waiting.popleft()
                    yield take()
                    ahead -= size
            for _size, take in waiting:
                yield take()
        finally:
            pool.shutdown(cancel_futures=True)


def _compress(member: _Member, streams: Streams | None) -> tuple[_Member, Compressed]:
    known = streams.find(member.name, status=member.status) if streams else None
    if known is None:
        content = Path(member.path).read_bytes()
        deflated = deflate(content)
        known = Compressed(deflated, hashlib.sha256(content).hexdigest())
        if streams:
            streams.keep(member.name, status=member.status, sha256=known.sha256, deflated=lambda: deflated)
    return member, known
