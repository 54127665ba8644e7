#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: function_log_info
version_added: 0.1.0
short_description: Read what the functions of a service have written into their logs
description:
  - Reads the logs of all functions of a service's stack, from some time on.
  - With O(cursor) it tells only what an earlier call has not told.
author:
  - The asesoria.serverless authors (@asesoria)
requirements:
  - Python >= 3.10
extends_documentation_fragment:
  - asesoria.serverless.attributes.reads
  - asesoria.serverless.service
  - asesoria.serverless.function_log
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  cursor:
    description: What an earlier call has returned as RV(cursor). O(since) then counts for nothing.
    type: dict
seealso:
  - module: asesoria.serverless.function_log
"""

EXAMPLES = r"""
- name: Read the errors of the last hour
  asesoria.serverless.function_log_info:
    service: mi-api-flask
    since: 1h
    filter: ERROR
    region: us-east-1
  register: log
"""

RETURN = r"""
events:
  description: What was written, the oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    function:
      description: The function that wrote it.
      returned: always
      type: str
      sample: mi-api-flask-dev-api
    timestamp:
      description: When, in milliseconds since 1970.
      returned: always
      type: int
      sample: 1795000000000
    message:
      description: What, without control characters; it can have several lines.
      returned: always
      type: str
lines:
  description: The same for people, with the time in UTC.
  returned: success
  type: list
  elements: str
missing:
  description: Log groups that are not there, since nobody has called the function yet, or since they were removed.
  returned: success
  type: list
  elements: str
  sample: [/aws/lambda/mi-api-flask-dev-api]
more:
  description: Whether there is more already for the next call, with O(cursor).
  returned: success
  type: bool
cursor:
  description: For the next call.
  returned: success
  type: dict
"""

from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._log_reading import (
    LogReader,
    Place,
    as_lines,
    dump_places,
    load_places,
    parse_since,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_job import named_stack, service_options


def first_places(module: AnsibleAWSModule) -> dict[str, Place]:
    """Where a first reading begins, in the log of each function of the stack."""
    params: dict[str, Any] = module.params
    since = parse_since(params["since"], now=datetime.now(tz=timezone.utc))
    name = named_stack(params)
    stacks = Stacks(module.client("cloudformation", retry_decorator=AWSRetry.jittered_backoff(retries=8)))
    functions = stacks.functions(name) if stacks.find(name) else None
    if functions is None:
        raise ServerlessError(f"the stack {name} in {module.region} does not exist", "Deploy the service first")
    if not functions:
        raise ServerlessError(f"the stack {name} in {module.region} has no function", "Name another service or stage")
    return {function: Place(since) for function in functions}


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    """Read, and return the module's answer."""
    cursor = module.params["cursor"]
    places = load_places(cursor) if cursor else first_places(module)
    client = module.client("logs", retry_decorator=AWSRetry.jittered_backoff(retries=8))
    reading = LogReader(client, pattern=module.params["filter"]).read(places)
    return {
        "changed": False,
        "events": [asdict(event) for event in reading.events],
        "lines": as_lines(reading.events, named=len(places) > 1),
        "missing": list(reading.missing),
        "more": reading.more,
        "cursor": dump_places(reading.places),
    }


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **service_options(),
            "since": {"type": "str", "default": "10m"},
            "filter": {"type": "str", "default": ""},
            "cursor": {"type": "dict"},
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
