# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check a ``serverless.yml`` of the app's own before anything is created, and adjust its copy to the CLI."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import CONFIG_NAMES, read_config
from ansible_collections.asesoria.serverless.plugins.module_utils._service_layer import ServiceLayer, with_layer
from ansible_collections.asesoria.serverless.plugins.module_utils._yaml_tree import (
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

from . import adapters
from .app import App, find_app
from .app_kinds import ASGI, WSGI
from .framework_version import satisfies, with_cli
from .source_modules import SourceModules, handler_modules

_WSGI_PLUGIN = "serverless-wsgi"
_PLUGIN_HANDLER = "wsgi_handler"
_LAYER_ARN = re.compile(r"arn:[\w-]+:lambda:[\w-]*:(?P<account>[^:]*):layer:(?P<name>[^:]+)(?::\d+)?")
_ACCOUNT = re.compile(r"\d{12}")
#: The CLIs by the name of their package. osls is the fork of Serverless 3.
_CLIS = ("osls", "serverless")


@dataclass(frozen=True)
class Finding:
    """Something in the file that a deployment would fail for, or may fail for.

    :param problem: What is wrong and where.
    :param remedy: What to do.
    :param certain: Whether a deployment certainly fails.
    """

    problem: str
    remedy: str
    certain: bool = True


@dataclass(frozen=True)
class Surroundings:
    """What the file has to go with; what is empty is not compared.

    :param app_dir: Folder of the app.
    :param service: Name of the service.
    :param stage: Stage of the service.
    :param runtime: Runtime that the layer is built for.
    :param layer: Name of the layer that the functions get.
    :param cli: Versions of the CLI and its plugins, by the name of the package.
    """

    app_dir: Path
    service: str = ""
    stage: str = "dev"
    runtime: str = ""
    layer: str = ""
    cli: Mapping[str, str] = field(default_factory=dict)

    @property
    def cli_name(self) -> str:
        """Name of the CLI's package; empty if it is not known."""
        return next((name for name in _CLIS if name in self.cli), "")


@dataclass(frozen=True)
class AdjustedConfig:
    """A file as its copy is deployed.

    :param text: The copy.
    :param notes: What differs from the file, one sentence without a full stop each.
    """

    text: str
    notes: tuple[str, ...] = ()


def find_interface(app_dir: Path) -> str:
    """Return the interface whose adapter the file of an app needs, where the file names one of the CLI's plugins.

    A file that can't be read needs none here; what is wrong with it is told by who deploys it.

    :param app_dir: Folder of the app.
    """
    for name in CONFIG_NAMES[:2]:
        with contextlib.suppress(OSError, UnicodeDecodeError, ServerlessError):
            root = compose(read_regular(app_dir / name).decode("utf-8"), origin=name)
            return adapters.WSGI if text_of(child(root, "custom", "wsgi", "app")) else ""
    return ""


def adjust(text: str, *, origin: str, cli: Mapping[str, str], layer: str = "") -> AdjustedConfig:
    """Adjust the copy of a file to the CLI, and take out a placeholder of the layer that the functions get.

    :param text: The file's text.
    :param origin: The file, for messages.
    :param cli: Versions of the CLI and its plugins, by the name of the package.
    :param layer: Name of the layer that the functions get; empty for none.
    :raises ConfigError: It is no YAML.
    """
    root = compose(text, origin=origin)
    notes = [*_widen(root, cli=cli), *_without_placeholders(root, layer=layer)]
    return AdjustedConfig(serialize(root), tuple(notes)) if notes else AdjustedConfig(text)


def _widen(root: Any, *, cli: Mapping[str, str]) -> Iterator[str]:
    wanted = text_of(child(root, "frameworkVersion"))
    version = cli.get("osls", "")
    if not wanted or not version or satisfies(version, wanted) is not False:
        return
    copy = with_cli(wanted, version=version)
    if copy is not None:
        put(root, "frameworkVersion", text_node(copy))
        yield f"frameworkVersion is {copy!r} instead of {wanted!r} in the copy, because osls {version} is deployed with"


def _without_placeholders(root: Any, *, layer: str) -> Iterator[str]:
    for owner in _layer_owners(root):
        layers = child(owner, "layers")
        kept = [item for item in layers.value if not _is_placeholder(item, layer=layer)]
        for item in layers.value:
            if item not in kept:
                yield f"the layer {item.value} is left out of the copy, because no account has that number"
        if len(kept) < len(layers.value):
            put(owner, "layers", list_node(kept))


def _is_placeholder(item: Any, *, layer: str) -> bool:
    match = _LAYER_ARN.fullmatch(text_of(item) or "")
    return match is not None and match["name"] == layer and not _is_account(match["account"])


def _is_account(account: str) -> bool:
    return "${" in account or _ACCOUNT.fullmatch(account) is not None


def _layer_owners(root: Any) -> Iterator[Any]:
    """The provider and the functions that have a list of layers."""
    for owner in (child(root, "provider"), *_functions(root).values()):
        if is_mapping(owner) and is_sequence(child(owner, "layers")):
            yield owner


def _functions(root: Any) -> dict[str, Any]:
    """The functions that are written in the file itself."""
    found = child(root, "functions")
    groups = found.value if is_sequence(found) else [found]
    return {
        str(key.value): function
        for group in groups
        if is_mapping(group)
        for key, function in group.value
        if is_mapping(function)
    }


def check_own_config(text: str, *, origin: str, around: Surroundings) -> list[Finding]:
    """Check a file against what it has to go with.

    :param text: The file's text.
    :param origin: The file, for messages.
    :param around: What it has to go with.
    """
    checks: tuple[Callable[[str, str, Surroundings], Iterator[Finding]], ...] = (
        _check_names,
        _check_version,
        _check_plugins,
        _check_layers,
        _check_runtimes,
        _check_handlers,
        _check_app,
    )
    found = [finding for check in checks for finding in _found(check, text, origin=origin, around=around)]
    # What makes the file unreadable is found by each.
    return list(dict.fromkeys(found))


def _found(
    check: Callable[[str, str, Surroundings], Iterator[Finding]], text: str, *, origin: str, around: Surroundings
) -> list[Finding]:
    try:
        return list(check(text, origin, around))
    except ServerlessError as error:
        return [Finding(error.problem, error.remedy)]


def find_own_app(text: str, *, origin: str, around: Surroundings) -> App | None:
    """Find the app that a file names for its plugin; ``None`` if it names none.

    :param text: The file's text.
    :param origin: The file, for messages.
    :param around: What it has to go with.
    :raises ServerlessError: The file can't be read, or there is no such app.
    """
    config = read_config(text, origin=origin, stage=around.stage)
    setting = config.wsgi_app or config.asgi_app
    if not setting:
        return None
    interface = WSGI if config.wsgi_app else ASGI
    python = around.runtime.removeprefix("python")
    return find_app(around.app_dir, setting, interface=interface, python=python, factories=False)


def _place(node: Any, origin: str) -> str:
    return f"{origin}, line {node.start_mark.line + 1}"


def _check_names(text: str, origin: str, around: Surroundings) -> Iterator[Finding]:
    config = read_config(text, origin=origin, stage=around.stage)
    root = compose(text, origin=origin)
    name = child(root, "service")
    if around.service and config.service != around.service:
        yield Finding(
            f"{_place(name, origin)}: the service is called {config.service!r}, but the run is for {around.service!r}",
            f"Set asesoria_service to {config.service}",
        )
    elif around.service and config.stack_name != f"{around.service}-{around.stage}":
        yield Finding(
            f"{_place(child(root, 'provider', 'stackName'), origin)}: the stack is called {config.stack_name}, but it "
            f"is looked up as {around.service}-{around.stage}",
            "Leave provider.stackName out",
        )
    provider = child(root, "provider")
    cloud = text_of(child(provider, "name")) if is_mapping(provider) else text_of(provider)
    if cloud and "${" not in cloud and cloud != "aws":
        yield Finding(f"{_place(provider, origin)}: the provider is {cloud}, and not aws", "Set provider.name to aws")


def _check_version(text: str, origin: str, around: Surroundings) -> Iterator[Finding]:
    node = child(compose(text, origin=origin), "frameworkVersion")
    wanted, version = text_of(node), around.cli.get(around.cli_name, "")
    adjusted = around.cli_name == "osls" and wanted and with_cli(wanted, version=version) is not None
    if wanted and version and not adjusted and satisfies(version, wanted) is False:
        yield Finding(
            f"{_place(node, origin)}: frameworkVersion is {wanted!r}, but {around.cli_name} {version} is deployed with",
            'Write frameworkVersion: "3 || 4", or set asesoria_cli to a CLI of that version',
        )


def _check_plugins(text: str, origin: str, around: Surroundings) -> Iterator[Finding]:
    for node in _plugin_nodes(compose(text, origin=origin)):
        name = text_of(node) or ""
        if name.startswith("."):
            path = around.app_dir / name
            known = path.is_dir() or path.is_file() or path.with_name(path.name + ".js").is_file()
            remedy = "Correct the path, or remove the line"
        else:
            known = not around.cli or name in around.cli or (around.app_dir / ".serverless_plugins" / name).exists()
            remedy = (
                f"Remove the line, or lock {name} with the CLI: a folder with package.json and package-lock.json in "
                "asesoria_cli"
            )
        if name and "${" not in name and not known:
            yield Finding(f"{_place(node, origin)}: the plugin {name} is not there", remedy)


def _plugin_nodes(root: Any) -> list[Any]:
    found = child(root, "plugins")
    modules = child(found, "modules") if is_mapping(found) else found
    return list(modules.value) if is_sequence(modules) else []


def _check_layers(text: str, origin: str, around: Surroundings) -> Iterator[Finding]:
    if around.layer:
        # What can't get the layer is refused by the same code that adds it.
        layer = ServiceLayer(arn=f"arn:aws:lambda:us-east-1:000000000000:layer:{around.layer}:1")
        with_layer(text, layer=layer, origin=origin)
    for owner in _layer_owners(compose(text, origin=origin)):
        for item in child(owner, "layers").value:
            match = _LAYER_ARN.fullmatch(text_of(item) or "")
            adjusted = _is_placeholder(item, layer=around.layer)
            if match is not None and not adjusted and not _is_account(match["account"]):
                yield Finding(
                    f"{_place(item, origin)}: the layer {item.value} has the account {match['account']!r}, and an "
                    "account has 12 digits",
                    "Remove the line, since the layer of the run is added by itself, or write the ARN of a layer",
                )


def _check_runtimes(text: str, origin: str, around: Surroundings) -> Iterator[Finding]:
    if not around.layer or not around.runtime:
        return
    root = compose(text, origin=origin)
    shared = child(root, "provider", "runtime")
    for name, function in _functions(root).items():
        own = child(function, "runtime")
        node = shared if is_nothing(own) else own
        runtime = text_of(node) or ""
        if runtime.startswith("python") and "${" not in runtime and runtime != around.runtime:
            yield Finding(
                f"{_place(node, origin)}: the function {name} runs on {runtime}, but the layer is built for "
                f"{around.runtime}",
                f"Set asesoria_runtime to {runtime}, or write {around.runtime} there",
            )


def _check_handlers(text: str, origin: str, around: Surroundings) -> Iterator[Finding]:
    root = compose(text, origin=origin)
    sources = SourceModules([around.app_dir])
    plugins = [text_of(node) for node in _plugin_nodes(root)]
    shared = text_of(child(root, "provider", "runtime")) or "python"
    for name, function in _functions(root).items():
        node = child(function, "handler")
        handler = text_of(node) or ""
        runtime = text_of(child(function, "runtime")) or shared
        if not handler or "${" in handler or not runtime.startswith("python"):
            continue
        module = handler_modules([handler])[0]
        if sources.find(module) is not None or (module == _PLUGIN_HANDLER and _WSGI_PLUGIN in plugins):
            continue
        yield _missing_handler(module, where=f"{_place(node, origin)}: the handler {handler} of {name}", around=around)


def _missing_handler(module: str, *, where: str, around: Surroundings) -> Finding:
    if module == _PLUGIN_HANDLER:
        return Finding(
            f"{where} is a part of the plugin {_WSGI_PLUGIN}, which is not among the plugins",
            f"Add {_WSGI_PLUGIN} to plugins, and custom.wsgi.app: app.app for the variable app in app.py",
        )
    first = module.partition(".")[0]
    inside = SourceModules([around.app_dir]).find(first) is not None
    # A layer may bring a module; a folder of the app's goes before it.
    return Finding(
        f"{where} names the module {module!r}, which {around.app_dir} does not have",
        "Correct the handler, or write the file" if inside else "See that a layer brings it, or correct the handler",
        certain=inside,
    )


def _check_app(text: str, origin: str, around: Surroundings) -> Iterator[Finding]:
    find_own_app(text, origin=origin, around=around)
    yield from ()
