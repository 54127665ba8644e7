# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A package index on 127.0.0.1, whose wheels and sdists are made up on the spot."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import http.server
import io
import json
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _lock_index, _pip_config

_DATE = (2026, 1, 1, 0, 0, 0)


@dataclass
class Entry:
    """One file of a project."""

    name: str
    content: bytes
    metadata: bytes
    offered: bool = True
    requires_python: str = ""
    yanked: str | None = None
    listed_sha256: str | None = None
    listed_metadata_sha256: str | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def metadata_of(name: str, version: str, requires: Sequence[str], *, lines: Sequence[str] = ()) -> bytes:
    headers = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}", *lines]
    return "\n".join([*headers, *(f"Requires-Dist: {text}" for text in requires), "", ""]).encode()


def make_wheel(name: str, version: str, metadata: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{name.replace('-', '_')}-{version}.dist-info/METADATA", _DATE), metadata)
    return stream.getvalue()


def make_sdist(name: str, version: str, metadata: bytes | None) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for inner in ("PKG-INFO", "src/demo.egg-info/PKG-INFO"):
            if metadata is not None:
                info = tarfile.TarInfo(f"{name}-{version}/{inner}")
                info.size = len(metadata)
                archive.addfile(info, io.BytesIO(metadata))
    return stream.getvalue()


class FakeIndex(http.server.ThreadingHTTPServer):
    """Serves what was added to it, and writes down what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.projects: dict[str, list[Entry]] = {}
        self.asked: list[str] = []
        self.pages = "json"
        self.login = ""
        self.status = 200
        self.failures = 0
        self.query = ""

    @property
    def url(self) -> str:
        return self.url_with("")

    def url_with(self, login: str) -> str:
        return f"http://{login}{'@' if login else ''}127.0.0.1:{self.server_port}/simple"

    def wheel(
        self, name: str, version: str, requires: Sequence[str] = (), *, tag: str = "py3-none-any", **more: Any
    ) -> Entry:
        lines = [f"Provides-Extra: {extra}" for extra in more.pop("extras", ())]
        if "python" in more:
            lines.append(f"Requires-Python: {more.pop('python')}")
        metadata = more.pop("metadata", None) or metadata_of(name, version, requires, lines=lines)
        file = f"{name.replace('-', '_')}-{version}-{tag}.whl"
        return self._add(name, Entry(file, make_wheel(name, version, metadata), metadata, **more))

    def sdist(self, name: str, version: str, metadata: bytes | None = None, **more: Any) -> Entry:
        content = make_sdist(name, version, metadata)
        return self._add(name, Entry(f"{name}-{version}.tar.gz", content, metadata or b"", offered=False, **more))

    def _add(self, name: str, entry: Entry) -> Entry:
        self.projects.setdefault(name, []).append(entry)
        return entry

    def page(self, entries: Sequence[Entry]) -> tuple[str, bytes]:
        if self.pages == "json":
            files = [self._listed(entry) for entry in entries]
            return "application/vnd.pypi.simple.v1+json", json.dumps({"files": files}).encode()
        return "text/html", "".join(map(self._anchor, entries)).encode()

    def _listed(self, entry: Entry) -> dict[str, Any]:
        return {
            "filename": entry.name,
            "url": f"../../files/{entry.name}{self.query}",
            "hashes": {"sha256": entry.listed_sha256 or entry.sha256},
            "size": len(entry.content),
            "requires-python": entry.requires_python or None,
            "yanked": entry.yanked or False,
            "core-metadata": {"sha256": self._metadata_sha256(entry)} if entry.offered else False,
        }

    def _anchor(self, entry: Entry) -> str:
        attributes = ""
        if entry.requires_python:
            attributes += f' data-requires-python="{html.escape(entry.requires_python)}"'
        if entry.offered:
            attributes += f' data-core-metadata="sha256={self._metadata_sha256(entry)}"'
        if entry.yanked is not None:
            attributes += f' data-yanked="{entry.yanked}"'
        sha256 = "" if self.pages == "bare" else f"#sha256={entry.listed_sha256 or entry.sha256}"
        return f'<a href="../../files/{entry.name}{self.query}{sha256}"{attributes}>{entry.name}</a>\n'

    @staticmethod
    def _metadata_sha256(entry: Entry) -> str:
        return entry.listed_metadata_sha256 or hashlib.sha256(entry.metadata).hexdigest()

    def handle_error(self, *_args: Any) -> None:
        """A client that goes away is no matter."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: FakeIndex

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        kind, content = self._answer()
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    do_HEAD = do_GET  # noqa: N815 - the name is the server's

    def _answer(self) -> tuple[str, bytes]:
        expected = f"Basic {base64.b64encode(self.server.login.encode()).decode()}"
        if self.server.login and self.headers.get("Authorization") != expected:
            self.send_response(401)
            return "text/plain", b"who are you?"
        if self.server.status != 200 or self.server.failures:
            self.send_response(self.server.status if self.server.status != 200 else 503)
            self.server.failures = max(0, self.server.failures - 1)
            return "text/plain", b"no"
        found = self._find(self.path.partition("?")[0])
        self.send_response(200 if found else 404)
        return found or ("text/plain", b"nothing here")

    def _find(self, path: str) -> tuple[str, bytes] | None:
        parts = path.strip("/").split("/")
        if parts[0] == "simple" and parts[-1] in self.server.projects:
            return self.server.page(self.server.projects[parts[-1]])
        entries = {entry.name: entry for each in self.server.projects.values() for entry in each}
        name = parts[-1].removesuffix(".metadata")
        if parts[0] != "files" or name not in entries:
            return None
        entry = entries[name]
        return "application/octet-stream", entry.content if name == parts[-1] else entry.metadata

    def log_message(self, *_args: Any) -> None:
        """Quiet."""


@contextlib.contextmanager
def serving() -> Iterator[FakeIndex]:
    """An index that answers as long as the block lasts."""
    with FakeIndex() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def forget_settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have no settings of pip or of a proxy, whoever runs the tests, and no pauses between two questions.

    :param folder: where settings are looked for instead.
    """
    for name in list(os.environ):
        if name.startswith("PIP_") or name.lower().endswith("_proxy") or name.endswith("CA_BUNDLE"):
            monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
        monkeypatch.setenv(name, str(folder / "config"))
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setattr(_lock_index, "PAUSE", 0.0)
    monkeypatch.setattr(_pip_config, "SYSTEM_FILE", folder / "etc" / "pip.conf")
