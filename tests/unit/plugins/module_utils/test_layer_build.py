# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds with a real pip and real wheels, made here, so that no network is needed."""

from __future__ import annotations

import base64
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _layer_build
from ansible_collections.asesoria.serverless.plugins.module_utils._build_source import Index
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_build import (
    BuildPlan,
    BuildRequest,
    apply_build,
    is_current,
    plan_build,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import (
    Manifest,
    ManifestError,
    read_manifest,
    require_described,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import IMPORT, Allowance
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES, find_runtime

RUNTIME = find_runtime(f"python3.{sys.version_info[1]}", today=date(2026, 1, 1), allow_deprecated=True)
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]


def make_wheel(folder: Path, name: str, version: str, *, requires: str = "", script: bool = False) -> None:
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f'VERSION = "{version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + (f"Requires-Dist: {requires}\n" if requires else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if script:
        files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{name}={name}:main\n"
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text)}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


class Pip:
    """Runs what the utils ask for, with wheels of a folder as the only index, and counts the installations."""

    def __init__(self, wheels: Path) -> None:
        self.wheels = wheels
        self.installations = 0
        self.after: Callable[[], None] = lambda: None

    def __call__(self, argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(
            list(argv), env={**os.environ, **environment, **offline}, capture_output=True, text=True, check=False
        )
        if "wheel" in argv:
            self.installations += 1
            self.after()
        return Completed(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def make_wheels(folder: Path) -> Path:
    folder.mkdir()
    make_wheel(folder, "one", "1.0", requires="two", script=True)
    make_wheel(folder, "two", "2.0")
    make_wheel(folder, "two", "2.1")
    return folder


@pytest.fixture
def pip(tmp_path: Path) -> Pip:
    return Pip(make_wheels(tmp_path / "wheels"))


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    return make_request(tmp_path / "here")


def make_request(folder: Path, requirements: str = "one\n") -> BuildRequest:
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text(requirements)
    return BuildRequest(
        requirements=folder / "requirements.txt",
        constraints=None,
        runtime=RUNTIME,
        architecture=ARCHITECTURE,
        python=sys.executable,
        archive=folder / "out" / "layer.zip",
        manifest=folder / "out" / "layer.manifest.json",
    )


def build(request: BuildRequest, pip: Pip) -> tuple[BuildPlan, Manifest]:
    plan = plan_build(request, runner=pip)
    return plan, apply_build(plan, runner=pip)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> BuildRequest:
    """A request with what was built for it, for those tests that begin with what is there; a build takes a second."""
    folder = tmp_path_factory.mktemp("ready")
    request = make_request(folder / "here")
    build(request, Pip(make_wheels(folder / "wheels")))
    return request


@pytest.fixture
def built(request_: BuildRequest, ready: BuildRequest) -> Manifest:
    """The same for the request of the test."""
    shutil.copytree(ready.archive.parent, request_.archive.parent)
    return read_manifest(request_.manifest)


def names(request: BuildRequest) -> list[str]:
    with zipfile.ZipFile(request.archive) as archive:
        return archive.namelist()


def test_a_layer_holds_the_packages_and_nothing_of_the_builder(request_: BuildRequest, pip: Pip) -> None:
    plan, manifest = build(request_, pip)
    assert plan.reason == "there is no artifact yet"
    assert manifest.versions() == {"one": "1.0", "two": "2.1"}
    found = names(request_)
    assert found == sorted(found, key=lambda name: (name.endswith(".pyc"), name))
    assert {name.split("/")[0] for name in found} == {"python"}
    assert {name.split("/")[1] for name in found} == {"one", "one-1.0.dist-info", "two", "two-2.1.dist-info"}
    with zipfile.ZipFile(request_.archive) as archive:
        for name in [name for name in found if name.endswith("/RECORD")]:
            recorded = [line.split(",")[0] for line in archive.read(name).decode().splitlines()]
            package = name.split("/")[1].split("-")[0]
            assert recorded == sorted(recorded)
            assert {f"python/{path}" for path in recorded} == {
                path
                for path in found
                if path.startswith((f"python/{package}/", f"python/{package}-")) and "__pycache__" not in path
            }
        content = b"".join(archive.read(name) for name in found)
    assert str(request_.archive.parent).encode() not in content
    assert sys.executable.encode() not in content
    assert read_manifest(request_.manifest) == manifest
    assert require_described(manifest=request_.manifest, archive=request_.archive) == manifest


def test_the_same_from_another_folder_is_the_same(request_: BuildRequest, pip: Pip, tmp_path: Path) -> None:
    other = make_request(tmp_path / "elsewhere" / "deep", "# another file\none\n")
    build(request_, pip)
    mask = os.umask(0o077)
    try:
        build(other, pip)
    finally:
        os.umask(mask)
    assert other.archive.read_bytes() == request_.archive.read_bytes()
    assert other.manifest.read_bytes() == request_.manifest.read_bytes()


def test_a_second_build_does_not_ask_pip(request_: BuildRequest, pip: Pip, built: Manifest) -> None:
    times = request_.archive.stat().st_mtime_ns, request_.manifest.stat().st_mtime_ns
    request_.requirements.write_text("\n# a comment\none  \n")
    plan, second = build(request_, pip)
    assert (plan.reason, pip.installations) == ("", 0)
    assert second == built
    assert (request_.archive.stat().st_mtime_ns, request_.manifest.stat().st_mtime_ns) == times
    assert plan.diff(second)["before"] == plan.diff(second)["after"] == "one 1.0\ntwo 2.1\n"


@pytest.mark.usefixtures("built")
def test_what_matters_leads_to_a_new_build(request_: BuildRequest, pip: Pip, tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("two<2.1\n")
    constrained = replace(request_, constraints=constraints)
    plan = plan_build(constrained, runner=pip)
    assert plan.reason == "the requirements, the interpreter or an option have changed"
    assert plan.diff(None)["after"] == "one (and what it needs)\n"
    manifest = apply_build(plan, runner=pip)
    assert manifest.versions() == {"one": "1.0", "two": "2.0"}
    assert plan.diff(manifest)["before"] == "one 1.0\ntwo 2.1\n"
    assert plan.diff(manifest)["after"] == "one 1.0\ntwo 2.0\n"
    keys = {
        plan_build(variant, runner=pip).key
        for variant in (
            request_,
            constrained,
            replace(request_, index=Index(url="https://h/simple")),
            replace(request_, index=Index(extra_urls=("https://h/simple",))),
        )
    }
    assert len(keys) == 4


def test_there_is_nothing_yet_that_could_be_current(request_: BuildRequest) -> None:
    assert not is_current(request_)


@pytest.mark.usefixtures("built")
def test_whether_it_is_current_is_known_without_an_interpreter(request_: BuildRequest, tmp_path: Path) -> None:
    asked = replace(request_, python="/nowhere/python")
    assert is_current(asked)
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("two<2.1\n")
    for other in (
        replace(asked, force=True),
        replace(asked, slim="none"),
        replace(asked, constraints=constraints),
        replace(asked, allow=(Allowance("glibc-too-new", "one"),)),
        replace(asked, allow=(Allowance(IMPORT, "one"),)),
        replace(asked, manifest=tmp_path / "absent.json"),
    ):
        assert not is_current(other)
    request_.archive.write_bytes(request_.archive.read_bytes()[:-1])
    assert not is_current(asked), "the zip is damaged"


@pytest.mark.usefixtures("built")
def test_the_engine_of_a_current_zip_is_this_one(request_: BuildRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_current(request_)
    monkeypatch.setattr(_layer_build, "ENGINE", "another")
    assert not is_current(request_)


@pytest.mark.usefixtures("built")
def test_what_the_static_gate_lets_pass_makes_no_new_zip(request_: BuildRequest, pip: Pip) -> None:
    before = request_.archive.stat().st_ino
    allow = (Allowance("glibc-too-new", "one"),)
    plan, manifest = build(replace(request_, allow=allow), pip)
    assert plan.reason == "what the gates let pass has changed"
    assert plan.diff(manifest)["before"] == plan.diff(manifest)["after"]
    assert read_manifest(request_.manifest).allow == manifest.allow == allow
    assert (pip.installations, request_.archive.stat().st_ino) == (0, before)
    assert not plan_build(replace(request_, allow=allow), runner=pip).reason
    assert build(request_, pip)[1].allow == ()


@pytest.mark.usefixtures("built")
def test_what_need_not_import_counts(request_: BuildRequest, pip: Pip) -> None:
    plan = plan_build(replace(request_, allow=(Allowance(IMPORT, "one"),)), runner=pip)
    assert plan.build
    assert plan.key != plan_build(request_, runner=pip).key


def test_a_rotated_password_leads_to_no_new_build(request_: BuildRequest, pip: Pip) -> None:
    first, second = (
        plan_build(replace(request_, index=Index(url=f"https://me:{password}@h/simple")), runner=pip).key
        for password in ("one", "two")
    )
    assert first == second


@pytest.mark.usefixtures("built")
def test_a_new_engine_builds_anew(request_: BuildRequest, pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not plan_build(request_, runner=pip).reason
    monkeypatch.setattr(_layer_build, "ENGINE", "another")
    assert plan_build(request_, runner=pip).reason


@pytest.mark.usefixtures("built")
def test_force(request_: BuildRequest, pip: Pip) -> None:
    make_wheel(pip.wheels, "two", "2.2")
    plan, manifest = build(replace(request_, force=True), pip)
    assert plan.reason == "a new build was asked for"
    assert manifest.versions()["two"] == "2.2"


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("cut the zip", "the artifact is not the one that its manifest describes"),
        ("change the zip", "the artifact is not the one that its manifest describes"),
        ("remove the zip", "there is no artifact yet"),
        ("remove the manifest", "does not exist"),
        ("cut the manifest", "can't be read"),
        ("change the schema", "is not a manifest of schema"),
    ],
)
def test_a_damaged_artifact_is_built_again(
    request_: BuildRequest, pip: Pip, built: Manifest, damage: str, reason: str
) -> None:
    archive, manifest = request_.archive, request_.manifest
    if damage == "cut the zip":
        archive.write_bytes(archive.read_bytes()[:-1])
    elif damage == "change the zip":
        content = bytearray(archive.read_bytes())
        content[100] ^= 1
        archive.write_bytes(content)
    elif damage == "change the schema":
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "schema": 0}))
    elif damage == "cut the manifest":
        manifest.write_text(manifest.read_text()[:50])
    else:
        (archive if damage == "remove the zip" else manifest).unlink()
    plan, second = build(request_, pip)
    assert reason in plan.reason
    assert second == built
    assert require_described(manifest=manifest, archive=archive) == built


