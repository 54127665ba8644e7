#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_status_info
version_added: 0.1.0
short_description: Say what is deployed of a service, which layer versions it uses, and what is stale
description:
  - Reads a service's stack, its functions with the layer versions that they use, their log groups, the versions that
    there are of these layers and who uses them, and which builders go on running.
  - A layer version is stale if there is a newer one for the function's runtime and architecture.
  - What the credentials may not read is named in the result, and everything else is read nevertheless.
author:
  - The asesoria.serverless authors (@asesoria)
requirements:
  - Python >= 3.10
extends_documentation_fragment:
  - asesoria.serverless.attributes.reads
  - asesoria.serverless.service
  - asesoria.serverless.service.endpoint
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  layers:
    description: Names of layers to look at, besides those that the functions use.
    type: list
    elements: str
    default: []
  layer_regions:
    description: More regions than O(region) to look at O(layers) in.
    type: list
    elements: str
    default: []
  project:
    description: >-
      Value of the tag C(Project) of the builders and of the stack. Empty if builders are not to be looked for, and
      nobody asks whose the stack is.
    type: str
    default: ""
  all_stacks:
    description:
      - Tell also the other stacks of the region that have the tag C(Project) with the value of O(project).
      - That takes the right to describe all stacks, which the user that the collection makes does not have.
    type: bool
    default: false
  layer_users:
    description:
      - Find which functions of the account use the layers. Otherwise only those of the service count.
      - That takes the right to list all functions, which tells their environment variables too. The user that the
        collection makes has it only if old versions of layers are deleted.
    type: bool
    default: true
seealso:
  - module: asesoria.serverless.serverless_service_info
  - module: asesoria.serverless.function_log_info
"""

EXAMPLES = r"""
- name: See what is deployed
  asesoria.serverless.service_status_info:
    service: mi-api-flask
    stage: dev
    layers: [flask-dependencies-py311]
    project: asesoria
    region: us-east-1
  register: status

- name: Show it
  ansible.builtin.debug:
    var: status.lines
"""

RETURN = r"""
exists:
  description: Whether there is such a stack, as far as can be read.
  returned: success
  type: bool
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
stack_reason:
  description: Why it has that status, if CloudFormation says so.
  returned: success
  type: str
stack_arn:
  description: ARN of the stack. It is C(null) if there is none.
  returned: success
  type: str
  sample: arn:aws:cloudformation:us-east-1:123456789012:stack/mi-api-flask-dev/1
outputs:
  description: Outputs of the stack by name, without those of the collection itself.
  returned: success
  type: dict
endpoint:
  description: Where the service answers. It is C(null) if the stack has no endpoint, or is not there.
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
deployed:
  description: When the stack was made or changed last.
  returned: success
  type: str
  sample: 2026-11-25 20:31 UTC
version:
  description: >-
    The deployment that the stack holds, as its folder in the bucket is called. It is C(null) if none can be told.
  returned: success
  type: str
  sample: 1700000000000-2023-11-14T22:13:20.000Z
functions:
  description: The stack's functions.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
    runtime:
      description: Its runtime; empty for a container image.
      returned: always
      type: str
      sample: python3.11
    architecture:
      description: Its processor architecture.
      returned: always
      type: str
      sample: x86_64
    memory_mb:
      description: Its memory in MB.
      returned: always
      type: int
      sample: 256
    timeout_seconds:
      description: Its time limit.
      returned: always
      type: int
      sample: 29
    code_sha256:
      description: Hash of its package, in base64.
      returned: always
      type: str
    code_bytes:
      description: Size of its package.
      returned: always
      type: int
    modified:
      description: When its code or configuration was changed last.
      returned: always
      type: str
      sample: 2026-11-25 20:31 UTC
    layers:
      description: The layer versions that it uses.
      returned: always
      type: list
      elements: dict
      contains:
        arn:
          description: ARN of the version.
          returned: always
          type: str
        name:
          description: Name of the layer, or its ARN if it is another account's.
          returned: always
          type: str
        version:
          description: Number of the version.
          returned: always
          type: int
        zipped_bytes:
          description: Size of its zip.
          returned: always
          type: int
        newest:
          description: The newest version that fits the function. It is C(null) if the versions can't be read.
          returned: always
          type: int
        stale:
          description: Whether a newer version fits. It is C(null) if that is not known.
          returned: always
          type: bool
    log:
      description: >-
        Its log group, with C(name), C(retention_days) and C(stored_bytes). It is C(null) if none can be read.
      returned: always
      type: dict
