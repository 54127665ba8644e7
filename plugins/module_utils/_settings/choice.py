# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Choice of one value for each setting among the variables that mean the same, and the problems found on the way."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

from .checks import find_placeholder
from .definitions import DEFINITIONS, NOT_SETTINGS, PREFIX, PRIVATE_PREFIX, Definition
from .values import InvalidValueError, plain, shown

#: From this similarity on, of :mod:`difflib`, a name is taken for another one that was mistyped.
_NEARLY = 0.92
#: Told of a value that may hold a secret.
_NO_MAPPING = InvalidValueError("the value is not a mapping", "Set it to keys with values")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in the settings.

    :param setting: The variable, or variables, as the user knows them.
    :param problem: What is wrong, one sentence without a full stop at the end.
    :param action: What to do, one sentence without a full stop at the end.
    """

    setting: str
    problem: str
    action: str

    def __str__(self) -> str:
        """Return the problem as a line of a message."""
        return f"{self.setting}: {self.problem}. {self.action}."


class SettingsError(ServerlessError):
    """The settings are wrong. The message names every problem.

    :param problems: The problems.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("The settings can't be used, and nothing was created or changed")

    def __str__(self) -> str:
        lines = [f"{self.problem}. Correct {len(self.problems)}:"]
        return "\n".join(lines + [f"- {each}" for each in self.problems])


@dataclass(frozen=True)
class Given:
    """One variable that the user sets.

    :param variable: Name of the variable.
    :param value: The converted value.
    """

    variable: str
    value: Any


@dataclass
class Values:
    """The chosen value of every setting, and the problems that were found.

    :param given: The variable that gives each setting that the user sets, by the setting's name.
    :param problems: What is wrong.
    """

    given: dict[str, Given] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        """Return the value of a setting, its default if the user does not set it."""
        return self.given[name].value if name in self.given else DEFINITIONS[name].default

    def is_given(self, name: str) -> bool:
        """Tell whether the user sets a setting, and not to nothing.

        :param name: Name of the setting.
        """
        return name in self.given and self.given[name].value not in ("", None)

    def label(self, name: str) -> str:
        """Return the variable under which the user knows a setting.

        :param name: Name of the setting.
        """
        return self.given[name].variable if name in self.given else name

    def refuse(self, name: str, error: ServerlessError) -> None:
        """Note what is wrong with a setting.

        :param name: Name of the setting.
        :param error: What is wrong.
        """
        self.problems.append(Problem(self.label(name), error.problem, error.remedy))

    def refuse_if(self, wrong: object, name: str, problem: str, action: str) -> None:
        """Note a problem with a setting if a condition holds.

        :param wrong: The condition.
        :param name: Name of the setting.
        :param problem: What is wrong.
        :param action: What to do.
        """
        if wrong:
            self.problems.append(Problem(self.label(name), problem, action))


def choose_values(
    variables: Mapping[str, object], *, command_line: Collection[str], role_variables: Collection[str] = ()
) -> Values:
    """Choose the value of every setting.

    A variable of the command line wins over one of the inventory, whichever of the equal names it has, as Ansible lets
    it win over one of the same name. Two of the same origin have to agree.

    :param variables: The variables of the run, without templates.
    :param command_line: Names of the variables that the command line gives.
    :param role_variables: Names of all variables that the roles know.
    """
    values = Values()
    values.problems += find_unknown(variables, role_variables=role_variables)
    for definition in DEFINITIONS.values():
        said = [Given(name, variables[name]) for name in definition.variables if variables.get(name) is not None]
        by_command_line = [each for each in said if each.variable in command_line]
        chosen = by_command_line or [each for each in said if not _is_empty(each.value)]
        _take(values, definition, chosen)
    return values


def _take(values: Values, definition: Definition, said: list[Given]) -> None:
    """Convert what was said of a setting, and take it if all agree."""
    converted = []
    for each in said:
        try:
            converted.append(Given(each.variable, _convert(definition, each)))
        except InvalidValueError as error:  # noqa: PERF203  # each is told
            told = _NO_MAPPING if definition.secret and not isinstance(each.value, Mapping) else error
            values.problems.append(Problem(each.variable, told.problem, told.remedy))
    if not converted:
        return
    values.given[definition.name] = converted[0]
    for other in converted[1:]:
        if other.value != converted[0].value:
            values.problems.append(_conflict(definition, converted[0], other))


def _is_empty(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _convert(definition: Definition, given: Given) -> Any:
    if _is_empty(given.value) and definition.default is not None:
        return definition.default
    placeholder = "" if definition.secret else find_placeholder(plain(given.value))
    if placeholder:
        raise InvalidValueError(
            f"{placeholder!r} names an account that does not have 12 digits, as a placeholder of a tutorial does",
            "Put in your own value: aws sts get-caller-identity shows the account",
        )
    return definition.kind(given.value)


def _conflict(definition: Definition, one: Given, other: Given) -> Problem:
    said = "two values" if definition.secret else f"{shown(one.value)} and {shown(other.value)}"
    return Problem(
        f"{one.variable} and {other.variable}",
        f"both mean the same and differ: {said}",
        f"Set one of them alone, {definition.name} for all roles",
    )


def find_unknown(names: Iterable[str], *, role_variables: Collection[str] = ()) -> Iterator[Problem]:
    """Find names that look like settings and are none, and those that are nearly a variable of a role.

    :param names: Names of all variables.
    :param role_variables: Names of all variables that the roles know.
    """
    names = list(names)
    yield from _find_mistyped(names, role_variables=role_variables)
    known = [name for name in DEFINITIONS if name.startswith(PREFIX)]
    for name in sorted(names):
        if not name.startswith(PREFIX) or name.startswith(PRIVATE_PREFIX) or name in NOT_SETTINGS:
            continue
        if name not in DEFINITIONS:
            similar = difflib.get_close_matches(name, known, n=1)
            action = f"Did you mean {similar[0]}? Correct the name" if similar else "Remove it, or rename it"
            yield Problem(name, "there is no such setting", action)


def _find_mistyped(names: Iterable[str], *, role_variables: Collection[str]) -> Iterator[Problem]:
    """Find names that are nearly those of a role's variable. Any other one may be a variable of the user's own."""
    prefixes = tuple({name.partition("_")[0] for name in role_variables})
    known = sorted(role_variables)
    for name in sorted(names):
        if name.startswith(prefixes or ("\0",)) and name not in role_variables and name not in DEFINITIONS:
            similar = difflib.get_close_matches(name, known, n=1, cutoff=_NEARLY)
            if similar:
                yield Problem(name, "no role has such a variable", f"Did you mean {similar[0]}? Correct the name")
