# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a profile of this machine have a working access key of an IAM user: makes it, replaces it, settles leftovers.

What is to be done is decided in C(_access_key). Here it is done, in an order in which a run can be killed between any
two steps: the key that the profile has is deleted only after another one was seen to work and was written down, there
and wherever copies are kept, and the tag on the user tells the next run how far this one had come.
"""

from __future__ import annotations

import hashlib
import platform
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._access_key import (
    AccessKeyError,
    Plan,
    Situation,
    is_rival,
    plan_access_key,
    replaced_note,
    run_of,
    under_way,
    with_run,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile import Kind
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import (
    Change,
    Files,
    Profile,
    change_files,
    clean_up,
    describe,
    plan_present,
    read_key,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._base.file_lock import Patience, exclusive
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._iam_access import (
    IamReader,
    read_keys,
    read_tags,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import (
    NOT_YET,
    Copy,
    Key,
    Place,
    deliver,
    look,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import Change as CopyChange
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import plan as plan_copies

#: The user's tag that says how far a run had come; its values are described in C(_access_key).
TAG = "asesoria:access-key"
# IAM is eventually consistent: a key that was just made may be missing in a list for some seconds.
_READS, _READ_PAUSE = 4, 3.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 5.0
# How often a run of another machine that is making a key is looked at before it counts as killed.
_RIVAL_READS = 20
#: Seconds that a run waits for another one of this machine that sees to the same user's key.
_LOCK_TIMEOUT = 300.0
# What AWS answers to a key that it does not know, yet.
_UNKNOWN_KEY = ("InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException")


class IamWriter(Protocol):
    """What is used of boto3's client of C(iam) to change something."""

    def create_access_key(self, *, UserName: str) -> Any:  # noqa: N803 - the API's own name
        """Answer with C(AccessKey), its secret included."""

    def delete_access_key(self, *, UserName: str, AccessKeyId: str) -> Any:  # noqa: N803 - the API's own names
        """Delete a key; one that is not there is an error."""

    def tag_user(self, *, UserName: str, Tags: Any) -> Any:  # noqa: N803 - the API's own names
        """Set some of the user's tags."""


@dataclass(frozen=True)
class Errors:
    """The exceptions of boto3 that mean something here.

    :param missing: what is not there.
    :param limit: the user has as many keys as AWS allows.
    :param refused: an answer of AWS that is an error, which has the attribute C(response).
    """

    missing: type[Exception]
    limit: type[Exception]
    refused: type[Exception]


@dataclass(frozen=True)
class Aws:
    """AWS, as it is reached from here.

    :param reader: client of IAM.
    :param writer: client of IAM that sends each request once, as a key that is made twice is one too many.
    :param errors: what they raise.
    :param account: number of the account.
    :param partition: C(aws), C(aws-cn) or C(aws-us-gov).
    :param whose_key: tells the ARN of whoever has a key, given the key and its secret.
    :param whose_profile: tells the ARN of whoever a profile acts as.
    :param sleep: waits so many seconds.
    """

    reader: IamReader
    writer: IamWriter
    errors: Errors
    account: str
    partition: str
    whose_key: Callable[[str, str], str]
    whose_profile: Callable[[str], str]
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class Wish:
    """What is wanted.

    :param user: name of the IAM user.
    :param profile: name of the profile.
    :param settings: options of the profile in the config file.
    :param rotate: replace the key that the profile has.
    :param replace_lost: replace a key that is in no profile of this machine.
    :param patience: seconds to wait at most until AWS knows a new key.
    :param places: where copies of the key are kept besides the profile.
    """

    user: str
    profile: str
    settings: Mapping[str, str]
    rotate: bool
    replace_lost: bool
    patience: float
    places: Sequence[Place] = ()


@dataclass(frozen=True)
class State:
    """What there is.

    :param exists: whether there is the user.
    :param situation: the rest of it.
    :param copies: what is where copies are kept.
    """

    exists: bool
    situation: Situation
    copies: Sequence[Copy] = ()


