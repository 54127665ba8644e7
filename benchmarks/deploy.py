# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a first deployment, one with a change in the app, and one without any cost, beside the peers.

::

    .venv/bin/python benchmarks/deploy.py

The example app, with a layer that is there already, is deployed to a sandbox: by C(playbooks/deploy.yml), which also
asks the endpoint afterwards; by its role alone; by C(osls deploy) with the same C(serverless.yml); and by
C(sam deploy) with a template that says the same. They take turns, each has a stack of its own, and what is counted
beside the seconds are the calls to AWS that the sandbox has written down. The CLI that deploys for us and the peer osls
are one installation.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import yaml
from peer_tools import VERSIONS, install_from_pypi, venv
from sandbox_run import TOP, SandboxRun, execute

CASES = ("first", "changed", "same")
#: AWS keeps the ones that read apart from those that write by their names.
_READING = ("Get", "List", "Describe", "Head", "Validate", "Invoke")

#: What AWS does with a template of SAM, by SAM's own library, since the sandbox does not.
_EXPAND = """
import json, sys
from samtranslator.translator.transform import transform

class NoPolicies:
    def load(self):
        return {}

import os
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
template = transform(json.load(sys.stdin), {}, NoPolicies())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Lambda::Function":
        resource["Properties"]["Code"] = sys.argv[1]
print(json.dumps(template))
"""


@dataclass
class Measured:
    """What one kind of deployment took, a value each round.

    :param seconds: until it ended.
    :param calls: to AWS.
    :param writes: those of them that write.
    """

    seconds: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    writes: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Deployer:
    """One of those that are compared.

    :param name: as it is shown.
    :param app: the app's folder, of which C(app.py) is changed.
    :param argv: the command.
    :param cwd: where it is run.
    :param environment: all of it.
    :param remove: forgets the deployment.
    """

    name: str
    app: Path
    argv: Sequence[str]
    cwd: Path
    environment: Mapping[str, str]
    remove: Callable[[], None]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often; 3 if not given")
    rounds = parser.parse_args().rounds
    results: dict[str, dict[str, Measured]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run = SandboxRun(folder, variables={"asesoria_layer_strategy": "auto", "asesoria_service": "ours"})
        with run.started():
            run.play("site.yml")
            deployers = [ours(run, folder), role_alone(run, folder), osls(run, folder), sam(run, folder)]
            log = run.sandbox / "log/requests.jsonl"
            for _round in range(rounds):
                for deployer in deployers:
                    one = results.setdefault(deployer.name, {case: Measured() for case in CASES})
                    deployer.remove()
                    for case in CASES:
                        if case == "changed":
                            with (deployer.app / "app.py").open("a", encoding="utf-8") as file:
                                file.write("# changed\n")
                        measure(deployer, one[case], log=log)
                        sys.stderr.write(f"{deployer.name}, {case}: {one[case].seconds[-1]:.1f} s\n")
    show(results, rounds=rounds)
    return 0


def measure(deployer: Deployer, into: Measured, *, log: Path) -> None:
    """Deploy once."""
    since = len(log.read_text(encoding="utf-8").splitlines())
    started = time.perf_counter()
    execute(deployer.argv, cwd=deployer.cwd, environment=deployer.environment)
    into.seconds.append(time.perf_counter() - started)
    calls = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()[since:]]
    # Asking the endpoint is no call to AWS's control plane.
    calls = [call for call in calls if call["service"] != "execute-api"]
    into.calls.append(len(calls))
    into.writes.append(sum(1 for call in calls if not call["action"].startswith(_READING)))


def ours(run: SandboxRun, folder: Path) -> Deployer:
    """The collection: the role that deploys and the one that asks."""
    app = copy_app(folder / "ours")
    given = {"asesoria_app_dir": str(app)}
    return Deployer(
        name="playbooks/deploy.yml",
        app=app,
        argv=run.command("playbooks/deploy.yml", given),
        cwd=TOP,
        environment=run.environment,
        remove=lambda: run.play("playbooks/deploy.yml", {**given, "serverless_deploy_state": "absent"}),
    )


def role_alone(run: SandboxRun, folder: Path) -> Deployer:
    """The role that deploys, without a question to the endpoint, as the peers."""
    app = copy_app(folder / "role")
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "environment": "{{ asesoria_environment }}",
        "roles": ["asesoria.serverless.serverless_deploy"],
    }
    path = folder / "role.yml"
    path.write_text(yaml.safe_dump([play]), encoding="utf-8")
    # The policy of the chain's user is about its service and stage, which are the other deployer's.
    given = {"asesoria_app_dir": str(app), "asesoria_service": "role", "asesoria_create_user": False}
    return Deployer(
        name="role serverless_deploy",
        app=app,
        argv=run.command(str(path), given),
        cwd=TOP,
        environment=run.environment,
        remove=lambda: run.play(str(path), {**given, "serverless_deploy_state": "absent"}),
    )


