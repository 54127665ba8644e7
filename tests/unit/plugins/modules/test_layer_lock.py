# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import platform
import socket
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import parse
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.modules import layer_lock
from ansible_collections.asesoria.serverless.tests.unit.fake_index import (
    FakeIndex,
    forget_settings,
    make_wheel,
    metadata_of,
    serving,
)
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module

GLIBC_2_28 = "cp311-cp311-manylinux_2_28_x86_64"
FITTING = "cp311-cp311-manylinux2014_x86_64"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_settings(monkeypatch, tmp_path)


@pytest.fixture(name="index")
def _index() -> Iterator[FakeIndex]:
    with serving() as server:
        yield server


class Locker:
    """Runs the module against the index."""

    def __init__(self, folder: Path, index: FakeIndex) -> None:
        self.folder = folder
        self.index = index
        self.dest = folder / "pylock.toml"

    def run(self, *packages: str, check_mode: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        args: dict[str, Any] = {
            "dest": str(self.dest),
            "index_url": self.index.url,
            "cache_dir": str(self.folder / "cache"),
            **({"packages": list(packages)} if packages else {}),
            **options,
        }
        result = run_module(layer_lock.main, args, check_mode=check_mode, diff=diff)
        if not result["failed"]:
            assert_return_documented(layer_lock, result)
        return result

    def file(self, text: str, *, name: str = "requirements.txt", **options: Any) -> dict[str, Any]:
        path = self.folder / name
        path.write_text(text)
        return self.run(requirements=str(path), **options)

    def versions(self, *packages: str, **options: Any) -> list[str]:
        return versions(self.run(*packages, **options))

    @property
    def text(self) -> str:
        return self.dest.read_text()


def versions(result: Mapping[str, Any]) -> list[str]:
    assert not result["failed"], result["msg"]
    return [f"{package['name']} {package['version']}" for package in result["packages"]]


@pytest.fixture(name="locker")
def _locker(tmp_path: Path, index: FakeIndex) -> Locker:
    return Locker(tmp_path, index)


# What it returns and writes.


def test_a_lock_and_what_is_returned_of_it(locker: Locker, index: FakeIndex) -> None:
    index.wheel("flask", "3.1", ["werkzeug>=3"], requires_python=">=3.9", python=">=3.9")
    wheel = index.wheel("werkzeug", "3.1.4")
    result = locker.run("Flask>=3", diff=True)
    assert (result["changed"], result["reason"]) == (True, "there is no lock yet")
    assert result["packages"][1] == {
        "name": "werkzeug",
        "version": "3.1.4",
        "kind": "wheel",
        "file": "werkzeug-3.1.4-py3-none-any.whl",
        "sha256": wheel.sha256,
        "size": len(wheel.content),
    }
    assert (result["to_build"], result["unknown_dependencies"]) == ([], [])
    assert result["diff"] == {"prepared": "+ flask 3.1\n+ werkzeug 3.1.4\n"}
    lock = parse(locker.text)
    assert (lock.runtime, lock.architecture) == ("python3.11", "x86_64")
    assert lock.packages[0].needs == ("werkzeug",)
    assert lock.packages[0].requires_python == ">=3.9"
    assert lock.packages[1].url == f"{index.url.removesuffix('/simple')}/files/{wheel.name}"
    assert lock.packages[1].index == index.url
    assert stat.S_IMODE(locker.dest.stat().st_mode) & 0o600 == 0o600


# What is added where nothing brings it.

ADAPTER = {"additions": [{"requirement": "mangum>=0.19", "reason": "adapter for ASGI"}]}
ADDED = [{"name": "mangum", "version": "0.22.0", "reason": "adapter for ASGI"}]


@pytest.fixture
def fastapi(index: FakeIndex) -> None:
    """An index with a framework, and with the adapter."""
    index.wheel("fastapi", "0.110", ["typing-extensions"])
    index.wheel("typing-extensions", "4.12")
    index.wheel("mangum", "0.18.0", ["typing-extensions"])
    index.wheel("mangum", "0.22.0", ["typing-extensions"])
    index.wheel("bundle", "1.0", ["mangum"])


@pytest.mark.usefixtures("fastapi")
def test_what_nothing_brings_is_added(locker: Locker, index: FakeIndex) -> None:
    result = locker.run("fastapi", diff=True, **ADAPTER)
    assert versions(result) == ["fastapi 0.110", "mangum 0.22.0", "typing-extensions 4.12"]
    assert result["added"] == ADDED
    assert "+ mangum 0.22.0\n" in result["diff"]["prepared"]
    index.asked.clear()
    second = locker.run("fastapi", **ADAPTER)
    assert (second["changed"], second["added"], index.asked) == (False, ADDED, [])
    # It goes as it came.
    without = locker.run("fastapi", diff=True)
    assert (without["changed"], without["added"]) == (True, [])
    assert without["diff"] == {"prepared": "- mangum 0.22.0\n"}


@pytest.mark.usefixtures("fastapi")
@pytest.mark.parametrize(
    ("packages", "options", "expected"),
    [
        (["fastapi", "mangum==0.22.0"], {}, "mangum 0.22.0"),
        (["fastapi", "Mangum"], {}, "mangum 0.22.0"),
        (["fastapi", "bundle"], {}, "mangum 0.22.0"),
        (["fastapi"], {"provided": ["mangum"]}, ""),
    ],
)
def test_what_the_requirements_bring_is_not_added(
    locker: Locker, index: FakeIndex, packages: list[str], options: dict[str, Any], expected: str
) -> None:
    locker.run(*packages, **options)
    # A lock from before there were additions, which has all that they would add, stays as it is.
    index.asked.clear()
    result = locker.run(*packages, **options, **ADAPTER)
    assert (result["changed"], result["added"]) == (False, [])
    assert index.asked == [] or not expected
    assert [each for each in versions(result) if each.startswith("mangum")] == ([expected] if expected else [])


@pytest.mark.usefixtures("fastapi")
def test_a_version_of_the_requirements_that_would_not_do_is_refused(locker: Locker) -> None:
    # Without a word about what is needed, it is the user's choice.
    locker.run("fastapi", "mangum==0.18.0")
    result = locker.run("fastapi", "mangum==0.18.0", **ADAPTER)
    assert result["msg"] == (
        "the requirements bring mangum 0.18.0, and the adapter for ASGI has to be mangum>=0.19. Ask for a version that "
        "fits, or leave mangum out of the requirements to have it added."
    )


@pytest.mark.usefixtures("fastapi")
def test_constraints_hold_for_what_is_added(locker: Locker) -> None:
    constraints = locker.folder / "constraints.txt"
    constraints.write_text("mangum<0.22\n")
    result = locker.run("fastapi", constraints=str(constraints), **ADAPTER)
    assert result["msg"].startswith("mangum>=0.19 (adapter for ASGI) can't be added to the requirements: ")
    assert f"{constraints}, line 1" in result["msg"]
    assert not locker.dest.exists()
    constraints.write_text("mangum<0.23\n")
    assert locker.run("fastapi", constraints=str(constraints), **ADAPTER)["added"] == ADDED


def test_what_is_added_has_no_hash(locker: Locker, index: FakeIndex) -> None:
    wheel = index.wheel("fastapi", "0.110")
    index.wheel("mangum", "0.22.0")
    result = locker.file(f"fastapi==0.110 --hash=sha256:{wheel.sha256}\n", **ADAPTER)
    assert result["msg"].startswith(
        "mangum>=0.19 (adapter for ASGI) can't be added to the requirements: the requirements have hashes, but there "
        "is none for mangum 0.22.0. "
    )


def test_an_addition_that_is_no_requirement(locker: Locker) -> None:
    result = locker.run("fastapi", additions=[{"requirement": "mangum=>1"}])
    assert "the addition 'mangum=>1' is not a requirement" in result["msg"]


def test_nothing_is_asked_when_nothing_has_changed(locker: Locker, index: FakeIndex) -> None:
    index.wheel("flask", "3.1")
    first = locker.run("flask")
    index.asked.clear()
    index.wheel("flask", "3.2")
    second = locker.run("flask", diff=True)
    assert index.asked == []
    assert (second["changed"], second["reason"], second["diff"]) == (False, "", {"prepared": ""})
    assert second["packages"] == first["packages"]
    upgraded = locker.run("flask", upgrade=True, diff=True)
    assert (upgraded["changed"], upgraded["reason"]) == (True, "a newer set of packages was asked for")
    assert upgraded["diff"] == {"prepared": "flask 3.1 -> 3.2\n"}
    again = locker.run("flask", upgrade=True)
    assert (again["changed"], again["reason"]) == (False, "")


@pytest.mark.parametrize(
    "options",
    [
        {"runtime": "python3.13"},
        {"architecture": "arm64"},
        {"packages": ["flask>=3"]},
        {"no_wheel": "build"},
        {"extra_index_urls": ["http://127.0.0.1:1/simple"]},
        {"constraints": "limits.txt"},
    ],
)
def test_what_makes_a_new_lock(locker: Locker, index: FakeIndex, options: dict[str, Any]) -> None:
    index.wheel("flask", "3.1")
    locker.run("flask")
    if "extra_index_urls" in options:
        options = {"extra_index_urls": [f"{index.url}/"]}
    if "constraints" in options:
        (locker.folder / "limits.txt").write_text("flask<4\n")
        options = {"constraints": str(locker.folder / "limits.txt")}
    result = locker.run(**{"packages": ["flask"], **options})
    assert (result["changed"], result["reason"]) == (True, "the requirements or an option have changed")


def test_check_mode_finds_versions_and_writes_nothing(locker: Locker, index: FakeIndex) -> None:
    index.wheel("flask", "3.1", offered=False)
    before = sorted(locker.folder.rglob("*"))
    result = locker.run("flask", check_mode=True, diff=True)
    assert (result["changed"], result["diff"]["prepared"]) == (True, "+ flask 3.1\n")
    assert sorted(locker.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace("3.1", "3.0"), "its text was edited or damaged"),
        (lambda text: text + "# mine\n", "its text was edited or damaged"),
        (lambda text: text[: len(text) // 2], "its text was edited or damaged"),
        (lambda _text: "", "its text was edited or damaged"),
        (lambda _text: "\udcff\x00", "its text was edited or damaged"),
    ],
)
def test_an_edited_lock_is_made_anew_and_that_is_said(
    locker: Locker, index: FakeIndex, change: Any, reason: str
) -> None:
    index.wheel("flask", "3.1")
    locker.run("flask")
    good = locker.text
    locker.dest.write_bytes(change(good).encode("utf-8", "surrogateescape"))
    result = locker.run("flask")
    assert (result["changed"], result["reason"]) == (True, f"the lock was made anew, because {reason}")
    assert result["warnings"] == [f"{locker.dest}: {result['reason']}"]
    assert locker.text == good


def test_a_checkout_with_other_line_ends_is_the_same_lock(locker: Locker, index: FakeIndex) -> None:
    index.wheel("flask", "3.1")
    locker.run("flask")
    locker.dest.write_bytes(locker.dest.read_bytes().replace(b"\n", b"\r\n"))
    assert locker.run("flask")["changed"] is False


def test_the_same_bytes_from_anywhere(locker: Locker, index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("zeta", "alpha", "mid"):
        index.wheel(name, "1.0", ["leaf"] if name != "leaf" else [])
    index.wheel("leaf", "1.0", python="!=3.9.1,>=3.8,<4")
    locker.file("zeta\nmid\nalpha\n")
    first = locker.dest.read_bytes()
    other = locker.folder / "another folder" / "deeper"
    other.mkdir(parents=True)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    time.tzset()
    monkeypatch.chdir(other)
    index.pages = "html"
    index.projects["leaf"].reverse()
    mine = Locker(other, index)
    mine.file("# in another file\nzeta\nmid   \nalpha\n")
    assert mine.dest.read_bytes() == first


def test_a_failed_write_leaves_the_old_lock(locker: Locker, index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.wheel("flask", "3.1")
    locker.run("flask")
    old = locker.text
    index.wheel("flask", "3.2")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        result = locker.run("flask", upgrade=True)
    assert "can't be written (No space left on device)" in result["msg"]
    assert locker.text == old
    assert [path.name for path in locker.folder.glob(".pylock*")] == []


# Which files fit.


@pytest.mark.parametrize(
    ("runtime", "architecture", "tag", "fits"),
    [
        ("python3.11", "x86_64", "py3-none-any", True),
        ("python3.11", "x86_64", "py2.py3-none-any", True),
        ("python3.11", "x86_64", "py2-none-any", False),
        ("python3.11", "x86_64", "py312-none-any", False),
        ("python3.11", "x86_64", "cp311-cp311-manylinux_2_26_x86_64", True),
        ("python3.11", "x86_64", "cp311-cp311-manylinux_2_27_x86_64", False),
        ("python3.11", "x86_64", "cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64", True),
        ("python3.11", "x86_64", "cp311-cp311-manylinux_2_5_x86_64", True),
        ("python3.11", "x86_64", "cp311-cp311-manylinux1_x86_64", True),
        ("python3.11", "x86_64", "cp311-cp311-manylinux2010_x86_64", True),
        ("python3.11", "x86_64", "cp311-cp311-manylinux2014_aarch64", False),
        ("python3.11", "x86_64", "cp311-cp311-musllinux_1_1_x86_64", False),
        ("python3.11", "x86_64", "cp311-cp311-win_amd64", False),
        ("python3.11", "x86_64", "cp38-abi3-manylinux2014_x86_64", True),
        ("python3.11", "x86_64", "cp312-abi3-manylinux2014_x86_64", False),
        ("python3.11", "x86_64", "cp310-cp310-manylinux2014_x86_64", False),
        ("python3.11", "x86_64", "py3-none-manylinux2014_x86_64", True),
        ("python3.11", "arm64", "cp311-cp311-manylinux2014_aarch64", True),
        ("python3.11", "arm64", "cp311-cp311-manylinux_2_28_aarch64", False),
        ("python3.13", "x86_64", "cp313-cp313-manylinux_2_34_x86_64", True),
        ("python3.13", "x86_64", "cp313-cp313-manylinux_2_35_x86_64", False),
        ("python3.13", "x86_64", "cp313-cp313t-manylinux2014_x86_64", False),
        ("python3.13", "arm64", "cp313-cp313-manylinux_2_34_aarch64", True),
    ],
)
@pytest.mark.parametrize("pages", ["json", "html"])
def test_which_wheels_fit(
    locker: Locker, index: FakeIndex, runtime: str, architecture: str, tag: str, fits: bool, pages: str
) -> None:
    index.pages = pages
    index.wheel("demo", "1.0")
    index.wheel("demo", "2.0", tag=tag)
    found = locker.versions("demo", runtime=runtime, architecture=architecture)
    assert found == ["demo 2.0" if fits else "demo 1.0"]
    if not fits:
        index.projects["demo"].pop(0)
        message = locker.run("demo", runtime=runtime, architecture=architecture, upgrade=True)["msg"]
        assert "its wheels" in message


def test_the_best_wheel_of_a_version(locker: Locker, index: FakeIndex) -> None:
    for tag in ("py3-none-any", "cp38-abi3-manylinux2014_x86_64", FITTING, "cp311-cp311-manylinux_2_26_x86_64"):
        index.wheel("demo", "1.0", tag=tag)
    result = locker.run("demo")
    assert result["packages"][0]["file"] == "demo-1.0-cp311-cp311-manylinux_2_26_x86_64.whl"


def test_it_goes_back_until_everything_has_a_wheel(locker: Locker, index: FakeIndex) -> None:
    """The newest of both needs a newer glibc, by itself or by what it needs."""
    index.wheel("frames", "3.0", ["numbers>=2"])
    index.wheel("frames", "2.0", ["numbers>=1"])
    index.wheel("numbers", "2.0", tag=GLIBC_2_28)
    index.sdist("numbers", "2.0", metadata_of("numbers", "2.0", []))
    index.wheel("numbers", "1.5", tag=FITTING)
    index.wheel("numbers", "1.0", tag=FITTING)
    assert locker.versions("frames") == ["frames 2.0", "numbers 1.5"]
    assert locker.versions("frames", no_wheel="build") == ["frames 2.0", "numbers 1.5"]
    assert locker.versions("frames>2", no_wheel="build") == ["frames 3.0", "numbers 2.0"]
    assert parse(locker.text).to_build == ("numbers",)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ([], "there is only an sdist, which has to be built"),
        ([GLIBC_2_28], "its wheels need glibc 2.28, python3.11 has 2.26 (version 2.0)"),
        (
            [GLIBC_2_28, "cp311-cp311-manylinux_2_34_x86_64"],
            "its wheels need glibc 2.28, python3.11 has 2.26 (version 2.0)",
        ),
        (["cp312-abi3-manylinux2014_x86_64"], "its wheels are only for cp312 (version 2.0)"),
        (["cp39-cp39-win_amd64", "cp310-cp310-win_amd64"], "its wheels are only for cp39, cp310 (version 2.0)"),
        (["cp311-cp311-win_amd64", "cp312-cp312-manylinux1_x86_64"], "its wheels are only for win_amd64 (version 2.0)"),
        (["cp311-cp311-manylinux2014_aarch64"], "its wheels are only for manylinux2014_aarch64 (version 2.0)"),
    ],
)
def test_why_a_package_is_refused(locker: Locker, index: FakeIndex, tags: Sequence[str], reason: str) -> None:
    index.sdist("demo", "2.0")
    for tag in tags:
        index.wheel("demo", "2.0", tag=tag)
    index.wheel("demo", "1.0", tag=FITTING)
    assert locker.run("demo>1")["msg"] == (
        f"demo ({locker.folder}/packages, line 1) has no wheel for python3.11 on x86_64: {reason}. Have it compiled on "
        "the builder (no_wheel: build), take another runtime, or constrain it to a version that has a wheel."
    )
    assert not locker.dest.exists()


def test_all_that_is_refused_is_named_at_once(locker: Locker, index: FakeIndex) -> None:
    index.sdist("one", "1.0")
    index.wheel("two", "1.0", tag=GLIBC_2_28)
    index.wheel("three", "1.0")
    message = locker.run("one", "two", "three")["msg"]
    assert "one (" in message
    assert "two (" in message
    assert "three" not in message


def test_a_refused_package_that_only_another_one_needs(locker: Locker, index: FakeIndex) -> None:
    index.wheel("app", "1.0", ["demo"])
    index.wheel("demo", "1.0", tag=GLIBC_2_28)
    assert locker.run("app")["msg"].startswith(
        "demo (app 1.0) has no wheel for python3.11 on x86_64: its wheels need glibc 2.28, python3.11 has 2.26"
    )


@pytest.mark.parametrize("where", ["page", "metadata"])
def test_the_python_of_the_target_decides(locker: Locker, index: FakeIndex, where: str) -> None:
    index.wheel("demo", "1.0")
    needs = {"requires_python" if where == "page" else "python": ">=3.12"}
    index.wheel("demo", "2.0", **needs)
    assert locker.versions("demo") == ["demo 1.0"]
    assert locker.versions("demo", runtime="python3.13") == ["demo 2.0"]
    assert "Python >=3.12" in locker.run("demo==2.0")["msg"]


# Sources that have to be built.


@pytest.mark.parametrize(
    ("metadata", "unknown"),
    [
        (metadata_of("demo", "1.0", ["leaf"]), []),
        (metadata_of("demo", "1.0", ["leaf"], lines=["Dynamic: Requires-Dist"]), ["demo"]),
        (metadata_of("demo", "1.0", ["leaf"]).replace(b"2.2", b"2.1"), ["demo"]),
        (None, ["demo"]),
    ],
)
def test_an_sdist_is_locked_when_that_is_asked_for(
    locker: Locker, index: FakeIndex, metadata: bytes | None, unknown: list[str]
) -> None:
    sdist = index.sdist("demo", "1.0", metadata)
    index.wheel("leaf", "1.0")
    result = locker.run("demo", no_wheel="build")
    assert result["packages"][0] == {
        "name": "demo",
        "version": "1.0",
        "kind": "sdist",
        "file": "demo-1.0.tar.gz",
        "sha256": sdist.sha256,
        "size": len(sdist.content),
    }
    assert (result["to_build"], result["unknown_dependencies"]) == (["demo"], unknown)
    assert versions(result) == (["demo 1.0"] if unknown else ["demo 1.0", "leaf 1.0"])


def test_what_has_to_be_built_lets_nothing_else_be_built(locker: Locker, index: FakeIndex) -> None:
    index.sdist("source", "1.0")
    index.wheel("frames", "2.0", ["numbers>=2"])
    index.wheel("frames", "1.0", ["numbers"])
    index.sdist("numbers", "2.0")
    index.wheel("numbers", "1.0")
    result = locker.run("source", "frames", no_wheel="build")
    assert versions(result) == ["frames 1.0", "numbers 1.0", "source 1.0"]


def test_an_older_wheel_goes_before_a_newer_sdist(locker: Locker, index: FakeIndex) -> None:
    index.sdist("demo", "2.0")
    index.wheel("demo", "1.0")
    assert locker.versions("demo", no_wheel="build") == ["demo 1.0"]
    assert locker.versions("demo>1", no_wheel="build") == ["demo 2.0"]
    assert versions(locker.file("--no-binary demo\ndemo\n", no_wheel="build")) == ["demo 2.0"]
    assert locker.file("--only-binary :all:\ndemo>1\n", no_wheel="build")["failed"]


PYPROJECT = '[project]\nname = "My.Lib"\nversion = "0.1"\ndependencies = ["leaf"]\n'


def test_a_local_folder_says_what_it_needs(locker: Locker, index: FakeIndex) -> None:
    index.wheel("leaf", "1.0")
    index.wheel("quick", "1.0")
    (locker.folder / "lib").mkdir()
    project = locker.folder / "lib" / "pyproject.toml"
    project.write_text(f"{PYPROJECT}[project.optional-dependencies]\nfast = [\"quick; python_version > '3'\"]\n")
    result = locker.file("./lib[fast]\n")
    assert versions(result) == ["leaf 1.0", "my-lib 0.1", "quick 1.0"]
    assert (result["packages"][1]["kind"], result["to_build"], result["unknown_dependencies"]) == (
        "directory",
        ["my-lib"],
        [],
    )
    assert parse(locker.text).packages[1].path == "./lib"
    assert locker.file("./lib[fast]\n")["changed"] is False
    project.write_text(project.read_text().replace("0.1", "0.2"))
    assert versions(locker.file("./lib[fast]\n"))[1] == "my-lib 0.2"


@pytest.mark.parametrize(
    ("project", "message"),
    [
        (
            PYPROJECT.replace('dependencies = ["leaf"]', 'dynamic = ["dependencies"]'),
            "is no wheel: what it needs is only known when it is built.",
        ),
        ('[build-system]\nrequires = ["setuptools"]\n', "is not known before it is built. Write it in front"),
        (PYPROJECT.replace("leaf", "le af"), "pyproject.toml is wrong"),
        ("[project", "pyproject.toml can't be read"),
    ],
)
def test_a_folder_of_which_too_little_is_known(locker: Locker, project: str, message: str) -> None:
    (locker.folder / "lib").mkdir()
    (locker.folder / "lib" / "pyproject.toml").write_text(project)
    assert message in locker.file("./lib\n")["msg"]


def test_a_wheel_by_its_address_and_by_its_path(locker: Locker, index: FakeIndex) -> None:
    index.wheel("leaf", "1.0")
    wheel = index.wheel("demo", "1.0", ["leaf"])
    (locker.folder / "mine-2.0-py3-none-any.whl").write_bytes(make_wheel("mine", "2.0", metadata_of("mine", "2.0", [])))
    address = f"{index.url.removesuffix('/simple').replace('//', '//me:s3cret@')}/files/{wheel.name}?sig=s3cret"
    result = locker.file(f"demo @ {address}\n./mine-2.0-py3-none-any.whl\n")
    assert versions(result) == ["demo 1.0", "leaf 1.0", "mine 2.0"]
    assert result["packages"][0]["sha256"] == wheel.sha256
    packages = parse(locker.text).packages
    assert (packages[0].direct, packages[1].direct, packages[2].path) == (True, False, "./mine-2.0-py3-none-any.whl")
    assert "s3cret" not in json.dumps(result) + locker.text
    rotated = address.replace("s3cret", "0ther")
    assert locker.file(f"demo @ {rotated}\n./mine-2.0-py3-none-any.whl\n")["changed"] is False
    assert locker.file(f"{address.replace('s3cret', '0ther')}\n./mine-2.0-py3-none-any.whl\n")["changed"]


def test_a_wheel_by_its_address_that_does_not_fit(locker: Locker, index: FakeIndex) -> None:
    wheel = index.wheel("demo", "1.0", tag=GLIBC_2_28)
    message = locker.run(f"demo @ {index.url.removesuffix('/simple')}/files/{wheel.name}")["msg"]
    assert "is not for python3.11 on x86_64: its wheels need glibc 2.28" in message


class Git:
    """Answers as C(git ls-remote) does."""

    def __init__(self, output: str = "", code: int = 0) -> None:
        self.output = output
        self.code = code
        self.calls: list[tuple[Sequence[str], Mapping[str, str]]] = []

    def __call__(self, argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        self.calls.append((argv, environment))
        return Completed(self.code, self.output, "" if not self.code else "fatal: could not read from 'https://a:b@h'")


def test_a_repository(locker: Locker, monkeypatch: pytest.MonkeyPatch) -> None:
    git = Git(f"{'f' * 40}\trefs/tags/v1\n{COMMIT}\trefs/tags/v1^{{}}\n")
    monkeypatch.setattr(layer_lock, "run_process", git)
    requirement = "demo @ git+https://me:s3cret@example.org/demo.git@v1#subdirectory=py"
    result = locker.run(requirement, no_wheel="build")
    assert versions(result) == ["demo None"]
    assert (result["to_build"], result["unknown_dependencies"]) == (["demo"], ["demo"])
    package = parse(locker.text).packages[0]
    assert (package.url, package.commit, package.revision, package.subdirectory) == (
        "https://example.org/demo.git",
        COMMIT,
        "v1",
        "py",
    )
    (argv, environment), *_others = git.calls
    assert "s3cret" not in " ".join(argv) + locker.text + json.dumps(result)
    assert environment["GIT_CONFIG_KEY_0"] == "url.https://me:s3cret@example.org/demo.git.insteadOf"
    assert locker.run(requirement.replace("s3cret", "0ther"), no_wheel="build")["changed"] is False


@pytest.mark.parametrize(
    ("requirement", "no_wheel", "git", "message"),
    [
        (f"demo @ git+https://example.org/d@{COMMIT}", "refuse", Git(), "what it needs is only known when it is built"),
        ("demo @ hg+https://example.org/d", "build", Git(), "is a repository of hg"),
        ("demo @ git+https://u:p@example.org/d@v9", "build", Git(), "has no branch or tag v9"),
        ("demo @ git+https://u:p@example.org/d", "build", Git(code=128), "did not answer (fatal: could not read from"),
    ],
)
def test_a_repository_that_can_not_be_locked(
    locker: Locker, monkeypatch: pytest.MonkeyPatch, requirement: str, no_wheel: str, git: Git, message: str
) -> None:
    monkeypatch.setattr(layer_lock, "run_process", git)
    said = locker.run(requirement, no_wheel=no_wheel)["msg"]
    assert message in said
    assert "u:p@" not in said
    assert "a:b@" not in said


# What is wanted.


def test_the_runtimes_python_is_taken_for_a_late_one(locker: Locker, index: FakeIndex) -> None:
    index.wheel("app", "1.0", ["timeout; python_full_version < '3.11.3'"], python=">=3.11.4")
    index.wheel("timeout", "1.0")
    assert versions(locker.run("app", runtime="python3.11")) == ["app 1.0"]


def test_markers_are_judged_for_the_target(locker: Locker, index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("winonly", "linuxonly", "armonly", "new", "old"):
        index.wheel(name, "1.0")
    markers = [
        "winonly; sys_platform == 'win32' or os_name == 'nt' or platform_system == 'Windows'",
        "linuxonly; sys_platform == 'linux' and platform_system == 'Linux' and os_name == 'posix'",
        "armonly; platform_machine == 'aarch64'",
        "new; python_version >= '3.13' or python_full_version >= '3.13.0'",
        "old; python_version < '3.13' and implementation_name == 'cpython'",
    ]
    index.wheel("app", "1.0", markers)
    expected = {
        ("python3.11", "x86_64"): ["linuxonly 1.0", "old 1.0"],
        ("python3.11", "arm64"): ["armonly 1.0", "linuxonly 1.0", "old 1.0"],
        ("python3.13", "x86_64"): ["linuxonly 1.0", "new 1.0"],
    }
    texts = []
    for here in ("linux", "win32", "darwin"):
        with monkeypatch.context() as patch:
            if here != "linux":
                patch.setattr(platform, "machine", lambda: "riscv64")
                patch.setattr(platform, "system", lambda: "Windows")
                patch.setattr(platform, "python_version", lambda: "3.99.0")
                patch.setattr(platform, "python_implementation", lambda: "PyPy")
                patch.setattr(sys, "platform", here)
            for (runtime, architecture), found in expected.items():
                options = {"runtime": runtime, "architecture": architecture, "upgrade": True}
                assert locker.versions("app", **options) == ["app 1.0", *found]
                assert versions(locker.file("\n".join(markers), **options)) == found
            texts.append(locker.text)
    assert len(set(texts)) == 1


def test_extras(locker: Locker, index: FakeIndex) -> None:
    extras = ["fast", "all", "Odd_Name"]
    index.wheel("leaf", "1.0")
    index.wheel("quick", "1.0")
    index.wheel("odd", "1.0")
    requires = ["leaf", "quick; extra == 'fast'", "demo[fast,odd-name]; extra == 'all'", "odd; extra == 'odd-name'"]
    index.wheel("demo", "1.0", requires, extras=extras)
    index.wheel("demo", "2.0", requires, extras=extras)
    assert locker.versions("demo") == ["demo 2.0", "leaf 1.0"]
    assert locker.versions("demo[fast]") == ["demo 2.0", "leaf 1.0", "quick 1.0"]
    assert locker.versions("demo[odd_name]") == ["demo 2.0", "leaf 1.0", "odd 1.0"]
    assert locker.versions("demo[all]", "demo<2") == ["demo 1.0", "leaf 1.0", "odd 1.0", "quick 1.0"]
    assert parse(locker.text).packages[0].needs == ("leaf", "odd", "quick")


def test_what_is_provided_is_left_out_with_what_only_it_needs(locker: Locker, index: FakeIndex) -> None:
    index.wheel("app", "1.0", ["sdk>=1", "shared"])
    index.wheel("sdk", "1.0", ["core"])
    index.wheel("core", "1.0", ["shared<2", "deep"])
    index.wheel("deep", "1.0")
    index.wheel("shared", "1.0")
    index.wheel("shared", "2.0")
    assert locker.versions("app") == ["app 1.0", "core 1.0", "deep 1.0", "sdk 1.0", "shared 1.0"]
    result = locker.run("app", provided=["SDK"])
    # The version is still one that goes together with what is provided.
    assert versions(result) == ["app 1.0", "shared 1.0"]
    lock = parse(locker.text)
    assert lock.provided == ("sdk",)
    assert {package.name: package.needs for package in lock.packages} == {"app": ("shared",), "shared": ()}
    assert not locker.run("app", provided=["sdk"])["changed"]
    assert locker.versions("app", provided=["core"]) == ["app 1.0", "sdk 1.0", "shared 1.0"]
    assert locker.versions("app", provided=["other"]) == ["app 1.0", "core 1.0", "deep 1.0", "sdk 1.0", "shared 1.0"]


def test_nothing_is_left_when_all_is_provided(locker: Locker, index: FakeIndex) -> None:
    index.wheel("app", "1.0")
    result = locker.run("app", provided=["App"])
    assert result["failed"]
    assert "all that is required is provided already (app), so there is nothing for a layer" in result["msg"]
    assert not locker.dest.exists()


def test_constraints_limit_and_install_nothing(locker: Locker, index: FakeIndex) -> None:
    for version in ("1.0", "2.0", "3.0"):
        index.wheel("leaf", version)
    index.wheel("demo", "1.0", ["leaf"])
    limits = locker.folder / "limits.txt"
    limits.write_text("leaf<3\nother==9\nleaf<2; sys_platform == 'win32'\n")
    assert locker.versions("demo", constraints=str(limits)) == ["demo 1.0", "leaf 2.0"]
    assert versions(locker.file("-c limits.txt\ndemo\n")) == ["demo 1.0", "leaf 2.0"]
    limits.write_text("leaf<1\n")
    message = locker.run("demo", constraints=str(limits))["msg"]
    assert f"{limits}, line 1" in message
    assert "leaf<1" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("leaf @ https://example.org/leaf-1.0-py3-none-any.whl\n", "constrains a package to an address"),
        ("leaf[x]==1\n", "a constraint can't have extras"),
        ("le af\n", "is not a requirement"),
    ],
)
def test_constraints_that_are_none(locker: Locker, text: str, message: str) -> None:
    limits = locker.folder / "limits.txt"
    limits.write_text(text)
    assert message in locker.run("demo", constraints=str(limits))["msg"]


def test_only_files_with_the_hashes_that_are_listed(locker: Locker, index: FakeIndex) -> None:
    old = index.wheel("demo", "1.0")
    index.wheel("demo", "2.0")
    assert versions(locker.file(f"demo --hash=sha256:{old.sha256}\n")) == ["demo 1.0"]
    index.pages = "bare"
    assert versions(locker.file(f"demo>=1 \\\n  --hash=sha256:{old.sha256}\n")) == ["demo 1.0"]
    assert "no file of demo" in locker.file(f"demo --hash=sha256:{'0' * 64}\n")["msg"]


def test_where_one_has_a_hash_all_need_one(locker: Locker, index: FakeIndex) -> None:
    demo, leaf = index.wheel("demo", "1.0", ["leaf"]), index.wheel("leaf", "1.0")
    text = f"demo==1.0 --hash=sha256:{demo.sha256}\n"
    assert locker.file(text)["msg"].startswith("the requirements have hashes, but there is none for leaf 1.0")
    assert versions(locker.file(f"{text}leaf --hash=sha256:{leaf.sha256}\n")) == ["demo 1.0", "leaf 1.0"]
    assert "there is none for demo 1.0, leaf 1.0" in locker.file("--require-hashes\ndemo\n")["msg"]


@pytest.mark.parametrize("pages", ["json", "html"])
def test_a_yanked_version_is_for_who_pins_it(locker: Locker, index: FakeIndex, pages: str) -> None:
    index.pages = pages
    index.wheel("demo", "1.0")
    index.wheel("demo", "2.0", yanked="broken")
    assert locker.versions("demo") == ["demo 1.0"]
    assert locker.versions("demo==2.0") == ["demo 2.0"]
    assert "no version is demo>=2" in locker.run("demo>=2")["msg"]
    assert "no version is demo==2.*" in locker.run("demo==2.*")["msg"]


def test_pre_releases_are_for_who_asks_or_has_no_choice(locker: Locker, index: FakeIndex) -> None:
    index.wheel("demo", "1.0")
    index.wheel("demo", "2.0rc1")
    index.wheel("early", "1.0b1")
    assert locker.versions("demo") == ["demo 1.0"]
    assert locker.versions("demo>=2.0rc1") == ["demo 2.0rc1"]
    assert versions(locker.file("--pre\ndemo\n")) == ["demo 2.0rc1"]
    assert locker.versions("early") == ["early 1.0b1"]


def test_a_conflict_says_who_wants_what(locker: Locker, index: FakeIndex) -> None:
    index.wheel("one", "1.0", ["leaf<2"])
    index.wheel("two", "1.0", ["leaf>=2"])
    for version in ("1.0", "2.0"):
        index.wheel("leaf", version)
    assert locker.run("one", "two")["msg"] == (
        "the requirements contradict each other: one 1.0 wants leaf<2; two 1.0 wants leaf>=2. Loosen one of them."
    )
    assert "line 1" in locker.run("leaf<2", "leaf>=2")["msg"]


def test_a_conflict_is_solved_by_an_older_version(locker: Locker, index: FakeIndex) -> None:
    index.wheel("one", "1.0", ["leaf<2"])
    index.wheel("two", "1.0", ["leaf"])
    index.wheel("two", "2.0", ["leaf>=2"])
    for version in ("1.0", "2.0"):
        index.wheel("leaf", version)
    assert locker.versions("two", "one") == ["leaf 1.0", "one 1.0", "two 1.0"]


def test_a_version_with_broken_metadata_is_passed_over(locker: Locker, index: FakeIndex) -> None:
    index.wheel("demo", "1.0")
    index.wheel("demo", "2.0", ["le af (>=1"])
    assert locker.versions("demo") == ["demo 1.0"]


# Where it is from.


@pytest.mark.parametrize("pages", ["json", "html", "bare"])
@pytest.mark.parametrize("offered", [True, False])
def test_metadata_beside_the_wheel_spares_its_download(
    locker: Locker, index: FakeIndex, pages: str, offered: bool
) -> None:
    index.pages = pages
    wheel = index.wheel("demo", "1.0", ["leaf"], offered=offered)
    index.wheel("leaf", "1.0", offered=offered)
    assert locker.versions("demo") == ["demo 1.0", "leaf 1.0"]
    package = parse(locker.text).packages[0]
    assert (package.sha256, package.size) == (wheel.sha256, len(wheel.content))
    if pages == "json":
        assert (f"/files/{wheel.name}" in index.asked) is not offered
    index.asked.clear()
    locker.run("demo", upgrade=True)
    if pages != "bare":
        assert not any(path.endswith((".metadata", ".whl")) and path.startswith("/files") for path in index.asked) or (
            pages == "html"
        )


def test_a_poisoned_cache_is_noticed(locker: Locker, index: FakeIndex) -> None:
    index.wheel("demo", "1.0", ["leaf"])
    index.wheel("leaf", "1.0", offered=False)
    locker.run("demo")
    good = locker.text
    for path in (locker.folder / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(metadata_of("evil", "1.0", ["evil"]))
    assert locker.run("demo", upgrade=True)["changed"] is False
    assert locker.text == good


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"offered": False, "listed_sha256": "0" * 64}, "does not have the sha256 that the package index says"),
        ({"listed_metadata_sha256": "0" * 64}, "does not have the SHA-256 that the package index says"),
    ],
)
def test_what_the_index_gives_is_held_against_what_it_says(
    locker: Locker, index: FakeIndex, wrong: dict[str, Any], message: str
) -> None:
    index.wheel("demo", "1.0", **wrong)
    assert message in locker.run("demo")["msg"]


