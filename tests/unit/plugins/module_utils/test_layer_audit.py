# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import struct
import sys
import zipfile
from collections.abc import Callable
from importlib.util import source_hash as own_source_hash
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _layer_audit
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import (
    Audit,
    Request,
    audit_layer,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_contents import ContentsError
from ansible_collections.asesoria.serverless.plugins.module_utils._pyc import source_hash
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import STATIC, Allowance, read_allowances
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import MAX_UNZIPPED_BYTES, RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from ansible_collections.asesoria.serverless.tests.unit.layers import OBJECT, LayerFiles, make_elf, record_hash
from hypothesis import given, settings
from hypothesis import strategies as st

Change = Callable[[LayerFiles], Any]
EXTENSION = "fast/_fast.cpython-311-x86_64-linux-gnu.so"
INIT = "python/tidy/__init__.py"
SOURCE = b"VERSION = 1\n"
CACHED = "python/tidy/__pycache__/__init__.cpython-311.pyc"
MAGIC = 3495
NOON = 1795348800  # 2026-11-22 12:00 in UTC, the date of what is in the zips
PE = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80) + b"".ljust(0x40, b"\0") + b"PE\0\0" + b"\0" * 64
MACH_O = bytes.fromhex("cffaedfe07000001") + b"\0" * 64
FAT = bytes.fromhex("cafebabe00000002") + b"\0" * 64
JAVA = bytes.fromhex("cafebabe00000041") + b"\0" * 64
SITE = "python/lib/python3.11/site-packages"


def request_for(runtime: str = "python3.11", architecture: str = "x86_64", **more: Any) -> Request:
    return Request(target=Target(runtime=RUNTIMES[runtime], architecture=architecture), **more)


def elf(name: str = EXTENSION, **facts: Any) -> Change:
    """A distribution with an extension module."""
    return files({name: make_elf(**facts)})


def files(more: dict[str, bytes], *, name: str = "fast", **rest: Any) -> Change:
    return lambda layer: layer.distribution(name, files={f"{name}/__init__.py": b"", **more}, **rest)


def needing(*headers: str, name: str = "app", version: str = "1.0") -> Change:
    return lambda layer: layer.distribution(name, version, headers=headers)


def both(*changes: Change) -> Change:
    def change(layer: LayerFiles) -> None:
        for each in changes:
            each(layer)

    return change


def put(name: str, content: bytes = SOURCE, **rest: Any) -> Change:
    return lambda layer: layer.add(name, content, **rest)


def link(name: str, target: str) -> Change:
    return lambda layer: layer.link(name, target)


def edit(name: str, **values: Any) -> Change:
    """Change a file that is there already."""

    def change(layer: LayerFiles) -> None:
        for key, value in values.items():
            setattr(layer.find(name), key, value)

    return change


def drop(name: str) -> Change:
    return lambda layer: layer.remove(name)


def nothing(_layer: LayerFiles) -> None:
    """The layer as it is."""


def pyc(*, magic: int = MAGIC, flags: int = 0, stamp: bytes) -> bytes:
    return struct.pack("<HHI", magic, 0x0A0D, flags) + stamp + b"code"


def hashed(source: bytes = SOURCE, *, magic: int = MAGIC, flags: int = 1) -> bytes:
    return pyc(magic=magic, flags=flags, stamp=source_hash(source, magic=magic))


def timed(time: int = NOON, size: int = len(SOURCE)) -> bytes:
    return pyc(stamp=struct.pack("<II", time, size))


def bytecode(content: bytes, name: str = CACHED) -> Change:
    return put(name, content)


def record(rows: str) -> Change:
    """A distribution whose RECORD says what it says."""

    def change(layer: LayerFiles) -> None:
        layer.distribution("odd", record=False)
        layer.add("python/odd-1.0.dist-info/RECORD", rows.encode())

    return change


def timestamp_extra(time: int) -> bytes:
    return struct.pack("<HHBi", 0x5455, 5, 1, time)


RENAMED = {"libstdc++-1a2b.so.6": ["GLIBCXX_3.4.32"]}
CXX_NEW = {"libstdc++.so.6": ["GLIBCXX_3.4.25"]}
METADATA = "python/tidy-1.0.dist-info/METADATA"
RECORD = "python/tidy-1.0.dist-info/RECORD"

