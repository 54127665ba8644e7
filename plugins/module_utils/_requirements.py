# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads pip's requirements files, without pip: which lines they have, of what kind, and what is wrong with them.

The format is the one that pip's documentation describes under "Requirements File Format". Pure Python without
dependencies, as it runs on the builder too; whether a specifier is well formed is asked of a function that is passed
in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_COMMENT = re.compile(r"(^|\s+)#.*$")
_PER_REQUIREMENT_OPTION = re.compile(r"\s--?[a-zA-Z]")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_DIRECT = re.compile(r"[A-Za-z0-9._-]+\s*(\[[^\]]*\])?\s*@\s*")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: Up to the last C(@) before the path: a password may hold one.
_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s]+@")
_HASH = re.compile(r"\s--hash(?:\s*=\s*|\s+)(?P<hash>[a-z0-9]+:[0-9A-Fa-f]+)")
_ARCHIVE = re.compile(r"\.(whl|zip|tar\.gz|tgz|tar\.bz2)(\[[^\]]*\])?$", re.IGNORECASE)
_INCLUDES = {"-r": "requirement", "--requirement": "requirement", "-c": "constraint", "--constraint": "constraint"}
#: pip's options that may stand on a line of their own, and whether a value follows.
_OPTIONS = {
    "-i": True,
    "--index-url": True,
    "--pypi-url": True,
    "--extra-index-url": True,
    "--no-index": False,
    "-f": True,
    "--find-links": True,
    "--no-binary": True,
    "--only-binary": True,
    "--prefer-binary": False,
    "--require-hashes": False,
    "--pre": False,
    "--trusted-host": True,
    "--use-feature": True,
}
#: Options that change where pip looks, with the environment variable that does the same.
_INDEX_VARIABLES = {
    "-i": "PIP_INDEX_URL",
    "--index-url": "PIP_INDEX_URL",
    "--pypi-url": "PIP_INDEX_URL",
    "--extra-index-url": "PIP_EXTRA_INDEX_URL",
    "--no-index": "PIP_NO_INDEX",
    "-f": "PIP_FIND_LINKS",
    "--find-links": "PIP_FIND_LINKS",
    "--trusted-host": "PIP_TRUSTED_HOST",
}
_REPEATABLE = frozenset({"PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST"})
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z0-9_]+)\}")


class RequirementsError(ServerlessError):
    """A requirements file that can't be used."""


class SpecifierError(ValueError):
    """What a specifier parser raises: the text is not a requirement; the message says why, in a few words."""


@dataclass(frozen=True)
class Requirement:
    """One thing to install.

    :param text: the specifier as written, without its per-requirement options.
    :param name: the project's name, empty if the line does not give one.
    :param kind: C(index), C(url), C(path) or C(editable).
    :param file: where it stands.
    :param line: number of its first line there, from 1.
    :param hashes: what the files for it may have, as C(sha256:...); any if there are none.
    """

    text: str
    name: str
    kind: str
    file: Path
    line: int
    hashes: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """File and line for a message."""
        return f"{self.file}, line {self.line}"


