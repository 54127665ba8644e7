# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives the functions of a packaged template an alias, and has all that asks the functions ask it.

A stack then holds a deployment in one of two ways. Settled, the alias points at the version of the deployment's own
code. Weighted, it points at the version that answered before, and lets the new one answer a part of the requests; what
the stack says of its fingerprint is then marked, so that nobody takes it for the whole deployment.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import FINGERPRINT_OUTPUT

_FUNCTION, _VERSION, _ALIAS = "AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias"
#: Types whose resources speak of the function itself, whoever asks for it.
_OF_THE_FUNCTION = (_FUNCTION, _VERSION, _ALIAS, "AWS::IAM::", "AWS::Logs::")
#: Types that name the alias beside the function, in a property of its own. CloudFormation User Guide.
_QUALIFIED = ("AWS::Lambda::Url", "AWS::Lambda::EventInvokeConfig")
#: AWS Lambda API Reference, CreateAlias.
_NAME = re.compile(r"(?!\d+$)[a-zA-Z0-9_-]{1,128}")
_WEIGHTED = re.compile(r"(?P<fingerprint>\S+) weighted after (?P<version>\S*)")


class AliasError(ServerlessError):
    """Functions can't have that alias."""


@dataclass(frozen=True)
class Release:
    """How new code of functions gets to answer.

    :param alias: the name of the alias that is asked.
    :param weight: percent of the requests that a new version answers for now; 0 if it answers all of them.
    :param prune: whether versions that no alias points at are deleted.
    """

    alias: str
    weight: int = 0
    prune: bool = False

    def check(self) -> None:
        """Refuse what Lambda would refuse.

        :raises AliasError: it would.
        """
        if not _NAME.fullmatch(self.alias):
            raise AliasError(
                f"the alias {self.alias!r} has a name that Lambda does not take",
                "Use at most 128 letters, digits, hyphens and underscores, not digits alone",
            )
        if not 0 <= self.weight < 100:  # noqa: PLR2004  # percent
            raise AliasError(f"the weight is {self.weight} percent", "Give 1 to 99, or 0 for all requests at once")


@dataclass(frozen=True)
class PublishedFunction:
    """A function of a template that has a version.

    :param logical_id: the function's name in the template.
    :param version_id: its version's.
    :param name: the function's name in AWS.
    """

    logical_id: str
    version_id: str
    name: str


def published_functions(template: Mapping[str, Any]) -> list[PublishedFunction]:
    """Find the functions of a template that have a version."""
    resources: Mapping[str, Any] = template.get("Resources", {})
    found = []
    for version_id, version in resources.items():
        function_id = _referred(version["Properties"]["FunctionName"]) if version["Type"] == _VERSION else ""
        if function_id in resources:
            name = resources[function_id]["Properties"].get("FunctionName")
            if isinstance(name, str):
                found.append(PublishedFunction(logical_id=function_id, version_id=version_id, name=name))
    return found


def with_aliases(
    template: Mapping[str, Any], *, alias: str, weight: int, answering: Mapping[str, str], before: str
) -> dict[str, Any]:
    """Give each function with a version an alias.

    :param template: the template that the CLI has packaged.
    :param alias: the alias' name.
    :param weight: percent of the requests that new versions answer.
    :param answering: the version that answers the others, by the function's logical name; functions that are not in it
        have no new version, or nothing that answered before.
    :param before: the deployment that the stack holds, for the mark of a weighted one.
    :returns: another template.
    :raises AliasError: a function has an alias of its own, or none has a version.
    """
    made = copy.deepcopy(dict(template))
    functions = published_functions(made)
    if not functions:
        raise AliasError(
            "no function of the service has a version for an alias to point at",
            "Take versionFunctions: false out of its configuration, or deploy without an alias",
        )
    for function in functions:
        _require_no_alias(made, function)
        _redirect_resources(made["Resources"], function, alias=alias)
        made["Resources"][_alias_id(function)] = _alias(
            function, alias=alias, weight=weight, answering=answering.get(function.logical_id)
        )
    if answering:
        output = made["Outputs"][FINGERPRINT_OUTPUT]
        output["Value"] = f"{output['Value']} weighted after {before}"
    return made


