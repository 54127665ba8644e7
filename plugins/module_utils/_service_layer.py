# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives the Python functions of a C(serverless.yml) the layer of their dependencies, and sees that they have got it.

Before the CLI packages, the layer is written into the configuration; what only the CLI can resolve is left alone. After
that, the packaged template shows whether every function has got it, and asks for what the layer was built for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import PackagedFunction
from ansible_collections.asesoria.serverless.plugins.module_utils._yaml_tree import (
    bool_node,
    child,
    compose,
    is_mapping,
    is_nothing,
    is_sequence,
    list_node,
    put,
    serialize,
    text_node,
    text_of,
)

_PACKING_PLUGIN = "serverless-python-requirements"
_ELSEWHERE = "Write it into that file itself, or leave the layer out and name it there on your own"


class ServiceLayerError(ServerlessError):
    """A function can't be given the layer, has not got it, or would not run with it."""


@dataclass(frozen=True)
class ServiceLayer:
    """A layer that functions are given.

    :param arn: the ARN of its version.
    :param runtime: the runtime that it was built for; empty if that is not to be looked at.
    :param architecture: likewise.
    :param functions: the functions that get it, as the configuration calls them; all Python functions if there is none.
    """

    arn: str
    runtime: str = ""
    architecture: str = ""
    functions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The ARN without the version."""
        return self.arn.rpartition(":")[0]


def read_layer(option: Mapping[str, Any] | None) -> ServiceLayer | None:
    """Read the option C(layer) of the module.

    :param option: its suboptions.
    """
    if option is None:
        return None
    return ServiceLayer(
        arn=option["arn"],
        runtime=option["runtime"] or "",
        architecture=option["architecture"] or "",
        functions=tuple(option["functions"] or ()),
    )


def with_layer(text: str, *, layer: ServiceLayer, origin: str) -> str:
    """Add the layer to the functions that are to have it; everything else, unknown tags included, stays.

    Another version of the same layer makes room for it. A function without layers of its own keeps those of
    C(provider.layers). The plugin serverless-wsgi is told to leave the dependencies to the layer.

    :param text: a C(serverless.yml).
    :param layer: the layer.
    :param origin: where the text comes from, for messages.
    :raises ServiceLayerError: the functions or their layers are not written there, or the dependencies would be packed
        as well.
    """
    root = compose(text, origin=origin)
    _refuse_packing(root, origin=origin)
    functions = dict(_functions(root))
    missing = sorted(set(layer.functions) - set(functions))
    if missing:
        raise ServiceLayerError(
            f"{origin} has no function {', '.join(missing)} to give the layer to",
            f"Name some of these: {', '.join(functions) or '(none is written there)'}",
        )
    shared = child(root, "provider", "layers")
    for name, function in functions.items():
        if _gets_layer(name, function, root=root, layer=layer):
            own = child(function, "layers")
            there, whose = (shared, "provider") if is_nothing(own) else (own, f"functions.{name}")
            put(function, "layers", _added(there, layer=layer, whose=f"{whose}.layers in {origin}"))
    # What is written elsewhere takes the provider's, unless it says something else there.
    provider = child(root, "provider")
    if not layer.functions and _has_unread_functions(root) and is_mapping(provider):
        put(provider, "layers", _added(shared, layer=layer, whose=f"provider.layers in {origin}"))
    return serialize(root)


def _refuse_packing(root: Any, *, origin: str) -> None:
    """The layer brings the dependencies: nothing else shall pack them a second time.

    :raises ServiceLayerError: something is told to.
    """
    if _PACKING_PLUGIN in _plugins(root):
        raise ServiceLayerError(
            f"{origin} has the plugin {_PACKING_PLUGIN}, which would pack what the layer holds once more",
            "Remove the plugin, or keep it and go without the layer (serverless_deploy_packaging: requirements)",
        )
    wsgi = child(root, "custom", "wsgi")
    if not is_mapping(wsgi):
        return
    if (text_of(child(wsgi, "packRequirements")) or "").lower() == "true":
        raise ServiceLayerError(
            f"{origin} has custom.wsgi.packRequirements, which would pack what the layer holds once more",
            "Remove it, or keep it and go without the layer",
        )
    # The plugin's own default is true.
    put(wsgi, "packRequirements", bool_node(value=False))


def _plugins(root: Any) -> list[str]:
    """The plugins that are written in the configuration: a list, or one below C(modules)."""
    found = child(root, "plugins")
    modules = child(found, "modules") if is_mapping(found) else found
    return [text_of(item) or "" for item in modules.value] if is_sequence(modules) else []


def _groups(root: Any) -> list[Any]:
    """What holds functions: one mapping, or a list of such."""
    found = child(root, "functions")
    if is_nothing(found):
        return []
    return list(found.value) if is_sequence(found) else [found]


def _functions(root: Any) -> Iterator[tuple[str, Any]]:
    """The functions that are written in the configuration."""
    for group in filter(is_mapping, _groups(root)):
        for key, function in group.value:
            if is_mapping(function):
                yield str(key.value), function


def _has_unread_functions(root: Any) -> bool:
    """Whether some function is written elsewhere, such as in C(${file(functions.yml)})."""
    groups = _groups(root)
    return not all(is_mapping(group) for group in groups) or any(
        not is_mapping(function) for group in groups for _key, function in group.value
    )


def _gets_layer(name: str, function: Any, *, root: Any, layer: ServiceLayer) -> bool:
    if layer.functions:
        return name in layer.functions
    if child(function, "image") is not None:
        return False
    runtime = text_of(child(function, "runtime")) or text_of(child(root, "provider", "runtime")) or ""
    # What a variable stands for, only the CLI knows.
    return runtime.startswith("python") or "${" in runtime


def _added(there: Any, *, layer: ServiceLayer, whose: str) -> Any:
    if is_nothing(there):
        return list_node([text_node(layer.arn)])
    if not is_sequence(there):
        raise ServiceLayerError(f"{whose} is no list that the layer could be added to", _ELSEWHERE)
    kept = [item for item in there.value if not _is_version(text_of(item) or "", layer=layer)]
    return list_node([*kept, text_node(layer.arn)])


def _is_version(arn: str, *, layer: ServiceLayer) -> bool:
    return layer.name in (arn, arn.rpartition(":")[0])


def require_layer(functions: Iterable[PackagedFunction], *, layer: ServiceLayer) -> None:
    """See that what the CLI has packaged has the layer, and would run with it.

    :param functions: the packaged functions.
    :param layer: the layer.
    :raises ServiceLayerError: a Python function has not got it, or asks for another runtime or architecture; or there
        is no Python function at all.
    """
    python = [function for function in functions if function.runtime.startswith("python")]
    having = [function for function in python if layer.arn in function.layers]
    without = [] if layer.functions else [function.name for function in python if function not in having]
    if without:
        raise ServiceLayerError(
            f"the layer {layer.arn} did not reach {', '.join(without)}, whose layers are written elsewhere", _ELSEWHERE
        )
    if not having:
        raise ServiceLayerError(
            f"no Python function was packaged that could have the layer {layer.arn}",
            "Write a function with a Python runtime, or go without the layer",
        )
    for function in having:
        _require_fit(function, layer=layer)


def _require_fit(function: PackagedFunction, *, layer: ServiceLayer) -> None:
    for what, asked, built in (
        ("runs on", function.runtime, layer.runtime),
        ("is for", function.architecture, layer.architecture),
    ):
        if built and asked != built:
            raise ServiceLayerError(
                f"the function {function.name} {what} {asked}, but the layer {layer.arn} was built for {built}",
                "Let both say the same, or name the functions that get the layer",
            )
