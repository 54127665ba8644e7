# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control plane: ministack, with its gaps filled, its requests logged and Python functions run as in Lambda."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import ministack.app

from asesoria_sandbox import alias_weights, function_worker, iam_gaps, identity, policy_gaps, processes
from asesoria_sandbox.request_log import RequestLog, asgi
from asesoria_sandbox.settings import Settings


def over_tls(app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """An ASGI application that takes its requests for such as came over TLS.

    Policies of buckets refuse all others, rightly, and the sandbox does not leave the machine.
    """

    async def secure(scope: dict[str, Any], receive: Any, send: Any) -> None:
        forwarded = (b"x-forwarded-proto", b"https")
        headers = {"headers": [*scope["headers"], forwarded]} if scope["type"] == "http" else {}
        await app({**scope, **headers}, receive, send)

    return secure


def main() -> None:
    """Serve until told to end."""
    processes.die_with_parent()
    settings = Settings.load()
    function_worker.install(settings)
    alias_weights.install()
    iam_gaps.install()
    policy_gaps.install()
    ministack.app.app = identity.asgi(asgi(over_tls(ministack.app.app), RequestLog(settings.request_log)))
    ministack.app.main()


if __name__ == "__main__":
    main()
