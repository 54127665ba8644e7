# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Linux, WSL and macOS are judged by what they say, and the verdict is never more than they prove."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _host_sources
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._host_facts import Facts, collect, facts_of_file
from ansible_collections.asesoria.serverless.plugins.module_utils._host_sources import (
    Printed,
    Sources,
    read_file,
    run_program,
    this_machine,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._virtualization import (
    judge_docker,
    judge_wsl2,
    summarize,
)
from hypothesis import given
from hypothesis import strategies as st

SYSTEMINFO = Path(__file__).parent / "systeminfo"

LINUX = "Linux version 6.8.0-64-generic (buildd@lcy02-amd64-083) (x86_64-linux-gnu-gcc-13) #67-Ubuntu SMP"
WSL1 = "Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc version 5.4.0 (GCC) ) #1237-Microsoft Sat"
WSL2 = "Linux version 5.15.167.4-microsoft-standard-WSL2 (root@f9c826d3017f) (gcc (GCC) 11.2.0) #1 SMP"
WSL2_OLD = "Linux version 4.19.104-microsoft-standard (oe-user@oe-host) (gcc version 8.2.0 (GCC)) #1 SMP"

AMD = "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu vme svm sse2\n"
INTEL_GUEST = "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vme sse2 hypervisor\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n"

DOCKER = ("docker", "version", "--format", "{{.Server.Version}}")
PODMAN = ("podman", "info", "--format", "{{.Version.Version}}")
DENIED = Printed(
    code=1,
    output=b"\n",
    errors=b"permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
)
SILENT = Printed(code=1, output=b"\n", errors=b"Cannot connect to the Docker daemon at unix:///var/run/docker.sock.")
#: What stands in for Docker's client in WSL 2 until Docker Desktop's integration is on.
STUB = Printed(code=1, output=b"The command 'docker' could not be found in this WSL 2 distro.\n")


def machine(
    system: str = "Linux",
    *,
    files: Mapping[str, str | bytes] | None = None,
    programs: Mapping[tuple[str, ...], Printed] | None = None,
) -> Sources:
    """A machine with these files, and programs that print this."""
    contents = {
        path: content.encode() if isinstance(content, str) else content for path, content in (files or {}).items()
    }
    return Sources(
        system=system,
        read=contents.get,
        exists=contents.__contains__,
        run=lambda argv: (programs or {}).get(tuple(argv)),
    )


def linux(version: str = LINUX, *, cpuinfo: str = AMD, **more: str) -> dict[str, str | bytes]:
    """Files of a Linux."""
    return {
        "/proc/version": version,
        "/proc/cpuinfo": cpuinfo,
        "/proc/filesystems": "nodev\tsysfs\nnodev\tcgroup\nnodev\tcgroup2\n\text4\n",
        "/proc/sys/user/max_user_namespaces": "63321\n",
        **more,
    }


def said(text: str) -> Printed:
    """A program that works."""
    return Printed(code=0, output=text.encode())


def verdicts(sources: Sources) -> tuple[str, tuple[str, ...], str, tuple[str, ...]]:
    """Of Docker, then of WSL 2."""
    facts = collect(sources)
    docker, wsl2 = judge_docker(facts), judge_wsl2(facts)
    return docker.answer, docker.reasons, wsl2.answer, wsl2.reasons


NOT_WINDOWS = ("no", ("not_windows",))


@pytest.mark.parametrize(
    ("programs", "files", "docker", "words"),
    [
        ({DOCKER: said("27.3.1\n")}, {}, ("yes", ()), "docker 27.3.1 answers"),
        ({DOCKER: said("28.0.0-rc.1\n")}, {}, ("yes", ()), "docker 28.0.0-rc.1 answers"),
        ({PODMAN: said("4.9.3\n")}, {}, ("yes", ()), "podman 4.9.3 answers"),
        ({PODMAN: said("4.9.3\n")}, {"/run/.containerenv": ""}, ("unknown", ()), "podman run"),
        ({DOCKER: said("27.3.1\n")}, {"/.dockerenv": ""}, ("yes", ()), "docker 27.3.1 answers"),
        ({DOCKER: SILENT, PODMAN: said("5.2.2\n")}, {}, ("yes", ()), "podman 5.2.2 answers"),
        ({("/usr/bin/docker", *DOCKER[1:]): said("27.3.1\n")}, {}, ("yes", ()), "docker 27.3.1 answers"),
        ({DOCKER: SILENT}, {}, ("no", ("engine_silent",)), "systemctl start docker"),
        ({DOCKER: DENIED}, {}, ("no", ("engine_refuses",)), "group docker"),
        ({DOCKER: said("")}, {}, ("no", ("engine_silent",)), "no engine answers"),
        ({DOCKER: said("<no value>")}, {}, ("no", ("engine_silent",)), "no engine answers"),
        ({DOCKER: Printed(code=-1)}, {}, ("no", ("engine_silent",)), "no engine answers"),
        ({DOCKER: SILENT}, {"/.dockerenv": ""}, ("no", ("engine_silent",)), "socket of the host's engine"),
        ({}, {}, ("no", ("no_engine",)), "Install Docker Engine or Podman"),
        ({}, {"/var/run/docker.sock": ""}, ("unknown", ()), "/var/run/docker.sock"),
        ({}, {"/.dockerenv": ""}, ("no", ("no_engine",)), "This is a container"),
        ({}, {"/proc/1/cgroup": "0::/kubepods/besteffort/pod1\n"}, ("no", ("no_engine",)), "This is a container"),
        ({}, {"/proc/sys/user/max_user_namespaces": "0\n"}, ("no", ("no_engine",)), "only root can run it"),
        ({}, {"/proc/sys/kernel/unprivileged_userns_clone": "0\n"}, ("no", ("no_engine",)), "only root can run it"),
        ({}, {"/proc/filesystems": "nodev\tsysfs\n\text4\n"}, ("no", ("kernel", "no_engine")), "control groups"),
        # Linux needs no hypervisor for containers.
        ({DOCKER: said("27.3.1\n")}, {"/proc/cpuinfo": INTEL_GUEST}, ("yes", ()), "answers"),
    ],
)
def test_linux(
    programs: dict[tuple[str, ...], Printed], files: dict[str, str], docker: tuple[str, tuple[str, ...]], words: str
) -> None:
    facts = collect(machine(files=linux(**files), programs=programs))
    verdict = judge_docker(facts)
    assert (verdict.answer, verdict.reasons) == docker
    assert words in summarize(verdict, judge_wsl2(facts))
    assert verdicts(machine(files=linux(**files), programs=programs))[2:] == NOT_WINDOWS
    assert "WSL" not in summarize(verdict, judge_wsl2(facts))


@pytest.mark.parametrize(
    ("files", "cpu", "cpu_virtualization", "firmware", "virtual_machine"),
    [
        (linux(), "amd", "yes", "unknown", "unknown"),
        (linux(cpuinfo=AMD.replace(" svm", "")), "amd", "unknown", "unknown", "unknown"),
        (linux(**{"/dev/kvm": ""}), "amd", "yes", "yes", "unknown"),
        (linux(cpuinfo=INTEL_GUEST), "intel", "unknown", "unknown", "yes"),
        (linux(cpuinfo=ARM), "arm", "unknown", "unknown", "unknown"),
        (linux(cpuinfo=AMD.replace("svm", "svm_lock")), "amd", "unknown", "unknown", "unknown"),
        (
            linux(**{"/sys/class/dmi/id/sys_vendor": "LENOVO\n", "/sys/class/dmi/id/product_name": "20X\n"}),
            *("amd", "yes", "unknown", "no"),
        ),
        (
            linux(**{"/sys/class/dmi/id/sys_vendor": "QEMU\n", "/sys/class/dmi/id/product_name": "Standard PC\n"}),
            *("amd", "yes", "unknown", "yes"),
        ),
        ({}, "unknown", "unknown", "unknown", "unknown"),
    ],
)
def test_linux_says_what_it_knows_of_the_hardware(
    files: dict[str, str | bytes], cpu: str, cpu_virtualization: str, firmware: str, virtual_machine: str
) -> None:
    facts = collect(machine(files=files))
    assert (facts.cpu, facts.cpu_virtualization, facts.firmware, facts.virtual_machine) == (
        cpu,
        cpu_virtualization,
        firmware,
        virtual_machine,
    )


@pytest.mark.parametrize(
    ("version", "uname", "files", "wsl"),
    [
        (LINUX, "6.8.0-64-generic", {}, "no"),
        (WSL1, "4.4.0-19041-Microsoft", {}, "1"),
        (WSL2, "5.15.167.4-microsoft-standard-WSL2", {}, "2"),
        (WSL2_OLD, "4.19.104-microsoft-standard", {}, "2"),
        (WSL1, "", {}, "1"),
        ("", "5.15.167.4-microsoft-standard-WSL2", {}, "2"),
        ("", "", {}, "unknown"),
        (WSL1, "6.8.0-64-generic", {}, "unknown"),
        (WSL1, "5.15.167.4-microsoft-standard-WSL2", {}, "unknown"),
        # Somebody's own kernel.
        ("Linux version 6.12.0-mine", "", {"/proc/sys/fs/binfmt_misc/WSLInterop": ""}, "unknown"),
        ("Linux version 6.8.0-1014-azure (Microsoft)", "6.8.0-1014-azure", {}, "no"),
    ],
)
def test_versions_of_wsl(version: str, uname: str, files: dict[str, str], wsl: str) -> None:
    programs = {("uname", "-r"): said(uname)} if uname else {}
    assert collect(machine(files=linux(version, **files), programs=programs)).wsl == wsl


def windows(name: str, encoding: str = "cp850") -> Printed:
    """What Windows prints."""
    text = (SYSTEMINFO / f"{name}.txt").read_text(encoding="utf-8").replace("\n", "\r\n")
    return Printed(code=0, output=text.encode(encoding))


@pytest.mark.parametrize(
    ("systeminfo", "docker", "wsl2"),
    [
        (windows("es_windows11_hypervisor"), ("no", ("wsl1",)), ("yes", ())),
        (windows("es_windows11_firmware_off"), ("no", ("firmware", "wsl1")), ("no", ("firmware",))),
        (windows("fr_windows10_hypervisor_off"), ("no", ("hypervisor_off", "wsl1")), ("no", ("hypervisor_off",))),
        (windows("es_virtual_machine_hypervisor"), ("no", ("wsl1",)), ("unknown", ())),
        (Printed(1, windows("es_windows11_hypervisor").output), ("no", ("wsl1",)), ("unknown", ())),
        (said("Access is denied"), ("no", ("wsl1",)), ("unknown", ())),
        (None, ("no", ("wsl1",)), ("unknown", ())),
    ],
)
@pytest.mark.parametrize("program", ["systeminfo.exe", "/mnt/c/Windows/System32/systeminfo.exe"])
def test_wsl1_asks_windows(
    program: str,
    systeminfo: Printed | None,
    docker: tuple[str, tuple[str, ...]],
    wsl2: tuple[str, tuple[str, ...]],
) -> None:
    programs = {(program,): systeminfo} if systeminfo else {}
    sources = machine(files=linux(WSL1), programs=programs)
    assert verdicts(sources) == (*docker, *wsl2)
    assert "wsl --set-version" in judge_wsl2(collect(sources)).remedy
    assert "wsl --set-version" in judge_docker(collect(sources)).remedy


def test_wsl1_can_use_an_engine_that_answers_from_elsewhere() -> None:
    assert verdicts(machine(files=linux(WSL1), programs={DOCKER: said("27.3.1\n")}))[:2] == ("yes", ())


@pytest.mark.parametrize(
    ("programs", "docker", "words"),
    [
        ({DOCKER: said("27.3.1\n")}, ("yes", ()), "WSL 2: yes, this is WSL 2"),
        ({DOCKER: STUB}, ("no", ("engine_silent",)), "turn on its WSL integration"),
        ({}, ("no", ("no_engine",)), "turn on its WSL integration"),
    ],
)
def test_wsl2_proves_itself(
    programs: dict[tuple[str, ...], Printed], docker: tuple[str, tuple[str, ...]], words: str
) -> None:
    # What Windows says of a virtual machine would not be needed, and is slow: it is not asked.
    programs = {**programs, ("systeminfo.exe",): windows("en_windows11_firmware_off")}
    sources = machine(files=linux(WSL2, cpuinfo=INTEL_GUEST), programs=programs)
    assert verdicts(sources) == (*docker, "yes", ())
    facts = collect(sources)
    assert facts.systeminfo == "unknown"
    assert words in summarize(judge_docker(facts), judge_wsl2(facts))


def sysctl(**values: str) -> dict[tuple[str, ...], Printed]:
    """What macOS says."""
    return {("sysctl", "-n", name.replace("_", ".", 1)): said(f"{value}\n") for name, value in values.items()}


@pytest.mark.parametrize(
    ("values", "programs", "docker"),
    [
        ({"kern_hv_support": "1", "kern_hv_vmm_present": "0"}, {DOCKER: said("27.3.1\n")}, ("yes", ())),
        ({"kern_hv_support": "1", "kern_hv_vmm_present": "0"}, {}, ("no", ("no_engine",))),
        ({"kern_hv_support": "1", "kern_hv_vmm_present": "0"}, {DOCKER: SILENT}, ("no", ("engine_silent",))),
        ({"kern_hv_support": "0", "kern_hv_vmm_present": "0"}, {}, ("no", ("cpu", "no_engine"))),
        ({"kern_hv_support": "0", "kern_hv_vmm_present": "1"}, {}, ("no", ("nested_virtualization", "no_engine"))),
        ({"kern_hv_support": "0"}, {DOCKER: SILENT}, ("no", ("engine_silent",))),
        ({"kern_hv_support": "0"}, {"/var/run/docker.sock": ""}, ("unknown", ())),
        ({}, {"/var/run/docker.sock": ""}, ("unknown", ())),
    ],
)
def test_macos(
    values: dict[str, str], programs: dict[tuple[str, ...] | str, Printed], docker: tuple[str, tuple[str, ...]]
) -> None:
    commands = {argv: printed for argv, printed in programs.items() if isinstance(argv, tuple)}
    files: dict[str, str | bytes] = {path: "" for path in programs if isinstance(path, str)}
    sources = machine("Darwin", files=files, programs={**sysctl(**values), **commands})
    assert verdicts(sources) == (*docker, *NOT_WINDOWS)


@pytest.mark.parametrize(
    ("supported", "guest", "cpu_virtualization"),
    [("1", "0", "yes"), ("1", "1", "yes"), ("0", "0", "no"), ("0", "1", "unknown"), ("0", "?", "unknown")],
)
def test_a_virtual_mac_says_nothing_of_its_cpu(supported: str, guest: str, cpu_virtualization: str) -> None:
    programs = sysctl(kern_hv_support=supported, kern_hv_vmm_present=guest)
    assert collect(machine("Darwin", programs=programs)).cpu_virtualization == cpu_virtualization


@pytest.mark.parametrize(("brand", "cpu"), [("Apple M2 Pro", "arm"), ("Intel(R) Core(TM) i7-8850H CPU", "intel")])
def test_the_cpu_of_a_mac(brand: str, cpu: str) -> None:
    programs = {("sysctl", "-n", "machdep.cpu.brand_string"): said(brand)}
    assert collect(machine("Darwin", programs=programs)).cpu == cpu


def test_other_systems() -> None:
    assert verdicts(machine("FreeBSD")) == ("no", ("no_engine",), "unknown", ())
    off = {("systeminfo.exe",): windows("de_windows10_firmware_off")}
    assert verdicts(machine("CYGWIN_NT-10.0", programs=off)) == ("no", ("firmware", "no_engine"), "no", ("firmware",))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ServerlessError, match=r"^/no/such can't be read\. Write the output of systeminfo\.exe"):
        facts_of_file("/no/such", sources=machine())


