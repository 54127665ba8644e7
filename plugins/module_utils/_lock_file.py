# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lock in the format of PEP 751, C(pylock.toml): the same text for the same content, and read back with care.

The table C([tool.asesoria-serverless]) holds what the standard has no place for: the target, a key of all inputs, and
as its last line a hash of all text before it, which tells an edited or damaged lock.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._toml import read_toml

with suppress(ImportError):  # It came with packaging 25.
    from packaging.pylock import Pylock, PylockValidationError

VERSION = "1.0"
CREATOR = "asesoria.serverless"
TOOL = "asesoria-serverless"
_KINDS = ("wheel", "sdist", "directory", "vcs")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LAST_LINE = re.compile(r"content-sha256 = \"(?P<sha256>[0-9a-f]{64})\"\n")


class LockFileError(ServerlessError):
    """A file that is no lock of ours, or not any more."""


@dataclass(frozen=True)
class LockedPackage:
    """One distribution of a lock.

    :param name: normalized.
    :param version: empty if only a build would tell.
    :param kind: C(wheel), C(sdist), C(directory) or C(vcs).
    :param file: name of the wheel or sdist; empty for the others.
    :param url: address without credentials; empty for what is on this machine.
    :param path: of what is on this machine, relative to the lock, with C(/); empty for the others.
    :param size: bytes of the file; 0 if it is none.
    :param sha256: of the file; empty if it is none.
    :param index: address of the index that it is from, without credentials; empty for what a requirement gave the
        place of.
    :param requires_python: as the distribution says it.
    :param needs: names of the locked distributions that it needs.
    :param direct: whether a requirement gave its place.
    :param commit: of a repository.
    :param revision: branch or tag of a repository that was asked for.
    :param subdirectory: of a repository.
    """

    name: str
    version: str
    kind: str
    file: str = ""
    url: str = ""
    path: str = ""
    size: int = 0
    sha256: str = ""
    index: str = ""
    requires_python: str = ""
    needs: tuple[str, ...] = ()
    direct: bool = False
    commit: str = ""
    revision: str = ""
    subdirectory: str = ""

    def facts(self) -> dict[str, Any]:
        """What a module returns of it; None for what it does not have."""
        values = asdict(self)
        return {key: values[key] or None for key in ("name", "version", "kind", "file", "sha256", "size")}


@dataclass(frozen=True)
class Lock:
    """All that a lock says.

    :param runtime: identifier of the Lambda runtime.
    :param architecture: Lambda's name of it.
    :param marker: holds for the target only.
    :param requires_python: the same for Python.
    :param key: of all inputs.
    :param packages: sorted by name.
    :param to_build: names of the packages that are no wheels.
    :param unknown_dependencies: names of those whose needs only a build would tell.
    :param provided: normalized names of what was left out, because the runtime or another layer brings it.
    :param added: normalized names of what was added to the requirements, because nothing there brings it.
    """

    runtime: str
    architecture: str
    marker: str
    requires_python: str
    key: str
    packages: tuple[LockedPackage, ...]
    to_build: tuple[str, ...] = ()
    unknown_dependencies: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def versions(self) -> dict[str, str]:
        """Version by name; what identifies it instead where there is none."""
        return {each.name: each.version or each.commit[:12] or each.path for each in self.packages}


def render(lock: Lock) -> str:
    """The text of a lock.

    :raises LockFileError: it could not be read back as the same lock.
    """
    body = "\n".join(_lines(lock)) + "\n"
    text = f'{body}content-sha256 = "{_digest(body)}"\n'
    if parse(text) != lock:
        raise LockFileError("the lock that was made does not read back as the same")
    return text


