# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an IAM user's access key is to be kept, made or given up on: decided from what is there, before any call.

AWS tells the secret of a key only once, when it makes the key. A run that is killed between that and writing the
profile leaves a key that nobody can use, so a tag on the user says how far a run had come:

* ``pending``, with the keys that were there before and the run that makes the key: a key is being made; any other key
  is one whose secret is lost, unless that run is still at work;
* ``rotating`` and a key: another is being made to replace that one, which the profile has until the new one has been
  seen to work; a third is one whose secret is lost;
* a key, ``replaces`` and another key: the first is in a profile, the second is to be deleted;
* the identifier of a key: that one was made and is in a profile, here or on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: AWS: quota "Access keys assigned to each IAM user", which can't be raised.
MAX_ACCESS_KEYS = 2
PENDING = "pending"
ROTATING = "rotating"
REPLACES = "replaces"
#: Begins the word that tells which run makes a key.
RUN = "run:"


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
    """What to do. If a key is to be made the tag comes first, else it comes last.

    :param tag: the value that the tag is to have.
    :param delete: keys to delete, because nobody has their secrets or because the profile's key has replaced them.
    :param create: whether to make a key then and write it into the profile.
    :param replaces: the key that the new one is to replace, which still works.
    :param check: whether the profile's key is to be seen working before anything else is done.
    """

    tag: str
    delete: tuple[str, ...] = ()
    create: bool = False
    replaces: str | None = None
    check: bool = False


@dataclass(frozen=True)
class _Note:
    """What the tag says.

    :param kept: with C(pending), the keys that were there before; else None.
    :param old: the key that another one is to replace, or has replaced; else None.
    :param key: the key that is in a profile; None if that is not known yet.
    :param run: with C(pending), the run that makes the key; None if the tag does not tell.
    """

    kept: frozenset[str] | None = None
    old: str | None = None
    key: str | None = None
    run: str | None = None


def under_way(tag: str | None) -> bool:
    """Tell whether a run has made a key, or was about to, and did not come to its end.

    :param tag: see :class:`Situation`.
    """
    return len((tag or "").split()) > 1 or tag == PENDING


def run_of(tag: str | None) -> str | None:
    """Return the run that is making a key, or was when it was killed; C(None) if no tag tells of one.

    :param tag: see :class:`Situation`.
    """
    return _read(tag).run


def with_run(tag: str, run: str) -> str:
    """Add to the note that a key is being made by which run.

    :param tag: Note of a :class:`Plan` that makes a key.
    :param run: Identifier of the run, without spaces.
    """
    return f"{tag} {RUN}{run}"


def is_rival(tag: str | None, *, run: str, before: str | None) -> bool:
    """Tell whether another run has made a key for the user, or begun to, since this run noted that it makes one.

    IAM may show for some seconds what the tag said before, which is no sign of another run.

    :param tag: The tag as it is now.
    :param run: Identifier of this run.
    :param before: The tag as it was before this run noted anything.
    """
    return tag not in (None, before) and run_of(tag) != run


def replaced_note(key: str, *, old: str) -> str:
    """What the tag says once the profile has the new key, and the old one is still there.

    :param key: the new one.
    :param old: the one that it replaces.
    """
    return f"{key} {REPLACES} {old}"


def plan_access_key(situation: Situation, *, replace_lost: bool, rotate: bool = False) -> Plan:
    """Decide what is to be done about the access key.

    :param situation: what is there.
    :param replace_lost: give up a key that is in no profile of this machine, and make another one.
    :param rotate: replace the profile's key. A rotation that was under way is finished; another one is not begun.
    :raises AccessKeyError: only a person can decide what to do.
    """
    if situation.profile_key in situation.keys:
        return _keep(situation, str(situation.profile_key), rotate=rotate)
    if situation.profile_exists and situation.profile_owner != situation.owner:
        raise AccessKeyError(
            f"the AWS profile {situation.profile!r} is there already and was not made for {situation.owner}"
            + (f"; its access key is {situation.profile_key}" if situation.profile_key else ""),
            "It is left as it is; set iam_user_profile to another name, or remove the profile if nobody needs it",
        )
    note = _read(situation.tag)
    if note.kept is not None:
        return _create(situation, kept=note.kept & situation.keys.keys())
    if situation.keys and not replace_lost and _is_lost(situation, note):
        raise AccessKeyError(_lost_problem(situation), _LOST_REMEDY)
    return _create(situation, kept=situation.keys.keys() - _made_here(situation, note))


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


