# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the AWS SDKs can read an AWS configuration file, before it is changed or a profile is searched in it.

Source: botocore's C(configloader), functions C(raw_config_parse) and C(_parse_nested). No message quotes a line,
because a line that can't be read may be half of a secret.
"""

from __future__ import annotations

import io
import re
from configparser import (
    DuplicateOptionError,
    DuplicateSectionError,
    Error,
    MissingSectionHeaderError,
    ParsingError,
    RawConfigParser,
)
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_BYTE_ORDER_MARK = "\ufeff"
#: Bytes that are no UTF-8, as Python decodes them with surrogateescape.
_NO_TEXT = re.compile("[\udc80-\udcff]")
_NEWLINE = re.compile(r"\r\n|\r|\n")


class ConfigFileError(ServerlessError):
    """An AWS configuration file that the AWS SDKs can't read."""


def parse(text: str, *, path: Path) -> RawConfigParser:
    """Parse an AWS configuration file as botocore does.

    :param text: Content of the file; bytes that are no UTF-8 as surrogates.
    :param path: Path of the file, for messages.
    :raises ConfigFileError: botocore can't read the file.
    """
    _require_text(text, path=path)
    parser = RawConfigParser()
    try:
        # Line endings as Python translates them when botocore opens the file.
        parser.read_file(io.StringIO(text, newline=None), source=str(path))
    except Error as error:
        line, problem, remedy = _explain(error)
        raise _refusal(path, line, problem, remedy) from error
    _require_nested_values(parser, path=path, text=text)
    return parser


def _refusal(path: Path, line: int, problem: str, remedy: str) -> ConfigFileError:
    return ConfigFileError(f"the AWS SDKs can't read {path}: line {line} {problem}", f"{remedy}, then run again")


def _require_text(text: str, *, path: Path) -> None:
    if text.startswith(_BYTE_ORDER_MARK):
        raise _refusal(
            path, 1, "begins with a byte order mark", "Save the file as UTF-8 without a byte order mark (BOM)"
        )
    found = _NO_TEXT.search(text)
    if found:
        line = 1 + len(_NEWLINE.findall(text[: found.start()]))
        raise _refusal(path, line, "has bytes that are not UTF-8", "Save the file as UTF-8")


def _explain(error: Error) -> tuple[int, str, str]:
    """Return the line, the problem and the remedy of what configparser has refused."""
    if isinstance(error, DuplicateOptionError):
        return (
            error.lineno or 1,
            f"sets {error.option} of [{error.section}] a second time",
            "Remove one of the two lines",
        )
    if isinstance(error, DuplicateSectionError):
        return (
            error.lineno or 1,
            f"begins the section [{error.section}] a second time",
            "Join the two sections, or remove one of them",
        )
    if isinstance(error, MissingSectionHeaderError):
        return error.lineno, "is in no section", "Put a line such as [default] above it, or remove it"
    line = error.errors[0][0] if isinstance(error, ParsingError) and error.errors else 1
    return line, "is neither a section, nor a setting (name = value), nor a comment", "Correct or remove the line"


def _require_nested_values(parser: RawConfigParser, *, path: Path, text: str) -> None:
    """Require that indented lines below an empty value, such as those below C(s3 =), are settings."""
    for section in parser.sections():
        for option, value in parser.items(section):
            if value and value.startswith("\n") and any(line.strip() and "=" not in line for line in value.split("\n")):
                raise _refusal(
                    path,
                    _line_of(text, section, option),
                    f"begins the setting {option} of [{section}], whose indented lines are not all settings",
                    "Give each of the indented lines the form name = value",
                )


def _line_of(text: str, section: str, option: str) -> int:
    """Return the number of the line that begins a setting."""
    inside = False
    for number, line in enumerate(_NEWLINE.split(text), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            inside = stripped.startswith(f"[{section}]")
        elif inside and stripped.lower().partition("=")[0].partition(":")[0].strip() == option:
            return number
    return 1
