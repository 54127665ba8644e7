# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns the options of the service modules into the work to do, and a stack into their answer."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stack
from ansible_collections.asesoria.serverless.plugins.module_utils._endpoint import (
    endpoint_target,
    endpoint_url,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._fingerprint import (
    SourceFile,
    fingerprint,
    kept_although_excluded,
    read_source,
    with_content,
    with_extra,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._function_alias import Release
from ansible_collections.asesoria.serverless.plugins.module_utils._package_gate import PackageGate
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import read_allowances
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import (
    APP_OUTPUT,
    CONFIG_NAMES,
    FINGERPRINT_OUTPUT,
    ServiceConfig,
    check_stack_name,
    minimal_config,
    read_config,
    with_owner_tags,
    with_wsgi_app,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_service import Job
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app import (
    App,
    check_adapter_imports,
    find_app,
    imported_files,
    require_valid_source,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app_kinds import ASGI, WSGI
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app_name import name_app
from ansible_collections.asesoria.serverless.plugins.module_utils._service.own_config import adjust
from ansible_collections.asesoria.serverless.plugins.module_utils._service.staged_requirements import (
    extended,
    missing_names,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service_layer import read_layer, with_layer
from ansible_collections.asesoria.serverless.plugins.module_utils._yaml_tree import ConfigError, dump

_CONFIG_NAME = "serverless.yml"
#: The handler's part that calls a factory. Where it does not travel, the handler is another one.
FACTORY_CALLER = "asesoria_factory.py"
# What serverless-wsgi puts into the folder that it packages, in place of a file of the app's that has the name.
_PLUGIN_FILES = ("/wsgi_handler.py", "/serverless_wsgi.py")


def service_options(*, endpoint: bool = False) -> dict[str, dict[str, Any]]:
    """The options by which a module is told which service, as the documentation's fragment C(service) has them.

    :param endpoint: whether the module also tells where it answers.
    """
    return {
        "service": {"type": "str", "required": True},
        "stage": {"type": "str", "default": "dev"},
        "stack_name": {"type": "str"},
        **({"endpoint_format": {"type": "str", "default": ""}} if endpoint else {}),
    }


def named_stack(options: Mapping[str, Any]) -> str:
    """The name of the stack of a service that :func:`service_options` tell.

    :raises ConfigError: CloudFormation would refuse it.
    """
    name = str(options["stack_name"] or f"{options['service']}-{options['stage']}")
    check_stack_name(name)
    return name


def make_deployment(options: Mapping[str, Any], *, region: str) -> Job:
    """Read the app and make the deployment of it.

    :param options: C(src), C(config), C(service), C(exclude), C(extra_files), C(stage), C(cli_lock), C(layer),
        C(audit), C(allow), C(required_modules), C(alias), C(project), C(adopt), C(confirm) and C(remember), as the
        module documents them.
    :param region: the region.
    :raises ServerlessError: the app, its configuration or the lock can't be used.
    """
    root = Path(options["src"])
    text, origin, notes = _config_text(options, root=root)
    layer = read_layer(options["layer"])
    if layer is not None:
        text = with_layer(text, layer=layer, origin=origin)
    config = read_config(text, origin=origin, stage=options["stage"])
    _require_service(config, service=options["service"], stage=options["stage"], origin=origin)
    app = _find_app(config, root=root, factories=FACTORY_CALLER in options["extra_files"])
    files = read_source(
        root=root,
        exclude=[*options["exclude"], *(f"/{name}" for name in CONFIG_NAMES)],
        imported=imported_files(root, app=app, handlers=config.handlers),
    )
    kept = kept_although_excluded(files, exclude=options["exclude"])
    if app is not None and config.wsgi_app:
        check_adapter_imports(file.path for file in files)
        files = [file for file in files if f"/{file.name}" not in _PLUGIN_FILES]
        if app.setting.canonical != config.wsgi_app:
            text = with_wsgi_app(text, app=app.setting.canonical, origin=origin)
            config = read_config(text, origin=origin, stage=options["stage"])
    files, added = _with_requirements(files, option=options["added_requirements"], root=root)
    files = with_extra(files, extra=options["extra_files"])
    settings = {"config": text, "stage": options["stage"], "region": region, "cli": _lock_hash(options["cli_lock"])}
    release = _make_release(options)
    if release is not None:
        settings["alias"] = release.alias
    gate = _make_gate(options)
    if gate is not None:
        # What was deployed without a look at it, or with a milder one, is packaged again.
        settings["audit"] = gate.settings
    owner = _owner(options, service=config.service)
    return Job(
        config=_owned(config, owner=owner, origin=origin),
        config_name=_CONFIG_NAME,
        origin=origin,
        files=files,
        fingerprint=fingerprint(files=files, settings=settings),
        stage=options["stage"],
        region=region,
        owner=owner,
        app=name_app(root, setting=config.wsgi_app or config.asgi_app),
        adopt=options["adopt"],
        confirm=options["confirm"],
        gate=gate,
        layer=layer,
        modules=tuple(options["required_modules"]),
        release=release,
        remember=options["remember"],
        kept=tuple(kept),
        added=tuple(added),
        notes=notes,
    )


def _with_requirements(
    files: list[SourceFile], *, option: Mapping[str, Any] | None, root: Path
) -> tuple[list[SourceFile], list[str]]:
    """Add distributions to the copy of the requirements file; the second value is what was added."""
    if option is None or not any(file.name == option["file"] for file in files):
        return files, []
    names = missing_names(root / option["file"], names=option["names"])
    if not names:
        return files, []
    return with_content(files, name=option["file"], content=extended(root / option["file"], names=names)), names


def _find_app(config: ServiceConfig, *, root: Path, factories: bool) -> App | None:
    """The app that a configuration names; C(None) if it names none."""
    setting = config.wsgi_app or config.asgi_app
    if not setting:
        return None
    python = RUNTIMES[config.runtime].python if config.runtime in RUNTIMES else ""
    interface = WSGI if config.wsgi_app else ASGI
    app = find_app(root, setting, interface=interface, python=python, factories=factories)
    if python:
        require_valid_source(app, python=python)
    return app


def _require_service(config: ServiceConfig, *, service: str | None, stage: str, origin: str) -> None:
    """See that a configuration is of the service that whoever deploys it will look for."""
    if not service:
        return
    if config.service != service:
        raise ConfigError(
            f"{origin} is of the service {config.service!r}, but {service!r} is asked for",
            f"Set the name to {config.service}, since the endpoint, the policy and the removal are looked up by it",
        )
    if config.stack_name != f"{service}-{stage}":
        raise ConfigError(
            f"{origin} calls its stack {config.stack_name}, but it would be looked for as {service}-{stage}",
            "Leave provider.stackName out",
        )


def _make_gate(options: Mapping[str, Any]) -> PackageGate | None:
    if not options["audit"]:
        return None
    return PackageGate(allow=read_allowances(options["allow"]), today=datetime.now(tz=timezone.utc).date())


def _make_release(options: Mapping[str, Any]) -> Release | None:
    chosen = options["alias"]
    if chosen is None:
        return None
    release = Release(alias=chosen["name"], weight=chosen["weight"], prune=chosen["prune"])
    release.check()
    return release


def make_reference(options: Mapping[str, Any], *, region: str) -> Job:
    """Make what does not read the app: a removal, or a roll-back.

    :param options: C(src), C(config), C(service), C(exclude), C(stage), C(project), C(confirm), C(state) and C(alias),
        as the module documents them.
    :param region: the region.
    :raises ServerlessError: nothing says which service it is, or its configuration can't be used.
    """
    stage = options["stage"]
    files: list[SourceFile] = []
    if options["config"] is not None or options["src"]:
        root = Path(options["src"] or ".")
        text, origin, _notes = _config_text(options, root=root)
        if options["src"]:
            files = read_source(root=root, exclude=[*options["exclude"], *(f"/{name}" for name in CONFIG_NAMES)])
    elif options["service"]:
        text, origin = minimal_config(service=options["service"], stage=stage, region=region), "the option service"
    else:
        raise ConfigError("nothing says which service that is", "Give the option service, config or src")
    config = read_config(text, origin=origin, stage=stage)
    _require_service(config, service=options["service"], stage=stage, origin=origin)
    owner = _owner(options, service=config.service)
    return Job(
        # A removal reads no tags.
        config=config if options["state"] == "absent" else _owned(config, owner=owner, origin=origin),
        config_name=_CONFIG_NAME,
        origin=origin,
        files=files,
        fingerprint="",
        stage=stage,
        region=region,
        owner=owner,
        confirm=options["confirm"],
        release=_make_release(options),
    )


def _owner(options: Mapping[str, Any], *, service: str) -> Owner:
    return Owner(project=options["project"], service=service, stage=options["stage"])


def _owned(config: ServiceConfig, *, owner: Owner, origin: str) -> ServiceConfig:
    """Let the CLI tag the stack as its owner's, in going back as well, which sets the stack's tags once more."""
    return replace(config, text=with_owner_tags(config.text, owner=owner, origin=origin))


def _config_text(options: Mapping[str, Any], *, root: Path) -> tuple[str, str, tuple[str, ...]]:
    """The configuration, where it is from, and what was adjusted in the copy of one of the app's own."""
    if options["config"] is not None:
        return dump(options["config"]), "the option config", ()
    for name in CONFIG_NAMES[:2]:
        path = root / name
        if path.is_file():
            layer = read_layer(options["layer"])
            adjusted = adjust(
                _read(path, what="configuration"),
                origin=str(path),
                cli=_cli_versions(options["cli"], lock=options["cli_lock"]),
                layer=layer.name.rpartition(":")[2] if layer is not None else "",
            )
            return adjusted.text, str(path), adjusted.notes
    raise ConfigError(
        f"{root} has no {_CONFIG_NAME}", "Write one, or give the service's configuration with the option config"
    )


def _cli_versions(cli: Sequence[str], *, lock: str | None) -> dict[str, str]:
    """The version of the CLI as it is installed, or as it is locked; empty if neither tells."""
    program = Path(cli[0])
    installed = program.parent.parent / program.name / "package.json"
    for path, key in ((installed, ""), (Path(lock or "."), f"node_modules/{program.name}")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            content = json.loads(path.read_text(encoding="utf-8"))
            return {program.name: str((content["packages"][key] if key else content)["version"])}
    return {}


def _lock_hash(path: str | None) -> str:
    return hashlib.sha256(_read(Path(path), what="lock of the CLI").encode()).hexdigest() if path else ""


def _read(path: Path, *, what: str) -> str:
    try:
        return read_regular(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ServerlessError(f"the {what} {path} can't be read: {error}", "Make it a readable text file") from error


def describe_stack(stack: Stack | None, *, name: str, endpoint_format: str, region: str, stage: str) -> dict[str, Any]:
    """Describe a stack as the modules return it.

    :param stack: the stack, if there is one.
    :param name: its name.
    :param endpoint_format: see :func:`endpoint_url`.
    :param region: the service's region.
    :param stage: the service's stage.
    """
    outputs = dict(stack.outputs) if stack else {}
    for own in (FINGERPRINT_OUTPUT, APP_OUTPUT):
        outputs.pop(own, None)
    return {
        "stack_name": name,
        "stack_status": stack.status if stack else None,
        "outputs": outputs,
        "endpoint": endpoint_url(outputs, form=endpoint_format, region=region, stage=stage),
        "connect_to": endpoint_target(outputs, form=endpoint_format),
    }
