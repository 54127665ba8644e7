# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Boots a builder when EC2 says that an instance of that role runs, and ends it when EC2 says that it doesn't."""

from __future__ import annotations

import logging
import shutil
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from asesoria_sandbox import builder, processes
from asesoria_sandbox.builder import Machine
from asesoria_sandbox.request_log import OWN_AGENT
from asesoria_sandbox.settings import ADMIN_KEY, HOST, SandboxError, Settings

#: Seconds between two looks at EC2.
INTERVAL = 1.0
_log = logging.getLogger("hypervisor")


class Hypervisor:
    """Each machine has an address of its own, and all have the same port.

    :param settings: of the sandbox.
    :param ec2: client of EC2.
    """

    def __init__(self, *, settings: Settings, ec2: Any) -> None:
        self._settings = settings
        self._ec2 = ec2
        self._servers: dict[str, subprocess.Popen[bytes]] = {}

    def step(self) -> None:
        """Make the machines be what EC2 says they are."""
        instances = self._instances()
        running = {each["InstanceId"]: each for each in instances if each["State"]["Name"] == "running"}
        for instance in set(self._servers) - set(running):
            self._halt(instance)
        for instance, description in running.items():
            if not self._up(instance):
                self._boot(self._describe(description))
        self._discard({each["InstanceId"] for each in instances if each["State"]["Name"] != "terminated"})

    def halt(self) -> None:
        """End all machines."""
        for instance in list(self._servers):
            self._halt(instance)

    def _halt(self, instance: str) -> None:
        server = self._servers.pop(instance)
        _log.info("%s: halted", instance)
        server.terminate()
        try:
            server.wait(timeout=5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    def _up(self, instance: str) -> bool:
        return instance in self._servers and self._servers[instance].poll() is None

    def _instances(self) -> list[dict[str, Any]]:
        pages = self._ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "tag:Role", "Values": ["lambda-builder"]}]
        )
        return [each for page in pages for reservation in page["Reservations"] for each in reservation["Instances"]]

    def _describe(self, instance: dict[str, Any]) -> Machine:
        name = instance.get("KeyName")
        key = ""
        if name:
            found = self._ec2.describe_key_pairs(KeyNames=[name], IncludePublicKey=True)["KeyPairs"]
            key = found[0].get("PublicKey") or ""
        if not key:
            _log.warning("%s: has no key pair, so nobody can log in", instance["InstanceId"])
        return Machine(instance=instance["InstanceId"], public_key=key)

    def _boot(self, machine: Machine) -> None:
        builder.install(machine, self._settings)
        with (self._settings.log / "sshd.log").open("ab") as log:
            self._servers[machine.instance] = subprocess.Popen(
                builder.command(machine, self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        _log.info("%s: booted, %s port %d", machine.instance, machine.address, self._settings.ssh_port)

    def _discard(self, existing: set[str]) -> None:
        for disk in self._settings.machines.glob("i-*"):
            if disk.name not in existing:
                _log.info("%s: disk removed", disk.name)
                shutil.rmtree(disk, ignore_errors=True)


def client(settings: Settings) -> Any:
    """EC2 of the sandbox, by a caller whose requests aren't logged."""
    return boto3.client(
        "ec2",
        endpoint_url=f"http://{HOST}:{settings.moto_port}",
        region_name=settings.region,
        aws_access_key_id=ADMIN_KEY,
        aws_secret_access_key=ADMIN_KEY,
        config=Config(user_agent_extra=OWN_AGENT, retries={"total_max_attempts": 1}),
    )


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def main() -> None:
    """Watch until told to end."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    processes.die_with_parent()
    settings = Settings.load()
    hypervisor = Hypervisor(settings=settings, ec2=client(settings))

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    processes.wait_until(lambda: _answers(settings.moto_port), seconds=60)
    try:
        while True:
            try:
                hypervisor.step()
            except (BotoCoreError, ClientError, SandboxError, OSError) as error:
                _log.warning("%s", error)
            time.sleep(INTERVAL)
    finally:
        hypervisor.halt()


if __name__ == "__main__":
    main()