PATHS = sorted({*linux(), "/dev/kvm", "/.dockerenv", "/var/run/docker.sock", "/proc/1/cgroup", "/run/WSL"})
CONTENTS = st.one_of(st.binary(), st.sampled_from([text.encode() for text in (LINUX, WSL1, WSL2, AMD, ARM, "0\n")]))
ARGVS = [DOCKER, PODMAN, ("uname", "-r"), ("systeminfo.exe",), *sysctl(kern_hv_support="", kern_hv_vmm_present="")]
PRINTED = st.builds(
    Printed,
    code=st.sampled_from([0, 1, -1]),
    output=st.one_of(
        st.binary(),
        st.sampled_from([b"27.3.1\n", b"1\n", b"0\n", WSL2.encode(), windows("en_windows11_hypervisor").output]),
    ),
    errors=st.binary(),
)


@given(
    st.sampled_from(["Linux", "Darwin", "Windows", "Java", ""]),
    st.dictionaries(st.sampled_from(PATHS), CONTENTS),
    st.dictionaries(st.sampled_from(ARGVS), PRINTED),
)
def test_no_machine_makes_it_crash_or_lie(
    system: str, files: dict[str, bytes], programs: dict[tuple[str, ...], Printed]
) -> None:
    facts = collect(machine(system, files=files, programs=programs))
    docker, wsl2 = judge_docker(facts), judge_wsl2(facts)
    assert summarize(docker, wsl2).startswith(f"Docker: {docker.answer}, ")
    for verdict in (docker, wsl2):
        assert bool(verdict.reasons) == (verdict.answer == "no")
        assert verdict.because
    worked = {argv for argv, printed in programs.items() if printed.code == 0}
    if docker.answer == "yes":
        assert any(argv in worked and programs[argv].output.strip()[:1].isdigit() for argv in (DOCKER, PODMAN))
    if wsl2.answer == "yes":
        kernels = files.get("/proc/version", b"") + programs.get(("uname", "-r"), Printed(code=1)).output
        assert system in ("Linux", "Windows")
        assert b"microsoft-standard" in kernels or b"-WSL2" in kernels or ("systeminfo.exe",) in worked


def test_the_real_sources(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x82")
    assert read_file(str(tmp_path / "file")) == b"\x82"
    assert read_file(str(tmp_path)) is None
    assert run_program(["no-such-program-anywhere"]) is None
    assert run_program([sys.executable, "-c", "import sys; print(1); sys.exit('2')"]) == Printed(1, b"1\n", b"2\n")
    sources = this_machine()
    assert sources.exists("/")
    assert sources.answer([sys.executable, "-c", "print(3)"]) == "3"


def test_a_program_that_can_not_be_started(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF nothing")
    broken.chmod(0o700)
    assert run_program([str(broken)]) is None


def test_a_program_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_host_sources, "_SECONDS", 0.1)
    assert run_program([sys.executable, "-c", "import time; time.sleep(60)"]) == Printed(code=-1)


def test_facts_begin_unknown() -> None:
    facts = Facts(system="windows")
    assert judge_wsl2(facts).answer == judge_docker(facts).answer == "unknown"


def test_the_runner_takes_any_sequence() -> None:
    argv: Sequence[str] = (sys.executable, "-c", "")
    assert run_program(argv) == Printed(code=0)
