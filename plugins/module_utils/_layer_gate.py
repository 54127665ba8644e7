# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last gate before AWS gets a zip: nothing is published that would fail in one of the runtimes that it is for."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import Request, audit_layer
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_request import Artifact, PublishRequest
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import IMPORT
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target


class RefusedError(ServerlessError):
    """The layer would fail."""


def require_sound(artifact: Artifact, *, request: PublishRequest) -> None:
    """Hold a zip against every runtime and architecture that it is to be published for.

    :param artifact: the zip, with what its manifest lets pass.
    :param request: what it is for, and what else may pass.
    :raises RefusedError: names every finding with file, distribution, rule and remedy.
    """
    accepted = Request(target=Target(runtime=RUNTIMES[request.runtimes[0]], architecture=request.architectures[0]))
    accepted = replace(
        accepted,
        provided=(*accepted.provided, *artifact.provided, *request.provided),
        allow=tuple(item for item in (*artifact.allow, *request.allow) if item.rule != IMPORT),
    )
    for runtime in request.runtimes:
        for architecture in request.architectures:
            target = Target(runtime=RUNTIMES[runtime], architecture=architecture)
            audit = audit_layer(artifact.path, replace(accepted, target=target))
            if audit.findings:
                raise RefusedError(
                    f"layer {request.name} is not published for {runtime} on {architecture}: "
                    f"{audit.summary(artifact.path)}".rstrip(".")
                )
