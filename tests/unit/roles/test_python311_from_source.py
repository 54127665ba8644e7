# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts of the role C(python311_from_source), each run with a C(PATH) that holds stand-ins and nothing else."""

from __future__ import annotations

import hashlib
import io
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

FILES = Path(__file__).parents[3] / "roles" / "python311_from_source" / "files"
#: Programs that a script needs and that no stand-in replaces.
TOOLS = shlex.split(
    "awk cat cp cut date dd df dirname find getconf grep gzip id mkdir mv rm rmdir sed sh sha256sum sleep stat tail tar"
    " tr uname wc"
)

AMAZON_LINUX_2 = 'NAME="Amazon Linux"\nVERSION="2"\nID="amzn"\nID_LIKE="centos rhel fedora"\nVERSION_ID="2"\n'
AMAZON_LINUX_2023 = 'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n'
DEBIAN = "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"
UBUNTU = "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=24.04\n"
ROCKY = 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n'
FEDORA = "ID=fedora\nVERSION_ID=42\n"

LIBRARIES_RPM = "libffi-devel xz-devel bzip2-devel zlib-devel sqlite-devel readline-devel"
INSTALL_AL2 = f"yum install -y gcc make tar gzip openssl11 openssl11-devel {LIBRARIES_RPM}"
INSTALL_DNF = f"dnf install -y gcc make tar gzip findutils openssl-devel {LIBRARIES_RPM}"
UPDATE_APT = "apt-get update -q -o DPkg::Lock::Timeout=300"
INSTALL_APT = (
    "apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 gcc libc6-dev make tar gzip libssl-dev"
    " libffi-dev liblzma-dev libbz2-dev zlib1g-dev libsqlite3-dev libreadline-dev"
)


class Machine:
    """A machine on which every package manager only notes down how it was called."""

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.calls_file = directory / "calls"
        self.installed_file = directory / "installed"
        self.installed_file.touch()
        self.os_release = directory / "os-release"
        self.directory = directory
        self.environment: dict[str, str] = {}
        for tool in TOOLS:
            (self.bin / tool).symlink_to(str(shutil.which(tool)))
        for manager in ("yum", "dnf", "apt-get"):
            self.add(manager, f'echo "{manager} $*" >>{self.calls_file}')
        self.add("rpm", f'grep -qx "$2" {self.installed_file}')
        self.add("dpkg-query", f'for last; do :; done; ! grep -qx "$last" {self.installed_file} || printf installed')

    def add(self, name: str, script: str) -> None:
        path = self.bin / name
        # It may be a link to the real one, which must not be written through.
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, script: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str((cwd or FILES) / script), *arguments],
            check=False,
            env={"PATH": str(self.bin), "OS_RELEASE": str(self.os_release), **self.environment},
            cwd=cwd or FILES,
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("os_release", "installed", "calls"),
    [
        (AMAZON_LINUX_2, ["openssl-devel"], ["yum erase -y openssl-devel", INSTALL_AL2]),
        (AMAZON_LINUX_2, [], [INSTALL_AL2]),
        (AMAZON_LINUX_2, INSTALL_AL2.split()[3:], []),
        (AMAZON_LINUX_2023, ["openssl-devel"], [INSTALL_DNF.replace(" openssl-devel", "")]),
        (AMAZON_LINUX_2023, [], [INSTALL_DNF]),
        (ROCKY, [], [INSTALL_DNF]),
        (FEDORA, ["gcc", "make"], [INSTALL_DNF.replace(" gcc make", "")]),
        (DEBIAN, [], [UPDATE_APT, INSTALL_APT]),
        (DEBIAN, INSTALL_APT.split()[7:], []),
        (UBUNTU, ["zlib1g-dev"], [UPDATE_APT, INSTALL_APT.replace(" zlib1g-dev", "")]),
    ],
)
def test_installs_what_is_not_there(machine: Machine, os_release: str, installed: list[str], calls: list[str]) -> None:
    machine.os_release.write_text(os_release)
    machine.installed_file.write_text("".join(f"{name}\n" for name in installed))
    result = machine.run("packages.sh", "install")
    assert (result.returncode, machine.calls) == (0, calls), result.stdout + result.stderr


