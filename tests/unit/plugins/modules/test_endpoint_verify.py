# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _cloudwatch_logs
from ansible_collections.asesoria.serverless.plugins.modules import endpoint_verify
from ansible_collections.asesoria.serverless.tests.unit.certificates import make_certificate
from ansible_collections.asesoria.serverless.tests.unit.stacks import WITH_FUNCTION
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from moto import mock_aws

HELLO = "Bienvenido al servidor de Flask"


@dataclass
class Answer:
    """What the server sends for one request; the last of a script is sent for all further ones."""

    status: int = 200
    body: bytes = HELLO.encode()
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    drip: float = 0.0
    length: int | None = None


class Server(http.server.ThreadingHTTPServer):
    """Sends answers by a script and writes down what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Answer] = [Answer()]
        self.asked: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, *_args: Any) -> None:
        """A client that goes away is what some of the tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(
            {"method": self.command, "path": self.path, "headers": dict(self.headers), "content": content}
        )
        script = self.server.script
        answer = script.pop(0) if len(script) > 1 else script[0]
        time.sleep(answer.pause)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
        self.end_headers()
        if self.command == "HEAD":
            return
        for index in range(len(answer.body)) if answer.drip else []:
            self.wfile.write(answer.body[index : index + 1])
            time.sleep(answer.drip)
        if not answer.drip:
            self.wfile.write(answer.body)

    do_POST = do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_args: Any) -> None:
        """Tests print nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as started:
        thread = threading.Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield started
        started.shutdown()
        thread.join()


@pytest.fixture
def tls(server: Server, tmp_path: Path) -> Server:
    """The same server behind a certificate that nobody vouches for."""
    certificate, key = make_certificate(tmp_path, name="DNS:app.example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, **options: Any) -> dict[str, Any]:
    return run_module(endpoint_verify.main, {"url": url, "delay": 0.01, "budget": 5, "timeout": 5, **options})


def fail(url: str, **options: Any) -> dict[str, Any]:
    result = ask(url, **{"budget": 0, **options})
    assert result["failed"]
    return result


def test_a_good_answer(server: Server) -> None:
    server.script = [Answer(headers={"X-One": "a", "Content-Type": "text/plain"})]
    result = ask(server.url, contains=HELLO)
    assert (result["changed"], result["status"], result["body"]) == (False, 200, HELLO)
    assert result["headers"]["x-one"] == "a"
    assert [attempt["problem"] for attempt in result["attempts"]] == [""]
    assert_return_documented(endpoint_verify, result)


def test_it_asks_again_until_the_answer_is_good(server: Server) -> None:
    server.script = [Answer(500, b"no"), Answer(200, b"not yet"), Answer()]
    result = ask(server.url, contains=HELLO)
    assert [(attempt["status"], attempt["problem"]) for attempt in result["attempts"]] == [
        (500, "status 500, a body without the text"),
        (200, "a body without the text"),
        (200, ""),
    ]


@pytest.mark.parametrize(
    ("options", "good"),
    [
        ({"body": HELLO}, True),
        ({"body": HELLO + " "}, False),
        ({"contains": "servidor"}, True),
        ({"contains": "Servidor"}, False),
        ({"regex": "^Bien.*Flask$"}, True),
        ({"regex": "^servidor"}, False),
        ({"status": [201, 200]}, True),
        ({"status": [201]}, False),
        ({}, True),
    ],
)
def test_what_is_expected(server: Server, options: dict[str, Any], good: bool) -> None:
    assert ask(server.url, budget=0, **options)["failed"] is not good


def test_the_message_says_what_was_expected_and_what_came(server: Server) -> None:
    server.script = [
        Answer(
            502, b'{"message":"Internal Server Error"}', {"Content-Type": "application/json", "Apigw-Requestid": "Z1"}
        )
    ]
    result = fail(server.url, contains=HELLO)
    before, attempts = result["msg"].split(" Attempts: ")
    assert before.startswith(f"GET {server.url} was asked once in 0.")
    assert before.endswith(
        " s and did not answer as expected. Expected: status 200, a body that contains "
        "'Bienvenido al servidor de Flask'. Received: status 502 Bad Gateway, content-type: application/json, "
        'apigw-requestid: Z1, body (35 bytes): \'{"message":"Internal Server Error"}\'.'
    )
    assert attempts.startswith("1 (at 0.0 s, took 0.")
    assert attempts.endswith(" s): status 502, a body without the text.")
    assert (result["status"], result["headers"]["apigw-requestid"]) == (502, "Z1")


def test_a_long_body_is_cut_in_the_message(server: Server) -> None:
    server.script = [Answer(500, b"x" * 3000)]
    result = fail(server.url)
    assert "body (3000 bytes, cut after 500 characters): '" + "x" * 500 + "'" in result["msg"]
    assert result["body"] == "x" * 2000


def test_attempts_that_ended_alike_are_told_together(server: Server) -> None:
    server.script = [Answer(500), Answer(500), Answer(404)]
    result = fail(server.url, budget=1, delay=0.05, max_delay=0.2)
    attempts = result["msg"].partition("Attempts: ")[2]
    assert attempts.startswith("1-2 (at 0.0-0.")
    assert ": status 500; 3-" in attempts
    assert attempts.endswith(": status 404.")


def test_nobody_listens(free_port: int) -> None:
    result = fail(f"http://127.0.0.1:{free_port}/", budget=0.1)
    assert f"Received: no connection to 127.0.0.1 port {free_port}: Connection refused." in result["msg"]
    assert (result["status"], result["body"], result["headers"]) == (None, None, None)


def test_a_name_that_does_not_resolve() -> None:
    assert "Received: the name nowhere.invalid can't be resolved: " in fail("http://nowhere.invalid/")["msg"]


def test_a_server_that_is_slow(server: Server) -> None:
    server.script = [Answer(pause=2)]
    result = fail(server.url, timeout=0.2)
    assert "Received: the connection was open, but no whole answer came in 0.2 s." in result["msg"]


def test_a_body_that_drips_has_no_more_time_than_the_rest(server: Server) -> None:
    server.script = [Answer(drip=0.1)]
    started = time.monotonic()
    assert "no whole answer came in 0.5 s" in fail(server.url, timeout=0.5)["msg"]
    assert time.monotonic() - started < 2


def test_an_answer_that_breaks_off(server: Server) -> None:
    server.script = [Answer(length=1000)]
    assert "the connection broke before the whole answer came: IncompleteRead" in fail(server.url)["msg"]


def test_the_budget_holds(server: Server) -> None:
    server.script = [Answer(500)]
    started = time.monotonic()
    result = fail(server.url, budget=0.6, delay=0.1)
    assert time.monotonic() - started < 2
    assert [attempt["status"] for attempt in result["attempts"]] == [500, 500, 500]


def test_connect_to_changes_where_but_not_what_is_asked(server: Server) -> None:
    result = ask("http://api1.execute-api.localhost:4566/p/?q=ñ", connect_to=f"127.0.0.1:{server.server_port}")
    assert result["status"] == 200
    assert server.asked[0]["headers"]["Host"] == "api1.execute-api.localhost:4566"
    assert server.asked[0]["path"] == "/p/?q=%C3%B1"


def test_what_is_sent(server: Server) -> None:
    ask(server.url + "a?b=c", method="POST", data="año", headers={"X-Two": 2, "user-agent": "me"})
    asked = server.asked[0]
    assert (asked["method"], asked["path"], asked["content"].decode()) == ("POST", "/a?b=c", "año")
    assert asked["headers"]["X-Two"] == "2"
    assert asked["headers"]["user-agent"] == "me"
    assert "User-Agent" not in asked["headers"]


def test_a_head_has_no_body(server: Server) -> None:
    assert ask(server.url, method="HEAD")["body"] == ""


def test_a_redirect_is_an_answer(server: Server) -> None:
    server.script = [Answer(302, b"", {"Location": "/login"})]
    assert "Received: status 302 Found, location: /login, body (0 bytes): ''" in fail(server.url)["msg"]


def test_a_body_in_another_encoding(server: Server) -> None:
    server.script = [Answer(200, "año".encode("latin-1"), {"Content-Type": "text/plain; charset=iso-8859-1"})]
    assert ask(server.url, contains="año")["body"] == "año"


def test_a_certificate_that_nobody_vouches_for_ends_it_at_once(tls: Server) -> None:
    to = {"connect_to": f"127.0.0.1:{tls.server_port}"}
    result = fail("https://app.example.com/", budget=30, delay=5, **to)
    assert "Received: the certificate is refused: self-signed certificate." in result["msg"]
    assert len(result["attempts"]) == 1
    assert ask("https://app.example.com/", validate_certs=False, **to)["body"] == HELLO


def test_a_server_that_speaks_no_tls(server: Server) -> None:
    assert "Received: no TLS session: " in fail(f"https://127.0.0.1:{server.server_port}/")["msg"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "ftp://x/"}, "'ftp://x/' is no HTTP address. Write it as https://host/path."),
        ({"url": "http:///x"}, "'http:///x' is no HTTP address. Write it as https://host/path."),
        ({"url": "http://x:port/"}, "'http://x:port/' is no HTTP address. Write it as https://host/path."),
        ({"url": "http://x/a b"}, "'http://x/a b' is no HTTP address. Write it as https://host/path."),
        ({"connect_to": "localhost"}, "connect_to is 'localhost'. Write it as host:port, such as 127.0.0.1:4566"),
        ({"connect_to": "http://a:1"}, "connect_to is 'http://a:1'. Write it as host:port, such as 127.0.0.1:4566"),
        ({"headers": {"X": "a\nb"}}, "the request can't be sent: Invalid header value"),
        ({"requests": []}, "requests is an empty list. Say what to ask, or leave it out."),
        ({"requests": [{"path": "a"}]}, "the path 'a' does not begin with /. Write it so."),
        ({"json": [{"query": "a["}]}, "the query 'a[' can't be read: "),
        ({"response_headers": {"a": "["}}, "the regular expression '[' can't be read: unterminated character set"),
        ({"in_a_row": 0}, "in_a_row is 0. Give 1 or more."),
        ({"regex": "("}, "the regular expression '(' can't be read: missing ), unterminated subpattern at position 0"),
    ],
)
def test_bad_input(server: Server, options: dict[str, Any], said: str) -> None:
    result = run_module(endpoint_verify.main, {"url": server.url, **options})
    assert result["msg"].startswith(said)
    assert server.asked == []


JSON = Answer(
    200, b'{"status": "up", "items": [{"id": 1}, {"id": 2}], "ready": true}', {"Content-Type": "application/json"}
)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"json": [{"query": "status", "value": "up"}, {"query": "length(items) > `1`"}]}, ""),
        (
            {"json": [{"query": "ready"}, {"query": "items[*].id", "value": [1, 2]}, {"query": "none", "value": None}]},
            "",
        ),
        ({"json": [{"query": "status", "value": "down"}]}, "JSON in which 'status' is \"up\""),
        ({"json": [{"query": "items[0].id", "value": "1"}]}, "JSON in which 'items[0].id' is 1"),
        ({"json": [{"query": "items[0].id"}]}, "JSON in which 'items[0].id' is 1"),
        ({"json": [{"query": "sum(status)"}]}, "JSON in which 'sum(status)' can't be told ("),
        ({"response_headers": {"Content-Type": "^application/json$"}}, ""),
        ({"response_headers": {"content-type": ""}}, ""),
        ({"response_headers": {"X-Request-Id": ""}}, "no header field X-Request-Id"),
        (
            {"response_headers": {"content-type": "text/html"}},
            "the header field content-type 'application/json'",
        ),
    ],
)
def test_what_is_expected_of_json_and_headers(server: Server, options: dict[str, Any], problem: str) -> None:
    server.script = [JSON]
    result = ask(server.url, budget=0, **options)
    (attempt,) = result["attempts"]
    assert attempt["problem"].startswith(problem)
    assert bool(problem) == result["failed"]


def test_a_body_that_is_no_json(server: Server) -> None:
    result = fail(server.url, json=[{"query": "status", "value": {"a": ["ñ"]}}])
    assert 'Expected: status 200, JSON in which \'status\' is {"a": ["ñ"]}. Received: status 200' in result["msg"]
    assert result["attempts"][0]["problem"] == "a body that is no JSON"


def test_several_requests(server: Server) -> None:
    server.script = [Answer(), Answer(201, b"{}"), Answer(), Answer(201, b"{}")]
    result = ask(
        server.url,
        headers={"X-Common": "a", "X-Own": "b"},
        in_a_row=2,
        requests=[
            {"path": "/health", "contains": HELLO},
            {"path": "/items", "method": "POST", "data": "año", "headers": {"X-Own": "c"}, "status": [201]},
        ],
    )
    assert not result["failed"], result["msg"]
    assert [(asked["method"], asked["path"]) for asked in server.asked] == [("GET", "/health"), ("POST", "/items")] * 2
    assert [server.asked[i]["headers"]["X-Own"] for i in (0, 1)] == ["b", "c"]
    assert {asked["headers"]["X-Common"] for asked in server.asked} == {"a"}
    assert server.asked[1]["content"].decode() == "año"
    assert [attempt["request"] for attempt in result["attempts"][:2]] == [
        f"GET {server.url}health",
        f"POST {server.url}items",
    ]
    assert_return_documented(endpoint_verify, result)


def test_one_of_several_requests_is_not_answered_well(server: Server) -> None:
    server.script = [Answer(), Answer(500, b"oops")]
    result = fail(server.url, requests=[{"path": "/a"}, {"path": "/b", "json": [{"query": "ok"}]}])
    url = server.url.rstrip("/")
    before, attempts = result["msg"].split(" Attempts: ")
    assert before.startswith(f"GET {url}/b was asked once in 0.")
    assert before.endswith(
        "Expected: status 200, JSON in which 'ok' is true. Received: status 500 Internal Server "
        "Error, body (4 bytes): 'oops'."
    )
    assert attempts.startswith(f"1 (GET {url}/a, at 0.0 s, took 0.")
    assert attempts.endswith(" s): status 500, a body that is no JSON.")


def test_latency(server: Server) -> None:
    server.script = [Answer(pause=0.4), Answer()]
    result = ask(server.url, in_a_row=2, latency=0.3, percentile=100)
    assert [attempt["status"] for attempt in result["attempts"]] == [200, 200, 200]
    server.script = [Answer(pause=0.05)]
    assert (
        "Expected: status 200, 95 % of them within 0.01 s. Received: a good answer, 95 % of them within 0.0"
        in (fail(server.url, latency=0.01)["msg"])
    )


@pytest.mark.parametrize("option", [{"method": "GET"}, {"contains": "x"}, {"json": []}, {"data": "x"}])
def test_what_is_each_requests_own_is_not_given_twice(server: Server, option: dict[str, Any]) -> None:
    result = run_module(endpoint_verify.main, {"url": server.url, "requests": [{"path": "/"}], **option})
    assert result["msg"] == f"parameters are mutually exclusive: requests|{next(iter(option))}"
    assert server.asked == []


def test_check_mode_sends_only_the_requests_that_change_nothing(server: Server) -> None:
    requests = [{"path": "/a"}, {"path": "/b", "method": "DELETE"}]
    run_module(endpoint_verify.main, {"url": server.url, "requests": requests}, check_mode=True)
    assert [asked["path"] for asked in server.asked] == ["/a"]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A stack with one function in moto, and a client for its log."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(_cloudwatch_logs, "_ARRIVAL_SECONDS", 0.0)
    with mock_aws():
        boto3.client("cloudformation", region_name="us-east-1").create_stack(
            StackName="shop-dev", TemplateBody=json.dumps({"Resources": WITH_FUNCTION})
        )
        yield boto3.client("logs", region_name="us-east-1")


LOGGED = {"log_stack": "shop-dev", "region": "us-east-1"}


def write_log(logs: Any, *messages: str, age: float = 0.0) -> None:
    group, stream = "/aws/lambda/shop-dev-api", f"stream-{age}"
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    at = int((time.time() - age) * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": at + index, "message": message} for index, message in enumerate(messages)],
    )


def test_the_message_holds_the_end_of_the_log_and_the_reason(server: Server, function: Any) -> None:
    server.script = [Answer(502)]
    write_log(function, "[ERROR] Runtime.UserCodeSyntaxError: of an earlier deployment", age=600)
    write_log(
        function,
        "START RequestId: 1 Version: $LATEST",
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'flask'\nTraceback",
        "END RequestId: 1",
    )
    result = fail(server.url, **LOGGED)
    attempts, said = result["msg"].split(". The log of shop-dev-api says why: ")
    assert attempts.endswith("status 502")
    assert said.splitlines() == [
        result["reason"],
        "Last lines of the log of shop-dev-api:",
        "  [ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'flask'",
        "  Traceback",
    ]
    assert result["reason"].startswith("Runtime.ImportModuleError: the module app can't be imported: No module named ")
    assert result["log"] == [line.strip() for line in said.splitlines()[2:]]
    assert fail(server.url, log_lines=1, **LOGGED)["log"] == ["Traceback"]


@pytest.mark.usefixtures("function")
@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ("shop-dev", "The functions wrote nothing into their logs, so they may not have been called."),
        ("other-dev", "The log can't be shown: listing the functions of the stack other-dev failed: "),
    ],
)
def test_a_log_that_says_nothing_or_is_not_there(server: Server, stack: str, said: str) -> None:
    server.script = [Answer(502)]
    result = fail(server.url, **{**LOGGED, "log_stack": stack})
    assert f"status 502. {said}" in result["msg"]
    assert (result["reason"], result["log"], result["status"]) == (None, [], 502)


@pytest.mark.usefixtures("function")
def test_the_log_of_a_good_answer_is_not_read(server: Server) -> None:
    assert_return_documented(endpoint_verify, ask(server.url, **{**LOGGED, "log_stack": "no-such"}))


def test_check_mode_asks_what_changes_nothing(server: Server) -> None:
    assert run_module(endpoint_verify.main, {"url": server.url}, check_mode=True)["status"] == 200
    skipped = run_module(endpoint_verify.main, {"url": server.url, "method": "POST"}, check_mode=True)
    assert skipped["skipped"]
    assert [asked["method"] for asked in server.asked] == ["GET"]
