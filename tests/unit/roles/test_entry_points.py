# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible validates the arguments of an entry point only if that entry point has a specification of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from ansible_collections.asesoria.serverless.tests.unit.expressions import TOP, entry_points, variables_read

_USE = re.compile(r"name: asesoria\.serverless\.(\w+)\n\s+tasks_from: (\w+)")


def used() -> Iterator[tuple[str, str]]:
    """Yield the role and the entry point of each use in the playbooks and in the documentation."""
    for pattern in ("playbooks/**/*.yml", "roles/*/README.md", "docs/*.md", "README.md"):
        for path in TOP.glob(pattern):
            yield from _USE.findall(path.read_text(encoding="utf-8"))


ENTRY_POINTS = sorted(
    {
        (path.parent.parent.name, name)
        for path in TOP.glob("roles/*/meta/argument_specs.yml")
        for name in entry_points(path.parent.parent.name)
        if name != "main"
    }
)


def test_every_entry_point_that_is_used_has_a_specification() -> None:
    assert ("serverless_deploy", "roll_back") in set(used())
    assert set(used()) - set(ENTRY_POINTS) == set()


@pytest.mark.parametrize(("role", "name"), ENTRY_POINTS)
def test_a_specification_names_every_variable_that_the_entry_point_reads(role: str, name: str) -> None:
    public = set(entry_points(role)["main"]["options"])
    assert (variables_read(role, name) & public) - set(entry_points(role)[name]["options"]) == set()
