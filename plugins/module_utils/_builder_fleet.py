# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which builders there are to be, and which of those that are there can serve.

A builder is known by what can't be changed while it runs: operating system, architecture, type, subnet, key pair, how
it is reached, and whether it is a spot instance. Any that differs is to be ended, and so is one more than was asked
for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import find_runtime

#: What is started unless somebody names another type: the smallest of each architecture that compiles CPython.
DEFAULT_TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}
#: More than anybody needs, and fewer than a typing error costs.
MAX_COUNT = 20

#: Of a builder whose SSH server is reached by its address.
BY_ADDRESS = "ssh"

#: Tag of an instance that tells which run started it.
RUN_TAG = "asesoria:run"

_KEYS = ("runtime", "architecture", "instance_type", "count")
#: Those that run are kept before those that are stopped, which take a minute to start.
_ORDER = ("running", "pending", "stopping", "stopped")


class FleetError(ServerlessError):
    """What was asked for is no fleet."""


@dataclass(frozen=True)
class Kind:
    """Builders that are alike.

    :param os: name of the operating system.
    :param architecture: one of C(ARCHITECTURES).
    :param instance_type: EC2 instance type.
    :param ami_parameter: Systems Manager parameter of the newest image.
    :param ssh_user: the login that the image comes with.
    :param count: how many.
    """

    os: str
    architecture: str
    instance_type: str
    ami_parameter: str
    ssh_user: str
    count: int

    def is_of(self, instance: Mapping[str, Any]) -> bool:
        """Whether an instance, as C(amazon.aws.ec2_instance_info) tells it, is of this kind."""
        there = (instance.get("tags", {}).get("OperatingSystem"), instance["architecture"], instance["instance_type"])
        return there == (self.os, self.architecture, self.instance_type)


@dataclass(frozen=True)
class Place:
    """What all builders have in common.

    :param key_name: name of the key pair; None if there is none any more, so that no instance knows the key.
    :param subnet_id: the only subnet that they may be in; empty for any.
    :param spot: whether they are spot instances.
    :param access: how they are reached, the value of their tag C(Access); one without it is reached by its address.
    """

    key_name: str | None
    subnet_id: str
    spot: bool
    access: str = BY_ADDRESS

    def has(self, instance: Mapping[str, Any]) -> bool:
        """Whether an instance is as all have to be."""
        return (
            self.key_name is not None
            and instance.get("key_name") == self.key_name
            and self.subnet_id in ("", instance.get("subnet_id"))
            and (instance.get("instance_lifecycle") == "spot") == self.spot
            and instance.get("tags", {}).get("Access", BY_ADDRESS) == self.access
        )


def read_kinds(wanted: Sequence[Mapping[str, Any]], *, defaults: Mapping[str, Any], today: date) -> list[Kind]:
    """The kinds that are asked for; entries that come to the same kind are added up.

    :param wanted: mappings with any of C(runtime), C(architecture), C(instance_type) (empty for the smallest that will
        do) and C(count).
    :param defaults: a mapping with all four, for what an entry does not say.
    :param today: the day to hold the runtimes' dates against.
    :raises ServerlessError: an entry has another key or a value that won't do.
    """
    kinds: dict[tuple[str, str, str], Kind] = {}
    for entry in wanted:
        unknown = sorted(set(entry) - set(_KEYS))
        if unknown:
            raise FleetError(f"a fleet has no {unknown[0]!r}", f"Its entries know {', '.join(_KEYS)}")
        kind = _read_kind({**defaults, **{key: value for key, value in entry.items() if value is not None}}, today)
        key = (kind.os, kind.architecture, kind.instance_type)
        kinds[key] = Kind(**{**vars(kind), "count": kind.count + (kinds[key].count if key in kinds else 0)})
    for kind in kinds.values():
        if kind.count > MAX_COUNT:
            raise FleetError(
                f"{kind.count} builders of one kind are more than the {MAX_COUNT} that this is meant for",
                "Correct the count",
            )
    return list(kinds.values())


def _read_kind(entry: Mapping[str, Any], today: date) -> Kind:
    runtime = find_runtime(str(entry["runtime"]), today=today)
    architecture = str(entry["architecture"])
    facts = runtime.facts(architecture)
    return Kind(
        os=facts["os"],
        architecture=architecture,
        instance_type=str(entry["instance_type"] or DEFAULT_TYPES[architecture]),
        ami_parameter=facts["ami_parameter"],
        ssh_user=facts["ssh_user"],
        count=_read_count(entry["count"]),
    )


def _read_count(value: object) -> int:
    # A playbook's numbers may come as text; Python takes a truth value for a number.
    if isinstance(value, bool) or not str(value).strip().isdecimal() or int(str(value)) < 1:
        raise FleetError(f"{value!r} is no number of builders", "Give a whole number from 1 on")
    return int(str(value))


def sort_out(
    instances: Sequence[Mapping[str, Any]], *, kinds: Sequence[Kind], place: Place, by_age: bool = False
) -> tuple[list[list[Mapping[str, Any]]], list[Mapping[str, Any]]]:
    """Tell the instances that can serve from those that are to be ended.

    :param instances: those that are alive, as C(amazon.aws.ec2_instance_info) tells them.
    :param kinds: what is asked for.
    :param place: what all have in common.
    :param by_age: whether the oldest are kept, whatever state they are in. Two runs at once then keep the same ones.
    :returns: for each kind, the instances to keep, at most as many as it counts; and all others.
    """
    left = sorted(instances, key=_age if by_age else _readiness)
    kept: list[list[Mapping[str, Any]]] = []
    for kind in kinds:
        fitting = [each for each in left if kind.is_of(each) and place.has(each)][: kind.count]
        left = [each for each in left if each not in fitting]
        kept.append(fitting)
    return kept, left


def of_run(instances: Sequence[Mapping[str, Any]], run: str) -> list[str]:
    """Return the identifiers of the instances that a run started.

    :param instances: Instances, as C(amazon.aws.ec2_instance_info) tells them.
    :param run: Value of the tag :data:`RUN_TAG`; no instance is of an empty one.
    """
    return [each["instance_id"] for each in instances if run and each.get("tags", {}).get(RUN_TAG) == run]


def _readiness(instance: Mapping[str, Any]) -> tuple[int, str]:
    return _ORDER.index(instance["state"]["name"]), instance["instance_id"]


def _age(instance: Mapping[str, Any]) -> tuple[str, str]:
    return str(instance.get("launch_time", "")), instance["instance_id"]
