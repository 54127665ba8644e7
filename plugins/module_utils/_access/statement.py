# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statements of IAM policies as data, and the documents that they make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

#: Values of condition keys by operator and key.
Conditions: TypeAlias = Mapping[str, Mapping[str, "str | Sequence[str]"]]
Document: TypeAlias = dict[str, Any]

_VERSION = "2012-10-17"


@dataclass(frozen=True)
class Statement:
    """A statement that allows actions on resources.

    :param sid: Identifier of the statement, unique in its policy.
    :param actions: Actions that are allowed.
    :param resources: ARNs of the resources, or C(*) for actions that take no resource.
    :param conditions: Conditions under which the actions are allowed.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)

    def render(self) -> dict[str, Any]:
        """Return the statement as the JSON of a policy has it."""
        rendered: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": _one_or_list(self.actions),
            "Resource": _one_or_list(self.resources),
        }
        if self.conditions:
            rendered["Condition"] = {
                operator: {key: _one_or_list(value) for key, value in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return rendered


def make_document(statements: Iterable[Statement]) -> Document:
    """Build the document of a policy.

    :param statements: Statements of the policy.
    """
    return {"Version": _VERSION, "Statement": [statement.render() for statement in statements]}


def count_characters(document: Mapping[str, Any]) -> int:
    """Count the characters of a document as IAM does, which leaves white space out.

    A letter beyond ASCII counts as the six characters that Ansible sends for it.

    :param document: Document of a policy.
    """
    return len("".join(json.dumps(document, separators=(",", ":")).split()))


def split_statements(statements: Iterable[Statement], *, limit: int) -> list[list[Statement]]:
    """Distribute statements over as few documents as keep within a limit, in their order.

    A statement that is too long by itself is divided by its resources. Together, the documents allow the same as one
    document with all statements.

    :param statements: Statements of the policy.
    :param limit: Characters that a document may have.
    """
    documents: list[list[Statement]] = [[]]
    for statement in (part for each in statements for part in _divide(each, limit=limit)):
        if documents[-1] and count_characters(make_document([*documents[-1], statement])) > limit:
            documents.append([])
        documents[-1].append(statement)
    return documents


def _divide(statement: Statement, *, limit: int) -> Iterator[Statement]:
    if len(statement.resources) == 1 or count_characters(make_document([statement])) <= limit:
        yield statement
        return
    middle = len(statement.resources) // 2
    for number, resources in enumerate((statement.resources[:middle], statement.resources[middle:]), start=1):
        yield from _divide(replace(statement, sid=f"{statement.sid}{number}", resources=resources), limit=limit)


def _one_or_list(values: str | Sequence[str]) -> str | list[str]:
    if isinstance(values, str):
        return values
    return values[0] if len(values) == 1 else list(values)
