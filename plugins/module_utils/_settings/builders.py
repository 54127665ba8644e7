# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The builders among the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._builder_fleet import MAX_COUNT
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

from . import limits
from .choice import Problem, Values
from .settings import Builders
from .target import World, check_architecture, check_runtime, problem_of
from .values import Kind, shown, text, within

FLEET = "asesoria_fleet"
ARM = "arm64"
#: Processors of each of the default types.
_VCPUS = 2
_KINDS: Mapping[str, Kind] = {
    "runtime": text,
    "architecture": text,
    "instance_type": text,
    "count": within(range(1, MAX_COUNT + 1), unit="builders"),
}


class BuildersError(ServerlessError):
    """A builder can't be of the kind that the settings name."""


def read_builders(values: Values, *, world: World, region: str, ssm_command: str) -> Builders:
    """Read the settings of the builders.

    :param values: The settings, which also take the problems.
    :param world: The facts to check against.
    :param region: Region of the service.
    :param ssm_command: Command for SSH through Session Manager where the user gives none.
    """
    cidr = values["builder_ec2_cidr"]
    instance_type = values["builder_ec2_instance_type"]
    try:
        check_instance_type(instance_type, architecture=values["asesoria_architecture"])
    except BuildersError as error:
        values.refuse("builder_ec2_instance_type", error)
    access = values["asesoria_builder_access"] or ("cidr" if cidr else "my_ip")
    if (access == "cidr") != bool(cidr):
        values.problems.append(
            Problem(
                values.label("asesoria_builder_access"),
                f"builders are reached by {access}, and builder_ec2_cidr names {len(cidr) or 'no'} "
                f"network{'' if len(cidr) == 1 else 's'}",
                "Networks go with cidr, and cidr with networks: correct one of the two",
            )
        )
    fleet = tuple(_read_fleet(values, world=world))
    count = values["builder_ec2_count"]
    machines = sum(each.get("count", count) for each in fleet) if fleet else count
    return Builders(
        fleet=fleet,
        access=access,
        cidr=cidr,
        spot=values["asesoria_builder_spot"],
        instance_type=instance_type,
        count=count,
        ssm_command=values["asesoria_ssm_command"] or ssm_command,
        port=values["asesoria_builder_port"],
        python_bucket=values["asesoria_python_bucket"],
        python_bucket_region=values["python311_from_source_s3_region"] or region,
        vcpus=values["preflight_builder_vcpus"] or machines * _VCPUS,
    )


def check_instance_type(instance_type: str, *, architecture: str) -> None:
    """Check that an instance type has the form of EC2's, and a processor of the architecture.

    :param instance_type: The type; empty for the architecture's default.
    :param architecture: Name of the architecture.
    :raises BuildersError: It has not.
    """
    if not instance_type:
        return
    found = limits.INSTANCE_TYPE.fullmatch(instance_type)
    if not found:
        raise BuildersError(f"{instance_type!r} is not an instance type of EC2", "Write one such as t3.micro")
    is_arm = limits.ARM_FAMILY.fullmatch(found["family"]) is not None
    if is_arm != (architecture == ARM):
        has = ARM if is_arm else "x86_64"
        raise BuildersError(
            f"{instance_type!r} has {has} processors, and the architecture is {architecture}",
            f"Choose another type, or {has}",
        )


def _read_fleet(values: Values, *, world: World) -> Iterator[Mapping[str, Any]]:
    for number, entry in enumerate(values[FLEET], start=1):
        where = f"{values.label(FLEET)}[{number}]"
        kind: dict[str, Any] = {}
        for key, value in entry.items():
            try:
                kind[key] = _convert(key, value)
            except ServerlessError as error:  # noqa: PERF203  # each is told
                values.problems.append(Problem(f"{where}.{key}", error.problem, error.remedy))
        values.problems += _kind_problems(kind, where=where, values=values, world=world)
        yield kind


def _convert(key: str, value: object) -> Any:
    if key not in _KINDS:
        raise BuildersError(f"an entry has no {shown(key)}", f"Use {', '.join(_KINDS)}")
    return _KINDS[key](value)


def _kind_problems(kind: Mapping[str, Any], *, where: str, values: Values, world: World) -> Iterator[Problem]:
    """Find what is wrong with a kind of builders."""
    architecture = kind.get("architecture") or values["asesoria_architecture"]
    # The default type of the role counts for an entry of another architecture as well.
    instance_type = kind.get("instance_type", values["builder_ec2_instance_type"])
    problems = {
        "runtime": problem_of(check_runtime, kind["runtime"], world=world) if "runtime" in kind else None,
        "architecture": problem_of(check_architecture, architecture) if "architecture" in kind else None,
        "instance_type": problem_of(check_instance_type, instance_type, architecture=architecture),
    }
    for key, error in problems.items():
        if error:
            yield Problem(f"{where}.{key}", error.problem, error.remedy)
