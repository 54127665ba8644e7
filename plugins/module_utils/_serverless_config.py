# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a C(serverless.yml) as far as a deployment has to know it, and adds the one thing that it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._yaml_tree import (
    ConfigError,
    child,
    compose,
    dump,
    is_mapping,
    is_merge,
    is_nothing,
    is_sequence,
    list_node,
    mapping_node,
    put,
    serialize,
    text_node,
    text_of,
)

#: The stack's output that holds the fingerprint. An output appears only with the whole template, together with what it
#: speaks of: a stack that holds just the bucket (the first of the CLI's two steps), or one that was rolled back, does
#: not have the new one. A tag would be there from the first step on, and would be put on every single resource.
FINGERPRINT_OUTPUT = "AsesoriaFingerprint"
#: The stack's output that holds the name of the app.
APP_OUTPUT = "AsesoriaApp"

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
    :param runtime: the setting C(provider.runtime); empty if there is none.
    :param handlers: the functions' handlers.
    """

    text: str
    service: str
    stack_name: str
    wsgi_app: str
    asgi_app: str = ""
    runtime: str = ""
    handlers: tuple[str, ...] = ()


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
        runtime=text_of(child(root, "provider", "runtime")) or "",
        handlers=tuple(_handlers(root)),
    )


def _handlers(root: Any) -> Iterator[str]:
    """The handlers of the functions that are written in the configuration itself."""
    functions = child(root, "functions")
    groups = functions.value if is_sequence(functions) else [functions]
    for group in filter(is_mapping, groups):
        for _name, function in group.value:
            handler = text_of(child(function, "handler"))
            if handler:
                yield handler


def with_wsgi_app(text: str, *, app: str, origin: str) -> str:
    """Write the setting of the WSGI app as the plugin serverless-wsgi reads it; everything else stays.

    :param text: a C(serverless.yml).
    :param app: the setting, such as C(app.app).
    :param origin: where the text comes from, for messages.
    """
    root = compose(text, origin=origin)
    put(child(root, "custom", "wsgi"), "app", text_node(app))
    return serialize(root)


def check_stack_name(name: str) -> None:
    """Refuse a name that CloudFormation would refuse.

    :raises ConfigError: it would.
    """
    if not _STACK_NAME.fullmatch(name):
        raise ConfigError(
            f"the service and the stage make the stack name {name!r}, which CloudFormation does not take",
            "Use at most 128 letters, digits and hyphens, a letter first",
        )


def with_fingerprint(text: str, *, fingerprint: str, origin: str, app: str = "") -> str:
    """Add the output that holds the fingerprint; everything else, unknown tags included, stays.

    :param text: a C(serverless.yml).
    :param fingerprint: the output's value.
    :param app: value of the output that holds the name of the app; empty for none.
    :param origin: where the text comes from, for messages.
    """
    root = compose(text, origin=origin)
    output = {
        "Description": "What was deployed; asesoria.serverless compares it before it deploys again",
        "Value": fingerprint,
    }
    outputs = {FINGERPRINT_OUTPUT: output}
    if app:
        outputs[APP_OUTPUT] = {"Description": "The app that was deployed", "Value": app}
    ours = compose(dump({"Outputs": outputs}), origin="the fingerprint")
    theirs = child(root, "resources")
    if is_nothing(theirs):
        resources = [ours]
    elif is_sequence(theirs):
        resources = [*theirs.value, ours]
    else:
        resources = [theirs, ours]
    put(root, "resources", list_node(resources))
    return serialize(root)


def with_owner_tags(text: str, *, owner: Owner, origin: str) -> str:
    """Add the tags that say whose the stack is to those that the CLI gives it; the tags that are written there stay.

    The CLI itself adds the tag C(STAGE). Tags that are written in another file, by a variable in place of
    C(provider.stackTags), can't be added to: such a stack is known by its fingerprint alone.

    :param text: a C(serverless.yml).
    :param owner: whose the stack is.
    :param origin: where the text comes from, for messages.
    :raises ConfigError: a tag that is written there says something else.
    """
    root = compose(text, origin=origin)
    provider = child(root, "provider")
    written = child(provider, "stackTags")
    if not is_mapping(provider) or not (is_nothing(written) or is_mapping(written)):
        return text
    recorded = owner.tags()
    theirs = [] if is_nothing(written) else list(_entries(written))
    for key, value in theirs:
        _require_owner_tag(key, value, owner=owner, origin=origin)
    names = {key.lower() for key, _value in theirs}
    missing = [key for key in recorded if key != "Stage" and key.lower() not in names]
    if missing:
        added = [(text_node(key), text_node(recorded[key])) for key in missing]
        put(provider, "stackTags", mapping_node([*([] if is_nothing(written) else written.value), *added]))
    return serialize(root)


def _entries(node: Any) -> Iterator[tuple[str, str | None]]:
    """The keys of a mapping and their texts, those of its merge keys included."""
    for name, value in node.value:
        if is_merge(name):
            for merged in value.value if is_sequence(value) else [value]:
                yield from _entries(merged) if is_mapping(merged) else ()
        else:
            yield str(name.value), text_of(value)


def _require_owner_tag(key: str, value: str | None, *, owner: Owner, origin: str) -> None:
    """Refuse a tag that would name another owner. IAM takes no second key that differs in case only."""
    name = next((name for name in owner.tags() if name.lower() == key.lower()), None)
    if name is None:
        return
    said = _VARIABLE.sub(lambda _match: owner.stage, value or "").replace(_SERVICE_VARIABLE, owner.service)
    expected = owner.tags()[name]
    if said != expected:
        raise ConfigError(
            f"{origin} has the tag {key}: {value} in provider.stackTags, but the tag {name} says whose the stack is, "
            f"and has to be {expected}",
            "Remove the tag there, or give it another name",
        )


def _plain(value: str | None, *, key: str, origin: str, stage: str) -> str:
    text = _VARIABLE.sub(lambda _match: stage, value or "")
    if "${" in text:
        raise ConfigError(
            f"{origin} makes {key!r} of a variable that only the CLI can resolve: {value}",
            "Write the name there, without variables other than ${sls:stage}",
        )
    return text
