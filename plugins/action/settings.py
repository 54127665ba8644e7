# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module C(settings): its documentation is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.choice import Problem, SettingsError
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.definitions import DEFINITIONS, PREFIX
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.policies import (
    fullest,
    measure_settings,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.read import read_settings
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.settings import Settings
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.target import World, known_regions

_COLLECTION = Path(__file__).resolve().parents[2]
_CLIS = _COLLECTION / "roles/serverless_deploy/files/cli"
_EXAMPLE = _COLLECTION / "examples/flask"
#: What the variables of the roles begin with that the playbooks use.
_ROLES = tuple(
    f"{path.name}_" for path in sorted((_COLLECTION / "roles").iterdir()) if path.is_dir() and path.name != "sandbox"
)
#: All variables that can give a setting.
_VARIABLES = frozenset(name for definition in DEFINITIONS.values() for name in definition.variables)


class ActionModule(ActionBase):
    """Reads the variables of the run on the control node; no host is asked."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task; the parameters and the answer are as for every action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        try:
            settings = self._read(task_vars or {})
        except SettingsError as error:
            return {**result, "failed": True, "msg": str(error), "problems": [vars(each) for each in error.problems]}
        # Most of it is of no use on a terminal, at any verbosity.
        near = [each.share for each in fullest(measure_settings(settings))]
        return {
            **result,
            "changed": False,
            "_ansible_verbose_override": True,
            **settings.as_dict(),
            "aws_limits": near,
        }

    def _read(self, task_vars: Mapping[str, Any]) -> Settings:
        problems: list[Problem] = []
        variables = dict(self._templated(task_vars, problems))
        overrides = {name: variables[name] for name in load_extra_vars(self._loader) if name in variables}
        try:
            settings = read_settings(variables, world=_world(), overrides=overrides)
        except SettingsError as error:
            raise SettingsError([*problems, *error.problems]) from error
        if problems:
            raise SettingsError(problems)
        return settings

    def _templated(self, task_vars: Mapping[str, Any], problems: list[Problem]) -> Iterator[tuple[str, Any]]:
        """Fill in the templates of the settings' variables; those that can't be go to the problems."""
        for name in task_vars:
            if name in _VARIABLES:
                try:
                    yield name, self._templar.template(task_vars[name])
                except AnsibleError as error:
                    reason = " ".join(str(error.message or error).split()).rstrip(".")
                    problems.append(Problem(name, f"its template can't be filled in: {reason}", "Correct it"))
            elif name.startswith((PREFIX, *_ROLES)):
                # Its name alone tells whether it is a setting, or a mistyped variable of a role.
                yield name, None


def _world() -> World:
    return World(
        regions=known_regions(),
        clis=frozenset(path.name.replace("-", "@") for path in _CLIS.iterdir() if path.is_dir()),
        example=str(_EXAMPLE),
        today=datetime.now(timezone.utc).date(),
        role_variables=_role_variables(),
    )


def _role_variables() -> frozenset[str]:
    """Find all variables that the roles and playbooks take, keep or return: what has a role's name in their files."""
    pattern = re.compile(rf"\b(?:{'|'.join(_ROLES)})\w+")
    files = [*(_COLLECTION / "roles").glob("*/*/*.yml"), *(_COLLECTION / "playbooks").rglob("*.yml")]
    return frozenset(name for path in files for name in pattern.findall(path.read_text(encoding="utf-8")))
