# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest: what is in a layer's zip and how it was made.

It lies beside the zip and holds no date, path or secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import Archive, file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import Allowance
from ansible_collections.asesoria.serverless.plugins.module_utils._whole_file import write_whole

#: Of the manifest's own form. A manifest of another number is not read.
SCHEMA = 4


class ManifestError(ServerlessError):
    """A manifest that is missing, damaged or of another artifact."""


@dataclass(frozen=True)
class Distribution:
    """One installed distribution.

    :param name: as its metadata writes it.
    :param version: as its metadata writes it.
    :param files: how many of the archive's files are its own.
    :param size: sum of their sizes in bytes, before compression.
    :param file: name of the wheel or source distribution that the lock named for it; None without one.
    :param sha256: hash of that file, which was checked; None without one.
    """

    name: str
    version: str
    files: int
    size: int
    file: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class ImportReport:
    """What came of importing all that an artifact offers.

    :param modules: how many modules were imported well.
    :param optional: those that failed for want of an optional part, as C(distribution: module).
    :param allowed: those that failed and were allowed to by name.
    :param provided: those that failed for want of a module, and need something that is provided beside the layer.
    :param at_opt: whether they were imported from C(/opt), where not even root could write.
    """

    modules: int
    optional: tuple[str, ...]
    allowed: tuple[str, ...]
    provided: tuple[str, ...] = ()
    at_opt: bool = False


@dataclass(frozen=True)
class Saved:
    """What slimming has left out.

    :param files: how many files are gone.
    :param size: bytes that are gone, before compression.
    """

    files: int
    size: int


@dataclass(frozen=True)
class Manifest:
    """What an artifact is.

    :param key: stands for everything that the content was made from; equal keys need no new build.
    :param engine: version of the code that made it.
    :param runtime: Lambda's identifier.
    :param architecture: Lambda's name of it.
    :param python: exact version of the interpreter that installed the packages.
    :param libc: name and version of the builder's C library, C(glibc 2.26) for instance; empty if unknown.
    :param compiled: how many ELF files the archive has.
    :param glibc: the oldest that all of them can be loaded with, C(2.17) for instance; empty if none needs any.
    :param slim: the level of slimming.
    :param saved: what that has left out.
    :param provided: distributions that were left out because the runtime or another layer brings them; normalized.
    :param allow: what the gates let pass, sorted.
    :param bytecode: how many files of bytecode.
    :param imports: what came of importing all of it.
    :param distributions: what is installed, sorted by name.
    :param archive: the zip.
    """

    key: str
    engine: str
    runtime: str
    architecture: str
    python: str
    libc: str
    compiled: int
    glibc: str
    slim: str
    saved: Saved
    provided: tuple[str, ...]
    allow: tuple[Allowance, ...]
    bytecode: int
    imports: ImportReport
    distributions: tuple[Distribution, ...]
    archive: Archive

    def to_dict(self) -> dict[str, Any]:
        """As plain values, C(archive.code_sha256) included, in the form of the file."""
        values = asdict(self)
        values["archive"]["code_sha256"] = self.archive.code_sha256
        for name in ("allow", "distributions", "provided"):
            values[name] = list(values[name])
        for name in ("optional", "allowed", "provided"):
            values["imports"][name] = list(values["imports"][name])
        return {"schema": SCHEMA, **values}

    def to_json(self) -> str:
        """The file's text: equal manifests give equal text."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True, ensure_ascii=True) + "\n"

    def versions(self) -> dict[str, str]:
        """Version by distribution, for a diff."""
        return versions_of(self.distributions)


def versions_of(distributions: Sequence[Distribution]) -> dict[str, str]:
    """Version by distribution."""
    return {distribution.name: distribution.version for distribution in distributions}


def read_manifest(path: Path) -> Manifest:
    """Read a manifest from its file.

    :raises ManifestError: there is none, or it is not one that this version writes.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ManifestError(f"manifest {path} does not exist", "Build the layer") from error
    except (OSError, ValueError) as error:
        raise ManifestError(f"manifest {path} can't be read ({error})", "Build the layer again") from error
    try:
        return _from_dict(values)
    except (KeyError, TypeError, AttributeError) as error:
        raise ManifestError(f"{path} is not a manifest of schema {SCHEMA}", "Build the layer again") from error


def write_manifest(manifest: Manifest, *, path: Path) -> None:
    """Write a manifest's file, which has its new content or its old one, and never a part.

    :raises OSError: writing failed.
    """
    write_whole(path, manifest.to_json())


def manifest_of(archive: Path) -> Path:
    """Where the manifest of a zip is, unless somebody names another place.

    >>> manifest_of(Path("layers/flask.zip")).name
    'flask.manifest.json'
    """
    return archive.with_name(f"{archive.name.removesuffix('.zip')}.manifest.json")


def intact_manifest(*, manifest: Path, archive: Path) -> Manifest | None:
    """The manifest, if the zip beside it is the one that it describes, whole and unchanged; otherwise nothing.

    :param manifest: the file.
    :param archive: the zip.
    """
    try:
        read = read_manifest(manifest)
        return read if file_sha256(archive) == read.archive.sha256 else None
    except (ManifestError, OSError):
        return None


def require_described(*, manifest: Path, archive: Path) -> Manifest:
    """The manifest of a zip.

    :raises ManifestError: the manifest can't be read, or describes another zip.
    :raises OSError: the zip can't be read.
    """
    read = read_manifest(manifest)
    found = file_sha256(archive)
    if found != read.archive.sha256:
        raise ManifestError(
            f"{archive} has SHA-256 {found}, but its manifest {manifest} describes {read.archive.sha256}",
            "Build the layer again, or fetch both files again",
        )
    return read


def _from_dict(values: Mapping[str, Any]) -> Manifest:
    if values["schema"] != SCHEMA:
        raise KeyError("schema")
    archive = dict(values["archive"])
    archive.pop("code_sha256")
    return Manifest(
        key=values["key"],
        engine=values["engine"],
        runtime=values["runtime"],
        architecture=values["architecture"],
        python=values["python"],
        libc=values["libc"],
        compiled=values["compiled"],
        glibc=values["glibc"],
        slim=values["slim"],
        saved=Saved(**values["saved"]),
        provided=tuple(values["provided"]),
        allow=tuple(Allowance(**item) for item in values["allow"]),
        bytecode=values["bytecode"],
        imports=ImportReport(
            modules=values["imports"]["modules"],
            at_opt=values["imports"]["at_opt"],
            **{name: tuple(values["imports"][name]) for name in ("optional", "allowed", "provided")},
        ),
        distributions=tuple(Distribution(**distribution) for distribution in values["distributions"]),
        archive=Archive(**archive),
    )
