# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds from locks, with real pip and packages of a folder: what is installed, what is refused, what counts."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._build_source import Index, LockSource, lock_source
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_build import (
    BuildPlan,
    BuildRequest,
    apply_build,
    plan_build,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import Lock, LockedPackage, render
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Manifest, read_manifest
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from ansible_collections.asesoria.serverless.tests.unit.fake_index import Entry, serving
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles

RUNTIME = find_runtime(f"python3.{sys.version_info[1]}", today=date(2026, 1, 1), allow_deprecated=True)
MACHINE = os.uname().machine
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[MACHINE]
SECRET = "s3cr3t-of-the-index"

#: A build system that needs nothing: what a sdist is made with, it has in itself.
BACKEND = """
import zipfile

def _requires():
    try:
        return [f"Requires-Dist: {line.strip()}" for line in open("needs.txt") if line.strip()]
    except FileNotFoundError:
        return []

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name, version = open("name.txt").read().split()
    with zipfile.ZipFile(f"{wheel_directory}/{name}-{version}-py3-none-any.whl", "w") as wheel:
        info = f"{name}-{version}.dist-info"
        headers = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *_requires()]
        wheel.writestr(f"{name}/__init__.py", "COMPILED = True\\n")
        wheel.writestr(f"{info}/METADATA", "\\n".join(headers) + "\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        names = [f"{name}/__init__.py", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"]
        wheel.writestr(f"{info}/RECORD", "".join(f"{each},,\\n" for each in names))
    return f"{name}-{version}-py3-none-any.whl"
"""


def project(name: str, version: str, needs: Sequence[str] = ()) -> dict[str, str]:
    """The files of a project's source."""
    return {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": BACKEND,
        "name.txt": f"{name} {version}",
        "needs.txt": "\n".join(needs),
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }


class Packages:
    """A folder of wheels and sdists, which is the only index, and the pip that installs from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.calls: list[str] = []
        self.environments: list[dict[str, str]] = []
        self.lines: list[str] = []

    def wheel(self, name: str, version: str, *, tag: str = "py3-none-any", needs: Sequence[str] = ()) -> LockedPackage:
        layer = LayerFiles()
        files = {f"{name}/__init__.py": f"VERSION = {version!r}\n".encode()}
        layer.distribution(name, version, files=files, headers=[f"Requires-Dist: {each}" for each in needs], root="")
        path = self.folder / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member in layer.members:
                if not member.name.endswith("INSTALLER"):
                    archive.writestr(member.name.lstrip("/"), member.content)
        return self._locked(name, version, "wheel", path)

    def sdist(self, name: str, version: str, needs: Sequence[str] = ()) -> LockedPackage:
        path = self.folder / f"{name}-{version}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for file, text in project(name, version, needs).items():
                info = tarfile.TarInfo(f"{name}-{version}/{file}")
                info.size = len(text.encode())
                archive.addfile(info, io.BytesIO(text.encode()))
        return self._locked(name, version, "sdist", path)

    @staticmethod
    def _locked(name: str, version: str, kind: str, path: Path) -> LockedPackage:
        content = path.read_bytes()
        return LockedPackage(
            name=name,
            version=version,
            kind=kind,
            file=path.name,
            url=f"https://h/files/{path.name}",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            index="https://h/simple",
        )

    def __call__(self, argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder), "PIP_CONFIG_FILE": os.devnull}
        if "pip" in argv:
            self.calls.append(next(word for word in argv if word in ("download", "install", "wheel")))
            self.environments.append(dict(environment))
            if "--requirement" in argv:
                self.lines += Path(argv[argv.index("--requirement") + 1]).read_text().splitlines()
        done = subprocess.run(
            list(argv), env={**os.environ, **environment, **offline}, capture_output=True, text=True, check=False
        )
        return Completed(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    return Packages(tmp_path / "packages")


def write_lock(path: Path, *locked: LockedPackage, unknown: Sequence[str] = (), **changes: object) -> Path:
    target = Target(runtime=RUNTIME, architecture=ARCHITECTURE)
    lock = Lock(
        runtime=RUNTIME.identifier,
        architecture=ARCHITECTURE,
        marker=target.marker,
        requires_python=f"=={RUNTIME.python}.*",
        key="0",
        packages=tuple(sorted(locked, key=lambda each: each.name)),
        to_build=tuple(sorted(each.name for each in locked if each.kind != "wheel")),
        unknown_dependencies=tuple(unknown),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(replace(lock, **changes)))  # type: ignore[arg-type]
    return path


def request_for(lock: Path, **changes: object) -> BuildRequest:
    request = BuildRequest(
        lock=lock,
        runtime=RUNTIME,
        architecture=ARCHITECTURE,
        python=sys.executable,
        archive=lock.parent / "out" / "layer.zip",
        manifest=lock.parent / "out" / "layer.manifest.json",
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def build(request: BuildRequest, packages: Packages) -> tuple[BuildPlan, Manifest]:
    plan = plan_build(request, runner=packages)
    return plan, apply_build(plan, runner=packages)


def refusal(request: BuildRequest, packages: Packages) -> str:
    with pytest.raises(ServerlessError) as caught:
        build(request, packages)
    assert not request.archive.exists()
    return str(caught.value)


def test_exactly_what_is_locked_is_installed(tmp_path: Path, packages: Packages) -> None:
    one, two = packages.wheel("one", "1.0", needs=["two", "three"]), packages.wheel("two", "2.0")
    packages.wheel("two", "2.1")
    packages.wheel("three", "3.0")
    plan, manifest = build(request_for(write_lock(tmp_path / "pylock.toml", one, two)), packages)
    assert plan.diff(None)["after"] == plan.diff(manifest)["after"] == "one 1.0\ntwo 2.0\n"
    assert manifest.versions() == {"one": "1.0", "two": "2.0"}
    assert [(each.file, each.sha256) for each in manifest.distributions] == [
        (one.file, one.sha256),
        (two.file, two.sha256),
    ]
    assert packages.calls == ["download"]
    assert read_manifest(plan.request.manifest) == manifest


def test_a_lock_and_requirements_of_the_same_make_the_same_zip(tmp_path: Path, packages: Packages) -> None:
    """Though pip is told of each package by name with a lock, and of the first one alone without."""
    lock = write_lock(
        tmp_path / "pylock.toml", packages.wheel("one", "1.0", needs=["two"]), packages.wheel("two", "2.0")
    )
    (tmp_path / "requirements.txt").write_text("one\n")
    request = request_for(lock)
    from_lock = build(request, packages)[1].archive
    again = replace(request, lock=None, requirements=tmp_path / "requirements.txt", archive=tmp_path / "again.zip")
    assert build(again, packages)[1].archive == from_lock


def test_a_second_build_does_not_ask_pip(tmp_path: Path, packages: Packages) -> None:
    lock = write_lock(tmp_path / "pylock.toml", packages.wheel("one", "1.0"))
    _plan, first = build(request_for(lock), packages)
    packages.calls.clear()
    plan, second = build(request_for(lock), packages)
    assert (plan.reason, packages.calls, second) == ("", [], first)
    forced, _manifest = build(request_for(lock, force=True), packages)
    assert (forced.reason, packages.calls) == ("a new build was asked for", ["download"])


def test_where_files_are_makes_no_new_build(tmp_path: Path, packages: Packages) -> None:
    one = packages.wheel("one", "1.0")
    lock = write_lock(tmp_path / "pylock.toml", one)
    key = build(request_for(lock), packages)[0].key
    moved = replace(one, url="https://elsewhere/one.whl", index="https://elsewhere/simple")
    write_lock(lock, moved, key="of other inputs")
    (tmp_path / "r.txt").write_text(f"--index-url https://me:{SECRET}@h/simple\n")
    index = Index(url="https://me:other@h/simple", extra_urls=("https://i",), options_from=(tmp_path / "r.txt",))
    plan = plan_build(request_for(lock, index=index), runner=packages)
    assert (plan.key, plan.reason) == (key, "")


def test_what_matters_makes_a_new_build(tmp_path: Path, packages: Packages) -> None:
    one = packages.wheel("one", "1.0")
    lock = write_lock(tmp_path / "pylock.toml", one)
    build(request_for(lock), packages)
    for changed in (replace(one, sha256="0" * 64), packages.wheel("one", "1.1"), packages.wheel("two", "1.0")):
        write_lock(lock, changed)
        plan = plan_build(request_for(lock), runner=packages)
        assert plan.reason == "the lock, the interpreter or an option have changed"


def test_the_same_lock_from_another_folder_is_the_same(tmp_path: Path, packages: Packages) -> None:
    locked = packages.wheel("one", "1.0"), packages.sdist("two", "2.0")
    results = []
    for folder in ("here", "over/there"):
        request = request_for(write_lock(tmp_path / folder / "pylock.toml", *locked))
        build(request, packages)
        results.append((request.archive.read_bytes(), request.manifest.read_bytes()))
    assert results[0] == results[1]


def test_a_wheel_from_the_locked_address_is_as_good_as_one_that_pip_found(tmp_path: Path, packages: Packages) -> None:
    found = packages.wheel("one", "1.0"), packages.wheel("two", "2.0")
    by_pip = build(request_for(write_lock(tmp_path / "by_pip/pylock.toml", *found)), packages)[1]
    assert packages.calls == ["download"]
    packages.calls.clear()
    with serving() as index:
        for each in found:
            content = (packages.folder / each.file).read_bytes()
            index.projects[each.name] = [Entry(each.file, content, b"")]
        files = f"http://127.0.0.1:{index.server_port}/files"
        placed = [replace(each, url=f"{files}/{each.file}", index=index.url) for each in found]
        request = request_for(write_lock(tmp_path / "fetched/pylock.toml", *placed), index=Index(url=index.url))
        fetched = build(request, packages)[1]
    assert packages.calls == []
    assert (fetched.archive, fetched.distributions) == (by_pip.archive, by_pip.distributions)


def test_another_file_than_the_locked_one_is_refused(tmp_path: Path, packages: Packages) -> None:
    one = packages.wheel("one", "1.0")
    lock = write_lock(tmp_path / "pylock.toml", replace(one, sha256="0" * 64))
    message = refusal(request_for(lock), packages)
    assert message.startswith("what the package index gave for one==1.0")
    assert "does not have the SHA-256 that it should have" in message


def test_a_sdist_in_place_of_a_locked_wheel_is_not_compiled(tmp_path: Path, packages: Packages) -> None:
    one = packages.wheel("one", "1.0")
    (packages.folder / one.file).unlink()
    packages.sdist("one", "1.0")
    lock = write_lock(tmp_path / "pylock.toml", one)
    assert refusal(request_for(lock), packages).startswith("the package index has nothing for one==1.0")


def test_only_sdists_are_compiled(tmp_path: Path, packages: Packages) -> None:
    one, two = packages.wheel("one", "1.0"), packages.sdist("two", "2.0")
    packages.wheel("two", "2.0")  # would fit this machine, and was not locked
    _plan, manifest = build(request_for(write_lock(tmp_path / "pylock.toml", one, two)), packages)
    assert packages.calls == ["wheel", "download"]
    assert packages.lines[0] == f"two==2.0 --hash=sha256:{two.sha256}"
    assert [(each.name, each.file, each.sha256) for each in manifest.distributions] == [
        ("one", one.file, one.sha256),
        ("two", two.file, two.sha256),
    ]
    with zipfile.ZipFile(tmp_path / "out/layer.zip") as layer:
        assert b"COMPILED" in layer.read("python/two/__init__.py")


def test_what_only_a_build_tells_is_found_with_the_rest_held_fast(tmp_path: Path, packages: Packages) -> None:
    built = packages.sdist("built", "1.0", needs=["held", "placed", "new>=1"])
    held = packages.wheel("held", "1.0")
    packages.wheel("held", "2.0")
    placed = packages.wheel("placed", "1.0")
    packages.wheel("placed", "2.0")
    (tmp_path / placed.file).write_bytes((packages.folder / placed.file).read_bytes())
    at_hand = replace(placed, direct=True, index="", url="", path=f"./{placed.file}")
    packages.wheel("new", "1.5")
    lock = write_lock(tmp_path / "pylock.toml", built, held, at_hand, unknown=["built"])
    _plan, manifest = build(request_for(lock), packages)
    assert packages.calls == ["wheel", "wheel", "download"]
    assert {each.name: (each.version, each.sha256) for each in manifest.distributions} == {
        "built": ("1.0", built.sha256),
        "held": ("1.0", held.sha256),
        "new": ("1.5", None),
        "placed": ("1.0", placed.sha256),
    }


def test_what_is_provided_is_not_brought_by_a_build(tmp_path: Path, packages: Packages) -> None:
    built = packages.sdist("built", "1.0", needs=["there", "new"])
    packages.wheel("there", "1.0")
    packages.wheel("new", "1.0")
    lock = write_lock(tmp_path / "pylock.toml", built, unknown=["built"], provided=("there",))
    plan, manifest = build(request_for(lock), packages)
    assert manifest.versions() == {"built": "1.0", "new": "1.0"}
    assert manifest.provided == ("there",)
    other = write_lock(tmp_path / "other.toml", built, unknown=["built"])
    assert plan_build(request_for(other), runner=packages).key != plan.key


def test_what_goes_against_the_lock_is_refused(tmp_path: Path, packages: Packages) -> None:
    built = packages.sdist("built", "1.0", needs=["held>=2"])
    held = packages.wheel("held", "1.0")
    packages.wheel("held", "2.0")
    lock = write_lock(tmp_path / "pylock.toml", built, held, unknown=["built"])
    assert "held" in refusal(request_for(lock), packages)


def test_a_folder_beside_the_lock(tmp_path: Path, packages: Packages) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, text in project("mine", "1.0").items():
        (folder / name).write_text(text)
    mine = LockedPackage(name="mine", version="1.0", kind="directory", path="./mine", direct=True)
    lock = write_lock(tmp_path / "pylock.toml", mine)
    _plan, manifest = build(request_for(lock), packages)
    assert [(each.name, each.sha256) for each in manifest.distributions] == [("mine", None)]
    assert not plan_build(request_for(lock), runner=packages).reason
    (folder / "more.py").write_text("")
    assert plan_build(request_for(lock), runner=packages).reason


def test_a_repository_at_its_commit(tmp_path: Path, packages: Packages) -> None:
    repository = tmp_path / "repository"
    (repository / "below").mkdir(parents=True)
    git = ["git", "-C", str(repository), "-c", "user.name=me", "-c", "user.email=me@h"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for name, text in project("mine", "1.0", needs=["new"]).items():
        (repository / "below" / name).write_text(text)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "first"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    (repository / "below/name.txt").write_text("mine 2.0")
    subprocess.run([*git, "commit", "--quiet", "--all", "--message", "second"], check=True)
    packages.wheel("new", "1.5")
    mine = LockedPackage(
        name="mine",
        version="",
        kind="vcs",
        url=repository.as_uri(),
        commit=commit,
        revision="main",
        subdirectory="below",
        direct=True,
    )
    _plan, manifest = build(request_for(write_lock(tmp_path / "pylock.toml", mine, unknown=["mine"])), packages)
    assert {each.name: (each.version, each.sha256) for each in manifest.distributions} == {
        "mine": ("1.0", None),
        "new": ("1.5", None),
    }


def test_a_wheel_for_a_newer_glibc_is_refused(tmp_path: Path, packages: Packages) -> None:
    tag = f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-manylinux_2_99_{MACHINE}"
    one = packages.wheel("one", "1.0", tag=tag)
    message = refusal(request_for(write_lock(tmp_path / "pylock.toml", one)), packages)
    assert message.startswith(f"{one.file} needs glibc 2.99, but this host has glibc ")
    assert packages.calls == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"runtime": "python3.9"}, "is for python3.9 on"),
        ({"architecture": "other"}, " on other, but the layer is for "),
    ],
)
def test_a_lock_that_is_not_for_this(tmp_path: Path, packages: Packages, change: dict[str, str], words: str) -> None:
    lock = write_lock(tmp_path / "pylock.toml", packages.wheel("one", "1.0"), **change)
    assert words in refusal(request_for(lock), packages)


def test_an_edited_lock_is_refused(tmp_path: Path, packages: Packages) -> None:
    lock = write_lock(tmp_path / "pylock.toml", packages.wheel("one", "1.0"))
    lock.write_text(lock.read_text().replace("one", "two"))
    assert f"the lock {lock} can't be used: its text was edited or damaged" in refusal(request_for(lock), packages)
    lock.unlink()
    assert f"the lock {lock} can't be read (No such file or directory)" in refusal(request_for(lock), packages)


def test_options_say_where_to_look_and_passwords_are_found_again(tmp_path: Path, packages: Packages) -> None:
    one = packages.wheel("one", "1.0")
    (tmp_path / "links").mkdir()
    (tmp_path / "r.txt").write_text(
        "--index-url https://me:${TOKEN}@h/simple\n--find-links links\n"
        f"one @ https://me:{SECRET}@h/files/{one.file}\nrepo @ git+https://me:{SECRET}@h/repo.git@main\n"
    )
    index = Index(
        url="https://g/simple", options_from=(tmp_path / "r.txt",), environment={"TOKEN": "of the environment"}
    )
    repo = LockedPackage(name="repo", version="", kind="vcs", url="https://h/repo.git", commit="c" * 40, direct=True)
    lock = write_lock(tmp_path / "pylock.toml", replace(one, direct=True, index=""), repo)
    refusal(request_for(lock, index=index), packages)
    assert packages.lines == [f"git+https://me:{SECRET}@h/repo.git@{'c' * 40}#egg=repo"]
    assert packages.environments[0]["PIP_INDEX_URL"] == "https://me:of the environment@h/simple"
    assert packages.environments[0]["PIP_FIND_LINKS"].split() == [str(tmp_path / "links")]
    source = lock_source(lock, runtime=RUNTIME, architecture=ARCHITECTURE, index=index)
    assert isinstance(source, LockSource)
    assert SECRET not in json.dumps(source.parts)
