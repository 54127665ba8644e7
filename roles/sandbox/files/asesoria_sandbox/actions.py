# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which action of AWS's API a request is, and whether that action only reads."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

import botocore.session

#: How the names of actions that change nothing begin.
READS = (
    "BatchGet",
    "Describe",
    "Detect",
    "Download",
    "Estimate",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Query",
    "Scan",
    "Search",
    "Select",
    "Simulate",
    "Validate",
)
_CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_NO_ACTION_NAMED = ("apigateway", "lambda", "s3")


def is_read(action: str) -> bool:
    """Whether an action changes nothing. One that isn't known counts as a change."""
    return action.startswith(READS)


def service_of(headers: Mapping[str, str], query: str) -> str:
    """The service that a request is signed for; empty if it isn't signed.

    :param headers: by name in lower case.
    :param query: of the URL.
    """
    found = _CREDENTIAL.search(headers.get("authorization", ""))
    if found is None:
        scope = parse_qs(query).get("X-Amz-Credential", [""])[0]
        found = _CREDENTIAL.search(f"Credential={scope}")
    return found.group(1) if found else ""


def action_of(service: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> str:
    """The name of the action, such as C(PublishLayerVersion).

    :param service: as C(service_of) says.
    :param method: of HTTP.
    :param path: of the URL.
    :param query: of the URL.
    :param headers: by name in lower case.
    :param body: the beginning of the request's body.
    :returns: the method and the path's first part if the action can't be told.
    """
    target = headers.get("x-amz-target", "")
    if target:
        return target.rpartition(".")[2]
    form = body.decode("utf-8", errors="replace") if "form-urlencoded" in headers.get("content-type", "") else ""
    for fields in (query, form):
        named = parse_qs(fields).get("Action")
        if named:
            return named[0]
    smithy = re.fullmatch(r"/service/[^/]+/operation/(\w+)", path)
    if smithy:
        return smithy.group(1)
    rest = _rest_action(service, method, path, query) if service in _NO_ACTION_NAMED else None
    return rest or f"{method} /{path.lstrip('/').partition('/')[0]}"


def _rest_action(service: str, method: str, path: str, query: str) -> str | None:
    if service == "apigateway" and path.startswith("/v2/"):
        service = "apigatewayv2"
    keys = set(parse_qs(query, keep_blank_values=True))
    bare = path.rstrip("/") or "/"
    fitting = [
        (len(required), literal, name)
        for verb, pattern, required, literal, name in _operations(service)
        if verb == method and required <= keys and pattern.fullmatch(bare)
    ]
    return max(fitting)[2] if fitting else None


@functools.cache
def _operations(service: str) -> list[tuple[str, re.Pattern[str], frozenset[str], int, str]]:
    """Method, path, query keys, number of fixed characters and name of each operation, from botocore's model."""
    model = botocore.session.get_session().get_service_model(service)
    return [_operation(model.operation_model(name).http, name) for name in model.operation_names]


def _operation(http: Mapping[str, str], name: str) -> tuple[str, re.Pattern[str], frozenset[str], int, str]:
    path, _, query = http["requestUri"].partition("?")
    path = path.rstrip("/") or "/"
    literals = re.split(r"\{[^}]+\}", path)
    holes = [".+" if hole.endswith("+") else "[^/]+" for hole in re.findall(r"\{([^}]+)\}", path)]
    pattern = "".join(re.escape(literal) + hole for literal, hole in zip(literals, [*holes, ""], strict=True))
    required = frozenset(unquote(key.partition("=")[0]) for key in query.split("&") if key)
    return http["method"], re.compile(pattern), required, sum(map(len, literals)), name
