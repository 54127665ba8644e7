#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_key_copies
short_description: Copies of an IAM user's access key, for whoever keeps secrets elsewhere
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Hands the access key of a profile of this machine on to a CSV file in AWS's form, to a file that Ansible Vault
    encrypts, to C(pass), or to AWS Secrets Manager; or takes such copies away.
  - The secret goes from the AWS credentials file to the copy. It is in no argument, no answer, no diff and no temporary
    file that others could read.
  - A copy names the user that it was made for. What has another user's key, or anything else, stays as it is.
  - M(asesoria.serverless.iam_profile_key) does the same while it makes or rotates the key.
options:
  state:
    description:
      - Whether there should be copies.
      - With V(absent), a secret in AWS Secrets Manager can be restored for thirty days.
    type: str
    choices: [absent, present]
    default: present
  owner:
    description: ARN of the IAM user, without the user's path.
    type: str
    required: true
  profile_name:
    description:
      - Name of the profile, which M(asesoria.serverless.iam_profile_key) or M(asesoria.serverless.aws_profile) has
        written for the same O(owner). Required with O(state=present).
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - asesoria.serverless.key_copies
attributes:
  check_mode:
    support: full
    description: Can run in check mode and say what it would do, without doing it.
  diff_mode:
    support: full
    description: Shows which key each copy has before and after, never a secret.
seealso:
  - module: asesoria.serverless.iam_profile_key
"""

EXAMPLES = r"""
- name: Keep a copy of the access key in a file that the AWS CLI imports
  asesoria.serverless.iam_key_copies:
    owner: arn:aws:iam::123456789012:user/asesoria
    profile_name: asesoria
    copies:
      - to: csv
        path: ~/asesoria_credentials.csv

- name: Take the copies away
  asesoria.serverless.iam_key_copies:
    state: absent
    owner: arn:aws:iam::123456789012:user/asesoria
    copies:
      - to: pass
        name: aws/asesoria
      - to: secrets_manager
        name: asesoria/access-key
"""

RETURN = r"""
copies:
  description: The copies that were written or removed, or would be.
  returned: success
  type: list
  elements: str
  sample: ["the file /home/ana/asesoria_credentials.csv"]
left:
  description: The places that have something else, which stays there; with O(state=present) that is an error.
  returned: success
  type: list
  elements: str
  sample: []
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says what is missing.
    import botocore.exceptions

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import locate, read_key_for
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import (
    Change,
    Key,
    Place,
    deliver,
    look,
    plan,
    take_back,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_options import copies_option, places

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "owner": {"type": "str", "required": True},
    "profile_name": {"type": "str"},
    "copies": copies_option(),
    "tags": {"type": "dict", "default": {}},
}


def apply(module: AnsibleAWSModule, wanted: Sequence[Place]) -> tuple[list[Change], list[str]]:
    """Do what the options say; what was changed, and what was left there."""
    params, owner = module.params, module.params["owner"]
    if params["state"] == "absent":
        return take_back(wanted, owner=owner, dry=module.check_mode)
    key = Key(owner, *read_key_for(locate(os.environ), params["profile_name"] or "", owner=owner))
    copies = look(wanted, owner=owner)
    return plan(copies, key) if module.check_mode else deliver(copies, key), []


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    """Plan, apply unless in check mode, and say what was done."""
    params = module.params
    changes, left = apply(
        module,
        places(
            params["copies"],
            owner=params["owner"],
            tags=params["tags"],
            connect=lambda: module.client("secretsmanager"),
        ),
    )
    if left:
        module.warn(f"This is left, since it is not a copy of an access key of {params['owner']}: {', '.join(left)}")
    return {
        "changed": bool(changes),
        "copies": [change.place for change in changes],
        "left": left,
        "diff": [change.diff() for change in changes],
    }


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleAWSModule(
        argument_spec=ARGUMENT_SPEC,
        required_if=[("state", "present", ("profile_name",))],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        module.fail_json_aws(error, msg=f"The copies of the access key of {module.params['owner']} were not seen to")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
