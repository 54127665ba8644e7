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
  - Sends an HTTP request again and again, with growing pauses, until the answer is as expected or the time is used up.
  - When it is not, says what was expected and what came instead, with the headers that tell who answered, the beginning
    of the body, and the fate and duration of every attempt.
  - Redirects are not followed and proxies are not used.
author:
  - The asesoria.serverless authors (@asesoria)
requirements:
  - Python >= 3.10
attributes:
  check_mode:
    description: >-
      Asks as usual if O(method) is V(GET), V(HEAD) or V(OPTIONS), since that changes nothing. Otherwise it sends
      nothing and is skipped.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
options:
  url:
    description: Address to ask.
    type: str
    required: true
  method:
    description: HTTP method.
    type: str
    choices: [GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE]
    default: GET
  headers:
    description: Header fields to send.
    type: dict
    default: {}
  data:
    description: Body to send, encoded in UTF-8.
    type: str
  status:
    description: Status codes that are good.
    type: list
    elements: int
    default: [200]
  body:
    description: The whole body that is good.
    type: str
  contains:
    description: Text that a good body contains.
    type: str
    default: ""
  regex:
    description: Python regular expression that is searched for in the body.
    type: str
    default: ""
  budget:
    description: Seconds in which a good answer has to come.
    type: float
    default: 60
  delay:
    description: Seconds before the second attempt. Every further pause is twice as long as the one before it.
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
      - Whether the server's certificate has to be good. A certificate that is refused ends the attempts at once.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Wait for the app to say hello
  asesoria.serverless.endpoint_verify:
    url: https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/
    contains: Bienvenido al servidor de Flask

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
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._http_probe import (
    Request,
    Response,
    check_url,
    parse_connect_to,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._verification import (
    Attempt,
    Expectation,
    Patience,
    VerificationError,
    verify,
)

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_MAX_RETURNED = 2000


def make_request(params: dict[str, Any]) -> Request:
    """Make the request of the module's options."""
    check_url(params["url"])
    return Request(
        url=params["url"],
        method=params["method"],
        headers={str(name): str(value) for name, value in params["headers"].items()},
        body=None if params["data"] is None else params["data"].encode(),
        connect_to=parse_connect_to(params["connect_to"]) if params["connect_to"] else None,
        timeout=params["timeout"],
        validate_certs=params["validate_certs"],
    )


def describe(url: str, *, response: Response | None, attempts: list[Attempt]) -> dict[str, Any]:
    """Return the keys of the module's answer."""
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
            for attempt in attempts
        ],
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "method": {
                "type": "str",
                "choices": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
                "default": "GET",
            },
            "headers": {"type": "dict", "default": {}},
            "data": {"type": "str"},
            "status": {"type": "list", "elements": "int", "default": [200]},
            "body": {"type": "str"},
            "contains": {"type": "str", "default": ""},
            "regex": {"type": "str", "default": ""},
            "budget": {"type": "float", "default": 60},
            "delay": {"type": "float", "default": 1},
            "max_delay": {"type": "float", "default": 10},
            "timeout": {"type": "float", "default": 30},
            "connect_to": {"type": "str", "default": ""},
            "validate_certs": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    params: dict[str, Any] = module.params
    if module.check_mode and params["method"] not in _SAFE_METHODS:
        module.exit_json(changed=False, skipped=True, msg=f"{params['method']} may change something, so it is not sent")
    expected = Expectation(
        status=params["status"], body=params["body"], contains=params["contains"], regex=params["regex"]
    )
    patience = Patience(budget=params["budget"], delay=params["delay"], max_delay=params["max_delay"])
    try:
        done = verify(make_request(params), expected=expected, patience=patience)
    except VerificationError as error:
        told = describe(params["url"], response=error.response, attempts=list(error.attempts))
        module.fail_json(msg=str(error), **told)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **describe(params["url"], response=done.response, attempts=done.attempts))


if __name__ == "__main__":
    main()
