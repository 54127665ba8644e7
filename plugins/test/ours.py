# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jinja tests of who owns an AWS resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner, is_of_project, is_ours


def _read_arguments(tags: Any, owner: Any) -> tuple[dict[str, str], Owner]:
    if not isinstance(owner, Mapping) or not {"project", "service", "stage"} <= set(owner):
        raise AnsibleFilterError("the owner must be a dictionary with project, service and stage")
    if tags is not None and not isinstance(tags, Mapping):
        raise AnsibleFilterError("tags must be a dictionary")
    identity = Owner(project=str(owner["project"]), service=str(owner["service"]), stage=str(owner["stage"]))
    return {str(key): str(value) for key, value in (tags or {}).items()}, identity


def ours(tags: Any, owner: Any) -> bool:
    """Tell whether a resource belongs to a service; see the test's own documentation."""
    return is_ours(*_read_arguments(tags, owner))


def of_project(tags: Any, owner: Any) -> bool:
    """Tell whether a resource belongs to the project of a service; see the test's own documentation."""
    return is_of_project(*_read_arguments(tags, owner))


class TestModule:
    """Ansible finds its tests by this name."""

    __test__ = False  # It is no class of tests for pytest.

    def tests(self) -> dict[str, Callable[..., bool]]:
        """The tests of this file by name."""
        return {"ours": ours, "of_project": of_project}
