# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module control_node_info goes through all checks, whatever is missing."""

from __future__ import annotations

import http.server
import re
import threading
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _control_node as node
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_identity import Identity
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_quotas import Usage
from ansible_collections.asesoria.serverless.plugins.modules import control_node_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from moto import mock_aws

CALLER = "arn:aws:iam::123456789012:user/ana"
PROGRAMS = {
    "node": "v24.1.0\n",
    "npm --version": "11.0.0\n",
    "npm view": "4.3.1\n",
    "ssh": "OpenSSH_9.2p1, OpenSSL 3\n",
}
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
#: What is not known without credentials and without npm.
UNKNOWN = {"clock", "lambda storage", "ec2 vcpus", "npm registry"}
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
    "amazon.aws",
    "ssh",
    "ssh-keygen",
    "node",
    "npm",
    "serverless cli",
    "npm registry",
    "package index",
    "credentials",
    "clock",
    "lambda storage",
    "ec2 vcpus",
    "region",
    "runtime",
    "architecture",
    "layer name",
    "app",
    "disk",
]


def program(argv: Sequence[str]) -> str | None:
    """What a program prints."""
    return PROGRAMS.get(argv[0]) or PROGRAMS.get(" ".join(argv[:2]))


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app on a machine that has everything."""
    (tmp_path / "app.py").write_text("app = make()\n", encoding="utf-8")
    monkeypatch.setattr(node, "run_program", program)
    monkeypatch.setattr(control_node_info.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(control_node_info, "identify", lambda _session, *, errors: caller() if errors else None)
    monkeypatch.setattr(control_node_info.quotas, "code_storage", lambda *_clients, **_options: Usage(0, 75 * 1024**3))
    monkeypatch.setattr(control_node_info.quotas, "vcpus", lambda *_clients, **_options: Usage(0, 32))
    monkeypatch.setattr(control_node_info, "Session", Answering)
    monkeypatch.setattr(control_node_info, "today", lambda: date(2026, 11, 25))
    return tmp_path


def caller(*, behind: int = 0) -> Identity:
    """What AWS says of who asks, and by a clock that this one is so many seconds behind."""
    return Identity(CALLER, datetime.now(tz=timezone.utc) + timedelta(seconds=behind))


class Answering:
    """Package indexes that answer."""

    asked: ClassVar[list[str]] = []

    def __init__(self, _sources: object) -> None:
        self.asked.clear()

    def get(self, url: str) -> object:
        """A page."""
        self.asked.append(url)
        return url

    def close(self) -> None:
        """Nothing is open."""


def options(app: Path, **changes: Any) -> dict[str, Any]:
    """Options that are all right, but for the changes."""
    return {
        "ansible_version": "2.21.5",
        "ansible_requirement": ">=2.19.0,<2.23.0",
        "region": "us-east-1",
        "runtime": "python3.14",
        "architecture": "x86_64",
        "layer_name": "layer",
        "app_dir": str(app),
        "wsgi_app": "app.app",
        "work_dir": str(app / "state"),
        "min_free_mib": 0,
        "collections": [{"name": "amazon.aws", "requirement": ">=8.0.0", "version": "11.4.0"}],
        "cli_dir": str(app / "cli"),
        "cli_packages": {"osls": "4.3.1"},
        "index_url": "https://index.example/simple",
        **changes,
    }


def test_all_is_there(app: Path) -> None:
    result = run_module(control_node_info.main, options(app))
    assert_return_documented(control_node_info, result)
    assert [check["name"] for check in result["checks"]] == NAMES
    assert (result["problems"], result["changed"]) == ([], False)
    assert {check["state"] for check in result["checks"]} == {"ok"}, result["checks"]
    assert Answering.asked == ["https://index.example/simple/pip/"]
    assert CALLER in [check["found"] for check in result["checks"]]
    assert not (app / "state").exists()


@pytest.mark.parametrize(
    ("region", "problem"),
    [
        ("us-east-1", ""),
        ("eu-west-1", "domain: the domain of the service can't be set up: its certificate is in us-east-1, and has to"),
    ],
)
def test_a_domain_is_looked_at_if_there_is_one(app: Path, region: str, problem: str) -> None:
    domain = {"name": "api.example.com", "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
    result = run_module(control_node_info.main, options(app, domain=domain, region=region))
    (check,) = [check for check in result["checks"] if check["name"] == "domain"]
    assert check["state"] == ("problem" if problem else "ok")
    assert [each[: len(problem)] for each in result["problems"]] == [problem] * bool(problem)


def test_everything_that_is_wrong_is_said_at_once(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(app))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    result = run_module(
        control_node_info.main,
        options(
            app,
            ansible_version="2.18.0",
            region="mars-1",
            runtime="python3.8",
            architecture="i386",
            layer_name="a b",
            wsgi_app="nothing.app",
            min_free_mib=10**9,
            collections=[{"name": "amazon.aws", "requirement": ">=8.0.0"}],
            index_url="http://index.example/simple",
        ),
    )
    assert_return_documented(control_node_info, result)
    wrong = [problem.split(":")[0] for problem in result["problems"]]
    assert wrong == [name for name in NAMES if name not in (*INSTALLED, *UNKNOWN, "serverless cli")]
    states = {check["name"]: check["state"] for check in result["checks"]}
    assert {name for name, state in states.items() if state == "unknown"} == UNKNOWN
    for check in result["checks"]:
        assert bool(check["remedy"]) is (check["state"] == "problem"), check


def test_without_boto3_that_is_what_is_missing(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_node_info, "HAS_BOTO3", False)
    result = run_module(control_node_info.main, options(app))
    assert [problem.split(": ")[0] for problem in result["problems"]] == ["boto3", "botocore"]
    assert [check["name"] for check in result["checks"]] == [
        name for name in NAMES if name not in ("credentials", "clock", "lambda storage", "ec2 vcpus", "region")
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


def test_what_need_not_be_known_is_not_asked_for(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, name in ((control_node_info, "Session"), (control_node_info.quotas, "vcpus")):
        monkeypatch.setattr(place, name, lambda *_args, **_options: pytest.fail("it was asked for"))
    monkeypatch.setattr(node, "run_program", lambda argv: pytest.fail("npm") if "view" in argv else program(argv))
    result = run_module(control_node_info.main, options(app, check_index=False, strategy="wheels"))
    states = {check["name"]: check["state"] for check in result["checks"]}
    assert (states["npm registry"], states["package index"]) == ("unknown", "unknown")
    assert "ec2 vcpus" not in states
    assert result["problems"] == []


@pytest.mark.parametrize(("behind", "state"), [(0, "ok"), (120, "warning"), (900, "problem")])
def test_a_clock_that_is_wrong(app: Path, monkeypatch: pytest.MonkeyPatch, behind: int, state: str) -> None:
    monkeypatch.setattr(control_node_info, "identify", lambda *_args, **_options: caller(behind=behind))
    result = run_module(control_node_info.main, options(app))
    (check,) = [check for check in result["checks"] if check["name"] == "clock"]
    assert check["state"] == state
    assert len(result["problems"]) == (state == "problem")


class LateAws(http.server.BaseHTTPRequestHandler):
    """AWS a quarter of an hour ago: it refuses what was signed now."""

    def do_POST(self) -> None:
        """Refuse."""
        self.rfile.read(int(self.headers["Content-Length"]))
        text = (
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Not yet</Message></Error></ErrorResponse>"
        )
        self.send_response(403)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header Date."""
        return super().date_time_string((timestamp or time.time()) - 900)

    def log_message(self, *_args: object) -> None:
        """Print nothing."""


def test_a_refusal_because_of_the_clock_says_so(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), LateAws)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    result = run_module(control_node_info.main, options(app, check_index=False))
    server.shutdown()
    server.server_close()
    thread.join()
    said = {problem.split(":")[0]: problem for problem in result["problems"]}
    assert "this machine's clock is wrong" in said["credentials"]
    assert re.match(r"clock: found (899|900|901) s ahead of AWS's, wanted at most 300 s off\. Let the ", said["clock"])


def test_what_aws_may_not_be_asked_is_unknown(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    # moto knows neither of the two quotas.
    with mock_aws():
        result = run_module(control_node_info.main, options(app, check_index=False))
    states = {check["name"]: check["state"] for check in result["checks"]}
    assert [states[name] for name in ("credentials", "clock", "lambda storage", "ec2 vcpus")] == [
        "ok",
        "ok",
        "unknown",
        "unknown",
    ]


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "mx-central-1"])
def test_regions_of_all_partitions_are_known(region: str) -> None:
    assert region in control_node_info.known_regions()
