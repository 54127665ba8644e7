# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's access key and this machine's profile, through every way in which a run can be cut short.

AWS is moto, except that keys are refused as AWS refuses them: unknown ones, inactive ones, and new ones for a while.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import (
    _aws_profile_files,
    _key_copy_files,
    _private_file,
    _profile_key,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_text import from_csv
from ansible_collections.asesoria.serverless.plugins.modules import iam_profile_key
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.iam.models import iam_backends

ACCOUNT = "123456789012"
OWNER = f"arn:aws:iam::{ACCOUNT}:user/asesoria"
OTHERS = "# mine\r\n[default]\r\naws_access_key_id = AKIAOTHER\r\naws_secret_access_key = others-secret\r\n\r\n# end"
OPTIONS = {
    "user_name": "asesoria",
    "profile_name": "asesoria",
    "profile_region": "us-east-1",
    "profile_output": "json",
    "region": "us-east-1",
}


class KilledError(BaseException):
    """Ends the run as a signal would."""


class World:
    """AWS and a home folder, and what happens to them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.iam = boto3.client("iam", region_name="us-east-1")
        #: The calls and writes that changed something, or asked AWS who somebody is.
        self.steps: list[str] = []
        #: How many more of them there are before a kill, and whether the last one still comes about.
        self.left: int | None = None
        self.last_one_counts = False
        #: How often a new key is refused, and what was waited for.
        self.refusals = 0
        self.refusal_code = "InvalidClientTokenId"
        self.waited: list[float] = []
        #: Keys that AWS does not list yet.
        self.unlisted: set[str] = set()
        #: What AWS answers to operations instead of doing them.
        self.broken: dict[str, str] = {}

    def step(self, name: str, act: Callable[[], Any]) -> Any:
        """Do one step, unless the run is killed before it; or the run is killed after it."""
        self.steps.append(name)
        if self.left == 0 and not self.last_one_counts:
            raise KilledError
        result = act()
        if self.left == 0:
            raise KilledError
        if self.left is not None:
            self.left -= 1
        return result

    @property
    def keys(self) -> dict[str, str]:
        """The user's keys with their status, whatever is listed."""
        return {key.access_key_id: key.status for key in self._user().access_keys}

    @property
    def tag(self) -> str | None:
        """What the user's tag says."""
        tags = self.iam.get_user(UserName="asesoria")["User"].get("Tags", [])
        return {tag["Key"]: tag["Value"] for tag in tags}.get("asesoria:access-key")

    @tag.setter
    def tag(self, value: str) -> None:
        self.iam.tag_user(UserName="asesoria", Tags=[{"Key": "asesoria:access-key", "Value": value}])

    @property
    def credentials(self) -> Path:
        """The credentials file."""
        return self.home / ".aws" / "credentials"

    @property
    def profile(self) -> dict[str, str]:
        """What botocore would find in the credentials file."""
        parser = RawConfigParser()
        parser.read(self.credentials)
        return dict(parser["asesoria"]) if parser.has_section("asesoria") else {}

    @property
    def key(self) -> str | None:
        """The key that the profile has."""
        return self.profile.get("aws_access_key_id")

    def works(self) -> bool:
        """Whether AWS takes the profile's key, its secret included."""
        found = [key for key in self._user().access_keys if key.access_key_id == self.key]
        return [(key.status, key.secret_access_key) for key in found] == [
            ("Active", self.profile["aws_secret_access_key"])
        ]

    @property
    def copied(self) -> str | None:
        """The key that the copy has, if AWS takes it."""
        try:
            copy = from_csv((self.home / "copy.csv").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        found = [key for key in self._user().access_keys if copy and key.access_key_id == copy.key_id]
        assert copy is not None
        assert [(key.status, key.secret_access_key) for key in found] == [("Active", copy.secret)]
        return copy.key_id

    def make_key(self) -> str:
        """Make a key by hand."""
        return str(self.iam.create_access_key(UserName="asesoria")["AccessKey"]["AccessKeyId"])

    def _user(self) -> Any:
        return iam_backends[ACCOUNT]["aws"].users["asesoria"]


@pytest.fixture(name="world")
def _world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_CONFIG_FILE")
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE")
    with mock_aws():
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "admin")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "admin")
        world = World(tmp_path)
        world.iam.create_user(UserName="asesoria", Path="/apps/")
        world.credentials.parent.mkdir(mode=0o750)
        world.credentials.write_bytes(OTHERS.encode())
        world.credentials.chmod(0o640)
        monkeypatch.setattr(iam_profile_key.time, "sleep", world.waited.append)
        yield world