@dataclass(frozen=True)
class Outcome:
    """What was done, or would be.

    :param key: the key that the profile has then; None if it is not made yet.
    :param created: whether a key was made.
    :param deleted: the keys that were deleted.
    :param noted: whether the user's tag was changed.
    :param before: the keys that there were.
    :param changes: what was changed in the files.
    :param copies: what was changed where copies are kept.
    :param cleaned: whether something was removed that a killed run had left beside the files.
    """

    key: str | None
    created: bool
    deleted: tuple[str, ...]
    noted: bool
    before: tuple[str, ...]
    changes: list[Change]
    copies: list[CopyChange]
    cleaned: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything was changed."""
        return bool(self.created or self.deleted or self.noted or self.changes or self.copies or self.cleaned)

    def diff(self, *, user: str) -> list[dict[str, str]]:
        """The same as Ansible shows differences.

        :param user: name of the IAM user.
        """
        after = [key for key in self.before if key not in self.deleted] + [self.key or NOT_YET] * self.created
        shown = {"before": _lines(self.before), "after": _lines(after)}
        header = f"access keys of the IAM user {user}"
        own = [] if shown["before"] == shown["after"] else [{"before_header": header, "after_header": header, **shown}]
        return own + [change.diff() for change in self.changes] + [copy.diff() for copy in self.copies]


def owner_of(*, user: str, account: str, partition: str) -> str:
    """What a profile notes as its owner: the user's ARN without its path, which can change while the user stays.

    :param user: name of the user.
    :param account: number of the account.
    :param partition: which part of AWS it is in.
    """
    return f"arn:{partition}:iam::{account}:user/{user}"


def ensure_key(wish: Wish, *, files: Files, aws: Aws, dry: bool) -> Outcome:
    """Let the profile have a working key.

    :param wish: what is wanted.
    :param files: where the AWS configuration files are.
    :param aws: AWS.
    :param dry: only say what would be done.
    :raises AccessKeyError: only a person can decide what to do, or AWS does not accept a key.
    :raises ProfileFileError: see C(_aws_profile_files).
    :raises PrivateFileError: a file can't be read or written.
    :raises KeyCopyError: a copy can't be read or written, or something else is in its place.
    :raises LockError: another run of this machine keeps seeing to the user's key.
    """
    if dry:
        return _ensure_key(wish, files=files, aws=aws, dry=True)
    # Counted before the lock makes folders.
    counted = replace(files, missing={kind: files.missing_folders(kind) for kind in Kind})
    key = files.credentials.with_name(f"access-key-{aws.account}-{wish.user}")
    with exclusive(key, patience=Patience(timeout=_LOCK_TIMEOUT)):
        return _ensure_key(wish, files=counted, aws=aws, dry=False)


def _ensure_key(wish: Wish, *, files: Files, aws: Aws, dry: bool) -> Outcome:
    state = _read(wish, files=files, aws=aws)
    if not dry:
        state = _wait_for_rival(wish, state, files=files, aws=aws)
    # What stands in the way of the copies is said before a key is made.
    state = replace(state, copies=look(wish.places, owner=state.situation.owner))
    plan = plan_access_key(state.situation, replace_lost=wish.replace_lost, rotate=wish.rotate)
    if dry:
        return _preview(wish, plan, state, files=files)
    if not plan.create:
        done = _settle(wish, plan, state, files=files, aws=aws)
    else:
        done = _make(wish, plan, state, files=files, aws=aws)
    return replace(done, cleaned=clean_up(files))


def _read(wish: Wish, *, files: Files, aws: Aws) -> State:
    for _read_again in range(_READS - 1):
        state = _read_once(wish, files=files, aws=aws)
        if not _may_be_behind(state.situation):
            return state
        aws.sleep(_READ_PAUSE)
    return _read_once(wish, files=files, aws=aws)


def _wait_for_rival(wish: Wish, state: State, *, files: Files, aws: Aws) -> State:
    """Wait while a run of another machine makes a key for the user; one that is killed never ends it."""
    for _read_again in range(_RIVAL_READS):
        run = run_of(state.situation.tag)
        if run is None or run.startswith(_machine(files)) or state.situation.profile_key in state.situation.keys:
            return state
        aws.sleep(_READ_PAUSE)
        before, state = run, _read_once(wish, files=files, aws=aws)
        if run_of(state.situation.tag) != before:
            return _read(wish, files=files, aws=aws)
    return state


def _machine(files: Files) -> str:
    """Identify this machine and home folder, whose runs exclude each other by a lock."""
    place = f"{platform.node()}:{files.credentials.resolve()}"
    return hashlib.sha256(place.encode()).hexdigest()[:8]


def _require_turn(wish: Wish, state: State, *, run: str, aws: Aws) -> None:
    """Give way to another run that has begun to make a key for the user since this one noted that it does.

    :raises AccessKeyError: there is one.
    """
    tag = read_tags(aws.reader.get_user(UserName=wish.user)["User"]).get(TAG)
    if is_rival(tag, run=run, before=state.situation.tag):
        raise AccessKeyError(
            f"another run was faster and makes the access key of the IAM user {wish.user!r} on another machine",
            f"When that run is done, copy the AWS profile {wish.profile!r} from that machine and run again",
        )


def _may_be_behind(situation: Situation) -> bool:
    """Whether the list of keys may lack the one that a run made just before it was killed."""
    return (
        under_way(situation.tag)
        and situation.profile_owner == situation.owner
        and situation.profile_key not in situation.keys
    )


def _read_once(wish: Wish, *, files: Files, aws: Aws) -> State:
    owner = owner_of(user=wish.user, account=aws.account, partition=aws.partition)
    profile = describe(files, wish.profile)
    try:
        user = aws.reader.get_user(UserName=wish.user)["User"]
        keys = {key.access_key_id: key.status for key in read_keys(aws.reader, wish.user)}
    except aws.errors.missing:
        return State(exists=False, situation=_situation(wish, owner, profile, tag=None, keys={}))
    tag = read_tags(user).get(TAG)
    return State(exists=True, situation=_situation(wish, owner, profile, tag=tag, keys=keys))


def _situation(wish: Wish, owner: str, profile: Profile, *, tag: str | None, keys: Mapping[str, str]) -> Situation:
    return Situation(
        user=wish.user,
        owner=owner,
        tag=tag,
        keys=keys,
        profile=wish.profile,
        profile_exists=profile.exists,
        profile_key=profile.access_key_id,
        profile_owner=profile.owner,
    )


def _preview(wish: Wish, plan: Plan, state: State, *, files: Files) -> Outcome:
    situation = state.situation
    key = NOT_YET if plan.create else str(situation.profile_key)
    secret = NOT_YET if plan.create else None
    return Outcome(
        key=None if plan.create else situation.profile_key,
        created=plan.create,
        deleted=plan.delete + ((plan.replaces,) if plan.replaces else ()),
        noted=plan.create or plan.tag != situation.tag,
        before=tuple(sorted(situation.keys)),
        changes=_file_changes(wish, state, files=files, key=key, secret=secret),
        copies=plan_copies(state.copies, _whole_key(wish, state, files=files, secret=secret)) if state.copies else [],
    )


def _settle(wish: Wish, plan: Plan, state: State, *, files: Files, aws: Aws) -> Outcome:
    """Finish what was begun, and let the profile have its settings."""
    key = str(state.situation.profile_key)
    changes = _change_files(wish, state, files=files, key=key, secret=None)
    if plan.check:
        what = f"the AWS profile {wish.profile!r}"
        _wait_until_known(lambda: aws.whose_profile(wish.profile), what=what, wish=wish, aws=aws)
    # Whoever uses a copy goes on with the old key until there is the new one.
    copies = deliver(state.copies, _whole_key(wish, state, files=files, secret=None)) if state.copies else []
    for lost in plan.delete:
        _delete(wish, lost, aws=aws)
    noted = plan.tag != state.situation.tag
    if noted:
        _note(wish, plan.tag, aws=aws)
    before = tuple(sorted(state.situation.keys))
    return Outcome(
        key=key, created=False, deleted=plan.delete, noted=noted, before=before, changes=changes, copies=copies
    )


def _make(wish: Wish, plan: Plan, state: State, *, files: Files, aws: Aws) -> Outcome:
    """Make a key, write it down, and settle that."""
    if not state.exists:
        raise AccessKeyError(f"there is no IAM user {wish.user!r} in the account {aws.account}", "Make the user first")
    run = f"{_machine(files)}.{secrets.token_hex(4)}"
    note = plan.tag if plan.replaces else with_run(plan.tag, run)
    if note != state.situation.tag:
        _note(wish, note, aws=aws)
    if not plan.replaces:
        _require_turn(wish, state, run=run, aws=aws)
    for lost in plan.delete:
        _delete(wish, lost, aws=aws)
    key, secret = _create(wish, aws=aws)
    with _or_back(wish, plan, key, files=files, aws=aws):
        if not plan.replaces:
            _require_turn(wish, state, run=run, aws=aws)
        if plan.replaces:
            # The profile keeps the old key until the new one works.
            what = f"the new access key {key}"
            _wait_until_known(lambda: aws.whose_key(key, secret), what=what, wish=wish, aws=aws)
        changes = _change_files(wish, state, files=files, key=key, secret=secret)
    tag = note
    if plan.replaces:
        tag = replaced_note(key, old=plan.replaces)
        _note(wish, tag, aws=aws)
    # What was just made may not be listed yet, and a reply that was lost may have left one more.
    listed = {found.access_key_id: found.status for found in read_keys(aws.reader, wish.user)}
    now = replace(
        state.situation,
        tag=tag,
        keys={name: status for name, status in listed.items() if name not in plan.delete} | {key: "Active"},
        profile_exists=True,
        profile_key=key,
        profile_owner=state.situation.owner,
    )
    second = plan_access_key(now, replace_lost=False)
    settled = _settle(wish, second, replace(state, situation=now), files=files, aws=aws)
    before, deleted = tuple(sorted(state.situation.keys)), plan.delete + settled.deleted
    return replace(settled, created=True, deleted=deleted, noted=True, before=before, changes=changes)


@contextmanager
def _or_back(wish: Wish, plan: Plan, key: str, *, files: Files, aws: Aws) -> Iterator[None]:
    """Delete the key that was just made if it can't be put to use, so that all is as it was before."""
    try:
        yield
    except (ServerlessError, aws.errors.refused):
        # If this fails too, the tag tells the next run.
        with suppress(ServerlessError, aws.errors.refused):
            if describe(files, wish.profile).access_key_id != key:
                _delete(wish, key, aws=aws)
                if plan.replaces:
                    _note(wish, plan.replaces, aws=aws)
        raise


