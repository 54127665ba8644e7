#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: named_resources_info
short_description: Read which resources have certain names, and whose they are
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Reads resources of AWS by their names, and says whose each of them is, by its tags.
  - A resource that the credentials may not read counts as missing, and is named in the result.
requirements:
  - Python >= 3.10
extends_documentation_fragment:
  - asesoria.serverless.attributes.reads
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  named:
    description: Kind and name of each resource. One with an empty name is passed over.
    type: list
    elements: dict
    required: true
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
seealso:
  - module: asesoria.serverless.leftovers_info
"""

EXAMPLES = r"""
- name: Read whether a function has the name that a service would give
  asesoria.serverless.named_resources_info:
    named:
      - {kind: function, name: my-api-dev-api}
    region: us-east-1
  register: taken
"""

RETURN = r"""
found:
  description: Resources that exist.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: Kind and name.
      returned: always
      type: str
      sample: the function my-api-dev-api
    owner:
      description: Whose it is, as the end of a sentence.
      returned: always
      type: str
      sample: it was not made by this collection and has no tags
    tags:
      description: Tags of the resource.
      returned: always
      type: dict
      sample: {}
unread:
  description: What could not be read, with C(what) and C(reason).
  returned: success
  type: list
  elements: dict
  sample: []
"""

import functools
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.named import KINDS, NamedResources
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._unread import Attempts


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    """Read the resources, and return the module's answer."""
    resources = NamedResources(
        lambda service: module.client(service, retry_decorator=AWSRetry.jittered_backoff(retries=8))
    )
    attempts = Attempts()
    found = [
        resource
        for each in module.params["named"]
        if each["name"]
        for resource in attempts.read_all(
            f"the {each['kind']} {each['name']}", functools.partial(resources.read, each["kind"], each["name"])
        )
    ]
    return {
        "changed": False,
        "found": [{"what": each.title, "owner": each.owner, "tags": dict(each.tags)} for each in found],
        "unread": [vars(each) for each in attempts.unread],
    }


def main() -> None:
    """Run the module."""
    named = {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "kind": {"type": "str", "required": True, "choices": sorted(KINDS)},
            "name": {"type": "str", "required": True},
        },
    }
    module = AnsibleAWSModule(argument_spec={"named": named}, supports_check_mode=True)
    try:
        answer = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
