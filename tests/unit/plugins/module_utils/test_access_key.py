# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done about an access key, for every way in which a run can have ended."""

from __future__ import annotations

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._access_key import (
    AccessKeyError,
    Plan,
    Situation,
    plan_access_key,
    under_way,
)

OWNER = "arn:aws:iam::123456789012:user/asesoria"
K1, K2, K3 = "AKIA1", "AKIA2", "AKIA3"


def situation(
    *,
    tag: str | None = None,
    keys: str = "",
    key: str | None = None,
    owner: str | None = OWNER,
    inactive: str = "",
    exists: bool = True,
) -> Situation:
    """What is there; without a key there is no profile unless told otherwise."""
    return Situation(
        user="asesoria",
        owner=OWNER,
        tag=tag,
        keys={name: "Inactive" if name in inactive.split() else "Active" for name in keys.split()},
        profile="asesoria",
        profile_exists=exists and (key is not None or owner is None),
        profile_key=key,
        profile_owner=owner if key or owner is None else None,
    )


def create(*, tag: str = "pending", delete: tuple[str, ...] = ()) -> Plan:
    """The plan to make a key."""
    return Plan(tag=tag, delete=delete, create=True)


def keep(tag: str, *delete: str) -> Plan:
    """The plan to keep what there is."""
    return Plan(tag=tag, delete=delete)


def finish(tag: str, *delete: str) -> Plan:
    """The plan to finish what was begun, once the profile's key was seen to work."""
    return Plan(tag=tag, delete=delete, check=True)


def rotate(key: str, *delete: str) -> Plan:
    """The plan to replace a key."""
    return Plan(tag=f"rotating {key}", delete=delete, create=True, replaces=key)


@pytest.mark.parametrize(
    ("there", "replace_lost", "plan"),
    [
        pytest.param(situation(), False, create(), id="nothing yet"),
        pytest.param(situation(tag="pending"), False, create(), id="killed after the user was made"),
        pytest.param(situation(tag="pending", keys=K1), False, create(delete=(K1,)), id="killed before the profile"),
        pytest.param(situation(tag="pending", keys=K1, key=K1), False, finish(K1), id="killed after the profile"),
        pytest.param(situation(tag=K1, keys=K1, key=K1), False, keep(K1), id="as it should be"),
        pytest.param(
            situation(tag="pending", keys=f"{K1} {K2}", key=K2),
            False,
            finish(K2, K1),
            id="the reply was lost, two made",
        ),
        pytest.param(
            situation(tag=f"pending {K1}", keys=f"{K1} {K2}"),
            False,
            create(tag=f"pending {K1}", delete=(K2,)),
            id="killed beside an older key",
        ),
        pytest.param(
            situation(tag=f"pending {K1}", keys=f"{K1} {K2}", key=K2), False, finish(K2), id="done beside an older key"
        ),
        pytest.param(situation(tag=f"pending {K1}", keys=K2), False, create(delete=(K2,)), id="the older key is gone"),
        pytest.param(situation(tag=K1, keys=K1), True, create(delete=(K1,)), id="lost, to be replaced"),
        pytest.param(
            situation(tag=K1, keys=f"{K1} {K2}"),
            True,
            create(tag=f"pending {K2}", delete=(K1,)),
            id="lost, and another",
        ),
        pytest.param(situation(keys=K1), True, create(tag=f"pending {K1}"), id="made by hand, kept beside the new one"),
        pytest.param(situation(tag=K1, keys=""), False, create(), id="deleted in AWS"),
        pytest.param(situation(tag=K1, keys="", key=K1), False, create(), id="deleted in AWS, our profile is left"),
        pytest.param(
            situation(tag=K1, keys=K2, key=K1), False, create(tag=f"pending {K2}"), id="deleted in AWS, another by hand"
        ),
        pytest.param(situation(tag=None, keys=K1, key=K1), False, keep(K1), id="the tag was taken away"),
        pytest.param(situation(tag=K1, keys=K1, key=K1, owner=None), False, keep(K1), id="profile copied by hand"),
        pytest.param(
            situation(tag=K1, keys=f"{K1} {K2}", key=K2), False, keep(K1), id="another machine's key is the noted one"
        ),
        pytest.param(situation(tag=K3, keys=K2, key=K2), False, keep(K2), id="the noted key is gone"),
    ],
)
def test_the_plan(there: Situation, replace_lost: bool, plan: Plan) -> None:
    assert plan_access_key(there, replace_lost=replace_lost) == plan


