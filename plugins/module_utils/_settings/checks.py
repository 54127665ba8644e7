# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of single values against the limits of AWS and the CLI. Each is a conversion, as in :mod:`.values`."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import limits
from .limits import NameRule
from .names import APP_FUNCTION
from .values import InvalidValueError, Kind, mapping, shown, text, texts

_SCHEDULES = (limits.RATE, limits.CRON)
#: Beginnings of the CLI's variables and of CloudFormation's, whose values nobody knows yet.
_VARIABLE = "${"
#: An account and a long region, in the place of those that a pattern of names leaves open.
_SOME_ACCOUNT = "0" * 12
_SOME_REGION = "ap-southeast-1"
_VPC_KEYS = {
    "securityGroupIds": (limits.SECURITY_GROUP_ID, "sg-0123456789abcdef0"),
    "subnetIds": (limits.SUBNET_ID, "subnet-0123456789abcdef0"),
}


def named(rule: NameRule) -> Kind:
    """Make a conversion to a name that a rule allows. Empty text stays empty.

    :param rule: The rule.
    """

    def convert(value: object) -> str:
        found = text(value)
        problem = rule.problem(found) if found else ""
        if problem:
            raise InvalidValueError(problem, "Choose another name")
        return found

    return convert


def bucket_pattern(value: object) -> str:
    """Convert a value to the name of a bucket, with ``{account}`` and ``{region}`` for those of each region.

    :param value: The value.
    :raises InvalidValueError: No bucket can have the name.
    """
    found = text(value)
    filled = found.replace("{account}", _SOME_ACCOUNT).replace("{region}", _SOME_REGION)
    named(limits.BUCKET)(filled)
    return found


def networks(value: object) -> tuple[str, ...]:
    """Convert a value to a list of networks.

    :param value: The value.
    :raises InvalidValueError: An entry is neither an address nor a network.
    """
    found = texts(value)
    for each in found:
        _require_network(each)
    return found


def _require_network(network: str) -> None:
    try:
        ipaddress.ip_network(network, strict=False)
    except ValueError as error:
        raise InvalidValueError(
            f"{network!r} is neither an address nor a network", "Write it as 198.51.100.7 or 198.51.100.0/24"
        ) from error


def routes(value: object) -> tuple[str, ...]:
    """Convert a value to a list of routes.

    :param value: The value.
    :raises InvalidValueError: An entry is not a method and a path.
    """
    found = texts(value)
    for each in found:
        if not limits.ROUTE.fullmatch(each):
            raise InvalidValueError(
                f"{each!r} is not a route", 'Write a method in capitals and a path, such as "GET /items/{id}"'
            )
    return found


def function_environment(value: object) -> dict[str, Any]:
    """Convert a value to the environment of a function.

    :param value: The value.
    :raises InvalidValueError: Lambda would refuse a name or the size.
    """
    found = mapping(value)
    for name in found:
        if name in limits.RESERVED_ENVIRONMENT:
            raise InvalidValueError(f"Lambda sets the environment variable {name} itself", "Remove it")
        if not limits.ENVIRONMENT_NAME.fullmatch(name):
            raise InvalidValueError(
                f"{name!r} is not a name for an environment variable",
                "Begin with a letter and go on with letters, digits and _, two characters at least",
            )
        if isinstance(found[name], list) or found[name] is None:
            raise InvalidValueError(
                f"the environment variable {name} is {shown(found[name])}", "Set it to text, or remove it"
            )
    size = len(json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode())
    if size > limits.MAX_ENVIRONMENT_BYTES:
        raise InvalidValueError(
            f"the environment has {size} bytes, and Lambda takes {limits.MAX_ENVIRONMENT_BYTES}", "Shorten it"
        )
    return found


def vpc(value: object) -> dict[str, Any]:
    """Convert a value to the VPC of a function.

    :param value: The value.
    :raises InvalidValueError: A key is unknown, one of the two is missing, or an identifier has another form.
    """
    found = mapping(value)
    unknown = sorted(set(found).difference(_VPC_KEYS))
    missing = [key for key in _VPC_KEYS if found and not found.get(key)]
    if unknown or missing:
        what = f"has {', '.join(unknown)}" if unknown else f"lacks {' and '.join(missing)}"
        raise InvalidValueError(f"the VPC {what}", f"Give it {' and '.join(_VPC_KEYS)}, each a list")
    # A mapping is one of CloudFormation's functions.
    lists = {key: each if isinstance(each, Mapping) else texts(each) for key, each in found.items()}
    for key, identifiers in lists.items():
        for each in () if isinstance(identifiers, Mapping) else identifiers:
            form, example = _VPC_KEYS[key]
            if not each.startswith((_VARIABLE, "{")) and not form.fullmatch(each):
                raise InvalidValueError(
                    f"{each!r} in {key} is not an identifier of EC2", f"Write it as AWS does, such as {example}"
                )
    return {key: each if isinstance(each, Mapping) else list(each) for key, each in lists.items()}


def path(value: object) -> str:
    """Convert a value to a path. A relative one counts from the folder that ansible-playbook was started in.

    :param value: The value.
    :raises InvalidValueError: The value is not text.
    """
    found = text(value)
    return found if not found or found.startswith(("/", "~")) else str(Path.cwd() / found)