@contextmanager
def watched(world: World) -> Iterator[None]:
    """Count what the module does, and let AWS refuse keys."""
    call = BaseClient._make_api_call

    def counted(self: Any, operation: str, arguments: Any) -> Any:
        def act() -> Any:
            if operation == "GetCallerIdentity":
                refuse_unknown(world, self, operation)
            if operation in world.broken:
                raise refusal(operation, world.broken[operation])
            return call(self, operation, arguments)

        if operation.startswith(("Get", "List")) and not acts_as_user(self, operation):
            result = act()
            for key in world.unlisted if operation == "ListAccessKeys" else ():
                result["AccessKeyMetadata"] = [
                    entry for entry in result["AccessKeyMetadata"] if entry["AccessKeyId"] != key
                ]
            return result
        return world.step(operation, act)

    def written(path: Path, text: str, **options: Any) -> None:
        world.step(f"write {path.name}", lambda: _private_file.write_text(path, text, **options))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", counted)
        patch.setattr(_aws_profile_files, "write_text", written)
        patch.setattr(_key_copy_files, "write_text", written)
        yield


def acts_as_user(client: Any, operation: str) -> bool:
    """Whether somebody else than who runs the module asks who they are."""
    return operation == "GetCallerIdentity" and client._request_signer._credentials.access_key != "admin"


def refuse_unknown(world: World, client: Any, operation: str) -> None:
    """Refuse a key as AWS does; moto takes every key."""
    credentials = client._request_signer._credentials
    if not acts_as_user(client, operation) or credentials.token:
        return
    known = {key.access_key_id: (key.status, key.secret_access_key) for key in world._user().access_keys}
    if known.get(credentials.access_key) != ("Active", credentials.secret_key) or world.refusals > 0:
        world.refusals -= 1
        raise refusal(operation, world.refusal_code)


