# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One profile within the text of an AWS configuration file: find it, write it, take it out again.

Text in, text out. Whatever is not the profile stays as it is, byte for byte: other profiles, comments, line endings, a
missing newline at the end. C(configparser) can read these files but not write them back so.

What counts as a section, an option and a continuation line is what C(configparser.RawConfigParser) makes of it, because
botocore reads the files with that; how a profile's section is called in each file is in botocore's C(configloader).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: First words of the comment that tells a section written here from one that somebody else has written.
MARK = "# asesoria.serverless"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_HEADER = re.compile(r"\s*\[(?P<name>.+)\]")
_OPTION = re.compile(r"\s*(?P<key>[^=:]*?)\s*[=:]\s*(?P<value>.*?)\s*$", re.DOTALL)
_MADE = re.compile(re.escape(MARK) + r" made this file and (?P<folders>\d+) folder\(s\) for it")
_PLAIN_NAME = re.compile(r"[^\s\[\]\"'\\#;=:]+(?: +[^\s\[\]\"'\\#;=:]+)*")


class ProfileFileError(ServerlessError):
    """A profile or a file that can't be worked with."""


class Kind(Enum):
    """Which of the two files a text comes from; they call the section of a profile by different names."""

    CREDENTIALS = "credentials"
    CONFIG = "config"


@dataclass(frozen=True)
class Section:
    """Where a profile is in the lines of a file.

    :param start: index of its header's line.
    :param end: index after its last option; comments and blank lines that follow belong to nobody.
    :param options: its options in lower case with their values; of a continued value the first line only.
    :param owner: who the profile was written for, if it was written here; see :func:`put_profile`.
    """

    start: int
    end: int
    options: Mapping[str, str]
    owner: str | None


@dataclass(frozen=True)
class _Line:
    """A line: C(header) with the section's name, C(option) with its key, C(more), C(comment) or C(blank)."""

    text: str
    kind: str
    name: str = ""
    value: str = ""


def check_name(name: str) -> None:
    """Refuse a profile name that the two files could not hold in the same way.

    :param name: the profile.
    :raises ProfileFileError: the name is empty or has characters that change the meaning of a section's line.
    """
    if not _PLAIN_NAME.fullmatch(name):
        raise ProfileFileError(
            f"{name!r} can't be the name of an AWS profile", "Use letters, digits and the characters - _ . @ + /"
        )


def section_name(name: str, kind: Kind) -> str:
    """What a profile's section is called.

    :param name: the profile.
    :param kind: which file it is in.
    """
    if kind is Kind.CREDENTIALS or name == "default":
        return name
    return f"profile {shlex.quote(name)}"


def find_profile(text: str, name: str, *, kind: Kind) -> Section | None:
    """Find a profile.

    :param text: the file's content.
    :param name: the profile.
    :param kind: which file it is.
    :returns: its section, or None. Of two sections with the same name it is the first; botocore refuses such a file.
    """
    lines = list(_classify(text))
    for start, line in enumerate(lines):
        if line.kind == "header" and _profile_of(line.name, kind) == name:
            return _read_section(lines, start)
    return None


def put_profile(text: str, name: str, values: Mapping[str, str], *, kind: Kind, owner: str) -> str:
    """Let a profile have these values: change only the lines that differ, append what is missing.

    :param text: the file's content.
    :param name: the profile.
    :param values: options to set; others that the profile has are kept.
    :param kind: which file it is.
    :param owner: who the profile is written for, one line; kept in a comment of the section.
    :returns: the new content; the same object if nothing is to be changed.
    """
    section = find_profile(text, name, kind=kind)
    newline = _newline_of(text)
    if section is None:
        return _append(text, [f"[{section_name(name, kind)}]", _mark(owner), *_assignments(values)], newline)
    if section.owner == owner and all(section.options.get(key) == value for key, value in values.items()):
        return text
    return _update(text, section, values, owner=owner, newline=newline)


def remove_profile(text: str, name: str, *, kind: Kind) -> str:
    """Take a profile out; the opposite of :func:`put_profile` on a file without it.

    :param text: the file's content.
    :param name: the profile.
    :param kind: which file it is.
    :returns: the new content; the same object if there is no such profile.
    """
    section = find_profile(text, name, kind=kind)
    if section is None:
        return text
    lines = _LINE.findall(text)
    before, after = "".join(lines[: section.start]), "".join(lines[section.end :])
    if not after and not _ends_line(text):
        # The file had no newline at its end, and put_profile has given it none.
        before = re.sub(r"(?:\r\n|\r|\n)\Z", "", before)
    return before + after


