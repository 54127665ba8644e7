# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ministack asks policies for in a request about layers, which is not what AWS asks for.

It takes each GET for C(lambda:ListLayers), asks for nothing where a version is deleted or shared, takes the layer for
the resource of all of them, and an ARN in the place of a layer's name for the name. Actions and their resources: AWS
Service Authorization Reference, AWS Lambda.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions

from asesoria_sandbox.actions import action_of

_LAYER = re.compile(r"/[0-9-]+/layers/(?P<name>[^/]+)/versions(?:/(?P<version>[0-9]+)(?:/policy(?:/[^/]+)?)?)?/?")


def layer_action(method: str, path: str) -> str | None:
    """The action that a request about a layer takes; None if it is about something else."""
    return action_of("lambda", method, path, "", {}, b"") if _LAYER.fullmatch(path) else None


def layer_arn(method: str, path: str, *, region: str, account: str) -> str | None:
    """The resource of a request about a layer; None if it is about something else."""
    layer = _LAYER.fullmatch(unquote(path))
    if layer is None:
        return None
    if layer["version"] is None and method == "GET":
        return "*"  # ListLayerVersions takes no resource
    version = f":{layer['version']}" if layer["version"] else ""
    whole = layer["name"].startswith("arn:")
    return layer["name"] + version if whole else f"arn:aws:lambda:{region}:{account}:layer:{layer['name']}{version}"


def install() -> None:
    """Have ministack ask for these."""
    action_before, arn_before = iam_actions._lambda_action, iam_actions.extract_resource_arn

    def action(method: str, path: str) -> str | None:
        return layer_action(method, path) or action_before(method, path)

    def resource_arn(service: str, method: str, path: str, *rest: Any) -> str:
        *_unused, region, account = rest
        layer = layer_arn(method, path, region=region, account=account) if service == "lambda" else None
        return layer or arn_before(service, method, path, *rest)

    iam_actions._lambda_action = action
    iam_actions.extract_resource_arn = resource_arn