@pytest.mark.parametrize(
    ("os_release", "calls"),
    [
        (AMAZON_LINUX_2, ["yum install -y curl"]),
        (AMAZON_LINUX_2023, ["dnf install -y curl-minimal"]),
        (
            DEBIAN,
            [
                UPDATE_APT,
                "apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 curl ca-certificates",
            ],
        ),
    ],
)
def test_installs_something_to_download_with(machine: Machine, os_release: str, calls: list[str]) -> None:
    machine.os_release.write_text(os_release)
    assert machine.run("packages.sh", "downloader").returncode == 0
    assert machine.calls == calls


def test_takes_the_downloader_that_is_there(machine: Machine) -> None:
    machine.os_release.write_text(DEBIAN)
    machine.add("wget", "")
    assert machine.run("packages.sh", "downloader").returncode == 0
    assert machine.calls == []


def test_says_when_the_package_manager_fails(machine: Machine) -> None:
    machine.os_release.write_text(AMAZON_LINUX_2023 + 'PRETTY_NAME="Amazon Linux 2023"\n')
    machine.installed_file.write_text("".join(f"{name}\n" for name in INSTALL_DNF.split()[3:-1]))
    machine.add("dnf", "exit 1")
    result = machine.run("packages.sh", "install")
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == (
        "!! the package manager of Amazon Linux 2023 could not install readline-devel"
    )


@pytest.mark.parametrize("os_release", ["ID=alpine\nVERSION_ID=3.20\n", "ID=amzn\nVERSION_ID=2018.03\n", None])
def test_says_when_the_packages_are_not_known(machine: Machine, os_release: str | None) -> None:
    if os_release:
        machine.os_release.write_text(os_release)
    result = machine.run("packages.sh", "install")
    assert result.returncode == 1
    assert result.stdout.startswith("!! the packages that CPython needs are not known for ")
    assert "set python311_from_source_manage_packages to false" in result.stdout
    assert machine.calls == []


@pytest.mark.parametrize(
    ("os_release", "message"),
    [
        (AMAZON_LINUX_2, "ssl (package openssl11-devel), lzma (package xz-devel)"),
        (AMAZON_LINUX_2023, "ssl (package openssl-devel), lzma (package xz-devel)"),
        (DEBIAN, "ssl (package libssl-dev), lzma (package liblzma-dev)"),
        ("ID=alpine\n", "ssl, lzma"),
    ],
)
def test_names_missing_modules_and_their_packages(machine: Machine, os_release: str, message: str) -> None:
    machine.os_release.write_text(os_release)
    machine.add("python", 'case $3 in *ssl | *lzma) echo "ModuleNotFoundError"; exit 1 ;; esac')
    result = machine.run("check_modules.sh", str(machine.bin / "python"))
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == (
        f"!! the compiled Python lacks the modules: {message}. Install the packages named, or let the role do it:"
        " python311_from_source_manage_packages"
    )


def test_a_complete_python_passes(machine: Machine) -> None:
    machine.os_release.write_text(DEBIAN)
    machine.add("python", f'echo "$*" >>{machine.calls_file}')
    assert machine.run("check_modules.sh", str(machine.bin / "python"), "pip").returncode == 0
    modules = ["ssl", "ctypes", "lzma", "bz2", "zlib", "sqlite3", "readline", "pip"]
    assert machine.calls == [f"-I -c import {module}" for module in modules]


