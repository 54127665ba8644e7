# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules aws_profile and aws_profile_info, from options to files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _aws_profile_files, _private_file
from ansible_collections.asesoria.serverless.plugins.modules import aws_profile, aws_profile_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

OWNER = "arn:aws:iam::123456789012:user/asesoria"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
OTHERS = "# mine\r\n[default]\r\naws_access_key_id = AKIAOTHER\r\naws_secret_access_key = others-secret\r\n\r\n# end"
PRESENT = {
    "name": "asesoria",
    "owner": OWNER,
    "access_key_id": "AKIANEW",
    "secret_access_key": SECRET,
    "region": "us-east-1",
    "output": "json",
}
ABSENT = {"name": "asesoria", "owner": OWNER, "state": "absent"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder whose AWS configuration files are where they are by default."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_CONFIG_FILE")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE")
    return tmp_path


def present(**options: Any) -> dict[str, Any]:
    """Run aws_profile."""
    return run_module(aws_profile.main, {**PRESENT, **options}, diff=True)


def info(**options: Any) -> dict[str, Any]:
    """Run aws_profile_info and return the profile."""
    result = run_module(aws_profile_info.main, {"name": "asesoria", **options})
    assert_return_documented(aws_profile_info, result)
    profile: dict[str, Any] = result["profile"]
    return profile


def content(home: Path) -> dict[str, bytes]:
    """Everything below the home folder."""
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_files_that_were_not_there_are_made_and_go_again(home: Path) -> None:
    planned = run_module(aws_profile.main, PRESENT, check_mode=True, diff=True)
    assert content(home) == {}
    made = present()
    assert (planned["changed"], planned["diff"]) == (True, made["diff"])
    assert_return_documented(aws_profile, made)
    credentials, config = home / ".aws" / "credentials", home / ".aws" / "config"
    assert [oct(path.stat().st_mode)[-3:] for path in (credentials, config, home / ".aws")] == ["600", "600", "700"]
    assert f"aws_secret_access_key = {SECRET}\n" in credentials.read_text(encoding="utf-8")
    assert "[profile asesoria]\n" in config.read_text(encoding="utf-8")
    assert info() == {
        "exists": True,
        "access_key_id": "AKIANEW",
        "owner": OWNER,
        "region": "us-east-1",
        "output": "json",
    }
    assert not present()["changed"]
    removed = run_module(aws_profile.main, ABSENT, diff=True)
    assert_return_documented(aws_profile, removed)
    assert removed["changed"]
    assert list(home.iterdir()) == []
    assert not run_module(aws_profile.main, ABSENT)["changed"]


def test_files_that_were_there_come_back_byte_for_byte(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / ".aws").mkdir(mode=0o750)
    (home / ".aws" / "credentials").write_bytes(OTHERS.encode())
    (home / ".aws" / "credentials").chmod(0o640)
    (home / ".aws" / "config").write_bytes(b"")
    before = content(home)
    made = present()
    warning = f"{home}/.aws/credentials holds secrets and others may read it: chmod 600 {home}/.aws/credentials"
    # In the answer or, where an earlier test has made this process a controller, on standard error.
    assert warning in json.dumps(made) + capsys.readouterr().err
    assert (home / ".aws" / "credentials").read_bytes().startswith(OTHERS.encode())
    run_module(aws_profile.main, ABSENT)
    assert content(home) == before
    assert oct((home / ".aws" / "credentials").stat().st_mode)[-3:] == "640"


def test_no_secret_is_shown(home: Path) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_bytes(OTHERS.encode())
    results = [
        present(),
        present(secret_access_key="another" + SECRET),
        run_module(aws_profile.main, ABSENT, diff=True),
    ]
    assert [result["changed"] for result in results] == [True, True, True]
    printed = json.dumps(results)
    assert SECRET not in printed
    assert "others-secret" not in printed
    assert results[1]["diff"] == [
        {
            "before_header": f"{home}/.aws/credentials",
            "after_header": f"{home}/.aws/credentials",
            "before": "[asesoria]\naws_access_key_id = AKIANEW\naws_secret_access_key = ********\n",
            "after": "[asesoria]\naws_access_key_id = AKIANEW\naws_secret_access_key = ********\n"
            "# the secret is another one\n",
        }
    ]


def test_the_files_are_where_the_environment_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "a" / "creds"))
    monkeypatch.setenv("AWS_CONFIG_FILE", "~/b/c/conf")
    present()
    assert sorted(content(home)) == ["a/creds", "b/c/conf"]
    run_module(aws_profile.main, ABSENT)
    assert list(home.iterdir()) == []


