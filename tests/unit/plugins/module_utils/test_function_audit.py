# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit of a function's package, which has at its top what a layer has below C(python/)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import Audit, Request, audit_layer
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import FUNCTION, LAYER, Kind
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import MAX_UNZIPPED_BYTES, RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles, make_elf

Change = Callable[[LayerFiles], Any]
EXTENSION = "fast/_fast.cpython-311-x86_64-linux-gnu.so"
PE = b"MZ".ljust(0x3C, b"\0") + b"\x80\0\0\0" + b"".ljust(0x40, b"\0") + b"PE\0\0" + b"\0" * 64
SITE = "python/lib/python3.11/site-packages"


def audit(files: LayerFiles, where: Path, *, kind: Kind = FUNCTION, **more: Any) -> Audit:
    target = Target(runtime=RUNTIMES["python3.11"], architecture="x86_64")
    return audit_layer(files.zip(where / "function.zip"), Request(target=target, kind=kind, **more))


def package(*changes: Change) -> LayerFiles:
    """An app with a distribution, as the plugin packages them."""
    files = LayerFiles()
    files.add("app.py", b"import fast\n")
    for change in changes:
        change(files)
    return files


def fast(*headers: str, record: bool = True, root: str = ".", **more: bytes) -> Change:
    own = {"fast/__init__.py": b"", EXTENSION: make_elf(), **more}
    return lambda files: files.distribution("fast", files=own, headers=headers, record=record, root=root)


def put(name: str, content: bytes = b"\n", **rest: Any) -> Change:
    return lambda files: files.add(name, content, **rest)


def elf(name: str = "fast/more.so", **facts: Any) -> Change:
    return fast(**{name: make_elf(**facts)})


FAULTS: list[tuple[str, Change, str, str | None]] = [
    ("foreign-binary", fast(**{"fast/_fast.dll": PE}), "fast/_fast.dll", "fast"),
    ("wrong-abi", fast(**{"fast/_x.cp311-win_amd64.pyd": b"x"}), "fast/_x.cp311-win_amd64.pyd", "fast"),
    ("wrong-machine", elf(machine="aarch64"), "fast/more.so", "fast"),
    ("glibc-too-new", elf(versions={"libc.so.6": ["GLIBC_2.28"]}), "fast/more.so", "fast"),
    ("libstdcxx-too-new", elf(versions={"libstdc++.so.6": ["GLIBCXX_3.4.30"]}), "fast/more.so", "fast"),
    ("missing-library", elf(needed=["libgomp.so.1"]), "fast/more.so", "fast"),
    ("requirement-missing", fast("Requires-Dist: slow"), "fast-1.0.dist-info", "fast"),
    ("requirement-conflict", fast("Requires-Python: >=3.12"), "fast-1.0.dist-info", "fast"),
    ("record-mismatch", lambda files: (fast()(files), put("fast/extra.py")(files)), "fast/extra.py", "fast"),
    ("stale-bytecode", put("__pycache__/app.cpython-311.pyc", b"x" * 16), "__pycache__/app.cpython-311.pyc", None),
    ("unreadable", put("data.json", b"{}", mode=0o100600), "data.json", None),
    ("unsafe-path", put("../up.py"), "../up.py", None),
    ("unsafe-link", lambda files: files.link("current", "/home/me/app"), "current", None),
    ("duplicate-name", put(".//app.py"), "app.py", None),
    ("damaged", fast(**{"fast/x.so": b"\x7fELF"}), "fast/x.so", "fast"),
    ("layout", fast(root="python"), "python", None),
    ("layout", fast(root=SITE), SITE, None),
]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("rule", "change", "file", "owner"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_planted_fault_is_found_at_the_top(
    rule: str, change: Change, file: str, owner: str | None, tmp_path: Path
) -> None:
    findings = audit(package(change), tmp_path).findings
    assert [(found.rule, found.file, found.distribution) for found in findings] == [(rule, file, owner)]
    assert not any(" layer " in f"{found.problem} {found.remedy} " for found in findings if rule != "layout")


RIGHT: list[tuple[str, Change]] = [
    ("an-app-alone", lambda _files: None),
    ("with-a-distribution", fast("Requires-Dist: boto3")),
    ("without-record", fast(record=False)),
    ("a-package-without-an-init-file", put("src/handlers/orders.py")),
    # The app says by itself that it imports from there.
    ("a-folder-of-the-apps-own", fast(root="vendored")),
    ("a-folder-that-is-called-like-a-layers", put("python/readme.py")),
    ("a-library-of-its-own", put("lib/libown.so.1", make_elf())),
]


@pytest.mark.parametrize(("_name", "change"), RIGHT, ids=[name for name, _change in RIGHT])
def test_what_works_has_no_findings(_name: str, change: Change, tmp_path: Path) -> None:
    assert audit(package(change), tmp_path).findings == ()


def test_what_it_holds_is_told(tmp_path: Path) -> None:
    found = audit(package(fast()), tmp_path)
    assert (found.distributions, found.elf_files) == ({"fast": "1.0"}, 1)


def test_a_library_is_found_where_the_function_is_mounted(tmp_path: Path) -> None:
    late = make_elf(versions={"libstdc++.so.6": ["GLIBCXX_3.4.30"]}, runpath="/var/task/own")
    own = put("own/libstdc++.so.6", make_elf())
    assert audit(package(fast(**{"fast/more.so": late}), own), tmp_path).findings == ()
    elsewhere = make_elf(versions={"libstdc++.so.6": ["GLIBCXX_3.4.30"]}, runpath="/opt/own")
    (found,) = audit(package(fast(**{"fast/more.so": elsewhere}), own), tmp_path).findings
    assert found.rule == "libstdcxx-too-new"


def test_nothing_to_import(tmp_path: Path) -> None:
    files = LayerFiles()
    files.add("readme.txt", b"\n")
    (found,) = audit(files, tmp_path).findings
    assert found.problem == "there is no module in it, so nothing of this function can be imported"


def test_each_kind_is_none_of_the_other(tmp_path: Path) -> None:
    as_layer = LayerFiles()
    fast(root="python")(as_layer)
    assert audit(as_layer, tmp_path, kind=LAYER).findings == ()
    assert {found.rule for found in audit(as_layer, tmp_path).findings} == {"layout"}
    assert {found.rule for found in audit(package(fast()), tmp_path, kind=LAYER).findings} == {"layout"}


def test_the_budget_is_that_of_the_function_with_its_layers(tmp_path: Path) -> None:
    files = package(fast())
    assert audit(files, tmp_path, other_layers=5).findings == ()
    layers, size = audit(files, tmp_path, other_layers=6, other_bytes=MAX_UNZIPPED_BYTES).findings
    assert layers.problem.startswith("the function has 6 layers,")
    assert size.problem.startswith("the function has ")
    assert f" bytes unzipped with {MAX_UNZIPPED_BYTES} bytes of its layers, " in size.problem
