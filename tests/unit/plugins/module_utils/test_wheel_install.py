# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs made-up wheels, by ourselves and by a real pip."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _wheel_install
from ansible_collections.asesoria.serverless.plugins.module_utils._archive import write_archive
from ansible_collections.asesoria.serverless.plugins.module_utils._build_source import Job
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_tree import record_tree
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Saved
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_install import (
    WheelInstallError,
    begin_install,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_plain import read_plain
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_unpack import Installed
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import ZipBytes, ZipFile, deflate, inflate
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_unpack import is_unpacked

INFO = "one-1.0.dist-info"
WHEEL = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
Members = dict[str, bytes]


def members(name: str = "one", **files: bytes) -> Members:
    info = f"{name}-1.0.dist-info"
    return {
        f"{name}/__init__.py": "".join(f"VALUE_{number} = {number**3}\n" for number in range(300)).encode(),
        f"{name}/data/\xe4.txt": b"text",
        f"{name}/x.so": bytes(range(256)) * 9,
        "shared/" + name + "/inner.py": b"",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": WHEEL,
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}={name}:main\n".encode(),
        **files,
    }


def record(files: Mapping[str, bytes], *, name: str = "one") -> bytes:
    lines = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}\n")
    return ("".join(lines) + f"{name}-1.0.dist-info/RECORD,,\n").encode()


def write_wheel(
    folder: Path, files: Mapping[str, bytes], *, name: str = "one", modes: Mapping[str, int] | None = None
) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in files.items():
            info = zipfile.ZipInfo(file)
            info.external_attr = (modes or {}).get(file, stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=1)
    return path


def complete(files: Members, *, name: str = "one") -> Members:
    return {**files, f"{name}-1.0.dist-info/RECORD": record(files, name=name)}