@pytest.mark.parametrize("moment", ["while pip works", "between zip and manifest"])
def test_a_killed_build_leaves_nothing_that_is_taken_for_finished(
    request_: BuildRequest, pip: Pip, moment: str
) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def build_and_die() -> None:
        if moment == "while pip works":
            pip.after = die
        else:
            _layer_build.write_manifest = lambda *_args, **_kwargs: die()  # type: ignore[assignment]
        build(request_, pip)

    child = multiprocessing.get_context("fork").Process(target=build_and_die)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    plan, manifest = build(request_, pip)
    assert plan.reason
    assert require_described(manifest=request_.manifest, archive=request_.archive) == manifest
    assert sorted(path.name for path in request_.archive.parent.iterdir()) == [
        ".layer.zip.lock",
        "layer.manifest.json",
        "layer.zip",
    ]


def refusal(request: BuildRequest, pip: Callable[..., Completed]) -> str:
    with pytest.raises(ServerlessError) as caught:
        apply_build(plan_build(request, runner=pip), runner=pip)
    return str(caught.value)


def test_a_package_that_does_not_exist(request_: BuildRequest, pip: Pip) -> None:
    request_.requirements.write_text("three\n")
    assert refusal(request_, pip).startswith("the package index has nothing for three that this Python can use")
    assert not request_.archive.exists()
    assert [path.name for path in request_.archive.parent.iterdir()] == [".layer.zip.lock"]


