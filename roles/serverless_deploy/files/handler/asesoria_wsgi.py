# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lambda's way into a WSGI app: serverless-wsgi makes the request, and what the app answers goes out as it is.

serverless-wsgi 3.1.0 alone never closes the app's answer, gives one without a type the type text/plain, fails on text
that is not in UTF-8, sends several cookies of an HTTP API as headers that differ in case, and takes the stage $default
for a folder that the app's addresses begin with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import serverless_wsgi
import wsgi_handler
from asesoria_events import Event, is_request, make_answer, mount_of, path_of
from asesoria_factory import make_app
from werkzeug.test import run_wsgi_app

# The plugin's own commands ask that module for the app as well.
wsgi_handler.wsgi_app = make_app(wsgi_handler.wsgi_app)


def handler(event: Event, context: object) -> Any:
    """Answer a request; what is none is the plugin's business, such as its commands."""
    if not is_request(event):
        return wsgi_handler.handler(event, context)
    answers: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        body, status, headers = run_wsgi_app(wsgi_handler.wsgi_app, _mend(environ, event), buffered=True)
        content = b"" if environ["REQUEST_METHOD"] == "HEAD" else b"".join(body)
        number = int(status.partition(" ")[0])
        answers.append(make_answer(event, status=number, headers=list(headers), body=content))
        start_response("204 No Content", [])
        return []

    serverless_wsgi.handle_request(app, event, context)
    return answers[0]


def _mend(environ: dict[str, Any], event: Event) -> dict[str, Any]:
    """Say what the framework's own server would, where the plugin says something else."""
    environ["PATH_INFO"] = path_of(event).decode("latin-1")
    environ["SCRIPT_NAME"] = mount_of(event)
    for name, values in (event.get("multiValueHeaders") or {}).items():
        key = "HTTP_" + name.upper().replace("-", "_")
        if len(values) > 1 and key in environ:
            environ[key] = ("; " if key == "HTTP_COOKIE" else ",").join(values)
    for key in ("CONTENT_TYPE", "HTTP_COOKIE"):
        if not environ.get(key):
            environ.pop(key, None)
    return environ
