#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: leftovers_info
version_added: 0.1.0
short_description: Say what a teardown has left, and why
description:
  - Looks for what there still is under the names that the collection's playbooks use, such as the stack, log groups,
    layer versions, builders, the key pair, security groups and the IAM user, and says of each why it is still there.
  - What the credentials may not read is named in the result, and everything else is read nevertheless.
author:
  - The asesoria.serverless authors (@asesoria)
requirements:
  - Python >= 3.10
extends_documentation_fragment:
  - asesoria.serverless.attributes.reads
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  stack_name:
    description: Name of the service's stack.
    type: str
    required: true
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
  layers:
    description: Names of the layers.
    type: list
    elements: str
    default: []
  layer_regions:
    description: Regions that had them, besides O(region).
    type: list
    elements: str
    default: []
  key_pair:
    description: Name of the builders' key pair. Empty if nobody asks about it.
    type: str
    default: ""
  user:
    description: Name of the IAM user. Empty if nobody asks about it.
    type: str
    default: ""
  named:
    description: Other resources that the collection makes under these names, or that another owner has there.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: Kind of the resource.
        type: str
        required: true
        choices:
          - DNS record
          - IAM policy
          - IAM role
          - domain
          - function
          - instance profile
          - launch template
          - log group
          - security group
      name:
        description: Name of the resource. Of an A record in DNS, the hosted zone and the domain, C(ZONE/DOMAIN).
        type: str
        required: true
  data:
    description:
      - What M(asesoria.serverless.service_status_info) has returned as C(data) before the removal. What stays of it, as
        its policy says, is told first.
    type: list
    elements: dict
    default: []
  buckets:
    description: Buckets of your own that the playbooks have used.
    type: list
    elements: str
    default: []
  paths:
    description: Files and folders of this machine, told if they are there and not empty.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where it is.
        type: str
        required: true
      why:
        description: Why it was left.
        type: str
        required: true
seealso:
  - module: asesoria.serverless.service_status_info
"""

EXAMPLES = r"""
- name: See what is left
  asesoria.serverless.leftovers_info:
    stack_name: mi-api-flask-dev
    project: asesoria
    service: mi-api-flask
    stage: dev
    layers: [flask-dependencies-py311]
    key_pair: lambda-builder-keys
    user: asesoria
    region: us-east-1
  register: left

- name: Say it
  ansible.builtin.debug:
    var: left.lines
"""

RETURN = r"""
left:
  description: What is left.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: What it is.
      returned: always
      type: str
      sample: version 2 of the layer web in us-east-1
    why:
      description: Why it was left.
      returned: always
      type: str
      sample: not published by this collection
unread:
  description: What could not be read, with C(what) and C(reason).
  returned: success
  type: list
  elements: dict
lines:
  description: All of it for people.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.named import KINDS, NamedResources
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._builder_instances import Builders
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Layers
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_regions import wanted_regions
from ansible_collections.asesoria.serverless.plugins.module_utils._leftovers import (
    Keys,
    Left,
    LeftoverReader,
    Names,
    Users,
    local_leftovers,
    retained,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._log_groups import LogGroups
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import check_stack_name


def make_reader(module: AnsibleAWSModule) -> LeftoverReader:
    """Put together what looks, from the module's options."""
    retry = AWSRetry.jittered_backoff(retries=8)

    def layers(region: str) -> Layers:
        client = module.client("lambda", region=region, retry_decorator=retry)
        return Layers(client, publisher=client)

    return LeftoverReader(
        stacks=Stacks(module.client("cloudformation", retry_decorator=retry)),
        layers={region: layers(region) for region in wanted_regions(module.region, module.params["layer_regions"])},
        logs=LogGroups(lambda: module.client("logs", retry_decorator=retry)),
        builders=Builders(lambda: module.client("ec2", retry_decorator=retry)),
        keys=Keys(lambda: module.client("ec2", retry_decorator=retry)),
        users=Users(lambda: module.client("iam", retry_decorator=retry)),
        named=NamedResources(lambda service: module.client(service, retry_decorator=retry)),
    )


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    """Look, and return the module's answer."""
    params: dict[str, Any] = module.params
    check_stack_name(params["stack_name"])
    reader = make_reader(module)
    names = Names(
        stack=params["stack_name"],
        layers=params["layers"],
        owner=Owner(project=params["project"], service=params["service"], stage=params["stage"]),
        key_pair=params["key_pair"],
        user=params["user"],
        named=[(each["kind"], each["name"]) for each in params["named"] if each["name"]],
    )
    left = [
        *retained(params["data"]),
        *reader.read(names),
        *(Left(f"the bucket {bucket}", "it is yours, with what is in it") for bucket in params["buckets"]),
        *local_leftovers(params["paths"]),
    ]
    unread = reader.attempts.unread
    lines = [f"left: {each.what}: {each.why}" for each in left] or ["left: nothing"]
    return {
        "changed": False,
        "left": [vars(each) for each in left],
        "unread": [vars(each) for each in unread],
        "lines": [*lines, *(f"not read: {each.what}: {each.reason}" for each in unread)],
    }


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "stack_name": {"type": "str", "required": True},
            "project": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "stage": {"type": "str", "required": True},
            "layers": {"type": "list", "elements": "str", "default": []},
            "layer_regions": {"type": "list", "elements": "str", "default": []},
            "key_pair": {"type": "str", "default": "", "no_log": False},
            "user": {"type": "str", "default": ""},
            "named": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "kind": {"type": "str", "required": True, "choices": sorted(KINDS)},
                    "name": {"type": "str", "required": True},
                },
            },
            "data": {"type": "list", "elements": "dict", "default": []},
            "buckets": {"type": "list", "elements": "str", "default": []},
            "paths": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"path": {"type": "str", "required": True}, "why": {"type": "str", "required": True}},
            },
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
