# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a deployment would change: the stack and the code that are there against those that were packaged."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Functions, Stack, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._service.losses import Loss

# The file that "package" writes for the second, complete step of a deployment, and the name of the folder in the
# bucket, which is new with every packaging: see osls' naming.js and generate-artifact-directory-name.js.
_TEMPLATE = "cloudformation-template-update-stack.json"
# What "deploy" reads of a package, the template included.
_STATE = "serverless-state.json"
_TIME = re.compile(r"\d{13}-\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
_FUNCTION = "AWS::Lambda::Function"


class PlanError(ServerlessError):
    """The CLI packaged something that can't be read."""


@dataclass(frozen=True)
class Diff:
    """Two texts to compare.

    :param before: what is there; empty if nothing is.
    :param after: what would be there; empty if nothing would.
    """

    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class PackagedFunction:
    """A function that the CLI has packaged.

    :param name: its name.
    :param archive: the zip of its code.
    :param runtime: the runtime that it asks for.
    :param architecture: the architecture that it asks for.
    :param layers: the ARNs of its layers; one that the template makes of something else is written as JSON.
    """

    name: str
    archive: Path
    runtime: str
    architecture: str
    layers: tuple[str, ...]


def removal_diff(stack: Stack) -> Diff:
    """Say what a removal takes away."""
    return Diff(before=_text({"stack": stack.name, "status": stack.status, "outputs": dict(stack.outputs)}))


def summary_diff(stack: Stack | None, *, wanted: Mapping[str, Any]) -> Diff:
    """Say what is known of a deployment without a CLI to package it."""
    before = {"stack": stack.name, "status": stack.status, "outputs": dict(stack.outputs)} if stack else None
    return Diff(before=_text(before), after=_text(wanted))


def deployment_diff(*, stack: Stack | None, stacks: Stacks, functions: Functions, package: Path) -> Diff:
    """Compare what is deployed with what was packaged.

    :param stack: the stack as it is.
    :param stacks: reads its template.
    :param functions: read the hashes of their code.
    :param package: the folder that the CLI packaged into.
    :raises PlanError: the package can't be read.
    """
    wanted = packaged_template(package)
    code = _packaged_code(packaged_functions(wanted, package=package))
    before = None
    if stack is not None:
        there = {name: functions.code_sha256(name) for name in code}
        before = {"template": _comparable(stacks.template(stack.name)), "code_sha256": there}
    return Diff(before=_text(before), after=_text({"template": _comparable(wanted), "code_sha256": code}))


def roll_back_diff(*, before: Mapping[str, Any], after: Mapping[str, Any]) -> Diff:
    """Compare two templates that were deployed, the folders of their code included."""
    return Diff(before=_text({"template": before}), after=_text({"template": after}))


def with_losses(diff: Diff, losses: Iterable[Loss]) -> Diff:
    """Name in a difference the resources that go."""
    words = [loss.words for loss in losses]
    if not words:
        return diff
    return replace(diff, before=diff.before + _text({"deleted_or_replaced": words}))


def packaged_template(package: Path) -> dict[str, Any]:
    """Read the template that the CLI packaged.

    :param package: the folder that it packaged into.
    :raises PlanError: it can't be read.
    """
    path = package / _TEMPLATE
    try:
        template = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError(
            f"the CLI left no readable template at {path}", "Use the CLI's version that is locked"
        ) from error
    return dict(template)


def replace_template(package: Path, template: Mapping[str, Any]) -> None:
    """Have another template deployed than the one that the CLI packaged.

    :param package: the folder that it packaged into.
    :param template: the template.
    :raises PlanError: the package is not as the CLI makes it.
    """
    path = package / _STATE
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        state["service"]["provider"]["compiledCloudFormationTemplate"] = template
        path.write_text(json.dumps(state), encoding="utf-8")
        (package / _TEMPLATE).write_text(json.dumps(template), encoding="utf-8")
    except (OSError, ValueError, LookupError) as error:
        raise PlanError(f"the CLI left no readable state at {path}", "Use the CLI's version that is locked") from error


def packaged_functions(template: Mapping[str, Any], *, package: Path) -> Iterator[PackagedFunction]:
    """Find the functions of a template whose code the CLI has packaged; one that is a container image has none.

    :param template: the template.
    :param package: the folder that the CLI packaged into.
    """
    for resource in template.get("Resources", {}).values():
        properties = resource.get("Properties", {})
        key = properties.get("Code", {}).get("S3Key") if resource.get("Type") == _FUNCTION else None
        archive = package / PurePosixPath(str(key)).name
        if key and isinstance(properties.get("FunctionName"), str) and archive.is_file():
            yield PackagedFunction(
                name=properties["FunctionName"],
                archive=archive,
                runtime=str(properties.get("Runtime", "")),
                architecture=str((properties.get("Architectures") or ["x86_64"])[0]),
                layers=tuple(
                    item if isinstance(item, str) else json.dumps(item) for item in properties.get("Layers", ())
                ),
            )


def _packaged_code(functions: Iterable[PackagedFunction]) -> dict[str, str]:
    """The hash of each function's archive as Lambda will show it, by the function's name."""
    return {
        function.name: base64.b64encode(hashlib.sha256(function.archive.read_bytes()).digest()).decode()
        for function in functions
    }


def _comparable(template: Mapping[str, Any]) -> Any:
    """Take out of a template what differs with every packaging."""
    return json.loads(_TIME.sub("(time)", json.dumps(template)))


def _text(content: Mapping[str, Any] | None) -> str:
    return json.dumps(content, indent=2, sort_keys=True) + "\n" if content else ""
