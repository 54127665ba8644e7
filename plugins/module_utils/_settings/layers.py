# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layers among the settings: the entries of a list, and the values that each entry inherits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import MARK_LENGTH
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_request import MAX_DESCRIPTION, MAX_LICENSE
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_sharing import read_sharing

from .choice import Problem, Values
from .definitions import DEFINITIONS, Definition
from .settings import Layer
from .target import World, check_architecture, check_regions, check_runtime, problem_of
from .values import InvalidValueError, flag, shown, texts

LIST = "asesoria_layers"
NAME = "asesoria_layer_name"
#: The setting that gives each key of an entry that does not have it.
INHERITED = {
    "requirements": "asesoria_requirements",
    "constraints": "asesoria_constraints",
    "runtime": "asesoria_runtime",
    "architecture": "asesoria_architecture",
    "strategy": "asesoria_layer_strategy",
    "python": "asesoria_layer_python",
    "slim": "asesoria_layer_slim",
    "provided": "asesoria_layer_provided",
    "allow": "asesoria_layer_allow",
    "description": "asesoria_layer_description",
    "license": "asesoria_layer_license",
    "regions": "asesoria_layer_regions",
    "sharing": "asesoria_layer_sharing",
    "keep_versions": "asesoria_layer_keep_versions",
}
_KEYS = ("name", *INHERITED)
_SHARING_KEYS = ("accounts", "organizations", "public")
_ALLOW_KEYS = ("rule", "distribution")
#: Beginning of the role variables that an entry's keys become.
_ROLE_PREFIX = "lambda_layer_"
_LONGEST_DESCRIPTION = MAX_DESCRIPTION - MARK_LENGTH


class LayersError(ServerlessError):
    """The list of layers, or one of its entries, is wrong."""


def read_layers(
    values: Values, *, name: str, requirements: str, service: str, world: World, overrides: Mapping[str, object]
) -> tuple[Layer, ...]:
    """Read the layers that the chain builds: the entries of the list, or the one layer.

    :param values: The settings, which also take the problems.
    :param name: Name of the app's layer.
    :param requirements: Requirements file of an entry that names none.
    :param service: Name of the service.
    :param world: The facts to check against.
    :param overrides: Variables of the command line.
    """
    given = values[LIST]
    inherited = {key: values[setting] for key, setting in INHERITED.items()}
    inherited["requirements"] = requirements
    if not given:
        layer = {"name": name, **inherited}
        for key, problem in _problems(layer, world=world):
            if key in ("runtime", "architecture"):
                continue  # Told with the settings themselves.
            label = values.label(INHERITED.get(key, NAME))
            values.problems.append(Problem(label, problem.problem, problem.remedy))
        return (_layer(layer, service=service),)
    found = []
    for number, entry in enumerate(given, start=1):
        where = f"{LIST}[{entry.get('name') or number}]"
        layer = {"name": "", **inherited}
        for key, value in _converted(entry, where=where, values=values, overrides=overrides):
            layer[key] = value
        # What is inherited, and wrong, is said once, where it is set.
        wrong = [each for each in _problems(layer, world=world) if each[0] in entry]
        values.problems += [Problem(f"{where}.{key}", error.problem, error.remedy) for key, error in wrong]
        found.append(_layer(layer, service=service))
    _check_names([layer.name for layer in found], values)
    return tuple(found)


def app_layer(values: Values, *, derived: str) -> str:
    """Return the name of the layer that the app uses.

    :param values: The settings, which also take a problem.
    :param derived: Name of the one layer that there is without a list.
    """
    listed = [str(entry.get("name", "")) for entry in values[LIST] or ()]
    if not listed or derived in listed:
        return derived
    if values.is_given(NAME):
        values.refuse_if(
            True,
            NAME,
            f"the app's layer {shown(derived)} is not among {LIST}, which has {', '.join(listed)}",
            f"Set {NAME} to one of these, or add an entry of that name",
        )
    return listed[0]


def _converted(
    entry: Mapping[str, Any], *, where: str, values: Values, overrides: Mapping[str, object]
) -> Iterator[tuple[str, Any]]:
    """Convert the keys of an entry; what is wrong goes to the problems."""
    for key, value in entry.items():
        if key not in _KEYS:
            values.problems.append(_unknown_key(key, where=where))
            continue
        definition = _definition(key)
        try:
            converted = definition.kind(value)
        except InvalidValueError as error:
            problem = f"{LIST} is a list of layers, and {error.problem}" if key == "name" else error.problem
            values.problems.append(Problem(f"{where}.{key}", problem, error.remedy))
            continue
        values.problems += _overridden(key, converted, where=where, overrides=overrides, definition=definition)
        yield key, converted


