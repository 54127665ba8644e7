#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_profile_key
short_description: A working access key of an IAM user in a profile of this machine
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Makes an access key for an IAM user and writes it into a profile of the AWS credentials and config files, or
    replaces the key that the profile has. If the profile has an active key of the user, nothing is done.
  - The secret goes from AWS's answer into the file, and nowhere else.
  - The user's tag C(asesoria:access-key) says how far a run had come. So a run can be killed at any point; the next one
    finishes what was begun, or goes back to what was there before. A key that works is not deleted before another one
    was seen to work and was written down.
  - Copies of the key can be kept at other places. They have a new key before the old one is deleted; a copy that can't
    be written stops the run there, and the next one goes on.
  - Everything else in the files stays as it is; see M(asesoria.serverless.aws_profile).
  - Needs the permissions C(iam:GetUser), C(iam:ListAccessKeys), C(iam:CreateAccessKey), C(iam:DeleteAccessKey) and
    C(iam:TagUser).
options:
  user_name:
    description: Name of the IAM user, which must be there.
    type: str
    required: true
  profile_name:
    description:
      - Name of the profile. One that was not written for this user is never changed.
    type: str
    required: true
  profile_region:
    description: Region of the profile. One that the profile has stays if this is left out.
    type: str
  profile_output:
    description: Output format of the AWS CLI with this profile. One that the profile has stays if this is left out.
    type: str
  rotate:
    description:
      - Replace the access key that the profile has. Another one is made, tried, written into the profile and tried once
        more there; then the old one is deleted.
      - A rotation that was cut short is finished, and no other one is begun.
    type: bool
    default: false
  replace_lost:
    description:
      - Make another key if the one that AWS has is not in the profile. The old one is deleted if this module has made
        it.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most until AWS accepts a new key, which it takes some seconds to do.
    type: int
    default: 120
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
    description: Shows the user's keys and the profile before and after, never the secret and never other profiles.
seealso:
  - module: asesoria.serverless.aws_profile
  - module: asesoria.serverless.iam_key_copies
  - module: amazon.aws.iam_access_key
"""

EXAMPLES = r"""
- name: Let the profile have an access key of the user
  asesoria.serverless.iam_profile_key:
    user_name: asesoria
    profile_name: asesoria
    profile_region: us-east-1
    profile_output: json

- name: Replace it
  asesoria.serverless.iam_profile_key:
    user_name: asesoria
    profile_name: asesoria
    rotate: true

- name: Keep a copy of it in an encrypted file of variables, and one in AWS Secrets Manager
  asesoria.serverless.iam_profile_key:
    user_name: asesoria
    profile_name: asesoria
    copies:
      - to: vault
        path: /home/ana/deployments/group_vars/all/aws.yml
        password_file: /home/ana/.vault-password
      - to: secrets_manager
        name: asesoria/access-key
"""

RETURN = r"""
access_key_id:
  description: The key that the profile has then; C(null) in check mode if it would be made.
  returned: success
  type: str
  sample: AKIAIOSFODNN7EXAMPLE
created:
  description: Whether the key was made, or would be.
  returned: success
  type: bool
  sample: true
deleted:
  description: The keys that were deleted, or would be.
  returned: success
  type: list
  elements: str
  sample: []
copied_to:
  description: The copies that were written, or would be.
  returned: success
  type: list
  elements: str
  sample: ["the vault /home/ana/deployments/group_vars/all/aws.yml"]
credentials_file:
  description: Path of the credentials file.
  returned: success
  type: str
  sample: /home/ana/.aws/credentials
config_file:
  description: Path of the config file.
  returned: success
  type: str
  sample: /home/ana/.aws/config
"""

import os
import time
from contextlib import suppress
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says what is missing.
    import botocore.exceptions
    from botocore.config import Config

from ansible_collections.amazon.aws.plugins.module_utils.botocore import boto3_conn, get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import exposed, locate
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._iam_access import read_account
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_options import copies_option, places
from ansible_collections.asesoria.serverless.plugins.module_utils._profile_key import (
    Aws,
    Errors,
    Wish,
    ensure_key,
    owner_of,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "user_name": {"type": "str", "required": True},
    "profile_name": {"type": "str", "required": True},
    "profile_region": {"type": "str"},
    "profile_output": {"type": "str"},
    "rotate": {"type": "bool", "default": False},
    "replace_lost": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 120},
    "copies": copies_option(),
    "tags": {"type": "dict", "default": {}},
}


def ask_who(module: AnsibleAWSModule, **credentials: str) -> str:
    """The ARN of whoever has credentials, which are not those that the module itself runs with."""
    region, endpoint, settings = get_aws_connection_info(module)
    own = {"aws_access_key_id": None, "aws_secret_access_key": None, "aws_session_token": None, "profile_name": None}
    sts = boto3_conn(
        module,
        conn_type="client",
        resource="sts",
        region=region or module.params["profile_region"],
        endpoint=endpoint,
        **{**settings, **own, **credentials},
    )
    return str(sts.get_caller_identity()["Arn"])


def whose_key(module: AnsibleAWSModule, key: str, secret: str) -> str:
    """The ARN of whoever has a key. Its secret is made unspeakable first."""
    # amazon.aws wraps the module, and only its newer releases hand this on.
    module._module.no_log_values.add(secret)
    return ask_who(module, aws_access_key_id=key, aws_secret_access_key=secret)


def reach_aws(module: AnsibleAWSModule) -> Aws:
    """AWS with the credentials that the module runs with."""
    reader = module.client("iam")
    once = Config(**(module.params["aws_config"] or {})).merge(Config(retries={"total_max_attempts": 1}))
    account, partition = read_account(module.client("sts"))
    return Aws(
        reader=reader,
        writer=module.client("iam", aws_config=once),
        errors=Errors(
            missing=reader.exceptions.NoSuchEntityException,
            limit=reader.exceptions.LimitExceededException,
            refused=botocore.exceptions.ClientError,
        ),
        account=account,
        partition=partition,
        whose_key=lambda key, secret: whose_key(module, key, secret),
        whose_profile=lambda name: ask_who(module, profile_name=name),
        sleep=time.sleep,
    )


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    """Plan, apply unless in check mode, and say what was done."""
    params = module.params
    files = locate(os.environ)
    settings = {"region": params["profile_region"], "output": params["profile_output"]}
    aws = reach_aws(module)
    wish = Wish(
        user=params["user_name"],
        profile=params["profile_name"],
        settings={key: value for key, value in settings.items() if value},
        rotate=params["rotate"],
        replace_lost=params["replace_lost"],
        patience=params["wait_timeout"],
        places=places(
            params["copies"],
            owner=owner_of(user=params["user_name"], account=aws.account, partition=aws.partition),
            tags=params["tags"],
            connect=lambda: module.client("secretsmanager"),
        ),
    )
    done = ensure_key(wish, files=files, aws=aws, dry=module.check_mode)
    if exposed(files):
        module.warn(f"{files.credentials} holds secrets and others may read it: chmod 600 {files.credentials}")
    return {
        "changed": done.changed,
        "access_key_id": done.key,
        "created": done.created,
        "deleted": list(done.deleted),
        "copied_to": [copy.place for copy in done.copies],
        "credentials_file": str(files.credentials),
        "config_file": str(files.config),
        "diff": done.diff(user=wish.user),
    }


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        user = module.params["user_name"]
        module.fail_json_aws(
            error, msg=f"The access key of the IAM user {user} could not be seen to; once that is mended, run again"
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
