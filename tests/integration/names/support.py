# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs roles against moto's server, behind a proxy that records the calls and can lose replies."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
_READS = re.compile("(Describe|Get|List|Batch)")


class LossyProxy(ThreadingHTTPServer):
    """Passes requests on, records what they asked for, and loses the replies that it was told to lose.

    :param target: Port of the server behind it.
    """

    daemon_threads = True

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.actions: list[str] = []
        #: How many more replies to an action are lost.
        self.lose: dict[str, int] = {}
        self.lock = threading.Lock()

    def loses(self, action: str) -> bool:
        """Record an action, and tell whether its reply is to be lost."""
        with self.lock:
            self.actions.append(action)
            left = self.lose.get(action, 0)
            self.lose[action] = max(left - 1, 0)
            return left > 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LossyProxy

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Pass a request on."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target", self.command).rpartition(".")[2]
        other = "Get" if self.command == "GET" else target
        action = parse_qs(body.decode(errors="replace")).get("Action", [other])[0]
        lost = self.server.loses(action)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=60)
        connection.request(self.command, self.path, body=body, headers=dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if lost:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "date", "server", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


for _method in ("DELETE", "GET", "PATCH", "PUT"):
    setattr(_Handler, f"do_{_method}", _Handler.do_POST)


@dataclass(frozen=True)
class Run:
    """Output of one ansible-playbook.

    :param returncode: How it ended.
    :param output: All that it said, on one line each.
    :param writes: AWS calls that wrote, in their order.
    """

    returncode: int
    output: str
    writes: list[str]

    @property
    def message(self) -> str:
        """The output with white space folded."""
        return " ".join(self.output.split())

    def ok(self) -> Run:
        """Return this run, if it ended well."""
        assert self.returncode == 0, self.output[-6000:]
        return self

    def refused(self, *words: str) -> Run:
        """Return this run, if it failed with all of these words and wrote nothing."""
        assert self.returncode != 0, self.output[-6000:]
        assert not [word for word in words if word not in self.message], self.output[-6000:]
        assert self.writes == []
        return self


@dataclass
class Account:
    """An AWS account that a server plays, and a home folder.

    :param folder: Folder for all that the runs write.
    :param proxy: The way to the server.
    """

    folder: Path
    proxy: LossyProxy
    homes: dict[str, Path] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return a client whose calls are not recorded with those of the runs."""
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.proxy.target}",
            region_name="us-east-1",
            aws_access_key_id="admin",
            aws_secret_access_key="admin",
        )

    def home(self, name: str) -> Path:
        """Return the home folder of a control node, made if need be."""
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def start(self, *tasks: Mapping[str, Any], home: str = "home", play: str = "play.yml") -> subprocess.Popen[str]:
        """Start a play.

        :param tasks: Tasks of the play.
        :param home: Name of the control node.
        :param play: Name of the file that the play is written to.
        """
        written = {"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}
        path = self.home(home) / play
        path.write_text(yaml.safe_dump([written], sort_keys=False), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        endpoint = f"http://127.0.0.1:{self.proxy.server_address[1]}"
        environment = {
            **kept,
            "HOME": str(self.home(home)),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "admin",
            "AWS_SECRET_ACCESS_KEY": "admin",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_INVENTORY": str(CHECKOUT / "inventory/sandbox/hosts.yml"),
        }
        return subprocess.Popen(
            ["ansible-playbook", "-i", f"{CHECKOUT}/tests/integration/names/hosts.yml", str(path)],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def play(self, *tasks: Mapping[str, Any], home: str = "home") -> Run:
        """Run a play to its end; see :meth:`start`."""
        since = len(self.proxy.actions)
        process = self.start(*tasks, home=home)
        output = process.communicate(timeout=900)[0]
        return Run(process.returncode, output, self.writes(since=since))

    def writes(self, *, since: int = 0) -> list[str]:
        """Return the calls that wrote, leaving out the first C(since) calls of any kind."""
        return [action for action in self.proxy.actions[since:] if not _READS.match(action)]


def role(name: str, *, tasks_from: str = "main", **variables: Any) -> dict[str, Any]:
    """Return a task that runs a role.

    :param name: Name of the role.
    :param tasks_from: Its entry point.
    :param variables: Variables of the role.
    """
    include = {"name": f"asesoria.serverless.{name}", "tasks_from": tasks_from}
    return {"name": f"Run {name}", "ansible.builtin.include_role": include, "vars": variables}


def tagged(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as boto3 wants them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def owner_tags(service: str, *, stage: str = "dev", project: str = "asesoria") -> dict[str, str]:
    """Return the tags of a service's resources."""
    return {"ManagedBy": "asesoria.serverless", "Project": project, "Service": service, "Stage": stage}


def document(resource: str = "*") -> str:
    """Return the document of a policy."""
    statement = {"Effect": "Allow", "Action": "cloudformation:DescribeStacks", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def sandbox_python(folder: Path) -> Path:
    """Return the interpreter that has the packages of the sandbox, which are installed if need be.

    :param folder: Folder for them, unless the environment names one.
    """
    packages = Path(os.environ.get("ASESORIA_SANDBOX_PACKAGES") or folder / "packages")
    python = packages / "venv/bin/python"
    if not python.exists():
        install = [BIN / "ansible-playbook", "-i", "inventory/sandbox/hosts.yml", "playbooks/sandbox.yml"]
        environment = {**os.environ, "ASESORIA_SANDBOX_PACKAGES": str(packages)}
        subprocess.run([*install, "-e", "sandbox_state=installed"], cwd=CHECKOUT, env=environment, check=True)
    return python


#: The module iam_user asks for credentials of a kind that the server does not know, before it deletes a user.
_SERVER = """
import time
from moto.iam.responses import IamResponse
from moto.server import ThreadedMotoServer

def answer(responses):
    name = "ListServiceSpecificCredentials"
    space = "https://iam.amazonaws.com/doc/2010-05-08/"
    return (
        f"<{name}Response xmlns='{space}'><{name}Result><ServiceSpecificCredentials/></{name}Result></{name}Response>"
    )

IamResponse.list_service_specific_credentials = answer
server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
time.sleep(3600)
"""


@contextmanager
def account(folder: Path) -> Iterator[Account]:
    """Start a server and the proxy before it, and stop both at the end."""
    server = subprocess.Popen(
        [sandbox_python(folder), "-c", _SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    proxy = LossyProxy(int(server.stdout.readline()))
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield Account(folder=folder, proxy=proxy)
    finally:
        proxy.shutdown()
        server.kill()
        server.wait()


def names(listed: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    """Return one value of each entry, sorted."""
    return sorted(str(entry[key]) for entry in listed)
