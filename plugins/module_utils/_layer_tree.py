# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a folder that distributions were installed into to what a layer needs, and only that.

What goes: scripts (their first line names the builder's interpreter, and no layer puts them on PATH), bytecode (it may
carry dates; C(_bytecode) makes it anew), and what an installer writes down about itself: C(direct_url.json) names the
builder's folders or an address with a password, C(REQUESTED) and C(INSTALLER) differ with the way that the same files
came. Each distribution's RECORD is written anew, sorted, without what went, and with the hashes of what was changed on
purpose, so that it agrees with the files.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import shutil
from collections.abc import Container, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

from ansible_collections.asesoria.serverless.plugins.module_utils._glibc_floor import glibc_floor
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Distribution

#: What an installer writes about itself. Source: Python Packaging User Guide, "Recording installed projects".
_OF_INSTALLERS = ("INSTALLER", "REQUESTED", "direct_url.json")
_BYTECODE = ".pyc"
_ELF_MAGIC = b"\x7fELF"


@dataclass(frozen=True)
class Tree:
    """What a cleaned folder holds.

    :param distributions: what is installed, sorted by name.
    :param compiled: how many ELF files there are.
    :param glibc: the oldest that all of these can be loaded with, C(2.17); empty if none needs any.
    """

    distributions: tuple[Distribution, ...]
    compiled: int
    glibc: str


def remove_leftovers(folder: Path) -> None:
    """Remove what does not belong into a layer.

    :param folder: what distributions were installed into; it is changed.
    :raises OSError: reading or writing failed.
    """
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for cache in sorted(folder.rglob("__pycache__")):
        shutil.rmtree(cache)
    for pattern in (f"*{_BYTECODE}", *(f"*.dist-info/{name}" for name in _OF_INSTALLERS)):
        for file in sorted(folder.rglob(pattern)):
            file.unlink()


def record_tree(folder: Path, *, rewritten: Container[Path] = ()) -> Tree:
    """Make the RECORD files agree with what is there, and say what that is. Bytecode is not looked at.

    :param folder: what distributions were installed into; its RECORD files are changed.
    :param rewritten: files below it whose content was changed since; RECORD vouches for any other as it was installed.
    :raises OSError: reading or writing failed.
    """
    for record in sorted(folder.glob("*.dist-info/RECORD")):
        text = _clean_record(record.read_text(encoding="utf-8"), folder, rewritten=rewritten)
        record.write_text(text, encoding="utf-8", newline="")
    floors = list(_glibc_floors(folder))
    newest = max((floor for floor in floors if floor), default=None)
    return Tree(
        distributions=tuple(sorted(_distributions(folder), key=_name)),
        compiled=len(floors),
        glibc=".".join(map(str, newest)) if newest else "",
    )


def _clean_record(text: str, folder: Path, *, rewritten: Container[Path]) -> str:
    read = [row for row in csv.reader(io.StringIO(text)) if row and _is_recorded(row[0], folder)]
    rows = {row[0]: _row(row[0], folder) if folder / row[0] in rewritten else [*row, "", ""][:3] for row in read}
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows[name] for name in sorted(rows))
    return written.getvalue()


def _row(name: str, folder: Path) -> list[str]:
    """A file's line, as the recording of installed projects has it: urlsafe base64 without padding."""
    content = (folder / name).read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
    return [name, f"sha256={digest}", str(len(content))]


def _is_recorded(name: str, folder: Path) -> bool:
    """Whether it is a file of the layer, and not bytecode, which may be on its way there."""
    path = PurePosixPath(name)
    if path.suffix == _BYTECODE:
        return False
    return not path.is_absolute() and ".." not in path.parts and (folder / path).is_file()


def _distributions(folder: Path) -> Iterator[Distribution]:
    for found in metadata.distributions(path=[str(folder)]):
        sizes = [file.stat().st_size for file in _own_files(found, folder)]
        # Its own RECORD is counted too: every file of an installed distribution is listed there.
        yield Distribution(name=found.metadata["Name"], version=found.version, files=len(sizes), size=sum(sizes))


def _own_files(found: metadata.Distribution, folder: Path) -> list[Path]:
    return [path for file in found.files or [] if (path := folder / str(file)).is_file()]


def _name(distribution: Distribution) -> tuple[str, str]:
    return (distribution.name.lower(), distribution.version)


def _glibc_floors(folder: Path) -> Iterator[tuple[int, int] | None]:
    """What each ELF file needs."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(len(_ELF_MAGIC))
                if head == _ELF_MAGIC:
                    yield glibc_floor(head + file.read())
