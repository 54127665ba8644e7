# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check whether source files are valid in the runtime's version of Python, whatever version this is.

The runtime's own interpreter says it where the control node has one. Else a newer Python says it as well: it knows what
each version added, but for two things, which are checked here. An older Python knows nothing of newer syntax: what it
can't parse is invalid only if the file has nothing that newer versions could mean.
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular

#: Runs a command and returns its output; ``None`` if there is no such program or it fails.
Runner = Callable[[Sequence[str]], "str | None"]
Version = tuple[int, int]

_FILES_PER_CALL = 200
_COMPILE = """
import json, sys, warnings
warnings.simplefilter("ignore")
found = []
for path in sys.argv[1:]:
    try:
        with open(path, "rb") as stream:
            compile(stream.read(), path, "exec", dont_inherit=True)
        found.append(None)
    except SyntaxError as error:
        found.append([error.lineno or 1, error.msg or "invalid syntax"])
    except ValueError as error:
        found.append([1, str(error)])
    except Exception:
        found.append(None)
print(json.dumps([list(sys.version_info[:2]), found]))
"""
_F_STRING = re.compile(r"\b[fF][rR]?['\"]|\b[rR][fF]['\"]")
#: What a version of Python added to the syntax, as it could stand in a file. Source: "What's New in Python" of 3.11 to
#: 3.14, read on 2026-12-01. A file that has none of it means the same to an older version.
_ADDED: tuple[tuple[Version, str, re.Pattern[str]], ...] = (
    ((3, 11), "except*", re.compile(r"\bexcept\s*\*")),
    ((3, 11), "* in an index", re.compile(r"\[[^\]]*\*")),
    ((3, 12), "the statement type", re.compile(r"^\s*type\s+\w+", re.MULTILINE)),
    ((3, 12), "type parameters", re.compile(r"\b(?:def|class)\s+\w+\s*\[")),
    ((3, 12), "the f-string", _F_STRING),
    ((3, 13), "defaults of type parameters", re.compile(r"\b(?:def|class|type)\s+\w+\s*\[[^\]]*=")),
    ((3, 14), "except without brackets", re.compile(r"\bexcept\b[^:(]*,")),
    ((3, 14), "the t-string", re.compile(r"\b[tT][rR]?['\"]|\b[rR][tT]['\"]")),
)
#: The first version that parses f-strings as the rest of the language (PEP 701).
_NESTED_F_STRINGS = (3, 12)
_STAR_IN_INDEX = (3, 11)


@dataclass(frozen=True)
class SyntaxProblem:
    """A file that a version of Python can't compile.

    :param path: The file.
    :param line: Line of the problem.
    :param reason: Python's own words.
    """

    path: Path
    line: int
    reason: str


@dataclass(frozen=True)
class SyntaxVerdict:
    """What is known of some files.

    :param problems: Files that are certainly invalid.
    :param unknown: Files of which this host can't tell.
    """

    problems: tuple[SyntaxProblem, ...] = ()
    unknown: tuple[Path, ...] = ()


def check_syntax(
    paths: Sequence[Path],
    *,
    python: Version,
    interpreters: Sequence[str],
    runner: Runner,
    own: Version = sys.version_info[:2],
) -> SyntaxVerdict:
    """Check source files against a version of Python.

    :param paths: The files.
    :param python: The version.
    :param interpreters: Programs that may be of that version, best one first.
    :param runner: Runs them.
    :param own: Version of the Python that runs this.
    """
    if own == python:
        return _verdict(paths, [_own_problem(path) for path in paths])
    for interpreter in interpreters:
        answered = _ask(interpreter, paths, python=python, runner=runner)
        if answered is not None:
            return _verdict(paths, answered)
    return _verdict(paths, [_judged(path, python=python, own=own) for path in paths])


Found = tuple[int, str]
_UNKNOWN: Found = (0, "")


def _verdict(paths: Sequence[Path], found: Sequence[Found | None]) -> SyntaxVerdict:
    pairs = list(zip(paths, found, strict=True))
    return SyntaxVerdict(
        problems=tuple(SyntaxProblem(path, *each) for path, each in pairs if each is not None and each != _UNKNOWN),
        unknown=tuple(path for path, each in pairs if each == _UNKNOWN),
    )


