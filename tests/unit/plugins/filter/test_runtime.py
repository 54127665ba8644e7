# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter import runtime as runtime_file
from ansible_collections.asesoria.serverless.plugins.filter.runtime import FilterModule, runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES, find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

ON_THAT_DAY = datetime(2026, 11, 22, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    class FixedClock:
        @staticmethod
        def now(*, tz: timezone) -> datetime:
            assert tz is timezone.utc
            return ON_THAT_DAY

    monkeypatch.setattr(runtime_file, "datetime", FixedClock)


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_the_filter_gives_the_catalogues_facts(architecture: str) -> None:
    found = find_runtime("python3.12", today=ON_THAT_DAY.date())
    platforms = Target(runtime=found, architecture=architecture).platforms
    assert runtime("python3.12", architecture) == {**found.facts(architecture), "platforms": platforms}


def test_x86_64_is_the_default() -> None:
    assert runtime("python3.13")["architecture"] == "x86_64"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("python3",), "runtime 'python3' is not a Python runtime of Lambda. Use one of "),
        (("python3.9",), "runtime python3.9 has been deprecated by Lambda since 2025-12-15. Use one of "),
        (("python3.11", "i686"), "architecture 'i686' is not one that Lambda has. Use one of x86_64, arm64."),
    ],
)
def test_bad_input_is_an_error_of_the_filter(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        runtime(*arguments)
    assert message in str(caught.value)


def test_a_deprecated_runtime_can_be_asked_for() -> None:
    assert runtime("python3.10", allow_deprecated=True)["python"] == "3.10"


def test_ansible_finds_the_filter() -> None:
    assert FilterModule().filters() == {"runtime": runtime}


def test_the_documentation_names_every_key() -> None:
    documentation: dict[str, Any] = yaml.safe_load(Path(runtime_file.__file__).with_suffix(".yml").read_text())
    text = " ".join(documentation["RETURN"]["_value"]["description"])
    assert [
        key
        for key in find_runtime(next(iter(RUNTIMES)), today=ON_THAT_DAY.date()).facts("arm64")
        if f"C({key})" not in text
    ] == []
