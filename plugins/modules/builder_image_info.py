#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: builder_image_info
short_description: The newest image that a public parameter names
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Reads the identifier of an Amazon Machine Image from a parameter of Systems Manager and looks the image up in EC2.
  - Besides the identifier it returns what has to be known to start an instance with a system disk of one's own choice.
  - Needs the permissions C(ssm:GetParameters) and C(ec2:DescribeImages).
options:
  parameter:
    description:
      - Name of the parameter whose value is the image's identifier.
      - The filter P(asesoria.serverless.runtime#filter) says which one belongs to a Lambda runtime.
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
"""

EXAMPLES = r"""
- name: Find the image of the operating system that python3.11 runs on
  asesoria.serverless.builder_image_info:
    parameter: "{{ ('python3.11' | asesoria.serverless.runtime).ami_parameter }}"
    region: us-east-1
  register: image
"""

RETURN = r"""
image_id:
  description: The image's identifier.
  type: str
  returned: success
  sample: ami-0123456789abcdef0
name:
  description: The name that its owner gave it.
  type: str
  returned: success
  sample: amzn2-ami-kernel-5.10-hvm-2.0.20260930.0-x86_64-gp2
architecture:
  description: Instruction set, as EC2 says it.
  type: str
  returned: success
  sample: x86_64
root_device_name:
  description: The device that its system disk is attached as.
  type: str
  returned: success
  sample: /dev/xvda
root_volume_size:
  description: GiB that the system disk needs at least.
  type: int
  returned: success
  sample: 8
parameter:
  description: The parameter that named the image.
  type: str
  returned: success
  sample: /aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2
"""

from contextlib import suppress

with suppress(ImportError):  # AnsibleAWSModule says what is missing.
    import botocore.exceptions

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._image import find_image


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={"parameter": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    parameter = module.params["parameter"]
    try:
        image = find_image(
            ssm=module.client("ssm"),
            ec2=module.client("ec2"),
            parameter=parameter,
            region=module.region,
        )
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        module.fail_json_aws(error, msg=f"The image that {parameter} names could not be looked up")
    module.exit_json(changed=False, **image.facts())


if __name__ == "__main__":
    main()