@dataclass(frozen=True)
class Requirements:
    """What a requirements file says, with all that it includes.

    :param path: the file.
    :param files: it and every file that it includes, in the order of reading, each once.
    :param requirements: what is to be installed.
    :param index_settings: pip's options on where to look, as variable and value: C(("PIP_INDEX_URL", "...")).
    :param normalized: the lines that matter, without comments and credentials; equal if two files mean the same.
    :param constraints: what may be installed, if anything asks for it.
    :param options: pip's other options and their values, empty for one without.
    """

    path: Path
    files: tuple[Path, ...]
    requirements: tuple[Requirement, ...]
    index_settings: tuple[tuple[str, str], ...]
    normalized: tuple[str, ...]
    constraints: tuple[Requirement, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Line:
    file: Path
    number: int
    text: str

    def error(self, problem: str, remedy: str) -> RequirementsError:
        return RequirementsError(f"{self.file}, line {self.number}: {problem}", remedy)


def redact(text: str) -> str:
    """The text with user names and passwords of URLs replaced by four asterisks.

    >>> redact("--index-url https://me:secret@example.org/simple")
    '--index-url https://****@example.org/simple'
    """
    return _CREDENTIALS.sub(r"\g<scheme>****@", text)


def read_requirements(path: Path, *, constraints: bool = False) -> Requirements:
    """Read a requirements file and what it includes.

    :param path: the file.
    :param constraints: it is a constraints file: it may be empty, and installs nothing by itself.
    :raises RequirementsError: it, or a file that it includes, is missing, is no text, or has a line that pip would not
        take; or it installs nothing.
    """
    reader = _Reader()
    reader.read(path, kind="constraint" if constraints else "requirement", included_by=None)
    if not constraints and not reader.requirements:
        raise RequirementsError(
            f"requirements file {path} names no package", "Put one package a line into it, flask for instance"
        )
    return reader.result(path)


def read_packages(packages: Sequence[str], *, origin: Path) -> Requirements:
    """Take a list of requirements as if each were a line of a file.

    :param packages: the requirements; options of pip are not taken.
    :param origin: stands for the file; paths are looked for beside it.
    :raises RequirementsError: there is none, or one is no requirement.
    """
    reader = _Reader()
    for number, text in enumerate(packages, start=1):
        line = _Line(file=origin, number=number, text=" ".join(text.split()))
        if not line.text or line.text.startswith("-"):
            raise line.error(f"{redact(text)!r} is not a requirement", "Name one package in each item")
        reader.take_requirement(line, line.text, kind="requirement")
    if not reader.requirements:
        raise RequirementsError("the list names no package", "Name one at least, flask for instance")
    return reader.result(origin)


def check_specifiers(requirements: Requirements, *, parse: Callable[[str], None]) -> list[str]:
    """What is wrong with the specifiers, one message for each wrong line.

    :param parse: raises M(SpecifierError) for a text that is not a requirement.
    """
    return [
        f"{requirement.place}: {redact(requirement.text)!r} is not a requirement ({error})"
        for requirement in requirements.requirements
        if requirement.kind in ("index", "url")
        for error in _error_of(parse, requirement.text)
    ]


def index_environment(requirements: Requirements, *, base: Mapping[str, str]) -> dict[str, str]:
    """Variables that make pip look where the requirements file says.

    :param base: the environment, which says what C(${NAME}) stands for and where pip looks besides.
    """
    environment: dict[str, str] = {}
    for variable, written in requirements.index_settings:
        value = _VARIABLE.sub(lambda match: base.get(match["name"]) or match.group(), written)
        if variable in _REPEATABLE:
            value = f"{environment.get(variable, base.get(variable, ''))} {value}".strip()
        environment[variable] = value
    return environment


def local_paths(requirements: Requirements) -> list[Requirement]:
    """The requirements that are files or folders of this machine."""
    return [requirement for requirement in requirements.requirements if requirement.kind in ("path", "editable")]


def names_places(requirements: Requirements) -> bool:
    """Whether a file says where packages are, by an option or by an address."""
    return bool(requirements.index_settings) or any(item.kind == "url" for item in requirements.requirements)


def _error_of(parse: Callable[[str], None], text: str) -> Iterator[SpecifierError]:
    if _URL.match(text):
        return
    try:
        parse(text)
    except SpecifierError as error:
        yield error


class _Reader:
    """Collects what a file and its includes say."""

    def __init__(self) -> None:
        self.files: list[Path] = []
        self.requirements: list[Requirement] = []
        self.index_settings: list[tuple[str, str]] = []
        self.normalized: list[str] = []
        self.constraints: list[Requirement] = []
        self.options: list[tuple[str, str]] = []

    def result(self, path: Path) -> Requirements:
        return Requirements(
            path=path,
            files=tuple(self.files),
            requirements=tuple(self.requirements),
            index_settings=tuple(self.index_settings),
            normalized=tuple(self.normalized),
            constraints=tuple(self.constraints),
            options=tuple(self.options),
        )

    def read(self, path: Path, *, kind: str, included_by: _Line | None) -> None:
        if path in self.files:
            return
        self.files.append(path)
        for line in _logical_lines(path, _read_text(path, kind=kind, included_by=included_by)):
            self._take(line, kind=kind)

    def _take(self, line: _Line, *, kind: str) -> None:
        if not line.text.startswith("-"):
            self.take_requirement(line, line.text, kind=kind)
            return
        option, value = _split_option(line)
        if option in _INCLUDES:
            self._include(line, value, kind="constraint" if kind == "constraint" else _INCLUDES[option])
        elif option in ("-e", "--editable"):
            self.take_requirement(line, value, kind=kind, editable=True)
        else:
            self._take_option(line, option, value)

    def _include(self, line: _Line, value: str, *, kind: str) -> None:
        if _URL.match(value):
            raise line.error(f"{redact(value)} is included by its address", "Include a file beside this one")
        self.normalized.append(f"{kind} file")
        self.read(Path(os.path.normpath(line.file.parent / value)), kind=kind, included_by=line)

    def take_requirement(self, line: _Line, text: str, *, kind: str, editable: bool = False) -> None:
        self.normalized.append(f"{kind} {'-e ' if editable else ''}{redact(' '.join(text.split()))}")
        specifier = _PER_REQUIREMENT_OPTION.split(text, maxsplit=1)[0].strip()
        name = _NAME.match(specifier)
        taken = self.requirements if kind == "requirement" else self.constraints
        taken.append(
            Requirement(
                text=specifier,
                name=name.group() if name and not _URL.match(specifier) else "",
                kind="editable" if editable else _kind(specifier),
                file=line.file,
                line=line.number,
                hashes=tuple(match["hash"] for match in _HASH.finditer(text)),
            )
        )

    def _take_option(self, line: _Line, option: str, value: str) -> None:
        takes_value = _OPTIONS.get(option)
        if takes_value is None:
            raise line.error(f"pip knows no option {option} for a requirements file", "Remove the line")
        if takes_value != bool(value):
            raise line.error(
                f"option {option} {'needs a value' if takes_value else 'takes no value'}", "Correct the line"
            )
        self.normalized.append(f"option {option} {redact(value)}".rstrip())
        if option in _INDEX_VARIABLES:
            self.index_settings.append((_INDEX_VARIABLES[option], value or "1"))
        else:
            self.options.append((option, value))


def _split_option(line: _Line) -> tuple[str, str]:
    match = re.match(r"(?P<option>--[a-z][a-z-]*|-[a-zA-Z])(?:\s*=\s*|\s*)(?P<value>.*)$", line.text)
    if match is None:
        raise line.error(f"{redact(line.text)!r} is neither a requirement nor an option of pip", "Correct the line")
    option, value = match["option"], match["value"].strip()
    if option in _INCLUDES and not value:
        raise line.error(f"option {option} needs a file", "Correct the line")
    return option, value


def _kind(specifier: str) -> str:
    direct = _DIRECT.match(specifier)
    target = (specifier[direct.end() :] if direct else specifier).split(";", 1)[0].strip()
    if target.startswith("file:"):
        return "path"
    if _URL.match(target):
        return "url"
    looks_local = target.startswith((".", "/", "~")) or ("/" in target and " " not in target) or _ARCHIVE.search(target)
    return "path" if looks_local else "index"


def _read_text(path: Path, *, kind: str, included_by: _Line | None) -> str:
    origin = f", which {included_by.file} includes in line {included_by.number}," if included_by else ""
    subject = f"{kind}s file {path}{origin}"
    try:
        return read_regular(path).decode("utf-8-sig")
    except FileNotFoundError as error:
        target = f": it is a link to {path.readlink()}" if path.is_symlink() else ""
        raise RequirementsError(f"{subject} does not exist{target}", "Correct the path or write the file") from error
    except IsADirectoryError as error:
        raise RequirementsError(f"{subject} is a folder", "Name the file in it") from error
    except UnicodeDecodeError as error:
        raise RequirementsError(f"{subject} is not UTF-8 text", "Save it as UTF-8") from error
    except OSError as error:
        raise RequirementsError(
            f"{subject} can't be read ({error.strerror})", "Name a regular file that you may read"
        ) from error


def _logical_lines(path: Path, text: str) -> Iterator[_Line]:
    """Lines with continuations joined and comments cut; empty ones are left out."""
    parts: list[str] = []
    start = 0
    for number, physical in enumerate(text.splitlines(), start=1):
        start = start if parts else number
        is_comment = physical.lstrip().startswith("#")
        if physical.endswith("\\") and not is_comment:
            parts.append(physical[:-1])
            continue
        # A comment ends a continued line, as in pip.
        parts.append(f" {physical}" if is_comment else physical)
        yield from _line(path, start, parts)
        parts = []
    yield from _line(path, start, parts)


def _line(path: Path, number: int, parts: list[str]) -> Iterator[_Line]:
    text = _COMMENT.sub("", "".join(parts)).strip()
    if text:
        yield _Line(file=path, number=number, text=text)