LOST = (
    "the IAM user 'asesoria' has the access key AKIA1 in AWS, but the AWS profile 'asesoria' of this machine does not "
    "have it, and AWS does not tell its secret again. Copy the profile from the machine that has it; or run with "
    "iam_user_replace_lost_key=true, which makes a new key, deletes the old one if it was made by this role, and so "
    "stops whoever uses that."
)


@pytest.mark.parametrize(
    ("there", "replace_lost", "message"),
    [
        pytest.param(situation(tag=K1, keys=K1), False, LOST, id="lost"),
        pytest.param(situation(keys=K1), False, LOST, id="made by hand"),
        pytest.param(
            situation(keys=f"{K1} {K2}"),
            True,
            "the IAM user 'asesoria' has 2 access keys already, AKIA1 and AKIA2, none of them in the AWS profile "
            "'asesoria', and AWS allows no more. Delete the one that is not used in the console, IAM, Users, Security "
            "credentials.",
            id="two made by hand",
        ),
        pytest.param(
            situation(key=K3, owner=None),
            True,
            "the AWS profile 'asesoria' is there already and was not made for arn:aws:iam::123456789012:user/asesoria; "
            "its access key is AKIA3. It is left as it is; set iam_user_profile to another name, or remove the "
            "profile if "
            "nobody needs it.",
            id="somebody else's profile",
        ),
        pytest.param(
            situation(key=K3, owner="arn:aws:iam::999999999999:user/asesoria"),
            True,
            "the AWS profile 'asesoria' is there already and was not made for arn:aws:iam::123456789012:user/asesoria; "
            "its access key is AKIA3. It is left as it is; set iam_user_profile to another name, or remove the "
            "profile if "
            "nobody needs it.",
            id="our profile for another account",
        ),
        pytest.param(
            situation(owner=None),
            False,
            "the AWS profile 'asesoria' is there already and was not made for arn:aws:iam::123456789012:user/asesoria. "
            "It is left as it is; set iam_user_profile to another name, or remove the profile if nobody needs it.",
            id="a profile without a key",
        ),
        pytest.param(
            situation(tag=K1, keys=K1, key=K1, inactive=K1),
            True,
            "the access key AKIA1 of the IAM user 'asesoria', which the AWS profile 'asesoria' has, was switched off "
            "in AWS. Find out who did that and why; then activate it, or delete it and run again.",
            id="switched off",
        ),
    ],
)
def test_what_only_a_person_can_decide(there: Situation, replace_lost: bool, message: str) -> None:
    with pytest.raises(AccessKeyError) as caught:
        plan_access_key(there, replace_lost=replace_lost)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("there", "plan"),
    [
        pytest.param(situation(tag=K1, keys=K1, key=K1), rotate(K1), id="begin"),
        pytest.param(situation(keys=K1, key=K1), rotate(K1), id="begin without a tag"),
        pytest.param(situation(), create(), id="nothing to replace"),
        pytest.param(situation(tag=f"rotating {K1}", keys=K1, key=K1), rotate(K1), id="killed before the new key"),
        pytest.param(
            situation(tag=f"rotating {K1}", keys=f"{K1} {K2}", key=K1), rotate(K1, K2), id="killed before the profile"
        ),
        pytest.param(
            situation(tag=f"rotating {K1}", keys=f"{K1} {K2}", key=K2), finish(K2, K1), id="killed after the profile"
        ),
        pytest.param(
            situation(tag=f"{K2} replaces {K1}", keys=f"{K1} {K2}", key=K2), finish(K2, K1), id="killed after the note"
        ),
        pytest.param(
            situation(tag=f"{K2} replaces {K1}", keys=K2, key=K2), finish(K2), id="killed after the old key went"
        ),
        pytest.param(situation(tag="pending", keys=K1, key=K1), finish(K1), id="the key is as good as new"),
        pytest.param(
            situation(tag=f"{K2} replaces {K1}", keys=K1, key=K1), rotate(K1), id="the new key was deleted by hand"
        ),
    ],
)
def test_the_plan_of_a_rotation(there: Situation, plan: Plan) -> None:
    assert plan_access_key(there, replace_lost=False, rotate=True) == plan