# rule, what is wrong, the same done right, and the file that the finding is about.
FAULTS: list[tuple[str, str, Change, Change, str | None]] = [
    ("wrong-machine", "arm", elf(machine="aarch64"), elf(), f"python/{EXTENSION}"),
    ("wrong-machine", "i386", elf(machine="i386"), elf(machine="i386", kind=OBJECT), f"python/{EXTENSION}"),
    ("wrong-machine", "riscv", elf("fast/tool", machine="riscv"), elf("fast/tool"), "python/fast/tool"),
    (
        "glibc-too-new",
        "one-later",
        elf(versions={"libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.27"]}),
        elf(versions={"libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.26"]}),
        f"python/{EXTENSION}",
    ),
    (
        "glibc-too-new",
        "of-another-library",
        elf(versions={"libc.so.6": ["GLIBC_2.17"], "libm.so.6": ["GLIBC_2.29"]}),
        elf(versions={"libc.so.6": ["GLIBC_2.17"], "libm.so.6": ["GLIBC_2.9"]}),
        f"python/{EXTENSION}",
    ),
    (
        "glibc-too-new",
        "relative-relocations",
        elf(versions={"libc.so.6": ["GLIBC_ABI_DT_RELR"]}),
        elf(versions={"libc.so.6": ["GLIBC_2.99", "GLIBC_2.17"]}, weak=["GLIBC_2.99"]),
        f"python/{EXTENSION}",
    ),
    (
        "glibc-too-new",
        "library-beside",
        elf("fast.libs/libx.so.1", versions={"libc.so.6": ["GLIBC_2.34"]}),
        elf("fast.libs/libx.so.1", versions={"libc.so.6": ["GLIBC_2.4"]}),
        "python/fast.libs/libx.so.1",
    ),
    (
        "libstdcxx-too-new",
        "glibcxx",
        elf(versions=CXX_NEW),
        elf(versions={"libstdc++.so.6": ["GLIBCXX_3.4.24", "CXXABI_1.3.11", "CXXABI_TM_1"]}),
        f"python/{EXTENSION}",
    ),
    (
        "libstdcxx-too-new",
        "cxxabi",
        elf(versions={"libstdc++.so.6": ["CXXABI_1.3.12"]}),
        elf(versions={"libstdc++.so.6": ["CXXABI_1.3.9"]}),
        f"python/{EXTENSION}",
    ),
    (
        "libstdcxx-too-new",
        "own-elsewhere",
        both(elf(versions=CXX_NEW, runpath="$ORIGIN/../lost"), put("python/fast.libs/libstdc++.so.6", make_elf())),
        both(
            elf(versions=CXX_NEW, runpath="/nowhere:$ORIGIN/../fast.libs"),
            put("python/fast.libs/libstdc++.so.6", make_elf()),
        ),
        f"python/{EXTENSION}",
    ),
    (
        "libstdcxx-too-new",
        "renamed",
        elf(versions={**RENAMED, **CXX_NEW}),
        elf(versions=RENAMED),
        f"python/{EXTENSION}",
    ),
    ("wrong-abi", "version", elf("fast/_f.cpython-312-x86_64-linux-gnu.so"), elf(), None),
    ("wrong-abi", "free-threaded", elf("fast/_f.cpython-311t-x86_64-linux-gnu.so"), elf("fast/_f.abi3.so"), None),
    ("wrong-abi", "pypy", elf("fast/_f.pypy311-pp73-x86_64-linux-gnu.so"), elf("fast/_f.so"), None),
    ("wrong-abi", "musl", elf("fast/_f.cpython-311-x86_64-linux-musl.so"), elf("fast/libf.1.so"), None),
    ("wrong-abi", "machine", elf("fast/_f.cpython-311-aarch64-linux-gnu.so"), elf("fast/a.b.so"), None),
    ("wrong-abi", "darwin", elf("fast/_f.cpython-311-darwin.so"), elf("fast/f.cpython-311-darwin.txt"), None),
    ("wrong-abi", "windows", files({"fast/_f.cp311-win_amd64.pyd": b"x"}), files({"fast/_f.pyd": b"x"}), None),
    (
        "wrong-abi",
        "right-one-of-another-module",
        files({"fast/_f.cpython-312-x86_64-linux-gnu.so": make_elf(), "fast/_g.abi3.so": make_elf()}),
        files({"fast/_f.cpython-312-x86_64-linux-gnu.so": make_elf(), "fast/_f.abi3.so": make_elf()}),
        None,
    ),
    ("missing-library", "unknown", elf(needed=["libc.so.6", "libGL.so.1"]), elf(needed=["libz.so.1"]), None),
    (
        "missing-library",
        "lost",
        elf(needed=["libx-1a2b.so.1"]),
        both(elf(needed=["libx-1a2b.so.1"]), put("python/fast.libs/libx-1a2b.so.1", make_elf())),
        None,
    ),
    (
        "missing-library",
        "by-soname",
        both(elf(needed=["libx.so.1"]), put("lib/libx.so.1.2", make_elf(soname="libx.so.1.2"))),
        both(elf(needed=["libx.so.1"]), put("lib/libx.so.1.2", make_elf(soname="libx.so.1"))),
        None,
    ),
    (
        "missing-library",
        "by-link",
        both(elf(needed=["libx.so.1"]), put("lib/text"), link("lib/libx.so.1", "text")),
        both(elf(needed=["libx.so.1"]), put("lib/libx.so.1.2", make_elf()), link("lib/libx.so.1", "libx.so.1.2")),
        None,
    ),
    (
        "missing-library",
        "of-another-machine",
        both(elf(needed=["ld-linux-aarch64.so.1"])),
        both(elf(needed=["ld-linux-x86-64.so.2", "libmvec.so.1", "libpython3.11.so.1.0"])),
        None,
    ),
    ("missing-library", "other-python", elf(needed=["libpython3.12.so.1.0"]), elf(needed=["libgcc_s.so.1"]), None),
    (
        "missing-library",
        "loader",
        elf("fast/tool", interpreter="/lib/ld-musl-x86_64.so.1"),
        elf("fast/tool", interpreter="/lib64/ld-linux-x86-64.so.2"),
        None,
    ),
    ("foreign-binary", "dll", files({"fast/x.dll": PE}), files({"fast/x.dll": b"MZ but a text"}), "python/fast/x.dll"),
    ("foreign-binary", "no-suffix", files({"fast/x": PE}), files({"fast/x": PE.replace(b"PE\0\0", b"NE\0\0")}), None),
    ("foreign-binary", "exe", files({"fast/t64.exe": PE}), files({"fast/_vendor/distlib/t64.exe": PE}), None),
    (
        "foreign-binary",
        "setuptools",
        files({"setuptools/x-64.exe": PE}, name="setuptools"),
        files({"setuptools/cli-64.exe": PE, "setuptools/gui-arm64.exe": PE}, name="setuptools"),
        None,
    ),
    ("foreign-binary", "mach-o", files({"fast/x.dylib": MACH_O}), files({"fast/x.dylib": MACH_O[:8]}), None),
    ("foreign-binary", "fat", files({"fast/x.so": FAT}), files({"fast/X.class": JAVA}), None),
    ("layout", "package-at-top", put("app/__init__.py"), put("bin/app.py"), "app"),
    ("layout", "module-at-top", put("app.py"), put("app.txt"), "app.py"),
    ("layout", "metadata-at-top", put("app-1.0.dist-info/RECORD"), put("share/app-1.0.txt"), "app-1.0.dist-info"),
    (
        "layout",
        "other-python",
        put("python/lib/python3.12/site-packages/x.py"),
        put(f"{SITE}/x.py"),
        "python/lib/python3.12/site-packages",
    ),
    ("layout", "venv", put("lib/python3.11/site-packages/x.py"), put("lib/python3.11/x.txt"), None),
    (
        "layout",
        "nested",
        put("python/python/x-1.0.dist-info/INSTALLER"),
        both(put("python/own/__init__.py"), put("python/own/_vendor/x-1.0.dist-info/INSTALLER")),
        "python/python",
    ),
    ("requirement-missing", "absent", needing("Requires-Dist: gone"), needing("Requires-Dist: Tidy>=1"), None),
    (
        "requirement-missing",
        "marker",
        needing('Requires-Dist: gone; python_version < "3.12"'),
        needing('Requires-Dist: gone; python_version >= "3.12"'),
        None,
    ),
    (
        "requirement-missing",
        "machine",
        needing('Requires-Dist: gone; platform_machine == "x86_64"'),
        needing('Requires-Dist: gone; platform_machine == "aarch64" or sys_platform == "win32"'),
        None,
    ),
    (
        "requirement-missing",
        "patch-release",
        needing('Requires-Dist: gone; python_full_version >= "3.11.3"'),
        needing('Requires-Dist: gone; python_full_version < "3.11.3"'),
        None,
    ),
    (
        "requirement-missing",
        "extra",
        both(
            needing("Requires-Dist: lib[Fast_Mode]"), needing('Requires-Dist: gone; extra == "fast-mode"', name="lib")
        ),
        both(needing("Requires-Dist: lib"), needing('Requires-Dist: gone; extra == "fast-mode"', name="lib")),
        None,
    ),
    (
        "requirement-missing",
        "extra-of-extra",
        both(
            needing('Requires-Dist: gone; extra == "b"', name="a-last"),
            needing('Requires-Dist: a-last[b]; extra == "a"', name="lib"),
            needing("Requires-Dist: lib[a]"),
        ),
        both(
            needing('Requires-Dist: gone; extra == "b"', name="a-last"),
            needing('Requires-Dist: a-last[b]; extra == "a"', name="lib"),
        ),
        None,
    ),
    ("requirement-missing", "not-provided", needing("Requires-Dist: boto"), needing("Requires-Dist: boto3>=99"), None),
    (
        "requirement-conflict",
        "version",
        needing("Requires-Dist: tidy>=2"),
        needing("Requires-Dist: tidy>=1,!=2"),
        "python/app-1.0.dist-info",
    ),
    (
        "requirement-conflict",
        "provided-but-here",
        both(needing("Requires-Dist: six>=2"), needing(name="six", version="1.16")),
        both(needing("Requires-Dist: six>=1"), needing(name="six", version="1.16rc1")),
        None,
    ),
    (
        "requirement-conflict",
        "twice",
        lambda layer: layer.distribution("Tidy", "2.0", files={}),
        lambda layer: layer.distribution("tidy2", "2.0", files={}),
        "python/tidy-2.0.dist-info",
    ),
    (
        "requirement-conflict",
        "python",
        needing("Requires-Python: >=3.12"),
        needing("Requires-Python: >=3.8,!=3.11.1"),
        None,
    ),
    ("record-mismatch", "changed", edit(INIT, content=b"VERSION = 2\n"), edit(INIT, mode=0o100755), INIT),
    ("record-mismatch", "longer", edit(INIT, content=SOURCE * 2), nothing, INIT),
    ("record-mismatch", "absent", drop(INIT), record("odd/__pycache__/__init__.cpython-311.pyc,,\n"), INIT),
    (
        "record-mismatch",
        "other-hash",
        record(f"odd/__init__.py,{record_hash(b'x', 'sha512')},12\n"),
        record(f"odd/__init__.py,{record_hash(SOURCE, 'sha512')},12\n"),
        "python/odd/__init__.py",
    ),
    (
        "record-mismatch",
        "size-without-hash",
        record("odd/__init__.py,,13\n"),
        record("odd/__init__.py,,12\n"),
        "python/odd/__init__.py",
    ),
    (
        "record-mismatch",
        "weak-hash",
        record(f"odd/__init__.py,{record_hash(SOURCE, 'md5')},12\n"),
        record(f"odd/__init__.py,{record_hash(SOURCE)}=,\n"),
        "python/odd/__init__.py",
    ),
    ("record-mismatch", "unlisted-source", put("python/tidy/deep/more.py"), put("python/tidy/deep/more.txt"), None),
    (
        "record-mismatch",
        "unlisted-binary",
        put("python/tidy/_x.abi3.so", make_elf()),
        put("python/other/_x.abi3.so", make_elf()),
        "python/tidy/_x.abi3.so",
    ),
    ("stale-bytecode", "other-python", bytecode(hashed(magic=3531)), bytecode(hashed()), CACHED),
    (
        "stale-bytecode",
        "other-python-beside",
        bytecode(hashed(magic=3531), "python/alone.pyc"),
        bytecode(hashed(), "python/alone.pyc"),
        "python/alone.pyc",
    ),
    ("stale-bytecode", "time", bytecode(timed(NOON - 3600)), bytecode(timed()), CACHED),
    (
        "stale-bytecode",
        "other-time",
        both(edit(INIT, extra=timestamp_extra(NOON - 1)), bytecode(timed(NOON - 2))),
        both(edit(INIT, extra=timestamp_extra(NOON - 1)), bytecode(timed(NOON - 1))),
        CACHED,
    ),
    ("stale-bytecode", "size", bytecode(timed(size=99)), bytecode(timed(size=12)), CACHED),
    ("stale-bytecode", "unchecked-hash", bytecode(hashed(b"VERSION = 0\n")), bytecode(hashed()), CACHED),
    ("stale-bytecode", "checked-hash", bytecode(hashed(b"", flags=3)), bytecode(hashed(flags=3)), CACHED),
    ("stale-bytecode", "no-source", bytecode(hashed(), CACHED.replace("__init", "__gone")), nothing, None),
    ("stale-bytecode", "short", bytecode(timed()[:15]), bytecode(timed()), CACHED),
    ("stale-bytecode", "flags", bytecode(pyc(flags=4, stamp=timed()[8:16])), bytecode(timed()), CACHED),
    (
        "stale-bytecode",
        "optimized",
        bytecode(hashed(b""), CACHED.replace(".pyc", ".opt-2.pyc")),
        bytecode(hashed(), CACHED.replace(".pyc", ".opt-2.pyc")),
        None,
    ),
    ("unreadable", "private", edit(INIT, mode=0o100640), edit(INIT, mode=0o100444), INIT),
    ("unreadable", "no-mode", edit(INIT, mode=0), edit(INIT, mode=0, system=0), INIT),
    ("unreadable", "folder", put("python/tidy/", b"", mode=0o040744), put("python/tidy/", b"", mode=0o040755), None),
    ("unsafe-path", "absolute", put("/etc/app"), put("etc/app"), "/etc/app"),
    ("unsafe-path", "parent", put("python/../../app"), put("python/..app"), "python/../../app"),
    ("unsafe-path", "backslash", put("python\\app"), put("python/app"), "python\\app"),
    ("unsafe-path", "drive", put("C:app"), put("share/C:app"), "C:app"),
    ("unsafe-path", "control", put("python/a\nb"), put("python/a b"), "python/a\\nb"),
    ("unsafe-path", "nul", put("python/tidy/a\0b"), put("python/tidy/a0b"), "python/tidy/a\\x00b"),
    ("unsafe-path", "long", put(f"python/{'ñ' * 128}"), put(f"python/{'ñ' * 127}"), None),
    ("unsafe-link", "out", link("python/l", "../../etc/passwd"), link("python/l", "../python/tidy"), "python/l"),
    ("unsafe-link", "absolute", link("l", "/python/tidy"), link("l", "python/tidy/./__init__.py"), None),
    ("unsafe-link", "dangling", link("python/l", "gone"), link("python/l", "tidy"), None),
    (
        "unsafe-link",
        "chain",
        both(link("python/a", "b/x"), link("python/b", "../..")),
        both(link("python/a", "b/python/tidy"), link("python/b", "..")),
        None,
    ),
    ("unsafe-link", "loop", both(link("a", "b"), link("b", "a")), both(link("a", "b"), link("b", "python")), None),
    ("unsafe-link", "device", put("python/dev", b"", mode=0o020644), put("python/dev", b""), "python/dev"),
    ("duplicate-name", "exact", put(INIT, SOURCE), put(INIT.replace("tidy", "tidy2")), INIT),
    ("duplicate-name", "slashes", put("python//tidy/__init__.py"), put("python//tidy3/__init__.py"), INIT),
    ("duplicate-name", "dot", put(f"./{INIT}"), both(put("./", b"", mode=0o040755), put("./python/tidy4.py")), INIT),
    ("duplicate-name", "folder", put("python/tidy"), put("python/tidy/", b"", mode=0o040755), "python/tidy"),
    (
        "duplicate-name",
        "through-a-link",
        both(link("bin", "python"), put("bin/app")),
        both(link("bin", "python"), put("bin2/app")),
        "bin",
    ),
    (
        "damaged",
        "elf-cut",
        files({"fast/x.so": make_elf()[:-16]}),
        files({"fast/x.so": make_elf()}),
        "python/fast/x.so",
    ),
    ("damaged", "elf-header", files({"fast/x.so": b"\x7fELF"}), files({"fast/x.so": b"ELF"}), "python/fast/x.so"),
    ("damaged", "no-name", both(drop(METADATA), drop(RECORD), put(METADATA, b"Version: 1\n\n")), nothing, None),
    ("damaged", "no-metadata", both(drop(METADATA), drop(RECORD)), drop(RECORD), None),
    ("damaged", "version", needing(version="one"), needing(version="1.0.post1"), None),
    ("damaged", "requirement", needing("Requires-Dist: tidy (>dev)"), needing("Requires-Dist: tidy (>0)"), None),
    ("damaged", "requires-python", needing("Requires-Python: three"), needing("Requires-Python: >3"), None),
    ("damaged", "encoding", both(drop(METADATA), drop(RECORD), put(METADATA, b"Name: \xff")), nothing, None),
    ("damaged", "record-size", record("odd/__init__.py,,many\n"), record("odd/__init__.py,,12\n"), None),
    ("damaged", "record-columns", record("odd/__init__.py\n"), record("odd/__init__.py,,\n"), None),
    ("damaged", "compression", edit(INIT, compression=zipfile.ZIP_BZIP2), edit(INIT, compression=0), INIT),
]
IDS = [f"{rule}-{name}" for rule, name, *_case in FAULTS]


