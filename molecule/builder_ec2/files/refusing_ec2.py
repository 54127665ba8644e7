# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands before the sandbox's EC2 and refuses some actions, as an account at its limits would.

Usage: refusing_ec2.py PORT_FILE UPSTREAM_PORT SECONDS

When it listens and ends: see C(stand_in). What it refuses is said by the path of the endpoint's address, in which
C(REFUSE) is followed by action and code: C(/REFUSE.RunInstances.VcpuLimitExceeded). The code C(Empty) answers with an
empty list in place of an error.
"""

from __future__ import annotations

import http.client
import re
import sys
from pathlib import Path
from urllib.parse import parse_qs

import stand_in

_ORDER = re.compile(r"/REFUSE\.(\w+)\.([\w.]+)")
_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<Response><Errors><Error><Code>{code}</Code><Message>refused for the test</Message></Error></Errors>"
    "<RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>"
)
_EMPTY = '<?xml version="1.0" encoding="UTF-8"?><{action}Response><{items}/></{action}Response>'
#: Name of the list in an action's answer.
_LISTS = {"DescribeSubnets": "subnetSet"}


def refusal(*, path: str, action: str) -> tuple[int, str] | None:
    """Status and body of a refusal; None if the action is let through.

    :param path: of the request.
    :param action: of EC2's API.
    """
    order = _ORDER.match(path)
    if order is None or order[1] != action:
        return None
    if order[2] == "Empty":
        return 200, _EMPTY.format(action=action, items=_LISTS[action])
    return 400, _ERROR.format(code=order[2])


class Handler(stand_in.Handler):
    """Passes requests on or refuses them."""

    upstream: int

    def reply(self, body: bytes) -> None:
        """Reply to one call."""
        action = parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
        refused = refusal(path=self.path, action=action)
        if refused:
            self.answer(refused[0], "text/xml", refused[1].encode())
            return
        connection = http.client.HTTPConnection(stand_in.HOST, self.upstream, timeout=60)
        connection.request("POST", "/", body, dict(self.headers.items()))
        response = connection.getresponse()
        self.answer(response.status, response.getheader("Content-Type", "text/xml"), response.read())
        connection.close()


if __name__ == "__main__":
    Handler.upstream = int(sys.argv[2])
    stand_in.serve(Handler, port_file=Path(sys.argv[1]), seconds=int(sys.argv[3]))
