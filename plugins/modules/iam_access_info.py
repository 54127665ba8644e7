#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_access_info
short_description: What there is of an IAM user's access
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Reads an IAM user with its access keys and attached policies, and the customer managed policies that are meant for
    it.
  - Everything that decides whether a user has to be changed is read in one go, so that a role that finds nothing to do
    makes no other call.
  - Needs the permissions C(iam:GetUser), C(iam:ListAccessKeys), C(iam:ListAttachedUserPolicies), C(iam:ListPolicies),
    C(iam:GetPolicy), C(iam:GetPolicyVersion) and C(iam:ListPolicyVersions), and C(iam:GetAccountSummary) for a user
    with many policies.
options:
  user_name:
    description: Name of the IAM user.
    type: str
    required: true
  policy_names:
    description: Names of the customer managed policies.
    type: list
    elements: str
    required: true
  owner:
    description: Identity of the service that the user is for. Several services of a project may share a user.
    type: dict
    required: true
    suboptions:
      project:
        description: Value of the tag C(Project).
        type: str
        required: true
      service:
        description: Value of the tag C(Service).
        type: str
        required: true
      stage:
        description: Value of the tag C(Stage).
        type: str
        required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and return what it would return without, because it changes nothing.
  diff_mode:
    support: N/A
    description: Returns details on what has changed (or possibly needs changing) in C(check_mode), when in diff mode.
seealso:
  - module: amazon.aws.iam_user
  - module: amazon.aws.iam_managed_policy
"""

EXAMPLES = r"""
- name: Read the user and its policies
  asesoria.serverless.iam_access_info:
    user_name: asesoria
    policy_names: [asesoria-my-api-dev-layer, asesoria-my-api-dev-deploy]
    owner: {project: asesoria, service: my-api, stage: dev}
  register: access

- name: Say which keys there are
  ansible.builtin.debug:
    msg: "{{ access.user.access_keys | map(attribute='access_key_id') }}"
  when: access.user is not none
"""

RETURN = r"""
account:
  description: Number of the account whose credentials are used.
  type: str
  returned: success
  sample: "123456789012"
partition:
  description: The part of AWS that the account is in, V(aws), V(aws-cn) or V(aws-us-gov).
  type: str
  returned: success
  sample: aws
user:
  description: The user, or C(null) if there is none of that name.
  type: dict
  returned: success
  contains:
    arn:
      description: ARN of the user.
      type: str
      returned: success
      sample: arn:aws:iam::123456789012:user/asesoria
    path:
      description: Path of the user.
      type: str
      returned: success
      sample: /
    permissions_boundary:
      description: ARN of the policy that bounds what the user may do; C(null) if there is none.
      type: str
      returned: success
      sample: arn:aws:iam::123456789012:policy/boundary
    tags:
      description: Its tags.
      type: dict
      returned: success
      sample: {ManagedBy: asesoria.serverless}
    attached_policies:
      description: ARNs of the managed policies that are attached to it, sorted.
      type: list
      elements: str
      returned: success
      sample: ["arn:aws:iam::123456789012:policy/asesoria-serverless"]
    access_keys:
      description: Its access keys, without their secrets.
      type: list
      elements: dict
      returned: success
      contains:
        access_key_id:
          description: Identifier of the key.
          type: str
          returned: success
          sample: AKIAIOSFODNN7EXAMPLE
        status:
          description: V(Active) or V(Inactive).
          type: str
          returned: success
          sample: Active
    ours:
      description: Whether its tags say that it belongs to the service.
      type: bool
      returned: success
      sample: true
    of_project:
      description: Whether its tags say that it belongs to the project of the service, so that the service may share it.
      type: bool
      returned: success
      sample: true
policies:
  description: Those of the policies that the account has, in the order in which they were asked for.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Name of the policy.
      type: str
      returned: success
      sample: asesoria-serverless-layer
    arn:
      description: ARN of the policy.
      type: str
      returned: success
      sample: arn:aws:iam::123456789012:policy/asesoria-serverless-layer
    tags:
      description: Its tags.
      type: dict
      returned: success
      sample: {ManagedBy: asesoria.serverless}
    document:
      description: What its default version says.
      type: dict
      returned: success
      sample: {Version: "2012-10-17", Statement: []}
    versions:
      description: How many versions there are.
      type: int
      returned: success
      sample: 1
own_policies:
  description: >-
    Names of the policies that belong to the service, among those that were asked for and those that the user has. A
    policy from before the tag C(Service) existed is attributed by the stack that it names.
  type: list
  elements: str
  returned: success
  sample: [asesoria-my-api-dev-layer]
kept_policies:
  description: ARNs of the user's policies that belong to other services.
  type: list
  elements: str
  returned: success
  sample: ["arn:aws:iam::123456789012:policy/asesoria-web-dev-layer"]
used_by:
  description: The other services that use the user, as words that end a sentence.
  type: list
  elements: str
  returned: success
  sample: ["service web, stage dev"]
policy_quota:
  description: How many managed policies AWS attaches to a user of the account.
  type: int
  returned: success
  sample: 10
"""

from contextlib import suppress

with suppress(ImportError):  # AnsibleAWSModule says what is missing.
    import botocore.exceptions

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._iam_access import read_access

OWNER_OPTION = {
    "type": "dict",
    "required": True,
    "options": {name: {"type": "str", "required": True} for name in ("project", "service", "stage")},
}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "user_name": {"type": "str", "required": True},
            "policy_names": {"type": "list", "elements": "str", "required": True},
            "owner": OWNER_OPTION,
        },
        supports_check_mode=True,
    )
    user_name = module.params["user_name"]
    try:
        iam = module.client("iam")
        access = read_access(
            sts=module.client("sts"),
            iam=iam,
            user_name=user_name,
            policy_names=module.params["policy_names"],
            owner=Owner(**module.params["owner"]),
            missing=iam.exceptions.NoSuchEntityException,
        )
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        module.fail_json_aws(error, msg=f"The access of the IAM user {user_name} could not be read")
    module.exit_json(changed=False, **access.facts())


if __name__ == "__main__":
    main()
