# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module control_node_info goes through all checks, whatever is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _control_node as node
from ansible_collections.asesoria.serverless.plugins.modules import control_node_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

CALLER = "arn:aws:iam::123456789012:user/ana"
PROGRAMS = {"node": "v24.1.0\n", "npm": "11.0.0\n", "ssh": "OpenSSH_9.2p1, OpenSSL 3\n"}
INSTALLED = (
    "python",
    "boto3",
    "botocore",
    "packaging",
    "pyelftools",
    "resolvelib",
    "unearth",
    "cyclonedx-python-lib",
)
NAMES = [
    "ansible-core",
    "python",
    "boto3",
    "botocore",
    "packaging",
    "pyelftools",
    "resolvelib",
    "unearth",
    "cyclonedx-python-lib",
    "node",
    "npm",
    "ssh",
    "ssh-keygen",
    "credentials",
    "region",
    "runtime",
    "architecture",
    "layer name",
    "app",
    "disk",
]


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app on a machine that has everything."""
    (tmp_path / "app.py").write_text("app = None\n", encoding="utf-8")
    monkeypatch.setattr(node, "run_program", lambda argv: PROGRAMS.get(argv[0]))
    monkeypatch.setattr(control_node_info.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(control_node_info, "identify", lambda _session, *, errors: CALLER if errors else "")
    return tmp_path


def options(app: Path, **changes: Any) -> dict[str, Any]:
    """Options that are all right, but for the changes."""
    return {
        "ansible_version": "2.21.5",
        "ansible_requirement": ">=2.17.0,<2.22.0",
        "region": "us-east-1",
        "runtime": "python3.14",
        "architecture": "x86_64",
        "layer_name": "layer",
        "app_dir": str(app),
        "wsgi_app": "app.app",
        "work_dir": str(app / "state"),
        "min_free_mib": 0,
        **changes,
    }


def test_all_is_there(app: Path) -> None:
    result = run_module(control_node_info.main, options(app))
    assert_return_documented(control_node_info, result)
    assert [check["name"] for check in result["checks"]] == NAMES
    assert (result["problems"], result["changed"]) == ([], False)
    assert CALLER in [check["found"] for check in result["checks"]]
    assert not (app / "state").exists()


def test_everything_that_is_wrong_is_said_at_once(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(app))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    result = run_module(
        control_node_info.main,
        options(
            app,
            ansible_version="2.16.0",
            region="mars-1",
            runtime="python3.8",
            architecture="i386",
            layer_name="a b",
            wsgi_app="nothing.app",
            min_free_mib=10**9,
        ),
    )
    assert_return_documented(control_node_info, result)
    wrong = [problem.split(":")[0] for problem in result["problems"]]
    assert wrong == [name for name in NAMES if name not in INSTALLED]
    assert all(check["remedy"] for check in result["checks"] if not check["ok"])
    assert not any(check["remedy"] for check in result["checks"] if check["ok"])


def test_without_boto3_that_is_what_is_missing(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_node_info, "HAS_BOTO3", False)
    result = run_module(control_node_info.main, options(app))
    assert [problem.split(": ")[0] for problem in result["problems"]] == ["boto3", "botocore"]
    assert [check["name"] for check in result["checks"]] == [
        name for name in NAMES if name not in ("credentials", "region")
    ]


def test_a_library_that_is_missing_is_said(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_node_info, "LIBRARIES", (("asesoria-no-such-library", "1.0"),))
    result = run_module(control_node_info.main, options(app))
    assert [problem.split(": ")[0] for problem in result["problems"]] == ["asesoria-no-such-library"]


def test_checks_that_are_not_wanted_are_not_made(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_node_info, "identify", lambda *_args, **_options: pytest.fail("AWS was asked"))
    result = run_module(control_node_info.main, options(app, layer_name="a b", skip=["credentials", "layer name"]))
    assert [check["name"] for check in result["checks"]] == [
        name for name in NAMES if name not in ("credentials", "layer name")
    ]
    assert result["problems"] == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "mx-central-1"])
def test_regions_of_all_partitions_are_known(region: str) -> None:
    assert region in control_node_info.known_regions()