class Pip:
    """Runs what the utils ask for, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        self.calls += 1
        settings = {**os.environ, **environment, "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(list(argv), env=settings, capture_output=True, text=True, check=False)
        return Completed(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def install(wheels: Sequence[Path], target: Path, pip: Pip, *, level: str = "none") -> Installed:
    target.mkdir(parents=True)
    job = Job(sys.executable, temporary=target.parent, runner=pip)
    with ThreadPoolExecutor(2) as pool:
        installing = begin_install(wheels, target=target, level=level, job=job, pool=pool)
        staying = [name for wheel in wheels for name in sources(wheel)]
        assert level != "none" or all((target / name).is_file() for name in staying)
        installed = installing.finish()
    record_tree(target, rewritten=installed.rewritten)
    return installed


def sources(wheel: Path) -> list[str]:
    """What there is to compile."""
    if not zipfile.is_zipfile(wheel):
        return []
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if name.endswith(".py")]


def content_of(folder: Path) -> dict[str, tuple[bool, bytes]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): (bool(path.stat().st_mode & stat.S_IXUSR), path.read_bytes())
        for path in files
    }


def two_wheels(folder: Path) -> list[Path]:
    more = {
        "one/run.sh": b"#!/bin/sh\n",
        "one/tests/test_it.py": b"",
        "one/tests/data.csv": bytes(100_000),
        "one/stub.pyi": b"...",
        "one/large.txt": bytes(range(200)) * 1000,
        "one/_native.so": with_symbols(),
        "one/old.pyc": b"x",
        "one/__pycache__/x.txt": b"x",
        "one-1.0.dist-info/direct_url.json": b"{}",
        "bin/one": b"#!/usr/bin/python\n",
    }
    first = write_wheel(folder, complete(members(**more)), modes={"one/run.sh": stat.S_IFREG | 0o755})
    return [first, write_wheel(folder, complete(members("two"), name="two"), name="two")]


@pytest.mark.parametrize("level", ["none", "safe", "max"])
def test_it_is_the_same_as_by_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    wheels, pip = two_wheels(tmp_path / "wheels"), Pip()
    ours = install(wheels, tmp_path / "ours/python", pip, level=level)
    assert (pip.calls, ours.streams is None) == (0, False)
    monkeypatch.setattr(_wheel_install, "read_plain", lambda _paths: None)
    theirs = install(wheels, tmp_path / "theirs/python", pip, level=level)
    assert (pip.calls, theirs.streams) == (1, None)
    assert content_of(tmp_path / "ours") == content_of(tmp_path / "theirs")
    assert (ours.saved, ours.rewritten, ours.glibc, len(ours.floors)) == (
        theirs.saved,
        theirs.rewritten,
        theirs.glibc,
        1,
    )
    if level == "none":
        assert (ours.saved, ours.rewritten) == (Saved(0, 0), frozenset())
    else:
        assert ours.rewritten == {"one/_native.so"}
        assert (ours.saved.files, ours.saved.size > 100_003) == (3, True)
    assert not [name for name in content_of(tmp_path / "ours") if "old.pyc" in name or "direct_url" in name]
    executable = [name for name, (runs, _content) in content_of(tmp_path / "ours").items() if runs]
    assert executable == ["python/one/run.sh"]


def named(name: str) -> Callable[[Members], Members]:
    return lambda files: complete({**files, name: b"x"})


def without(name: str) -> Callable[[Members], Members]:
    return lambda files: {path: content for path, content in complete(files).items() if path != f"{INFO}/{name}"}


NOT_PLAIN: dict[str, Callable[[Members], Members]] = {
    "scripts": named("one-1.0.data/scripts/run"),
    "data": named("one-1.0.data/data/share/x"),
    "a second distribution": named("two-2.0.dist-info/METADATA"),
    "a file that RECORD does not list": lambda files: {**complete(files), "one/more.py": b""},
    "no RECORD": without("RECORD"),
    "no WHEEL": without("WHEEL"),
    "no METADATA": without("METADATA"),
    "a newer format": lambda files: complete({**files, f"{INFO}/WHEEL": b"Wheel-Version: 2.0\n"}),
    "no format": lambda files: complete({**files, f"{INFO}/WHEEL": b""}),
    "up and out": named("one/../../x.py"),
    "absolute": named("/etc/x.py"),
    "backslashes": named("one\\x.py"),
    "a dot": named("./one/x.py"),
    "a file where a folder is": named("one/data"),
}


@pytest.mark.parametrize("change", NOT_PLAIN.values(), ids=NOT_PLAIN.keys())
def test_what_is_left_to_pip(tmp_path: Path, change: Callable[[Members], Members]) -> None:
    plain = write_wheel(tmp_path / "plain", complete(members()))
    assert [wheel.path for wheel in read_plain([plain]) or []] == [plain]
    assert read_plain([write_wheel(tmp_path, change(members()))]) is None


def test_links_are_left_to_pip(tmp_path: Path) -> None:
    modes = {"one/x.so": stat.S_IFLNK | 0o777}
    assert read_plain([write_wheel(tmp_path, complete(members()), modes=modes)]) is None


def test_two_of_a_name_are_left_to_pip(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, complete(members()))
    with zipfile.ZipFile(wheel, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("one/__init__.py", b"VALUE = 2\n")
    assert read_plain([wheel]) is None


@pytest.mark.parametrize("name", ["shared/one/inner.py", "shared/one", "shared/one/inner.py/x"])
def test_wheels_that_bring_the_same_are_left_to_pip(tmp_path: Path, name: str) -> None:
    one = write_wheel(tmp_path, complete(members()))
    two = write_wheel(tmp_path, complete(members("two", **{name: b"x"}), name="two"), name="two")
    assert read_plain([two]) is not None
    assert read_plain([one, two]) is None


def test_what_is_no_zip_is_left_to_pip(tmp_path: Path) -> None:
    wheel = tmp_path / "one-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK, or not")
    assert read_plain([wheel]) is None
    (tmp_path / "here").mkdir()
    with pytest.raises(Exception, match=r"one-1\.0-py3-none-any\.whl"):
        install([wheel], tmp_path / "here/python", Pip())


def test_a_damaged_wheel_is_said_to_be(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, complete(members()))
    with zipfile.ZipFile(wheel) as archive:
        info = archive.getinfo("one/x.so")
    content = bytearray(wheel.read_bytes())
    at = info.header_offset + 30 + len(info.filename) + info.compress_size - 3
    content[at] ^= 0x55
    wheel.write_bytes(content)
    with pytest.raises(WheelInstallError, match="a wheel is damaged"):
        install([wheel], tmp_path / "here/python", Pip())


def test_what_has_not_changed_is_not_compressed_again(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, complete(members(**{"one/_native.so": with_symbols()})))
    installed = install([wheel], tmp_path / "root/python", Pip(), level="safe")
    (tmp_path / "root/python/one/x.so").write_bytes(bytes(range(255)) * 9)
    write_archive(tree=tmp_path / "root", destination=tmp_path / "with.zip", streams=installed.streams)
    write_archive(tree=tmp_path / "root", destination=tmp_path / "without.zip")
    assert compressed(tmp_path / "with.zip", "python/one/__init__.py") == compressed(wheel, "one/__init__.py")
    assert compressed(tmp_path / "with.zip", "python/one/__init__.py") != compressed(
        tmp_path / "without.zip", "python/one/__init__.py"
    )
    for name in ("python/one/x.so", "python/one/_native.so", f"python/{INFO}/RECORD"):
        assert compressed(tmp_path / "with.zip", name) == compressed(tmp_path / "without.zip", name)
    with zipfile.ZipFile(tmp_path / "with.zip") as ours, zipfile.ZipFile(tmp_path / "without.zip") as again:
        assert ours.namelist() == again.namelist()
        assert [ours.read(name) for name in ours.namelist()] == [again.read(name) for name in again.namelist()]


def compressed(archive: Path, name: str) -> bytes:
    with zipfile.ZipFile(archive) as opened:
        data = ZipBytes(archive).member(opened.getinfo(name))
    assert data
    return data


def with_symbols() -> bytes:
    """A shared library of which a compiler has left more than a tenth that is not loaded."""
    found = metadata.distribution("markupsafe")
    return next(Path(str(file.locate())).read_bytes() for file in found.files or [] if file.suffix == ".so")


def test_what_is_compressed_is_known_until_the_file_is_written_again(tmp_path: Path) -> None:
    content = b"what the file holds"
    wheel = write_wheel(tmp_path, complete(members(**{"one/x.py": content})))
    streams = install([wheel], tmp_path / "root/python", Pip()).streams
    assert streams
    path = tmp_path / "root/python/one/x.py"
    known = streams.find("python/one/x.py", status=path.stat())
    assert known
    assert inflate(known.deflated.data, size=known.deflated.size) == content
    assert known.sha256 == hashlib.sha256(content).hexdigest()
    assert (known.deflated.size, known.deflated.crc) == (len(content), zlib.crc32(content))
    assert streams.find("python/one/y.py", status=path.stat()) is None
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert streams.find("python/one/x.py", status=path.stat()) is None


def test_what_the_zip_holds_is_not_taken_on_trust(tmp_path: Path) -> None:
    """A file that was changed behind everybody's back, date and size as before, is noticed."""
    wheel = write_wheel(tmp_path, complete(members()))
    streams = install([wheel], tmp_path / "root/python", Pip()).streams
    write_archive(tree=tmp_path / "root", destination=tmp_path / "layer.zip", streams=streams)
    assert is_unpacked(tmp_path / "layer.zip", tmp_path / "root", streams=streams)
    path = tmp_path / "root/python/one/x.so"
    status = path.stat()
    path.write_bytes(bytes(reversed(range(256))) * 9)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert streams
    assert streams.find("python/one/x.so", status=path.stat())
    assert not is_unpacked(tmp_path / "layer.zip", tmp_path / "root", streams=streams)


