# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a C(serverless.yml) as far as a deployment has to know it, and adds the one thing that it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._yaml_tree import (
    ConfigError,
    child,
    compose,
    dump,
    is_nothing,
    is_sequence,
    list_node,
    put,
    serialize,
    text_of,
)

#: The stack's output that holds the fingerprint. An output appears only with the whole template, together with what it
#: speaks of: a stack that holds just the bucket (the first of the CLI's two steps), or one that was rolled back, does
#: not have the new one. A tag would be there from the first step on, and would be put on every single resource.
FINGERPRINT_OUTPUT = "AsesoriaFingerprint"

# Names that osls looks for, see its lib/cli/resolve-configuration-path.js.
CONFIG_NAMES = tuple(f"serverless.{suffix}" for suffix in ("yml", "yaml", "json", "js", "cjs", "mjs", "ts"))

# AWS CloudFormation User Guide, "Stack name".
_STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_VARIABLE = re.compile(r"\$\{(?:sls:stage|self:provider\.stage|opt:stage(?:,[^}]*)?)\}")
_SERVICE_VARIABLE = "${self:service}"


@dataclass(frozen=True)
class ServiceConfig:
    """What is known of a service before the CLI has looked at it.

    :param text: the C(serverless.yml).
    :param service: the service's name.
    :param stack_name: the name of its stack.
    :param wsgi_app: the setting C(custom.wsgi.app); empty if there is none.
    :param asgi_app: the setting C(custom.asgi.app); empty if there is none.
    """

    text: str
    service: str
    stack_name: str
    wsgi_app: str
    asgi_app: str = ""


def minimal_config(*, service: str, stage: str, region: str) -> str:
    """Write a C(serverless.yml) with which the CLI can remove a service, and nothing else."""
    provider = {"name": "aws", "stage": stage, "region": region}
    return dump({"service": service, "frameworkVersion": "3 || 4", "provider": provider})


def read_config(text: str, *, origin: str, stage: str) -> ServiceConfig:
    """Read what a deployment has to know.

    :param text: a C(serverless.yml).
    :param origin: where it comes from, for messages.
    :param stage: the stage to deploy to.
    :raises ConfigError: it is no YAML, or a name in it is missing, refused by AWS, or only known to the CLI.
    """
    root = compose(text, origin=origin)
    service = _plain(text_of(child(root, "service")), key="service", origin=origin, stage=stage)
    if not service:
        raise ConfigError(f"{origin} has no key 'service'", "Give the service a name")
    own_name = (text_of(child(root, "provider", "stackName")) or "").replace(_SERVICE_VARIABLE, service)
    stack_name = _plain(own_name, key="provider.stackName", origin=origin, stage=stage) or f"{service}-{stage}"
    check_stack_name(stack_name)
    return ServiceConfig(
        text=text,
        service=service,
        stack_name=stack_name,
        wsgi_app=text_of(child(root, "custom", "wsgi", "app")) or "",
        asgi_app=text_of(child(root, "custom", "asgi", "app")) or "",
    )


def check_stack_name(name: str) -> None:
    """Refuse a name that CloudFormation would refuse.

    :raises ConfigError: it would.
    """
    if not _STACK_NAME.fullmatch(name):
        raise ConfigError(
            f"the service and the stage make the stack name {name!r}, which CloudFormation does not take",
            "Use at most 128 letters, digits and hyphens, a letter first",
        )


def with_fingerprint(text: str, *, fingerprint: str, origin: str) -> str:
    """Add the output that holds the fingerprint; everything else, unknown tags included, stays.

    :param text: a C(serverless.yml).
    :param fingerprint: the output's value.
    :param origin: where the text comes from, for messages.
    """
    root = compose(text, origin=origin)
    output = {
        "Description": "What was deployed; asesoria.serverless compares it before it deploys again",
        "Value": fingerprint,
    }
    ours = compose(dump({"Outputs": {FINGERPRINT_OUTPUT: output}}), origin="the fingerprint")
    theirs = child(root, "resources")
    if is_nothing(theirs):
        resources = [ours]
    elif is_sequence(theirs):
        resources = [*theirs.value, ours]
    else:
        resources = [theirs, ours]
    put(root, "resources", list_node(resources))
    return serialize(root)


def _plain(value: str | None, *, key: str, origin: str, stage: str) -> str:
    text = _VARIABLE.sub(lambda _match: stage, value or "")
    if "${" in text:
        raise ConfigError(
            f"{origin} makes {key!r} of a variable that only the CLI can resolve: {value}",
            "Write the name there, without variables other than ${sls:stage}",
        )
    return text
