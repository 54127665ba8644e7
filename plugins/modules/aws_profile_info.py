#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: aws_profile_info
short_description: What the AWS configuration files say of a profile
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Reads one profile from the AWS credentials and config files. Its secret is not returned.
  - The files are found as the AWS SDKs find them, by the environment of the task.
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
options:
  name:
    description: Name of the profile.
    type: str
    required: true
  credentials_file:
    description:
      - Path of the credentials file. By default the value of E(AWS_SHARED_CREDENTIALS_FILE), else
        C(~/.aws/credentials).
    type: path
  config_file:
    description: Path of the config file. By default the value of E(AWS_CONFIG_FILE), else C(~/.aws/config).
    type: path
seealso:
  - module: asesoria.serverless.aws_profile
"""

EXAMPLES = r"""
- name: Read a profile
  asesoria.serverless.aws_profile_info:
    name: asesoria
  register: profile

- name: Show its access key
  ansible.builtin.debug:
    var: profile.profile.access_key_id
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
profile:
  description: What the files say of the profile.
  returned: success
  type: dict
  contains:
    exists:
      description: Whether one of the files has it.
      returned: success
      type: bool
      sample: true
    access_key_id:
      description: Its access key; null if it has none of its own, as with single sign-on.
      returned: success
      type: str
      sample: AKIAIOSFODNN7EXAMPLE
    owner:
      description:
        - Who M(asesoria.serverless.aws_profile) has written it for; null if it was written by somebody else, or its key
          was replaced by hand since.
      returned: success
      type: str
      sample: arn:aws:iam::123456789012:user/asesoria
    region:
      description: Its region; null if it has none.
      returned: success
      type: str
      sample: us-east-1
    output:
      description: Its output format; null if it has none.
      returned: success
      type: str
      sample: json
"""

import os
from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import describe, locate
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

ARGUMENT_SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "credentials_file": {"type": "path"},
    "config_file": {"type": "path"},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Find the files and read the profile."""
    files = locate(os.environ, credentials=module.params["credentials_file"], config=module.params["config_file"])
    profile = describe(files, module.params["name"])
    return {
        "changed": False,
        "credentials_file": str(files.credentials),
        "config_file": str(files.config),
        "profile": asdict(profile),
    }


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
