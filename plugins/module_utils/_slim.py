# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leaves out of a layer what no import and no call needs at run time.

C(safe) removes whole files, those that are for type checkers, compilers and the packages' own tests:

* stubs, C(*.pyi), but where the code beside them reads them when it is imported, as C(lazy_loader.attach_stub) does;
* sources and headers of compiled languages, and static libraries;
* folders C(tests) inside a package, but those that something that stays imports. C(numpy.testing), C(django.test) and
  the like are no such folders and stay, and so does a distribution that is called C(tests).

C(max) removes, beside that, what needs a look into files or another system to be of use:

* symbol tables and debugging sections of shared libraries, see C(_strip): a debugger then shows addresses in them;
* programs, libraries and scripts for Windows and macOS, such as the launchers that setuptools copies on Windows.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Saved
from ansible_collections.asesoria.serverless.plugins.module_utils._strip import strip_tree

NONE, SAFE, MAX = LEVELS = ("none", "safe", "max")

_TESTS = "tests"
_STUB = ".pyi"
#: Suffixes of what only a compiler reads. Cython's C(.pxd) is its header.
_FOR_COMPILERS = frozenset(
    {".a", ".c", ".cc", ".cpp", ".cxx", ".f", ".f90", ".h", ".hh", ".hpp", ".hxx", ".lib", ".pxd", ".pxi", ".pyx"}
)
#: Suffixes of what only Windows or macOS runs or loads.
_FOR_OTHER_SYSTEMS = frozenset({".bat", ".cmd", ".dll", ".dylib", ".exe", ".ps1", ".pyd"})
_READS_STUBS = re.compile(rb"attach_stub|\.pyi\b")
# An import statement, over several lines where it has parentheses or backslashes.
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(?P<source>[.\w]+)[ \t]+import[ \t]*(?P<names>\([^)]*\)|(?:\\\n|[^#\n])*)"
    rb"|import[ \t]+(?P<modules>(?:\\\n|[^#\n])+))",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Slimmed:
    """What a level has done.

    :param saved: what is gone.
    :param rewritten: files that are still there and have become smaller.
    """

    saved: Saved
    rewritten: tuple[Path, ...] = ()


def slim_tree(folder: Path, *, level: str) -> Slimmed:
    """Remove from an installed tree what a level leaves out.

    :param folder: what C(pip install --target) filled; it is changed.
    :param level: one of C(LEVELS).
    :raises OSError: reading or writing failed.
    """
    if level == NONE:
        return Slimmed(Saved(files=0, size=0))
    before = _measure(folder)
    suffixes = _FOR_COMPILERS | _FOR_OTHER_SYSTEMS if level == MAX else _FOR_COMPILERS
    for path in [*_unused_tests(folder), *_unused_files(folder, suffixes)]:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
    rewritten = strip_tree(folder) if level == MAX else []
    after = _measure(folder)
    saved = Saved(files=before.files - after.files, size=before.size - after.size)
    return Slimmed(saved, rewritten=tuple(rewritten))


def _measure(folder: Path) -> Saved:
    sizes = [path.lstat().st_size for path in folder.rglob("*") if path.is_file()]
    return Saved(files=len(sizes), size=sum(sizes))


def _unused_files(folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    for parent, _folders, names in os.walk(folder):
        suffix_of = {name: PurePosixPath(name).suffix.lower() for name in names}
        unread = _STUB in suffix_of.values() and not _stubs_are_read(Path(parent))
        for name, suffix in suffix_of.items():
            if suffix in suffixes or (suffix == _STUB and unread):
                yield Path(parent, name)


def _stubs_are_read(folder: Path) -> bool:
    return any(_READS_STUBS.search(path.read_bytes()) for path in folder.glob("*.py"))


def _unused_tests(folder: Path) -> list[Path]:
    """Folders of tests that nothing that stays imports."""
    unused = {
        ".".join(path.relative_to(folder).parts): path
        for path in folder.rglob(_TESTS)
        if path.is_dir() and path.parent != folder and (path.parent / "__init__.py").is_file()
    }
    staying = [path for path in folder.rglob("*.py") if not _is_below(path, unused.values())]
    while staying and unused:
        imported = {module for path in staying for module in _imported_tests(path, folder)}
        kept = [unused.pop(module) for module in sorted(imported & unused.keys())]
        # What a folder that stays imports has to stay as well.
        staying = [path for parent in kept for path in parent.rglob("*.py") if not _is_below(path, unused.values())]
    return sorted(unused.values())


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return _TESTS in path.parts and any(path.is_relative_to(folder) for folder in folders)


def _imported_tests(path: Path, folder: Path) -> Iterator[str]:
    """Dotted names, up to and with C(tests), of what a source file imports."""
    package = path.relative_to(folder).parts[:-1]
    source = path.read_bytes()
    if _TESTS.encode() not in source:
        return
    for match in _IMPORT.finditer(source):
        for parts in _modules(match, package):
            if _TESTS in parts:
                yield ".".join(parts[: parts.index(_TESTS) + 1])


def _modules(match: re.Match[bytes], package: tuple[str, ...]) -> Iterator[list[str]]:
    if match["modules"] is not None:
        for name in match["modules"].decode(errors="replace").replace("\\\n", " ").split(","):
            yield name.split(" as ")[0].strip().split(".")
        return
    source = match["source"].decode(errors="replace")
    level = len(source) - len(source.lstrip("."))
    base = [*package[: len(package) - level + 1]] if level else []
    full = [*base, *(part for part in source.lstrip(".").split(".") if part)]
    yield full
    for name in re.findall(r"\w+", match["names"].decode(errors="replace")):
        yield [*full, name]
