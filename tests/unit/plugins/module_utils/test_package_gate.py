# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _package_gate
from ansible_collections.asesoria.serverless.plugins.module_utils._package_gate import PackageGate, UnsoundPackageError
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import packaged_functions
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles

GATE = PackageGate(allow=(), today=date(2026, 11, 25))


def function(name: str, archive: str = "shop.zip", **properties: object) -> dict[str, object]:
    code = {"S3Bucket": "b", "S3Key": f"serverless/shop/dev/1-x/{archive}"}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {"FunctionName": name, "Runtime": "python3.11", "Code": code, **properties},
    }


@pytest.fixture(name="package")
def _package(tmp_path: Path) -> Path:
    """The folder that a CLI has packaged two archives into, one of them with nothing to import."""
    for name, member in (("shop.zip", "app.py"), ("other.zip", "readme.txt")):
        files = LayerFiles()
        files.add(member, b"\n")
        files.zip(tmp_path / name)
    return tmp_path


def test_what_several_functions_share_is_looked_at_once(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    real = _package_gate.audit_layer
    monkeypatch.setattr(
        _package_gate,
        "audit_layer",
        lambda path, request: (
            looked.append((path.name, str(request.target), request.other_layers)) or real(path, request)
        ),
    )
    template = {
        "Resources": {
            "A": function("a"),
            "B": function("b", Architectures=["x86_64"], Layers=[]),
            "C": function("c", Architectures=["arm64"]),
            "D": function("d", Layers=["arn:1", "arn:2"]),
            "E": function("e", Runtime="nodejs24.x"),
            # A container image has no archive, and what somebody else has uploaded is none of the CLI's.
            "F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "f", "Code": {"ImageUri": "x"}}},
            "G": function("g", archive="elsewhere.zip"),
            "Role": {"Type": "AWS::IAM::Role"},
        }
    }
    GATE.require_sound(packaged_functions(template, package=package))
    assert looked == [
        ("shop.zip", "python3.11 on x86_64", 0),
        ("shop.zip", "python3.11 on arm64", 0),
        ("shop.zip", "python3.11 on x86_64", 2),
    ]


def test_the_function_whose_package_is_refused_is_named(package: Path) -> None:
    template = {"Resources": {"A": function("a"), "B": function("b", archive="other.zip")}}
    with pytest.raises(
        UnsoundPackageError, match=r"the function b is not deployed: other\.zip would not work in Lambda"
    ):
        GATE.require_sound(packaged_functions(template, package=package))
