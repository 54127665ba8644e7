# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import AMAZON_LINUX_2, AMAZON_LINUX_2023
from ansible_collections.asesoria.serverless.plugins.modules import builder_image_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from moto import mock_aws

REGION = "us-east-1"


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


def run(parameter: str, *, region: str = REGION) -> dict[str, Any]:
    return run_module(builder_image_info.main, {"parameter": parameter, "region": region}, check_mode=True)


@pytest.mark.parametrize("system", [AMAZON_LINUX_2, AMAZON_LINUX_2023], ids=lambda system: str(system.name))
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_every_image_of_the_catalogue_is_found(system: Any, architecture: str) -> None:
    parameter = system.ami_parameter.format(architecture=architecture)
    result = run(parameter)
    assert_return_documented(builder_image_info, result)
    assert result["architecture"] == architecture
    assert result["root_device_name"] == "/dev/xvda"
    assert result["parameter"] == parameter
    assert not result["changed"]


def test_a_parameter_that_is_not_there_is_one_error() -> None:
    result = run("/aws/service/nothing")
    assert result["failed"]
    assert result["msg"].startswith("Systems Manager has no parameter /aws/service/nothing in region us-east-1, so")


def test_an_error_of_aws_says_what_was_wanted() -> None:
    result = run("not a name of a parameter")
    assert result["failed"]
    assert "not a name of a parameter" in result["msg"]
