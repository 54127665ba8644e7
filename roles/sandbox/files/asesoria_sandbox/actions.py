# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which action of AWS's API a request is, and whether that action only reads."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.model import OperationModel

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
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")
_NO_ACTION_NAMED = ("apigateway", "lambda", "s3")


@dataclass(frozen=True)
class _Operation:
    """How a request for one operation of a REST API looks.

    :param name: of the operation.
    :param method: of HTTP.
    :param path: that the whole path fits.
    :param required: query keys and (lower-case) headers that are there.
    :param literals: number of characters of the path that are fixed.
    """

    name: str
    method: str
    path: re.Pattern[str]
    required: frozenset[str]
    literals: int


def is_read(action: str) -> bool:
    """Whether an action changes nothing. One that isn't known counts as a change."""
    return action.startswith(READS)


def signature_of(headers: Mapping[str, str], query: str) -> tuple[str, str]:
    """Whose access key a request is signed with, by its identifier, and the service that it is signed for.

    :param headers: by name in lower case.
    :param query: of the URL.
    :returns: two empty strings if it isn't signed.
    """
    found = _CREDENTIAL.search(headers.get("authorization", ""))
    if found is None:
        scope = parse_qs(query).get("X-Amz-Credential", [""])[0]
        found = _CREDENTIAL.search(f"Credential={scope}")
    return (found[1], found[2]) if found else ("", "")


def action_of(service: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> str:
    """The name of the action, such as C(PublishLayerVersion).

    :param service: as C(signature_of) says.
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
    rest = _rest_action(service, method, path, query, headers) if service in _NO_ACTION_NAMED else None
    return rest or f"{method} /{path.lstrip('/').partition('/')[0]}"


def _rest_action(service: str, method: str, path: str, query: str, headers: Mapping[str, str]) -> str | None:
    """The operation that a method and a path stand for; of several, the one that asks for most of what is there."""
    if service == "apigateway" and path.startswith("/v2/"):
        service = "apigatewayv2"
    given = {*parse_qs(query, keep_blank_values=True), *headers}
    bare = path.rstrip("/") or "/"
    fitting = [
        operation
        for operation in _operations(service)
        if operation.method == method and operation.required <= given and operation.path.fullmatch(bare)
    ]
    best = max(fitting, key=lambda operation: (len(operation.required), operation.literals), default=None)
    return best.name if best else None


@functools.cache
def _operations(service: str) -> list[_Operation]:
    """The operations of a service, from botocore's model of it."""
    model = botocore.session.get_session().get_service_model(service)
    return [_operation(model.operation_model(name)) for name in model.operation_names]


def _operation(model: OperationModel) -> _Operation:
    uri = urlsplit(model.http["requestUri"])
    path = uri.path.rstrip("/") or "/"
    literals = re.split(r"\{[^}]+\}", path)
    holes = [".+" if hole.endswith("+") else "[^/]+" for hole in re.findall(r"\{([^}]+)\}", path)]
    pattern = "".join(re.escape(literal) + hole for literal, hole in zip(literals, [*holes, ""], strict=True))
    shape = model.input_shape
    members = [shape.members[name].serialization for name in shape.required_members] if shape else []
    asked = {member["name"] for member in members if member.get("location") == "querystring"}
    asked |= {member["name"].lower() for member in members if member.get("location") == "header"}
    asked |= {unquote(key.partition("=")[0]) for key in uri.query.split("&") if key}
    return _Operation(
        name=model.name,
        method=model.http["method"],
        path=re.compile(pattern),
        required=frozenset(asked),
        literals=sum(map(len, literals)),
    )
