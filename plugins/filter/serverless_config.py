# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of a service for the role serverless_deploy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._service.template import (
    Requirements,
    ServiceIdentity,
    ServiceTemplate,
    render_identity,
    render_template,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service_domain import ServiceDomain
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target


def serverless_config(values: Mapping[str, Any], identity_only: bool = False) -> dict[str, Any]:
    """Write the configuration of a service; see the filter's own documentation."""
    identity = ServiceIdentity(
        service=values["service"],
        stage=values["stage"],
        region=values["region"],
        tags=values["tags"],
        deployment_role=values["deployment_role"],
    )
    if identity_only:
        return render_identity(identity)
    try:
        return render_template(_read_template(values, identity))
    except ServerlessError as error:
        raise AnsibleFilterError(str(error)) from error


def _read_template(values: Mapping[str, Any], identity: ServiceIdentity) -> ServiceTemplate:
    return ServiceTemplate(
        identity=identity,
        runtime=values["runtime"],
        architecture=values["architecture"],
        interface=values["interface"],
        app=values["app"],
        front_door=values["front_door"],
        memory_size=int(values["memory_size"]),
        timeout=int(values["timeout"]),
        log_retention_days=int(values["log_retention_days"]),
        environment=values["environment"],
        versions=bool(values["alias"]),
        routes=values["routes"],
        cors=values["cors"],
        vpc=values["vpc"],
        functions=values["functions"],
        domain=ServiceDomain(**values["domain"]) if values["domain"] else None,
        requirements=_read_requirements(values) if values["packaging"] == "requirements" else None,
    )


def _read_requirements(values: Mapping[str, Any]) -> Requirements:
    today = datetime.now(tz=timezone.utc).date()
    runtime = find_runtime(values["runtime"], today=today, allow_deprecated=True)
    target = Target(runtime=runtime, architecture=values["architecture"])
    return Requirements(
        python=str(runtime.facts(values["architecture"])["python"]),
        platforms=target.platforms,
        settings=values["requirements_settings"],
    )


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"serverless_config": serverless_config}
