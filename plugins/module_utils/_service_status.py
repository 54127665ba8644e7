# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is deployed of a service: stack, functions, the versions of layers that they use, logs, builders that go on.

What the caller may not read is told, and all else is read nevertheless.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._builder_instances import Builder, Builders
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import (
    Functions,
    Resource,
    Stack,
    Stacks,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._deployments import read_deployment
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Layers, LayerVersion
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import claimed_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._log_groups import LogGroup, LogGroups
from ansible_collections.asesoria.serverless.plugins.module_utils._minute import minute
from ansible_collections.asesoria.serverless.plugins.module_utils._service.stateful_resources import (
    DataHolder,
    data_holders,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._unread import Attempts, Unread


@dataclass(frozen=True)
class LayerUse:
    """A layer version that a function uses.

    :param arn: with the version.
    :param name: of the layer.
    :param version: its number.
    :param zipped_bytes: of its zip.
    :param newest: the newest version that fits the function; C(None) if that is not known.
    """

    arn: str
    name: str
    version: int
    zipped_bytes: int
    newest: int | None

    @property
    def stale(self) -> bool | None:
        """Whether there is a newer version that fits; C(None) if that is not known."""
        return None if self.newest is None else self.newest > self.version


@dataclass(frozen=True)
class FunctionStatus:
    """A function, as far as anybody asks about it afterwards."""

    name: str
    runtime: str
    architecture: str
    memory_mb: int
    timeout_seconds: int
    code_sha256: str
    code_bytes: int
    modified: str
    layers: tuple[LayerUse, ...]
    log: LogGroup | None


@dataclass(frozen=True)
class LayerStatus:
    """A layer and who uses it.

    :param name: its name, or the ARN without version where it is another account's.
    :param region: where; empty for the service's.
    :param versions: newest first.
    :param used_by: functions by version number; those of this service only where nobody else's can be read.
    :param complete: whether all functions of the account and region are among them.
    """

    name: str
    region: str
    versions: tuple[LayerVersion, ...]
    used_by: Mapping[int, Sequence[str]]
    complete: bool

    @property
    def newest(self) -> int | None:
        """Number of the newest version; C(None) if there is none."""
        return self.versions[0].version if self.versions else None

    @property
    def unused(self) -> list[int]:
        """Versions that none of the known functions uses, newest first."""
        return [version.version for version in self.versions if not self.used_by.get(version.version)]


@dataclass(frozen=True)
class Status:
    """All of it."""

    stack: Stack | None
    version: str | None
    functions: tuple[FunctionStatus, ...]
    layers: tuple[LayerStatus, ...]
    builders: tuple[Builder, ...]
    stacks: tuple[Stack, ...]
    data: tuple[DataHolder, ...]
    unread: tuple[Unread, ...]


@dataclass(frozen=True)
class Wanted:
    """What is asked about.

    :param stack: the service's stack.
    :param layers: names of layers to look at, besides those that the functions use.
    :param project: value of the tag C(Project); empty if nobody asks about builders.
    :param all_stacks: tell the project's other stacks as well.
    :param layer_users: Whether to list all functions of the account, to find which of them use the layers.
    """

    stack: str
    layers: Sequence[str] = ()
    project: str = ""
    all_stacks: bool = False
    layer_users: bool = True


@dataclass
class StatusReader:
    """Reads the status of a service.

    :param stacks: CloudFormation's stacks.
    :param functions: Lambda's functions.
    :param layers: Lambda's layers.
    :param elsewhere: those of other regions, by region.
    :param logs: CloudWatch's log groups.
    :param builders: EC2's builders.
    :param attempts: keeps what could not be read.
    """

    stacks: Stacks
    functions: Functions
    layers: Layers
    elsewhere: Mapping[str, Layers]
    logs: LogGroups
    builders: Builders
    attempts: Attempts = field(default_factory=Attempts)

    def read(self, wanted: Wanted) -> Status:
        """Read all that can be.

        :raises ServerlessError: AWS can't be asked; that something is not allowed is no such case.
        """
        stack = self.attempts.read(f"the stack {wanted.stack}", lambda: self.stacks.find(wanted.stack), None)
        resources: Sequence[Resource] = ()
        template: dict[str, Any] = {}
        if stack is not None:
            resources = self.attempts.read_all(
                f"the resources of the stack {wanted.stack}", lambda: self.stacks.resources(wanted.stack)
            )
            template = self.attempts.read(
                f"the template of the stack {wanted.stack}", lambda: self.stacks.template(wanted.stack), {}
            )
        functions, layers = self._functions_and_layers(resources, stack=stack, wanted=wanted)
        deployment = read_deployment(template)
        return Status(
            stack=stack,
            version=deployment.version if deployment else None,
            functions=functions,
            layers=(*layers, *self._layers_elsewhere(wanted)),
            builders=self._builders(wanted.project),
            stacks=self._stacks(wanted),
            data=tuple(data_holders(resources, template=template)),
            unread=self.attempts.unread,
        )

    def _builders(self, project: str) -> tuple[Builder, ...]:
        if not project:
            return ()
        return tuple(
            self.attempts.read_all(f"the builders of the project {project}", lambda: self.builders.of_project(project))
        )

    def _stacks(self, wanted: Wanted) -> tuple[Stack, ...]:
        if not wanted.all_stacks:
            return ()
        what = f"the other stacks of the project {wanted.project}"
        found = self.attempts.read_all(what, lambda: self.stacks.of_project(wanted.project))
        return tuple(stack for stack in found if stack.name != wanted.stack)

    def _functions_and_layers(
        self, resources: Iterable[Resource], *, stack: Stack | None, wanted: Wanted
    ) -> tuple[tuple[FunctionStatus, ...], tuple[LayerStatus, ...]]:
        functions = [resource.physical_id for resource in resources if resource.kind == "AWS::Lambda::Function"]
        configurations = {name: self._configuration(name) for name in functions if name}
        used = [
            layer_of(layer["Arn"], account=_account(stack))
            for configuration in configurations.values()
            for layer in configuration.get("Layers", [])
        ]
        versions = {name: self._versions(name) for name in sorted({*wanted.layers, *used})}
        known = tuple(
            self._function(name, configuration, versions=versions, account=_account(stack))
            for name, configuration in configurations.items()
            if configuration
        )
        return known, self._layers(versions, functions=known, all_users=wanted.layer_users)

    def _configuration(self, name: str) -> dict[str, Any]:
        return self.attempts.read(f"the function {name}", lambda: self.functions.configuration(name), None) or {}

    def _versions(self, name: str) -> list[LayerVersion] | None:
        return self.attempts.read(f"the versions of the layer {name}", lambda: self.layers.versions(name), None)

    def _function(
        self,
        name: str,
        configuration: Mapping[str, Any],
        *,
        versions: Mapping[str, Sequence[LayerVersion] | None],
        account: str,
    ) -> FunctionStatus:
        group = configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        runtime = configuration.get("Runtime", "")
        architecture = (configuration.get("Architectures") or ["x86_64"])[0]
        return FunctionStatus(
            name=name,
            runtime=runtime,
            architecture=architecture,
            memory_mb=int(configuration.get("MemorySize") or 0),
            timeout_seconds=int(configuration.get("Timeout") or 0),
            code_sha256=str(configuration.get("CodeSha256", "")),
            code_bytes=int(configuration.get("CodeSize") or 0),
            modified=minute(configuration.get("LastModified")),
            layers=tuple(
                _use(layer, versions=versions, account=account, runtime=runtime, architecture=architecture)
                for layer in configuration.get("Layers", [])
            ),
            log=self.attempts.read(f"the log group {group}", lambda: self.logs.find(group), None),
        )

    def _layers(
        self,
        versions: Mapping[str, Sequence[LayerVersion] | None],
        *,
        functions: Sequence[FunctionStatus],
        all_users: bool,
    ) -> tuple[LayerStatus, ...]:
        told = {name: found for name, found in versions.items() if found is not None}
        if not told:
            return ()
        everybody = self.attempts.read("who else uses the layers", self.layers.users, None) if all_users else None
        users = _users(functions) if everybody is None else everybody
        complete = everybody is not None
        return tuple(_layer(name, found, users=users, complete=complete) for name, found in told.items())

    def _layers_elsewhere(self, wanted: Wanted) -> Iterator[LayerStatus]:
        for region, layers in self.elsewhere.items():
            what = f"who uses the layers in {region}"
            everybody = self.attempts.read(what, layers.users, None) if wanted.layer_users else None
            for name in wanted.layers:
                what = f"the versions of the layer {name} in {region}"
                found = self.attempts.read_all(what, functools.partial(layers.versions, name))
                yield _layer(name, found, users=everybody or {}, complete=everybody is not None, region=region)


def _layer(
    name: str,
    versions: Sequence[LayerVersion],
    *,
    users: Mapping[str, Sequence[str]],
    complete: bool,
    region: str = "",
) -> LayerStatus:
    return LayerStatus(
        name=name,
        region=region,
        versions=tuple(versions),
        used_by={version.version: users.get(version.arn, []) for version in versions},
        complete=complete,
    )


def _users(functions: Iterable[FunctionStatus]) -> dict[str, list[str]]:
    """These functions by the layer versions that they use, in the form of :meth:`Layers.users`."""
    found: dict[str, list[str]] = {}
    for function in functions:
        for layer in function.layers:
            found.setdefault(layer.arn, []).append(f"{function.name}:$LATEST")
    return found


def _account(stack: Stack | None) -> str:
    return stack.arn.split(":")[4] if stack and stack.arn.count(":") > 4 else ""  # noqa: PLR2004  # an ARN's parts


def layer_of(arn: str, *, account: str) -> str:
    """The name of a version's layer, or its ARN if it is another account's.

    >>> layer_of("arn:aws:lambda:us-east-1:123456789012:layer:web:7", account="123456789012")
    'web'
    >>> layer_of("arn:aws:lambda:us-east-1:753240598075:layer:adapter:24", account="123456789012")
    'arn:aws:lambda:us-east-1:753240598075:layer:adapter'
    """
    layer = arn.rpartition(":")[0]
    return layer.rpartition(":")[2] if not account or layer.split(":")[4] == account else layer


def _use(
    layer: Mapping[str, Any],
    *,
    versions: Mapping[str, Sequence[LayerVersion] | None],
    account: str,
    runtime: str,
    architecture: str,
) -> LayerUse:
    arn = str(layer["Arn"])
    name = layer_of(arn, account=account)
    fitting = [
        version.version
        for version in versions.get(name) or ()
        if fits(version, runtime=runtime, architecture=architecture)
    ]
    number = int(arn.rpartition(":")[2])
    return LayerUse(
        arn=arn,
        name=name,
        version=number,
        zipped_bytes=int(layer.get("CodeSize") or 0),
        newest=max([*fitting, number]) if versions.get(name) is not None else None,
    )


def fits(version: LayerVersion, *, runtime: str, architecture: str) -> bool:
    """Whether a function can use a version; one that names no runtime or no architecture fits each."""
    return (not version.runtimes or runtime in version.runtimes) and (
        not version.architectures or architecture in version.architectures
    )


def describe(status: Status) -> dict[str, Any]:
    """What the module returns of it, beside what is said of the stack."""
    return {
        "stack_arn": status.stack.arn if status.stack else None,
        "stack_reason": status.stack.reason if status.stack else "",
        "deployed": minute(status.stack.changed) if status.stack else "",
        "version": status.version,
        "functions": [_describe_function(function) for function in status.functions],
        "layers": [_describe_layer(layer) for layer in status.layers],
        "builders": [vars(builder) for builder in status.builders],
        "stacks": [
            {"name": stack.name, "status": stack.status, "changed": minute(stack.changed)} for stack in status.stacks
        ],
        "data": [
            {
                "logical_id": holder.logical_id,
                "type": holder.kind,
                "name": holder.name,
                "policy": holder.policy,
                "stays": holder.stays,
            }
            for holder in status.data
        ],
        "unread": [vars(each) for each in status.unread],
    }


def _describe_function(function: FunctionStatus) -> dict[str, Any]:
    return {
        **vars(function),
        "layers": [{**vars(layer), "stale": layer.stale} for layer in function.layers],
        "log": vars(function.log) if function.log else None,
    }


def _describe_layer(layer: LayerStatus) -> dict[str, Any]:
    return {
        "name": layer.name,
        "region": layer.region,
        "newest": layer.newest,
        "unused": layer.unused,
        "complete": layer.complete,
        "versions": [
            {
                "version": version.version,
                "arn": version.arn,
                "runtimes": list(version.runtimes),
                "architectures": list(version.architectures),
                "sha256": claimed_sha256(version),
                "used_by": list(layer.used_by.get(version.version, [])),
            }
            for version in layer.versions
        ],
    }
