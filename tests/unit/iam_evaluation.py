# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluation of IAM policies that only allow, for tests.

As IAM does, it takes stars in resources, and conditions on the context of a call. What it does not know is an error: an
operator of conditions, a star in an action. Source: IAM User Guide, "Policy evaluation logic", read on 2026-12-01.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any


class Policies:
    """Policies of one caller.

    :param documents: Documents of the policies.
    """

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        self._statements: dict[str, list[Mapping[str, Any]]] = {}
        for statement in (each for document in documents for each in document["Statement"]):
            if statement["Effect"] != "Allow":
                raise ValueError("only statements that allow are evaluated here")
            for action in _listed(statement["Action"]):
                if "*" in action or "?" in action:
                    raise ValueError(f"the pattern {action} is not evaluated here")
                self._statements.setdefault(action.lower(), []).append(statement)

    @property
    def actions(self) -> set[str]:
        """The actions that are allowed on some resource, in lower case."""
        return set(self._statements)

    def allow(self, *, action: str, resource: str, context: Mapping[str, str]) -> bool:
        """Tell whether a call is allowed.

        :param action: The action, such as ``lambda:GetFunction``.
        :param resource: ARN of the resource; ``*`` for an action that takes none.
        :param context: Values of condition keys.
        """
        return any(
            _matches(statement["Resource"], resource)
            and all(
                _holds(operator, _listed(wanted), context.get(key))
                for operator, keys in statement.get("Condition", {}).items()
                for key, wanted in keys.items()
            )
            for statement in self._statements.get(action.lower(), ())
        )


def _holds(operator: str, wanted: list[str], found: str | None) -> bool:
    if operator == "StringEquals":
        return found in wanted
    # A key that the call does not have is no obstacle to either of these.
    if operator in ("StringEqualsIfExists", "ForAllValues:StringEquals"):
        return found is None or found in wanted
    if operator == "ArnEquals":
        return found is not None and _matches(wanted, found)
    raise ValueError(f"the operator {operator} is not evaluated here")


def _matches(patterns: str | list[str], value: str) -> bool:
    return any(_compiled(each).fullmatch(value) for each in _listed(patterns))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
