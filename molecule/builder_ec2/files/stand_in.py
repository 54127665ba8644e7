# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the servers of this scenario that stand in for others have in common.

A server takes a free port of 127.0.0.1, writes it into a file, and ends when the file is gone, at the latest after so
many seconds.
"""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "127.0.0.1"


class Handler(BaseHTTPRequestHandler):
    """Answers calls, all of which are sent by POST."""

    def do_POST(self) -> None:
        """Read one call and reply to it."""
        self.reply(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def reply(self, body: bytes) -> None:
        """Reply to a call with this body."""
        raise NotImplementedError

    def answer(self, status: int, content_type: str, body: bytes) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(handler: type[Handler], *, port_file: Path, seconds: int) -> None:
    """Serve until the file is gone or the time is over."""
    server = ThreadingHTTPServer((HOST, 0), handler)
    unfinished = port_file.with_suffix(".new")
    unfinished.write_text(str(server.server_port), encoding="ascii")
    unfinished.rename(port_file)
    threading.Thread(target=_end_with, args=(port_file, server), kwargs={"seconds": seconds}).start()
    server.serve_forever()


def _end_with(port_file: Path, server: ThreadingHTTPServer, *, seconds: int) -> None:
    end = time.monotonic() + seconds
    while port_file.exists() and time.monotonic() < end:
        time.sleep(0.5)
    server.shutdown()
