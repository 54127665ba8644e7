# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.modules import layer_sbom
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


@pytest.fixture(name="layer")
def _layer() -> LayerFiles:
    layer = LayerFiles()
    layer.distribution("Base.Thing", "1.5", headers=["License-Expression: MIT OR Apache-2.0"])
    layer.distribution("extra", "2.0", headers=["License: Some License of Ours"])
    layer.distribution("late", "3.0", headers=["License: " + "x" * 101])
    layer.distribution(
        "app",
        "1.0",
        headers=[
            "License: BSD-3-Clause",
            "Requires-Dist: base-thing>=1",
            "Requires-Dist: boto3",
            "Requires-Dist: late; sys_platform == 'win32'",
            "Requires-Dist: extra; python_version < '3.12'",
        ],
    )
    return layer


@pytest.fixture(name="archive")
def _archive(layer: LayerFiles, tmp_path: Path) -> Path:
    return layer.zip(tmp_path / "layer.zip")


def run(archive: Path, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    task = {"path": str(archive), "name": "things", "dest": str(archive.with_suffix(".cdx.json")), **options}
    return run_module(layer_sbom.main, task, check_mode=check_mode, diff=True)


def bill_of(archive: Path) -> dict[str, Any]:
    bill: dict[str, Any] = json.loads(archive.with_suffix(".cdx.json").read_text(encoding="utf-8"))
    return bill


def test_it_is_as_the_schema_says(archive: Path) -> None:
    result = run(archive)
    assert_return_documented(layer_sbom, result)
    assert result["changed"]
    assert result["components"] == 4
    text = archive.with_suffix(".cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert result["serial_number"] == json.loads(text)["serialNumber"]
    assert "timestamp" not in text


def test_the_whole_is_the_zip(archive: Path) -> None:
    run(archive)
    whole = bill_of(archive)["metadata"]["component"]
    assert whole["name"] == "things"
    assert whole["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(archive.read_bytes()).hexdigest()}]
    assert {item["name"]: item["value"] for item in whole["properties"]} == {
        "asesoria.serverless:runtime": "python3.11",
        "asesoria.serverless:architecture": "x86_64",
    }


def test_components_have_versions_addresses_and_licenses(archive: Path) -> None:
    run(archive)
    found = {item["name"]: item for item in bill_of(archive)["components"]}
    assert {name: (item["version"], item["purl"]) for name, item in found.items()} == {
        "app": ("1.0", "pkg:pypi/app@1.0"),
        "Base.Thing": ("1.5", "pkg:pypi/base-thing@1.5"),
        "extra": ("2.0", "pkg:pypi/extra@2.0"),
        "late": ("3.0", "pkg:pypi/late@3.0"),
    }
    assert found["app"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert found["Base.Thing"]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert found["extra"]["licenses"] == [{"license": {"name": "Some License of Ours"}}]
    assert "licenses" not in found["late"]


@pytest.mark.parametrize(
    ("runtime", "needs"),
    [
        ("python3.11", ["pkg:pypi/base-thing@1.5", "pkg:pypi/extra@2.0"]),
        ("python3.13", ["pkg:pypi/base-thing@1.5"]),
    ],
)
def test_what_needs_what_is_judged_for_the_runtime(archive: Path, runtime: str, needs: list[str]) -> None:
    run(archive, runtime=runtime)
    edges = {item["ref"]: item.get("dependsOn", []) for item in bill_of(archive)["dependencies"]}
    assert edges["pkg:pypi/app@1.0"] == needs
    assert edges["pkg:pypi/late@3.0"] == []
    assert len(edges["layer:things"]) == 4


def test_a_second_run_changes_nothing_and_another_zip_does(archive: Path, layer: LayerFiles) -> None:
    first = run(archive)
    before = archive.with_suffix(".cdx.json").read_bytes()
    assert not run(archive)["changed"]
    layer.distribution("more")
    layer.zip(archive)
    changed = run(archive)
    assert changed["changed"]
    assert changed["serial_number"] != first["serial_number"]
    assert changed["diff"]["before"] == before.decode()
    assert archive.with_suffix(".cdx.json").read_bytes() == changed["diff"]["after"].encode()


def test_check_mode_writes_nothing(archive: Path) -> None:
    result = run(archive, check_mode=True)
    assert result["changed"]
    assert list(archive.parent.iterdir()) == [archive]


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "is not a file. Build the layer, or name its zip."), (b"PK\x03\x04 no", "is not a zip")],
)
def test_what_is_no_layer_is_said_so(tmp_path: Path, content: bytes | None, problem: str) -> None:
    archive = tmp_path / "layer.zip"
    if content is not None:
        archive.write_bytes(content)
    result = run(archive)
    assert result["failed"]
    assert problem in result["msg"]
    assert not archive.with_suffix(".cdx.json").exists()


def test_broken_metadata_are_named(archive: Path, layer: LayerFiles) -> None:
    layer.distribution("odd", headers=["Requires-Dist: not a requirement at all"])
    layer.zip(archive)
    result = run(archive)
    assert result["failed"]
    assert "python/odd-1.0.dist-info: METADATA can't be understood" in result["msg"]


def test_a_folder_that_is_not_there_is_named(archive: Path) -> None:
    result = run(archive, dest=str(archive.parent / "absent/bill.json"))
    assert result["failed"]
    assert "bill.json can't be written (No such file or directory)" in result["msg"]
