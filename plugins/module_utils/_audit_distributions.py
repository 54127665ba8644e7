# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules about distributions: whether all that they need is there, and their files are as they were built."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Collection, Iterator
from contextlib import suppress

with suppress(ImportError):  # The module says that it is missing.
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

from ansible_collections.asesoria.serverless.plugins.module_utils._installed import Installed, Recorded
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import Finding, Layer, in_record_form

#: What RECORD may be signed with, and what is left out of the hashes.
_ALGORITHMS = ("sha256", "sha384", "sha512")
_OWNED = (".py", ".so")


def requirement_missing(layer: Layer, *, provided: Collection[str]) -> Iterator[Finding]:
    """What a distribution needs and nobody brings."""
    there = {item.key for item in layer.installed} | {canonicalize_name(name) for name in provided}
    for item, requirement in needed_requirements(layer):
        if canonicalize_name(requirement.name) not in there:
            yield Finding(
                "requirement-missing",
                f"{item.name} {item.version} needs {_text(requirement)}, which is not in the {layer.kind.name}",
                f"Add {_text(requirement)} to the requirements, or say that it is provided",
                file=item.folder,
                distribution=item.name,
            )


def requirement_conflict(layer: Layer) -> Iterator[Finding]:
    """What a distribution needs and is there in another version, Python included."""
    there: dict[str, Installed] = {}
    for item in layer.installed:
        first = there.setdefault(item.key, item)
        if first is not item:
            yield _conflict(
                item,
                f"{item.name} is there twice, {first.version} in {first.folder} and {item.version}",
                "Install into an empty folder: pip does not remove the older version from a target folder",
            )
    for item in layer.installed:
        if item.python is not None and not item.python.contains(layer.target.python_full, prereleases=True):
            yield _conflict(
                item,
                f"{item.name} {item.version} needs Python {item.python}, and the {layer.kind.name} is for "
                f"{layer.target.runtime.identifier}",
                f"Take a version of {item.name} for {layer.target.runtime.identifier}, or another runtime",
            )
    for item, requirement in needed_requirements(layer):
        found = there.get(canonicalize_name(requirement.name))
        if found and not requirement.specifier.contains(found.version, prereleases=True):
            yield _conflict(
                item,
                f"{item.name} {item.version} needs {_text(requirement)}, and the layer has {found.version}",
                f"Take a version of {found.name} that fits {_text(requirement)}, or another version of {item.name}",
            )


def _conflict(item: Installed, problem: str, remedy: str) -> Finding:
    return Finding("requirement-conflict", problem, remedy, file=item.folder, distribution=item.name)


def _text(requirement: Requirement) -> str:
    """Without its marker, and without an address, which may hold a password."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def needed_requirements(layer: Layer) -> list[tuple[Installed, Requirement]]:
    """All requirements that hold on the target, with extras that other requirements ask for."""
    environment = layer.target.markers
    extras: dict[str, set[str]] = {item.key: {""} for item in layer.installed}

    def holds(item: Installed, requirement: Requirement) -> bool:
        marker = requirement.marker
        return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in extras[item.key])

    while True:
        needed = [(item, need) for item in layer.installed for need in item.requires if holds(item, need)]
        before = sum(map(len, extras.values()))
        for _item, need in needed:
            extras.get(canonicalize_name(need.name), set()).update(need.extras)
        if sum(map(len, extras.values())) == before:
            return needed


def record_mismatch(layer: Layer) -> Iterator[Finding]:
    """Files that are not what RECORD says, that are not there, or that nobody lists."""
    for item in layer.installed:
        if item.record is not None:
            yield from _absent(layer, item, item.record)
            for path, recorded in item.record.items():
                yield from _changed(layer, item, path, recorded)
    yield from _unlisted(layer)


def _absent(layer: Layer, item: Installed, record: Collection[str]) -> Iterator[Finding]:
    # Python makes bytecode again.
    absent = sorted(path for path in record if not path.endswith(".pyc") and not layer.resolve(path))
    if absent:
        more = f", and {len(absent) - 1} more" if len(absent) > 1 else ""
        yield Finding(
            "record-mismatch",
            f"RECORD of {item.name} {item.version} lists files that are not there: {absent[0]}{more}",
            f"Install {item.name} again, or take what was removed on purpose out of its RECORD",
            file=absent[0],
            distribution=item.name,
        )


def _changed(layer: Layer, item: Installed, path: str, recorded: Recorded) -> Iterator[Finding]:
    entry = layer.resolve(path)
    file = layer.files.get(entry.path) if entry else None
    if entry is None or file is None:
        return
    problem = ""
    if recorded.size not in (None, file.size):
        problem = f"it has {file.size} bytes, and RECORD says {recorded.size}"
    elif recorded.algorithm and recorded.algorithm not in _ALGORITHMS:
        problem = f"RECORD has a hash {recorded.algorithm} for it, which is none that the standard allows"
    elif recorded.algorithm:
        digest = file.sha256
        if recorded.algorithm != "sha256":
            digest = in_record_form(hashlib.new(recorded.algorithm, layer.content(entry.path)).digest())
        problem = (
            "" if digest == recorded.digest.rstrip("=") else "its content is not the one that RECORD has the hash of"
        )
    if problem:
        yield Finding(
            "record-mismatch",
            f"this file was changed after {item.name} {item.version} was installed, or another distribution wrote over "
            f"it: {problem}",
            f"Install {item.name} again; if it was changed on purpose, bring its RECORD up to date",
            file=path,
            distribution=item.name,
        )


def _unlisted(layer: Layer) -> Iterator[Finding]:
    """Code inside of a package that a distribution lists, and that the distribution does not list."""
    listed = {path: item.name for item in layer.installed for path in item.record or ()}
    for path in layer.files:
        if path in listed or not path.endswith(_OWNED):
            continue
        owner = _package_owner(path, listed)
        if owner:
            yield Finding(
                "record-mismatch",
                f"this is inside of a package of {owner}, and no RECORD lists it",
                f"Install {owner} again, into an empty folder",
                file=path,
                distribution=owner,
            )


def _package_owner(path: str, listed: dict[str, str]) -> str | None:
    folder = posixpath.dirname(path)
    while folder:
        owner = listed.get(f"{folder}/__init__.py")
        if owner:
            return owner
        folder = posixpath.dirname(folder)
    return None
