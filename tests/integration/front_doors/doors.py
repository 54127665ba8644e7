# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP requests as the front doors hand them to a function, and the answers that they make of what it returns.

The forms: Amazon API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs" (format 2.0) and
"Lambda proxy integrations in API Gateway" (format 1.0); AWS Lambda Developer Guide, "Invoking Lambda function URLs".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

STAGE = "dev"
HOSTS = {
    "http_api": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
    "rest_api": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
    "function_url": "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6.lambda-url.us-east-1.on.aws",
}
_TEXT = re.compile(r"text/|application/(json|javascript|xml|x-www-form-urlencoded)")


@dataclass(frozen=True)
class Request:
    """A request as a client sends it.

    :param target: path and query, encoded.
    :param headers: names as they are sent; a name may come repeatedly.
    """

    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path, encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query, encoded."""
        return self.target.partition("?")[2]


@dataclass(frozen=True)
class Answer:
    """An answer as a client gets it; the names of header fields in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """The values of a header field."""
        return [value for key, value in self.headers if key == name]


def make_event(door: str, request: Request) -> dict[str, Any]:
    """What the function is handed."""
    headers: dict[str, list[str]] = {"Host": [HOSTS[door]]}
    for name, value in (*request.headers, ("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "443")):
        headers.setdefault(name, []).append(value)
    if request.body:
        headers["Content-Length"] = [str(len(request.body))]
    return _v1(request, headers) if door == "rest_api" else _v2(door, request, headers)


def _v1(request: Request, headers: Mapping[str, list[str]]) -> dict[str, Any]:
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    # All types are binary ones, as the role has it: every body comes in base64.
    return {
        "resource": "/{proxy+}",
        "path": request.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": dict(headers),
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": request.path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "stage": STAGE,
            "path": f"/{STAGE}{request.path}",
            "httpMethod": request.method,
            "identity": {"sourceIp": "192.0.2.1"},
            "protocol": "HTTP/1.1",
        },
        "body": base64.b64encode(request.body).decode() if request.body else None,
        "isBase64Encoded": bool(request.body),
    }


def _v2(door: str, request: Request, headers: Mapping[str, list[str]]) -> dict[str, Any]:
    path = _decoded(request.path) if door == "http_api" else request.path
    kind = {name.lower(): value for name, value in request.headers}.get("content-type", "")
    is_text = _TEXT.match(kind) is not None
    cookies = [cookie for value in headers.get("Cookie", ()) for cookie in value.split("; ")]
    joined = {name.lower(): ",".join(values) for name, values in headers.items() if name != "Cookie"}
    if door == "function_url" and cookies:
        joined["cookie"] = "; ".join(cookies)
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": joined,
        "requestContext": {
            "accountId": "123456789012",
            "domainName": HOSTS[door],
            "stage": "$default",
            "http": {"method": request.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        },
        "isBase64Encoded": bool(request.body) and not is_text,
    }
    if cookies:
        event["cookies"] = cookies
    if request.body:
        event["body"] = request.body.decode() if is_text else base64.b64encode(request.body).decode()
    return event


def _decoded(path: str) -> str:
    """A path as an HTTP API passes it on: decoded, but for the percent sign."""
    kept = path.replace("%25", "%2525")
    return unquote_to_bytes(kept).decode("utf-8", "replace")


def read_answer(door: str, returned: Mapping[str, Any], *, method: str) -> Answer:
    """What the client gets of what the function returned."""
    body = returned.get("body") or ""
    content = base64.b64decode(body, validate=True) if returned.get("isBase64Encoded") else body.encode()
    if door == "rest_api":
        # A name in "headers" and in "multiValueHeaders" has the values of the latter.
        merged = {name.lower(): [value] for name, value in (returned.get("headers") or {}).items()}
        several = returned.get("multiValueHeaders") or {}
        merged.update({name.lower(): list(values) for name, values in several.items()})
        headers = [(name, value) for name, values in merged.items() for value in values]
    else:
        names = [name.lower() for name in returned.get("headers") or {}]
        # What becomes of names that differ in case only is told nowhere.
        assert len(names) == len(set(names)), f"several header fields of one name: {sorted(returned['headers'])}"
        headers = [(name.lower(), value) for name, value in (returned.get("headers") or {}).items()]
        headers += [("set-cookie", cookie) for cookie in returned.get("cookies") or ()]
    if not any(name == "content-type" for name, _value in headers):
        headers.append(("content-type", "application/json"))
    return Answer(status=returned["statusCode"], headers=tuple(headers), body=b"" if method == "HEAD" else content)
