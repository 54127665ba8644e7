# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which environment a stage gets, by what the AWS configuration files hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._access.config_file import ConfigFileError
from ansible_collections.asesoria.serverless.plugins.module_utils._profiles import choose_environment, profile_exists

ADMIN = {"AWS_DEFAULT_REGION": "us-east-1"}


def files(folder: Path, *, credentials: str = "", config: str = "") -> dict[str, str]:
    """Write the two files and return the variables that name them."""
    (folder / "credentials").write_text(credentials, encoding="utf-8")
    (folder / "config").write_text(config, encoding="utf-8")
    return {
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_CONFIG_FILE": str(folder / "config"),
    }


@pytest.mark.parametrize(
    ("name", "credentials", "config", "found"),
    [
        ("asesoria", "[asesoria]\naws_access_key_id = A\n", "", True),
        ("asesoria", "", "[profile asesoria]\nregion = us-east-1\n", True),
        ("asesoria", "[profile asesoria]\n", "[asesoria]\n", False),
        ("asesoria", "[other]\naws_access_key_id = A\n", "[profile other]\n", False),
        ("default", "", "[default]\nregion = us-east-1\n", True),
        ("default", "[asesoria]\n", "", False),
        ("asesoria", "[asesoria]\na = 100%\n", "", True),
        ("asesoria", "", "", False),
    ],
)
def test_a_profile_is_found_where_the_sdk_finds_it(
    tmp_path: Path, name: str, credentials: str, config: str, found: bool
) -> None:
    assert profile_exists(name, files(tmp_path, credentials=credentials, config=config)) is found


def test_missing_files_have_no_profile(tmp_path: Path) -> None:
    environment = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "a"), "AWS_CONFIG_FILE": str(tmp_path / "b")}
    assert not profile_exists("asesoria", environment)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    environment = files(tmp_path, credentials="no section = here\n")
    with pytest.raises(ConfigFileError) as caught:
        profile_exists("asesoria", environment)
    assert caught.value.problem.startswith(
        f"the AWS SDKs can't read {tmp_path / 'credentials'}: line 1 is in no section"
    )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("profile_there", "fallback", "expected"),
    [(True, True, "stage"), (True, False, "stage"), (False, True, "admin"), (False, False, "stage")],
)
def test_the_admin_stands_in_only_for_a_missing_profile(
    tmp_path: Path, profile_there: bool, fallback: bool, expected: str
) -> None:
    process = files(tmp_path, credentials="[asesoria]\n" if profile_there else "")
    stage = {"AWS_PROFILE": "asesoria"}
    chosen = choose_environment(stage, ADMIN, fallback=fallback, process=process)
    assert chosen == {"stage": stage, "admin": ADMIN}[expected]


def test_a_stage_without_a_profile_keeps_its_environment() -> None:
    assert choose_environment({}, ADMIN, fallback=True, process={}) == {}