def test_a_failed_build_keeps_the_older_artifact(request_: BuildRequest, pip: Pip, built: Manifest) -> None:
    request_.requirements.write_text("one\nthree\n")
    refusal(request_, pip)
    assert require_described(manifest=request_.manifest, archive=request_.archive) == built


def test_requirements_that_install_nothing(request_: BuildRequest, pip: Pip) -> None:
    request_.requirements.write_text('one; sys_platform == "win32"\n')
    assert refusal(request_, pip).startswith(f"pip installed nothing from {request_.requirements}")


def test_missing_requirements(request_: BuildRequest, pip: Pip) -> None:
    request_.requirements.unlink()
    assert refusal(request_, pip).startswith(f"requirements file {request_.requirements} does not exist")


def test_no_interpreter(request_: BuildRequest, pip: Pip) -> None:
    assert refusal(replace(request_, python="/nix/python"), pip) == (
        "interpreter /nix/python can't be started (No such file or directory). Name an interpreter that is there."
    )
    assert "does not work as a Python interpreter" in refusal(replace(request_, python="/bin/true"), pip)


def test_another_version_of_python(request_: BuildRequest, pip: Pip) -> None:
    other = next(runtime for runtime in RUNTIMES.values() if runtime != RUNTIME)
    message = refusal(replace(request_, runtime=other), pip)
    assert f"but runtime {other.identifier} needs {other.python}" in message
    assert message.endswith(f"Name an interpreter of Python {other.python}.")


