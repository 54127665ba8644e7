# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the metadata of an installed distribution say, read from texts that come from anywhere."""

from __future__ import annotations

import csv
import io
import os
import posixpath
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

with suppress(ImportError):  # The module says that it is missing.
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

DIST_INFO = ".dist-info"
EGG_INFO = ".egg-info"
_REMEDY = "Install the distribution again"
#: Some put the whole text of their license where its name belongs.
_LONGEST_NAME = 100

#: Gives the text of a file by its name in the metadata folder, C(None) if it is not there.
ReadText = Callable[[str], "str | None"]


class MetadataError(ServerlessError):
    """Metadata that can't be understood."""


@dataclass(frozen=True)
class Recorded:
    """What RECORD says of one file.

    :param algorithm: name of the hash, empty if there is none.
    :param digest: in base64 as in RECORD.
    :param size: in bytes, C(None) if not said.
    """

    algorithm: str = ""
    digest: str = ""
    size: int | None = None


@dataclass(frozen=True)
class Installed:
    """One installed distribution.

    :param name: as its author writes it.
    :param version: the installed one.
    :param root: the import folder that it is in.
    :param folder: its metadata folder.
    :param requires: what it needs.
    :param python: the versions of Python that it says it works with.
    :param license: an SPDX expression or the license's name, empty if it says neither.
    :param record: its files by path, C(None) if it has no RECORD.
    """

    name: str
    version: Version
    root: str
    folder: str
    requires: tuple[Requirement, ...] = ()
    python: SpecifierSet | None = None
    license: str = ""
    record: Mapping[str, Recorded] | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """The name by which distributions are compared."""
        return canonicalize_name(self.name)


def read_installed(*, root: str, folder: str, read_text: ReadText) -> Installed:
    """Read a distribution's metadata.

    :param root: the import folder.
    :param folder: the metadata folder in it, C(NAME.dist-info) or C(NAME.egg-info).
    :param read_text: gives the files of that folder.
    :raises MetadataError: it lacks a name or a version, or something can't be understood.
    """
    wanted = "METADATA" if folder.endswith(DIST_INFO) else "PKG-INFO"
    if not (read_text(wanted) or "").strip():
        raise MetadataError(f"{wanted} is not there, or is empty", _REMEDY)
    found = _Distribution(read_text)
    name, version = found.first("Name"), found.first("Version")
    if not name or not version:
        raise MetadataError(f"{wanted} names no distribution or no version", _REMEDY)
    try:
        python = found.first("Requires-Python")
        return Installed(
            name=name,
            version=Version(version),
            root=root,
            folder=folder,
            requires=tuple(Requirement(text) for text in found.requires or ()),
            python=SpecifierSet(python) if python else None,
            license=found.license,
            record=_read_record(read_text("RECORD"), root=root),
        )
    except (InvalidRequirement, InvalidSpecifier, InvalidVersion) as error:
        raise MetadataError(f"{wanted} can't be understood ({str(error).splitlines()[0]})", _REMEDY) from error


class _Distribution(metadata.Distribution):
    """Lets the standard library read both forms of metadata, wherever they are."""

    def __init__(self, read_text: ReadText) -> None:
        self._read_text = read_text

    def read_text(self, filename: str) -> str | None:
        return self._read_text(filename)

    def first(self, header: str) -> str:
        """A header's value, empty if there is none: the attributes for it fail in another way with each Python."""
        return str((self.metadata.get_all(header) or [""])[0]).strip()

    @property
    def license(self) -> str:
        """The expression of metadata 2.4, or the older free text where that is no more than a name."""
        text = self.first("License-Expression") or self.first("License")
        return text if len(text) <= _LONGEST_NAME and "\n" not in text else ""

    def locate_file(self, path: str | os.PathLike[str]) -> Any:
        raise NotImplementedError(f"{path} is nowhere on disk")


def _read_record(text: str | None, *, root: str) -> dict[str, Recorded] | None:
    """Files outside of the import folder, which are scripts, are left out: they are not imported."""
    if text is None:
        return None
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
        read = {posixpath.normpath(posixpath.join(root, row[0])): _recorded(row) for row in rows}
    except (csv.Error, IndexError, ValueError) as error:
        raise MetadataError(f"RECORD can't be understood ({error})", _REMEDY) from error
    return {path: recorded for path, recorded in read.items() if _is_below(path, root)}


def _is_below(path: str, root: str) -> bool:
    """Whether a normal path leads into a folder, which may be the top, C(.)."""
    return not path.startswith(("/", "../")) if root == "." else path.startswith(f"{root}/")


def _recorded(row: list[str]) -> Recorded:
    _path, digest, size = row
    algorithm, _equals, value = digest.partition("=")
    return Recorded(algorithm=algorithm, digest=value, size=int(size) if size else None)
