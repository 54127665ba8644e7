# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies as AWS writes them, and plans that make them the wanted ones, whatever they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import AlreadyThereError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_sharing import (
    ACTION,
    OURS,
    PUBLIC,
    Grant,
    SharingError,
    Statement,
    apply_sharing,
    plan_sharing,
    read_sharing,
    read_statement,
)
from hypothesis import given
from hypothesis import strategies as st

ACCOUNT = Grant("account", "123456789012")
ORGANIZATION = Grant("organization", "o-a1b2c3d4e5")


def statement(grant: Grant, sid: str = "s") -> dict[str, Any]:
    """A grant as AWS writes it."""
    written: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": ACTION, "Resource": "arn", "Principal": "*"}
    if grant.kind == "account":
        written["Principal"] = {"AWS": f"arn:aws:iam::{grant.who}:root"}
    if grant.kind == "organization":
        written["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": grant.who}}
    return written


class Policy:
    """The policy of one version, with what AWS refuses."""

    def __init__(self, statements: list[dict[str, Any]]) -> None:
        self.held = {item["Sid"]: item for item in statements}
        self.open = [self.grants()]

    def grants(self) -> set[Grant | None]:
        return {read_statement(item).grant for item in self.held.values()}

    def statements(self, _name: str, _version: int) -> list[Mapping[str, Any]]:
        return list(self.held.values())

    def allow(self, _name: str, _version: int, *, statement: str, principal: str, organization: str = "") -> None:
        if statement in self.held:
            raise AlreadyThereError("there is one")
        kind = "organization" if organization else "public" if principal == "*" else "account"
        grant = Grant(kind, {"organization": organization, "public": "", "account": principal}[kind])
        self.held[statement] = globals()["statement"](grant, statement)
        self.open.append(self.grants())

    def disallow(self, _name: str, _version: int, *, statement: str) -> None:
        self.held.pop(statement, None)
        self.open.append(self.grants())


@pytest.mark.parametrize("grant", [ACCOUNT, ORGANIZATION, PUBLIC])
def test_what_aws_writes_is_read(grant: Grant) -> None:
    assert read_statement(statement(grant)) == Statement("s", grant)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Action": "lambda:*"},
        {"Action": [ACTION, "lambda:DeleteLayerVersion"]},
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:user/me"}},
        {"Principal": {"AWS": ["123456789012", "210987654321"]}},
        {"Principal": {"AWS": "123456789012"}, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}},
        {"Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5", "o-b1b2c3d4e5"]}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "aws:SourceIp": "1.2.3.4"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Bool": {"a": "true"}}},
        {"Principal": None},
    ],
)
def test_what_this_code_would_not_make_is_no_grant(change: dict[str, Any]) -> None:
    assert read_statement({**statement(PUBLIC), **change}).grant is None


@pytest.mark.parametrize(
    "principal", ["123456789012", {"AWS": "123456789012"}, {"AWS": ["arn:aws-us-gov:iam::123456789012:root"]}]
)
def test_an_account_has_many_forms(principal: Any) -> None:
    assert read_statement({**statement(ACCOUNT), "Principal": principal}).grant == ACCOUNT


def test_options() -> None:
    wanted = read_sharing(accounts=[ACCOUNT.who, ACCOUNT.who], organizations=[ORGANIZATION.who], public=True)
    assert wanted == {ACCOUNT, ORGANIZATION, PUBLIC}
    assert read_sharing(accounts=[], organizations=[], public=False) == frozenset()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accounts": ["12345678901"]}, "'12345678901' is not the number of an AWS account. Write its 12 digits"),
        ({"accounts": ["*"]}, "'*' would share the layer with everybody. If that is meant, say public: true."),
        ({"organizations": ["*"]}, "If that is meant, say public: true."),
        ({"organizations": ["r-abcd"]}, "'r-abcd' is not an AWS organization"),
        ({"accounts": ["123456789012\n"]}, "is not the number of an AWS account"),
    ],
)
def test_options_that_are_wrong(options: dict[str, list[str]], message: str) -> None:
    with pytest.raises(SharingError) as caught:
        read_sharing(**{"accounts": [], "organizations": [], "public": False, **options})
    assert message in str(caught.value)


