# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the front doors of a function (HTTP API, REST API, function URL) say of a request, and want of an answer.

It travels in the function's package, so it runs on every Python that Lambda has and needs nothing besides.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

#: What Lambda hands over, and what it gets back.
Event = Mapping[str, Any]


def is_request(event: object) -> bool:
    """Whether an event is an HTTP request: a schedule, or somebody's direct call, has no request context."""
    return isinstance(event, dict) and "requestContext" in event


def mount_of(event: Event) -> str:
    """Below which path the app is: the stage of a REST API, if the request's host is not one of the user's own.

    :returns: empty for none, else with a slash in front only.
    """
    context = event["requestContext"]
    if event.get("version") == "2.0":
        stage = "/" + context.get("stage", "$default")
        return stage if _below(event["rawPath"], stage) else ""
    whole, path = context.get("path") or "", event["path"]
    return whole[: -len(path)] if whole.endswith(path) else ""


def path_of(event: Event) -> bytes:
    """The path below :func:`mount_of`, as the bytes that the client meant.

    REST APIs and function URLs hand it over as it was sent. HTTP APIs have decoded all but C(%25), so that decoding
    once more is right for them too.
    """
    if event.get("version") != "2.0":
        return unquote_to_bytes(event["path"])
    return unquote_to_bytes(event["rawPath"][len(mount_of(event)) :] or "/")


def make_answer(event: Event, *, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> dict[str, Any]:
    """Write an answer as the front door takes it.

    :param event: the request.
    :param status: its number.
    :param headers: pairs of name and value, with names that may come repeatedly.
    :param body: bytes.
    """
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)
    text = None if "content-encoding" in values else _text(body)
    answer = {
        "statusCode": status,
        "body": base64.b64encode(body).decode("ascii") if text is None else text,
        "isBase64Encoded": text is None,
    }
    if event.get("version") != "2.0":
        return {**answer, "multiValueHeaders": values}
    cookies = values.pop("set-cookie", [])
    return {**answer, "headers": {name: ", ".join(several) for name, several in values.items()}, "cookies": cookies}


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _text(body: bytes) -> str | None:
    """A body as text, if it is in UTF-8: base64 takes a third more of the 6 MB that Lambda sends."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
