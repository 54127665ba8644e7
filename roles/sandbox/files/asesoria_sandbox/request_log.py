# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes one line for each AWS call that reaches a stand-in, and reads them again.

A line holds time, service, action, method, path, status and the identifier of the access key; never a body, a header or
a query, where secrets would be.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from asesoria_sandbox.actions import action_of, is_read, signature_of

#: Sent by the sandbox's own callers, whose calls are not anybody's.
OWN_AGENT = "asesoria-sandbox"
#: Bytes of a request's body that are looked at.
_PEEK = 65536
_Message = dict[str, Any]
_Send = Callable[[_Message], Awaitable[None]]
_Receive = Callable[[], Awaitable[_Message]]


@dataclass(frozen=True)
class Call:
    """One AWS call.

    :param time: when it was answered, ISO 8601, UTC.
    :param service: that it was signed for; C(execute-api) for a visit to an endpoint; empty if it wasn't signed.
    :param action: of AWS's API.
    :param method: of HTTP.
    :param path: of the URL, without the query.
    :param status: of HTTP.
    :param key: identifier of the access key that it was signed with; empty if it wasn't signed.
    """

    time: str
    service: str
    action: str
    method: str
    path: str
    status: int
    key: str = ""

    @property
    def is_write(self) -> bool:
        """Whether it may have changed something in AWS. A visit to an endpoint is no AWS call."""
        return self.service != "execute-api" and not is_read(self.action)


class RequestLog:
    """The file.

    :param path: appended to, whole lines at a time, so that several processes can share it.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def add(self, *, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, status: int) -> None:
        """Write one call down, unless it is the sandbox's own.

        :param headers: by name in lower case.
        :param body: its beginning; not kept.
        """
        if OWN_AGENT in headers.get("user-agent", "") or path.startswith(("/_ministack/", "/moto-api/")):
            return
        if ".execute-api." in headers.get("host", ""):
            key, service, action = "", "execute-api", "Invoke"
        else:
            key, service = signature_of(headers, query)
            action = action_of(service, method, path, query, headers, body)
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        call = Call(time=now, service=service, action=action, method=method, path=path, status=status, key=key)
        os.write(self._descriptor, (json.dumps(asdict(call)) + "\n").encode())


def read(path: Path, *, since: str = "") -> list[Call]:
    """The calls of a log.

    :param path: the file; one that isn't there holds no calls.
    :param since: ISO 8601, UTC; leave out earlier ones.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    calls = (Call(**json.loads(line)) for line in lines if line.endswith("}"))
    return [call for call in calls if call.time >= since]


def writes(calls: Iterable[Call]) -> Iterator[Call]:
    """Those that may have changed something."""
    return (call for call in calls if call.is_write)


def asgi(app: Callable[..., Awaitable[None]], log: RequestLog) -> Callable[..., Awaitable[None]]:
    """An ASGI application that logs its requests."""

    async def logged(scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        body = bytearray()

        async def listening() -> _Message:
            message = await receive()
            if len(body) < _PEEK:
                body.extend(message.get("body", b"")[:_PEEK])
            return message

        async def telling(message: _Message) -> None:
            if message["type"] == "http.response.start":
                log.add(
                    method=scope["method"],
                    path=scope["path"],
                    query=scope["query_string"].decode("latin-1"),
                    headers={
                        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
                    },
                    body=bytes(body),
                    status=message["status"],
                )
            await send(message)

        await app(scope, listening, telling)

    return logged


def wsgi(app: Callable[..., Iterable[bytes]], log: RequestLog) -> Callable[..., Iterable[bytes]]:
    """A WSGI application that logs its requests."""

    def logged(environ: _Message, start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
        headers["content-type"] = environ.get("CONTENT_TYPE", "")

        def telling(status: str, *details: Any) -> Any:
            log.add(
                method=environ["REQUEST_METHOD"],
                path=environ["PATH_INFO"],
                query=environ["QUERY_STRING"],
                headers=headers,
                body=body[:_PEEK],
                status=int(status.split(maxsplit=1)[0]),
            )
            return start_response(status, *details)

        return app(environ, telling)

    return logged
