# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of region, runtime and architecture, and the facts that settings are checked against."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import (
    ARCHITECTURES,
    RUNTIMES,
    find_runtime,
)

from . import limits


class TargetError(ServerlessError):
    """AWS has no such region or architecture."""


@dataclass(frozen=True)
class World:
    """Facts that settings are checked against.

    :param regions: Names of all regions of AWS; empty if they are not known.
    :param clis: Serverless CLIs that the collection has.
    :param example: Folder of the collection's example app.
    :param today: The current day.
    :param role_variables: Names of all variables that the roles know; empty if they are not known.
    """

    regions: Collection[str]
    clis: Collection[str]
    example: str
    today: date
    role_variables: Collection[str] = ()


def known_regions() -> frozenset[str]:
    """Return the names of all regions of all partitions that botocore knows; empty without botocore."""
    try:
        from botocore.loaders import create_loader  # noqa: PLC0415  # preflight tells that it is missing
    except ImportError:
        return frozenset()
    # No session, because its profile may not be there.
    partitions = create_loader().load_data("endpoints")["partitions"]
    return frozenset(region for partition in partitions for region in partition["regions"])


def problem_of(check: Callable[..., None], *arguments: Any, **options: Any) -> ServerlessError | None:
    """Return the error that a check raises; None if it raises none.

    :param check: The check.
    :param arguments: Its positional arguments.
    :param options: Its keyword arguments.
    """
    try:
        check(*arguments, **options)
    except ServerlessError as error:
        return error
    return None


def check_region(region: str, *, world: World) -> None:
    """Check that AWS has a region.

    :param region: Name of the region.
    :param world: The facts to check against.
    :raises TargetError: AWS does not.
    """
    if region in world.regions or (not world.regions and limits.REGION.fullmatch(region)):
        return
    similar = difflib.get_close_matches(region, sorted(world.regions), n=3)
    raise TargetError(
        f"{region!r} is not a region of AWS",
        f"Set it to {' or '.join(similar) if similar else 'the name of one'}; for a new region, update boto3",
    )


def check_regions(regions: Collection[str], *, world: World) -> None:
    """Check that AWS has each of several regions.

    :param regions: Names of the regions.
    :param world: The facts to check against.
    :raises TargetError: AWS lacks one.
    """
    for region in regions:
        check_region(region, world=world)


def check_runtime(runtime: str, *, world: World) -> None:
    """Check that Lambda has, or has had, a runtime. Its dates are the preflight's subject: a service can outlive them.

    :param runtime: Identifier of the runtime.
    :param world: The facts to check against.
    :raises ServerlessError: Lambda has no such runtime.
    """
    if runtime not in RUNTIMES:
        find_runtime(runtime, today=world.today)


def check_architecture(architecture: str) -> None:
    """Check that Lambda has an architecture.

    :param architecture: Name of the architecture.
    :raises TargetError: Lambda does not.
    """
    if architecture not in ARCHITECTURES:
        words = " or ".join(ARCHITECTURES)
        raise TargetError(f"{architecture!r} is not an architecture of Lambda", f"Set it to {words}")


def partition_of(region: str) -> str:
    """Return the partition of AWS that has a region.

    >>> partition_of("cn-north-1")
    'aws-cn'

    :param region: Name of the region.
    """
    return next((name for start, name in limits.PARTITIONS.items() if region.startswith(start)), "aws")
