# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import (
    Lock,
    LockedPackage,
    LockFileError,
    parse,
    render,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_index import plain_url
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import redact
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from ansible_collections.asesoria.serverless.plugins.module_utils._toml import read_toml
from hypothesis import given, settings
from hypothesis import strategies as st
from unearth import TargetPython

SHA256 = "0123456789abcdef" * 4
PACKAGES = (
    LockedPackage(
        "wheel-one",
        "1.0",
        "wheel",
        file="wheel_one-1.0-py3-none-any.whl",
        url="https://example.org/files/wheel_one-1.0-py3-none-any.whl",
        size=1,
        sha256=SHA256,
        index="https://example.org/simple",
        requires_python=">=3.9",
        needs=("source", "work"),
    ),
    LockedPackage(
        "source", "1.0", "sdist", file="source-1.0.tar.gz", path="../w/source-1.0.tar.gz", size=2, sha256=SHA256
    ),
    LockedPackage(
        "given", "1.0", "wheel", file="g-1.0-py3-none-any.whl", url="https://example.org/g-1.0-py3-none-any.whl",
        size=3, sha256=SHA256, direct=True,
    ),
    LockedPackage("work", "", "directory", path="./lib", direct=True),
    LockedPackage(
        "repo", "", "vcs", url="https://example.org/r.git", commit="f" * 40, revision="v1", subdirectory="py",
        direct=True,
    ),
)  # fmt: skip
MARKERS = Target(RUNTIMES["python3.11"], "arm64").marker
LOCK = Lock("python3.11", "arm64", MARKERS, "==3.11.*", "key", PACKAGES, ("source", "work"), ("repo",))


def test_a_lock_reads_back_and_follows_the_standard() -> None:
    text = render(LOCK)
    assert parse(text) == LOCK
    pylock = pytest.importorskip("packaging.pylock")
    pylock.Pylock.from_dict(read_toml(text)).validate()


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_survives(text: str) -> None:
    lock = replace(LOCK, key=text, packages=(replace(PACKAGES[3], path=f"./{text}"),))
    assert parse(render(lock)) == lock


@settings(max_examples=80, deadline=None)
@given(st.integers(min_value=0), st.characters(codec="utf-8"))
def test_any_changed_character_is_noticed(place: int, character: str) -> None:
    text = render(LOCK)
    place %= len(text)
    edited = text[:place] + character + text[place + 1 :]
    if edited.replace("\r\n", "\n") != text:
        with pytest.raises(LockFileError):
            parse(edited)


@pytest.mark.parametrize("path", ["", "content-sha256", 'lock-version = "1.0"\n'])
def test_other_texts_are_no_locks(path: str) -> None:
    with pytest.raises(LockFileError):
        parse(path)


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("runtime", ["python3.10", "python3.11", "python3.13"])
def test_the_reason_is_judged_by_the_same_tags_as_the_files(runtime: str, architecture: str) -> None:
    """What says why a wheel does not fit must agree with what lets it through."""
    targets = [Target(RUNTIMES[name], machine) for name in RUNTIMES for machine in ("x86_64", "arm64")]
    target = Target(RUNTIMES[runtime], architecture)
    every = {tag for one in targets for tag in supported(one)}
    fitting = set(supported(target))
    assert fitting < every
    for tag in every:
        taken = target.takes_interpreter(tag) and target.takes_platform(tag.platform)
        assert taken == (tag in fitting), tag


def supported(target: Target) -> list[object]:
    return list(TargetPython(py_ver=target.python, impl="cp", platforms=target.platforms).supported_tags())


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=6), st.sampled_from(["", "p@", "u:", "u:@"])
)
def test_no_secret_stays_in_an_address(secret: str, before: str) -> None:
    secret = f"S{secret}S"
    address = f"https://{before}{secret}@example.org/simple/a.whl"
    assert secret not in plain_url(f"{address}?t={secret}#{secret}")
    assert secret not in redact(f"x @ {address}")
    assert plain_url(address) == "https://example.org/simple/a.whl"
