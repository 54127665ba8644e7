#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: builder_host_keys_info
short_description: The SSH host keys of an instance, from its console
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Waits until an instance has written its SSH host keys on its console, and returns them. cloud-init, which Amazon
    Linux and most other images boot with, writes them there at the first boot.
  - As EC2 itself says what is on the console, the first login can be to a host that is known, instead of one that is
    taken at its word.
  - Needs the permission C(ec2:GetConsoleOutput).
options:
  instance_id:
    description:
      - The instance.
    type: str
    required: true
  timeout:
    description:
      - Seconds to wait for an instance that may still be booting.
    type: int
    default: 300
  interval:
    description:
      - Seconds between two looks.
    type: int
    default: 3
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
"""

EXAMPLES = r"""
- name: Ask EC2 for the host keys of an instance
  asesoria.serverless.builder_host_keys_info:
    instance_id: i-0123456789abcdef0
  register: shown

- name: Write them down under the instance's identifier (ssh -o HostKeyAlias=i-0123456789abcdef0)
  asesoria.serverless.builder_known_hosts:
    path: ~/.ssh/known_hosts
    name: i-0123456789abcdef0
    key: "i-0123456789abcdef0 {{ item.kind }} {{ item.key }}"
  loop: "{{ shown.host_keys }}"
"""

RETURN = r"""
host_keys:
  description: The keys, sorted by their kind.
  type: list
  elements: dict
  returned: success
  contains:
    kind:
      description: The kind of key, as OpenSSH calls it.
      type: str
      sample: ssh-ed25519
    key:
      description: The public key in base64.
      type: str
      sample: AAAAC3NzaC1lZDI1NTE5AAAAIHhzW8pkNvh3CH6XPRgy2hQjp6zi9lVJ2Cw9R1bY1zQm
"""

import time
from contextlib import suppress
from dataclasses import asdict

with suppress(ImportError):  # AnsibleAWSModule says what is missing.
    import botocore.exceptions

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._host_keys import Clock, wait_for_host_keys


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "instance_id": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 300},
            "interval": {"type": "int", "default": 3},
        },
        supports_check_mode=True,
    )
    instance = module.params["instance_id"]
    try:
        keys = wait_for_host_keys(
            module.client("ec2"),
            instance=instance,
            timeout=module.params["timeout"],
            interval=module.params["interval"],
            clock=Clock(now=time.monotonic, sleep=time.sleep),
        )
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        module.fail_json_aws(error, msg=f"The console of {instance} could not be read")
    module.exit_json(changed=False, host_keys=[asdict(key) for key in keys])


if __name__ == "__main__":
    main()
