# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the Jinja expressions in the YAML files of roles and playbooks."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, nodes

TOP = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (TOP / "roles").iterdir() if path.is_dir())
#: Keywords and options whose value is an expression without braces.
BARE = frozenset({"when", "that", "failed_when", "changed_when", "until", "break_when"})
_INCLUDED = re.compile(r"(?:include|import)_tasks: *(\w+)\.yml")
_PARSER = Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701  # nothing is rendered


@dataclass(frozen=True)
class Expression:
    """A text that Ansible renders.

    :param source: The text, with braces.
    :param path: Keys that lead to it in its file, a list's items left out.
    """

    source: str
    path: tuple[str, ...]

    @property
    def tree(self) -> nodes.Template:
        """The syntax tree."""
        return _parse(self.source)


@cache
def _parse(source: str) -> nodes.Template:
    with warnings.catch_warnings():
        # Jinja's lexer tells of a backslash in a text, such as one of a regular expression.
        warnings.simplefilter("ignore", DeprecationWarning)
        return _PARSER.parse(source)


@cache
def read_yaml(path: Path) -> Any:
    """Read a YAML file, which is empty if it is not there.

    :param path: The file.
    """
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None


def expressions(value: Any, path: tuple[str, ...] = ()) -> Iterator[Expression]:
    """Yield the expressions in what a YAML file holds.

    :param value: Any part of the file.
    :param path: Keys that lead to this part.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from expressions(item, (*path, str(key)))
    elif isinstance(value, list):
        for item in value:
            yield from expressions(item, path)
    elif isinstance(value, str) and path and path[-1] in BARE:
        yield Expression(f"{{{{ {value} }}}}", path)
    elif isinstance(value, str) and ("{{" in value or "{%" in value):
        yield Expression(value.strip(), path)


def names(value: Any) -> set[str]:
    """Return the names of the variables that a part of a YAML file reads.

    :param value: The part.
    """
    found = (each.tree.find_all(nodes.Name) for each in expressions(value))
    return {name.name for trees in found for name in trees if name.ctx == "load"}


def role_values(role: str) -> dict[str, list[Any]]:
    """Return what a role's defaults and variables say, by the variable's name.

    :param role: Name of the role.
    """
    values: dict[str, list[Any]] = {}
    folder = TOP / "roles" / role
    for path in (folder / "defaults/main.yml", *sorted((folder / "vars").glob("**/*.yml"))):
        for name, value in (read_yaml(path) or {}).items():
            values.setdefault(name, []).append(value)
    return values


def entry_points(role: str) -> dict[str, dict[str, Any]]:
    """Return a role's entry points as its argument specification describes them.

    :param role: Name of the role.
    """
    specification = read_yaml(TOP / "roles" / role / "meta/argument_specs.yml") or {}
    return dict(specification.get("argument_specs") or {})


def tasks_files(role: str, name: str) -> set[Path]:
    """Return a tasks file of a role and those that it includes by name.

    :param role: Name of the role.
    :param name: Name of the tasks file, without its suffix.
    """
    found: set[Path] = set()
    waiting = [name]
    while waiting:
        path = TOP / "roles" / role / "tasks" / f"{waiting.pop()}.yml"
        if path not in found:
            found.add(path)
            waiting += _INCLUDED.findall(path.read_text(encoding="utf-8"))
    return found


def variables_read(role: str, name: str) -> set[str]:
    """Return the variables that an entry point reads, those included that its variables are made from.

    :param role: Name of the role.
    :param name: Name of the entry point.
    """
    values = role_values(role)
    found: set[str] = set()
    waiting = [names(read_yaml(path)) for path in tasks_files(role, name)]
    while waiting:
        new = waiting.pop() - found
        found |= new
        waiting += [names({each: values[each]}) for each in new if each in values]
    return found
