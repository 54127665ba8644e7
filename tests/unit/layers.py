# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes layers for tests, right ones and wrong ones, with ELF files that no compiler has made."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_MACHINES = {"x86_64": 62, "aarch64": 183, "i386": 3, "riscv": 243}
_LOAD, _DYNAMIC, _INTERP = 1, 2, 3
_NULL, _NEEDED, _STRTAB, _STRSZ, _SONAME, _RPATH, _RUNPATH = 0, 1, 5, 10, 14, 15, 29
_VERNEED, _VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF
SHARED, OBJECT = 3, 1


def make_elf(
    *,
    machine: str = "x86_64",
    needed: Sequence[str] = ("libc.so.6",),
    versions: Mapping[str, Sequence[str]] | None = None,
    weak: Sequence[str] = (),
    soname: str | None = None,
    rpath: str | None = None,
    runpath: str | None = None,
    interpreter: str | None = None,
    kind: int = SHARED,
) -> bytes:
    """A shared object that has nothing but what a loader reads before it looks at symbols.

    :param versions: versions that it needs, by library.
    :param weak: those of them without which the loader only warns.
    """
    versions = versions or {}
    strings = b"\0"
    places: dict[str, int] = {}
    names = [*needed, *versions, *(name for group in versions.values() for name in group)]
    for text in [*names, *filter(None, (soname, rpath, runpath))]:
        if text not in places:
            places[text] = len(strings)
            strings += text.encode() + b"\0"
    needs = _version_needs(versions, places, weak)
    segments = 3 if interpreter else 2
    at_strings = 64 + 56 * segments
    at_needs = at_strings + len(strings) + -len(strings) % 8
    at_interpreter = at_needs + len(needs)
    program = (interpreter.encode() + b"\0") if interpreter else b""
    at_dynamic = at_interpreter + len(program) + -(at_interpreter + len(program)) % 8
    tags = [(_NEEDED, places[name]) for name in needed]
    tags += [(tag, places[text]) for tag, text in ((_SONAME, soname), (_RPATH, rpath), (_RUNPATH, runpath)) if text]
    tags += [(_STRTAB, at_strings), (_STRSZ, len(strings))]
    if versions:
        tags += [(_VERNEED, at_needs), (_VERNEEDNUM, len(versions))]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in [*tags, (_NULL, 0)])
    end = at_dynamic + len(dynamic)
    content = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    content += struct.pack("<HHIQQQIHHHHHH", kind, _MACHINES[machine], 1, 0, 64, 0, 0, 64, 56, segments, 0, 0, 0)
    content += _segment(_LOAD, 0, end) + _segment(_DYNAMIC, at_dynamic, len(dynamic))
    content += _segment(_INTERP, at_interpreter, len(program)) if interpreter else b""
    content = (content + strings).ljust(at_needs, b"\0") + needs + program
    return content.ljust(at_dynamic, b"\0") + dynamic


def _segment(kind: int, at: int, size: int) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, 4, at, at, at, size, size, 8)


def _version_needs(versions: Mapping[str, Sequence[str]], places: Mapping[str, int], weak: Sequence[str]) -> bytes:
    written = b""
    for number, (library, names) in enumerate(versions.items(), start=1):
        size = 16 * (1 + len(names))
        following = size if number < len(versions) else 0
        written += struct.pack("<HHIII", 1, len(names), places[library], 16, following)
        for position, name in enumerate(names, start=1):
            flags = 2 if name in weak else 0
            following = 16 if position < len(names) else 0
            written += struct.pack("<IHHII", 0, flags, position + 1, places[name], following)
    return written


def record_hash(content: bytes, algorithm: str = "sha256") -> str:
    """A hash as RECORD has it."""
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).rstrip(b"=").decode()
    return f"{algorithm}={digest}"


@dataclass
class Member:
    """One name in a layer."""

    name: str
    content: bytes = b""
    mode: int = 0o100644
    system: int = 3
    date: tuple[int, int, int, int, int, int] = (2026, 11, 22, 12, 0, 0)
    extra: bytes = b""
    compression: int = zipfile.ZIP_DEFLATED


@dataclass
class LayerFiles:
    """The content of a layer, to be written as a zip or as a folder."""

    members: list[Member] = field(default_factory=list)

    def add(self, name: str, content: bytes = b"", *, mode: int = 0o100644, system: int = 3) -> Member:
        """Add a file."""
        member = Member(name, content, mode=mode, system=system)
        self.members.append(member)
        return member

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self.add(name, target.encode(), mode=0o120777)

    def find(self, name: str) -> Member:
        """The file that was added under this name."""
        return next(member for member in self.members if member.name == name)

    def remove(self, name: str) -> None:
        """Take a file out."""
        self.members.remove(self.find(name))

    def distribution(
        self,
        name: str,
        version: str = "1.0",
        *,
        files: Mapping[str, bytes] | None = None,
        headers: Sequence[str] = (),
        root: str = "python",
        record: bool = True,
    ) -> None:
        """Add an installed distribution.

        :param files: its files by name below the import folder; a package with a module if nothing is said.
        :param headers: more lines of METADATA.
        """
        package = name.replace("-", "_").lower()
        own = dict(files if files is not None else {f"{package}/__init__.py": b"VERSION = 1\n"})
        folder = f"{package}-{version}.dist-info"
        lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *headers]
        own[f"{folder}/METADATA"] = ("\n".join(lines) + "\n\nAbout it.\n").encode()
        own[f"{folder}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        own[f"{folder}/INSTALLER"] = b"pip\n"
        if record:
            rows = [f"{path},{record_hash(content)},{len(content)}" for path, content in own.items()]
            own[f"{folder}/RECORD"] = "\n".join([*rows, f"{folder}/RECORD,,", f"../../bin/{package},,", ""]).encode()
        for path, content in own.items():
            self.add(f"{root}/{path}", content)

    def zip(self, path: Path) -> Path:
        """Write the zip."""
        with zipfile.ZipFile(path, "w") as archive:
            for member in self.members:
                info = zipfile.ZipInfo("x", member.date)
                # Past what the constructor does to a name.
                info.filename = info.orig_filename = member.name
                info.create_system = member.system
                # With nothing at all, Python would write a mode of its own.
                info.external_attr = member.mode << 16 | 1
                info.compress_type = member.compression
                info.extra = member.extra
                archive.writestr(info, member.content)
        return path

    def folder(self, path: Path) -> Path:
        """Write the folder."""
        for member in self.members:
            file = path / member.name
            file.parent.mkdir(parents=True, exist_ok=True)
            if member.mode & 0o170000 == 0o120000:
                file.symlink_to(member.content.decode())
                continue
            file.write_bytes(member.content)
            file.chmod(member.mode & 0o7777)
            os.utime(file, (1_700_000_000, 1_700_000_000))
        return path