def first_line(*, folders: int) -> str:
    """The comment on top of a file that was made here.

    :param folders: how many folders had to be made for it.
    """
    return f"{MARK} made this file and {folders} folder(s) for it, and removes them with its last profile.\n"


def folders_of_leftover(text: str) -> int | None:
    """Tell whether nothing is left in a file but the comment of :func:`first_line`.

    :param text: the file's content.
    :returns: how many folders were made for the file; None if the file is to be kept.
    """
    match = _MADE.match(text)
    return int(match["folders"]) if match and len(_LINE.findall(text)) == 1 else None


def _classify(text: str) -> Iterator[_Line]:
    """Say of each line what C(RawConfigParser) would take it for."""
    in_option, indent = False, 0
    for line in _LINE.findall(text):
        stripped = line.strip()
        if not stripped:
            yield _Line(line, "blank")
            continue
        if stripped.startswith(("#", ";")):
            yield _Line(line, "comment")
            continue
        own_indent = len(line) - len(line.lstrip())
        if in_option and own_indent > indent:
            yield _Line(line, "more")
            continue
        indent = own_indent
        header = _HEADER.match(line)
        if header:
            in_option = False
            yield _Line(line, "header", name=header["name"])
            continue
        in_option = True
        option = _OPTION.match(line)
        yield _Line(line, "option", *((option["key"].lower(), option["value"]) if option else (stripped.lower(), "")))


def _profile_of(section: str, kind: Kind) -> str | None:
    if kind is Kind.CREDENTIALS or section == "default":
        return section
    if not section.startswith("profile"):
        return None
    try:
        parts = shlex.split(section)
    except ValueError:
        return None
    return parts[1] if len(parts) == 2 else None  # noqa: PLR2004 - "profile" and its name


def _read_section(lines: list[_Line], start: int) -> Section:
    end, options, owner = start + 1, {}, None
    for index in range(start + 1, len(lines)):
        line = lines[index]
        if line.kind == "header":
            break
        if line.kind in ("option", "more"):
            end = index + 1
        if line.kind == "option":
            options[line.name] = line.value
        if line.kind == "comment" and owner is None and not options:
            owner = _owner(line.text)
            end = index + 1 if owner is not None else end
    return Section(start=start, end=end, options=options, owner=owner)


def _mark(owner: str) -> str:
    return f"{MARK}: {owner}"


def _owner(comment: str) -> str | None:
    prefix = _mark("")
    return comment.strip().removeprefix(prefix) if comment.startswith(prefix) else None


def _assignments(values: Mapping[str, str]) -> list[str]:
    return [f"{key} = {value}" for key, value in values.items()]


def _newline_of(text: str) -> str:
    match = re.search(r"\r\n|\r|\n", text)
    return match[0] if match else "\n"


def _ends_line(text: str) -> bool:
    return not text or text.endswith(("\r", "\n"))


def _append(text: str, lines: list[str], newline: str) -> str:
    added = newline.join(lines)
    # A file without a newline at its end keeps having none: so remove_profile can bring back exactly what was there.
    return text + added + newline if _ends_line(text) else text + newline + added


def _update(text: str, section: Section, values: Mapping[str, str], *, owner: str, newline: str) -> str:
    lines = list(_classify(text))
    ended = _ends_line(text)
    # The last line of the file gets its newline while lines are moved about, and loses it again below.
    body = [line.text if _ends_line(line.text) else line.text + newline for line in lines[section.start : section.end]]
    kinds = lines[section.start : section.end]
    missing = dict(values)
    written = [body[0], _mark(owner) + newline]
    drop_more = False
    for raw, line in zip(body[1:], kinds[1:], strict=True):
        if line.kind == "comment" and _owner(line.text) is not None:
            continue
        if line.kind == "option":
            drop_more = line.name in values and line.value != values[line.name]
            missing.pop(line.name, None)
            written.append(f"{_indent(raw)}{line.name} = {values[line.name]}{newline}" if drop_more else raw)
            continue
        if not (line.kind == "more" and drop_more):
            written.append(raw)
    indent = _indent_after(lines, section)
    written += [f"{indent}{assignment}{newline}" for assignment in _assignments(missing)]
    before = "".join(line.text for line in lines[: section.start])
    after = "".join(line.text for line in lines[section.end :])
    result = before + "".join(written) + after
    return result if ended or after else result[: -len(newline)]


def _indent_after(lines: list[_Line], section: Section) -> str:
    """How far a new option at a section's end is indented: so that what follows does not become a part of its value."""
    own = [line.text for line in lines[section.start + 1 : section.end] if line.kind == "option"]
    next_header = [line.text for line in lines[section.end :] if line.kind == "header"]
    return _indent([*next_header[:1], *own][-1]) if own or next_header else ""


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