def build(change: Change, where: Path) -> Path:
    layer = LayerFiles()
    layer.distribution("tidy")
    change(layer)
    return layer.zip(where / "layer.zip")


def rules(audit: Audit) -> set[str]:
    return {finding.rule for finding in audit.findings}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("rule", "_name", "wrong", "right", "file"), FAULTS, ids=IDS)
def test_a_planted_fault_is_found_and_its_clean_twin_is_not(
    rule: str, _name: str, wrong: Change, right: Change, file: str | None, tmp_path: Path
) -> None:
    audit = audit_layer(build(wrong, tmp_path), request_for())
    assert rules(audit) == {rule}, audit.findings
    assert all(finding.problem and finding.remedy for finding in audit.findings)
    if file:
        assert file in [finding.file for finding in audit.findings]
    json.dumps(audit.facts()).encode()
    assert audit_layer(build(right, tmp_path), request_for()).findings == ()


def test_every_rule_has_several_faults() -> None:
    counted = {rule: sum(rule == found for found, *_case in FAULTS) for rule in STATIC}
    assert [rule for rule, count in counted.items() if count < 2] == ["too-many-layers", "unzipped-too-large"]


@pytest.fixture(name="tidy")
def _tidy(tmp_path: Path) -> Path:
    return build(nothing, tmp_path)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"other_layers": 4}, set()),
        ({"other_layers": 5}, {"too-many-layers"}),
        ({"other_bytes": MAX_UNZIPPED_BYTES}, {"unzipped-too-large"}),
        ({"other_bytes": MAX_UNZIPPED_BYTES - 10_000}, set()),
        ({"other_layers": 9, "other_bytes": MAX_UNZIPPED_BYTES * 2}, {"too-many-layers", "unzipped-too-large"}),
    ],
)
def test_the_budget_is_that_of_the_whole_function(more: dict[str, int], expected: set[str], tidy: Path) -> None:
    assert rules(audit_layer(tidy, request_for(**more))) == expected