def _definition(key: str) -> Definition:
    return DEFINITIONS[INHERITED.get(key, NAME)]


def _unknown_key(key: str, *, where: str) -> Problem:
    return Problem(
        where,
        f"asesoria_layers is a list of layers, and an entry has no {key!r}",
        f"Use {', '.join(_KEYS)}",
    )


def _overridden(
    key: str, value: object, *, where: str, overrides: Mapping[str, object], definition: Definition
) -> Iterator[Problem]:
    """Find a role variable of the command line, which would win over the entry, and which differs."""
    variable = f"{_ROLE_PREFIX}{key}"
    if variable not in overrides:
        return
    try:
        differs = definition.kind(overrides[variable]) != value
    except InvalidValueError:
        return
    if differs:
        yield Problem(
            f"{where}.{key} and {variable}",
            f"the command line's {shown(overrides[variable])} would win over the entry's {shown(value)}",
            "Set one of them alone",
        )


def _check_names(names: Collection[str], values: Values) -> None:
    values.refuse_if(
        not all(names),
        LIST,
        "asesoria_layers is a list of layers, and an entry has no name",
        "Give each entry a name",
    )
    twice = sorted({name for name in names if name and list(names).count(name) > 1})
    values.refuse_if(
        twice,
        LIST,
        f"asesoria_layers is a list of layers, and has {', '.join(twice)} twice",
        "Give each entry a name of its own",
    )


def _problems(layer: Mapping[str, Any], *, world: World) -> Iterator[tuple[str, ServerlessError]]:
    """Find what is wrong with a layer, by the key of its entry."""
    problems = {
        "runtime": problem_of(check_runtime, layer["runtime"], world=world),
        "architecture": problem_of(check_architecture, layer["architecture"]),
        "regions": problem_of(check_regions, layer["regions"], world=world),
        "sharing": problem_of(_check_sharing, layer["sharing"]),
        "allow": problem_of(_check_allow, layer["allow"]),
        "description": problem_of(_check_length, layer["description"], longest=_LONGEST_DESCRIPTION),
        "license": problem_of(_check_length, layer["license"], longest=MAX_LICENSE),
    }
    yield from ((key, error) for key, error in problems.items() if error)


def _check_sharing(sharing: object) -> None:
    if sharing == "":
        return
    if not isinstance(sharing, Mapping):
        raise LayersError(f"{shown(sharing)} is not a mapping", f"Use the keys {', '.join(_SHARING_KEYS)}")
    unknown = sorted(set(sharing).difference(_SHARING_KEYS))
    if unknown:
        raise LayersError(f"sharing has no {unknown[0]!r}", f"Use the keys {', '.join(_SHARING_KEYS)}")
    read_sharing(
        accounts=texts(sharing.get("accounts")),
        organizations=texts(sharing.get("organizations")),
        public=flag(sharing.get("public")),
    )


def _check_allow(allow: Collection[Mapping[str, Any]]) -> None:
    for each in allow:
        if sorted(each) != sorted(_ALLOW_KEYS):
            raise LayersError(f"{shown(each)} is not an accepted finding", f"Give it {' and '.join(_ALLOW_KEYS)}")


def _check_length(text: str, *, longest: int) -> None:
    if len(text) > longest:
        raise LayersError(f"the text has {len(text)} characters", f"Shorten it to {longest}")


def _layer(found: Mapping[str, Any], *, service: str) -> Layer:
    description = found["description"] or layer_description(service, found["runtime"])
    return Layer(**{**found, "description": description, "sharing": _sharing(found["sharing"])})


def _sharing(sharing: Any) -> Any:
    """Return the sharing with Python types, as the module layer_publish takes it."""
    if not isinstance(sharing, Mapping):
        return ""
    kinds: dict[str, Any] = {"accounts": texts, "organizations": texts, "public": flag}
    try:
        return {key: kinds[key](value) for key, value in sharing.items() if key in kinds}
    except InvalidValueError:
        return ""  # Told by the check.


def layer_description(service: str, runtime: str) -> str:
    """Return the description of a layer for which the user gives none.

    :param service: Name of the service.
    :param runtime: Lambda runtime of the layer.
    """
    return f"Dependencies of {service} for {runtime}"
