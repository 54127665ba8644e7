# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in a zip, from its directory: on disk, and behind an address of which only the end is asked for."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_address import open_address
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_distributions import (
    changes,
    distributions_of,
    remote_distributions,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_directory import UnreadableError


def make_zip(names: list[str], *, ballast: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("python/ballast.bin", b"\0" * ballast)
        for name in names:
            archive.writestr(name, "")
    return file.getvalue()


FLASK = "python/Flask_SQLAlchemy-3.1.1.dist-info/METADATA"
TORCH = "python/lib/python3.13/site-packages/torch-2.9.0+cpu.dist-info/METADATA"
FOUND = {"flask-sqlalchemy": "3.1.1", "torch": "2.9.0+cpu"}


class Store:
    """Serves one file as S3 does, or without parts, and writes down what it sent."""

    def __init__(self) -> None:
        self.content = b""
        self.parts = True
        self.status = 0
        self.sent: list[int] = []
        self.url = ""


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if store.status:
                self.send_error(store.status)
                return
            wanted = re.fullmatch(r"bytes=-(\d+)", self.headers["Range"])
            assert wanted
            length = min(int(wanted[1]), len(store.content))
            part = store.content[-length:] if store.parts else store.content
            self.send_response(206 if store.parts else 200)
            if store.parts:
                total = len(store.content)
                self.send_header("Content-Range", f"bytes {total - length}-{total - 1}/{total}")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part)
            store.sent.append(len(part))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that is inherited
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store.url = f"http://127.0.0.1:{server.server_port}/layer.zip?X-Amz-Signature=secret"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield store
    server.shutdown()
    server.server_close()
    thread.join()


def test_names_are_normal_and_nothing_else_is_taken_for_one() -> None:
    others = ["python/x-1.dist-info/RECORD", "x-1.dist-info/METADATA", "python/a/x-1.dist-info/METADATA"]
    assert distributions_of(io.BytesIO(make_zip([FLASK, TORCH, *others]))) == FOUND


def test_what_is_no_zip() -> None:
    with pytest.raises(UnreadableError):
        distributions_of(io.BytesIO(b"PK"))


@pytest.mark.parametrize("parts", [True, False])
@pytest.mark.parametrize("ballast", [0, 3_000_000])
def test_behind_an_address(store: Store, parts: bool, ballast: int) -> None:
    store.content, store.parts = make_zip([FLASK, TORCH], ballast=ballast), parts
    assert remote_distributions(store.url, fetch=open_address) == FOUND
    if parts:
        assert sum(store.sent) <= 256 * 1024


def test_a_directory_that_is_longer_than_the_first_part(store: Store) -> None:
    many = [f"python/{'x' * 80}{number}.py" for number in range(5000)]
    store.content = make_zip([FLASK, *many, TORCH], ballast=3_000_000)
    assert remote_distributions(store.url, fetch=open_address) == FOUND
    assert sum(store.sent) < 2_000_000


def test_what_can_not_be_read_says_so_without_the_address(store: Store) -> None:
    store.status = 403
    with pytest.raises(UnreadableError) as caught:
        remote_distributions(store.url, fetch=open_address)
    assert "403" in str(caught.value)
    assert "secret" not in str(caught.value)
    store.status, store.content = 0, b"no zip"
    with pytest.raises(UnreadableError, match="the zip can't be read"):
        remote_distributions(store.url, fetch=open_address)
    with pytest.raises(UnreadableError, match="AWS gives no address"):
        remote_distributions("file:///etc/passwd", fetch=open_address)


def test_nobody_listens() -> None:
    with pytest.raises(UnreadableError, match="the zip can't be fetched"):
        remote_distributions("http://127.0.0.1:1/layer.zip", fetch=open_address)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({}, {}, []),
        ({"werkzeug": "3.1.3"}, {"werkzeug": "3.1.4"}, ["werkzeug 3.1.3 -> 3.1.4"]),
        ({"werkzeug": "3.1.3"}, {}, ["- werkzeug 3.1.3"]),
        ({}, {"werkzeug": "3.1.3"}, ["+ werkzeug 3.1.3"]),
        ({"a": "1", "b": "1"}, {"b": "1", "c": "1"}, ["- a 1", "+ c 1"]),
    ],
)
def test_changes(before: dict[str, str], after: dict[str, str], lines: list[str]) -> None:
    assert changes(before, after) == lines
