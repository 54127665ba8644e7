#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: serverless_service_info
version_added: 0.1.0
short_description: Say what is deployed of a service of the Serverless Framework
description:
  - Reads the status, the outputs and the endpoint of a service from its CloudFormation stack.
  - It is no error if there is no such stack.
  - Says whether the stack belongs to the service, or to another owner.
author:
  - The asesoria.serverless authors (@asesoria)
requirements:
  - Python >= 3.10
options:
  project:
    description: Name of the project that the service belongs to, as in M(asesoria.serverless.serverless_service).
    type: str
    default: asesoria
extends_documentation_fragment:
  - asesoria.serverless.attributes.reads
  - asesoria.serverless.service
  - asesoria.serverless.service.endpoint
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: asesoria.serverless.serverless_service
"""

EXAMPLES = r"""
- name: Find out where the service answers
  asesoria.serverless.serverless_service_info:
    service: mi-api-flask
    stage: dev
    region: us-east-1
  register: service

- name: Say it
  ansible.builtin.debug:
    var: service.endpoint
"""

RETURN = r"""
exists:
  description: Whether there is such a stack.
  returned: success
  type: bool
ours:
  description: >-
    Whether the stack belongs to the service, by its tags, or by its fingerprint if it was made before these tags. It is
    C(null) if there is none.
  returned: success
  type: bool
tags:
  description: All tags of the stack. It is C(null) if there is none.
  returned: success
  type: dict
  sample:
    ManagedBy: asesoria.serverless
    Project: asesoria
    Service: mi-api-flask
    STAGE: dev
stack_name:
  description: Name of the stack that was looked for.
  returned: success
  type: str
  sample: mi-api-flask-dev
stack_status:
  description: Status of the stack. It is C(null) if there is none.
  returned: success
  type: str
  sample: UPDATE_COMPLETE
outputs:
  description: Outputs of the stack by name, without those of the collection itself.
  returned: success
  type: dict
  sample:
    HttpApiId: a1b2c3d4e5
    HttpApiUrl: https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com
endpoint:
  description: >-
    Address of the HTTP API, REST API or function URL, or of the domain in front of it. It is C(null) if the stack has
    none, or is not there.
  returned: success
  type: str
  sample: https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com
connect_to:
  description:
    - Where to open the connection to the endpoint, as host and port, if that is a domain of your own whose record is
      not in the stack, so that it may not lead to the service yet. The option of the same name of
      M(asesoria.serverless.endpoint_verify) takes it. It is C(null) in any other case.
  returned: success
  type: str
  sample: d-a1b2c3d4e5.execute-api.us-east-1.amazonaws.com:443
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_job import (
    describe_stack,
    named_stack,
    service_options,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.change_set import ChangeSets
from ansible_collections.asesoria.serverless.plugins.module_utils._service.ownership import StackClaims


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    """Read the stack and return the module's answer."""
    params: dict[str, Any] = module.params
    name = named_stack(params)
    client = module.client("cloudformation", retry_decorator=AWSRetry.jittered_backoff(retries=8))
    stack = Stacks(client).find(name)
    owner = Owner(project=params["project"], service=params["service"], stage=params["stage"])
    ours = StackClaims(ChangeSets(client).tags).owns(stack, owner) if stack else None
    described = describe_stack(
        stack,
        name=name,
        endpoint_format=params["endpoint_format"],
        region=module.region or "",
        stage=params["stage"],
    )
    tags = dict(stack.tags) if stack else None
    return {"changed": False, "exists": stack is not None, "ours": ours, "tags": tags, **described}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **service_options(endpoint=True),
            "project": {"type": "str", "default": "asesoria"},
        },
        supports_check_mode=True,
    )
    try:
        answer = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
