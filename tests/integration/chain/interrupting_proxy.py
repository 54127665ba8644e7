# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy on loopback between a run and the sandbox, which interrupts the run at one of its calls."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from .support import request_log

#: Names of calls that are no AWS calls: requests to an endpoint.
INVOKE = "Invoke"
#: Seconds that an interrupted call takes on. A call to AWS takes its time, in which a signal reaches who called.
_LATENCY = 1.0


@dataclass
class Interruption:
    """An interruption of one call.

    :param action: Name of the call.
    :param number: Which of the calls of that name it is, from 1.
    :param before: Interrupt before the call reaches AWS, instead of after it was answered.
    :param effect: Function that is called then.
    :param loses_reply: Close the connection instead of passing on the answer.
    """

    action: str
    number: int
    before: bool
    effect: Callable[[], None]
    loses_reply: bool
    seen: int = 0
    done: threading.Event = field(default_factory=threading.Event)


class InterruptingProxy(socketserver.ThreadingTCPServer):
    """The proxy; one connection a request.

    :param target: Port of the sandbox.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, *, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.interruption: Interruption | None = None
        self.dark_until = 0.0
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def go_dark(self, seconds: float) -> None:
        """Answer no one for some time."""
        self.dark_until = time.monotonic() + seconds

    def due(self, action: str) -> Interruption | None:
        """Return the interruption if this call is the one; only once."""
        with self._lock:
            planned = self.interruption
            if planned is None or planned.done.is_set() or planned.action != action:
                return None
            planned.seen += 1
            if planned.seen < planned.number:
                return None
            planned.done.set()
            return planned


class _Handler(socketserver.StreamRequestHandler):
    server: InterruptingProxy

    def handle(self) -> None:
        if time.monotonic() < self.server.dark_until:
            self._reset()
            return
        line = self.rfile.readline()
        if not line:
            return
        head, headers = _read_head(self.rfile)
        body = _read_body(self.rfile, headers)
        planned = self.server.due(_action(line, headers, body))
        if planned and planned.before:
            planned.effect()
            time.sleep(_LATENCY)
            self._reset()
            return
        answer = _forward(line + head + body, port=self.server.target)
        if planned:
            planned.effect()
            time.sleep(_LATENCY)
        if (planned and planned.loses_reply) or time.monotonic() < self.server.dark_until:
            self._reset()
            return
        self.wfile.write(answer)

    def _reset(self) -> None:
        # The other side sees a reset, not an end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _read_head(stream: BinaryIO) -> tuple[bytes, dict[str, str]]:
    """Read the header fields; the request is to be the connection's only one."""
    lines, headers = [], {}
    while (line := stream.readline().rstrip(b"\r\n")) != b"":
        name, _colon, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
        if name.strip().lower() != "connection":
            lines.append(line)
    return b"\r\n".join([*lines, b"Connection: close", b"", b""]), headers


def _read_body(stream: BinaryIO, headers: Mapping[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        return stream.read(int(headers.get("content-length") or 0))
    parts = []
    while True:
        size = stream.readline()
        parts.append(size)
        length = int(size.partition(b";")[0], 16)
        parts.append(stream.read(length) + stream.readline())
        if not length:
            return b"".join(parts)


def _action(line: bytes, headers: Mapping[str, str], body: bytes) -> str:
    method, target, _version = line.decode("latin-1").split()
    path, _mark, query = target.partition("?")
    _key, service = request_log.signature_of(headers, query)
    if not service:
        return INVOKE
    return request_log.action_of(service, method, path, query, headers, body[:65536])


def _forward(request: bytes, *, port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
