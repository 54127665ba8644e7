# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ansible_collections.asesoria.serverless.plugins.modules import control_address_info
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

OWN = {"cidr": "203.0.113.7/32", "version": 4}


class _Service(BaseHTTPRequestHandler):
    answers: list[tuple[int, bytes]]

    def do_GET(self) -> None:
        status, body = self.answers.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Be quiet."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(control_address_info, "_PAUSE_SECONDS", 0)
    _Service.answers = []
    server = HTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_own_address_is_asked_for(service: str) -> None:
    _Service.answers = [(200, b"203.0.113.7\n")]
    result = run_module(control_address_info.main, {"url": service}, check_mode=True)
    assert result == {"changed": False, "failed": False, "networks": [OWN], "found": True}
    assert_return_documented(control_address_info, result)


def test_a_service_that_stumbles_is_asked_again(service: str) -> None:
    _Service.answers = [(503, b""), (503, b""), (200, b"203.0.113.7")]
    assert run_module(control_address_info.main, {"url": service})["networks"] == [OWN]


def test_a_service_that_lies_down_is_named(service: str) -> None:
    _Service.answers = [(503, b"")] * 2
    result = run_module(control_address_info.main, {"url": service, "attempts": 2})
    assert result["failed"]
    assert result["msg"].startswith(
        f"{service} could not be asked which address this machine has on the internet: HTTP"
    )
    assert _Service.answers == []


def test_nobody_is_asked_when_a_network_is_given() -> None:
    result = run_module(control_address_info.main, {"cidr": ["198.51.100.9/24"], "url": "http://127.0.0.1:1/"})
    assert (result["networks"], result["found"]) == ([{"cidr": "198.51.100.0/24", "version": 4}], False)
    assert_return_documented(control_address_info, result)


def test_the_world_is_refused() -> None:
    result = run_module(control_address_info.main, {"cidr": ["0.0.0.0/0"]})
    assert result["failed"]
    assert result["msg"].startswith("SSH to the builder is not opened to the whole internet (0.0.0.0/0). ")


def test_the_world_is_warned_of() -> None:
    result = run_module(control_address_info.main, {"cidr": ["203.0.113.7", "::/0"], "open_to_everybody": True})
    assert result["networks"] == [OWN, {"cidr": "::/0", "version": 6}]
    assert result["warnings"] == ["SSH to the builder is opened to ::/0, which is nearly everybody on the internet"]
