# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leaves out of a layer what no import and no call needs at run time.

C(safe) leaves out what is for type checkers, compilers, debuggers and the packages' own tests:

* stubs, C(*.pyi), but where the code beside them reads them when it is imported, as C(lazy_loader.attach_stub) does;
* sources and headers of compiled languages, and static libraries;
* folders C(tests) inside a package, but those that something that stays imports. C(numpy.testing), C(django.test) and
  the like are no such folders and stay, and so does a distribution that is called C(tests);
* symbol tables and debugging sections of shared libraries, see C(_strip), where they are a tenth of the file or more.
  A debugger then shows addresses in them. What is loaded stays byte for byte as it is.

C(max) leaves out, beside that:

* these tables and sections however small they are;
* programs, libraries and scripts for Windows and macOS, such as the launchers that setuptools copies on Windows.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._file_tree import files_below, folder_of, folders_of
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Saved
from ansible_collections.asesoria.serverless.plugins.module_utils._strip import strip, strip_tree

NONE, SAFE, MAX = LEVELS = ("none", "safe", "max")

#: How much of a shared library has to be of no use at run time, so that it is written anew, by level.
_WORTH_STRIPPING = {SAFE: 1 / 10, MAX: 0.0}
_TESTS = "tests"
_PACKAGE = "__init__.py"
_STUB = ".pyi"
#: Suffixes of what only a compiler reads. Cython's C(.pxd) is its header.
_FOR_COMPILERS = frozenset(
    {".a", ".c", ".cc", ".cpp", ".cxx", ".f", ".f90", ".h", ".hh", ".hpp", ".hxx", ".lib", ".pxd", ".pxi", ".pyx"}
)
#: Suffixes of what only Windows or macOS runs or loads.
_FOR_OTHER_SYSTEMS = frozenset({".bat", ".cmd", ".dll", ".dylib", ".exe", ".ps1", ".pyd"})
_STUB_NAME = re.compile(rb"\.pyi\b")
# An import statement, over several lines where it has parentheses or backslashes.
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(?P<source>[.\w]+)[ \t]+import[ \t]*(?P<names>\([^)]*\)|(?:\\\n|[^#\n])*)"
    rb"|import[ \t]+(?P<modules>(?:\\\n|[^#\n])+))",
    re.MULTILINE,
)


Reader = Callable[[str], bytes]
"""Gives the content of a file by its name."""


def unused_files(names: Collection[str], *, read: Reader, level: str) -> frozenset[str]:
    """Which files of an import folder a level leaves out.

    :param names: of all its files, with C(/), relative to it.
    :param read: gives their contents; it is asked for Python sources only.
    :param level: one of C(LEVELS).
    """
    if level == NONE:
        return frozenset()
    tests = frozenset(_unused_tests(names, read))
    return tests | frozenset(_of_no_use([name for name in names if name not in tests], read, _suffixes(level)))


def stays_anyway(name: str, *, level: str) -> bool:
    """Whether a level keeps a file whatever the sources beside it say, so that one need not have read them.

    :param name: of the file, with C(/), relative to the import folder.
    :param level: one of C(LEVELS).
    """
    suffix = posixpath.splitext(name)[1].lower()
    return level == NONE or not (f"/{_TESTS}/" in name or suffix == _STUB or suffix in _suffixes(level))


def remove_unused(folder: Path, *, level: str) -> Saved:
    """Remove from an import folder what a level leaves out.

    :param folder: it is changed.
    :param level: one of C(LEVELS).
    :returns: what is gone.
    :raises OSError: reading or writing failed.
    """
    there = files_below(folder)
    unused = unused_files(there.keys(), read=lambda name: (folder / name).read_bytes(), level=level)
    saved = Saved(files=len(unused), size=sum(there[name].st_size for name in unused))
    for name in sorted(unused):
        (folder / name).unlink()
    return saved


def strip_symbols(folder: Path, *, level: str) -> dict[str, int]:
    """Take out of shared libraries what a level leaves out.

    :param folder: it is changed.
    :param level: one of C(LEVELS).
    :returns: bytes that are gone, by the names of the files, with C(/), relative to the folder.
    :raises OSError: reading or writing failed.
    """
    stripped = {} if level == NONE else strip_tree(folder, share=_WORTH_STRIPPING[level])
    return {path.relative_to(folder).as_posix(): saved for path, saved in stripped.items()}


def without_symbols(content: bytes, *, level: str) -> bytes | None:
    """A shared library without what a level leaves out of it; None if that is nothing.

    :param content: a file.
    :param level: one of C(LEVELS).
    """
    return None if level == NONE else strip(content, share=_WORTH_STRIPPING[level])


def _suffixes(level: str) -> frozenset[str]:
    return _FOR_COMPILERS | _FOR_OTHER_SYSTEMS if level == MAX else _FOR_COMPILERS


def _of_no_use(names: Collection[str], read: Reader, suffixes: frozenset[str]) -> Iterator[str]:
    suffix_of = {name: posixpath.splitext(name)[1].lower() for name in names}
    stubs = {name for name, suffix in suffix_of.items() if suffix == _STUB}
    beside = {folder_of(name) for name in stubs}
    sources = [name for name in names if name.endswith(".py") and folder_of(name) in beside]
    reading = {folder_of(name) for name in sources if _reads_stubs(read(name))}
    yield from (name for name in stubs if folder_of(name) not in reading)
    yield from (name for name, suffix in suffix_of.items() if suffix in suffixes)


def _reads_stubs(source: bytes) -> bool:
    # A pattern alone would look at every byte.
    return b"attach_stub" in source or (b".pyi" in source and _STUB_NAME.search(source) is not None)


def _unused_tests(names: Collection[str], read: Reader) -> Iterator[str]:
    """Files below folders of tests that nothing that stays imports."""
    unused = {folder.replace("/", "."): f"{folder}/" for folder in _folders_of_tests(names)}
    sources = [name for name in names if name.endswith(".py")]
    staying = [name for name in sources if not _is_below(name, unused.values())]
    while staying and unused:
        imported = {module for name in staying for module in _imported_tests(name, read(name))}
        kept = [unused.pop(module) for module in sorted(imported & unused.keys())]
        # What a folder that stays imports has to stay as well.
        staying = [name for name in sources if _is_below(name, kept) and not _is_below(name, unused.values())]
    return (name for name in names if _is_below(name, unused.values()))


def _folders_of_tests(names: Collection[str]) -> set[str]:
    """Folders of that name inside packages."""
    present = frozenset(names)
    folders = folders_of(name for name in names if f"/{_TESTS}/" in name)
    inside = {folder for folder in folders if folder.endswith(f"/{_TESTS}")}
    return {folder for folder in inside if f"{folder_of(folder)}/{_PACKAGE}" in present}


def _is_below(name: str, folders: Collection[str]) -> bool:
    return f"/{_TESTS}/" in name and name.startswith(tuple(folders))


def _imported_tests(name: str, source: bytes) -> Iterator[str]:
    """Dotted names, up to and with C(tests), of what a source file imports."""
    if _TESTS.encode() not in source:
        return
    package = tuple(name.split("/")[:-1])
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