def test_what_has_something_behind_it_is_compressed_again(tmp_path: Path) -> None:
    """zipfile reads a member with bytes after the end of its data; other programs need not."""
    wheel = tmp_path / "one-1.0-py3-none-any.whl"
    with wheel.open("wb") as file:
        archive = ZipFile(file)
        for name, content in complete(members()).items():
            packed = deflate(content)
            behind = b"x" if name == "one/__init__.py" else b""
            archive.add(name, replace(packed, data=packed.data + behind), mode=0o644)
        archive.close()
    streams = install([wheel], tmp_path / "root/python", Pip()).streams
    python = tmp_path / "root/python"
    assert (python / "one/__init__.py").read_bytes() == members()["one/__init__.py"]
    assert streams
    assert streams.find("python/one/__init__.py", status=(python / "one/__init__.py").stat()) is None
    assert streams.find("python/one/x.so", status=(python / "one/x.so").stat())


def test_what_is_stored_is_compressed(tmp_path: Path) -> None:
    wheel = tmp_path / "one-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as archive:
        for name, content in complete(members()).items():
            archive.writestr(name, content)
    streams = install([wheel], tmp_path / "root/python", Pip()).streams
    write_archive(tree=tmp_path / "root", destination=tmp_path / "layer.zip", streams=streams)
    content = members()["one/__init__.py"]
    assert compressed(tmp_path / "layer.zip", "python/one/__init__.py") == deflate(content).data