@pytest.mark.parametrize(
    ("there", "plan"),
    [
        pytest.param(situation(tag=f"rotating {K1}", keys=K1, key=K1), keep(K1), id="nothing was made"),
        pytest.param(situation(tag=f"rotating {K1}", keys=f"{K1} {K2}", key=K1), keep(K1, K2), id="go back"),
        pytest.param(situation(tag=f"rotating {K1}", keys=f"{K1} {K2}", key=K2), finish(K2, K1), id="go on"),
        pytest.param(situation(tag=f"rotating {K1}", keys=K2, key=K2), finish(K2), id="the old key is gone"),
        pytest.param(
            situation(tag=f"{K2} replaces {K1}", keys=f"{K1} {K2}", key=K2), finish(K2, K1), id="go on, noted"
        ),
        pytest.param(
            situation(tag=f"{K2} replaces {K1}", keys=f"{K1} {K2}", key=K1),
            keep(f"{K2} replaces {K1}"),
            id="on another machine with the old key",
        ),
        pytest.param(
            situation(tag=f"{K2} replaces {K1}", keys=f"{K2} {K3}", key=K2), finish(K2), id="another one made by hand"
        ),
    ],
)
def test_a_rotation_that_was_cut_short_without_being_asked_for_again(there: Situation, plan: Plan) -> None:
    assert plan_access_key(there, replace_lost=False) == plan


@pytest.mark.parametrize(
    ("there", "message"),
    [
        pytest.param(
            situation(tag=K1, keys=f"{K1} {K2}", key=K1, inactive=K2),
            "the access key AKIA1 of the IAM user 'asesoria' can't be rotated: the user also has AKIA2 (inactive), "
            "which the AWS profile 'asesoria' does not have, and AWS allows 2 keys. Once nobody uses AKIA2, delete it "
            "and run again: aws iam delete-access-key --user-name asesoria --access-key-id AKIA2.",
            id="two keys",
        ),
        pytest.param(
            situation(tag=f"{K2} replaces {K1}", keys=f"{K1} {K2}", key=K1),
            "the access key AKIA1 of the IAM user 'asesoria' has been replaced by AKIA2 on another machine, where the "
            "rotation did not come to its end. Run again there, then copy the profile from it.",
            id="on another machine with the old key",
        ),
        pytest.param(
            situation(tag=K1, keys=K1, key=K1, owner=None),
            "the access key AKIA1 of the AWS profile 'asesoria' can't be rotated, because the profile was not written "
            "by this role for arn:aws:iam::123456789012:user/asesoria. It is left as it is; replace the key where the "
            "profile came from, or set iam_user_profile to another name.",
            id="profile copied by hand",
        ),
        pytest.param(situation(tag=K1, keys=K1), LOST, id="lost"),
    ],
)
def test_a_rotation_that_only_a_person_can_help(there: Situation, message: str) -> None:
    with pytest.raises(AccessKeyError) as caught:
        plan_access_key(there, replace_lost=False, rotate=True)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("there", "plan"),
    [
        pytest.param(situation(tag=f"rotating {K1}", keys=f"{K1} {K2}"), create(delete=(K1, K2)), id="both lost"),
        pytest.param(
            situation(tag=f"{K2} replaces {K1}", keys=f"{K2} {K3}"),
            create(tag=f"pending {K3}", delete=(K2,)),
            id="lost, and another by hand",
        ),
        pytest.param(situation(tag="two words", keys=K1), create(tag=f"pending {K1}"), id="a tag that says nothing"),
    ],
)
def test_a_rotation_whose_profile_is_lost(there: Situation, plan: Plan) -> None:
    assert plan_access_key(there, replace_lost=True) == plan


@pytest.mark.parametrize(
    ("tag", "expected"),
    [(None, False), ("", False), (K1, False), ("pending", True), (f"pending {K1}", True), (f"rotating {K1}", True)],
)
def test_whether_a_run_is_under_way(tag: str | None, expected: bool) -> None:
    assert under_way(tag) is expected
