# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an IAM user's access key is to be kept, made or given up on: decided from what is there, before any call.

AWS tells the secret of a key only once, when it makes the key. A run that is killed between that and writing the
profile leaves a key that nobody can use, so a tag on the user says how far a run had come:

* ``pending``, with the keys that were there before: a key is being made; any other key is one whose secret is lost;
* the identifier of a key: that one was made and is in a profile, here or on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: AWS: quota "Access keys assigned to each IAM user", which can't be raised.
MAX_ACCESS_KEYS = 2
PENDING = "pending"


class AccessKeyError(ServerlessError):
    """There is no way to a usable access key that would harm nobody."""


@dataclass(frozen=True)
class Situation:
    """What is there.

    :param user: name of the IAM user.
    :param owner: what a profile that was written for the user notes as its owner.
    :param tag: value of the tag that says how far a run had come; None if the user has no such tag or is not there.
    :param keys: the user's access keys with their status, C(Active) or C(Inactive), as AWS lists them.
    :param profile: name of the profile.
    :param profile_exists: whether the AWS configuration files have it.
    :param profile_key: its access key, None if it has none.
    :param profile_owner: who it was written for, None if somebody else has written it.
    """

    user: str
    owner: str
    tag: str | None
    keys: Mapping[str, str]
    profile: str
    profile_exists: bool
    profile_key: str | None
    profile_owner: str | None


@dataclass(frozen=True)
class Plan:
    """What to do, in this order.

    :param tag: the value that the tag is to have before anything else is done.
    :param delete: keys to delete, because nobody has their secrets.
    :param create: whether to make a key then and write it into the profile.
    """

    tag: str
    delete: tuple[str, ...]
    create: bool


def plan_access_key(situation: Situation, *, replace_lost: bool) -> Plan:
    """Decide what is to be done about the access key.

    :param situation: what is there.
    :param replace_lost: give up a key that is in no profile of this machine, and make another one.
    :raises AccessKeyError: only a person can decide what to do.
    """
    if situation.profile_key in situation.keys:
        return _keep(situation, str(situation.profile_key))
    if situation.profile_exists and situation.profile_owner != situation.owner:
        raise AccessKeyError(
            f"the AWS profile {situation.profile!r} is there already and was not made for {situation.owner}"
            + (f"; its access key is {situation.profile_key}" if situation.profile_key else ""),
            "It is left as it is; set iam_user_profile to another name, or remove the profile if nobody needs it",
        )
    kept = _pending(situation.tag)
    if kept is not None:
        return _create(situation, kept=kept & situation.keys.keys())
    if situation.keys and not replace_lost and _is_lost(situation):
        raise AccessKeyError(_lost_problem(situation), _LOST_REMEDY)
    lost = {situation.tag} & situation.keys.keys()
    return _create(situation, kept=situation.keys.keys() - lost)


_LOST_REMEDY = (
    "Copy the profile from the machine that has it; or run with iam_user_replace_lost_key=true, which makes a new key, "
    "deletes the old one if it was made by this role, and so stops whoever uses that"
)


def _lost_problem(situation: Situation) -> str:
    keys = " and ".join(sorted(situation.keys))
    return (
        f"the IAM user {situation.user!r} has the access key {keys} in AWS, but the AWS profile {situation.profile!r} "
        "of this machine does not have it, and AWS does not tell its secret again"
    )


def _is_lost(situation: Situation) -> bool:
    """Whether a key is in use somewhere else, as far as one can tell; one that was deleted in AWS is not."""
    return situation.tag is None or situation.tag in situation.keys


def _keep(situation: Situation, key: str) -> Plan:
    if situation.keys[key] != "Active":
        raise AccessKeyError(
            f"the access key {key} of the IAM user {situation.user!r}, which the AWS profile {situation.profile!r} "
            "has, was switched off in AWS",
            "Find out who did that and why; then activate it, or delete it and run again",
        )
    kept = _pending(situation.tag)
    if kept is not None:
        # Killed after the profile was written; what is neither that key nor an older one was lost on the way.
        return Plan(tag=key, delete=tuple(sorted(situation.keys.keys() - kept - {key})), create=False)
    # Another machine's key may be the one in the tag: then it stays there.
    tag = situation.tag if situation.tag is not None and situation.tag in situation.keys else key
    return Plan(tag=tag, delete=(), create=False)


def _create(situation: Situation, *, kept: frozenset[str] | set[str]) -> Plan:
    if len(kept) >= MAX_ACCESS_KEYS:
        raise AccessKeyError(
            f"the IAM user {situation.user!r} has {len(kept)} access keys already, {' and '.join(sorted(kept))}, none "
            f"of them in the AWS profile {situation.profile!r}, and AWS allows no more",
            "Delete the one that is not used in the console, IAM, Users, Security credentials",
        )
    return Plan(
        tag=" ".join([PENDING, *sorted(kept)]),
        delete=tuple(sorted(situation.keys.keys() - kept)),
        create=True,
    )


def _pending(tag: str | None) -> frozenset[str] | None:
    """The keys that were there before a key was being made; None if none is."""
    word, *kept = (tag or "").split() or [""]
    return frozenset(kept) if word == PENDING else None
