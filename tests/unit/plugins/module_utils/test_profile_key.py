# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are killed again and again, at any steps; the module's own test has AWS's real answers for one kill."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _aws_profile_files, _private_file
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import Files
from ansible_collections.asesoria.serverless.plugins.module_utils._profile_key import (
    TAG,
    Aws,
    Errors,
    Outcome,
    Wish,
    ensure_key,
)

ACCOUNT = "123456789012"
ARN = f"arn:aws:iam::{ACCOUNT}:user/team/asesoria"
OTHERS = "[default]\naws_access_key_id = AKIAOTHER\n"


class KilledError(BaseException):
    """Ends the run as a signal would."""


class MissingError(Exception):
    """What is asked for is not there."""


class LimitError(Exception):
    """There are two keys already."""


class RefusedError(Exception):
    """AWS says no."""

    response = {"Error": {"Code": "InvalidClientTokenId"}}  # noqa: RUF012 - as botocore's errors have it


class FakeAws:
    """One user with its keys. Each change, each question who somebody is and each write of a file is a step."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.tag: str | None = None
        self.made = 0
        self.left = -1

    def step(self, act: Callable[[], Any]) -> Any:
        """Do one step, and be killed after it if it was the last one."""
        result = act()
        self.left -= 1
        if self.left == 0:
            raise KilledError
        return result

    def get_user(self, *, UserName: str) -> Any:  # noqa: N803 - the API's own name
        """The user."""
        tags = [] if self.tag is None else [{"Key": TAG, "Value": self.tag}]
        return {"User": {"UserName": UserName, "Arn": ARN, "Tags": tags}}

    def get_paginator(self, operation_name: str) -> Any:
        """Its keys."""
        assert operation_name == "list_access_keys"
        return self

    def paginate(self, *, UserName: str) -> Any:  # noqa: N803 - the API's own name
        """All of them on one page."""
        assert UserName == "asesoria"
        return [{"AccessKeyMetadata": [{"AccessKeyId": key, "Status": "Active"} for key in self.keys]}]

    def create_access_key(self, *, UserName: str) -> Any:  # noqa: N803 - the API's own name
        """Make one, of two at most."""
        assert UserName == "asesoria"
        if len(self.keys) == 2:
            raise LimitError
        return self.step(self._create)

    def _create(self) -> Any:
        self.made += 1
        key = f"AKIA{self.made}"
        self.keys[key] = f"secret{self.made}"
        return {"AccessKey": {"AccessKeyId": key, "SecretAccessKey": self.keys[key]}}

    def delete_access_key(self, *, UserName: str, AccessKeyId: str) -> Any:  # noqa: N803 - the API's own names
        """Delete one."""
        assert UserName == "asesoria"
        if AccessKeyId not in self.keys:
            raise MissingError
        self.step(lambda: self.keys.pop(AccessKeyId))

    def tag_user(self, *, UserName: str, Tags: Any) -> Any:  # noqa: N803 - the API's own names
        """Note something."""
        assert (UserName, [tag["Key"] for tag in Tags]) == ("asesoria", [TAG])
        self.step(lambda: setattr(self, "tag", Tags[0]["Value"]))

    def whose_key(self, key: str, secret: str) -> str:
        """Who has a key."""
        if self.keys.get(key) != secret:
            raise RefusedError
        return str(self.step(lambda: ARN))


class Machine:
    """A machine with its AWS files, and the user in AWS."""

    def __init__(self, folder: Path, aws: FakeAws) -> None:
        self.aws = aws
        self.files = Files(credentials=folder / "credentials", config=folder / "config")
        folder.mkdir()
        self.files.credentials.write_text(OTHERS, encoding="utf-8")

    def whose_profile(self, _name: str) -> str:
        """Who the profile acts as."""
        return self.aws.whose_key(*self.key())

    def key(self) -> tuple[str, str]:
        """The profile's key and its secret."""
        lines = self.files.credentials.read_text(encoding="utf-8").partition("[asesoria]\n")[2].splitlines()
        options = dict(line.split(" = ") for line in lines if " = " in line)
        return options["aws_access_key_id"], options["aws_secret_access_key"]

    def works(self) -> bool:
        """Whether AWS takes it."""
        key, secret = self.key()
        return self.aws.keys.get(key) == secret

    def run(self, *, kill_after: int = -1, rotate: bool = False, replace_lost: bool = False) -> Outcome | None:
        """Run, and be killed after so many steps; None then."""
        self.aws.left = kill_after
        wish = Wish(
            user="asesoria",
            profile="asesoria",
            settings={"region": "us-east-1"},
            rotate=rotate,
            replace_lost=replace_lost,
            patience=1,
        )
        aws = Aws(
            reader=self.aws,  # type: ignore[arg-type]
            writer=self.aws,
            errors=Errors(missing=MissingError, limit=LimitError, refused=RefusedError),
            account=ACCOUNT,
            partition="aws",
            whose_key=self.aws.whose_key,
            whose_profile=self.whose_profile,
            sleep=lambda _seconds: None,
        )

        def written(path: Path, text: str, **options: Any) -> None:
            self.aws.step(lambda: _private_file.write_text(path, text, **options))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_aws_profile_files, "write_text", written)
            try:
                return ensure_key(wish, files=self.files, aws=aws, dry=False)
            except KilledError:
                return None


@pytest.mark.parametrize("first_key", [False, True])
def test_runs_that_are_killed_again_and_again(tmp_path: Path, first_key: bool) -> None:
    steps = range(1, 10)
    for number, (after, again, rotated_again) in enumerate(product(steps, steps, (False, True))):
        machine = Machine(tmp_path / str(number), FakeAws())
        if not first_key:
            machine.run()
        machine.run(kill_after=after, rotate=True)
        assert first_key or machine.works()
        machine.run(kill_after=again, rotate=rotated_again)
        assert first_key or machine.works()
        machine.run(rotate=rotated_again)
        assert machine.works(), (after, again, rotated_again)
        assert list(machine.aws.keys) == [machine.key()[0]] == [machine.aws.tag], (after, again, rotated_again)
        assert machine.files.credentials.read_text(encoding="utf-8").startswith(OTHERS)
        done = machine.run()
        assert done is not None
        assert not done.changed


def test_a_killed_rotation_whose_profile_is_then_lost(tmp_path: Path) -> None:
    for after in range(1, 9):
        machine = Machine(tmp_path / str(after), FakeAws())
        machine.run()
        machine.run(kill_after=after, rotate=True)
        machine.files.credentials.write_text(OTHERS, encoding="utf-8")
        assert machine.run(replace_lost=True)
        assert machine.works(), after
        assert list(machine.aws.keys) == [machine.key()[0]] == [machine.aws.tag], after