layers:
  description: The layers.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name, or its ARN if it is another account's.
      returned: always
      type: str
    region:
      description: The region of O(layer_regions) that it is in; empty for that of the service.
      returned: always
      type: str
    newest:
      description: Number of the newest version. It is C(null) if there is none.
      returned: always
      type: int
    unused:
      description: Versions that no function uses, as far as RV(layers[].complete) says.
      returned: always
      type: list
      elements: int
    complete:
      description: Whether all functions of the account and region were looked at, and not only this service's.
      returned: always
      type: bool
    versions:
      description: All versions, the newest first.
      returned: always
      type: list
      elements: dict
      contains:
        version:
          description: Its number.
          returned: always
          type: int
        arn:
          description: Its ARN.
          returned: always
          type: str
        runtimes:
          description: Runtimes that it is for; empty for any.
          returned: always
          type: list
          elements: str
        architectures:
          description: Architectures that it is for; empty for any.
          returned: always
          type: list
          elements: str
        sha256:
          description: Hash of its zip as this collection has noted it in the description; empty for versions of others.
          returned: always
          type: str
        used_by:
          description: The functions that use it.
          returned: always
          type: list
          elements: str
builders:
  description: Builders that have not ended.
  returned: success
  type: list
  elements: dict
  contains:
    instance_id:
      description: The instance.
      returned: always
      type: str
    instance_type:
      description: Its type.
      returned: always
      type: str
      sample: t3.micro
    state:
      description: V(pending), V(running), V(stopping), or V(stopped).
      returned: always
      type: str
    stage:
      description: Its tag C(Stage).
      returned: always
      type: str
    launched:
      description: When it was started.
      returned: always
      type: str
    spot:
      description: Whether it is of the spot market.
      returned: always
      type: bool
    tags:
      description: Its tags by key.
      returned: always
      type: dict
stacks:
  description: The project's other stacks, with C(name), C(status) and C(changed), if O(all_stacks).
  returned: success
  type: list
  elements: dict
ours:
  description: >-
    Whether the stack belongs to the service of O(project), or to another owner. It is C(null) without a stack or
    O(project).
  returned: success
  type: bool
data:
  description: What in the stack holds data that a deployment does not make again.
  returned: success
  type: list
  elements: dict
  contains:
    logical_id:
      description: Name in the template.
      returned: always
      type: str
    type:
      description: Type of the resource.
      returned: always
      type: str
      sample: AWS::DynamoDB::Table
    name:
      description: Name in AWS.
      returned: always
      type: str
    policy:
      description: V(Delete), V(Retain), or V(Snapshot).
      returned: always
      type: str
    stays:
      description: Whether the data outlive the stack.
      returned: always
      type: bool
unread:
  description: What could not be read, with C(what) and C(reason).
  returned: success
  type: list
  elements: dict
lines:
  description: All of it as a table for people.
  returned: success
  type: list
  elements: str
  sample: ["stack     mi-api-flask-dev is UPDATE_COMPLETE, changed 2026-11-25 20:31 UTC"]
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._builder_instances import Builders
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Functions, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Layers
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_regions import wanted_regions
from ansible_collections.asesoria.serverless.plugins.module_utils._log_groups import LogGroups
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_job import (
    describe_stack,
    named_stack,
    service_options,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.ownership import owns
from ansible_collections.asesoria.serverless.plugins.module_utils._service_status import (
    StatusReader,
    Wanted,
    describe,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._status_table import table


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    """Read the status and return the module's answer."""
    params: dict[str, Any] = module.params
    name = named_stack(params)
    if params["all_stacks"] and not params["project"]:
        raise ServerlessError("all_stacks is set without project", "Give the value of the stacks' tag Project")
    retry = AWSRetry.jittered_backoff(retries=8)
    lambda_client = module.client("lambda", retry_decorator=retry)
    others = wanted_regions(module.region or "", params["layer_regions"])[1:]
    elsewhere = {region: module.client("lambda", region=region, retry_decorator=retry) for region in others}
    reader = StatusReader(
        stacks=Stacks(module.client("cloudformation", retry_decorator=retry)),
        functions=Functions(lambda: lambda_client),
        layers=Layers(lambda_client, publisher=lambda_client),
        elsewhere={region: Layers(client, publisher=client) for region, client in elsewhere.items()},
        logs=LogGroups(lambda: module.client("logs", retry_decorator=retry)),
        builders=Builders(lambda: module.client("ec2", retry_decorator=retry)),
    )
    status = reader.read(
        Wanted(
            stack=name,
            layers=params["layers"],
            project=params["project"],
            all_stacks=params["all_stacks"],
            layer_users=params["layer_users"],
        )
    )
    stack = describe_stack(
        status.stack,
        name=name,
        endpoint_format=params["endpoint_format"],
        region=module.region or "",
        stage=params["stage"],
    )
    lines = table(status, stack=name, endpoint=stack["endpoint"])
    owner = Owner(project=params["project"], service=params["service"], stage=params["stage"])
    ours = owns(status.stack, owner) if status.stack and owner.project else None
    exists = status.stack is not None
    return {"changed": False, "exists": exists, "ours": ours, **stack, **describe(status), "lines": lines}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **service_options(endpoint=True),
            "layers": {"type": "list", "elements": "str", "default": []},
            "layer_regions": {"type": "list", "elements": "str", "default": []},
            "project": {"type": "str", "default": ""},
            "all_stacks": {"type": "bool", "default": False},
            "layer_users": {"type": "bool", "default": True},
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