def _is_lost(situation: Situation, note: _Note) -> bool:
    """Whether a key is in use somewhere else, as far as one can tell; one that was deleted in AWS is not."""
    return situation.tag is None or bool(_made_here(situation, note))


def _made_here(situation: Situation, note: _Note) -> set[str]:
    """The keys in AWS that this role has made, as far as the tag tells."""
    if note.old is not None and note.key is None:
        # In the middle of a rotation: the old key, and one that the tag does not know yet.
        return set(situation.keys)
    return {key for key in (note.old, note.key) if key is not None and key in situation.keys}


def _keep(situation: Situation, key: str, *, rotate: bool) -> Plan:
    if situation.keys[key] != "Active":
        raise AccessKeyError(
            f"the access key {key} of the IAM user {situation.user!r}, which the AWS profile {situation.profile!r} "
            "has, was switched off in AWS",
            "Find out who did that and why; then activate it, or delete it and run again",
        )
    note = _read(situation.tag)
    if note.kept is not None:
        # Killed after the profile was written; what is neither that key nor an older one was lost on the way.
        return Plan(tag=key, delete=tuple(sorted(situation.keys.keys() - note.kept - {key})), check=True)
    if note.old is not None and note.old != key and note.key in (None, key):
        # Killed after the new key was written into the profile.
        return Plan(tag=key, delete=tuple({note.old} & situation.keys.keys()), check=True)
    # Killed before that: nobody has the secret of a key that is there besides.
    lost = situation.keys.keys() - {key} if note.old == key and note.key is None else set()
    if rotate:
        return _rotate(situation, key, lost=lost)
    # Another machine's key may be the one in the tag: then it stays there.
    elsewhere = note.key is not None and note.key in situation.keys
    return Plan(tag=str(situation.tag) if elsewhere else key, delete=tuple(sorted(lost)))


def _rotate(situation: Situation, key: str, *, lost: set[str]) -> Plan:
    others = sorted(situation.keys.keys() - {key} - lost)
    if situation.profile_owner != situation.owner:
        raise AccessKeyError(
            f"the access key {key} of the AWS profile {situation.profile!r} can't be rotated, because the profile was "
            f"not written by this role for {situation.owner}",
            "It is left as it is; replace the key where the profile came from, or set iam_user_profile to another name",
        )
    if len(others) + 1 >= MAX_ACCESS_KEYS:
        other = others[0]
        if _read(situation.tag) == _Note(key=other, old=key):
            raise AccessKeyError(
                f"the access key {key} of the IAM user {situation.user!r} has been replaced by {other} on another "
                "machine, where the rotation did not come to its end",
                "Run again there, then copy the profile from it",
            )
        raise AccessKeyError(
            f"the access key {key} of the IAM user {situation.user!r} can't be rotated: the user also has {other} "
            f"({situation.keys[other].lower()}), which the AWS profile {situation.profile!r} does not have, and AWS "
            f"allows {MAX_ACCESS_KEYS} keys",
            f"Once nobody uses {other}, delete it and run again: aws iam delete-access-key "
            f"--user-name {situation.user} --access-key-id {other}",
        )
    return Plan(tag=f"{ROTATING} {key}", delete=tuple(sorted(lost)), create=True, replaces=key)


def _create(situation: Situation, *, kept: Set[str]) -> Plan:
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


def _read(tag: str | None) -> _Note:
    match (tag or "").split():
        case [word, *words] if word == PENDING:
            run = next((each.removeprefix(RUN) for each in words if each.startswith(RUN)), None)
            return _Note(kept=frozenset(each for each in words if not each.startswith(RUN)), run=run)
        case [word, old] if word == ROTATING:
            return _Note(old=old)
        case [key, word, old] if word == REPLACES:
            return _Note(key=key, old=old)
        case [key]:
            return _Note(key=key)
    return _Note()