def weighted_after(outputs: Mapping[str, str]) -> str | None:
    """Say what a stack held before its weighted deployment.

    :param outputs: the stack's.
    :returns: the deployment, empty if that is not known; C(None) if the stack holds no weighted one.
    """
    found = _WEIGHTED.fullmatch(outputs.get(FINGERPRINT_OUTPUT, ""))
    return found["version"] if found else None


def deployed_fingerprint(outputs: Mapping[str, str]) -> str:
    """Return the fingerprint of the deployment that a stack holds, weighted or not; empty if it has none.

    :param outputs: Outputs of the stack.
    """
    value = outputs.get(FINGERPRINT_OUTPUT, "")
    found = _WEIGHTED.fullmatch(value)
    return found["fingerprint"] if found else value


def template_fingerprint(template: Mapping[str, Any]) -> str:
    """What a stack will say of its fingerprint; empty if the template has none."""
    return str(template.get("Outputs", {}).get(FINGERPRINT_OUTPUT, {}).get("Value", ""))


def weighted_aliases(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Find the aliases that share their requests out; each as the function's name in AWS and the alias'."""
    names = {function.logical_id: function.name for function in published_functions(template)}
    for resource in template.get("Resources", {}).values():
        if resource["Type"] == _ALIAS:
            properties = resource["Properties"]
            name = names.get(_referred(properties.get("FunctionName")))
            if name and properties.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
                yield name, str(properties["Name"])


def _alias_id(function: PublishedFunction) -> str:
    return f"{function.logical_id}AsesoriaAlias"


def _alias(function: PublishedFunction, *, alias: str, weight: int, answering: str | None) -> dict[str, Any]:
    new = {"Fn::GetAtt": [function.version_id, "Version"]}
    weights = [{"FunctionVersion": new, "FunctionWeight": weight / 100}] if answering else []
    return {
        "Type": _ALIAS,
        "Properties": {
            "FunctionName": {"Ref": function.logical_id},
            "Name": alias,
            "FunctionVersion": answering or new,
            # Said even if there are none: UpdateAlias leaves weights as they are if it is told nothing of them.
            "RoutingConfig": {"AdditionalVersionWeights": weights},
        },
    }


def _require_no_alias(template: Mapping[str, Any], function: PublishedFunction) -> None:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == _ALIAS and _referred(resource["Properties"].get("FunctionName")) == function.logical_id:
            raise AliasError(
                f"the function {function.name} has an alias already, {logical_id}",
                "Take it out of its configuration (provisionedConcurrency and snapStart make one), or deploy without "
                "an alias",
            )


def _redirect_resources(resources: dict[str, Any], function: PublishedFunction, *, alias: str) -> None:
    for logical_id, resource in resources.items():
        kind = str(resource["Type"])
        if kind in _QUALIFIED:
            properties = resource["Properties"]
            named = (_referred(properties.get("TargetFunctionArn")), _referred(properties.get("FunctionName")))
            if function.logical_id in named:
                properties["Qualifier"] = alias
                needed = resource.get("DependsOn", [])
                resource["DependsOn"] = [*([needed] if isinstance(needed, str) else needed), _alias_id(function)]
        elif not kind.startswith(_OF_THE_FUNCTION):
            resources[logical_id] = {
                **resource,
                "Properties": _redirect(resource.get("Properties", {}), function.logical_id, alias=_alias_id(function)),
            }


def _referred(value: Any) -> str:
    """The logical name that a value refers to, by C(Ref) or by its ARN; empty if it is none."""
    if isinstance(value, Mapping) and len(value) == 1:
        (key, target), *_none = value.items()
        if key == "Ref":
            return str(target)
        if key == "Fn::GetAtt":
            name, _dot, attribute = target.partition(".") if isinstance(target, str) else (target[0], ".", target[1])
            return str(name) if attribute == "Arn" else ""
    return ""


def _redirect(value: Any, function: str, *, alias: str) -> Any:
    """Put the alias in the place of a function, wherever a value refers to it; the alias' C(Ref) is its ARN."""
    if _referred(value) == function:
        return {"Ref": alias}
    if isinstance(value, list):
        return [_redirect(item, function, alias=alias) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: _redirect_text(item, function, alias=alias)
        if key == "Fn::Sub" and isinstance(item, str)
        else _redirect(item, function, alias=alias)
        for key, item in value.items()
    }


def _redirect_text(text: str, function: str, *, alias: str) -> str:
    return text.replace(f"${{{function}.Arn}}", f"${{{alias}}}").replace(f"${{{function}}}", f"${{{alias}}}")