def _ask(interpreter: str, paths: Sequence[Path], *, python: Version, runner: Runner) -> list[Found | None] | None:
    """What an interpreter says of each file; ``None`` if it does not run or is of another version."""
    answers: list[Found | None] = []
    for start in range(0, len(paths), _FILES_PER_CALL):
        part = [str(path) for path in paths[start : start + _FILES_PER_CALL]]
        output = runner([interpreter, "-I", "-S", "-c", _COMPILE, *part])
        try:
            version, found = json.loads((output or "").strip().splitlines()[-1])
            if tuple(version) != python or len(found) != len(part):
                return None
            answers += [(int(each[0]), str(each[1])) if each else None for each in found]
        except (ValueError, IndexError, TypeError):
            return None
    return answers


def _own_problem(path: Path) -> Found | None:
    """What this Python says of a file; ``None`` if it compiles."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(read_regular(path), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or 1, error.msg or "invalid syntax"
    except ValueError as error:
        return 1, str(error)
    except (OSError, RecursionError, MemoryError):
        return _UNKNOWN
    return None


def _judged(path: Path, *, python: Version, own: Version) -> Found | None:
    """What this Python can say of a file for another version."""
    problem = _own_problem(path)
    if own > python:
        return problem or _added_since(path, python=python)
    if problem is None or problem == _UNKNOWN:
        return problem
    text = _text(path)
    newer = any(own < version <= python and pattern.search(text) for version, _name, pattern in _ADDED)
    return _UNKNOWN if newer else problem


def _added_since(path: Path, *, python: Version) -> Found | None:
    """What in a file that is valid here is newer than a version of Python."""
    content = read_regular(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(content, feature_version=python)
            tree = ast.parse(content)
    except SyntaxError as error:
        return error.lineno or 1, error.msg or "invalid syntax"
    for node in ast.walk(tree):
        if python < _STAR_IN_INDEX and isinstance(node, ast.Subscript) and _has_star(node.slice):
            return node.lineno, "* in an index is only supported in Python 3.11 and greater"
    if python < _NESTED_F_STRINGS and sys.version_info >= _NESTED_F_STRINGS:
        text = _text(path)
        return next(_newer_f_strings(text), None) if _F_STRING.search(text) else None
    return None


def _has_star(node: ast.expr) -> bool:
    return isinstance(node, ast.Starred) or (
        isinstance(node, ast.Tuple) and any(isinstance(item, ast.Starred) for item in node.elts)
    )


def _newer_f_strings(text: str) -> Iterator[Found]:
    """F-strings that Python took from 3.12 on only: until then one was a string first, and parsed afterwards."""
    lines = text.splitlines(keepends=True)
    depth = 0
    start: tuple[int, int] = (0, 0)
    opening = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "FSTRING_START":
            if depth == 0:
                start, opening = token.start, token.string
            depth += 1
        elif kind == "FSTRING_END":
            depth -= 1
            if depth == 0 and not _is_one_string(_between(lines, start, token.end), opening=opening):
                yield start[0], "f-string: nested quotes are only supported in Python 3.12 and greater"
        elif depth and kind == "COMMENT":
            yield token.start[0], "f-string: comments are only supported in Python 3.12 and greater"
        elif "\\" in token.string and ((depth and kind == "STRING") or (depth > 1 and kind == "FSTRING_MIDDLE")):
            yield token.start[0], "f-string: a backslash in an expression is only supported in Python 3.12 and greater"


def _between(lines: Sequence[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    inner = lines[start[0] : end[0] - 1]
    return "".join([lines[start[0] - 1][start[1] :], *inner, lines[end[0] - 1][: end[1]]])


def _is_one_string(text: str, *, opening: str) -> bool:
    """Whether an f-string ends where a plain string with these quotes would end."""
    quotes = opening.lstrip("fFrRbBuU")
    inner = r"(?:[^\\]|\\.)*?" if len(quotes) > 1 else r"(?:[^\\\n]|\\.)*?"
    match = re.match(f"{re.escape(opening)}{inner}{quotes}", text, re.DOTALL)
    return match is not None and match.end() == len(text)


def _text(path: Path) -> str:
    """A source file's text, as Python decodes it."""
    content = read_regular(path)
    try:
        encoding, _lines = tokenize.detect_encoding(io.BytesIO(content).readline)
        return io.TextIOWrapper(io.BytesIO(content), encoding=encoding).read()
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return content.decode("utf-8", "replace")
