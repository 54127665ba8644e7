# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Downloads from an index on 127.0.0.1, with whatever can go wrong there."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _wheel_fetch
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import LockedPackage
from ansible_collections.asesoria.serverless.plugins.module_utils._pip_config import Sources
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_fetch import (
    AT_ONCE,
    DEFAULT_INDEX,
    fetch_wheels,
)
from ansible_collections.asesoria.serverless.tests.unit.certificates import make_certificate
from ansible_collections.asesoria.serverless.tests.unit.fake_index import Entry, FakeIndex, serving

NAMES = [f"package-{number}" for number in range(12)]


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with serving() as server:
        yield server


@pytest.fixture
def locked(index: FakeIndex) -> list[LockedPackage]:
    return [lock(index, name, index.wheel(name, "1.0")) for name in NAMES]


def lock(index: FakeIndex, name: str, entry: Entry) -> LockedPackage:
    return LockedPackage(
        name=name,
        version="1.0",
        kind="wheel",
        file=entry.name,
        url=f"http://127.0.0.1:{index.server_port}/files/{entry.name}",
        size=len(entry.content),
        sha256=entry.sha256,
        index=index.url,
    )


def test_all_are_fetched_and_nothing_else_is_asked_for(
    index: FakeIndex, locked: list[LockedPackage], tmp_path: Path
) -> None:
    found = fetch_wheels(locked, sources=Sources(index_urls=(index.url,)), folder=tmp_path / "wheels")
    assert {name: path.read_bytes() for name, path in found.items()} == {
        name: index.projects[name][0].content for name in NAMES
    }
    assert {path.name for path in found.values()} == {package.file for package in locked}
    assert sorted(index.asked) == sorted(f"/files/{package.file}" for package in locked)


def test_an_index_need_not_say_sizes(index: FakeIndex, locked: list[LockedPackage], tmp_path: Path) -> None:
    unsized = [replace(package, size=0) for package in locked]
    assert len(fetch_wheels(unsized, sources=Sources(index_urls=(index.url,)), folder=tmp_path)) == len(NAMES)


@pytest.mark.parametrize(
    ("sources", "fetched"),
    [
        (Sources(index_urls=("{index}",)), True),
        (Sources(index_urls=("https://h/simple", "{index}")), True),
        (Sources(index_urls=(DEFAULT_INDEX,)), True),
        (Sources(index_urls=("https://h/simple",)), False),
        (Sources(index_urls=("{login}",)), False),
        (Sources(index_urls=()), False),
        (Sources(index_urls=("{index}",), client_certificate="/c.pem"), False),
        (Sources(index_urls=("{index}",), trusted_hosts=("h",)), False),
    ],
    ids=["the index", "one of them", "none is named", "another", "with a login", "no index", "certificate", "trusted"],
)
def test_only_where_pip_would_look_too(
    index: FakeIndex, locked: list[LockedPackage], tmp_path: Path, sources: Sources, *, fetched: bool
) -> None:
    urls = [url.format(index=index.url, login=index.url_with("me:secret")) for url in sources.index_urls]
    found = fetch_wheels(locked, sources=replace(sources, index_urls=tuple(urls)), folder=tmp_path)
    assert bool(found) == bool(index.asked) == fetched


@pytest.mark.parametrize(
    "change",
    [{"kind": "sdist"}, {"url": ""}, {"index": ""}],
    ids=["to be compiled", "on this machine", "a requirement gave its place"],
)
def test_what_is_for_pip_anyway(
    index: FakeIndex, locked: list[LockedPackage], tmp_path: Path, change: dict[str, str]
) -> None:
    packages = [replace(package, **change) for package in locked]  # type: ignore[arg-type]
    assert fetch_wheels(packages, sources=Sources(index_urls=(index.url,)), folder=tmp_path) == {}
    assert index.asked == []


