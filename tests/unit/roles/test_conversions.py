# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Booleans and numbers that are given as ``-e name=true`` or ``-e name=3`` are texts until they are converted.

Ansible validates a role's arguments, but hands the role the values as they were given. Modules convert their options
themselves, so a value may be passed to a module as it is. Every other use has to convert it. A condition that is no
boolean is an error since ansible-core 2.19.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.tests.unit.expressions import (
    BARE,
    ROLES,
    TOP,
    Expression,
    entry_points,
    expressions,
    read_yaml,
)
from jinja2 import nodes

#: Filters that make a value of the type, or a text, out of what is given.
CONVERTED = {"bool": {"bool"}, "int": {"int", "float", "string"}, "float": {"int", "float", "string"}}
#: Where YAML files give variables their values.
_GIVES = {"vars", "ansible.builtin.set_fact"}


@dataclass(frozen=True)
class Place:
    """An expression and the file that has it.

    :param file: Path of the file, below the checkout.
    :param expression: The expression.
    """

    file: Path
    expression: Expression

    @property
    def variable(self) -> str:
        """Name of the variable whose value the expression is, empty if it is something else."""
        path = self.expression.path
        if self.file.parts[2:3] in (("vars",), ("defaults",)) or "group_vars" in self.file.parts:
            return path[0] if len(path) == 1 else ""
        return path[-1] if len(path) > 1 and path[-2] in _GIVES else ""


def places() -> Iterator[Place]:
    """Yield each expression of the roles, the playbooks and the inventories."""
    patterns = ("roles/*/tasks/*.yml", "roles/*/vars/**/*.yml", "roles/*/defaults/*.yml", "playbooks/**/*.yml")
    for pattern in (*patterns, "inventory/**/*.yml"):
        for path in sorted(TOP.glob(pattern)):
            for expression in expressions(read_yaml(path)):
                yield Place(path.relative_to(TOP), expression)
    for path in sorted(TOP.glob("roles/*/templates/**/*.j2")):
        yield Place(path.relative_to(TOP), Expression(path.read_text(encoding="utf-8"), ("template",)))


PLACES = list(places())


def options(kind: str) -> set[str]:
    """Return the names of the roles' options of a type, and of the settings that are converted to it anywhere.

    :param kind: The type.
    """
    found = set()
    for role in ROLES:
        for entry_point in entry_points(role).values():
            found |= {name for name, option in (entry_point.get("options") or {}).items() if option["type"] == kind}
    for place in PLACES:
        for converted in place.expression.tree.find_all(nodes.Filter):
            if converted.name == kind and (name := given(converted.node)).startswith("asesoria_"):
                found.add(name)
    return found


def given(node: nodes.Node | None) -> str:
    """Return the name of the variable that a node stands for, with or without a default; empty if it is something else.

    :param node: The node.
    """
    while isinstance(node, nodes.Filter) and node.name in ("default", "d"):
        node = node.node
    return node.name if isinstance(node, nodes.Name) else node.attr if isinstance(node, nodes.Getattr) else ""


def uses(tree: nodes.Node, variables: set[str]) -> Iterator[list[nodes.Node]]:
    """Yield each use of one of the variables, followed by the nodes around it from the innermost on.

    :param tree: The syntax tree.
    :param variables: Names of the variables.
    """

    def walk(node: nodes.Node, around: list[nodes.Node]) -> Iterator[list[nodes.Node]]:
        if isinstance(node, (nodes.Name, nodes.Getattr)) and given(node) in variables:
            yield [node, *around]
        for child in node.iter_child_nodes():
            yield from walk(child, [node, *around])

    yield from walk(tree, [])


def fate(use: list[nodes.Node], kind: str) -> str:
    """Return what becomes of a value: ``converted``, ``passed`` on as it is, or ``raw``, used without a conversion.

    :param use: The value's node, and those around it.
    :param kind: Type of the value.
    """
    inner = use[0]
    for node in use[1:]:
        if isinstance(node, nodes.Filter) and node.name in CONVERTED[kind]:
            return "converted"
        if isinstance(node, nodes.Test) and node.name in ("defined", "undefined"):
            return "converted"
        if isinstance(node, nodes.Output):
            return "passed" if len(node.nodes) == 1 and len(use[-1].body) == 1 else "converted"  # type: ignore[attr-defined]
        if isinstance(node, nodes.Concat) and kind != "bool":
            return "converted"
        if not (
            (isinstance(node, nodes.Filter) and node.name in ("default", "d"))
            or (isinstance(node, nodes.CondExpr) and inner is not node.test)
        ):
            return "raw"
        inner = node
    raise AssertionError("an expression stands in an output")


def unconverted(kind: str) -> Iterator[str]:
    """Yield a line for each use of an option that neither converts it nor passes it to a module.

    A variable that gets the value as it is counts as the option itself, and so does a setting that it is made from.

    :param kind: Type of the options.
    """
    variables = options(kind)
    before: set[str] = set()
    while variables != before:
        before = set(variables)
        for place in filter(lambda place: place.variable, PLACES):
            tree = place.expression.tree
            if any(fate(use, kind) == "passed" for use in uses(tree, variables)):
                variables.add(place.variable)
            if place.variable in variables:
                read = {name.name for name in tree.find_all(nodes.Name) if name.name.startswith("asesoria_")}
                variables |= {given(use[0]) for use in uses(tree, read) if fate(use, kind) == "passed"}
    for place in PLACES:
        for use in uses(place.expression.tree, variables):
            became = fate(use, kind)
            bare = place.expression.path[-1] in BARE
            if became == "raw" or (became == "passed" and bare):
                yield f"{place.file}, {'.'.join(place.expression.path)}: {given(use[0])}"


@pytest.mark.parametrize("kind", CONVERTED)
def test_every_use_converts_what_the_command_line_gives_as_a_text(kind: str) -> None:
    assert sorted(set(unconverted(kind))) == []


def operands(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the values of which one is the value of a condition.

    :param node: The condition.
    """
    if isinstance(node, (nodes.And, nodes.Or)):
        yield from operands(node.left)
        yield from operands(node.right)
    elif isinstance(node, nodes.CondExpr):
        yield from operands(node.expr1)
        if node.expr2 is not None:
            yield from operands(node.expr2)
    else:
        yield node


def is_boolean(node: nodes.Node) -> bool:
    """Return True if an operand is a boolean, where attributes of what a module returns are taken for booleans.

    :param node: The operand.
    """
    if isinstance(node, nodes.Filter):
        return node.name == "bool" or (node.name == "default" and node.node is not None and is_boolean(node.node))
    if isinstance(node, nodes.Name):
        made = [place.expression.tree for place in PLACES if place.variable == node.name]
        return node.name == "ansible_check_mode" or (bool(made) and all(map(is_condition, made)))
    return isinstance(node, (nodes.Compare, nodes.Test, nodes.Not, nodes.Getattr))


def is_condition(tree: nodes.Template) -> bool:
    """Return True if an expression is a boolean.

    :param tree: The syntax tree.
    """
    (output,) = tree.body
    return isinstance(output, nodes.Output) and all(map(is_boolean, operands(output.nodes[0])))


def test_every_condition_is_a_boolean() -> None:
    conditions = [place for place in PLACES if place.expression.path[-1] in BARE]
    assert len(conditions) > 100
    assert [
        f"{place.file}: {place.expression.source}" for place in conditions if not is_condition(place.expression.tree)
    ] == []