def test_the_files_can_be_named(home: Path) -> None:
    files = {"credentials_file": str(home / "one"), "config_file": "~/two"}
    result = present(**files)
    assert {key: result[key] for key in files} == {"credentials_file": f"{home}/one", "config_file": f"{home}/two"}
    assert sorted(content(home)) == ["one", "two"]
    assert info(**files)["exists"]


@pytest.mark.usefixtures("home")
def test_settings_change_without_the_secret() -> None:
    present()
    result = present(secret_access_key=None, region="eu-west-1", output=None)
    assert [entry["after"] for entry in result["diff"]] == ["[profile asesoria]\nregion = eu-west-1\noutput = json\n"]
    assert (info()["region"], info()["output"]) == ("eu-west-1", "json")


def test_somebody_elses_profile_is_left_alone(home: Path) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text("[asesoria]\naws_access_key_id = AKIAOTHER\n", encoding="utf-8")
    before = content(home)
    assert info() == {
        "exists": True,
        "access_key_id": "AKIAOTHER",
        "owner": None,
        "region": None,
        "output": None,
    }
    result = present()
    assert result["failed"]
    assert result["msg"] == (
        f"the AWS profile 'asesoria' in {home}/.aws/credentials and {home}/.aws/config is not one that was made "
        f"for {OWNER}. "
        "It is left as it is; choose another name for the new profile."
    )
    assert not run_module(aws_profile.main, ABSENT)["changed"]
    assert content(home) == before


def test_a_profile_of_the_config_file_alone_counts(home: Path) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[profile asesoria]\nsso_session = work\n", encoding="utf-8")
    assert info()["exists"]
    assert present()["failed"]


def test_a_profile_written_by_hand_for_this_key_serves_as_it_is(home: Path) -> None:
    (home / ".aws").mkdir()
    text = "[asesoria]\naws_access_key_id = AKIANEW\naws_secret_access_key = x\n"
    (home / ".aws" / "credentials").write_text(text, encoding="utf-8")
    before = content(home)
    assert not present(secret_access_key=None)["changed"]
    assert not run_module(aws_profile.main, ABSENT)["changed"]
    assert content(home) == before


def test_a_key_that_was_replaced_by_hand_is_no_longer_ours(home: Path) -> None:
    present()
    path = home / ".aws" / "credentials"
    path.write_text(path.read_text(encoding="utf-8").replace("= AKIANEW", "= AKIAHAND"), encoding="utf-8")
    before = content(home)
    assert info()["owner"] is None
    assert present()["failed"]
    assert not run_module(aws_profile.main, ABSENT)["changed"]
    assert content(home) == before


def test_the_secret_is_asked_for_when_the_key_is_new(home: Path) -> None:
    result = present(secret_access_key=None)
    assert result["failed"]
    assert result["msg"] == (
        f"the AWS profile 'asesoria' in {home}/.aws/credentials does not have the access key AKIANEW. "
        "Give the secret of the key too."
    )


def test_present_wants_a_key(home: Path) -> None:
    result = run_module(aws_profile.main, {"name": "asesoria", "owner": OWNER})
    assert result["failed"]
    assert "access_key_id" in result["msg"]
    assert content(home) == {}


def test_a_bad_name_is_refused(home: Path) -> None:
    result = run_module(aws_profile_info.main, {"name": "a]"})
    assert result["msg"].startswith("'a]' can't be the name of an AWS profile. ")
    assert content(home) == {}


@pytest.mark.parametrize("step", [1, 2])
def test_a_run_that_is_killed_between_the_files_is_made_good(
    home: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    present()
    written = content(home)
    for state in (ABSENT, PRESENT):
        with monkeypatch.context() as patch:
            _kill_at(patch, step)
            with pytest.raises(KilledError):
                run_module(aws_profile.main, state)
        if state is PRESENT:
            assert info()["owner"] in (None, OWNER)
        run_module(aws_profile.main, state)
        if state is ABSENT:
            assert list(home.iterdir()) == []
    assert info()["access_key_id"] == "AKIANEW"
    assert {name: text.splitlines()[1:] for name, text in content(home).items()} == {
        name: text.splitlines()[1:] for name, text in written.items()
    }


class KilledError(BaseException):
    """Ends the run as a signal would."""


def _kill_at(patch: pytest.MonkeyPatch, step: int) -> None:
    """Let the file system's so manieth change be the end."""
    left = [step]

    def counted(real: Any) -> Any:
        def change(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise KilledError
            return real(*args, **kwargs)

        return change

    patch.setattr(_aws_profile_files, "write_text", counted(_private_file.write_text))
    patch.setattr(_aws_profile_files, "remove_file", counted(_private_file.remove_file))
