# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A layer, or a function, as Lambda would have it: what is where, what each file is, which distribution it is of."""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.asesoria.serverless.plugins.module_utils._elf import MAGIC as ELF_MAGIC
from ansible_collections.asesoria.serverless.plugins.module_utils._elf import Elf, ElfError, read_elf
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._foreign import foreign_system
from ansible_collections.asesoria.serverless.plugins.module_utils._installed import (
    DIST_INFO,
    EGG_INFO,
    Installed,
    MetadataError,
    read_installed,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_contents import Contents, DamagedError, Entry
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

#: Where in a layer Lambda's Python looks for modules, beside C(python/lib/python3.X/site-packages).
PYTHON = "python"
#: A zip's top.
TOP = "."
_HEAD = 64
_MOST_LINKS = 40
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Kind:
    """What Lambda makes of a zip.

    :param name: as messages call it.
    :param mounted: where it is unpacked.
    :param roots: the folders that Python imports from, in their order, with C({python}) to be filled in.
    """

    name: str
    mounted: str
    roots: tuple[str, ...]


LAYER = Kind("layer", "/opt", (f"{PYTHON}/lib/python{{python}}/site-packages", PYTHON))
FUNCTION = Kind("function", "/var/task", (TOP,))
KINDS = {kind.name: kind for kind in (LAYER, FUNCTION)}


@dataclass(frozen=True)
class Finding:
    """Something that makes a layer fail, or may.

    :param rule: which rule found it.
    :param problem: what is wrong, one sentence without a full stop at the end.
    :param remedy: what to do about it, in the same form.
    :param file: where, C(None) if it is about the whole.
    :param distribution: whose it is, C(None) if that is not known.
    """

    rule: str
    problem: str
    remedy: str
    file: str | None = None
    distribution: str | None = None


@dataclass(frozen=True)
class File:
    """What is known of a file after one look at its bytes.

    :param size: in bytes.
    :param sha256: in RECORD's form of base64.
    :param head: its first bytes.
    :param elf: its facts, if it is an ELF file that can be read.
    :param foreign: the system that it is a binary of, empty for Linux and for what is no binary.
    """

    size: int
    sha256: str
    head: bytes = field(repr=False)
    elf: Elf | None = None
    foreign: str = ""


def shown(name: str) -> str:
    """A name that can be printed and put into JSON, whatever is in it."""
    return _UNPRINTABLE.sub(lambda found: ascii(found.group())[1:-1], name)


def unsafe_reason(name: str) -> str:
    """Why a name must not be unpacked, empty if it may."""
    reasons = (
        ("it is absolute", name.startswith("/")),
        ("it has a drive letter", re.match(r"[A-Za-z]:", name)),
        ("it has a backslash", "\\" in name),
        ("it leaves the folder", ".." in name.split("/")),
        ("it has control characters, or is not UTF-8", _UNPRINTABLE.search(name)),
        ("it is empty", not name),
        ("it is longer than Linux allows", any(len(part.encode("utf-8", "replace")) > 255 for part in name.split("/"))),  # noqa: PLR2004 - NAME_MAX
    )
    return next((reason for reason, holds in reasons if holds), "")


def in_record_form(digest: bytes) -> str:
    """A hash as RECORD has it."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


class Layer:
    """A layer, or a function's package, for one target.

    :param contents: the zip or folder.
    :param target: what it is for.
    :param kind: which of the two.
    """

    def __init__(self, contents: Contents, *, target: Target, kind: Kind = LAYER) -> None:
        self.contents = contents
        self.target = target
        self.kind = kind
        #: Damage that was met while reading.
        self.damage: list[Finding] = []
        # Of two with one name the last is what unpacking leaves.
        safe = (entry for entry in contents.entries if not unsafe_reason(entry.name))
        self.entries = {entry.path: entry for entry in safe if entry.path != "."}
        self.roots = tuple(root.format(python=target.runtime.python) for root in kind.roots)

    def resolve(self, path: str) -> Entry | None:
        """What is at a path after all links; C(None) if nothing is, or a link leaves the layer."""
        parts = path.split("/")
        at = ""
        followed = 0
        while parts:
            at = posixpath.normpath(posixpath.join(at, parts.pop(0)))
            entry = self.entries.get(at)
            if entry is None or entry.kind != "link":
                continue
            followed += 1
            if followed > _MOST_LINKS or posixpath.isabs(entry.link) or not entry.link:
                return None
            parts = [*entry.link.split("/"), *parts]
            at = posixpath.dirname(at)
        return None if at.startswith("../") or at == ".." else self._at(at)

    def _at(self, path: str) -> Entry | None:
        """A folder needs no entry of its own."""
        if path in self.folders and path not in self.entries:
            return Entry(name=path, kind="folder", size=0, mode=None)
        return self.entries.get(path)

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders, those without an entry too."""
        found = {"."} | {path for path, entry in self.entries.items() if entry.kind == "folder"}
        for path in self.entries:
            parent = posixpath.dirname(path)
            while parent and parent not in found:
                found.add(parent)
                parent = posixpath.dirname(parent)
        return frozenset(found)

    @cached_property
    def files(self) -> dict[str, File]:
        """All files that can be read, by path."""
        found = {}
        for path, entry in self.entries.items():
            if entry.kind == "file" and (file := self._look(path, entry)):
                found[path] = file
        return found

    def _look(self, path: str, entry: Entry) -> File | None:
        try:
            content = self.contents.read(entry)
        except DamagedError as error:
            self._note(error, file=path)
            return None
        elf = None
        if content.startswith(ELF_MAGIC):
            try:
                elf = read_elf(content)
            except ElfError as error:
                self._note(error, file=path)
        return File(
            size=len(content),
            sha256=in_record_form(hashlib.sha256(content).digest()),
            head=content[:_HEAD],
            elf=elf,
            foreign=foreign_system(content),
        )

    def _note(self, error: ServerlessError, *, file: str) -> None:
        self.damage.append(Finding("damaged", error.problem, error.remedy, file=file))

    @property
    def binaries(self) -> Iterator[tuple[str, Elf]]:
        """All ELF files that are made to be loaded or run, with their paths."""
        for path, file in self.files.items():
            if file.elf and file.elf.loadable:
                yield path, file.elf

    def content(self, path: str) -> bytes:
        """The bytes of a file that is in C(files)."""
        return self.contents.read(self.entries[path])

    @cached_property
    def installed(self) -> list[Installed]:
        """The distributions in the import folders, in the order in which Python finds them."""
        found: list[Installed] = []
        for root in self.roots:
            for name in sorted(self.children(root)):
                folder = posixpath.normpath(posixpath.join(root, name))
                if name.endswith((DIST_INFO, EGG_INFO)) and folder in self.folders:
                    found += self._install(root, folder)
        return found

    def _install(self, root: str, folder: str) -> Sequence[Installed]:
        def read_text(name: str) -> str | None:
            path = f"{folder}/{name}"
            return self.content(path).decode("utf-8") if path in self.files else None

        try:
            return [read_installed(root=root, folder=folder, read_text=read_text)]
        except UnicodeDecodeError:
            error: ServerlessError = MetadataError("the metadata are not UTF-8", "Install the distribution again")
        except MetadataError as wrong:
            error = wrong
        self._note(error, file=folder)
        return []

    def children(self, folder: str) -> set[str]:
        """The names in a folder."""
        return self._tree.get(folder, set())

    @cached_property
    def _tree(self) -> dict[str, set[str]]:
        tree: dict[str, set[str]] = {}
        for path in (*self.entries, *self.folders):
            tree.setdefault(posixpath.dirname(path) or ".", set()).add(posixpath.basename(path))
        return tree

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {path: found.name for found in reversed(self.installed) for path in found.record or ()}

    def owner(self, path: str) -> str | None:
        """The distribution that a file belongs to: by RECORD, as part of its metadata, or as bytecode of its source."""
        found = self._owners.get(path)
        if found is None:
            folders = (item for item in self.installed if f"{path}/".startswith(f"{item.folder}/"))
            found = next((item.name for item in folders), None)
        if found is None and path.endswith(".pyc"):
            return self._owners.get(bytecode_source(path))
        return found


def bytecode_source(path: str) -> str:
    """The path of the source that bytecode was made from.

    >>> bytecode_source("python/__pycache__/six.cpython-311.opt-1.pyc")
    'python/six.py'
    """
    folder, name = posixpath.split(path)
    if posixpath.basename(folder) == "__pycache__":
        return posixpath.join(posixpath.dirname(folder), re.sub(r"\.[^.]+(\.opt-[^.]+)?\.pyc$", ".py", name))
    return path[: -len("c")]