def cors(value: object) -> dict[str, Any]:
    """Convert a value to rules for requests from other origins.

    :param value: The value.
    :raises InvalidValueError: The CLI knows no rule of that name.
    """
    found = mapping(value)
    unknown = sorted(set(found).difference(limits.CORS_KEYS))
    if unknown:
        raise InvalidValueError(f"there is no rule {', '.join(unknown)}", f"Use {', '.join(limits.CORS_KEYS)}")
    return found


def scheduled_functions(value: object) -> dict[str, Any]:
    """Convert a value to functions as serverless.yml describes them.

    :param value: The value.
    :raises InvalidValueError: A function has the name of another one, is not a mapping, or has a bad limit or schedule.
    """
    found = mapping(value)
    names = {_resource_name(APP_FUNCTION): "the app itself"}
    for name, function in found.items():
        resource = _resource_name(name)
        if resource in names:
            raise InvalidValueError(
                f"the function {name} would be the same resource of CloudFormation as {names[resource]}",
                "Choose another name",
            )
        names[resource] = f"the function {name}"
        if not isinstance(function, Mapping):
            raise InvalidValueError(f"the function {name} is {shown(function)}", "Give it keys, a handler among them")
        for key, allowed in (("timeout", limits.FUNCTION_TIMEOUT), ("memorySize", limits.MEMORY_SIZE)):
            number = function.get(key)
            if isinstance(number, int) and number not in allowed:
                raise InvalidValueError(
                    f"{key} of the function {name} is {number}", f"Set it to {allowed[0]} to {allowed[-1]}"
                )
        events = function.get("events")
        if not isinstance(events, (list, type(None))):
            raise InvalidValueError(f"the events of the function {name} are {shown(events)}", "Make them a list")
        for event in events or []:
            if isinstance(event, Mapping) and "schedule" in event:
                _require_schedule(event["schedule"], name=name)
    return found


def _resource_name(function: str) -> str:
    """Return what the CLI makes of a function's name in CloudFormation (osls 4.3.1, ``naming.js``)."""
    name = str(function).replace("-", "Dash").replace("_", "Underscore")
    return name[:1].upper() + name[1:]


def _require_schedule(schedule: object, *, name: str) -> None:
    """Refuse an event whose schedule EventBridge would refuse."""
    settings = schedule if isinstance(schedule, Mapping) else {"rate": schedule}
    rates = settings.get("rate")
    forms = (*_SCHEDULES, limits.AT) if settings.get("method") == "scheduler" else _SCHEDULES
    for rate in rates if isinstance(rates, list) and rates else [rates]:
        # A mapping is one of CloudFormation's functions.
        known = isinstance(rate, Mapping) or (
            isinstance(rate, str)
            and (rate.strip().startswith(_VARIABLE) or any(form.fullmatch(rate.strip()) for form in forms))
        )
        if not known:
            raise InvalidValueError(
                f"{shown(rate)} of the function {name} is not a schedule",
                "Write rate(5 minutes), rate(1 hour) or cron(0 6 * * ? *), whose six fields end with the year; with "
                "method: scheduler also at(2027-01-31T06:00:00)",
            )


def iam_path(value: object) -> str:
    """Convert a value to the path of an IAM user.

    :param value: The value.
    :raises InvalidValueError: The path does not begin and end with a slash.
    """
    found = text(value)
    if not limits.IAM_PATH.fullmatch(found):
        raise InvalidValueError(f"{found!r} is not a path of IAM", "Begin and end it with a slash, such as /apps/")
    return found


def arn_of_policy(value: object) -> str:
    """Convert a value to the ARN of a managed policy. Empty text stays empty.

    :param value: The value.
    :raises InvalidValueError: The value is not the ARN of a policy.
    """
    found = text(value)
    if found and not limits.MANAGED_POLICY.fullmatch(found):
        raise InvalidValueError(
            f"{found!r} is not the ARN of a policy", "Write it as AWS does, with the 12 digits of the account"
        )
    return found


def arn_of_role(value: object) -> str:
    """Convert a value to the ARN of a role. Empty text stays empty.

    :param value: The value.
    :raises InvalidValueError: The value is not the ARN of a role.
    """
    found = text(value)
    if found and not limits.IAM_ROLE.fullmatch(found):
        raise InvalidValueError(
            f"{found!r} is not the ARN of a role", "Write it as AWS does, with the 12 digits of the account"
        )
    return found


def environment(value: object) -> dict[str, str]:
    """Convert a value to the environment of a stage.

    :param value: The value.
    :raises InvalidValueError: The value is not a mapping.
    """
    return {name: text(each) for name, each in mapping(value).items()}


def find_placeholder(value: object) -> str:
    """Find an ARN whose account has no 12 digits, such as a tutorial's; empty if there is none.

    :param value: The value of a setting, searched however deep.
    """
    if isinstance(value, Mapping):
        return next(filter(None, map(find_placeholder, value.values())), "")
    if isinstance(value, (list, tuple)):
        return next(filter(None, map(find_placeholder, value)), "")
    if not isinstance(value, str):
        return ""
    for match in limits.ARN.finditer(value):
        account = match["account"]
        if account.isdecimal() and not limits.ACCOUNT.fullmatch(account):
            return value
    return ""