def test_the_limit_is_exact(tidy: Path) -> None:
    size = audit_layer(tidy, request_for()).unzipped_bytes
    assert rules(audit_layer(tidy, request_for(other_bytes=MAX_UNZIPPED_BYTES - size - 1))) == set()
    assert rules(audit_layer(tidy, request_for(other_bytes=MAX_UNZIPPED_BYTES - size))) == {"unzipped-too-large"}


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(elf(machine="aarch64"), tmp_path)
    size = audit_layer(path, request_for()).unzipped_bytes
    monkeypatch.setattr(_layer_audit, "MAX_UNZIPPED_BYTES", size)
    monkeypatch.setattr(_layer_audit.Layer, "files", property(lambda _layer: pytest.fail("it was read")))
    audit = audit_layer(path, request_for())
    assert rules(audit) == {"unzipped-too-large"}
    assert (audit.unzipped_bytes, audit.elf_files, audit.distributions) == (size, 0, {})


def test_a_zip_for_s3_is_only_noted(tidy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = tidy.stat().st_size
    for limit, noted in ((size, False), (size - 1, True)):
        monkeypatch.setattr(_layer_audit, "MAX_DIRECT_UPLOAD_BYTES", limit)
        audit = audit_layer(tidy, request_for())
        assert audit.findings == ()
        assert [note.startswith("zip-too-large") for note in audit.notes] == [True] * noted


def lie(path: Path, *, size: int) -> None:
    """Declare another size for the last file, in the directory and before the file."""
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        struct.pack_into("<I", content, content.rindex(signature) + offset, size)
    path.write_bytes(content)


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_file_that_is_larger_or_smaller_than_it_says_is_damaged(size: int, tmp_path: Path) -> None:
    path = build(put("python/zeros", b"\0" * 1_000_000), tmp_path)
    assert audit_layer(path, request_for()).findings == ()
    lie(path, size=size)
    audit = audit_layer(path, request_for())
    assert [(finding.rule, finding.file) for finding in audit.findings] == [("damaged", "python/zeros")]


def test_a_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = build(put("python/zeros", b"\0" * 1_000_000), tmp_path)
    lie(path, size=MAX_UNZIPPED_BYTES)
    assert rules(audit_layer(path, request_for())) == {"unzipped-too-large"}


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = build(both(put("python/stored", b"0123456789abcdef"), edit("python/stored", compression=0)), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"0123456789abcdef", b"0123456789abcdeF"))
    assert [(item.rule, item.file) for item in audit_layer(path, request_for()).findings] == [
        ("damaged", "python/stored")
    ]


