# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renders what roles have in templates and variables, as Ansible would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.asesoria.serverless.plugins.filter.service_domain import service_domain

#: The tutorial's service. Templates can't name lookups of collections here, so the role's defaults are not read.
_TUTORIAL = {
    "service": "mi-api-flask",
    "stage": "dev",
    "region": "us-east-1",
    "runtime": "python3.11",
    "architecture": "x86_64",
}
_DEPLOY = Path(__file__).parents[2] / "roles" / "serverless_deploy"


def render(source: str, *, variables: Mapping[str, Any]) -> Any:
    """What a template makes of variables, which are not templates themselves.

    :param source: the template.
    :returns: a string, or what it stands for where Ansible makes something else of it.
    """
    return Templar(loader=DataLoader(), variables=dict(variables)).template(trust_as_template(source))


def render_variable(name: str, *, files: Iterable[Path], given: Mapping[str, Any]) -> Any:
    """What a variable of a role's comes to.

    :param name: of the variable.
    :param files: where the role's variables are, the later ones taking the place of the earlier.
    :param given: what the user says, in place of these.
    """
    loader = DataLoader()
    variables: dict[str, Any] = {}
    for path in files:
        variables.update(loader.load_from_file(str(path), trusted_as_template=True))
    templar = Templar(loader=loader, variables={**variables, **given})
    return templar.template(trust_as_template(f"{{{{ {name} }}}}"))


def deploy_values(changes: Mapping[str, Any]) -> Any:
    """Return the values that the role serverless_deploy gives to the filter ``serverless_config``.

    :param changes: Variables of the role, without ``serverless_deploy_``.
    """
    given = {f"serverless_deploy_{name}": value for name, value in {**_TUTORIAL, **changes}.items()}
    files = [_DEPLOY / "defaults/main.yml", _DEPLOY / "vars/main.yml"]
    # Templates can't name filters of collections here, so the domain is read without its template.
    door = "" if changes.get("config_source") == "app" else changes.get("front_door", "http_api")
    domain = service_domain(changes.get("domain", {}), door, changes.get("region", "us-east-1"))
    return render_variable(
        "serverless_deploy__values",
        files=files,
        given={"role_path": str(_DEPLOY), **given, "serverless_deploy__domain": domain},
    )
