# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every framework behind every front door answers as it does under its own server, request by request."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
sys.path.insert(0, str(HERE))
from doors import HOSTS, STAGE, Answer, Request, make_event, read_answer  # noqa: E402  # no installed package

LOCK = CHECKOUT / "requirements/frameworks.txt"
HANDLERS = CHECKOUT / "roles/serverless_deploy/files/handler"
CLI_LOCK = CHECKOUT / "roles/serverless_deploy/files/cli/osls-4/package-lock.json"
WSGI = ("bottle", "django", "flask", "pyramid")
ASGI = ("fastapi", "starlette")
DOORS = tuple(HOSTS)
SECONDS_TO_START = 30
#: Of the request to the framework's own server, in place of that of the front door.
HOST = "server.example"

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
MULTIPART = (("Content-Type", "multipart/form-data; boundary=limit"),)
UPLOAD = (
    b'--limit\r\nContent-Disposition: form-data; name="title"\r\n\r\nA\xc3\xb1o\r\n'
    b'--limit\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    + bytes(range(256))
    + b"\r\n--limit--\r\n"
)
REQUESTS = {
    "text": Request("/"),
    "head": Request("/", method="HEAD"),
    "binary": Request("/binary"),
    "head of what is binary": Request("/binary", method="HEAD"),
    "compressed": Request("/compressed", headers=(("Accept-Encoding", "gzip"),)),
    "in parts": Request("/stream"),
    "closed after that, or started once": Request("/closed"),
    "in another encoding": Request("/latin"),
    "without content": Request("/empty"),
    "cookies": Request("/cookies", headers=(("Cookie", "a=1; b=two"),)),
    "no cookies": Request("/cookies"),
    "redirect": Request("/away"),
    "address of its own": Request("/address"),
    "non-ASCII path": Request("/echo/a%C3%B1o/%E2%82%AC"),
    "spaces and percent signs": Request("/echo/a%20b/100%25/x%252Fy/1+1"),
    "non-ASCII query": Request("/echo/x?b=a%C3%B1o&a=1+2&a=%26%3D&empty="),
    "header": Request("/echo/x", headers=(("X-Test", "one, two"),)),
    "post json": Request(
        "/echo/x", method="POST", headers=(("Content-Type", "application/json"),), body='{"año": "€"}'.encode()
    ),
    "post binary": Request(
        "/echo/x", method="POST", headers=(("Content-Type", "application/octet-stream"),), body=bytes(range(256))
    ),
    "form": Request("/echo/x", method="POST", headers=FORM, body=b"a=1&b=a%C3%B1o&a=2"),
    "upload": Request("/echo/upload", method="POST", headers=MULTIPART, body=UPLOAD),
    "put": Request("/echo/x", method="PUT", headers=(("Content-Type", "text/plain"),), body="ñandú".encode()),
    "patch": Request("/echo/x", method="PATCH", headers=(("Content-Type", "text/plain"),), body=b"x"),
    "delete": Request("/echo/x", method="DELETE"),
    "options": Request("/echo/x", method="OPTIONS"),
    "not there": Request("/nowhere/at/all"),
    "not allowed": Request("/binary", method="DELETE"),
}

#: Header fields that are no business of the app: of the connection, of the server, or made anew by AWS on the way.
OF_THE_SERVER = {"connection", "content-length", "date", "server", "transfer-encoding"}


@dataclass(frozen=True)
class Difference:
    """Where AWS differs by its nature; all else has to be the same.

    :param why: the reason.
    :param doors: at which front doors.
    :param requests: for which requests; empty for all.
    """

    why: str
    doors: tuple[str, ...]
    requests: tuple[str, ...] = ()

    def holds(self, door: str, name: str) -> bool:
        """Whether it does for a request."""
        return door in self.doors and (not self.requests or name in self.requests)


#: Several fields of one name, but for cookies, are one, its values joined: format 2.0 has no place for more, and to
#: HTTP it is the same (RFC 9110, 5.3).
JOINED = Difference("header fields of one name are joined", ("http_api", "function_url"))
#: An answer without a type gets this one. Such an answer has no content here.
TYPED = Difference("an answer without a type gets application/json", DOORS)
#: The path of the app's own addresses begins with the stage, as the address that the client asked did. Bottle shows the
#: latter when there is nothing.
STAGED = Difference(
    "addresses begin with the stage",
    ("rest_api",),
    ("redirect", "address of its own", "not there", "not allowed"),
)


@pytest.fixture(scope="session")
def site() -> Path:
    """The frameworks, installed once as locked."""
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = CHECKOUT / ".cache/frameworks" / digest
    if not folder.is_dir():
        made = folder.with_name(f"{digest}-{os.getpid()}")
        shutil.rmtree(folder.parent, ignore_errors=True)
        argv = [str(CHECKOUT / ".venv/bin/uv"), "pip", "install", "--quiet", "--python", sys.executable, "--target"]
        subprocess.run([*argv, str(made), "--require-hashes", "--only-binary=:all:", "-r", str(LOCK)], check=True)
        made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin serverless-wsgi as it is locked for the CLI."""
    locked = json.loads(CLI_LOCK.read_text())["packages"]["node_modules/serverless-wsgi"]
    folder = tmp_path_factory.mktemp("plugin")
    argv = ["npm", "pack", "--silent", f"--cache={CHECKOUT / '.cache/npm'}", f"serverless-wsgi@{locked['version']}"]
    name = subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    content = (folder / name).read_bytes()
    assert locked["integrity"] == "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in ("wsgi_handler.py", "serverless_wsgi.py"):
            file = archive.extractfile(f"package/{member}")
            assert file is not None
            (folder / member).write_bytes(file.read())
    return folder


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory, plugin: Path) -> Path:
    """What is in a function's package, with all the apps."""
    folder = tmp_path_factory.mktemp("package")
    for path in (*HANDLERS.glob("*.py"), *HERE.glob("apps/*.py"), *plugin.glob("*.py")):
        shutil.copy(path, folder)
    return folder


