# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One sandbox for the whole session, in a directory and on ports of its own, started and stopped by the role."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

TOP = Path(__file__).parents[3]
FILES = TOP / "roles/sandbox/files"
sys.path.insert(0, os.fspath(FILES))

REGION = "us-east-1"


def free_ports() -> int:
    """The first of three neighbouring ports that nobody has."""
    for base in random.sample(range(20000, 30000, 3), 100):
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            try:
                for offset, probe in enumerate((one, two, three)):
                    probe.bind(("127.0.0.1", base + offset))
            except OSError:
                continue
            return base
    raise RuntimeError("no three free ports in a row")


def archive(files: dict[str, str]) -> bytes:
    """A zip file with these names and contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def packages_folder() -> Path | None:
    """Where the stand-ins are installed, if not in each sandbox's own directory."""
    named = os.environ.get("ASESORIA_SANDBOX_PACKAGES")
    return Path(named) if named else None


@dataclass(frozen=True)
class Sandbox:
    """A sandbox, running or not."""

    directory: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What tells the inventory and the role which sandbox is meant."""
        return {
            **os.environ,
            "ASESORIA_SANDBOX_DIR": os.fspath(self.directory),
            "ASESORIA_SANDBOX_PORT": str(self.port),
            "ANSIBLE_NOCOLOR": "1",
        }

    def play(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the playbook of the sandbox."""
        program = Path(sys.executable).with_name("ansible-playbook")
        command = [os.fspath(program), "-i", "inventory/sandbox/hosts.yml", "playbooks/sandbox.yml", *options]
        return subprocess.run(command, cwd=TOP, env=self.environment, capture_output=True, text=True, check=False)

    def run(self, action: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the sandbox's own program."""
        command = [sys.executable, "-m", "asesoria_sandbox", action, "--directory", os.fspath(self.directory), *options]
        environment = {**os.environ, "PYTHONPATH": os.fspath(FILES)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def start(self, python: Path) -> dict[str, Any]:
        """Start it without the role, with stand-ins that are installed elsewhere."""
        options = (
            "--port",
            str(self.port),
            "--region",
            REGION,
            "--runtime",
            "python3.11",
            "--python",
            os.fspath(python),
            *(("--packages", os.fspath(packages_folder())) if packages_folder() else ()),
        )
        done = self.run("start", *options)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    @property
    def python(self) -> Path:
        """The interpreter of the stand-ins."""
        return (packages_folder() or self.directory) / "venv/bin/python"

    @property
    def supervisor(self) -> int:
        """The supervisor's process id."""
        pid: int = json.loads((self.directory / "supervisor.json").read_text(encoding="utf-8"))["pid"]
        return pid

    @property
    def request_log(self) -> Path:
        """The log of AWS calls."""
        return self.directory / "log/requests.jsonl"

    def client(self, service: str) -> Any:
        """A client of one of the stand-ins."""
        port = self.port + (service in ("ec2", "ssm"))
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=REGION,
            aws_access_key_id="sandboxadmin",
            aws_secret_access_key="not-a-secret-but-must-not-be-logged",
        )


def recap(output: str) -> dict[str, int]:
    """The numbers of a play's last line."""
    line = next(line for line in output.splitlines() if line.startswith("localhost ") and "ok=" in line)
    return {key: int(number) for key, number in (word.split("=", 1) for word in line.split() if "=" in word)}


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A running sandbox."""
    running = Sandbox(directory=tmp_path_factory.mktemp("sandbox") / "here", port=free_ports())
    started = running.play()
    assert started.returncode == 0, started.stdout + started.stderr
    assert recap(started.stdout)["changed"] > 0
    yield running
    stopped = running.play("-e", "sandbox_state=stopped", "-e", "sandbox_purge=true")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    assert not running.directory.exists()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Sandbox]:
    """A second sandbox, not running and without packages of its own."""
    second = Sandbox(directory=tmp_path / "other", port=free_ports())
    yield second
    second.run("stop")
    shutil.rmtree(second.directory, ignore_errors=True)


@pytest.fixture(scope="session")
def make_function(sandbox: Sandbox) -> Callable[..., str]:
    """Makes a function from files and returns its name."""
    functions, iam = sandbox.client("lambda"), sandbox.client("iam")
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [service]})
    role = iam.create_role(RoleName="function", AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def make(name: str, files: dict[str, str], *, layers: tuple[str, ...] = (), **options: Any) -> str:
        functions.create_function(
            FunctionName=name,
            Role=role,
            Code={"ZipFile": archive(files)},
            Layers=list(layers),
            Timeout=20,
            **{"Runtime": "python3.11", "Handler": "wsgi_handler.handler", **options},
        )
        return name

    return make


@pytest.fixture(scope="session")
def make_layer(sandbox: Sandbox) -> Callable[[str, dict[str, str]], str]:
    """Makes a layer from files and returns its version's ARN."""

    def make(name: str, files: dict[str, str]) -> str:
        answer = sandbox.client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": archive(files)})
        arn: str = answer["LayerVersionArn"]
        return arn

    return make


@pytest.fixture(scope="session")
def invoke(sandbox: Sandbox) -> Callable[[str], tuple[str, Any]]:
    """Invokes a function; gives its error, empty if there is none, and its answer."""

    def call(name: str) -> tuple[str, Any]:
        answer = sandbox.client("lambda").invoke(FunctionName=name, Payload=b"{}")
        return answer.get("FunctionError", ""), json.loads(answer["Payload"].read())

    return call