def test_an_encrypted_file_is_damaged(tmp_path: Path) -> None:
    path = build(put("python/secret"), tmp_path)
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        content[content.rindex(signature) + offset] |= 1
    path.write_bytes(content)
    found = audit_layer(path, request_for()).findings
    assert [(item.rule, item.file) for item in found] == [("damaged", "python/secret")]
    assert "encrypted" in found[0].problem


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\5\6" + b"\0" * 17, b"PK\3\4" * 99])
def test_what_is_no_zip_is_damaged(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "layer.zip"
    path.write_bytes(content)
    audit = audit_layer(path, request_for())
    assert [(item.rule, item.file) for item in audit.findings] == [("damaged", None)]
    assert audit.zipped_bytes == len(content)


@pytest.mark.parametrize("content", [None, b"PK\5\6" + b"\0" * 18], ids=["folder", "zip"])
def test_an_empty_layer_has_nothing_to_import(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "layer"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert rules(audit_layer(path, request_for())) == {"layout"}


def test_nothing_at_the_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContentsError, match=r"neither a zip nor a folder"):
        audit_layer(tmp_path / "gone.zip", request_for())


def pure_layer() -> LayerFiles:
    """Distributions as pip leaves them, in both import folders."""
    layer = LayerFiles()
    layer.distribution(
        "Flask",
        "3.1.3",
        headers=[
            "Requires-Python: >=3.9",
            "Requires-Dist: blinker>=1.9.0",
            "Requires-Dist: importlib-metadata>=3.6.0; python_version < '3.10'",
            'Requires-Dist: asgiref>=3.2; extra == "async"',
        ],
    )
    layer.distribution("blinker", "1.9.0", root=SITE)
    layer.distribution("no-record", "1.0", record=False, headers=["Requires-Dist: botocore"])
    layer.distribution("name.space", files={"google/cloud/space.py": SOURCE})
    layer.add("python/legacy.egg-info/PKG-INFO", b"Metadata-Version: 1.2\nName: legacy\nVersion: 0.9\n")
    layer.add("python/legacy.egg-info/requires.txt", b"flask>=3\n[extra]\ngone\n[:python_version<'3']\ngone\n")
    layer.add("python/flask/__pycache__/__init__.cpython-311.pyc", hashed())
    layer.add("python/own/__init__.py", SOURCE)
    layer.add("bin/tool", b"#!/bin/sh\n", mode=0o100755)
    return layer


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_right_layer_of_pure_python_passes(form: str, tmp_path: Path) -> None:
    path = getattr(pure_layer(), form)(tmp_path / "layer")
    audit = audit_layer(path, request_for())
    assert (audit.findings, audit.allowed, audit.notes) == ((), (), ())
    assert dict(audit.distributions) == {
        "blinker": "1.9.0",
        "Flask": "3.1.3",
        "legacy": "0.9",
        "name.space": "1.0",
        "no-record": "1.0",
    }
    assert (audit.elf_files, audit.glibc) == (0, None)
    assert audit.zipped_bytes == (path.stat().st_size if form == "zip" else None)
    assert audit.unzipped_bytes == sum(len(member.content) for member in pure_layer().members)


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_requirement_of_legacy_metadata_counts_too(form: str, tmp_path: Path) -> None:
    layer = pure_layer()
    layer.find("python/legacy.egg-info/requires.txt").content = b"gone>=3\n"
    (found,) = audit_layer(getattr(layer, form)(tmp_path / "layer"), request_for()).findings
    assert (found.rule, found.distribution) == ("requirement-missing", "legacy")
    assert "gone>=3" in found.problem


FOLDER_FAULTS: list[tuple[str, Change, str]] = [
    ("wrong-machine", elf(machine="aarch64"), f"python/{EXTENSION}"),
    ("unreadable", edit(INIT, mode=0o100600), INIT),
    ("unsafe-link", link("python/l", "../../../etc"), "python/l"),
    ("unsafe-path", put("python/a\tb"), "python/a\\tb"),
    ("unsafe-path", put("python/\udcff"), "python/\\udcff"),
    ("stale-bytecode", bytecode(timed(1_700_000_001)), CACHED),
    ("record-mismatch", edit(INIT, content=b"VERSION = 9\n"), INIT),
]


@pytest.mark.parametrize(("rule", "change", "file"), FOLDER_FAULTS)
def test_a_folder_is_held_against_the_same_rules(rule: str, change: Change, file: str, tmp_path: Path) -> None:
    layer = LayerFiles()
    layer.distribution("tidy")
    layer.add(CACHED.replace("__init__", "other"), timed(1_700_000_000))
    layer.add(INIT.replace("__init__", "other"), SOURCE)
    layer.find(RECORD).content += f"tidy/other.py,{record_hash(SOURCE)},12\n".encode()
    assert audit_layer(layer.folder(tmp_path / "right"), request_for()).findings == ()
    change(layer)
    found = audit_layer(layer.folder(tmp_path / "wrong"), request_for()).findings
    assert [(item.rule, item.file) for item in found] == [(rule, file)]


OWNED: list[tuple[Change, str, str | None]] = [
    (elf(machine="aarch64"), "wrong-machine", "fast"),
    (both(elf(), put("lib/libx.so", make_elf(machine="aarch64"))), "wrong-machine", None),
    (bytecode(hashed(b"")), "stale-bytecode", "tidy"),
    (edit(METADATA, mode=0o100600), "unreadable", "tidy"),
    (edit(RECORD, mode=0o100600), "unreadable", "tidy"),
    (drop(INIT), "record-mismatch", "tidy"),
    (needing("Requires-Dist: gone"), "requirement-missing", "app"),
]


@pytest.mark.parametrize(("change", "rule", "owner"), OWNED)
def test_a_finding_names_its_distribution_and_can_be_allowed_for_it(
    change: Change, rule: str, owner: str | None, tmp_path: Path
) -> None:
    path = build(change, tmp_path)
    (finding,) = audit_layer(path, request_for()).findings
    assert (finding.rule, finding.distribution) == (rule, owner)
    for distribution in ("tidy", "fast", "app"):
        spelled = distribution.upper()
        audit = audit_layer(path, request_for(allow=read_allowances([{"rule": rule, "distribution": spelled}])))
        covered = distribution == owner
        assert (audit.findings, audit.allowed) == (((), (finding,)) if covered else ((finding,), ()))
        assert [distribution in note for note in audit.notes] == ([] if covered else [True])


def test_another_rule_of_the_same_distribution_stays(tmp_path: Path) -> None:
    path = build(elf(machine="aarch64"), tmp_path)
    allow = (Allowance(rule="glibc-too-new", distribution="fast"),)
    assert rules(audit_layer(path, request_for(allow=allow))) == {"wrong-machine"}


def test_what_is_provided_is_up_to_the_user(tmp_path: Path) -> None:
    path = build(needing("Requires-Dist: Numpy>=2", "Requires-Dist: boto3"), tmp_path)
    assert rules(audit_layer(path, request_for())) == {"requirement-missing"}
    assert rules(audit_layer(path, request_for(provided=("NumPy", "boto3")))) == set()
    found = audit_layer(path, request_for(provided=("numpy",))).findings
    assert len(found) == 1
    assert "boto3" in found[0].problem


GLIBC = [
    ("python3.11", "x86_64", "2.26", True),
    ("python3.11", "x86_64", "2.27", False),
    ("python3.10", "arm64", "2.27", False),
    ("python3.12", "x86_64", "2.34", True),
    ("python3.13", "arm64", "2.34", True),
    ("python3.14", "arm64", "2.35", False),
]


@pytest.mark.parametrize(("runtime", "architecture", "glibc", "fits"), GLIBC)
def test_the_runtime_decides(runtime: str, architecture: str, glibc: str, fits: bool, tmp_path: Path) -> None:
    machine = {"x86_64": "x86_64", "arm64": "aarch64"}[architecture]
    tag = f"cpython-{runtime.removeprefix('python').replace('.', '')}-{machine}-linux-gnu"
    loader = {"x86_64": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}[architecture]
    facts = {"machine": machine, "needed": [loader, "libc.so.6"], "versions": {"libc.so.6": [f"GLIBC_{glibc}"]}}
    path = build(elf(f"fast/_fast.{tag}.so", **facts), tmp_path)
    audit = audit_layer(path, request_for(runtime, architecture))
    assert rules(audit) == (set() if fits else {"glibc-too-new"})
    assert (audit.elf_files, audit.glibc) == (1, glibc)


def test_a_later_libstdcxx_is_there_with_a_later_runtime(tmp_path: Path) -> None:
    path = build(elf("fast/x.so", versions={"libstdc++.so.6": ["GLIBCXX_3.4.29", "CXXABI_1.3.13"]}), tmp_path)
    assert rules(audit_layer(path, request_for())) == {"libstdcxx-too-new"}
    assert rules(audit_layer(path, request_for("python3.13"))) == set()


def test_the_message_names_the_first_ones_and_counts_the_rest(tmp_path: Path) -> None:
    names = [f"fast/x{number:02}.so" for number in range(12)]
    path = build(files({name: make_elf(machine="aarch64") for name in names}), tmp_path)
    message = audit_layer(path, request_for()).summary(path)
    assert message.startswith(
        "layer.zip would not work in Lambda, 12 findings: [wrong-machine] python/fast/x00.so (fast)"
    )
    assert message.endswith("; and 2 more.")
    assert "x09" in message
    assert "x10" not in message


def test_the_password_of_an_address_is_not_shown(tmp_path: Path) -> None:
    path = build(needing("Requires-Dist: gone @ https://me:hunter2@pypi.example.org/gone.whl"), tmp_path)
    audit = audit_layer(path, request_for())
    assert rules(audit) == {"requirement-missing"}
    assert "hunter2" not in json.dumps(audit.facts())


@pytest.mark.parametrize("magic", [3425, 3439, 3495, 3531, 3571, 3627])
@given(source=st.binary(max_size=40))
@settings(max_examples=20)
def test_the_hash_of_a_source_is_that_of_the_target(magic: int, source: bytes) -> None:
    assert len(source_hash(source, magic=magic)) == 8
    assert source_hash(source, magic=magic) != source_hash(source + b"\0", magic=magic)


@pytest.mark.parametrize(
    ("magic", "expected"),
    [
        # importlib.util.source_hash(b"x=1\n") of CPython 3.9, 3.10, 3.11, 3.12, 3.13
        (3425, "aebb0098f8efd1f2"),
        (3439, "a5895a49575becf9"),
        (3495, "f71da1d5f9e80d87"),
        (3531, "2cf26ebe71328671"),
        (3571, "9f719b8a1d6be2fb"),
    ],
)
def test_hashes_that_other_pythons_computed(magic: int, expected: str) -> None:
    assert source_hash(b"x=1\n", magic=magic).hex() == expected


@pytest.mark.skipif(f"python{sys.version_info[0]}.{sys.version_info[1]}" not in RUNTIMES, reason="no runtime of Lambda")
def test_the_catalogue_agrees_with_the_python_that_runs_this() -> None:
    magic = RUNTIMES[f"python{sys.version_info[0]}.{sys.version_info[1]}"].bytecode_magic
    assert source_hash(SOURCE, magic=magic) == own_source_hash(SOURCE)


WHOLE = make_elf(
    needed=["libc.so.6", "libm.so.6"],
    versions={"libc.so.6": ["GLIBC_2.17"], "libm.so.6": ["GLIBC_2.2.5"]},
    soname="libx.so.1",
    runpath="$ORIGIN",
    interpreter="/lib64/ld-linux-x86-64.so.2",
)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_of_an_elf_file_ends_the_audit(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = bytearray(WHOLE)
    for position in data.draw(st.lists(st.integers(4, len(WHOLE) - 1), max_size=4)):
        content[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(4, len(WHOLE)))
    path = build(files({"fast/x.so": bytes(content[:cut])}), tmp_path_factory.mktemp("layer"))
    audit = audit_layer(path, request_for())
    assert audit.findings or (audit.elf_files, cut) == (1, len(WHOLE)) or content[16] != WHOLE[16]
    json.dumps(audit.facts()).encode()


def test_an_elf_file_without_anything_to_load_is_never_accepted(tmp_path: Path) -> None:
    """The dynamic loader refuses it: object file has no loadable segments."""
    content = bytearray(WHOLE)
    content[56:58] = bytes(2)  # e_phnum, the number of program headers
    audit = audit_layer(build(files({"fast/x.so": bytes(content)}), tmp_path), request_for())
    (finding,) = audit.findings
    assert "this is a damaged ELF file: nothing in it is to be loaded" in finding.problem


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_of_a_zip_ends_the_audit(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = build(elf(), tmp_path_factory.mktemp("layer"))
    content = bytearray(path.read_bytes())
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=3)):
        content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    audit = audit_layer(path, request_for())
    json.dumps(audit.facts()).encode()


@pytest.mark.parametrize("cut", range(4, len(WHOLE), 8))
def test_an_elf_file_that_is_cut_is_never_accepted(cut: int, tmp_path: Path) -> None:
    audit = audit_layer(build(files({"fast/x.so": WHOLE[:cut]}), tmp_path), request_for())
    assert rules(audit) == {"damaged"}


def test_an_elf_file_without_the_end_of_its_data_is_damaged(tmp_path: Path) -> None:
    content = bytearray(WHOLE + b"d" * 100)
    struct.pack_into("<Q", content, 64 + 32, len(content))  # the size in the first program header
    for cut, expected in ((len(content), set()), (len(content) - 1, {"damaged"})):
        path = build(files({"fast/x.so": bytes(content[:cut])}), tmp_path)
        assert rules(audit_layer(path, request_for())) == expected
