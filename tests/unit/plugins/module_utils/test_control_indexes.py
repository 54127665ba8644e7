# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the places answer that packages come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _control_indexes as indexes
from ansible_collections.asesoria.serverless.plugins.module_utils._check import Check
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._pip_config import Sources

PINS = {"osls": "4.3.1", "serverless-wsgi": "3.1.0"}


class Session:
    """Indexes of which some do not answer."""

    def __init__(self, silent: Sequence[str] = ()) -> None:
        self.silent = silent
        self.asked: list[str] = []
        self.closed = False

    def get(self, url: str) -> object:
        self.asked.append(url)
        if url.startswith(tuple(self.silent)):
            raise ServerlessError(f"{url} did not answer", "Check the network")
        return url

    def close(self) -> None:
        self.closed = True


def check(urls: Sequence[str], session: Session) -> Check:
    return indexes.check_package_index(lambda: Sources(index_urls=tuple(urls)), connect=lambda _sources: session)


@pytest.mark.parametrize(
    ("urls", "silent", "state", "found"),
    [
        (["https://a/simple"], [], "ok", "https://a/simple"),
        (["https://me:secret@a/simple", "https://b"], [], "ok", "https://a/simple and https://b"),
        ([], [], "ok", "none, as pip is told"),
        (["https://a", "https://b"], ["https://b"], "problem", "https://b/pip/ did not answer"),
        (
            ["https://a", "https://b"],
            ["https://a", "https://b"],
            "problem",
            "https://a/pip/ did not answer; https://b/pip/ did not answer",
        ),
    ],
)
def test_package_index(urls: list[str], silent: list[str], state: str, found: str) -> None:
    session = Session(silent)
    result = check(urls, session)
    assert (result.state, result.found) == (state, found)
    assert result.remedy == ("Check the network" if state == "problem" else "")
    assert session.asked == [f"{url}/pip/" for url in urls]
    assert session.closed


def test_an_index_that_is_a_folder(tmp_path: Path) -> None:
    session = Session()
    there, missing = tmp_path.as_uri(), (tmp_path / "none").as_uri()
    assert check([there], session).ok
    result = check([there, missing], session)
    assert (result.state, result.found) == ("warning", f"{missing} is no folder and is passed over")
    assert session.asked == []


def test_an_index_that_must_not_be_asked() -> None:
    def connect(_sources: Sources) -> Session:
        raise ServerlessError("the package index http://a is not asked", "Use its https address")

    result = indexes.check_package_index(lambda: Sources(index_urls=("http://a",)), connect=connect)
    assert result.problem == "package index: the package index http://a is not asked. Use its https address."


def test_where_packages_are_looked_for(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("--extra-index-url https://b/simple\nflask\n", encoding="utf-8")
    bad.write_text("==3\n", encoding="utf-8")
    sources = indexes.sources_of(
        [good, bad, tmp_path / "none.txt"],
        environment={"PIP_CONFIG_FILE": "/dev/null", "HOME": str(tmp_path)},
        default_index="https://a/simple",
        index_url=None,
        extra_index_urls=[],
    )
    assert sources.index_urls == ("https://a/simple", "https://b/simple")


TO_INSTALL = Check("serverless cli", "ok", "nothing in /cli; the run installs osls 4.3.1 there with npm")


@pytest.mark.parametrize(
    ("output", "state", "found"),
    [
        ("4.3.1\n", "ok", "has osls 4.3.1"),
        (None, "problem", "no osls 4.3.1"),
        ("v18.20.4\n", "unknown", "not known, because npm answers with something else"),
        ("", "unknown", "not known, because npm answers with something else"),
    ],
)
def test_npm_registry(output: str | None, state: str, found: str) -> None:
    asked: list[Sequence[str]] = []

    def runner(argv: Sequence[str]) -> str | None:
        asked.append(argv)
        return output

    result = indexes.check_npm_registry(PINS, cli=TO_INSTALL, runner=runner)
    assert (result.state, result.found) == (state, found)
    assert asked == [["npm", "view", "osls@4.3.1", "version"]]
    assert bool(result.remedy) is (state == "problem")


@pytest.mark.parametrize(
    ("pins", "cli"), [(PINS, Check("serverless cli", "ok", "osls 4.3.1 in /cli")), ({}, TO_INSTALL)]
)
def test_npm_is_not_asked_without_need(pins: dict[str, str], cli: Check) -> None:
    refuse: Callable[[Sequence[str]], str | None] = lambda _argv: pytest.fail("npm was asked")  # noqa: E731
    assert indexes.check_npm_registry(pins, cli=cli, runner=refuse).ok
