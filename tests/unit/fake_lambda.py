# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lambda's layers at the level of HTTP, on this machine, for what happens between a request and its reply.

It knows only what a publication needs. What matters here is when something arrives, and whether its reply does.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_VERSIONS = re.compile(r"/2018-10-31/layers/(?P<name>[^/]+)/versions(?:/(?P<number>\d+))?")
#: What becomes of a publication: C(reply), C(lose) the reply after it, C(throttle) instead of it, C(fail) after it.
Fate = str


class FakeLambda:
    """The state of one region, and what is to become of the publications that arrive.

    :ivar fates: of the next publications, C(reply) when there are no more.
    :ivar published: how many were carried out.
    :ivar hold: called with the number of a publication that has arrived, before it is carried out.
    :ivar done: called with the number of one that has been carried out, before it is answered.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.versions: dict[int, dict[str, Any]] = {}
        self.fates: list[Fate] = []
        self.arrived = 0
        self.published = 0
        self.hold: Callable[[int], None] = lambda _number: None
        self.done: Callable[[int], None] = lambda _number: None
        self._lock = threading.Lock()

    def publish(self, name: str, body: dict[str, Any]) -> tuple[Fate, dict[str, Any]]:
        """Carry a publication out, unless it is to be throttled."""
        with self._lock:
            self.arrived += 1
            number = self.arrived
            fate = self.fates.pop(0) if self.fates else "reply"
        self.hold(number)
        if fate == "throttle":
            return fate, {}
        content = base64.b64decode(body["Content"]["ZipFile"])
        with self._lock:
            self.published += 1
            arn = f"arn:aws:lambda:us-east-1:123456789012:layer:{name}"
            version = {
                "LayerArn": arn,
                "LayerVersionArn": f"{arn}:{self.published}",
                "Version": self.published,
                "Description": body["Description"],
                "CompatibleRuntimes": body["CompatibleRuntimes"],
                "CompatibleArchitectures": body["CompatibleArchitectures"],
                "Content": {
                    "CodeSha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
                    "CodeSize": len(content),
                },
            }
            self.versions[self.published] = version
        self.done(number)
        return fate, version

    def read(self, number: str | None) -> dict[str, Any] | None:
        """One version, or all of them."""
        with self._lock:
            return self.versions.get(int(number)) if number else {"LayerVersions": list(self.versions.values())}

    def delete(self, number: str) -> None:
        """Forget a version. Its number is not given again."""
        with self._lock:
            self.versions.pop(int(number), None)


class _Handler(BaseHTTPRequestHandler):
    state: FakeLambda
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match = _VERSIONS.fullmatch(self.path)
        assert match, self.path
        fate, version = self.state.publish(match["name"], body)
        if fate == "lose":
            # The connection is cut, as a machine in between would do it.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif fate == "throttle":
            self.answer(429, {"Type": "User", "message": "Rate exceeded"}, error="TooManyRequestsException")
        elif fate == "fail":
            self.answer(500, {"message": "An error occurred"}, error="ServiceException")
        else:
            self.answer(201, version)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        match = _VERSIONS.fullmatch(path)
        if not match:
            self.answer(200, {"Functions": []})
            return
        found = self.state.read(match["number"])
        if found is None:
            self.answer(404, {"message": "no such version"}, error="ResourceNotFoundException")
        else:
            self.answer(200, found)

    def do_DELETE(self) -> None:
        match = _VERSIONS.fullmatch(self.path)
        assert match, self.path
        self.state.delete(match["number"])
        self.answer(204, None)

    def answer(self, status: int, body: dict[str, Any] | None, *, error: str = "") -> None:
        content = b"" if body is None else json.dumps(body).encode()
        # Whoever asked may be dead.
        with contextlib.suppress(OSError):
            self.send_response(status)
            if error:
                self.send_header("x-amzn-ErrorType", error)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that is inherited
        pass


@contextlib.contextmanager
def fake_lambda() -> Iterator[FakeLambda]:
    """Let it answer for as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    state = _Handler.state = FakeLambda(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
