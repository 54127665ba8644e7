# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings are read in one place: what roles, playbooks and the README may know of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.module_utils._settings import defaults
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.definitions import (
    DEFINITIONS,
    NOT_SETTINGS,
    PREFIX,
)

TOP = Path(__file__).resolve().parents[3]
ROLES = sorted(path.name for path in (TOP / "roles").iterdir() if path.is_dir())
SETTINGS = {name for name in DEFINITIONS if name.startswith(PREFIX)}
#: What may name a setting for itself: the environments, which may hold keys, and a message.
ALLOWED = {
    "playbooks/vars/common.yml": {"asesoria_admin_environment", "asesoria_environment"},
    "playbooks/tasks/confirm_removal.yml": {"asesoria_teardown_confirm"},
}
_NAME = re.compile(r"\b(asesoria_[a-z]\w*)\b(?!\.py)")


def without_comments(path: Path) -> str:
    """Return the text of a YAML file without lines that are comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def yaml_files(folder: str) -> list[Path]:
    """Find the YAML files and templates below a folder."""
    return sorted(path for path in (TOP / folder).rglob("*") if path.suffix in (".yml", ".j2"))


def role_options(role: str) -> set[str]:
    """Return the public variables of a role."""
    specification = yaml.safe_load((TOP / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    return {name for entry in specification["argument_specs"].values() for name in entry.get("options") or {}}


def role_of(variable: str) -> str:
    """Return the role that a variable belongs to."""
    return next(role for role in ROLES if variable.startswith(f"{role}_"))


def passed(role: str) -> dict[str, Any]:
    """Return the arguments that the playbooks pass to a role."""
    path = TOP / "playbooks/vars" / f"{role}.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


@pytest.mark.parametrize("path", yaml_files("roles"), ids=lambda path: str(path.relative_to(TOP)))
def test_a_role_knows_no_setting(path: Path) -> None:
    """A message may say what one of its variables is called in the playbooks."""
    text = re.sub(r"asesoria_\w+ for the playbooks", "", without_comments(path))
    assert SETTINGS.intersection(_NAME.findall(text)) == set()


@pytest.mark.parametrize("path", yaml_files("playbooks"), ids=lambda path: str(path.relative_to(TOP)))
def test_a_playbook_reads_the_settings_from_the_structure_alone(path: Path) -> None:
    allowed = ALLOWED.get(str(path.relative_to(TOP)), set())
    assert SETTINGS.intersection(_NAME.findall(without_comments(path))) - allowed == set()


@pytest.mark.parametrize("path", yaml_files("playbooks"), ids=lambda path: str(path.relative_to(TOP)))
def test_a_fact_of_the_playbooks_can_be_told_from_a_setting(path: Path) -> None:
    allowed = ALLOWED.get(str(path.relative_to(TOP)), set())
    private = {name for name in _NAME.findall(without_comments(path)) if name.startswith("asesoria__")}
    others = set(_NAME.findall(without_comments(path))) - private - NOT_SETTINGS - allowed
    assert others == set()


@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_of_a_role_come_from_no_other_role(role: str) -> None:
    text = without_comments(TOP / "roles" / role / "defaults/main.yml")
    others = "|".join(other for other in ROLES if other != role)
    assert re.findall(rf"\b((?:{others})_\w+)", text) == []


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_a_role_variable_that_means_the_same_is_one_and_gets_the_setting(definition: Any) -> None:
    variables = [name for name in definition.variables if not name.startswith(PREFIX)]
    for variable in variables:
        role = role_of(variable)
        assert variable in role_options(role), f"{variable} is no variable of {role}"
        assert variable in passed(role), f"the playbooks don't pass {variable}"


@pytest.mark.parametrize("role", ROLES)
def test_the_playbooks_pass_what_the_role_takes_and_what_is_a_setting(role: str) -> None:
    arguments = {name for name in passed(role) if not name.startswith("asesoria__")}
    assert arguments - role_options(role) == set()
    known = {variable for definition in DEFINITIONS.values() for variable in definition.variables}
    # Facts of the run, and what is worked out from several settings.
    assert {name for name in arguments - known if name not in COMPUTED} == set()


#: Arguments that the playbooks work out, so that a user who sets one in an inventory would not be heard. Those that the
#: user may set all the same are read from the host's own variables.
COMPUTED = {
    "lambda_layer_additions",
    "lambda_layer_planned_on",
    "preflight_additions",
    "preflight_aws_limits",
    "preflight_extra_index_urls",
    "preflight_index_url",
    "python311_from_source_s3_environment",
}


def test_each_setting_is_in_the_table_of_the_readme() -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `asesoria_")]
    listed = [name for row in rows for name in re.findall(r"`(asesoria_\w+)`", row)]
    assert sorted(listed) == sorted(SETTINGS)


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        # Of modules, documentation and examples name the folders.
        (defaults.STATE_DIR, ("playbooks", "plugins/filter", "plugins/module_utils", "roles")),
        (defaults.CACHE_DIR, ("playbooks", "plugins/filter", "plugins/module_utils", "roles")),
        ("flask-dependencies-py311", ("playbooks", "roles")),
        ("mi-api-flask", ("playbooks", "roles")),
        ("lambda-builder-keys", ("playbooks", "roles")),
        ("Dependencias para Flask", ("playbooks", "roles")),
    ],
)
def test_a_default_stands_in_one_place_and_the_tutorials_names_in_none(text: str, folders: tuple[str, ...]) -> None:
    place = TOP / "plugins/module_utils/_settings/defaults.py"
    found = [
        path.relative_to(TOP)
        for folder in folders
        for path in sorted((TOP / folder).rglob("*"))
        if path.suffix in (".yml", ".j2", ".py") and path != place and text in path.read_text(encoding="utf-8")
    ]
    assert found == []


@pytest.mark.parametrize("text", [defaults.REGION, defaults.RUNTIME])
def test_region_and_runtime_are_defaults_in_one_place(text: str) -> None:
    paths = [*yaml_files("playbooks"), *(TOP / "roles" / role / "defaults/main.yml" for role in ROLES)]
    holders = {str(path.relative_to(TOP)) for path in paths if re.search(rf"{text}(?!['\"]?:)", without_comments(path))}
    assert holders == set()


def test_the_builders_of_the_inventories_tell_whose_they_are() -> None:
    for inventory in ("aws", "sandbox"):
        read = yaml.safe_load((TOP / "inventory" / inventory / "aws_ec2.yml").read_text(encoding="utf-8"))
        assert set(read["filters"]) == {"tag:Role", "tag:ManagedBy", "instance-state-name"}
        assert {"asesoria_builder_project", "asesoria_builder_service", "asesoria_builder_stage"} <= set(
            read["compose"]
        )
