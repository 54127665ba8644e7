# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks against a sandbox of the tests' own and sees what they did."""

from __future__ import annotations

import hashlib
import io
import os
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

CHECKOUT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(CHECKOUT / "roles/sandbox/files"))
from asesoria_sandbox import request_log  # noqa: E402  # the sandbox's own code is no installed package
from asesoria_sandbox.settings import ADMIN_KEY  # noqa: E402

BIN = Path(sys.executable).parent
SHARED_CLI = CHECKOUT / ".cache/cli"
#: What a user's shell may export. None of it reaches the sandbox.
SHELL = {
    "AWS_ACCESS_KEY_ID": "AKIAOFSOMEBODYELSE00",
    "AWS_SECRET_ACCESS_KEY": "of-the-users-own-account",
    "AWS_SESSION_TOKEN": "of-the-users-own-session",
    "AWS_PROFILE": "of-the-user",
    "AWS_DEFAULT_PROFILE": "of-the-user",
    "AWS_REGION": "eu-south-2",
    "AWS_DEFAULT_REGION": "eu-south-2",
    **{
        f"AWS_ENDPOINT_URL{service}": "http://127.0.0.1:9" for service in ("", "_EC2", "_IAM", "_LAMBDA", "_S3", "_STS")
    },
    "AWS_URL": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nowhere/certificates.pem",
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/of-the-user",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "EC2_URL": "http://127.0.0.1:9",
}
if not any(os.environ.get(name) for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy")):
    # Of no use for addresses of this machine. Packages come by HTTPS.
    SHELL.update(HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9")
#: What the example app answers.
WELCOME = "Bienvenido al servidor de Flask"
_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


def link(source: str, target: str) -> None:
    """Make a hard link, or a copy where the file system can't.

    :param source: The file.
    :param target: The new name.
    """
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def free_base_port() -> int:
    """The first of three free neighbouring ports on loopback, below the range that the system hands out itself."""
    # At random, as two suites may look at the same time, long before their sandboxes listen.
    for base in random.sample(range(21000, 30000, 10), 100):
        with suppress(OSError):
            for port in range(base, base + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
    raise RuntimeError("no three neighbouring ports are free on 127.0.0.1")


@dataclass(frozen=True)
class Run:
    """What one ansible-playbook said and how it ended."""

    command: str
    returncode: int
    output: str

    @property
    def changed(self) -> int:
        """Changed tasks over all hosts."""
        return sum(int(changed) for _host, _ok, changed, _unreachable, _failed in _RECAP.findall(self.output))

    @property
    def changed_tasks(self) -> list[str]:
        """Names of the tasks with a changed host, for a failing test to show."""
        task = ""
        names = []
        for line in self.output.splitlines():
            if line.startswith(("TASK [", "RUNNING HANDLER [")):
                task = line.partition("[")[2].partition("]")[0]
            elif line.startswith("changed: "):
                names.append(task)
        return names

    @property
    def message(self) -> str:
        """The failing tasks' output, white space folded."""
        tail = self.output.partition("[ERROR]")[2]
        fatal = "\n".join(re.findall(r"^fatal: .*(?:\n(?!TASK|PLAY|\n).*)*", self.output, re.MULTILINE))
        return " ".join((fatal or tail or self.output).split())

    @property
    def curl(self) -> list[str]:
        """The curl command that the run ends with, as argv."""
        lines = re.findall(r"curl http[^\"'\n]*", self.output)
        assert lines, f"no curl line in the output of {self.command}:\n{self.output}"
        return shlex.split(lines[-1])

    def ok(self) -> Run:
        """This run, if it ended well."""
        assert self.returncode == 0, f"{self.command} ended with {self.returncode}:\n{self.output[-8000:]}"
        return self

    def refused(self) -> Run:
        """This run, if it failed."""
        assert self.returncode != 0, f"{self.command} should have failed:\n{self.output[-8000:]}"
        return self


@dataclass
class Chain:
    """The chain against one sandbox.

    :param folder: everything that the sandbox and the runs write is below it.
    :param port: first of the sandbox's three ports.
    :param environment: variables that differ from those of every run.
    :param shell: variables that the shell exports, in which a user calls Ansible.
    """

    folder: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    shell: Mapping[str, str] = field(default_factory=lambda: SHELL)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        self.environment = {
            **kept,
            **self.shell,
            "HOME": str(self.home),
            # Where pyenv is, now that it can't be told by the home folder.
            "PYENV_ROOT": os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "ASESORIA_SANDBOX_DIR": str(self.sandbox),
            "ASESORIA_SANDBOX_PORT": str(self.port),
            "ANSIBLE_INVENTORY": str(CHECKOUT / "inventory/sandbox"),
            "ANSIBLE_FORCE_COLOR": "false",
            "ANSIBLE_NOCOLOR": "true",
            **self.environment,
        }

    @property
    def sandbox(self) -> Path:
        """The sandbox's folder."""
        return self.folder / "sandbox"

    @property
    def home(self) -> Path:
        """The home folder of every run, to see what is written there."""
        return self.folder / "home"

    @property
    def aws_files(self) -> dict[str, bytes]:
        """What the AWS configuration files hold, by file name."""
        return {path.name: path.read_bytes() for path in sorted((self.sandbox / "aws").glob("*"))}

    @property
    def secret(self) -> str:
        """The secret key of the user that the chain made."""
        return self._credentials["aws_secret_access_key"]

    @property
    def _credentials(self) -> Mapping[str, str]:
        parser = ConfigParser(interpolation=None)
        parser.read(self.sandbox / "aws/credentials", encoding="utf-8")
        return parser["asesoria"]

    def borrow_cli(self) -> None:
        """Take the Serverless CLI from where tests/integration/install_cli.yml installs it, if it is there.

        A role that finds an incomplete or another CLI installs its own.
        """
        for stamp in SHARED_CLI.glob("*/node_modules/.installed-*"):
            name = stamp.parts[len(SHARED_CLI.parts)]
            with suppress(FileExistsError):
                shutil.copytree(SHARED_CLI / name, self.sandbox / "state/cli" / name, symlinks=True, copy_function=link)

    def add_personal_profile(self) -> None:
        """Put a profile into the AWS files that is none of the chain's business."""
        (self.sandbox / "aws").mkdir(exist_ok=True)
        for name, section in (("credentials", "personal"), ("config", "profile personal")):
            with (self.sandbox / "aws" / name).open("a", encoding="utf-8") as file:
                file.write(f"# mine; don't touch\n[{section}]\n  key=value\n")

    def writes(self, *, since: int = 0) -> list[str]:
        """The AWS calls that wrote, C(service:Action), leaving out the first C(since) calls of any kind."""
        return [f"{call.service}:{call.action}" for call in request_log.writes(self.request_log[since:])]

    @property
    def request_log(self) -> list[request_log.Call]:
        """All AWS calls that there have been."""
        return request_log.read(self.sandbox / "log/requests.jsonl")

    @property
    def calls(self) -> int:
        """How many AWS calls there have been."""
        return len(self.request_log)

    def files(self) -> dict[str, str]:
        """Digest by path of every file where a run keeps things: AWS files, keys, artifacts, staged copies."""
        below = [self.sandbox / name for name in ("aws", "ssh", "state")]
        below += [self.home / name for name in (".aws", ".ssh", ".local")]
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in below
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "node_modules" not in path.parts and path.name != "known_hosts"
        }

    def popen(self, *arguments: str | Path, cwd: Path = CHECKOUT) -> subprocess.Popen[str]:
        """Start ansible-playbook in a process group of its own."""
        return subprocess.Popen(
            ["ansible-playbook", *map(str, arguments)],
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def play(self, *arguments: str | Path, cwd: Path = CHECKOUT) -> Run:
        """Run ansible-playbook to its end."""
        process = self.popen(*arguments, cwd=cwd)
        output = process.communicate(timeout=900)[0]
        return Run(" ".join(["ansible-playbook", *map(str, arguments)]), process.returncode, output)

    def play_and_kill(self, *arguments: str | Path, at: str, after: float = 0.0) -> str:
        """Run ansible-playbook and end its whole process group without warning when a task begins.

        :param at: the end of the task's name.
        :param after: seconds between the task's beginning and the kill.
        """
        process = self.popen(*arguments)
        assert process.stdout is not None
        seen: list[str] = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith("TASK [") and line.partition("]")[0].endswith(at):
                time.sleep(after)
                break
        else:
            raise AssertionError(f"no task {at!r} was reached:\n{''.join(seen)[-8000:]}")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "".join(seen)

    def client(self, service: str) -> Any:
        """A client of the stand-ins, with the rights of the account's administrator."""
        return self._client(service, key=ADMIN_KEY, secret=ADMIN_KEY)

    def client_of_user(self, service: str, *, secret: str = "") -> Any:
        """A client with the key of the user that the chain made, whose calls are not logged with those of the runs.

        :param secret: another one than the user's.
        """
        key = self._credentials["aws_access_key_id"]
        return self._client(service, key=key, secret=secret or self.secret, agent=request_log.OWN_AGENT)

    def _client(self, service: str, *, key: str, secret: str, agent: str | None = None) -> Any:
        port = self.port + 1 if service in ("ec2", "ssm") else self.port
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 2}, user_agent_extra=agent),
        )

    def policies(self, user: str = "asesoria") -> dict[str, dict[str, Any]]:
        """What the user's policies say, by name."""
        iam = self.client("iam")
        found = {}
        for policy in iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            made = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
            found[policy["PolicyName"]] = made["Document"]
        return found

    def layer_versions(self, name: str = "flask-dependencies-py311") -> list[int]:
        """Numbers of the versions of a layer."""
        found = self.client("lambda").list_layer_versions(LayerName=name)["LayerVersions"]
        return [version["Version"] for version in found]


