#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_user_grants
short_description: The policies and groups of an IAM user, exactly
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Attaches managed policies to an IAM user and puts it into groups.
  - What the user is granted besides, by another managed policy, by another group or by a policy that is a part of it,
    is reported in a warning, and taken away only with O(purge=true).
  - Needs the permissions C(iam:ListAttachedUserPolicies), C(iam:ListGroupsForUser) and C(iam:ListUserPolicies), and for
    what is to be done C(iam:AttachUserPolicy), C(iam:DetachUserPolicy), C(iam:AddUserToGroup),
    C(iam:RemoveUserFromGroup) and C(iam:DeleteUserPolicy).
options:
  user_name:
    description: Name of the IAM user.
    type: str
    required: true
  managed_policies:
    description: ARNs of the managed policies that the user should have.
    type: list
    elements: str
    default: []
  groups:
    description: Names of the groups that the user should be in; they must be there.
    type: list
    elements: str
    default: []
  other_policies:
    description:
      - ARNs of managed policies that the user has for other services which share it. They are neither reported nor
        taken away, not even with O(purge=true).
    type: list
    elements: str
    default: []
  purge:
    description: Take away what the user is granted besides.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Can run in check mode and say what it would do, without doing it.
  diff_mode:
    support: full
    description: Shows what the user is granted before and after.
seealso:
  - module: amazon.aws.iam_user
  - module: amazon.aws.iam_group
"""

EXAMPLES = r"""
- name: Let the user have one policy and be in one group, and nothing else
  asesoria.serverless.iam_user_grants:
    user_name: asesoria
    managed_policies:
      - arn:aws:iam::123456789012:policy/asesoria-serverless
    groups:
      - developers
    purge: true
"""

RETURN = r"""
extra:
  description: What the user was granted besides; it still is without O(purge=true).
  returned: success
  type: dict
  contains:
    managed_policies:
      description: ARNs of managed policies.
      returned: success
      type: list
      elements: str
      sample: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    groups:
      description: Names of groups.
      returned: success
      type: list
      elements: str
      sample: [testers]
    inline_policies:
      description: Names of policies that are a part of the user.
      returned: success
      type: list
      elements: str
      sample: []
"""

from contextlib import suppress
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says what is missing.
    import botocore.exceptions

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.asesoria.serverless.plugins.module_utils._iam_grants import (
    Grants,
    administrator,
    apply_grants,
    plan_grants,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "user_name": {"type": "str", "required": True},
    "managed_policies": {"type": "list", "elements": "str", "default": []},
    "groups": {"type": "list", "elements": "str", "default": []},
    "other_policies": {"type": "list", "elements": "str", "default": []},
    "purge": {"type": "bool", "default": False},
}


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    """Plan, apply unless in check mode, and say what was done and what is left."""
    params = module.params
    user, purge = params["user_name"], params["purge"]
    wanted = Grants(policies=frozenset(params["managed_policies"]), groups=frozenset(params["groups"]))
    iam = module.client("iam")
    others = Grants(policies=frozenset(params["other_policies"]))
    missing = iam.exceptions.NoSuchEntityException
    plan = plan_grants(iam, user, wanted, purge=purge, missing=missing, others=others)
    if not module.check_mode:
        apply_grants(iam, user, plan)
    if administrator(wanted):
        module.warn(f"The IAM user {user} gets AdministratorAccess: who holds its key can do anything in this account.")
    if plan.extra and not purge:
        module.warn(
            f"The IAM user {user} has more than it was asked to have: {', '.join(plan.extra.lines())}. It stays so "
            "unless purge (in the role iam_user: iam_user_purge) is true."
        )
    return {"changed": plan.changed, "extra": plan.extra.facts(), "diff": plan.diff(user=user)}


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        module.fail_json_aws(
            error, msg=f"What the IAM user {module.params['user_name']} is granted could not be seen to"
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
