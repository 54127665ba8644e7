# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.doc_fragments.allow import ModuleDocFragment
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import PROVIDED
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import IMPORT, STATIC
from ansible_collections.asesoria.serverless.plugins.modules import layer_audit
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles, make_elf
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

EXTENSION = "fast/_fast.cpython-311-x86_64-linux-gnu.so"


def run(path: Path, **options: Any) -> dict[str, Any]:
    return run_module(layer_audit.main, {"path": str(path), **options}, check_mode=True, diff=True)


@pytest.fixture(name="layer")
def _layer() -> LayerFiles:
    layer = LayerFiles()
    elf = make_elf(versions={"libc.so.6": ["GLIBC_2.17"]})
    layer.distribution("fast", "1.5", files={"fast/__init__.py": b"", EXTENSION: elf})
    layer.distribution("app", headers=["Requires-Dist: fast>=1", "Requires-Dist: boto3"])
    return layer


@pytest.fixture(name="wrong")
def _wrong(layer: LayerFiles) -> LayerFiles:
    layer.distribution("late", files={"late/x.so": make_elf(versions={"libc.so.6": ["GLIBC_2.28"]})})
    return layer


def test_a_right_layer(layer: LayerFiles, tmp_path: Path) -> None:
    path = layer.zip(tmp_path / "layer.zip")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    result = run(path)
    assert_return_documented(layer_audit, result)
    assert result == {
        "allowed": [],
        "changed": False,
        "distributions": {"app": "1.0", "fast": "1.5"},
        "elf_files": 1,
        "failed": False,
        "findings": [],
        "glibc": "2.17",
        "notes": [],
        "unzipped_bytes": sum(len(member.content) for member in layer.members),
        "zipped_bytes": path.stat().st_size,
    }
    assert list(tmp_path.iterdir()) == [path]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_a_folder_has_no_zipped_size(layer: LayerFiles, tmp_path: Path) -> None:
    result = run(layer.folder(tmp_path / "layer"))
    assert_return_documented(layer_audit, result)
    assert (result["findings"], result["zipped_bytes"]) == ([], None)


def test_a_finding_fails_with_all_that_was_found(wrong: LayerFiles, tmp_path: Path) -> None:
    result = run(wrong.zip(tmp_path / "layer.zip"))
    assert result["failed"]
    assert result["msg"] == (
        "layer.zip would not work in Lambda, 1 finding: [glibc-too-new] python/late/x.so (late): "
        "this needs glibc 2.28, and python3.11 has 2.26 (Amazon Linux 2). "
        "Take a version that has a wheel for manylinux_2_26_x86_64 or older, compile it on Amazon Linux 2, "
        "or choose a runtime with a later glibc."
    )
    (finding,) = result["findings"]
    assert (finding["rule"], finding["file"], finding["distribution"]) == ("glibc-too-new", "python/late/x.so", "late")
    assert (result["elf_files"], result["glibc"], result["changed"]) == (2, "2.28", False)


def test_findings_can_be_looked_at_without_failing(wrong: LayerFiles, tmp_path: Path) -> None:
    result = run(wrong.zip(tmp_path / "layer.zip"), fail_on_findings=False)
    assert_return_documented(layer_audit, result)
    assert [finding["rule"] for finding in result["findings"]] == ["glibc-too-new"]


def test_what_is_allowed_does_not_fail(wrong: LayerFiles, tmp_path: Path) -> None:
    allow = [{"rule": "glibc-too-new", "distribution": "Late"}, {"rule": "layout", "distribution": "fast"}]
    result = run(wrong.zip(tmp_path / "layer.zip"), allow=allow)
    assert_return_documented(layer_audit, result)
    assert result["findings"] == []
    assert [finding["distribution"] for finding in result["allowed"]] == ["late"]
    assert result["notes"] == ["nothing was found that layout of fast would have to be allowed for"]


OPTIONS: list[tuple[dict[str, Any], set[str]]] = [
    ({"runtime": "python3.13"}, {"wrong-abi"}),
    ({"architecture": "arm64"}, {"wrong-machine", "wrong-abi"}),
    ({"other_layers": 5}, {"too-many-layers"}),
    ({"other_bytes": 262_144_000}, {"unzipped-too-large"}),
    ({"provided": []}, {"requirement-missing"}),
    ({"kind": "function"}, {"layout"}),
    # Out of support, but functions of it can still be updated.
    ({"runtime": "python3.9"}, {"wrong-abi"}),
]


@pytest.mark.parametrize(("options", "rules"), OPTIONS)
def test_each_option_counts(options: dict[str, Any], rules: set[str], layer: LayerFiles, tmp_path: Path) -> None:
    result = run(layer.zip(tmp_path / "layer.zip"), fail_on_findings=False, **options)
    assert {finding["rule"] for finding in result["findings"]} == rules


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"path": "/nowhere/layer.zip"}, "/nowhere/layer.zip is neither a zip nor a folder. Give the path of"),
    ({"runtime": "python2.7"}, "runtime 'python2.7' is not a Python runtime of Lambda"),
    ({"kind": "image"}, "value of kind must be one of: layer, function"),
    ({"architecture": "sparc"}, "value of architecture must be one of: x86_64, arm64"),
    ({"allow": [{"rule": "layout"}]}, "missing required arguments: distribution"),
    ({"allow": [{"rule": "all", "distribution": "x"}]}, "value of rule must be one of"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_wrong_options(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    result = run_module(layer_audit.main, {"path": str(tmp_path), **options})
    assert result["failed"]
    assert message in result["msg"]


@pytest.mark.parametrize("library", ["packaging", "pyelftools"])
def test_a_missing_library_is_named(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(layer_audit.MISSING, library, "Traceback")
    result = run(tmp_path)
    assert result["failed"]
    assert f"({library})" in result["msg"]


def test_the_documentation_knows_every_rule() -> None:
    documented = yaml.safe_load(layer_audit.DOCUMENTATION)
    described = " ".join(documented["description"])
    assert [rule for rule in STATIC if f"V({rule})" not in described] == []
    for fragment, rules in ((ModuleDocFragment.DOCUMENTATION, STATIC), (ModuleDocFragment.IMPORT, (IMPORT, *STATIC))):
        option = yaml.safe_load(fragment)["options"]["allow"]
        assert option["suboptions"]["rule"]["choices"] == list(rules)
    assert "V(import)" in ModuleDocFragment.IMPORT
    assert documented["options"]["provided"]["default"] == list(PROVIDED)