def test_a_statement_of_somebody_else_that_grants_what_is_wanted_stays() -> None:
    plan = plan_sharing([statement(ACCOUNT, "console")], wanted=frozenset({ACCOUNT}), version=1)
    assert not plan.changes
    assert plan.foreign == ("account 123456789012 (console)",)


def test_an_older_version_gains_nobody() -> None:
    plan = plan_sharing([statement(PUBLIC)], wanted=frozenset({ACCOUNT}), version=1, revoke_only=True)
    assert (plan.add, [item.grant for item in plan.remove]) == ((), [PUBLIC])


def test_a_statement_of_ours_that_was_changed_makes_room() -> None:
    policy = Policy([statement(PUBLIC, ACCOUNT.statement)])
    plan = plan_sharing(policy.statements("n", 1), wanted=frozenset({ACCOUNT}), version=1)
    apply_sharing(plan, name="n", version=1, layers=policy)  # type: ignore[arg-type]
    assert policy.grants() == {ACCOUNT}


def test_a_lost_reply_to_a_grant_is_no_error_but_another_statement_is() -> None:
    plan = plan_sharing([], wanted=frozenset({ACCOUNT}), version=1)
    arrived = Policy([statement(ACCOUNT, ACCOUNT.statement)])
    apply_sharing(plan, name="n", version=1, layers=arrived)  # type: ignore[arg-type]
    other = Policy([statement(PUBLIC, ACCOUNT.statement)])
    with pytest.raises(AlreadyThereError):
        apply_sharing(plan, name="n", version=1, layers=other)  # type: ignore[arg-type]


def test_a_statement_without_identifier_can_not_be_taken_away() -> None:
    plan = plan_sharing([statement(PUBLIC, "")], wanted=frozenset(), version=7)
    with pytest.raises(SharingError, match="version 7 of layer n has a statement without an identifier"):
        apply_sharing(plan, name="n", version=7, layers=Policy([]))  # type: ignore[arg-type]


grants = st.one_of(
    st.just(PUBLIC),
    st.from_regex(r"[0-9]{12}", fullmatch=True).map(lambda who: Grant("account", who)),
    st.from_regex(r"o-[a-z0-9]{10,32}", fullmatch=True).map(lambda who: Grant("organization", who)),
)
some_grants = st.frozensets(grants, max_size=5)


@given(before=some_grants, tampered=some_grants, wanted=some_grants, data=st.data())
def test_every_policy_becomes_the_wanted_one(
    before: frozenset[Grant], tampered: frozenset[Grant], wanted: frozenset[Grant], data: st.DataObject
) -> None:
    """Statements of ours, of somebody else, and ours with somebody else's content."""
    written = {}
    for number, grant in enumerate(sorted(before | tampered)):
        foreign = grant in tampered
        sid = data.draw(st.sampled_from([f"foreign{number}", *(item.statement for item in sorted(wanted))]))
        sid = sid if foreign else grant.statement
        written[sid] = statement(grant, sid)
    policy = Policy(list(written.values()))
    plan = plan_sharing(policy.statements("n", 1), wanted=wanted, version=1)
    apply_sharing(plan, name="n", version=1, layers=policy)  # type: ignore[arg-type]
    assert policy.grants() == wanted
    assert plan.shown()[1] == sorted(str(grant) for grant in wanted)
    assert not plan_sharing(policy.statements("n", 1), wanted=wanted, version=1).changes
    # Nobody is let in on the way whom neither side knows, and who may stay is never shut out.
    kept = {item.grant for item in plan.before if item not in plan.remove}
    for moment in policy.open:
        assert kept <= moment <= {*wanted, *(item.grant for item in plan.before)}


@given(grants)
def test_identifiers_are_ones_that_aws_takes(grant: Grant) -> None:
    assert grant.statement.startswith(OURS)
    assert len(grant.statement) <= 100
    assert grant.statement.replace("-", "").isalnum()