def osls(run: SandboxRun, folder: Path) -> Deployer:
    """The CLI alone, with the C(serverless.yml) that the role has made."""
    app = copy_app(folder / "plain")
    staged = run.sandbox / "state/services/ours-dev/service/serverless.yml"
    config = yaml.safe_load(staged.read_text(encoding="utf-8"))
    config["service"] = "plain"
    del config["resources"]
    (app / "serverless.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    program = str(next(run.sandbox.glob("state/cli/*/node_modules/.bin/osls")))
    where = ["--stage", "dev", "--region", "us-east-1"]
    environment = plain_environment(run)

    def remove() -> None:
        if (app / ".serverless").exists():
            execute([program, "remove", *where], cwd=app, environment=environment)

    return Deployer("osls deploy", app, [program, "deploy", *where], app, environment, remove)


def sam(run: SandboxRun, folder: Path) -> Deployer:
    """C(sam deploy) of the same app, the plugin's handler beside it."""
    install_from_pypi("aws-sam-cli", beside=["setuptools", "uv"])(Path(sys.executable))
    app = copy_app(folder / "sam")
    service = run.sandbox / "state/services/ours-dev"
    with zipfile.ZipFile(service / "package/ours.zip") as package:
        package.extractall(app)
    staged = yaml.safe_load((service / "service/serverless.yml").read_text(encoding="utf-8"))
    function = {
        "CodeUri": "s3://bucket/key",
        "Handler": "wsgi_handler.handler",
        "Runtime": "python3.11",
        "MemorySize": 256,
        "Timeout": 29,
        "Layers": staged["functions"]["api"]["layers"],
        "Events": {"All": {"Type": "HttpApi"}},
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Api": {"Type": "AWS::Serverless::Function", "Properties": function}},
    }
    path = folder / "template.json"
    python = venv("aws-sam-cli", Path(sys.executable)) / "bin/python"
    expanded = subprocess.run(
        [python, "-c", _EXPAND, str(app)], input=json.dumps(template), check=True, capture_output=True, text=True
    )
    path.write_text(expanded.stdout, encoding="utf-8")
    program = str(venv("aws-sam-cli", Path(sys.executable)) / "bin/sam")
    environment = {**plain_environment(run), "SAM_CLI_TELEMETRY": "0", "HOME": str(folder)}
    name = ["--stack-name", "sam-dev", "--region", "us-east-1"]
    deploy = ["deploy", "--template-file", str(path), *name, "--s3-bucket", "sam", "--capabilities", "CAPABILITY_IAM"]
    client = boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="sandboxadmin",
        aws_secret_access_key="sandboxadmin",  # noqa: S106 - of the sandbox
    )
    client.create_bucket(Bucket="sam")

    def remove() -> None:
        # It ends well if there is no such stack.
        execute([program, "delete", *name, "--no-prompts"], cwd=folder, environment=environment)

    argv = [program, *deploy, "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    return Deployer(f"sam deploy {VERSIONS['aws-sam-cli']}", app, argv, folder, environment, remove)


def copy_app(folder: Path) -> Path:
    """A copy of the example."""
    shutil.copytree(TOP / "examples/flask", folder)
    return folder


def plain_environment(run: SandboxRun) -> dict[str, str]:
    """That of a peer: the sandbox, as somebody who may do everything."""
    return {
        **run.environment,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{run.port}",
        "AWS_ACCESS_KEY_ID": "sandboxadmin",
        "AWS_SECRET_ACCESS_KEY": "sandboxadmin",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CI": "true",
        "SLS_TELEMETRY_DISABLED": "1",
        "SLS_NOTIFICATIONS_MODE": "off",
    }


def show(results: Mapping[str, Mapping[str, Measured]], *, rounds: int) -> None:
    """Print the medians and the ratios to the first."""
    base = next(iter(results.values()))
    lines = ["| | " + " | ".join(f"{case}: s, ratio, calls (writes)" for case in CASES) + " |", "|---|---|---|---|"]
    for name, cases in results.items():
        cells = []
        for case in CASES:
            one = cases[case]
            seconds = statistics.median(one.seconds)
            ratio = seconds / statistics.median(base[case].seconds)
            calls, writes = statistics.median(one.calls), statistics.median(one.writes)
            cells.append(f"{seconds:.1f}, {ratio:.2f}, {calls:.0f} ({writes:.0f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sys.stdout.write("\n".join(lines) + f"\nMedians of {rounds}.\n")


if __name__ == "__main__":
    sys.exit(main())