def publish_adapter(chain: Chain) -> str:
    """Publish a layer with what the adapter for WSGI needs, and return its name."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for package in ("werkzeug", "markupsafe"):
            spec = util.find_spec(package)
            assert spec
            assert spec.origin
            folder = Path(spec.origin).parent
            for path in folder.rglob("*.py"):
                packed.write(path, f"python/{package}/{path.relative_to(folder)}")
    chain.client("lambda").publish_layer_version(
        LayerName="adapter", Content={"ZipFile": archive.getvalue()}, CompatibleRuntimes=["python3.11"]
    )
    return "adapter"


def has_python_with_pip() -> bool:
    """Whether the machine has an interpreter of the example's runtime that can build a layer."""
    found = shutil.which("python3.11")
    return (
        bool(found)
        and not subprocess.run([found, "-m", "pip", "--version"], check=False, capture_output=True).returncode
    )


def ask(run: Run) -> str:
    """What the curl command that a run printed prints."""
    return subprocess.run([*run.curl, "--silent", "--show-error"], check=True, capture_output=True, text=True).stdout


class ProcessWatch:
    """Reads every command line on the machine, again and again, while a run goes on."""

    def __init__(self) -> None:
        self.command_lines: set[str] = set()
        self._end = threading.Event()

    def _look(self) -> None:
        while not self._end.wait(0.1):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    self.command_lines.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))

    @contextmanager
    def watching(self) -> Iterator[ProcessWatch]:
        """Look until the block ends."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            thread.join()