def test_another_architecture(request_: BuildRequest, pip: Pip) -> None:
    other = {"x86_64": "arm64", "arm64": "x86_64"}[ARCHITECTURE]
    message = refusal(replace(request_, architecture=other), pip)
    assert message.startswith(f"this builder is {ARCHITECTURE}, but the layer is for {other}.")


def describing(**facts: object) -> Callable[..., Completed]:
    usual = {"version": f"{RUNTIME.python}.1", "minor": RUNTIME.python, "machine": os.uname().machine}

    def run(_argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        assert environment == {}
        return Completed(returncode=0, stdout=json.dumps({**usual, "libc": "", "lacks": [], **facts}), stderr="")

    return run


@pytest.mark.parametrize(("lacks", "words"), [("pip", "has no pip"), ("_ssl", "has no ssl"), ("zlib", "has no zlib")])
def test_an_interpreter_that_lacks_a_part(request_: BuildRequest, lacks: str, words: str) -> None:
    assert words in refusal(request_, describing(lacks=[lacks]))


def test_a_full_disk(request_: BuildRequest, pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_layer_build, "write_archive", full)
    assert refusal(request_, pip) == (
        f"the disk ran full while {request_.archive} was built. Free space or use a larger disk."
    )


def test_a_folder_that_is_a_file(request_: BuildRequest, pip: Pip) -> None:
    request_.archive.parent.write_text("")
    assert refusal(request_, pip).startswith(f"{request_.archive} can't be built (")


@pytest.mark.usefixtures("built")
def test_a_manifest_of_another_zip(request_: BuildRequest) -> None:
    request_.archive.write_bytes(b"x")
    with pytest.raises(ManifestError, match="but its manifest"):
        require_described(manifest=request_.manifest, archive=request_.archive)
