# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from datetime import date
from typing import Any

import botocore.session
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _runtimes
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import (
    RUNTIMES,
    RuntimeCatalogueError,
    find_runtime,
)

#: What the SDK's model names before AWS has published the dates of its life.
ANNOUNCED = {"python3.15"}
TODAY = date(2026, 11, 22)
SUPPORTED = "Use one of python3.14, python3.13, python3.12, python3.11."


@pytest.fixture(name="shapes", scope="module")
def _shapes() -> dict[str, Any]:
    """The shapes of Lambda's API, as botocore knows them."""
    loader = botocore.session.get_session().get_component("data_loader")
    shapes: dict[str, Any] = loader.load_service_model("lambda", "service-2")["shapes"]
    return shapes


@pytest.mark.parametrize(
    ("identifier", "today", "allow_deprecated", "expected"),
    [
        ("python2.7", TODAY, False, f"runtime 'python2.7' is not a Python runtime of Lambda. {SUPPORTED}"),
        ("", TODAY, False, f"runtime '' is not a Python runtime of Lambda. {SUPPORTED}"),
        ("nodejs22.x", TODAY, True, f"runtime 'nodejs22.x' is not a Python runtime of Lambda. {SUPPORTED}"),
        ("python3.10", TODAY, False, f"runtime python3.10 has been deprecated by Lambda since 2026-10-31. {SUPPORTED}"),
        (
            "python3.11",
            date(2027, 6, 30),
            False,
            (
                "runtime python3.11 has been deprecated by Lambda since 2027-06-30. "
                "Use one of python3.14, python3.13, python3.12."
            ),
        ),
        (
            "python3.10",
            date(2027, 3, 3),
            True,
            (
                "runtime python3.10 has been closed by Lambda since 2027-03-03. "
                "Use one of python3.14, python3.13, python3.12, python3.11."
            ),
        ),
    ],
)
def test_a_runtime_that_lambda_does_not_take_is_refused(
    identifier: str, today: date, allow_deprecated: bool, expected: str
) -> None:
    with pytest.raises(RuntimeCatalogueError) as caught:
        find_runtime(identifier, today=today, allow_deprecated=allow_deprecated)
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("identifier", "today", "allow_deprecated"),
    [
        ("python3.11", TODAY, False),
        ("python3.11", date(2027, 6, 29), False),
        ("python3.10", TODAY, True),
        ("python3.10", date(2027, 3, 2), True),
    ],
)
def test_a_runtime_is_taken_until_its_last_day(identifier: str, today: date, allow_deprecated: bool) -> None:
    assert find_runtime(identifier, today=today, allow_deprecated=allow_deprecated).identifier == identifier


def test_the_facts_of_the_guides_runtime() -> None:
    assert find_runtime("python3.11", today=TODAY).facts("arm64") == {
        "identifier": "python3.11",
        "python": "3.11",
        "architecture": "arm64",
        "os": "Amazon Linux 2",
        "glibc": "2.26",
        "ami_parameter": "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-arm64-gp2",
        "ssh_user": "ec2-user",
        "deprecated": "2027-06-30",
        "create_blocked": "2027-07-31",
        "update_blocked": "2027-08-31",
    }


def test_an_architecture_that_lambda_does_not_have_is_refused() -> None:
    with pytest.raises(RuntimeCatalogueError) as caught:
        find_runtime("python3.12", today=TODAY).facts("riscv64")
    assert str(caught.value) == "architecture 'riscv64' is not one that Lambda has. Use one of x86_64, arm64."


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES)
def test_a_runtime_closes_step_by_step(runtime: _runtimes.Runtime) -> None:
    assert runtime.deprecated < runtime.create_blocked < runtime.update_blocked


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES)
def test_the_operating_system_goes_with_the_version(runtime: _runtimes.Runtime) -> None:
    minor = int(runtime.python.partition(".")[2])
    assert runtime.os is (_runtimes.AMAZON_LINUX_2023 if minor >= 12 else _runtimes.AMAZON_LINUX_2)


def test_every_runtime_is_one_of_the_api(shapes: dict[str, Any]) -> None:
    assert set(RUNTIMES) <= set(shapes["Runtime"]["enum"])


def test_a_new_runtime_of_the_api_does_not_go_unnoticed(shapes: dict[str, Any]) -> None:
    versions = [re.fullmatch(r"python3\.(\d+)", name) for name in shapes["Runtime"]["enum"]]
    newer = {match[0] for match in versions if match and int(match[1]) >= 9}
    assert newer - set(RUNTIMES) == ANNOUNCED


def test_the_architectures_are_those_of_the_api(shapes: dict[str, Any]) -> None:
    assert set(_runtimes.ARCHITECTURES) == set(shapes["Architecture"]["enum"])


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("flask-dependencies-py311", True),
        ("a", True),
        ("A_b-9", True),
        ("x" * 140, True),
        ("x" * 141, False),
        ("", False),
        ("flask dependencies", False),
        ("capa-de-añadidos", False),
        ("a/b", False),
        ("a.b", False),
        ("name\n", False),
    ],
)
def test_layer_names(name: str, valid: bool, shapes: dict[str, Any]) -> None:
    assert bool(_runtimes.LAYER_NAME.fullmatch(name)) is valid
    api = shapes["LayerName"]
    in_api = re.fullmatch(api["pattern"], name) is not None and api["min"] <= len(name) <= api["max"]
    assert in_api is valid