@pytest.mark.parametrize("login", ["me:s3cret", "me:p@s3cret", "s3cret-token:", "s3cret:x"])
def test_credentials_are_nowhere(
    locker: Locker, index: FakeIndex, login: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    index.login = login
    index.query = "?token=s3cret"
    index.wheel("demo", "1.0", offered=False)
    result = locker.run("demo", index_url=index.url_with(login), diff=True)
    assert versions(result) == ["demo 1.0"]
    assert "s3cret" not in json.dumps(result) + locker.text + caplog.text
    assert index.url in locker.text
    index.asked.clear()
    assert locker.run("demo", index_url=index.url_with("me:rotated"))["changed"] is False
    assert index.asked == []
    refused = locker.run("demo", index_url=index.url_with("me:rotated"), upgrade=True)
    assert "refuses to answer (401" in refused["msg"]
    assert "rotated" not in refused["msg"]
    kept = [path.read_bytes() for path in locker.folder.rglob("*") if path.is_file()]
    assert not any(b"s3cret" in content or b"rotated" in content for content in kept)


def test_credentials_in_the_requirements_file(
    locker: Locker, index: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.login = "me:s3cret"
    index.wheel("demo", "1.0")
    monkeypatch.setenv("INDEX_TOKEN", "s3cret")
    host = index.url.partition("//")[2]
    result = locker.file(f"--index-url http://me:${{INDEX_TOKEN}}@{host}\ndemo\n", index_url="http://127.0.0.1:1/")
    assert versions(result) == ["demo 1.0"]
    assert "s3cret" not in json.dumps(result) + locker.text


def test_two_indexes_are_one(locker: Locker, index: FakeIndex) -> None:
    index.wheel("demo", "1.0")
    with serving() as other:
        other.wheel("demo", "2.0", ["leaf"])
        index.wheel("leaf", "1.0")
        found = locker.versions("demo", extra_index_urls=[other.url])
    assert found == ["demo 2.0", "leaf 1.0"]
    assert [package.index for package in parse(locker.text).packages] == [other.url, index.url]


@pytest.mark.parametrize("how", ["variable", "file", "named file"])
def test_pip_s_own_settings(locker: Locker, index: FakeIndex, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    index.wheel("demo", "1.0")
    config = locker.folder / ("config/pip/pip.conf" if how == "file" else "my.conf")
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f"[global]\nindex-url = http://127.0.0.1:1/\n[install]\nindex-url = {index.url}\n")
    if how == "variable":
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
    if how == "named file":
        monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    assert locker.versions("demo", index_url=None) == ["demo 1.0"]
    config.write_text("[global]\nno equals sign, s3cret\n")
    if how != "variable":
        message = locker.run("demo", index_url=None, upgrade=True)["msg"]
        assert f"pip's configuration file {config} can't be read" in message
        assert "s3cret" not in message


def test_find_links(locker: Locker, monkeypatch: pytest.MonkeyPatch, index: FakeIndex) -> None:
    (locker.folder / "wheels").mkdir()
    content = make_wheel("demo", "1.0", metadata_of("demo", "1.0", []))
    (locker.folder / "wheels" / "demo-1.0-py3-none-any.whl").write_bytes(content)
    result = locker.file("--no-index\n--find-links ./wheels\n--find-links /not/there\ndemo\n")
    assert versions(result) == ["demo 1.0"]
    assert index.asked == []
    assert parse(locker.text).packages[0].path == "./wheels/demo-1.0-py3-none-any.whl"
    monkeypatch.setenv("PIP_FIND_LINKS", str(locker.folder / "wheels"))
    assert locker.versions("demo") == ["demo 1.0"]


def test_a_file_of_certificates_that_is_not_there(locker: Locker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/not/there.pem")
    assert "the certificates in /not/there.pem can't be read" in locker.run("demo")["msg"]


def test_an_index_that_anybody_could_change(locker: Locker) -> None:
    message = locker.run("demo", extra_index_urls=["http://me:s3cret@example.org/simple"])["msg"]
    assert "anybody on the way could change what it answers" in message
    assert "s3cret" not in message


def test_an_unknown_package(locker: Locker, index: FakeIndex) -> None:
    index.wheel("flask", "3.1", ["wrkzeug"])
    assert locker.run("flaskk", "flask==9")["msg"] == (
        f"{locker.folder}/packages, line 1: the package index has no flaskk; {locker.folder}/packages, line 2: no "
        "version is flask==9 (the newest: 3.1). Correct the name or the version, or name the index that has it."
    )
    assert "flask 3.1: the package index has no wrkzeug" in locker.run("flask")["msg"]


@pytest.mark.parametrize("status", [500, 503, 429, 403, 418])
def test_an_index_that_fails_does_not_lack_the_package(locker: Locker, index: FakeIndex, status: int) -> None:
    index.status = status
    message = locker.run("demo")["msg"]
    assert f"({status} " in message
    assert "has no demo" not in message
    assert len(index.asked) == (1 if status in (403, 418) else 3)


def test_an_index_that_is_busy_for_a_moment(locker: Locker, index: FakeIndex) -> None:
    index.wheel("demo", "1.0")
    index.failures = 2
    assert locker.versions("demo") == ["demo 1.0"]


def test_an_index_that_is_not_there(locker: Locker) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    message = locker.run("demo", index_url=f"http://me:s3cret@127.0.0.1:{port}/simple")["msg"]
    assert "did not answer when asked for" in message
    assert "Connection refused" in message
    assert "s3cret" not in message


def test_an_address_that_is_no_index(locker: Locker, index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.wheel("demo", "1.0")
    monkeypatch.setattr(FakeIndex, "page", lambda *_args: ("image/png", b"\x89PNG"))
    assert "not with a page of an index, but with image/png" in locker.run("demo")["msg"]


# What is wrong with the input.


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        (["fla sk"], "is not a requirement"),
        (["-r other.txt"], "Name one package in each item"),
        ([""], "Name one package in each item"),
        (["./nowhere"], "nowhere, which the requirements name, does not exist"),
        (["x @ https://me:s3cret@example.org/x.txt"], "is neither a wheel nor a source distribution"),
    ],
)
def test_packages_that_are_none(locker: Locker, packages: list[str], message: str) -> None:
    said = locker.run(*packages)["msg"]
    assert message in said
    assert "s3cret" not in said


def test_a_library_that_is_missing(locker: Locker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(layer_lock.MISSING, "unearth", "trace")
    assert "Failed to import the required Python library (unearth)" in locker.run("demo")["msg"]


def test_requirements_of_which_none_applies(locker: Locker) -> None:
    result = locker.run("flask; sys_platform == 'win32'")
    assert result["msg"].startswith("none of the requirements applies to python3.11 on x86_64.")
    assert not locker.dest.exists()
