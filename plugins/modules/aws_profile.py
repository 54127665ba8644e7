#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: aws_profile
short_description: One profile in the AWS credentials and config files
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Writes an access key, a region and an output format under one profile's name into the two AWS configuration files,
    or takes that profile out again.
  - Everything else in the files stays as it is, byte for byte, other profiles, comments and line endings included.
    A file is replaced in one step, so that a run that is killed leaves the old file or the new one.
  - While a file is changed, a lock keeps other runs away. A file that another program changes at the same time is read
    again. A file that the AWS SDKs can't read is left as it is, and the error names the line.
  - Files that are missing are made with mode C(0600), their folders with C(0700); they are removed again with the last
    profile. Files that exist keep their mode and owner.
  - A profile is only changed or removed if this module has written it for the same O(owner), which it notes in a
    comment. A profile whose access key was replaced by hand since belongs to whoever did that.
attributes:
  check_mode:
    description: Can run in check mode and say what it would do, without doing it.
    support: full
  diff_mode:
    description: Shows the profile before and after, never its secret and never other profiles.
    support: full
options:
  name:
    description: Name of the profile.
    type: str
    required: true
  state:
    description: Whether the profile should be there.
    type: str
    choices: [absent, present]
    default: present
  owner:
    description:
      - Who the profile is for, in one line, such as the ARN of an IAM user.
    type: str
    required: true
  access_key_id:
    description: Identifier of the access key. Required with O(state=present).
    type: str
  secret_access_key:
    description:
      - Secret of the access key. Needed if the profile does not have the key yet.
    type: str
  region:
    description: Region of the profile. One that the profile has stays if this is left out.
    type: str
  output:
    description: Output format of the AWS CLI with this profile. One that the profile has stays if this is left out.
    type: str
  credentials_file:
    description:
      - Path of the credentials file. By default the value of E(AWS_SHARED_CREDENTIALS_FILE), else
        C(~/.aws/credentials).
    type: path
  config_file:
    description: Path of the config file. By default the value of E(AWS_CONFIG_FILE), else C(~/.aws/config).
    type: path
seealso:
  - module: asesoria.serverless.aws_profile_info
  - module: amazon.aws.iam_access_key
"""

EXAMPLES = r"""
- name: Make an access key
  amazon.aws.iam_access_key:
    user_name: asesoria
  register: new
  no_log: true

- name: Write it into the AWS configuration files
  asesoria.serverless.aws_profile:
    name: asesoria
    owner: arn:aws:iam::123456789012:user/asesoria
    access_key_id: "{{ new.access_key.access_key_id }}"
    secret_access_key: "{{ new.secret_access_key }}"
    region: us-east-1
    output: json

- name: Let the profile use another region, with the key that it has
  asesoria.serverless.aws_profile:
    name: asesoria
    owner: arn:aws:iam::123456789012:user/asesoria
    access_key_id: AKIAIOSFODNN7EXAMPLE
    region: eu-west-1

- name: Take the profile out again
  asesoria.serverless.aws_profile:
    name: asesoria
    owner: arn:aws:iam::123456789012:user/asesoria
    state: absent
"""

RETURN = r"""
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
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import (
    Change,
    Files,
    change_files,
    clean_up,
    exposed,
    locate,
    plan_absent,
    plan_present,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

ARGUMENT_SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "owner": {"type": "str", "required": True},
    "access_key_id": {"type": "str", "no_log": False},
    "secret_access_key": {"type": "str", "no_log": True},
    "region": {"type": "str"},
    "output": {"type": "str"},
    "credentials_file": {"type": "path"},
    "config_file": {"type": "path"},
}


def plan(files: Files, params: dict[str, Any]) -> list[Change]:
    """Turn the options into what is to be done."""
    if params["state"] == "absent":
        return plan_absent(files, params["name"], owner=params["owner"])
    return plan_present(
        files,
        params["name"],
        key_id=params["access_key_id"],
        secret=params["secret_access_key"],
        settings={key: params[key] for key in ("region", "output") if params[key]},
        owner=params["owner"],
    )


def run(module: AnsibleModule) -> dict[str, Any]:
    """Plan, apply unless in check mode, and say what was done."""
    files = locate(os.environ, credentials=module.params["credentials_file"], config=module.params["config_file"])
    if module.check_mode:
        changes = plan(files, module.params)
        changed = bool(changes)
    else:
        changes = change_files(files, lambda read: plan(read, module.params))
        changed = clean_up(files) or bool(changes)
    if module.params["state"] == "present" and exposed(files):
        module.warn(f"{files.credentials} holds secrets and others may read it: chmod 600 {files.credentials}")
    paths = {"credentials_file": str(files.credentials), "config_file": str(files.config)}
    return {"changed": changed, "diff": [change.diff() for change in changes], **paths}


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC,
        required_if=[("state", "present", ("access_key_id",))],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
