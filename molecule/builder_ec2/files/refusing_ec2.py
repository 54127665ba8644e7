# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands before the sandbox's EC2 and refuses some actions, as an account at its limits would.

Usage: refusing_ec2.py PORT_FILE UPSTREAM_PORT SECONDS

It takes a free port of 127.0.0.1, writes it into the file, and ends when the file is gone, at the latest after so many
seconds. What it refuses is said by the caller's access key, in which C(REFUSE) is followed by action and code:
C(REFUSE.RunInstances.VcpuLimitExceeded). The code C(Empty) answers with an empty list in place of an error.
"""

from __future__ import annotations

import http.client
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

HOST = "127.0.0.1"
_ORDER = re.compile(r"Credential=REFUSE\.(\w+)\.([\w.]+)/")
_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<Response><Errors><Error><Code>{code}</Code><Message>refused for the test</Message></Error></Errors>"
    "<RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>"
)
_EMPTY = '<?xml version="1.0" encoding="UTF-8"?><{action}Response><{items}/></{action}Response>'
#: Name of the list in an action's answer.
_LISTS = {"DescribeSubnets": "subnetSet"}


def refusal(*, authorization: str, action: str) -> tuple[int, str] | None:
    """Status and body of a refusal; None if the action is let through.

    :param authorization: the request's header of that name.
    :param action: of EC2's API.
    """
    order = _ORDER.search(authorization)
    if order is None or order[1] != action:
        return None
    if order[2] == "Empty":
        return 200, _EMPTY.format(action=action, items=_LISTS[action])
    return 400, _ERROR.format(code=order[2])


class Handler(BaseHTTPRequestHandler):
    """Passes requests on or refuses them."""

    upstream: int

    def do_POST(self) -> None:
        """Answer one call."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        action = parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
        refused = refusal(authorization=self.headers.get("Authorization", ""), action=action)
        if refused:
            self._answer(refused[0], "text/xml", refused[1].encode())
            return
        connection = http.client.HTTPConnection(HOST, self.upstream, timeout=60)
        connection.request("POST", self.path, body, dict(self.headers.items()))
        response = connection.getresponse()
        self._answer(response.status, response.getheader("Content-Type", "text/xml"), response.read())
        connection.close()

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _end_with(port_file: Path, server: ThreadingHTTPServer, *, seconds: int) -> None:
    end = time.monotonic() + seconds
    while port_file.exists() and time.monotonic() < end:
        time.sleep(0.5)
    server.shutdown()


def main() -> None:
    """Serve until told to end."""
    port_file = Path(sys.argv[1])
    Handler.upstream = int(sys.argv[2])
    server = ThreadingHTTPServer((HOST, 0), Handler)
    unfinished = port_file.with_suffix(".new")
    unfinished.write_text(str(server.server_port), encoding="ascii")
    unfinished.rename(port_file)
    seconds = int(sys.argv[3])
    threading.Thread(target=_end_with, args=(port_file, server), kwargs={"seconds": seconds}).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