@pytest.mark.parametrize(
    ("trusted", "fetched"),
    [("this one", True), ("its folder", True), ("another", False), ("a file that is gone", False), ("no more", False)],
)
def test_what_pip_is_told_to_trust_is_trusted_and_nothing_else(
    index: FakeIndex,
    locked: list[LockedPackage],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: str,
    *,
    fetched: bool,
) -> None:
    for name in ("server", "other", "hashed"):
        (tmp_path / name).mkdir()
    certificate, key = make_certificate(tmp_path / "server", name="IP:127.0.0.1")
    other, _key = make_certificate(tmp_path / "other", name="IP:127.0.0.1")
    shutil.copy(certificate, tmp_path / "hashed")
    subprocess.run(["openssl", "rehash", tmp_path / "hashed"], check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    index.socket = context.wrap_socket(index.socket, server_side=True)
    # What is trusted without being told does not count where something is named.
    monkeypatch.setenv("SSL_CERT_FILE", str(other if trusted == "no more" else certificate))
    named = {
        "this one": certificate,
        "its folder": tmp_path / "hashed",
        "another": other,
        "a file that is gone": tmp_path / "gone.pem",
    }.get(trusted)
    safe = [replace(package, url=package.url.replace("http://", "https://")) for package in locked]
    sources = Sources(index_urls=(index.url,), certificate=str(named) if named else None)
    assert len(fetch_wheels(safe, sources=sources, folder=tmp_path / "wheels")) == (len(NAMES) if fetched else 0)


def refuse(index: FakeIndex) -> None:
    index.status = 503


def want_a_login(index: FakeIndex) -> None:
    index.login = "me:secret"


def lose(index: FakeIndex) -> None:
    index.projects.clear()


def swap(index: FakeIndex) -> None:
    for entries in index.projects.values():
        entries[0].content = entries[0].content[::-1]


def cut(index: FakeIndex) -> None:
    for entries in index.projects.values():
        entries[0].content = entries[0].content[:-1]


def lengthen(index: FakeIndex) -> None:
    for entries in index.projects.values():
        entries[0].content += bytes(1 << 20)


@pytest.mark.parametrize("fault", [refuse, want_a_login, lose, swap, cut])
def test_what_can_not_be_had_is_left_to_pip(
    index: FakeIndex, locked: list[LockedPackage], tmp_path: Path, fault: Callable[[FakeIndex], None]
) -> None:
    fault(index)
    assert fetch_wheels(locked, sources=Sources(index_urls=(index.url,)), folder=tmp_path) == {}
    assert list(tmp_path.iterdir()) == []
    assert len(index.asked) <= AT_ONCE < len(NAMES)


def test_no_more_is_read_than_is_locked(index: FakeIndex, locked: list[LockedPackage], tmp_path: Path) -> None:
    lengthen(index)
    found = fetch_wheels(locked, sources=Sources(index_urls=(index.url,)), folder=tmp_path)
    assert [found[package.name].stat().st_size for package in locked] == [package.size for package in locked]


def test_one_that_is_not_the_locked_one_does_not_spoil_the_others(
    index: FakeIndex, locked: list[LockedPackage], tmp_path: Path
) -> None:
    index.projects["package-3"][0].content += b"."
    changed = [replace(package, sha256="0" * 64) if package.name == "package-3" else package for package in locked]
    found = fetch_wheels(changed, sources=Sources(index_urls=(index.url,)), folder=tmp_path)
    assert "package-3" not in found
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in found.values()}


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.whl", "http://[/x.whl", "gopher://h/x.whl", "x.whl"])
def test_addresses_that_lead_nowhere(index: FakeIndex, locked: list[LockedPackage], tmp_path: Path, url: str) -> None:
    packages = [replace(locked[0], url=url)]
    assert fetch_wheels(packages, sources=Sources(index_urls=(index.url,)), folder=tmp_path) == {}


def test_a_server_that_says_nothing_is_given_up(
    locked: list[LockedPackage], index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_wheel_fetch, "SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.whl"
        packages = [replace(package, url=url) for package in locked]
        assert fetch_wheels(packages, sources=Sources(index_urls=(index.url,)), folder=tmp_path) == {}
