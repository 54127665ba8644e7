# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shares the requests of a front door out by the weights of an alias; ministack sends all of them to one version.

AWS Lambda Developer Guide, "Implement Lambda canary deployments using a weighted alias".
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import lambda_svc

Found = tuple[dict[str, Any] | None, dict[str, Any] | None]

#: What is used or replaced of ministack, by module.
PRIVATE_NAMES = {
    "ministack.services.lambda_svc": (
        "_effective_func_record_for_qualifier",
        "_functions",
        "_get_func_record_for_qualifier",
    ),
}


def chosen_version(alias: Mapping[str, Any], *, chance: float) -> str:
    """The version that a request to an alias gets.

    :param alias: as GetAlias returns it.
    :param chance: a number from 0 to 1.
    """
    weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {}
    for version, weight in weights.items():
        if chance < weight:
            return str(version)
        chance -= weight
    return str(alias["FunctionVersion"])


def install() -> None:
    """Have ministack share requests out."""
    by_qualifier: Callable[[Any, str | None], Found] = lambda_svc._effective_func_record_for_qualifier

    def shared_out(func: dict[str, Any] | None, qualifier: str | None) -> Found:
        alias = func.get("aliases", {}).get(qualifier) if func else None
        # The choice is no secret.
        version = chosen_version(alias, chance=random.random()) if alias else qualifier  # noqa: S311
        return by_qualifier(func, version)

    def as_configured(name: str, qualifier: str | None) -> Found:
        # What is read of an alias, rather than asked of it, is always the first version.
        return by_qualifier(lambda_svc._functions.get(name), qualifier)

    lambda_svc._effective_func_record_for_qualifier = shared_out
    lambda_svc._get_func_record_for_qualifier = as_configured
