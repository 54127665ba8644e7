# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of all that belongs to a service and stage, derived in one place, and the limits that AWS has for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner

from . import limits
from .limits import NameRule

#: The function of the app, as serverless.yml calls it.
APP_FUNCTION = "api"


@dataclass(frozen=True)
class Names:
    """Names that a setting can override.

    :param user: Name of the IAM user.
    :param profile: Name of the profile in the AWS files.
    :param key_pair: Name of the builders' key pair.
    :param security_group: Name of the builders' security group.
    :param instance_profile: Name of the builders' instance profile and of its role.
    :param layer: Name of the app's layer.
    """

    user: str
    profile: str
    key_pair: str
    security_group: str
    instance_profile: str
    layer: str


@dataclass(frozen=True)
class NameProblem:
    """A derived name that AWS or the CLI refuses.

    :param problem: The name, the limit, and where the name comes from.
    :param setting: The setting that gives the name directly; empty if only the identity gives it.
    """

    problem: str
    setting: str = ""


def stack_name(owner: Owner) -> str:
    """Return the name of the stack, as the Serverless CLI forms it.

    >>> stack_name(Owner(project="shop", service="orders", stage="dev"))
    'orders-dev'
    """
    return f"{owner.service}-{owner.stage}"


def qualified_name(owner: Owner) -> str:
    """Return the beginning of the names that are unique to a project's service and stage.

    >>> qualified_name(Owner(project="shop", service="orders", stage="dev"))
    'shop-orders-dev'
    """
    return f"{owner.project}-{owner.service}-{owner.stage}"


def derive_names(owner: Owner, given: Mapping[str, str]) -> Names:
    """Derive the names that the settings do not give.

    :param owner: Identity of the service.
    :param given: Names by field of :class:`Names`; an empty one counts as not given.
    """
    qualified = qualified_name(owner)
    user = given.get("user") or qualified
    return Names(
        user=user,
        profile=given.get("profile") or user,
        key_pair=given.get("key_pair") or f"{qualified}-builder",
        security_group=given.get("security_group") or f"{qualified}-builder",
        instance_profile=given.get("instance_profile") or f"{qualified}-lambda-builder",
        layer=given.get("layer") or f"{stack_name(owner)}-dependencies",
    )


def deployment_role_name(owner: Owner, *, region: str) -> str:
    """Return the name of the role with which CloudFormation acts.

    :param owner: Identity of the service.
    :param region: Region of the stack.
    """
    return f"{stack_name(owner)}-{region}-deployment"


def lambda_role_name(owner: Owner, *, region: str) -> str:
    """Return the name of the functions' role, as the Serverless CLI forms it.

    :param owner: Identity of the service.
    :param region: Region of the stack.
    """
    return f"{stack_name(owner)}-{region}-lambdaRole"


def launch_template_name(owner: Owner) -> str:
    """Return the name of the launch template of spot builders."""
    return f"{qualified_name(owner)}-lambda-builder-spot"


def policy_name(user: str, owner: Owner, *, playbook: str) -> str:
    """Return the name of the customer managed policy for one playbook.

    :param user: Name of the IAM user.
    :param owner: Identity of the service.
    :param playbook: Name of the playbook, or of the part of the chain that the policy is for.
    """
    return f"{user}-{stack_name(owner)}-{playbook}"


def function_name(owner: Owner, *, function: str = APP_FUNCTION) -> str:
    """Return the name of a function in AWS, as the Serverless CLI forms it.

    :param owner: Identity of the service.
    :param function: Name of the function in serverless.yml.
    """
    return f"{stack_name(owner)}-{function}"


def find_name_problems(
    owner: Owner,
    names: Names,
    *,
    given: Mapping[str, str],
    region: str,
    functions: tuple[str, ...] = (APP_FUNCTION,),
    playbooks: tuple[str, ...] = (),
    makes_user: bool = True,
    deployment_role: bool = False,
    spot: bool = False,
    session_manager: bool = False,
) -> Iterator[NameProblem]:
    """Find the derived names that AWS or the CLI would refuse.

    A name that a setting gives is checked with that setting.

    :param owner: Identity of the service.
    :param names: All names, derived and given.
    :param given: Names that the settings give, by field of :class:`Names`.
    :param region: Region of the stack.
    :param functions: Names of the functions in serverless.yml.
    :param playbooks: Names of the playbooks for which the user has policies.
    :param makes_user: Whether the chain makes an IAM user.
    :param deployment_role: Whether CloudFormation has a role of its own.
    :param spot: Whether builders come from the spot market.
    :param session_manager: Whether Session Manager reaches the builders.
    """
    derived: list[tuple[NameRule, str, str]] = [(limits.STACK, stack_name(owner), "")]
    derived += [(limits.FUNCTION, function_name(owner, function=each), "") for each in functions]
    derived.append((limits.ROLE, lambda_role_name(owner, region=region), ""))
    if makes_user:
        derived += [(limits.USER, names.user, "user"), (limits.PROFILE, names.profile, "profile")]
        derived += [(limits.POLICY, policy_name(names.user, owner, playbook=each), "user") for each in playbooks]
    if deployment_role:
        derived.append((limits.ROLE, deployment_role_name(owner, region=region), ""))
    derived.append((limits.KEY_PAIR, names.key_pair, "key_pair"))
    derived.append((limits.SECURITY_GROUP, names.security_group, "security_group"))
    derived.append((limits.LAYER, names.layer, "layer"))
    if spot:
        derived.append((limits.LAUNCH_TEMPLATE, launch_template_name(owner), ""))
    if session_manager:
        derived.append((limits.ROLE, names.instance_profile, "instance_profile"))
    for rule, name, field in derived:
        problem = rule.problem(name)
        # What a setting gives was checked there; a policy's name is longer than the user's that it begins with.
        if problem and not (given.get(field) and rule is not limits.POLICY):
            yield NameProblem(problem, setting=field)
