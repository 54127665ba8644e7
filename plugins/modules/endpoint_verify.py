#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: endpoint_verify
version_added: 0.1.0
short_description: Ask an endpoint until it answers as expected
description:
  - Sends one HTTP request or several, again and again with growing pauses, until all answers are as expected or the
    time is used up.
  - When they are not, says what was expected and what came instead, with the headers that tell who answered, the
    beginning of the body, and the fate and duration of every attempt.
  - With O(log_stack) it then also says what the functions have written into their logs meanwhile, and why they failed
    if that can be read off, for example C(Runtime.ImportModuleError), a time-out, or too little memory.
  - Redirects are not followed and proxies are not used.
author:
  - The asesoria.serverless authors (@asesoria)
requirements:
  - Python >= 3.10
  - jmespath, if values of JSON are expected
  - boto3 and botocore, if O(log_stack) is given
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
attributes:
  check_mode:
    description: >-
      Asks as usual if a request's method is V(GET), V(HEAD) or V(OPTIONS), since that changes nothing. Other requests
      are not sent. If all are others, it is skipped.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
notes:
  - The options that amazon.aws gives its modules are used for reading the log, and not for asking the endpoint.
options:
  url:
    description: Address to ask.
    type: str
    required: true
  requests:
    description:
      - What to ask, in this order, if it is more than one request. Each is answered well before the next one is sent; a
        bad answer begins anew with the first.
      - O(headers) are sent with all of them. O(method), O(data) and what is expected are then each request's own.
    type: list
    elements: dict
    suboptions:
      path:
        description: What to ask for, below O(url). It begins with C(/).
        type: str
        default: /
      method: &method
        description: HTTP method.
        type: str
        choices: [GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE]
        default: GET
      headers:
        description: Header fields to send, besides O(headers).
        type: dict
        default: {}
      data: &data
        description: Body to send, encoded in UTF-8.
        type: str
      status: &status
        description: Status codes that are good.
        type: list
        elements: int
        default: [200]
      response_headers:
        description: See O(response_headers).
        type: dict
        default: {}
      body: &body
        description: The whole body that is good.
        type: str
      contains: &contains
        description: Text that a good body contains.
        type: str
        default: ""
      regex: &regex
        description: Python regular expression that is searched for in the body.
        type: str
        default: ""
      json:
        description: See O(json).
        type: list
        elements: dict
        default: []
        suboptions:
          query:
            description: A JMESPath expression.
            type: str
            required: true
          value:
            description: What it has to give.
            type: raw
            default: true
  method: *method
  headers:
    description: Header fields to send.
    type: dict
    default: {}
  data: *data
  status: *status
  response_headers:
    description:
      - Header fields that a good answer has. The values are Python regular expressions that are searched for in the
        fields' values; an empty one fits any.
      - A field that comes repeatedly has its values joined by C(", ").
    type: dict
    default: {}
  body: *body
  contains: *contains
  regex: *regex
  json:
    description: Values that a good body has, as JSON.
    type: list
    elements: dict
    default: []
    suboptions:
      query:
        description: A JMESPath expression, see U(https://jmespath.org).
        type: str
        required: true
      value:
        description:
          - What it has to give. Types count, V(1) is not V("1").
          - A query that compares, such as C(length(items) > `0`), gives V(true).
        type: raw
        default: true
  in_a_row:
    description: How often every request has to be answered well, without a bad answer in between.
    type: int
    default: 1
  latency:
    description:
      - Seconds that a good answer may take, from before the connection until all of it was read; V(0) for any time.
      - Looked at are the last O(in_a_row) answers to each request. As long as they took longer, it goes on asking.
    type: float
    default: 0
  percentile:
    description: How many of these answers have to keep to O(latency), in percent.
    type: float
    default: 95
  budget:
    description:
      - Seconds in which the good answers have to come. No attempt but the first takes longer than what is left of it,
        or one second if less is left.
    type: float
    default: 60
  fail_fast:
    description:
      - Whether the first bad answer ends it, and so do good ones in a row that take too long. That is for an endpoint
        that has answered well until now.
    type: bool
    default: false
  delay:
    description: >-
      Seconds before asking again after a bad answer. Every further pause is twice as long as the one before it.
    type: float
    default: 1
  max_delay:
    description: Seconds that no pause exceeds.
    type: float
    default: 10
  timeout:
    description: Seconds that one attempt may take.
    type: float
    default: 30
  connect_to:
    description:
      - Where to open the connection, as C(host:port), for a name that does not resolve (yet). C(Host) and the server's
        name in TLS stay as the address says.
    type: str
    default: ""
  validate_certs:
    description:
      - Whether the server's certificate has to be good, and that of AWS when the log is read. A certificate that is
        refused ends the attempts at once.
    type: bool
    default: true
  log_stack:
    description:
      - Name of the CloudFormation stack whose functions answer. If the verification fails, the message holds the end of
        their logs.
      - That a log can't be read is said in the message, and changes nothing else.
    type: str
    default: ""
  log_lines:
    description: How many lines of each function's log are shown.
    type: int
    default: 20
"""

EXAMPLES = r"""
- name: Wait for the app to say hello
  asesoria.serverless.endpoint_verify:
    url: https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/
    contains: Bienvenido al servidor de Flask
    log_stack: mi-api-flask-dev
    region: us-east-1

- name: Require three good rounds, most of them fast
  asesoria.serverless.endpoint_verify:
    url: https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com
    in_a_row: 3
    latency: 0.5
    percentile: 90
    requests:
      - path: /health
        response_headers:
          content-type: ^application/json
        json:
          - query: status
            value: up
          - query: length(databases) > `0`
      - path: /items
        method: POST
        headers:
          content-type: application/json
        data: '{"name": "lamp"}'
        status: [201]

- name: Ask before the name resolves
  asesoria.serverless.endpoint_verify:
    url: https://app.example.com/health
    connect_to: 192.0.2.10:443
    status: [200, 204]
    budget: 120

- name: Ask an API of a local stand-in
  asesoria.serverless.endpoint_verify:
    url: http://a1b2c3d4.execute-api.localhost:4566/
    connect_to: 127.0.0.1:4566
    regex: "^Bienvenido"
"""

RETURN = r"""
url:
  description: The address that was asked.
  returned: when it was asked
  type: str
status:
  description: Status of the last answer. It is C(null) if none came.
  returned: when it was asked
  type: int
  sample: 200
headers:
  description: >-
    Header fields of the last answer, names in lower case. It is C(null) if none came.
  returned: when it was asked
  type: dict
  sample:
    content-type: text/html; charset=utf-8
body:
  description: The first 2,000 characters of the last answer's body. It is C(null) if none came.
  returned: when it was asked
  type: str
  sample: Bienvenido al servidor de Flask
attempts:
  description: What became of each attempt.
  returned: when it was asked
  type: list
  elements: dict
  contains:
    request:
      description: Method and address.
      type: str
      returned: always
      sample: GET https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/
    started:
      description: Seconds since the first attempt.
      type: float
      returned: always
    seconds:
      description: How long it took.
      type: float
      returned: always
    status:
      description: Status of the answer. It is C(null) if none came.
      type: int
      returned: always
    problem:
      description: What was not as expected. Empty for a good answer.
      type: str
      returned: always
reason:
  description: >-
    Why the functions failed, as their logs say. It is C(null) if that can't be read off.
  returned: when it was asked with O(log_stack), and failed
  type: str
  sample: >-
    the function ran out of memory (128 of 128 MB used). Give it more memory.
log:
  description: The end of the functions' logs, the oldest line first.
  returned: when it was asked with O(log_stack), and failed
  type: list
  elements: str
"""

import time
from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.amazon.aws.plugins.module_utils.botocore import HAS_BOTO3
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Functions, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudwatch_logs import (
    FunctionLogs,
    describe_logs,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._expectation import (
    HAS_JMESPATH,
    Expectation,
    JsonValue,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._http_probe import (
    Request,
    RequestError,
    check_url,
    parse_connect_to,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._verification import (
    Check,
    Demand,
    Patience,
    Verification,
    VerificationError,
    verify,
)

_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_MAX_RETURNED = 2000
# What is each request's own if there are several.
_OWN = ("method", "data", "status", "response_headers", "body", "contains", "regex", "json")


def make_checks(params: dict[str, Any]) -> list[Check]:
    """Make the requests of the module's options, and what is expected of their answers."""
    if params["requests"] is None:
        return [make_check(params, url=params["url"], params=params)]
    checks = []
    for wanted in params["requests"]:
        if not wanted["path"].startswith("/"):
            raise RequestError(f"the path {wanted['path']!r} does not begin with /", "Write it so")
        wanted["headers"] = {**params["headers"], **wanted["headers"]}
        checks.append(make_check(wanted, url=params["url"].rstrip("/") + wanted["path"], params=params))
    if not checks:
        raise RequestError("requests is an empty list", "Say what to ask, or leave it out")
    return checks


def make_check(wanted: dict[str, Any], *, url: str, params: dict[str, Any]) -> Check:
    """Make one request, and what is expected of its answer."""
    check_url(url)
    request = Request(
        url=url,
        method=wanted["method"],
        headers=texts(wanted["headers"]),
        body=None if wanted["data"] is None else wanted["data"].encode(),
        connect_to=parse_connect_to(params["connect_to"]) if params["connect_to"] else None,
        timeout=params["timeout"],
        validate_certs=params["validate_certs"],
    )
    expected = Expectation(
        status=wanted["status"],
        headers=texts(wanted["response_headers"]),
        body=wanted["body"],
        contains=wanted["contains"],
        regex=wanted["regex"],
        json=[JsonValue(query=value["query"], value=value["value"]) for value in wanted["json"]],
    )
    return Check(request=request, expected=expected)


def texts(fields: dict[Any, Any]) -> dict[str, str]:
    """Write names and values as text, as YAML takes a number for one."""
    return {str(name): str(value) for name, value in fields.items()}


def describe(url: str, done: Verification) -> dict[str, Any]:
    """Return the keys of the module's answer."""
    response = done.response
    return {
        "url": url,
        "status": response.status if response else None,
        "headers": dict(response.headers) if response else None,
        "body": response.text[:_MAX_RETURNED] if response else None,
        "attempts": [
            {
                **asdict(attempt),
                "started": round(attempt.started, 3),
                "seconds": round(attempt.seconds, 3),
            }
            for attempt in done.attempts
        ],
    }


def make_logs(module: AnsibleAWSModule) -> FunctionLogs | None:
    """Connect to AWS if the log is wanted: what is wrong with that is told before anything is asked."""
    if not module.params["log_stack"]:
        return None
    if not HAS_BOTO3:
        module.fail_json(msg=missing_required_lib("boto3"))
    retry = AWSRetry.jittered_backoff(retries=4)
    return FunctionLogs(
        module.client("logs", retry_decorator=retry),
        stacks=Stacks(module.client("cloudformation", retry_decorator=retry)),
        functions=Functions(lambda: module.client("lambda", retry_decorator=retry)),
    )


def fail(
    module: AnsibleAWSModule,
    error: VerificationError,
    *,
    reader: FunctionLogs | None,
    seconds: float,
) -> None:
    """Say what was wrong, and what the log says of it."""
    told = describe(module.params["url"], error.done)
    if reader is None:
        module.fail_json(msg=str(error), **told)
        return
    reason, lines = None, []
    try:
        logs = reader.read(module.params["log_stack"], seconds=seconds, count=module.params["log_lines"])
        said = describe_logs(logs)
        reason = next((str(log.reason) for log in logs if log.reason), None)
        lines = [line for log in logs for line in log.lines]
    except ServerlessError as unreadable:
        said = f"The log can't be shown: {unreadable}"
    module.fail_json(msg=f"{error} {said}", reason=reason, log=lines, **told)


def make_argument_spec() -> dict[str, Any]:
    """Return the options."""
    value = {"query": {"type": "str", "required": True}, "value": {"type": "raw", "default": True}}
    both: dict[str, Any] = {
        "method": {"type": "str", "choices": _METHODS, "default": "GET"},
        "headers": {"type": "dict", "default": {}},
        "data": {"type": "str"},
        "status": {"type": "list", "elements": "int", "default": [200]},
        "response_headers": {"type": "dict", "default": {}},
        "body": {"type": "str"},
        "contains": {"type": "str", "default": ""},
        "regex": {"type": "str", "default": ""},
        "json": {"type": "list", "elements": "dict", "default": [], "options": value},
    }
    return {
        "url": {"type": "str", "required": True},
        "requests": {"type": "list", "elements": "dict", "options": {"path": {"type": "str", "default": "/"}, **both}},
        **both,
        "in_a_row": {"type": "int", "default": 1},
        "latency": {"type": "float", "default": 0},
        "percentile": {"type": "float", "default": 95},
        "budget": {"type": "float", "default": 60},
        "fail_fast": {"type": "bool", "default": False},
        "delay": {"type": "float", "default": 1},
        "max_delay": {"type": "float", "default": 10},
        "timeout": {"type": "float", "default": 30},
        "connect_to": {"type": "str", "default": ""},
        "validate_certs": {"type": "bool", "default": True},
        "log_stack": {"type": "str", "default": ""},
        "log_lines": {"type": "int", "default": 20},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=make_argument_spec(),
        mutually_exclusive=[("requests", option) for option in _OWN],
        supports_check_mode=True,
        check_boto3=False,
    )
    params: dict[str, Any] = module.params
    if not HAS_JMESPATH and any(wanted["json"] for wanted in (params, *(params["requests"] or []))):
        module.fail_json(msg=missing_required_lib("jmespath"))
    started = time.monotonic()
    logs = None
    try:
        checks = make_checks(params)
        if module.check_mode:
            checks = [check for check in checks if check.request.method in _SAFE_METHODS]
        if not checks:
            module.exit_json(changed=False, skipped=True, msg="what would be sent may change something, so it is not")
        logs = make_logs(module)
        done = verify(
            checks,
            patience=Patience(
                budget=params["budget"],
                delay=params["delay"],
                max_delay=params["max_delay"],
                fail_fast=params["fail_fast"],
            ),
            demand=Demand(in_a_row=params["in_a_row"], latency=params["latency"], percentile=params["percentile"]),
        )
    except VerificationError as error:
        fail(module, error, reader=logs, seconds=time.monotonic() - started)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **describe(params["url"], done))


if __name__ == "__main__":
    main()
