# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One line of what is said before a run: what was found, what is wanted, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: It will do; it will do but something is coming or odd; the run can't go on with it; it can't be known.
OK, WARNING, PROBLEM, UNKNOWN = STATES = ("ok", "warning", "problem", "unknown")


@dataclass(frozen=True)
class Check:
    """One line of the verdict.

    :param name: short and fixed, so that a run can leave the check out by it.
    :param state: one of C(STATES).
    :param found: what is there.
    :param wanted: what would do; empty if C(found) says what is wrong in a sentence of its own.
    :param remedy: what to do; empty if there is nothing to do.
    """

    name: str
    state: str
    found: str
    wanted: str = ""
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether all is well."""
        return self.state == OK

    @property
    def problem(self) -> str:
        """The check as one message."""
        found = f"found {self.found}, wanted {self.wanted}" if self.wanted else self.found
        return ". ".join(part for part in (f"{self.name}: {found}", self.remedy) if part) + "."


def verdict(name: str, ok: bool, *, found: str, wanted: str, remedy: str = "") -> Check:  # noqa: FBT001 - the verdict
    """A check that either will do or stops the run; what to do is left out if it will do."""
    return Check(name=name, state=OK if ok else PROBLEM, found=found, wanted=wanted, remedy="" if ok else remedy)


def refusal(name: str, error: ServerlessError) -> Check:
    """A check that stops the run for a reason that an error tells."""
    return Check(name=name, state=PROBLEM, found=error.problem, remedy=error.remedy)


def without(checks: Iterable[Check], *, skip: Sequence[str]) -> Iterator[Check]:
    """Leave out the checks that the user does not want.

    :param checks: all of them.
    :param skip: names.
    """
    return (check for check in checks if check.name not in skip)
