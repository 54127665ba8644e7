# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The builder boots when EC2 says so, lets in whom it should, and goes when EC2 says so."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._host_keys import HostKey, read_host_keys
from asesoria_sandbox.builder import Machine, command
from asesoria_sandbox.settings import Settings

from .conftest import REGION, TOP, Sandbox

#: What the inventory finds the machine by.
OF_A_BUILDER = [{"Key": "Role", "Value": "lambda-builder"}, {"Key": "ManagedBy", "Value": "asesoria.serverless"}]
AMIS = ("amzn2-ami-kernel-5.10-hvm-x86_64-gp2", "al2023-ami-kernel-default-x86_64")


@dataclass(frozen=True)
class Builder:
    """A running instance and how to get in."""

    instance: str
    address: str
    ssh: tuple[str, ...]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run something on it."""
        return subprocess.run(
            [*self.ssh, command], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )


def wait(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait for something to be true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def host_keys(ec2: Any, instance: str) -> tuple[HostKey, ...]:
    """What EC2 shows of the instance's console, read as the role reads it."""
    return read_host_keys(ec2.get_console_output(InstanceId=instance, Latest=True).get("Output", ""))


def listening(address: str, port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


@pytest.fixture(scope="module")
def builder(sandbox: Sandbox) -> Iterator[Builder]:
    """A builder, as role builder_ec2 would start one."""
    ec2, ssm = sandbox.client("ec2"), sandbox.client("ssm")
    # Where the sandbox's inventory looks for it.
    key = sandbox.directory / "ssh/lambda-builder-keys.pem"
    material = ec2.create_key_pair(KeyName="lambda-builder-keys", KeyType="ed25519")["KeyMaterial"]
    key.touch(mode=0o600)
    key.write_text(material, encoding="ascii")
    ami = ssm.get_parameter(Name=f"/aws/service/ami-amazon-linux-latest/{AMIS[0]}")["Parameter"]["Value"]
    answer = ec2.run_instances(
        ImageId=ami,
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        KeyName="lambda-builder-keys",
        TagSpecifications=[{"ResourceType": "instance", "Tags": OF_A_BUILDER}],
    )
    instance, address = (answer["Instances"][0][name] for name in ("InstanceId", "PublicIpAddress"))
    known = sandbox.directory / "ssh/known_hosts"
    assert wait(lambda: bool(host_keys(ec2, instance)))
    known.write_text("".join(f"{instance} {key.kind} {key.key}\n" for key in host_keys(ec2, instance)))
    options = ("BatchMode=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={known}", f"HostKeyAlias={instance}")
    settings = [part for option in options for part in ("-o", option)]
    ssh = ("ssh", "-F", "none", "-i", os.fspath(key), "-p", str(sandbox.port + 2), *settings, f"ec2-user@{address}")
    machine = Builder(instance=instance, address=address, ssh=ssh)
    assert wait(lambda: machine.run("true").returncode == 0), machine.run("true").stderr
    yield machine
    ec2.terminate_instances(InstanceIds=[instance])


@pytest.mark.parametrize("name", AMIS)
def test_images_are_found_by_parameter(sandbox: Sandbox, name: str) -> None:
    parameter = sandbox.client("ssm").get_parameter(Name=f"/aws/service/ami-amazon-linux-latest/{name}")
    images = sandbox.client("ec2").describe_images(ImageIds=[parameter["Parameter"]["Value"]])["Images"]
    assert [(image["State"], image["Architecture"]) for image in images] == [("available", "x86_64")]


def test_user_is_not_root_and_writes_where_it_should(builder: Builder) -> None:
    assert builder.run("id -un; id -u; pwd").stdout.split() == ["ec2-user", "1000", "/home/ec2-user"]
    assert builder.run("touch ~/x /usr/local/x /opt/x /tmp/x /var/tmp/x").returncode == 0
    for path in ("/usr/x", "/etc/ssh/x", "/usr/bin/x"):
        assert builder.run(f"touch {path}").returncode != 0


def test_python_of_the_runtime_has_pip(builder: Builder) -> None:
    done = builder.run("python3.11 -m pip --version && python3.11 -c 'import ssl, ctypes, lzma, bz2, zlib, sqlite3'")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("(python 3.11)")


def test_files_and_terminals_work(builder: Builder, tmp_path: Path) -> None:
    (tmp_path / "sent").write_text("hello", encoding="ascii")
    copy = ("scp", *builder.ssh[1:-1])
    copy = tuple("-P" if part == "-p" else part for part in copy)
    subprocess.run([*copy, tmp_path / "sent", f"{builder.ssh[-1]}:received"], check=True, capture_output=True)
    assert builder.run("cat received").stdout == "hello"
    done = subprocess.run(
        [builder.ssh[0], "-tt", *builder.ssh[1:], "tty"],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout.startswith("/dev/pts/")


def test_no_way_in_without_the_key(builder: Builder, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    stranger = [os.fspath(tmp_path / "key") if part.endswith(".pem") else part for part in builder.ssh]
    done = subprocess.run([*stranger, "true"], capture_output=True, text=True, check=False)
    assert done.returncode == 255
    assert "Permission denied (publickey)" in done.stderr


def test_nothing_is_forwarded(sandbox: Sandbox, builder: Builder) -> None:
    asked = [*builder.ssh[:-1], "-W", f"127.0.0.1:{sandbox.port}", builder.ssh[-1]]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 255
    assert "administratively prohibited" in done.stderr


def test_host_is_out_of_sight(builder: Builder) -> None:
    assert builder.run(f"test -e {TOP}/galaxy.yml").returncode != 0
    processes = builder.run("ps -e -o comm= 2>/dev/null || ls /proc | grep -c '^[0-9]'").stdout
    assert "ministack" not in processes
    assert len(processes.split()) < 20


def test_another_machine_answers_elsewhere(sandbox: Sandbox, builder: Builder) -> None:
    """Two machines at once, with host keys and disks of their own; the end of one is not that of the other."""
    ec2 = sandbox.client("ec2")
    tags = [{"ResourceType": "instance", "Tags": OF_A_BUILDER}]
    answer = ec2.run_instances(MinCount=1, MaxCount=1, KeyName="lambda-builder-keys", TagSpecifications=tags)
    instance, address = (answer["Instances"][0][name] for name in ("InstanceId", "PublicIpAddress"))
    assert address.startswith("127.")
    assert address != builder.address
    assert wait(lambda: listening(address, sandbox.port + 2) and bool(host_keys(ec2, instance)))
    assert host_keys(ec2, instance) != host_keys(ec2, builder.instance)
    assert builder.run("true").returncode == 0
    ec2.terminate_instances(InstanceIds=[instance])
    assert wait(lambda: not listening(address, sandbox.port + 2))
    assert builder.run("true").returncode == 0


def test_a_launch_template_can_ask_for_the_spot_market(sandbox: Sandbox) -> None:
    ec2 = sandbox.client("ec2")
    data = {"InstanceMarketOptions": {"MarketType": "spot"}}
    ec2.create_launch_template(LaunchTemplateName="spot", LaunchTemplateData=data)
    answer = ec2.run_instances(MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateName": "spot"})
    instance = answer["Instances"][0]["InstanceId"]
    (reservation,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    assert reservation["Instances"][0]["InstanceLifecycle"] == "spot"
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.delete_launch_template(LaunchTemplateName="spot")


def test_inventory_finds_it(sandbox: Sandbox, builder: Builder) -> None:
    program = Path(sys.executable).with_name("ansible")
    command = [program, "-i", "inventory/sandbox", "lambda_builders", "-m", "ansible.builtin.command"]
    more = ["-a", "id -un", "-e", "ansible_python_interpreter=/usr/local/bin/python3.11"]
    done = subprocess.run(
        [*command, *more], cwd=TOP, env=sandbox.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{builder.instance} | CHANGED" in done.stdout
    assert "ec2-user" in done.stdout


def test_it_stops_starts_and_goes(sandbox: Sandbox, builder: Builder) -> None:
    """Stopped: out of reach, the disk stays. Started: as it was, host key included. Terminated: nothing is left."""
    ec2, port, disk = sandbox.client("ec2"), sandbox.port + 2, sandbox.directory / "machines" / builder.instance
    builder.run("echo kept > ~/note")
    ec2.stop_instances(InstanceIds=[builder.instance])
    assert wait(lambda: not listening(builder.address, port))
    assert disk.is_dir()
    ec2.start_instances(InstanceIds=[builder.instance])
    assert wait(lambda: builder.run("true").returncode == 0)
    assert builder.run("cat ~/note").stdout == "kept\n"
    ec2.terminate_instances(InstanceIds=[builder.instance])
    assert wait(lambda: not listening(builder.address, port) and not disk.exists())


def test_a_mirror_of_an_index_is_shown_with_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages of a mirror refer to files beside them, such as C(../../packages)."""
    wheels, mirror = tmp_path / "wheels", tmp_path / "mirror"
    for folder in (wheels, mirror / "simple", mirror / "packages"):
        folder.mkdir(parents=True)
    monkeypatch.setenv("PIP_FIND_LINKS", os.fspath(wheels))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (mirror / "simple").as_uri())
    top = os.fspath(tmp_path / "sandbox")
    settings = Settings(
        directory=top, packages=top, port=4566, region=REGION, runtimes=(), pythons=(), python=sys.executable
    )
    shown = command(Machine(instance="i-1", public_key=""), settings)
    for folder in (wheels, mirror):
        place = shown.index(os.fspath(folder))
        assert shown[place - 1 : place + 2] == ["--ro-bind", os.fspath(folder), os.fspath(folder)]


def test_settings_are_json(sandbox: Sandbox) -> None:
    settings: dict[str, Any] = json.loads((sandbox.directory / "settings.json").read_text(encoding="utf-8"))
    assert settings["port"] == sandbox.port
