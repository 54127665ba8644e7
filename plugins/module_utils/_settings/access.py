# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IAM user and the rights of the chain among the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._service_domain import ServiceDomain

from . import limits
from .choice import Values
from .names import deployment_role_name
from .settings import Access, Function, Layer
from .target import partition_of

#: Playbooks for which the chain's user can have a policy.
PLAYBOOKS = ("builder", "layer", "deploy")


def read_access(
    values: Values,
    *,
    identity: Owner,
    region: str,
    layers: Sequence[Layer],
    function: Function,
    front_door: str,
    domain: ServiceDomain | None,
    alias: str,
    session_manager_profile: str,
) -> Access:
    """Read the settings of the user. A right that the service has needed may be named, until it is needed no more.

    :param values: The settings, which also take the problems.
    :param identity: Identity of the service.
    :param region: Region of the service.
    :param layers: The layers that the chain builds.
    :param function: Properties of the function.
    :param front_door: What requests come in by.
    :param domain: The domain of the service; None for none.
    :param alias: Alias of the function; empty for none.
    :param session_manager_profile: Instance profile of builders that Session Manager reaches; empty for none.
    """
    has_role = values["asesoria_deployment_role"]
    role = f"{deployment_role_name(identity, region=region)}"
    made_role = f"arn:{partition_of(region)}:iam::${{aws:accountId}}:role/{role}" if has_role else ""
    _check_words(values, "iam_user_playbooks", PLAYBOOKS)
    _check_words(values, "iam_user_front_doors", limits.FRONT_DOORS)
    nameless = [each for each in values["iam_user_domains"] or () if not each.get("name")]
    values.refuse_if(nameless, "iam_user_domains", "a domain has no name", "Give each entry a name")
    sharing = any(layer.sharing != "" for layer in layers)
    more_regions = sorted({region for layer in layers for region in layer.regions})
    return Access(
        create_user=values["asesoria_create_user"],
        playbooks=values["iam_user_playbooks"],
        path=values["iam_user_path"],
        permissions_boundary=values["iam_user_permissions_boundary"],
        deployment_role=has_role,
        deployment_role_arn=values["serverless_deploy_deployment_role"] or made_role,
        layer_names=_with(values["iam_user_layer_names"], *(layer.name for layer in layers)),
        front_doors=_with(values["iam_user_front_doors"], front_door),
        domains=_with(values["iam_user_domains"], *((asdict(domain),) if domain else ())),
        function_vpc=_or(values, "iam_user_function_vpc", bool(function.vpc)),
        function_alias=_or(values, "iam_user_function_alias", bool(alias)),
        layer_regions=_with(values["iam_user_layer_regions"], *more_regions),
        layer_share=_or(values, "iam_user_layer_share", sharing),
        layer_prune=_or(values, "iam_user_layer_prune", any(layer.keep_versions for layer in layers)),
        builder_profile=session_manager_profile,
    )


def _with(given: Sequence[Any] | None, *needed: Any) -> tuple[Any, ...]:
    """Return the values that the settings need, and others that the user names; each once."""
    others = [each for each in given or () if each not in needed]
    return (*needed, *others)


def _or(values: Values, name: str, needed: bool) -> bool:  # noqa: FBT001  # the one value beside the name
    """Return True if the settings need a right, or the user asks for it."""
    return needed or bool(values[name])


def _check_words(values: Values, name: str, known: Sequence[str]) -> None:
    unknown = sorted(set(values[name] or ()).difference(known))
    values.refuse_if(unknown, name, f"there is no {', '.join(unknown)}", f"Use {', '.join(known)}")
