# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of an access key: with ansible-core's vault, the program pass with GnuPG, and moto's Secrets Manager."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.asesoria.serverless.plugins.module_utils import _key_copy_options
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import (
    change_files,
    locate,
    plan_present,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.modules import iam_key_copies
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws

OWNER = "arn:aws:iam::123456789012:user/asesoria"
OTHER = "arn:aws:iam::123456789012:user/berta"
SECRETS = {"AKIAFIRST": "first-secret/+=", "AKIASECOND": "second-secret/+="}


class Home:
    """A home folder with an AWS profile, and the commands that were run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.password = folder / "password"
        self.password.write_text("correct horse", encoding="utf-8")
        self.commands: list[list[str]] = []

    def have_key(self, key_id: str) -> None:
        """Write the profile."""
        files = locate(os.environ)
        secret = SECRETS[key_id]
        change_files(
            files, lambda read: plan_present(read, "asesoria", key_id=key_id, secret=secret, settings={}, owner=OWNER)
        )

    def run(
        self, *copies: dict[str, Any], check_mode: bool = False, owner: str = OWNER, **options: Any
    ) -> dict[str, Any]:
        """Run the module; nobody hears a secret."""
        defaults = {"profile_name": "asesoria", "copies": list(copies), "region": "us-east-1"}
        args = {"owner": owner, **defaults, **options}
        result = run_module(iam_key_copies.main, args, check_mode=check_mode, diff=True)
        heard = json.dumps(result) + json.dumps(self.commands)
        assert not [secret for secret in SECRETS.values() if secret in heard]
        if not result["failed"]:
            assert_return_documented(iam_key_copies, result)
        return result

    def csv(self) -> dict[str, Any]:
        """A copy in a CSV file."""
        return {"to": "csv", "path": str(self.folder / "made" / "keys.csv")}

    def vault(self, **options: Any) -> dict[str, Any]:
        """A copy in a vault."""
        path, password = str(self.folder / "vault.yml"), str(self.password)
        return {"to": "vault", "path": path, "password_file": password, **options}


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_CONFIG_FILE")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE")
    home = Home(tmp_path)
    run = _key_copy_options.run_process

    def noted(argv: list[str], **options: Any) -> Completed:
        home.commands.append(argv)
        return run(argv, **options)

    monkeypatch.setattr(_key_copy_options, "run_process", noted)
    with mock_aws():
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "admin")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "admin")
        home.have_key("AKIAFIRST")
        yield home


@pytest.fixture(name="store", scope="module")
def _store() -> Iterator[dict[str, str]]:
    """A password store with a GnuPG key of its own."""
    # Not pytest's folder: the path of a socket may have about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="store"))
    variables = {"GNUPGHOME": str(folder / "gnupg"), "PASSWORD_STORE_DIR": str(folder / "store")}
    (folder / "gnupg").mkdir(mode=0o700)
    environment = {**os.environ, **variables}
    make = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "ana", "future-default"]
    try:
        subprocess.run(make, check=True, env=environment, capture_output=True)
        subprocess.run(["pass", "init", "ana"], check=True, env=environment, capture_output=True)
        yield variables
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False, env=environment)
        shutil.rmtree(folder)


def permissions(path: Path) -> int:
    """Of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def assert_kept(home: Home, copy: dict[str, Any]) -> None:
    """Whatever the kind: planned, made once, replaced with the key, and taken away."""
    place = home.run(copy, check_mode=True)["copies"]
    assert len(place) == 1
    made = home.run(copy)
    assert (made["changed"], made["copies"]) == (True, place)
    assert made["diff"][0]["before"] == ""
    assert "access key AKIAFIRST\n" in made["diff"][0]["after"]
    assert home.run(copy)["changed"] is False
    home.have_key("AKIASECOND")
    assert [home.run(copy, check_mode=True)["changed"] for _twice in range(2)] == [True, True]
    replaced = home.run(copy)
    assert "AKIAFIRST" in replaced["diff"][0]["before"]
    assert "AKIASECOND" in replaced["diff"][0]["after"]
    assert home.run(copy)["changed"] is False
    assert home.run(copy, owner=OTHER, state="absent")["left"] == place
    assert [home.run(copy, check_mode=True, state="absent")["copies"] for _twice in range(2)] == [place, place]
    assert home.run(copy, state="absent")["copies"] == place
    assert home.run(copy, state="absent")["changed"] is False


def test_a_csv_file_is_kept(home: Home) -> None:
    assert_kept(home, home.csv())
    home.run(home.csv())
    path = Path(home.csv()["path"])
    assert path.read_bytes().decode() == (
        "User name,Password,Access key ID,Secret access key,Console login link\r\n"
        "asesoria,,AKIASECOND,second-secret/+=,https://123456789012.signin.aws.amazon.com/console\r\n"
    )
    assert (permissions(path), permissions(path.parent)) == (0o600, 0o700)
    assert [file.name for file in path.parent.iterdir()] == ["keys.csv"]


def test_a_vault_is_kept(home: Home) -> None:
    # Not all that is asked of the others: each start of ansible-vault takes a second.
    assert home.run(home.vault(), check_mode=True)["changed"]
    assert home.run(home.vault())["changed"]
    home.have_key("AKIASECOND")
    assert home.run(home.vault())["copies"] == [f"the vault {home.vault()['path']}"]
    assert not home.run(home.vault())["changed"]
    path = Path(home.vault()["path"])
    assert permissions(path) == 0o600
    assert path.read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    vault = VaultLib([("default", VaultSecret(b"correct horse"))])
    assert vault.decrypt(path.read_bytes()).decode() == (
        '---\naws_iam_user: "arn:aws:iam::123456789012:user/asesoria"\n'
        'aws_access_key_id: "AKIASECOND"\naws_secret_access_key: "second-secret/+="\n'
    )
    assert home.run(home.vault(), state="absent")["changed"]
    assert not path.exists()


def test_a_vault_has_a_label(home: Home) -> None:
    labelled = home.vault(vault_id="prod")
    assert home.run(labelled)["changed"]
    assert Path(labelled["path"]).read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")


def test_an_entry_of_pass_is_kept(home: Home, store: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in store.items():
        monkeypatch.setenv(name, value)
    copy = {"to": "pass", "name": "aws/asesoria"}
    assert_kept(home, copy)
    home.run(copy)
    shown = subprocess.run(["pass", "show", "aws/asesoria"], check=True, capture_output=True, text=True)
    assert shown.stdout == f"second-secret/+=\naws_access_key_id: AKIASECOND\naws_iam_user: {OWNER}\n"
    # What somebody has written there stays.
    subprocess.run(["pass", "insert", "-m", "mine"], check=True, capture_output=True, input=b"my own\n")
    refused = home.run({"to": "pass", "name": "mine"})
    assert "the entry mine of the password store is there already and is not a copy" in refused["msg"]
    assert home.run({"to": "pass", "name": "aws"})["failed"], "a folder of the store"


def test_pass_can_be_missing_or_without_a_store(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_STORE_DIR", str(home.folder / "none"))
    copy = {"to": "pass", "name": "aws/asesoria"}
    assert "pass init GPG-KEY" in home.run(copy)["msg"]
    monkeypatch.setenv("PATH", str(home.folder))
    assert home.run(copy, check_mode=True)["msg"] == (
        "the program pass is not there, which the entry aws/asesoria of the password store needs. Install it (the "
        "package pass, on macOS from Homebrew) and make a store: pass init GPG-KEY."
    )


def test_a_secret_of_secrets_manager_is_kept(home: Home) -> None:
    copy = {"to": "secrets_manager", "name": "asesoria/access-key", "kms_key": "alias/mine"}
    assert_kept(home, copy)
    client = boto3.client("secretsmanager", region_name="us-east-1")
    gone = client.describe_secret(SecretId="asesoria/access-key")
    assert gone["DeletedDate"]
    assert home.run(copy, tags={"Project": "asesoria"})["changed"], "it is restored"
    described = client.describe_secret(SecretId="asesoria/access-key")
    assert "DeletedDate" not in described
    assert described["KmsKeyId"] == "alias/mine"
    assert json.loads(client.get_secret_value(SecretId="asesoria/access-key")["SecretString"]) == {
        "aws_iam_user": OWNER,
        "aws_access_key_id": "AKIASECOND",
        "aws_secret_access_key": SECRETS["AKIASECOND"],
    }
    home.run({**copy, "name": "second"}, tags={"Project": "asesoria"})
    assert client.describe_secret(SecretId="second")["Tags"] == [
        {"Key": "Project", "Value": "asesoria"},
        {"Key": "ManagedBy", "Value": "asesoria.serverless"},
        {"Key": "asesoria:user", "Value": OWNER},
    ]


def test_somebody_elses_secret_stays(home: Home) -> None:
    client = boto3.client("secretsmanager", region_name="us-east-1")
    client.create_secret(Name="theirs", SecretString="theirs")
    copy = {"to": "secrets_manager", "name": "theirs"}
    assert "the secret theirs of AWS Secrets Manager is there already" in home.run(copy)["msg"]
    assert home.run(copy, state="absent")["left"] == ["the secret theirs of AWS Secrets Manager"]
    client.delete_secret(SecretId="theirs")
    assert "the secret theirs of AWS Secrets Manager is there already" in home.run(copy)["msg"]


@pytest.mark.parametrize(
    ("operation", "prepared"),
    [
        ("DescribeSecret", ""),
        ("CreateSecret", ""),
        ("GetSecretValue", "made"),
        ("PutSecretValue", "made"),
        ("RestoreSecret", "removed"),
        ("DeleteSecret", "made"),
    ],
)
def test_secrets_manager_denies(home: Home, monkeypatch: pytest.MonkeyPatch, operation: str, prepared: str) -> None:
    copy = {"to": "secrets_manager", "name": "mine"}
    if prepared:
        home.run(copy)
    if prepared == "removed":
        home.run(copy, state="absent")
    home.have_key("AKIASECOND")
    call = BaseClient._make_api_call

    def denied(self: Any, name: str, arguments: Any) -> Any:
        if name == operation:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name)
        return call(self, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", denied)
    message = home.run(copy, state="absent" if operation == "DeleteSecret" else "present")["msg"]
    assert message.startswith(f"AWS refuses {operation} for the secret mine of AWS Secrets Manager: ")
    assert f"Allow secretsmanager:{operation} to who runs this" in message


@pytest.mark.parametrize("content", ["", "mine\n", "User name,Password\r\n", "$ANSIBLE_VAULT;1.1;AES256\n61\n"])
def test_somebody_elses_file_stays(home: Home, content: str) -> None:
    path = home.folder / "theirs"
    path.write_bytes(content.encode())
    for check_mode in (True, False):
        refused = home.run({"to": "csv", "path": str(path)}, check_mode=check_mode)
        assert refused["msg"] == (
            f"the file {path} is there already and is not a copy of an access key of {OWNER}. It is left as it is; "
            "choose another place for the copy, or take away what is there if nobody needs it."
        )
    assert home.run({"to": "csv", "path": str(path)}, state="absent")["left"] == [f"the file {path}"]
    assert path.read_bytes() == content.encode()


def test_a_vault_that_cant_be_opened_stays(home: Home) -> None:
    vault = VaultLib([("default", VaultSecret(b"another one"))])
    before = vault.encrypt(b"mine")
    Path(home.vault()["path"]).write_bytes(before)
    message = home.run(home.vault(), state="absent")["msg"]
    assert f"can't be decrypted with the password of {home.password}: " in message
    assert "ecryption failed" in message
    assert message.endswith("Give the password that it was encrypted with, or take the file away.")
    home.password.unlink()
    assert f"there is no file {home.password} with the password" in home.run(home.vault())["msg"]
    assert Path(home.vault()["path"]).read_bytes() == before


def test_variables_in_plain_text_are_no_vault(home: Home) -> None:
    Path(home.vault()["path"]).write_text("aws_access_key_id: x\n", encoding="utf-8")
    assert "is not a copy of an access key" in home.run(home.vault())["msg"]


def test_nothing_is_written_if_one_place_is_taken(home: Home) -> None:
    taken = home.folder / "taken"
    taken.write_text("mine", encoding="utf-8")
    assert home.run(home.csv(), {"to": "csv", "path": str(taken)})["failed"]
    assert not Path(home.csv()["path"]).exists()


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"copies": [{"to": "csv"}]}, "to is csv but all of the following are missing: path"),
        ({"copies": [{"to": "vault", "path": "x"}]}, "to is vault but all of the following are missing: password_file"),
        ({"copies": [{"to": "pass", "name": " "}]}, "the copy of the access key to pass has an empty name"),
        ({"copies": [], "profile_name": "other"}, "the AWS profile 'other' in "),
        ({"copies": [], "profile_name": None}, "'' can't be the name of an AWS profile"),
        ({"copies": [{"to": "csv", "path": None}]}, "the copy of the access key to csv has an empty path"),
    ],
)
def test_options_are_wrong(home: Home, options: dict[str, Any], wanted: str) -> None:
    assert wanted in home.run(**options)["msg"]