class Build:
    """A build of a source that is a toy: its configure and its Makefile only pretend."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.directory = machine.directory / "job"
        self.directory.mkdir()
        self.prefix = machine.directory / "prefix"
        for name in ("build.sh", "packages.sh", "check_modules.sh"):
            shutil.copy(FILES / name, self.directory)
        machine.os_release.write_text(DEBIAN)
        for tool in ("make", "cc", "touch", "chmod"):
            (machine.bin / tool).symlink_to(str(shutil.which(tool)))
        self.write_source({})

    def write_source(self, changes: dict[str, str]) -> None:
        """Pack the source, with other files in place of some of its own."""
        python = f'#!/bin/sh\necho "$0 $*" >>{self.machine.calls_file}\n'
        install = "dest=$(DESTDIR)$$(cat prefix); mkdir -p $$dest/bin; cp python $$dest/bin/python3.11"
        files = {
            "configure": f'#!/bin/sh\necho "configure $*" >>{self.machine.calls_file}\n'
            'for option; do case $option in --prefix=*) echo "${option#*=}" >prefix ;; esac; done\n',
            "Makefile": f"all:\n\t@echo make >>{self.machine.calls_file}\nbuild_all:\n\naltinstall:\n\t@{install}\n",
            "Include/patchlevel.h": '#define PY_VERSION              "3.11.2"\n',
            "python": python,
            **changes,
        }
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(f"Python-3.11.2/{name}")
                member.size, member.mode = len(text.encode()), 0o755
                archive.addfile(member, io.BytesIO(text.encode()))
        (self.directory / "given.tgz").write_bytes(content.getvalue())
        self.sha256 = hashlib.sha256(content.getvalue()).hexdigest()

    def run(self, *options: str, source: tuple[str, ...] = ("--file", "given.tgz"), sha256: str = "") -> list[str]:
        """Build, and return the lines of progress and the error."""
        result = self.machine.run(
            "build.sh",
            *(
                "--version",
                "3.11.2",
                "--prefix",
                str(self.prefix),
                "--sha256",
                sha256 or self.sha256,
                *source,
                *options,
            ),
            cwd=self.directory,
        )
        lines = [line for line in result.stdout.splitlines() if line.startswith((">> ", "!! "))]
        assert (result.returncode != 0) == any(line.startswith("!! ") for line in lines), result.stdout + result.stderr
        assert lines.pop(0) == f">> CPython 3.11.2: building it for {self.prefix}"
        return lines


@pytest.fixture
def build(machine: Machine) -> Build:
    return Build(machine)


def test_builds_and_installs(build: Build) -> None:
    lines = build.run("--jobs", "2", "--", "--with-option", "CFLAGS=-O1 -g")
    assert lines[-1].startswith(f">> done: {build.prefix}/bin/python3.11 is CPython 3.11.2, after ")
    calls = build.machine.calls
    assert calls[0] == f"configure --prefix={build.prefix} --with-option CFLAGS=-O1 -g"
    assert f"{build.prefix}/bin/python3.11 -I -m ensurepip --altinstall --upgrade" in calls
    assert calls[-1] == f"{build.prefix}/bin/python3.11 -I -c import pip"
    assert sorted(path.name for path in (build.prefix / "lib" / "python3.11").iterdir()) == []


def test_leaves_what_is_in_the_prefix(build: Build) -> None:
    (build.prefix / "bin").mkdir(parents=True, mode=0o755)
    build.prefix.chmod(0o2775)
    (build.prefix / "bin" / "other").touch()
    build.run()
    assert {path.name for path in (build.prefix / "bin").iterdir()} == {"other", "python3.11"}
    assert build.prefix.stat().st_mode & 0o7777 == 0o2775


def test_refuses_another_checksum(build: Build) -> None:
    assert build.run(sha256="0" * 64) == [
        f"!! the source of CPython 3.11.2, given.tgz, has SHA-256 {build.sha256}, not {'0' * 64}; nothing was built"
    ]
    assert not build.prefix.exists()


def test_tries_every_mirror(build: Build) -> None:
    good = build.directory.parent / "good.tgz"
    (build.directory / "given.tgz").rename(good)
    build.machine.add(
        "curl",
        'for url; do :; done; case $url in *refused*) echo "curl: (7) refused" >&2; exit 7 ;; '
        f"*bad*) echo x >source.tgz ;; *) cp {good} source.tgz ;; esac",
    )
    mirrors = ("--url", "https://refused/a", "--url", "https://bad/b", "--url", "https://good/c d")
    lines = build.run(source=mirrors)
    assert lines[:3] == [f">> source: fetching {url}" for url in mirrors[1::2]]
    assert lines[-1].startswith(">> done: ")
    wrong = hashlib.sha256(b"x\n").hexdigest()
    assert build.run(source=mirrors[:4])[-1] == (
        "!! no source of CPython 3.11.2: https://refused/a can't be fetched (curl: (7) refused); https://bad/b has"
        f" SHA-256 {wrong}, not {build.sha256}; nothing was built. Correct python311_from_source_sha256 or"
        " python311_from_source_urls"
    )


def test_refuses_another_release(build: Build) -> None:
    build.write_source({"Include/patchlevel.h": '#define PY_VERSION "3.12.1"\n'})
    assert build.run()[-1] == "!! the source is that of CPython 3.12.1, not 3.11.2; nothing was built"


def test_says_what_the_host_lacks(build: Build) -> None:
    (build.machine.bin / "make").unlink()
    (build.machine.bin / "cc").unlink()
    lines = build.run()
    assert lines[0].startswith(">> packages: not managed by the role, and not installed: gcc libc6-dev make ")
    assert lines[-1] == (
        "!! to build CPython this host lacks: a C compiler, make. Install it, or let the role do it:"
        " python311_from_source_manage_packages"
    )


def test_a_missing_module_fails_before_anything_is_installed(build: Build) -> None:
    build.write_source({"python": "#!/bin/sh\ncase $3 in *readline) exit 1 ;; esac\n"})
    assert build.run()[-1].startswith("!! the compiled Python lacks the modules: readline (package libreadline-dev).")
    assert not build.prefix.exists()


def test_a_compiler_error_is_told(build: Build) -> None:
    build.write_source({"Makefile": "all:\n\t@echo broken; exit 5\nbuild_all:\n"})
    assert build.run()[-1] == "!! CPython 3.11.2 could not be compiled (make ended with 2)"
    assert not build.prefix.exists()


def test_an_installation_that_stops_keeps_its_mark(build: Build) -> None:
    build.write_source({"python": '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\n'})
    assert build.run()[-1] == "!! pip could not be installed"
    assert (build.prefix / "lib" / "python3.11" / ".incomplete").exists()


def kept(build: Build) -> list[Path]:
    """What a build has left for the next machine."""
    folder = build.directory.with_name("job.kept")
    return sorted(folder.iterdir()) if folder.exists() else []


def put(build: Build, archive: Path) -> tuple[str, ...]:
    """Lay an archive beside the scripts of the next job, on a machine that has nothing yet."""
    shutil.rmtree(build.prefix, ignore_errors=True)
    for left in ("src", "dest"):
        shutil.rmtree(build.directory / left)
    build.write_source({})
    shutil.copy(archive, build.directory)
    return ("--built", archive.name, archive.name.split(".")[-2])


def test_what_was_built_is_kept_and_installed_again(build: Build) -> None:
    build.run("--keep", "cpython-3.11.2-here")
    (archive,) = kept(build)
    assert archive.name == f"cpython-3.11.2-here.{hashlib.sha256(archive.read_bytes()).hexdigest()}.tgz"
    build.machine.calls_file.unlink()
    lines = build.run(*put(build, archive), "--keep", "cpython-3.11.2-here", source=("--url", "https://nowhere/"))
    assert lines[-2] == ">> restore: CPython 3.11.2 from an earlier build"
    assert lines[-1].startswith(f">> done: {build.prefix}/bin/python3.11 is CPython 3.11.2, restored in ")
    modules = ["ssl", "ctypes", "lzma", "bz2", "zlib", "sqlite3", "readline", "pip"]
    python = f"{build.prefix}/bin/python3.11 -I"
    assert build.machine.calls == [
        f"{python} -m ensurepip --altinstall --upgrade",
        *(f"{python} -c import {module}" for module in modules),
    ]
    assert not (build.prefix / "lib" / "python3.11" / ".incomplete").exists()


def test_nothing_is_kept_unless_asked_for(build: Build) -> None:
    build.run()
    assert kept(build) == []


@pytest.mark.parametrize("fault", ["another content", "no archive", "lacks a module", "cut off"])
def test_an_earlier_build_that_will_not_do_is_built_anew(build: Build, fault: str) -> None:
    """Whatever is wrong with it, the way that leads to a Python is open."""
    build.run("--keep", "built")
    (archive,) = kept(build)
    content = {
        "another content": archive.read_bytes() + b"x",
        "no archive": b"no archive",
        "cut off": archive.read_bytes()[:-60],
        "lacks a module": archive.read_bytes(),
    }[fault]
    damaged = archive.with_name(archive.name if fault == "another content" else _named(content))
    damaged.write_bytes(content)
    if fault == "lacks a module":
        once = build.directory / "once"
        broken = f"case $3 in *readline) [ -e {once} ] || {{ : >{once}; exit 1; }} ;; esac"
        build.machine.add("python3.11", broken)
        with tarfile.open(damaged, "w:gz") as packed:
            packed.add(build.machine.bin / "python3.11", "bin/python3.11")
        damaged = damaged.rename(damaged.with_name(_named(damaged.read_bytes())))
    lines = build.run(*put(build, damaged))
    said = next(line for line in lines if "will not do" in line)
    assert said.startswith(">> restore: the earlier build will not do, so it is built anew: ")
    assert {
        "another content": "it has SHA-256 ",
        "no archive": "can't be unpacked",
        "cut off": "can't be unpacked",
        "lacks a module": "lacks the modules: readline",
    }[fault] in said
    assert lines[-1].startswith(f">> done: {build.prefix}/bin/python3.11 is CPython 3.11.2, after ")
    assert not (build.prefix / "lib" / "python3.11" / ".incomplete").exists()


def _named(content: bytes) -> str:
    return f"built.{hashlib.sha256(content).hexdigest()}.tgz"


def test_what_somebody_else_has_put_there_is_not_kept_to(build: Build, tmp_path: Path) -> None:
    """Anybody may write to /var/tmp: a link there leads nowhere that we write to."""
    (tmp_path / "theirs").mkdir()
    build.directory.with_name("job.kept").symlink_to(tmp_path / "theirs")
    lines = build.run("--keep", "built")
    assert any(line.startswith(">> keep: it can't be kept for the next machine: ") for line in lines)
    assert lines[-1].startswith(">> done: ")
    assert list((tmp_path / "theirs").iterdir()) == []


@pytest.mark.parametrize(("mib", "swaps"), [(950, True), (4096, False)])
@pytest.mark.parametrize("fails", [False, True])
def test_little_memory_is_added_to_while_it_builds(build: Build, mib: int, swaps: bool, fails: bool) -> None:
    machine = build.machine
    meminfo = machine.directory / "meminfo"
    meminfo.write_text(f"MemTotal: {mib * 1024} kB\nSwapTotal: 0 kB\nMemAvailable: {mib * 1000} kB\nSwapFree: 0 kB\n")
    machine.environment["MEMINFO"] = str(meminfo)
    for tool in ("mkswap", "swapon", "swapoff"):
        machine.add(tool, f'echo "{tool} $*" >>{machine.calls_file}')
    # As large as it would be, without the time that it takes to write.
    (machine.bin / "dd").unlink()
    machine.add("dd", 'for word; do case $word in of=*) : >"${word#of=}" ;; esac; done')
    if fails:
        build.write_source({"Makefile": "all:\n\t@exit 5\nbuild_all:\n"})
    build.run("--swap")
    file = f"{build.directory}.kept/swap"
    wanted = [f"mkswap {file}", f"swapon {file}", f"swapoff {file}"] if swaps else []
    assert [call for call in machine.calls if "swap" in call] == wanted
    assert kept(build) == []


def test_a_swap_file_that_a_killed_build_left_is_removed(build: Build) -> None:
    machine = build.machine
    machine.add("swapoff", f'echo "swapoff $*" >>{machine.calls_file}')
    build.directory.with_name("job.kept").mkdir()
    build.directory.with_name("job.kept").joinpath("swap").touch()
    build.run()
    assert f"swapoff {build.directory}.kept/swap" in machine.calls
    assert kept(build) == []


def test_a_host_that_takes_no_swap_is_built_on_without(build: Build) -> None:
    machine = build.machine
    meminfo = machine.directory / "meminfo"
    meminfo.write_text("MemTotal: 900000 kB\nMemAvailable: 900000 kB\n")
    machine.environment["MEMINFO"] = str(meminfo)
    (machine.bin / "dd").unlink()
    machine.add("dd", 'for word; do case $word in of=*) : >"${word#of=}" ;; esac; done')
    machine.add("mkswap", "")
    machine.add("swapon", "echo 'swapon: Operation not permitted' >&2; exit 255")
    lines = build.run("--swap")
    assert ">> swap: goes without a file of 1024 MiB: swapon: Operation not permitted" in lines
    assert lines[-1].startswith(">> done: ")
    assert kept(build) == []


def test_the_machine_is_told(machine: Machine, tmp_path: Path) -> None:
    machine.os_release.write_text(AMAZON_LINUX_2)
    (tmp_path / "meminfo").write_text("MemTotal:       1006592 kB\n")
    machine.environment["MEMINFO"] = str(tmp_path / "meminfo")
    machine.add("uname", "echo aarch64")
    machine.add("getconf", "echo glibc 2.26")
    result = machine.run("probe.sh", str(tmp_path), "3.11.17")
    assert result.stdout.splitlines() == ["machine=amzn-2 aarch64 glibc-2.26", "memory=983"]


def test_finds_what_was_kept(machine: Machine, tmp_path: Path) -> None:
    folder = tmp_path / "job.kept"
    folder.mkdir()
    (folder / "built.1.tgz").touch()
    (folder / "swap").touch()
    assert _probe(machine, "3.11.17", directory=folder) == [f"kept={folder}/built.1.tgz"]
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert _probe(machine, "3.11.17", directory=link) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_refuses_a_prefix_that_can_not_be_written_to(build: Build) -> None:
    (build.prefix).mkdir(mode=0o555)
    assert "can't write to" in build.run()[-1]


PYTHON = """#!/bin/sh
shift 2
exec {real} -I -c 'import sys; sys.modules.update({{n: sys for n in ("pip", "readline", "lzma", "bz2")}})
import sysconfig, platform
sysconfig.get_path = lambda _name: "{stdlib}"
platform.python_version = lambda: "{version}"
code = sys.argv.pop(1)
{broken}
exec(code)' "$@"
"""


def _python(path: Path, version: str, *, broken: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PYTHON.format(real=shlex.quote(sys.executable), version=version, stdlib=path.parent, broken=broken))
    path.chmod(0o755)
    return path


def _probe(machine: Machine, wanted: str, *candidates: Path | str, directory: Path = Path("/nowhere")) -> list[str]:
    """What is said after the lines about the machine itself."""
    result = machine.run("probe.sh", str(directory), wanted, *map(str, candidates))
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.partition("=")[0] for line in lines[:2]] == ["machine", "memory"]
    return lines[2:]


def test_takes_the_first_that_will_do(machine: Machine, tmp_path: Path) -> None:
    old = _python(tmp_path / "old" / "python3.11", "3.11.2")
    half = _python(tmp_path / "half" / "python3.11", "3.11.17")
    (half.parent / ".incomplete").touch()
    bare = _python(tmp_path / "bare" / "python3.11", "3.11.17", broken='sys.modules["ssl"] = sys.modules["pip"] = None')
    good = _python(tmp_path / "good" / "python 3.11", "3.11.17")
    lines = _probe(machine, "3.11.17", "/nowhere/python", "python3.11", old, half, bare, good)
    assert lines[:5] == [
        "rejected=/nowhere/python: is not there",
        "rejected=python3.11: is not on PATH",
        f"rejected={old}: is Python 3.11.2",
        f"rejected={half}: was not installed to its end",
        f"rejected={bare}: lacks ssl, pip",
    ]
    assert lines[5].startswith("interpreter=/")
    assert lines[6:] == ["version=3.11.17"]


def test_any_release_of_the_minor_version_if_asked_for(machine: Machine, tmp_path: Path) -> None:
    other = _python(tmp_path / "other" / "python3", "3.1.11")
    lines = _probe(machine, "3.11.", other, _python(machine.bin / "python3.11", "3.11.4"))
    assert lines[0] == f"rejected={other}: is Python 3.1.11"
    assert lines[-1] == "version=3.11.4"


@pytest.mark.parametrize("script", sorted(path.name for path in FILES.glob("*.sh")))
@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_scripts_are_posix_shell(script: str) -> None:
    checked = subprocess.run(["shellcheck", str(FILES / script)], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
