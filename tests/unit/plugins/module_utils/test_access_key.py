# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done about an access key, for every way in which a run can have ended."""

from __future__ import annotations

from itertools import product

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._access_key import (
    AccessKeyError,
    Plan,
    Situation,
    plan_access_key,
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
    return Plan(tag=tag, delete=delete, create=False)


@pytest.mark.parametrize(
    ("there", "replace_lost", "plan"),
    [
        pytest.param(situation(), False, create(), id="nothing yet"),
        pytest.param(situation(tag="pending"), False, create(), id="killed after the user was made"),
        pytest.param(situation(tag="pending", keys=K1), False, create(delete=(K1,)), id="killed before the profile"),
        pytest.param(situation(tag="pending", keys=K1, key=K1), False, keep(K1), id="killed after the profile"),
        pytest.param(situation(tag=K1, keys=K1, key=K1), False, keep(K1), id="as it should be"),
        pytest.param(
            situation(tag="pending", keys=f"{K1} {K2}", key=K2), False, keep(K2, K1), id="the reply was lost, two made"
        ),
        pytest.param(
            situation(tag=f"pending {K1}", keys=f"{K1} {K2}"),
            False,
            create(tag=f"pending {K1}", delete=(K2,)),
            id="killed beside an older key",
        ),
        pytest.param(
            situation(tag=f"pending {K1}", keys=f"{K1} {K2}", key=K2), False, keep(K2), id="done beside an older key"
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


class World:
    """AWS and the profile, changed by what a plan says, until the run is killed after so many steps."""

    def __init__(self, *, hand_made: int) -> None:
        self.keys = [f"HAND{number}" for number in range(hand_made)]
        self.tag: str | None = None
        self.profile: str | None = None
        self.made = 0

    def situation(self) -> Situation:
        """What a run finds."""
        return situation(tag=self.tag, keys=" ".join(self.keys), key=self.profile)

    def run(self, *, steps: int, replace_lost: bool) -> None:
        """Do what the role does, at most so many of its changes."""
        for _round in range(2):
            plan = plan_access_key(self.situation(), replace_lost=replace_lost)
            for change in self._changes(plan):
                if steps == 0:
                    return
                steps -= 1
                change()

    def _changes(self, plan: Plan) -> list:  # type: ignore[type-arg]
        note = [lambda: setattr(self, "tag", plan.tag)]
        delete = [lambda key=key: self.keys.remove(key) for key in plan.delete]
        if not plan.create:
            return delete + note
        return [*note, *delete, self._make, self._write]

    def _make(self) -> None:
        self.made += 1
        self.keys.append(f"NEW{self.made}")

    def _write(self) -> None:
        self.profile = self.keys[-1]


@pytest.mark.parametrize(("steps", "again", "hand_made"), list(product(range(8), range(8), (0, 1))))
def test_a_run_killed_twice_at_any_step_ends_like_an_undisturbed_one(steps: int, again: int, hand_made: int) -> None:
    world = World(hand_made=hand_made)
    for most in (steps, again, 99):
        world.run(steps=most, replace_lost=hand_made > 0)
        assert len(world.keys) <= 2
    assert len(world.keys) == hand_made + 1
    assert world.profile == world.tag == world.keys[-1]
    assert world.keys[:hand_made] == [f"HAND{number}" for number in range(hand_made)]
    plan = plan_access_key(world.situation(), replace_lost=False)
    assert plan == keep(str(world.tag))
