# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.modules import builder_host_keys_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from moto import mock_aws
from moto.ec2.responses import general

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIHhzW8pkNvh3CH6XPRgy2hQjp6zi9lVJ2Cw9R1bY1zQm"


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        ec2 = boto3.client("ec2", region_name="us-east-1")
        image = ec2.describe_images()["Images"][0]["ImageId"]
        yield ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]


def run(instance: str, **options: Any) -> dict[str, Any]:
    given = {"instance_id": instance, "region": "us-east-1", "timeout": 0, **options}
    return run_module(builder_host_keys_info.main, given, check_mode=True)


def test_keys_of_a_console(instance: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ("-----BEGIN SSH HOST KEY KEYS-----", f"ssh-ed25519 {KEY} root@h", "-----END SSH HOST KEY KEYS-----", "")
    monkeypatch.setattr(general, "SAMPLE_CONSOLE_OUTPUT", general.SAMPLE_CONSOLE_OUTPUT + "\n".join(lines))
    result = run(instance)
    assert_return_documented(builder_host_keys_info, result)
    assert result["host_keys"] == [{"kind": "ssh-ed25519", "key": KEY}]
    assert not result["changed"]


def test_a_console_without_keys_is_one_error(instance: str) -> None:
    result = run(instance)
    assert result["failed"]
    assert result["msg"].startswith(
        f"the console of {instance} did not tell its SSH host keys within 0 s: what it shows"
    )


def test_an_instance_that_is_not_there(instance: str) -> None:
    result = run(f"{instance[:-1]}x")
    assert result["failed"]
    assert result["msg"].startswith(f"The console of {instance[:-1]}x could not be read")