def _file_changes(wish: Wish, state: State, *, files: Files, key: str, secret: str | None) -> list[Change]:
    return plan_present(
        files, wish.profile, key_id=key, secret=secret, settings=wish.settings, owner=state.situation.owner
    )


def _change_files(wish: Wish, state: State, *, files: Files, key: str, secret: str | None) -> list[Change]:
    return change_files(files, lambda read: _file_changes(wish, state, files=read, key=key, secret=secret))


def _whole_key(wish: Wish, state: State, *, files: Files, secret: str | None) -> Key:
    """The key of the profile with its secret; or what a plan shows in its place, if that is given."""
    owner = state.situation.owner
    if secret is not None:
        return Key(owner=owner, key_id=secret, secret=secret)
    return Key(owner, *read_key(files, wish.profile))


def _wait_until_known(ask: Callable[[], str], *, what: str, wish: Wish, aws: Aws) -> None:
    """Ask until AWS knows a key; it takes some seconds until a new one is known everywhere."""
    waited, pause = 0.0, _FIRST_PAUSE
    while True:
        try:
            found = ask()
        except aws.errors.refused as error:
            if error_code(error) not in _UNKNOWN_KEY:
                raise
            if waited >= wish.patience:
                raise AccessKeyError(
                    f"AWS has not accepted {what} within {wish.patience:.0f} seconds", "Run again in some minutes"
                ) from error
        else:
            if _without_path(found) == owner_of(user=wish.user, account=aws.account, partition=aws.partition):
                return
            raise AccessKeyError(
                f"{what} acts as {found} and not as the IAM user {wish.user!r}",
                "Take out of the AWS configuration files what makes it so, then run again",
            )
        aws.sleep(pause)
        waited, pause = waited + pause, min(pause * 2, _LONGEST_PAUSE)


def _without_path(arn: str) -> str:
    """A user's ARN as :func:`owner_of` tells it; AWS may not know yet that a path was changed."""
    here, user, name = arn.partition(":user/")
    return here + user + name.rpartition("/")[2]


def _lines(keys: Iterable[str]) -> str:
    return "".join(f"{key}\n" for key in keys)


def _create(wish: Wish, *, aws: Aws) -> tuple[str, str]:
    try:
        made = aws.writer.create_access_key(UserName=wish.user)["AccessKey"]
    except aws.errors.limit as error:
        raise AccessKeyError(
            f"AWS allows the IAM user {wish.user!r} no more access keys, though one was free a moment ago",
            "See that nobody else makes keys for this user at the same time, then run again",
        ) from error
    return str(made["AccessKeyId"]), str(made["SecretAccessKey"])


def _delete(wish: Wish, key: str, *, aws: Aws) -> None:
    with suppress(aws.errors.missing):
        aws.writer.delete_access_key(UserName=wish.user, AccessKeyId=key)


def _note(wish: Wish, value: str, *, aws: Aws) -> None:
    aws.writer.tag_user(UserName=wish.user, Tags=[{"Key": TAG, "Value": value}])
