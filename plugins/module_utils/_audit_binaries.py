# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules about compiled files: whether the runtime's loader can load them, and its Python finds them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ansible_collections.asesoria.serverless.plugins.module_utils._elf import Elf
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import Finding, Layer
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import MACHINES

_BITS = 64
_LIBSTDCXX = "libstdc++.so.6"
_EXTENSION = re.compile(r"(?P<module>[^.]+)\.(?P<tag>[^.]+)\.(so|pyd)")
#: How the file name tags of extension modules begin, whatever Python they are of.
_TAG = re.compile(r"(cpython|pypy|graalpy|graalpython|pyston|cp\d|pp\d|abi\d)", re.IGNORECASE)
_STABLE = "abi3"
#: Windows programs that these distributions bring on every system: they are copied into what is made for Windows.
_LAUNCHERS = re.compile(r"(.*/)?(distlib/[tw](32|64|64-arm)|setuptools/(cli|gui)(-32|-64|-arm64)?)\.exe")


def dotted(version: tuple[int, ...]) -> str:
    """A version as it is written.

    >>> dotted((2, 26))
    '2.26'
    """
    return ".".join(map(str, version))


def _fits(layer: Layer, elf: Elf) -> bool:
    return (elf.machine, elf.bits, elf.little_endian) == (MACHINES[layer.target.architecture], _BITS, True)


def _fitting(layer: Layer) -> Iterator[tuple[str, Elf]]:
    """What the processor can run; of the rest, one finding is enough."""
    return (found for found in layer.binaries if _fits(layer, found[1]))


def wrong_machine(layer: Layer) -> Iterator[Finding]:
    """Files for another processor."""
    architecture = layer.target.architecture
    for path, elf in layer.binaries:
        if not _fits(layer, elf):
            yield Finding(
                "wrong-machine",
                f"this is for {elf.machine} ({elf.bits} bits), and the {layer.kind.name} for {architecture}",
                f"Install a wheel for {MACHINES[architecture]}, or compile on a builder of that architecture",
                file=path,
            )


def glibc_too_new(layer: Layer) -> Iterator[Finding]:
    """Files that need a later GNU C library than the runtime has."""
    system = layer.target.runtime.os
    for path, elf in _fitting(layer):
        needed = elf.highest("GLIBC")
        if needed and needed > system.glibc:
            tag = f"manylinux_{'_'.join(map(str, system.glibc))}_{MACHINES[layer.target.architecture]}"
            yield Finding(
                "glibc-too-new",
                f"this needs glibc {dotted(needed)}, and {layer.target.runtime.identifier} has "
                f"{dotted(system.glibc)} ({system.name})",
                f"Take a version that has a wheel for {tag} or older, compile it on {system.name}, or choose a runtime "
                "with a later glibc",
                file=path,
            )


def libstdcxx_too_new(layer: Layer) -> Iterator[Finding]:
    """Files that need a later C++ library than the runtime has, unless they bring it."""
    system = layer.target.runtime.os
    for path, elf in _fitting(layer):
        if _brings(layer, path, elf, _LIBSTDCXX):
            continue
        for family, there in (("GLIBCXX", system.glibcxx), ("CXXABI", system.cxxabi)):
            needed = elf.highest(family, library=_LIBSTDCXX)
            if needed and needed > there:
                yield Finding(
                    "libstdcxx-too-new",
                    f"this needs {family}_{dotted(needed)} of libstdc++, and {layer.target.runtime.identifier} has "
                    f"{family}_{dotted(there)} ({system.name})",
                    f"Take a version that was compiled with an older gcc, or compile it on {system.name}",
                    file=path,
                )


def _brings(layer: Layer, path: str, elf: Elf, library: str) -> bool:
    """Whether the loader finds a library of this name in the folders that the file itself names."""
    beside = posixpath.dirname(path)
    for folder in elf.search:
        at = folder.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", beside)
        found = layer.resolve(posixpath.normpath(posixpath.join(at.removeprefix(f"{layer.kind.mounted}/"), library)))
        if found and found.kind == "file":
            return True
    return False


def _libraries(layer: Layer) -> set[str]:
    """Names of the libraries that are there, wherever they are: what one module has loaded, the others find by name."""
    fitting = dict(_fitting(layer))
    names = {elf.soname for elf in fitting.values() if elf.soname}
    for path, entry in layer.entries.items():
        target = layer.resolve(path) if entry.kind == "link" else entry
        if target and target.path in fitting:
            names.add(posixpath.basename(path))
    return names


def missing_library(layer: Layer) -> Iterator[Finding]:
    """Files that need a library that is neither brought along nor in the runtime."""
    runtime = layer.target.runtime
    there = _libraries(layer) | runtime.libraries(layer.target.architecture)
    for path, elf in _fitting(layer):
        interpreter = [elf.interpreter] if elf.interpreter else []
        for library in dict.fromkeys([*elf.needed, *interpreter]):
            if posixpath.basename(library) not in there:
                yield Finding(
                    "missing-library",
                    f"this needs {library}, which neither the {layer.kind.name} nor {runtime.identifier} has",
                    "Take a wheel that brings the library along, or put the library into lib/ of the "
                    f"{layer.kind.name}",
                    file=path,
                )


def wrong_abi(layer: Layer) -> Iterator[Finding]:
    """Extension modules that the runtime's Python does not see, since their name is for another one."""
    number = layer.target.runtime.python.replace(".", "")
    right = f"cpython-{number}-{MACHINES[layer.target.architecture]}-linux-gnu"
    for path, entry in layer.entries.items():
        folder, name = posixpath.split(path)
        found = _EXTENSION.fullmatch(name)
        if not found or entry.kind == "folder" or not _TAG.match(found["tag"]):
            continue
        # A wheel for several versions of Python has one file for each: what matters is that the right one is there,
        # be it this one or another.
        if any(f"{found['module']}.{tag}so" in layer.children(folder) for tag in (f"{right}.", f"{_STABLE}.", "")):
            continue
        yield Finding(
            "wrong-abi",
            f"this extension module is for {found['tag']}, and the {layer.kind.name} for {right}, so it can't be "
            "imported",
            f"Install the wheel for {layer.target}",
            file=path,
        )


def foreign_binary(layer: Layer) -> Iterator[Finding]:
    """Programs and libraries of Windows and macOS."""
    for path, file in layer.files.items():
        if file.foreign and not _LAUNCHERS.fullmatch(path):
            yield Finding(
                "foreign-binary",
                f"this is a binary for {file.foreign}",
                f"Install the wheel for {layer.target}, or allow it if the distribution brings it on every system",
                file=path,
            )
