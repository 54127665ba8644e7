# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collects what a machine says of virtualization: Linux, with WSL 1 and 2, macOS, and Windows by its own text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from ansible_collections.asesoria.serverless.plugins.module_utils._answers import NO, UNKNOWN, YES, Answer, agree
from ansible_collections.asesoria.serverless.plugins.module_utils._container_engine import (
    UNASKED,
    Engine,
    find_engine,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._host_sources import Sources
from ansible_collections.asesoria.serverless.plugins.module_utils._systeminfo import SystemInfo, decode, parse
from ansible_collections.asesoria.serverless.plugins.module_utils._virtual_machines import is_virtual_machine

Wsl = Literal["1", "2", "no", "unknown"]

#: The second is for a PATH without Windows' folders.
_SYSTEMINFO = ("systeminfo.exe", "/mnt/c/Windows/System32/systeminfo.exe")
_INTEROP = ("/proc/sys/fs/binfmt_misc/WSLInterop", "/proc/sys/fs/binfmt_misc/WSLInterop-late", "/run/WSL")
_CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
_CONTAINER_GROUPS = re.compile(r"[/:](?:docker|kubepods|lxc|libpod|containerd)\b")
_CPU_NAMES = {"GenuineIntel": "intel", "AuthenticAMD": "amd"}
_SWITCH: dict[str, Answer] = {"1": YES, "0": NO}
_WINDOWS_LIKE = re.compile(r"Windows|CYGWIN|MSYS|MINGW")


@dataclass(frozen=True)
class Facts:
    """What is known of a machine. Whatever is not known is C(unknown).

    :param system: C(windows), C(linux), C(macos) or C(unknown); C(linux) in WSL too.
    :param cpu: C(intel), C(amd), C(arm) or C(unknown).
    :param cpu_virtualization: whether the CPU has what a hypervisor needs.
    :param firmware: whether the firmware has it switched on.
    :param dep: whether data execution prevention is on, which Windows' hypervisor needs too.
    :param hypervisor: whether a hypervisor can be used here (macOS, Linux) or is running (Windows).
    :param virtual_machine: whether this is one.
    :param wsl: which version of WSL this is.
    :param container: whether this is inside of one.
    :param cgroups: whether the kernel has control groups.
    :param user_namespaces: whether users other than root may make their own.
    :param engine: what there is of a container engine.
    :param systeminfo: whether Windows was asked, and the part about Hyper-V was found.
    """

    system: Literal["windows", "linux", "macos", "unknown"]
    cpu: str = UNKNOWN
    cpu_virtualization: Answer = UNKNOWN
    firmware: Answer = UNKNOWN
    dep: Answer = UNKNOWN
    hypervisor: Answer = UNKNOWN
    virtual_machine: Answer = UNKNOWN
    wsl: Wsl = "unknown"
    container: Answer = UNKNOWN
    cgroups: Answer = UNKNOWN
    user_namespaces: Answer = UNKNOWN
    engine: Engine = UNASKED
    systeminfo: Answer = UNKNOWN


def facts_of_text(text: str) -> Facts:
    """Collect what Windows' C(systeminfo.exe) has printed.

    :param text: the output.
    """
    return _with_windows(Facts(system="windows", wsl="no"), parse(text))


def facts_of_file(path: str, *, sources: Sources) -> Facts:
    """Collect what Windows' C(systeminfo.exe) has printed into a file.

    :param path: of the file.
    :param sources: of the machine that has the file.
    :raises ServerlessError: it can't be read.
    """
    data = sources.read(path)
    if data is None:
        raise ServerlessError(f"{path} can't be read", "Write the output of systeminfo.exe into that file")
    return facts_of_text(decode(data))


def collect(sources: Sources) -> Facts:
    """Collect what a machine says.

    :param sources: of the machine.
    """
    if sources.system == "Linux":
        return _linux(sources)
    if sources.system == "Darwin":
        return _macos(sources)
    engine = find_engine(sources)
    if _WINDOWS_LIKE.match(sources.system):
        return replace(_ask_windows(Facts(system="windows", wsl="no"), sources=sources), engine=engine)
    return Facts(system="unknown", engine=engine)


def _linux(sources: Sources) -> Facts:
    cpuinfo = sources.text("/proc/cpuinfo")
    flags = set(_field(cpuinfo, "flags").split())
    kvm = sources.exists("/dev/kvm")
    facts = Facts(
        system="linux",
        cpu=_linux_cpu(cpuinfo),
        # Newer kernels hide the flag if the firmware has it off, so that a missing one does not tell which it is.
        cpu_virtualization=YES if kvm or flags & {"vmx", "svm"} else UNKNOWN,
        firmware=YES if kvm else UNKNOWN,
        hypervisor=YES if kvm else UNKNOWN,
        virtual_machine=_linux_virtual_machine(sources, flags=flags),
        wsl=_wsl(sources),
        container=_container(sources),
        cgroups=_cgroups(sources),
        user_namespaces=_user_namespaces(sources),
        engine=find_engine(sources),
    )
    # The kernel of WSL 2 is proof in itself; in WSL 1 Windows knows more.
    return facts if facts.wsl in ("2", "no") else _ask_windows(facts, sources=sources)


def _macos(sources: Sources) -> Facts:
    supported = _SWITCH.get(sources.answer(["sysctl", "-n", "kern.hv_support"]), UNKNOWN)
    guest = _SWITCH.get(sources.answer(["sysctl", "-n", "kern.hv_vmm_present"]), UNKNOWN)
    brand = sources.answer(["sysctl", "-n", "machdep.cpu.brand_string"])
    return Facts(
        system="macos",
        cpu="arm" if brand.startswith("Apple") else "intel" if "Intel" in brand else UNKNOWN,
        # A Mac has no switch for it in its firmware.
        cpu_virtualization=supported if guest == NO or supported == YES else UNKNOWN,
        hypervisor=supported,
        virtual_machine=guest,
        wsl="no",
        container=NO,
        engine=find_engine(sources),
    )


def _ask_windows(facts: Facts, *, sources: Sources) -> Facts:
    replies = (sources.run([program]) for program in _SYSTEMINFO)
    output = next((reply.output for reply in replies if reply is not None and reply.code == 0), b"")
    return _with_windows(facts, parse(decode(output)))


def _with_windows(facts: Facts, info: SystemInfo) -> Facts:
    """Windows' word counts for the machine; the CPU is what it says, or what Linux in WSL says."""
    return replace(
        facts,
        cpu=facts.cpu if info.cpu == UNKNOWN else info.cpu,
        cpu_virtualization=_windows_cpu(info),
        firmware=info.firmware,
        dep=info.dep,
        hypervisor=info.hypervisor,
        virtual_machine=info.virtual_machine,
        systeminfo=YES if info.block else NO,
    )


def _windows_cpu(info: SystemInfo) -> Answer:
    """What is switched on is there; a text that says the one and not the other is not to be trusted."""
    if NO in (info.monitor, info.slat):
        return UNKNOWN if info.monitor == NO and info.firmware == YES else NO
    return YES if YES in (info.monitor, info.firmware) else UNKNOWN


def _field(cpuinfo: str, name: str) -> str:
    match = re.search(rf"^{name}[ \t]*:(.*)$", cpuinfo, re.MULTILINE)
    return match[1].strip() if match else ""


def _linux_cpu(cpuinfo: str) -> str:
    if _field(cpuinfo, "CPU implementer"):
        return "arm"
    return _CPU_NAMES.get(_field(cpuinfo, "vendor_id"), UNKNOWN)


def _linux_virtual_machine(sources: Sources, *, flags: set[str]) -> Answer:
    if "hypervisor" in flags:
        return YES
    folder = "/sys/class/dmi/id"
    return is_virtual_machine(
        maker=sources.text(f"{folder}/sys_vendor").strip(),
        model=sources.text(f"{folder}/product_name").strip(),
        bios=sources.text(f"{folder}/bios_vendor").strip(),
    )


def _wsl(sources: Sources) -> Wsl:
    """WSL 1 has no Linux in it and says C(-Microsoft); the kernel of WSL 2 is named C(microsoft-standard)."""
    texts = [text for text in (sources.text("/proc/version"), sources.answer(["uname", "-r"])) if text.strip()]
    versions = set(map(_wsl_of_kernel, texts))
    if len(versions) != 1:
        return "unknown"
    version = versions.pop()
    # Somebody's own kernel in WSL 2 may say nothing of it.
    return "unknown" if version == "no" and any(map(sources.exists, _INTEROP)) else version


def _wsl_of_kernel(text: str) -> Wsl:
    if re.search(r"\d-microsoft-standard|-WSL2\b", text):
        return "2"
    return "1" if re.search(r"\d-Microsoft\b", text) else "no"


def _container(sources: Sources) -> Answer:
    if any(map(sources.exists, _CONTAINER_FILES)) or _CONTAINER_GROUPS.search(sources.text("/proc/1/cgroup")):
        return YES
    return UNKNOWN


def _cgroups(sources: Sources) -> Answer:
    kinds = sources.text("/proc/filesystems")
    return UNKNOWN if not kinds.strip() else YES if re.search(r"\bcgroup2?$", kinds, re.MULTILINE) else NO


def _user_namespaces(sources: Sources) -> Answer:
    """Both switches have to be on; the second one is Debian's and not everywhere."""
    values = [sources.text("/proc/sys/user/max_user_namespaces").strip()]
    values += [value for value in [sources.text("/proc/sys/kernel/unprivileged_userns_clone").strip()] if value]
    if "0" in values:
        return NO
    return agree(YES if value.isdecimal() else UNKNOWN for value in values)
