# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requirements that say where their package is: an address, a folder of this machine, a repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_index import (
    File,
    FileProblemError,
    Metadata,
    PackageIndex,
    file_of,
    plain_url,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import IndexUnreachableError, Runner
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import (
    Requirement,
    RequirementsError,
    redact,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._toml import read_toml

with suppress(ImportError):  # The module says what is missing.
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Specifier
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename, parse_wheel_filename
    from packaging.version import InvalidVersion, Version
    from unearth import Link

_COMMIT = re.compile(r"[0-9a-f]{40}")
_EXTRAS = re.compile(r"\[(?P<extras>[^\]]*)\]$")
_REPOSITORIES = ("git", "hg", "svn", "bzr")


@dataclass(frozen=True)
class Place:
    """Where the package of one requirement is.

    :param kind: C(file), C(directory) or C(vcs).
    :param url: address with its credentials; of a file of this machine C(file:).
    :param text: the same as it may be shown.
    """

    kind: str
    url: str = field(repr=False)
    text: str

    @property
    def path(self) -> Path:
        """The file or folder of this machine."""
        return Path(unquote(urlsplit(self.url).path))


@dataclass(frozen=True)
class Direct:
    """What is there.

    :param place: where.
    :param version: its version, None if only a build would tell.
    :param metadata: what it says of itself.
    :param file: the file, if it is one.
    :param commit: of a repository.
    :param revision: the branch, tag or commit that was asked for; empty for the main branch.
    :param subdirectory: of the repository or folder.
    """

    place: Place
    version: Version | None
    metadata: Metadata
    file: File | None = None
    commit: str = ""
    revision: str = ""
    subdirectory: str = ""


def direct_text(requirement: Requirement, *, beside: Path) -> str:
    """A requirement that names an address or a path, in the form C(name[extra] @ address; marker).

    :param requirement: of the kind C(url), C(path) or C(editable).
    :param beside: folder that paths are relative to.
    :raises RequirementsError: it is not there, or its name can't be known without a build.
    """
    text, marker = _cut_marker(requirement.text)
    if re.match(r"[A-Za-z0-9._-]+\s*(\[[^\]]*\])?\s*@\s", text):
        named, _at, address = text.partition("@")
        return f"{named.strip()} @ {_whole(address.strip(), beside)}{marker}"
    found = _EXTRAS.search(text)
    address = _whole(text[: found.start()] if found else text, beside)
    name = _name_of(address, requirement)
    return f"{name}{found.group() if found else ''} @ {address}{marker}"


def place_of(url: str) -> Place:
    """What kind of place an address is."""
    scheme = urlsplit(url).scheme
    if scheme.partition("+")[0] in _REPOSITORIES:
        return Place(kind="vcs", url=url, text=redact(url))
    if scheme == "file" and Path(unquote(urlsplit(url).path)).is_dir():
        return Place(kind="directory", url=url, text=unquote(urlsplit(url).path))
    return Place(kind="file", url=url, text=plain_url(url) if scheme != "file" else unquote(urlsplit(url).path))


def read_direct(place: Place, *, name: str, index: PackageIndex, runner: Runner) -> Direct:
    """Look at what is there.

    :param place: where.
    :param name: the project that it should be.
    :param index: for downloads.
    :param runner: for git.
    :raises ServerlessError: it can't be used.
    """
    if place.kind == "vcs":
        return _repository(place, runner=runner)
    if place.kind == "directory":
        return _directory(place, name=name)
    return _file(place, name=name, index=index)


def project_file(folder: Path) -> Path:
    """Where a folder says what it is."""
    return folder / "pyproject.toml"


def _cut_marker(text: str) -> tuple[str, str]:
    """An address may hold a semicolon itself, so only one after a space counts, as PEP 508 has it."""
    cut = re.split(r"\s+;\s*|;\s+", text, maxsplit=1)
    return cut[0].strip(), f" ; {cut[1]}" if len(cut) > 1 else ""


def _whole(address: str, beside: Path) -> str:
    if re.match(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]*://", address):
        return address
    path = Path(unquote(urlsplit(address).path)) if address.startswith("file:") else Path(address).expanduser()
    whole = (beside / path).resolve()
    if not whole.exists():
        raise RequirementsError(f"{whole}, which the requirements name, does not exist", "Correct the path")
    return whole.as_uri()


def _name_of(address: str, requirement: Requirement) -> str:
    place = place_of(address)
    base = unquote(urlsplit(address).path).rpartition("/")[2]
    egg = parse_qs(urlsplit(address).fragment).get("egg", [""])[0]
    if egg:
        return egg
    with suppress(ValueError):  # what both functions raise for another kind of name
        if place.kind == "file":
            return str(parse_wheel_filename(base)[0] if base.endswith(".whl") else parse_sdist_filename(base)[0])
    if place.kind == "directory":
        name = _project(place.path).get("name")
        if isinstance(name, str):
            return name
    raise RequirementsError(
        f"{requirement.place}: the name of what is at {place.text} is not known before it is built",
        "Write it in front: name @ address",
    )


def _project(folder: Path) -> Mapping[str, Any]:
    path = project_file(folder)
    try:
        content = read_toml(read_regular(path).decode("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise RequirementsError(f"{path} can't be read ({error})", "Correct it") from error
    project = content.get("project", {})
    return project if isinstance(project, Mapping) else {}


def _directory(place: Place, *, name: str) -> Direct:
    project = _project(place.path)
    dynamic = project.get("dynamic", [])
    if project.get("name") and canonicalize_name(str(project["name"])) != name:
        raise RequirementsError(f"the folder {place.text} is {project['name']}, not {name}", "Correct the name")
    try:
        metadata = Metadata(
            requires=tuple(_static_requirements(project)),
            requires_python=SpecifierSet(project["requires-python"]) if "requires-python" in project else None,
            extras=frozenset(canonicalize_name(extra) for extra in project.get("optional-dependencies", {})),
            known="name" in project and not {"dependencies", "optional-dependencies"} & set(dynamic),
        )
        version = Version(project["version"]) if "version" in project else None
    except (InvalidRequirement, InvalidSpecifier, InvalidVersion) as error:
        raise RequirementsError(
            f"{project_file(place.path)} is wrong: {str(error).splitlines()[0]}", "Correct it"
        ) from error
    return Direct(place=place, version=version, metadata=metadata)


def _static_requirements(project: Mapping[str, Any]) -> list[Specifier]:
    found = [Specifier(text) for text in project.get("dependencies", [])]
    for extra, texts in project.get("optional-dependencies", {}).items():
        for text in texts:
            specifier = Specifier(text)
            marker = f"extra == '{canonicalize_name(extra)}'"
            marker = f"({specifier.marker}) and {marker}" if specifier.marker else marker
            specifier.marker = None
            glue = " ; " if specifier.url else "; "
            found.append(Specifier(f"{specifier}{glue}{marker}"))
    return found


def _file(place: Place, *, name: str, index: PackageIndex) -> Direct:
    file = file_of(Link(place.url))
    if file is None:
        raise RequirementsError(
            f"{place.text} is neither a wheel nor a source distribution with a version in its name",
            "Give the address of such a file, or of a git repository as git+https://...",
        )
    with suppress(InvalidSdistFilename):
        found = parse_wheel_filename(file.name)[0] if file.kind == "wheel" else parse_sdist_filename(file.name)[0]
        if found != name:
            raise RequirementsError(f"{place.text} is {found}, not {name}", "Correct the name")
    try:
        metadata = index.metadata(file)
    except FileProblemError as error:
        raise RequirementsError(f"{place.text} can't be used: {error.problem}", "Give another file") from error
    return Direct(place=place, version=file.version, metadata=metadata, file=file)


def _repository(place: Place, *, runner: Runner) -> Direct:
    parts = urlsplit(place.url)
    system, _plus, scheme = parts.scheme.partition("+")
    if system != "git":
        raise RequirementsError(
            f"{place.text} is a repository of {system}, of which nothing can be known without a build",
            "Use a git repository, or build a wheel and name that",
        )
    path, _at, revision = parts.path.partition("@")
    url = urlunsplit((scheme or "https", parts.netloc, path, "", ""))
    commit = revision if _COMMIT.fullmatch(revision) else _ask_git(url, revision or "HEAD", runner=runner)
    return Direct(
        place=place,
        version=None,
        metadata=Metadata(known=False),
        commit=commit,
        revision=revision,
        subdirectory=parse_qs(parts.fragment).get("subdirectory", [""])[0],
    )


def _ask_git(url: str, revision: str, *, runner: Runner) -> str:
    """The commit of a branch or tag. The password goes through the environment: anybody can list arguments."""
    shown = plain_url(url) if urlsplit(url).scheme != "ssh" else url
    environment = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    if shown != url:
        environment |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{url}.insteadOf",
            "GIT_CONFIG_VALUE_0": shown,
        }
    try:
        done = runner(["git", "ls-remote", "--", shown, revision, f"{revision}^{{}}"], environment=environment)
    except OSError as error:
        raise RequirementsError(f"git can't be started ({error.strerror})", "Install git") from error
    if done.returncode:
        last = (redact(done.stderr).strip().splitlines() or ["no reason given"])[-1]
        raise IndexUnreachableError(
            f"the repository {redact(shown)} did not answer ({last})", "Check its address and your access to it"
        )
    lines = [line.partition("\t") for line in done.stdout.splitlines()]
    commits = {name: commit for commit, _tab, name in lines}
    names = [f"refs/tags/{revision}^{{}}", f"refs/tags/{revision}", f"refs/heads/{revision}", revision]
    found = next((commits[name] for name in names if name in commits), "")
    if not found:
        raise RequirementsError(
            f"the repository {redact(shown)} has no branch or tag {revision}", "Correct it, or give the whole commit"
        )
    return found