def environment(site: Path, package: Path) -> dict[str, str]:
    """Where the app and its packages are; sets have the same order in every process."""
    return {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{site}", "PYTHONHASHSEED": "0"}


@contextlib.contextmanager
def served(framework: str, *, site: Path, package: Path) -> Iterator[tuple[str, int]]:
    """Run the app under its own server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = f"{framework}_app:app"
    argv = (
        ["-m", "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}", app]
        if framework in WSGI
        else ["-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port), app]
    )
    with (package / f"{framework}.log").open("w") as log:
        env = environment(site, package)
        server = subprocess.Popen([sys.executable, *argv], env=env, cwd=package, stdout=log, stderr=log)
        try:
            wait_for(port, server, log=Path(log.name))
            yield "127.0.0.1", port
        finally:
            server.terminate()
            server.wait(timeout=10)


def wait_for(port: int, server: subprocess.Popen[bytes], *, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail(f"the server did not start: {log.read_text()}")


def ask(address: tuple[str, int], request: Request) -> Answer:
    """Send a request to a real server."""
    connection = http.client.HTTPConnection(*address, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in (("Host", HOST), ("X-Forwarded-Proto", "https"), *request.headers):
            connection.putheader(name, value)
        if request.body:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        response = connection.getresponse()
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        return Answer(status=response.status, headers=headers, body=response.read())


def invoke(
    framework: str, events: list[dict[str, Any]], *, site: Path, package: Path, setting: str = ""
) -> list[dict[str, Any]]:
    """Call the function with one event after the other."""
    setting = setting or f"{framework}_app.app"
    (package / ".serverless-wsgi").write_text(json.dumps({"app": setting}))
    env = {**environment(site, package), "ASESORIA_ASGI_APP": setting}
    handler = "asesoria_wsgi" if framework in WSGI else "asesoria_asgi"
    done = subprocess.run(
        [sys.executable, str(HERE / "invoke.py"), handler],
        input="".join(json.dumps(event) + "\n" for event in events),
        env=env,
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session", params=[*WSGI, *ASGI])
def exchange(request: pytest.FixtureRequest, site: Path, package: Path) -> dict[str, dict[str, Answer]]:
    """The answers to all requests: of the framework's own server, and at each front door."""
    framework = request.param
    answers: dict[str, dict[str, Answer]] = {}
    with served(framework, site=site, package=package) as address:
        answers["server"] = {name: ask(address, sent) for name, sent in REQUESTS.items()}
    cases = [(door, name, sent) for door in DOORS for name, sent in REQUESTS.items()]
    events = [make_event(door, sent) for door, _name, sent in cases]
    returned = invoke(framework, events, site=site, package=package)
    for (door, name, sent), answer in zip(cases, returned, strict=True):
        answers.setdefault(door, {})[name] = read_answer(door, answer, method=sent.method)
    return answers


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", REQUESTS)
def test_the_answer_is_that_of_the_frameworks_own_server(
    exchange: dict[str, dict[str, Answer]], door: str, name: str
) -> None:
    wanted, got = exchange["server"][name], exchange[door][name]
    assert got.status == wanted.status
    assert comparable(got, door=door, name=name) == comparable(wanted, door=door, name=name, is_server=True)


def comparable(answer: Answer, *, door: str, name: str, is_server: bool = False) -> dict[str, Any]:
    """What has to be the same."""
    headers: dict[str, list[str]] = {}
    for key, value in answer.headers:
        if key not in OF_THE_SERVER:
            headers.setdefault(key, []).append(value.replace(HOSTS[door], HOST))
    body = answer.body.replace(HOSTS[door].encode(), HOST.encode())
    if JOINED.holds(door, name):
        headers = {key: values if key == "set-cookie" else [", ".join(values)] for key, values in headers.items()}
    if TYPED.holds(door, name):
        headers.setdefault("content-type", ["application/json"])
    if STAGED.holds(door, name) and is_server:
        headers = {key: [staged(value) for value in values] for key, values in headers.items()}
        body = staged(body.decode("latin-1")).encode("latin-1")
    return {"headers": headers, "body": body}


def staged(text: str) -> str:
    """Put the addresses in a text below the stage."""
    return re.sub(rf"(?<![\w/])(https://{re.escape(HOST)}(?=/)|(?=/echo/))", rf"\1/{STAGE}", text)


@pytest.mark.parametrize("framework", [*WSGI, *ASGI])
def test_the_example_answers(framework: str, site: Path, plugin: Path, tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(CHECKOUT / "examples" / framework, package)
    for path in (*HANDLERS.glob("*.py"), *plugin.glob("*.py")):
        shutil.copy(path, package)
    setting = {"django": "mysite.wsgi.application", "pyramid": "app.create_app"}.get(framework, "app.app")
    event = make_event("function_url", Request("/"))
    (returned,) = invoke(framework, [event], site=site, package=package, setting=setting)
    answer = read_answer("function_url", returned, method="GET")
    assert answer.status == 200
    assert f"bienvenido al servidor de {framework}" in answer.body.decode().lower()