def refusal(operation: str, code: str) -> ClientError:
    """What boto3 raises."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def run(world: World, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    """Run the module undisturbed."""
    world.left, world.steps = None, []
    with watched(world):
        result = run_module(iam_profile_key.main, {**OPTIONS, **options}, check_mode=check_mode, diff=True)
    if not result["failed"]:
        assert_return_documented(iam_profile_key, result)
    return result


def killed(world: World, *, after: int, last_one_counts: bool, **options: Any) -> bool:
    """Run the module and kill it; whether that came to pass before its end."""
    world.left, world.last_one_counts, world.steps = after, last_one_counts, []
    try:
        with watched(world):
            run_module(iam_profile_key.main, {**OPTIONS, **options})
    except KilledError:
        return True
    return False


def assert_settled(world: World) -> None:
    """One key, which works, and nothing else is touched."""
    assert world.works()
    assert list(world.keys) == [world.key] == [world.tag]
    assert world.credentials.read_bytes().startswith(OTHERS.encode())
    assert oct(world.credentials.stat().st_mode)[-3:] == "640"
    config = world.home / ".aws" / "config"
    assert "[profile asesoria]\n" in config.read_text(encoding="utf-8")
    assert oct(config.stat().st_mode)[-3:] == "600"
    assert sorted(path.name for path in world.credentials.parent.iterdir()) == ["config", "credentials"]
    before = world.credentials.read_bytes()
    again = run(world)
    assert (again["changed"], world.steps, world.credentials.read_bytes()) == (False, [], before)


MAKE = [
    "TagUser",
    "CreateAccessKey",
    "write credentials",
    "write config",
    "GetCallerIdentity",
    "TagUser",
]
ROTATE = [
    "TagUser",
    "CreateAccessKey",
    "GetCallerIdentity",
    "write credentials",
    "TagUser",
    "GetCallerIdentity",
    "DeleteAccessKey",
    "TagUser",
]


def test_a_key_is_made_and_kept(world: World) -> None:
    planned = run(world, check_mode=True)
    assert (planned["changed"], planned["created"], planned["access_key_id"], world.steps) == (True, True, None, [])
    assert (world.keys, world.credentials.read_bytes()) == ({}, OTHERS.encode())
    made = run(world)
    assert (made["changed"], made["created"], made["access_key_id"], made["deleted"]) == (True, True, world.key, [])
    assert world.steps == MAKE
    assert [entry["before_header"] for entry in made["diff"]] == [entry["before_header"] for entry in planned["diff"]]
    assert_settled(world)


def test_a_key_is_replaced(world: World) -> None:
    run(world)
    old = world.key
    planned = run(world, check_mode=True, rotate=True)
    assert (planned["changed"], planned["created"], planned["deleted"], world.steps) == (True, True, [old], [])
    assert world.key == old
    done = run(world, rotate=True)
    assert (done["changed"], done["created"], done["deleted"]) == (True, True, [old])
    assert world.steps == ROTATE
    assert world.key not in (None, old)
    assert done["diff"][0] == {
        "before_header": "access keys of the IAM user asesoria",
        "after_header": "access keys of the IAM user asesoria",
        "before": f"{old}\n",
        "after": f"{world.key}\n",
    }
    assert_settled(world)


@pytest.mark.parametrize("last_one_counts", [False, True])
@pytest.mark.parametrize("after", range(len(MAKE)))
def test_a_first_key_killed_at_any_step(world: World, after: int, last_one_counts: bool) -> None:
    assert killed(world, after=after, last_one_counts=last_one_counts)
    assert not run(world)["failed"]
    assert_settled(world)


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("last_one_counts", [False, True])
@pytest.mark.parametrize("after", range(len(ROTATE)))
def test_a_rotation_killed_at_any_step(world: World, after: int, last_one_counts: bool, rotate: bool) -> None:
    run(world)
    assert killed(world, after=after, last_one_counts=last_one_counts, rotate=True)
    assert world.works(), f"killed at {world.steps[-1]}, and the profile's key does not work"
    planned = run(world, check_mode=True, rotate=rotate)
    done = run(world, rotate=rotate)
    assert (planned["failed"], done["failed"]) == (False, False)
    assert (planned["changed"], planned["created"]) == (done["changed"], done["created"])
    assert_settled(world)


def test_a_rotation_killed_in_the_middle_of_a_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run(world)
    before = world.credentials.read_bytes()

    def stop(_self: Path, _target: Path) -> Path:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop)
        assert killed(world, after=99, last_one_counts=True, rotate=True)
    assert world.credentials.read_bytes() == before
    assert len(list(world.credentials.parent.iterdir())) == 2
    assert not run(world)["failed"]
    assert_settled(world)


def test_a_rotation_that_was_cut_short_is_finished_and_no_other_one_begun(world: World) -> None:
    run(world)
    assert killed(world, after=ROTATE.index("write credentials"), last_one_counts=True, rotate=True)
    key = world.key
    assert run(world, rotate=True)["created"] is False
    assert (world.steps, world.key) == (["GetCallerIdentity", "DeleteAccessKey", "TagUser"], key)


def test_a_new_key_is_waited_for(world: World) -> None:
    run(world)
    world.refusals = 4
    assert not run(world, rotate=True)["failed"]
    assert world.waited == [1.0, 2.0, 4.0, 5.0]
    assert_settled(world)


def test_a_key_that_aws_never_accepts_is_deleted_and_the_old_one_stays(world: World) -> None:
    run(world)
    old, before = world.key, world.credentials.read_bytes()
    world.refusals = 99
    result = run(world, rotate=True, wait_timeout=10)
    new = result["msg"].split()[8]
    assert result["msg"] == (
        f"AWS has not accepted the new access key {new} within 10 seconds. Run again in some minutes."
    )
    world.refusals = 0
    assert (world.key, world.credentials.read_bytes()) == (old, before)
    assert_settled(world)


def test_a_file_that_cant_be_written_leaves_the_old_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run(world)
    old = world.key

    def full(path: Path, _text: str, **_options: Any) -> None:
        raise _private_file.PrivateFileError(f"{path} can't be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(_private_file, "write_text", full)
        result = run(world, rotate=True)
    assert result["msg"] == f"{world.credentials} can't be written: No space left on device."
    assert world.key == old
    assert_settled(world)


def test_a_key_that_is_written_is_kept_though_the_other_file_cant_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(world)
    old, write = world.key, _private_file.write_text

    def full(path: Path, text: str, **options: Any) -> None:
        if path.name == "config":
            raise _private_file.PrivateFileError(f"{path} can't be written: No space left on device")
        write(path, text, **options)

    with monkeypatch.context() as patch:
        patch.setattr(_private_file, "write_text", full)
        assert run(world, rotate=True, profile_output="yaml")["failed"]
    assert world.works()
    assert world.key != old
    done = run(world, profile_output="yaml")
    assert (done["failed"], done["deleted"]) == (False, [old])


def test_a_first_key_that_cant_be_written_is_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _text: str, **_options: Any) -> None:
        raise _private_file.PrivateFileError(f"{path} can't be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(_private_file, "write_text", full)
        assert run(world)["failed"]
    assert (world.keys, world.credentials.read_bytes()) == ({}, OTHERS.encode())
    run(world)
    assert_settled(world)


def test_the_old_key_is_kept_while_the_profile_does_not_act_as_the_user(world: World) -> None:
    """Somebody lets the profile take a role in the config file."""
    run(world)
    assert killed(world, after=ROTATE.index("write credentials"), last_one_counts=True, rotate=True)
    config, keys = world.home / ".aws" / "config", world.keys
    text = config.read_text(encoding="utf-8")
    config.write_text(
        f"{text}role_arn = arn:aws:iam::{ACCOUNT}:role/other\nsource_profile = default\n", encoding="utf-8"
    )
    result = run(world)
    assert result["msg"].startswith(f"the AWS profile 'asesoria' acts as arn:aws:sts::{ACCOUNT}:assumed-role/other/")
    assert result["msg"].endswith(
        " and not as the IAM user 'asesoria'. Take out of the AWS configuration files what makes it so, then run again."
    )
    assert world.keys == keys
    config.write_text(text, encoding="utf-8")
    assert not run(world)["failed"]
    assert_settled(world)


def test_what_aws_refuses_for_another_reason_is_not_waited_for(world: World) -> None:
    run(world)
    old = world.key
    world.refusals, world.refusal_code = 1, "SignatureDoesNotMatch"
    result = run(world, rotate=True)
    assert (result["error"]["code"], world.waited) == ("SignatureDoesNotMatch", [])
    assert world.key == old
    assert_settled(world)


def test_a_key_that_is_not_listed_yet_is_waited_for(world: World) -> None:
    run(world)
    assert killed(world, after=ROTATE.index("write credentials"), last_one_counts=True, rotate=True)
    assert world.key is not None
    world.unlisted = {world.key}
    result = run(world)
    assert result["msg"].startswith("the IAM user 'asesoria' has the access key ")
    assert world.waited == [3.0, 3.0, 3.0]
    assert world.works()
    world.unlisted = set()
    assert not run(world)["failed"]
    assert_settled(world)


def test_a_rotation_does_not_depend_on_what_aws_lists(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run(world)
    monkeypatch.setattr(_profile_key, "_create", _unlisted(world, _profile_key._create))
    assert not run(world, rotate=True)["failed"]
    world.unlisted = set()
    assert_settled(world)


def _unlisted(world: World, create: Callable[..., tuple[str, str]]) -> Callable[..., tuple[str, str]]:
    def made(*args: Any, **kwargs: Any) -> tuple[str, str]:
        key, secret = create(*args, **kwargs)
        world.unlisted = {key}
        return key, secret

    return made


def test_a_limit_that_nobody_saw_coming(world: World) -> None:
    run(world)
    old = world.key
    world.broken = {"CreateAccessKey": "LimitExceeded"}
    result = run(world, rotate=True)
    assert result["failed"]
    assert result["error"]["code"] == "LimitExceeded" or "no more access keys" in result["msg"]
    world.broken = {}
    run(world)
    assert world.key == old
    assert_settled(world)


def test_aws_allows_two_keys(world: World) -> None:
    run(world)
    other = world.make_key()
    before = world.credentials.read_bytes()
    for options in ({"check_mode": True}, {}):
        result = run(world, rotate=True, **options)
        assert result["msg"] == (
            f"the access key {world.key} of the IAM user 'asesoria' can't be rotated: the user also has {other} "
            "(active), which the AWS profile 'asesoria' does not have, and AWS allows 2 keys. Once nobody uses "
            f"{other}, delete it and run again: aws iam delete-access-key --user-name asesoria --access-key-id {other}."
        )
    assert (world.steps, world.credentials.read_bytes()) == ([], before)
    world.iam.delete_access_key(UserName="asesoria", AccessKeyId=other)
    assert not run(world, rotate=True)["failed"]
    assert_settled(world)


def test_a_key_that_is_not_here_is_said_so(world: World) -> None:
    run(world)
    lost = world.key
    world.credentials.write_bytes(OTHERS.encode())
    result = run(world, rotate=True)
    assert result["msg"] == (
        f"the IAM user 'asesoria' has the access key {lost} in AWS, but the AWS profile 'asesoria' of this machine "
        "does not have it, and AWS does not tell its secret again. Copy the profile from the machine that has it; or "
        "run with iam_user_replace_lost_key=true, which makes a new key, deletes the old one if it was made by this "
        "role, and so stops whoever uses that."
    )
    assert world.steps == []
    assert not run(world, replace_lost=True)["failed"]
    assert world.key != lost
    assert_settled(world)


def test_a_profile_that_was_copied_by_hand_is_not_rotated(world: World) -> None:
    key = world.iam.create_access_key(UserName="asesoria")["AccessKey"]
    text = f"[asesoria]\naws_access_key_id={key['AccessKeyId']}\naws_secret_access_key={key['SecretAccessKey']}\n"
    world.credentials.write_text(text, encoding="utf-8")
    result = run(world, rotate=True)
    assert result["msg"].startswith(
        f"the access key {key['AccessKeyId']} of the AWS profile 'asesoria' can't be rotated"
    )
    assert (world.steps, world.credentials.read_text(encoding="utf-8")) == ([], text)


def test_another_machine_leaves_a_key_alone_that_is_in_use_elsewhere(world: World) -> None:
    """Two machines share a profile; one of them is killed in the middle of a rotation, then the other one runs."""
    run(world)
    shared = world.credentials.read_bytes()
    assert killed(world, after=ROTATE.index("DeleteAccessKey"), last_one_counts=False, rotate=True)
    here = world.credentials.read_bytes()
    world.credentials.write_bytes(shared)
    assert not run(world)["failed"]
    assert world.steps == []
    result = run(world, rotate=True)
    assert result["msg"].endswith(
        "where the rotation did not come to its end. Run again there, then copy the profile from it."
    )
    world.credentials.write_bytes(here)
    run(world)
    assert_settled(world)


def test_no_secret_is_shown(world: World) -> None:
    results = [run(world), run(world, rotate=True), run(world, check_mode=True, rotate=True)]
    secret = world.profile["aws_secret_access_key"]
    world.refusals = 99
    results.append(run(world, rotate=True, wait_timeout=1))
    printed = json.dumps(results)
    assert secret not in printed
    assert "others-secret" not in printed
    assert "aws_secret_access_key = ********" in printed


def test_no_secret_is_in_what_goes_wrong(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def tell(_module: Any, key: str, secret: str) -> str:
        made.append(secret)
        raise refusal("GetCallerIdentity", f"Broken {key} {secret}")

    run(world)
    monkeypatch.setattr(iam_profile_key, "ask_who", lambda module, **given: tell(module, *given.values()))
    result = run(world, rotate=True)
    assert result["failed"]
    assert made[0] not in json.dumps(result)


def test_without_the_user_there_is_no_key(world: World) -> None:
    planned = run(world, check_mode=True, user_name="ana", profile_name="ana")
    assert (planned["failed"], planned["created"]) == (False, True)
    result = run(world, user_name="ana", profile_name="ana")
    assert result["msg"] == f"there is no IAM user 'ana' in the account {ACCOUNT}. Make the user first."
    assert world.steps == []


def test_a_user_that_was_moved_keeps_its_profile(world: World) -> None:
    run(world)
    world.iam.update_user(UserName="asesoria", NewPath="/elsewhere/")
    world.tag = world.key  # moto loses the tags of a user that is moved.
    assert_settled(world)
    assert not run(world, rotate=True)["failed"]
    assert_settled(world)


def test_settings_change_without_another_key(world: World) -> None:
    run(world)
    key = world.key
    result = run(world, profile_output="yaml")
    assert (result["changed"], result["created"], world.steps, world.key) == (True, False, ["write config"], key)


def test_a_refusal_of_aws_says_what_was_wanted(world: World) -> None:
    world.broken = {"CreateAccessKey": "AccessDenied"}
    result = run(world)
    assert result["msg"].startswith(
        "The access key of the IAM user asesoria could not be seen to; once that is mended, run again: "
    )
    assert result["error"]["code"] == "AccessDenied"


def copy_to(world: World) -> dict[str, Any]:
    """The option that keeps a copy."""
    return {"copies": [{"to": "csv", "path": str(world.home / "copy.csv")}]}


def test_a_copy_is_kept(world: World) -> None:
    planned = run(world, check_mode=True, **copy_to(world))
    made = run(world, **copy_to(world))
    assert planned["copied_to"] == made["copied_to"] == [f"the file {world.home / 'copy.csv'}"]
    assert world.steps == [*MAKE[:-1], "write copy.csv", MAKE[-1]]
    assert world.copied == world.key
    assert (run(world, **copy_to(world))["changed"], world.steps) == (False, [])
    (world.home / "copy.csv").unlink()
    assert run(world, check_mode=True, **copy_to(world))["copied_to"]
    lost = run(world, **copy_to(world))
    assert (lost["changed"], lost["created"], world.steps, world.copied) == (True, False, ["write copy.csv"], world.key)


@pytest.mark.parametrize("after", range(len(ROTATE) + 1))
def test_a_copy_has_a_key_that_works_wherever_a_rotation_is_killed(world: World, after: int) -> None:
    run(world, **copy_to(world))
    assert killed(world, after=after, last_one_counts=True, rotate=True, **copy_to(world))
    assert world.copied in world.keys
    assert not run(world, **copy_to(world))["failed"]
    assert world.copied == world.key
    assert_settled(world)


def test_a_copy_that_cant_be_written_keeps_the_old_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run(world, **copy_to(world))
    old = world.key
    write = _private_file.write_text

    def full(path: Path, text: str, **options: Any) -> None:
        if path.name == "copy.csv":
            raise _private_file.PrivateFileError(f"{path} can't be written: No space left on device")
        write(path, text, **options)

    with monkeypatch.context() as patch:
        patch.setattr(_private_file, "write_text", full)
        result = run(world, rotate=True, **copy_to(world))
    assert result["msg"] == f"{world.home / 'copy.csv'} can't be written: No space left on device."
    assert world.copied == old
    assert world.works()
    assert world.tag == f"{world.key} replaces {old}"
    done = run(world, **copy_to(world))
    assert (done["created"], done["deleted"], world.copied) == (False, [old], world.key)
    assert_settled(world)


def test_nothing_is_made_if_the_copy_has_no_place(world: World) -> None:
    (world.home / "copy.csv").write_text("mine", encoding="utf-8")
    result = run(world, **copy_to(world))
    assert "copy.csv is there already and is not a copy of an access key" in result["msg"]
    assert (world.steps, world.keys) == ([], {})


@contextmanager
def meanwhile(world: World, act: Callable[[], None], *, at: str) -> Iterator[None]:
    """Let something happen once, right before a step."""
    step = world.step

    def interrupted(name: str, do: Callable[[], Any]) -> Any:
        if name == at:
            world.step = step  # type: ignore[method-assign]
            act()
        return step(name, do)

    world.step = interrupted  # type: ignore[method-assign]
    yield


@pytest.mark.parametrize("at", ["CreateAccessKey", "write credentials"])
def test_of_two_first_runs_on_two_machines_one_gives_way(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    other = tmp_path / "other"
    (other / ".aws").mkdir(parents=True)
    results = []

    def run_elsewhere() -> None:
        monkeypatch.setenv("HOME", str(other))
        results.append(run_module(iam_profile_key.main, OPTIONS))
        monkeypatch.setenv("HOME", str(tmp_path))

    with meanwhile(world, run_elsewhere, at=at):
        mine = run(world)
    (theirs,) = results
    assert not theirs["failed"], theirs
    assert mine["failed"]
    words = {
        "CreateAccessKey": "another run was faster and makes the access key of the IAM user 'asesoria'",
        # This one was so slow that the other one took it for dead.
        "write credentials": "AWS has not accepted",
    }
    assert words[at] in mine["msg"]
    assert "delete" not in mine["msg"].lower()
    assert list(world.keys) == [theirs["access_key_id"]] == [world.tag]


def test_a_run_waits_for_one_of_another_machine(world: World) -> None:
    """Until that one has settled its key, which then is not in this machine's profile."""
    world.tag = "pending run:another.machine"
    other = world.make_key()

    def settle(seconds: float) -> None:
        world.waited.append(seconds)
        world.tag = other

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iam_profile_key.time, "sleep", settle)
        result = run(world)
    assert result["failed"]
    assert f"has the access key {other} in AWS" in result["msg"]
    assert (len(world.waited), list(world.keys)) == (1, [other])


def test_a_run_of_another_machine_that_was_killed_is_given_up_on(world: World) -> None:
    world.tag = "pending run:another.machine"
    lost = world.make_key()
    result = run(world)
    assert result["deleted"] == [lost]
    assert len(world.waited) == 20
    assert_settled(world)
