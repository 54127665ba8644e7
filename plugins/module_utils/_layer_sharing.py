# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may use a layer version: its policy, reconciled with what is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import AlreadyThereError, Layers

#: What the identifiers of our statements begin with.
OURS = "asesoria-serverless-"
ACTION = "lambda:GetLayerVersion"
#: By botocore's service model of C(lambda), read on 2026-11-24.
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_ROOT = re.compile(r"arn:aws[a-zA-Z-]*:iam::(?P<account>\d{12}):root")
_EVERYBODY = "*"


class SharingError(ServerlessError):
    """A layer can't be shared in this way."""


@dataclass(frozen=True, order=True)
class Grant:
    """One party that may use a version.

    :param kind: C(account), C(organization) or C(public).
    :param who: number of the account, identifier of the organization, empty for everybody.
    """

    kind: str
    who: str = ""

    def __str__(self) -> str:
        """As a user reads it."""
        return f"{self.kind} {self.who}".strip()

    @property
    def statement(self) -> str:
        """Identifier of our statement for it."""
        return OURS + "-".join(part for part in (self.kind, self.who) if part)


PUBLIC = Grant("public")


@dataclass(frozen=True)
class Statement:
    """A statement of a policy.

    :param sid: its identifier, empty if it has none.
    :param grant: what it comes to, C(None) if it is none that this code would make.
    """

    sid: str
    grant: Grant | None

    @property
    def ours(self) -> bool:
        """Whether its identifier is one of ours."""
        return self.sid.startswith(OURS)

    @property
    def tampered(self) -> bool:
        """Whether it has an identifier of ours, and grants something else than that says."""
        return self.ours and (self.grant is None or self.grant.statement != self.sid)

    def __str__(self) -> str:
        """As a user reads it."""
        return f"{self.grant or 'something else'} ({self.sid or 'without identifier'})"


@dataclass(frozen=True)
class SharingPlan:
    """What makes the policy of one version the wanted one.

    :param version: its number, 0 for one that is yet to be published.
    :param before: the statements that are there.
    :param add: whom to let in.
    :param remove: which statements to take away.
    """

    version: int
    before: tuple[Statement, ...]
    add: tuple[Grant, ...]
    remove: tuple[Statement, ...]

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.add or self.remove)

    @property
    def foreign(self) -> tuple[str, ...]:
        """Statements that this code did not make, as a user reads them."""
        return tuple(str(statement) for statement in self.before if not statement.ours)

    def shown(self) -> tuple[list[str], list[str]]:
        """Whom the version is shared with before and after."""
        kept = [statement for statement in self.before if statement not in self.remove]
        after = [_name(statement) for statement in kept] + [str(grant) for grant in self.add]
        return sorted({_name(statement) for statement in self.before}), sorted(set(after))


def read_sharing(*, accounts: Iterable[str], organizations: Iterable[str], public: bool) -> frozenset[Grant]:
    """The grants that options ask for.

    :raises SharingError: an account or an organization is none.
    """
    for values, form, what, remedy in (
        (accounts, _ACCOUNT, "the number of an AWS account", "Write its 12 digits, in quotes if the first one is 0"),
        (organizations, _ORGANIZATION, "an AWS organization", "Write its identifier, such as o-a1b2c3d4e5"),
    ):
        for value in values:
            if value == _EVERYBODY:
                raise SharingError("'*' would share the layer with everybody", "If that is meant, say public: true")
            if not form.fullmatch(value):
                raise SharingError(f"{value!r} is not {what}", remedy)
    found = {Grant("account", account) for account in accounts}
    found |= {Grant("organization", organization) for organization in organizations}
    return frozenset(found | ({PUBLIC} if public else set()))


def read_statement(statement: Mapping[str, Any]) -> Statement:
    """A statement of a policy in the forms that AWS writes it in."""
    return Statement(sid=str(statement.get("Sid") or ""), grant=_grant(statement))


def plan_sharing(
    statements: Sequence[Mapping[str, Any]], *, wanted: frozenset[Grant], version: int, revoke_only: bool = False
) -> SharingPlan:
    """What turns a policy into the wanted one.

    A statement that grants what is wanted stays, whoever made it. Every other one goes, and one of ours that somebody
    has changed.

    :param statements: of the policy.
    :param wanted: what it shall grant.
    :param version: whose policy it is.
    :param revoke_only: take away only. An older version gains nobody.
    """
    before = tuple(read_statement(statement) for statement in statements)
    keep = [statement for statement in before if statement.grant in wanted and not statement.tampered]
    missing = set() if revoke_only else wanted.difference(statement.grant for statement in keep if statement.grant)
    return SharingPlan(
        version=version,
        before=before,
        add=tuple(sorted(missing)),
        remove=tuple(statement for statement in before if statement not in keep),
    )


def apply_sharing(plan: SharingPlan, *, name: str, version: int, layers: Layers) -> None:
    """Do what was planned. Who may go on using the version can do so all the time.

    :param name: of the layer.
    :param version: whose policy it is.
    :raises ServerlessError: AWS refused, or a statement can't be taken away.
    """
    new = {grant.statement for grant in plan.add}
    for statement in plan.remove:
        if not statement.sid:
            raise SharingError(
                f"the policy of version {version} of layer {name} has a statement without an identifier",
                "Delete that version in AWS, and run it again",
            )
    # A statement of ours that somebody has changed has to make room for the right one.
    for statement in sorted(plan.remove, key=lambda statement: statement.sid not in new):
        if statement.sid in new:
            layers.disallow(name, version, statement=statement.sid)
    for grant in plan.add:
        _allow(grant, name=name, version=version, layers=layers)
    for statement in plan.remove:
        if statement.sid not in new:
            layers.disallow(name, version, statement=statement.sid)


def _allow(grant: Grant, *, name: str, version: int, layers: Layers) -> None:
    """A conflict means that the reply of an earlier attempt was lost, or that another run was faster."""
    try:
        layers.allow(
            name,
            version,
            statement=grant.statement,
            principal=grant.who if grant.kind == "account" else _EVERYBODY,
            organization=grant.who if grant.kind == "organization" else "",
        )
    except AlreadyThereError:
        if Statement(grant.statement, grant) not in map(read_statement, layers.statements(name, version)):
            raise


def _grant(statement: Mapping[str, Any]) -> Grant | None:
    if statement.get("Effect") != "Allow" or statement.get("Action") not in (ACTION, [ACTION]):
        return None
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        principal = principal.get("AWS") if len(principal) == 1 else None
    if isinstance(principal, list):
        principal = principal[0] if len(principal) == 1 else None
    if not isinstance(principal, str):
        return None
    return _grant_to(principal, statement.get("Condition"))


def _grant_to(principal: str, condition: Any) -> Grant | None:
    if condition:
        organization = _organization(condition)
        return Grant("organization", organization) if principal == _EVERYBODY and organization else None
    if principal == _EVERYBODY:
        return PUBLIC
    root = _ROOT.fullmatch(principal)
    account = root["account"] if root else principal
    return Grant("account", account) if _ACCOUNT.fullmatch(account) else None


def _organization(condition: Any) -> str:
    """The organization that is the one condition."""
    if not isinstance(condition, Mapping) or list(condition) != ["StringEquals"]:
        return ""
    test = condition["StringEquals"]
    if not isinstance(test, Mapping) or [key.lower() for key in test] != ["aws:principalorgid"]:
        return ""
    (value,) = test.values()
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return value if isinstance(value, str) else ""


def _name(statement: Statement) -> str:
    return str(statement.grant) if statement.grant else str(statement)
