# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets whoever starts a sandbox see that the one who answers on its ports is of this sandbox, and not another's."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from asesoria_sandbox.settings import PARENT_VARIABLE

#: Path that a stand-in answers itself, with its supervisor's process id.
PATH = "/_asesoria_sandbox/supervisor"
_HEADERS = (("content-type", "text/plain"),)


def asgi(app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """An ASGI application that can be asked whose it is."""

    async def known(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope.get("path") != PATH:
            await app(scope, receive, send)
            return
        headers = [(name.encode(), value.encode()) for name, value in _HEADERS]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": os.environ[PARENT_VARIABLE].encode()})

    return known


def wsgi(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """A WSGI application that can be asked whose it is."""

    def known(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            return app(environ, start_response)
        start_response("200 OK", list(_HEADERS))
        return [os.environ[PARENT_VARIABLE].encode()]

    return known
