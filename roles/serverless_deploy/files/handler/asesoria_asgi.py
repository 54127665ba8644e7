# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lambda's way into an ASGI app: Mangum makes the request, and what the app answers goes out as it is.

Mangum 0.22.0 alone starts the app up and shuts it down for every single request, does not tell it the stage of a REST
API that its addresses begin with, and fails on header fields in Latin-1.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from asesoria_events import Event, is_request, make_answer, mount_of, path_of
from asesoria_factory import make_app
from mangum import Mangum
from mangum.protocols import LifespanCycle

Message = MutableMapping[str, Any]


def _load(setting: str) -> Any:
    """Import the app that a setting names: module.name or module:name(), perhaps with folders and a slash in front."""
    path, _dot, name = setting.removesuffix("()").replace(":", ".").rpartition(".")
    folder, _slash, module = path.rpartition("/")
    if folder:
        sys.path.insert(0, str(Path(__file__).resolve().parent / folder))
    return getattr(importlib.import_module(module), name)


class _Exchange:
    """One request to the app, with what Mangum does not tell it, and the answer as the app gave it.

    :param event: the request as it came.
    :param state: what the app has kept of its start.
    """

    def __init__(self, event: Event, *, state: dict[str, Any]) -> None:
        self._event = event
        self._state = state
        self._start: Message | None = None
        self._body: list[bytes] = []
        self._whole = False

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Be the app that Mangum calls."""
        mount = mount_of(self._event)
        path = mount + path_of(self._event).decode("utf-8", "replace")

        async def record(message: Message) -> None:
            """Keep what the app sends. Mangum sees whether it comes in order, and nothing of what it says."""
            await send({**message, "headers": [], "body": b""})
            if message["type"] == "http.response.start":
                self._start = message
            elif message["type"] == "http.response.body":
                self._body.append(message.get("body", b""))
                self._whole = not message.get("more_body", False)

        await APP({**scope, "path": path, "root_path": mount, "state": self._state.copy()}, receive, record)

    def answer(self) -> dict[str, Any] | None:
        """What to send; nothing if the app did not come to an end."""
        if self._start is None or not self._whole:
            return None
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._start.get("headers", ())]
        body = b"" if self._method == "HEAD" else b"".join(self._body)
        return make_answer(self._event, status=self._start["status"], headers=headers, body=body)

    @property
    def _method(self) -> str:
        return str(self._event.get("httpMethod") or self._event["requestContext"]["http"]["method"])


APP = make_app(_load(os.environ["ASESORIA_ASGI_APP"]))
# The app is started up once, as by a server, in the loop that all requests then run in. Lambda tells nobody when it is
# over.
asyncio.set_event_loop(asyncio.new_event_loop())
_LIFESPAN = LifespanCycle(APP, "auto")
_LIFESPAN.__enter__()


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer a request.

    :raises ValueError: it is none.
    """
    if not is_request(event):
        raise ValueError("an ASGI app answers to HTTP requests only, and this event is none")
    exchange = _Exchange(event, state=_LIFESPAN.lifespan_state)
    answer = Mangum(exchange, lifespan="off")(event, context)
    return exchange.answer() or answer