def parse(text: str) -> Lock:
    """Read a lock. A checkout with other line ends is the same lock.

    :raises LockFileError: it is not one of ours, or its text was edited or damaged.
    """
    text = text.replace("\r\n", "\n")
    cut = text.rfind("\n", 0, -1) + 1
    last = _LAST_LINE.fullmatch(text[cut:])
    if last is None or last["sha256"] != _digest(text[:cut]):
        raise LockFileError("its text was edited or damaged")
    try:
        content = read_toml(text)
        _validate(content)
        return _read(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LockFileError("it is no lock of this collection") from error


def read_lock(path: Path) -> Lock:
    """Read a lock from its file.

    :raises LockFileError: there is none, or it was edited or damaged.
    """
    remedy = "Make it anew with layer_lock"
    try:
        return parse(read_text(path))
    except OSError as error:
        raise LockFileError(f"the lock {path} can't be read ({error.strerror})", remedy) from error
    except LockFileError as error:
        raise LockFileError(f"the lock {path} can't be used: {error.problem}", remedy) from error


def read_text(path: Path) -> str:
    """The text of a lock, whatever bytes are in it.

    :raises OSError: it can't be read.
    """
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _validate(content: Mapping[str, Any]) -> None:
    """Hold it against the standard; an older packaging can't."""
    try:
        Pylock.from_dict(content).validate()
    except NameError:
        return
    except PylockValidationError as error:
        raise LockFileError(f"it does not follow PEP 751: {error}") from error


def _lines(lock: Lock) -> Iterator[str]:
    yield f"lock-version = {_string(VERSION)}"
    yield f"environments = [{_string(lock.marker)}]"
    yield f"requires-python = {_string(lock.requires_python)}"
    yield f"created-by = {_string(CREATOR)}"
    for package in lock.packages:
        yield ""
        yield "[[packages]]"
        yield from _package_lines(package)
    yield ""
    yield f"[tool.{TOOL}]"
    yield f"runtime = {_string(lock.runtime)}"
    yield f"architecture = {_string(lock.architecture)}"
    yield f"key = {_string(lock.key)}"
    yield f"to-build = {_strings(lock.to_build)}"
    yield f"unknown-dependencies = {_strings(lock.unknown_dependencies)}"
    if lock.provided:
        yield f"provided = {_strings(lock.provided)}"
    if lock.added:
        yield f"added = {_strings(lock.added)}"


def _package_lines(package: LockedPackage) -> Iterator[str]:
    yield f"name = {_string(package.name)}"
    if package.version:
        yield f"version = {_string(package.version)}"
    if package.requires_python:
        yield f"requires-python = {_string(package.requires_python)}"
    if package.needs:
        yield f"dependencies = [{', '.join(f'{{ name = {_string(name)} }}' for name in package.needs)}]"
    if package.index:
        yield f"index = {_string(package.index)}"
    if package.kind == "directory":
        yield f"directory = {_inline(_directory(package))}"
    elif package.kind == "vcs":
        yield f"vcs = {_inline(_vcs(package))}"
    elif package.direct:
        yield f"archive = {_inline(_file(package, named=False))}"
    elif package.kind == "sdist":
        yield f"sdist = {_inline(_file(package, named=True))}"
    else:
        yield "wheels = ["
        yield f"    {_inline(_file(package, named=True))},"
        yield "]"


def _directory(package: LockedPackage) -> dict[str, Any]:
    return {"path": package.path, "editable": False, "subdirectory": package.subdirectory}


def _vcs(package: LockedPackage) -> dict[str, Any]:
    return {
        "type": "git",
        "url": package.url,
        "path": package.path,
        "requested-revision": package.revision,
        "commit-id": package.commit,
        "subdirectory": package.subdirectory,
    }


def _file(package: LockedPackage, *, named: bool) -> dict[str, Any]:
    return {
        "name": package.file if named else "",
        "url": package.url,
        "path": package.path,
        "size": package.size,
        "hashes": {"sha256": package.sha256},
    }


def _inline(values: Mapping[str, Any]) -> str:
    """An inline table; what is empty is left out."""
    parts = [f"{key} = {_value(value)}" for key, value in values.items() if value != ""]
    return f"{{ {', '.join(parts)} }}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _inline(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _string(value)


def _string(value: str) -> str:
    """A string of TOML, which escapes as JSON does, and one character more."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _strings(values: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_string, values))}]"


def _read(content: Mapping[str, Any]) -> Lock:
    tool = content["tool"][TOOL]
    (marker,) = content["environments"]
    return Lock(
        runtime=tool["runtime"],
        architecture=tool["architecture"],
        marker=marker,
        requires_python=content["requires-python"],
        key=tool["key"],
        packages=tuple(_read_package(package) for package in content.get("packages", [])),
        to_build=tuple(tool["to-build"]),
        unknown_dependencies=tuple(tool["unknown-dependencies"]),
        provided=tuple(tool.get("provided", ())),
        added=tuple(tool.get("added", ())),
    )


def _read_package(package: Mapping[str, Any]) -> LockedPackage:
    common = {
        "name": package["name"],
        "version": package.get("version", ""),
        "index": package.get("index", ""),
        "requires_python": package.get("requires-python", ""),
        "needs": tuple(each["name"] for each in package.get("dependencies", [])),
    }
    return LockedPackage(**common, **_read_source(package))


def _read_source(package: Mapping[str, Any]) -> dict[str, Any]:
    if "directory" in package:
        entry = package["directory"]
        return {
            "kind": "directory",
            "direct": True,
            "path": entry["path"],
            "subdirectory": entry.get("subdirectory", ""),
        }
    if "vcs" in package:
        entry = package["vcs"]
        return {
            "kind": "vcs",
            "direct": True,
            "url": entry.get("url", ""),
            "path": entry.get("path", ""),
            "commit": entry["commit-id"],
            "revision": entry.get("requested-revision", ""),
            "subdirectory": entry.get("subdirectory", ""),
        }
    if "archive" in package:
        entry = package["archive"]
        name = (entry.get("url") or entry["path"]).rpartition("/")[2]
        return {"direct": True, "kind": _kind(name), **_read_file(entry, name=name)}
    entry = package["sdist"] if "sdist" in package else package["wheels"][0]
    return {"kind": "sdist" if "sdist" in package else "wheel", **_read_file(entry, name=entry["name"])}


def _kind(name: str) -> str:
    return "wheel" if name.endswith(".whl") else "sdist"


def _read_file(entry: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    sha256 = entry["hashes"]["sha256"]
    if not _SHA256.fullmatch(sha256):
        raise ValueError(sha256)
    return {
        "file": name,
        "url": entry.get("url", ""),
        "path": entry.get("path", ""),
        "size": entry["size"],
        "sha256": sha256,
    }
