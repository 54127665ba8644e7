# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judges whether Docker and WSL 2 can run on a machine, why not, and what to do.

The judgement is of the machine as it is now. C(yes) needs a proof, and so does C(no); all else is C(unknown).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ansible_collections.asesoria.serverless.plugins.module_utils import _virtualization_remedies as remedies
from ansible_collections.asesoria.serverless.plugins.module_utils._answers import NO, UNKNOWN, YES, Answer
from ansible_collections.asesoria.serverless.plugins.module_utils._host_facts import Facts


@dataclass(frozen=True)
class Verdict:
    """Whether something can run.

    :param answer: C(yes), C(no) or C(unknown).
    :param reasons: short and fixed names of what is against it; empty unless the answer is C(no).
    :param because: what the answer rests on, or what is not known, in words.
    :param remedy: what to do; empty if there is nothing to do.
    """

    answer: Answer
    reasons: tuple[str, ...]
    because: str
    remedy: str


@dataclass(frozen=True)
class Obstacle:
    """Something that is against it.

    :param reason: short and fixed.
    :param because: in words.
    :param remedy: what to do.
    """

    reason: str
    because: str
    remedy: str


def judge_wsl2(facts: Facts) -> Verdict:
    """Can WSL 2 run here.

    :param facts: of the machine.
    """
    if facts.wsl == "2":
        return Verdict(YES, (), "this is WSL 2", "")
    if facts.system in ("macos", "unknown") or (facts.system == "linux" and facts.wsl == "no"):
        if facts.system == "unknown":
            return Verdict(UNKNOWN, (), "this operating system is not known here", "")
        return Verdict(NO, ("not_windows",), "WSL is a part of Windows, which this is not", "")
    verdict = _judge_windows(facts)
    if facts.wsl != "1":
        return verdict if verdict.answer != YES else replace(verdict, remedy=remedies.INSTALL_WSL)
    return replace(verdict, remedy=_joined(verdict.remedy, remedies.CONVERT_TO_WSL2))


def judge_docker(facts: Facts) -> Verdict:
    """Can Docker, or Podman, run Linux containers here.

    :param facts: of the machine.
    """
    if facts.engine.state == "answers":
        return _judge_answer(facts)
    obstacles = [*_platform_obstacles(facts), *_engine_obstacles(facts)]
    if obstacles:
        return _refuse(obstacles)
    return _undecided_docker(facts)


def summarize(docker: Verdict, wsl2: Verdict) -> str:
    """Say both in one line, with what to do; nothing of WSL 2 where there is no Windows.

    :param docker: the verdict on Docker.
    :param wsl2: the verdict on WSL 2.
    """
    told = [("Docker", docker)] + [("WSL 2", wsl2)] * ("not_windows" not in wsl2.reasons)
    said = "; ".join(f"{name}: {verdict.answer}, {verdict.because}" for name, verdict in told)
    todo = dict.fromkeys(verdict.remedy for _name, verdict in told if verdict.remedy)
    return ". ".join([said, *todo])


def _judge_answer(facts: Facts) -> Verdict:
    """An engine proves itself by its answer; Podman has none, and answers where it may not start a container."""
    if facts.engine.name.startswith("podman") and facts.container == YES:
        because = f"{facts.engine.name} answers, but whether it may start containers inside of this one can't be seen"
        return Verdict(UNKNOWN, (), because, remedies.TRY_PODMAN)
    return Verdict(YES, (), f"{facts.engine.name} answers", "")


def _refuse(obstacles: list[Obstacle]) -> Verdict:
    return Verdict(
        NO,
        tuple(dict.fromkeys(one.reason for one in obstacles)),
        ", and ".join(dict.fromkeys(one.because for one in obstacles)),
        _joined(*dict.fromkeys(one.remedy for one in obstacles)),
    )


def _joined(*sentences: str) -> str:
    return ". ".join(sentence for sentence in sentences if sentence)


def _judge_windows(facts: Facts) -> Verdict:
    """Judge whether the hypervisor that WSL 2 and Docker Desktop need runs."""
    obstacles = list(_windows_obstacles(facts))
    if obstacles:
        return _refuse(obstacles)
    if facts.hypervisor != YES:
        return Verdict(UNKNOWN, (), _what_windows_left_open(facts), remedies.READ_SYSTEMINFO)
    if facts.virtual_machine == NO:
        return Verdict(YES, (), "Windows' hypervisor is running", "")
    if facts.virtual_machine == YES:
        because = (
            "this is a virtual machine, and the hypervisor that was detected may be the one below it: "
            "whether it lets another one run inside can't be seen"
        )
        return Verdict(UNKNOWN, (), because, remedies.try_nested())
    because = "a hypervisor was detected, but not whether this is a real machine or a virtual one"
    return Verdict(UNKNOWN, (), because, remedies.READ_SYSTEMINFO)


def _what_windows_left_open(facts: Facts) -> str:
    if facts.systeminfo == YES:
        return "what systeminfo.exe says of Hyper-V is incomplete or contradicts itself"
    return "systeminfo.exe did not say anything of Hyper-V that is understood here"


def _windows_obstacles(facts: Facts) -> Iterator[Obstacle]:
    """What is against Windows' hypervisor; if it runs, or may run, nothing is."""
    if facts.hypervisor != NO:
        return
    if facts.virtual_machine == YES and NO in (facts.cpu_virtualization, facts.firmware):
        because = "this is a virtual machine, and its hypervisor does not hand virtualization on to it"
        yield Obstacle("nested_virtualization", because, remedies.enable_nested())
        return
    if facts.cpu_virtualization == NO:
        because = "the CPU does not offer what a hypervisor needs"
        yield Obstacle("cpu", because, remedies.other_cpu(facts.cpu))
        return
    if facts.firmware == NO:
        because = "virtualization is switched off in the firmware (BIOS, UEFI)"
        yield Obstacle("firmware", because, remedies.switch_on(facts.cpu))
    if facts.dep == NO:
        because = "data execution prevention is switched off"
        yield Obstacle("firmware", because, remedies.switch_on_dep(facts.cpu))
    if (facts.cpu_virtualization, facts.firmware) == (YES, YES) and facts.dep != NO:
        because = "the hardware is ready, but Windows' hypervisor is not running"
        yield Obstacle("hypervisor_off", because, remedies.START_HYPERVISOR)


def _platform_obstacles(facts: Facts) -> Iterator[Obstacle]:
    """What keeps containers from running even with an engine."""
    if facts.wsl == "1":
        yield from _windows_obstacles(facts)
        yield Obstacle("wsl1", "this is WSL 1, whose kernel can't run containers", remedies.CONVERT_TO_WSL2)
    elif facts.system == "windows":
        yield from _windows_obstacles(facts)
    elif facts.system == "macos" and facts.hypervisor == NO:
        if facts.virtual_machine == YES:
            because = "this is a virtual machine, and its hypervisor does not hand virtualization on to it"
            yield Obstacle("nested_virtualization", because, remedies.enable_nested())
        elif facts.virtual_machine == NO:
            yield Obstacle("cpu", "this Mac's CPU has no support for a hypervisor", remedies.other_cpu("unknown"))
    elif facts.system == "linux" and facts.cgroups == NO:
        yield Obstacle("kernel", "the kernel has no control groups", remedies.OTHER_KERNEL)


def _engine_obstacles(facts: Facts) -> Iterator[Obstacle]:
    """What is wrong with the engine; in WSL 1 none would help."""
    state = facts.engine.state
    wsl2, container = facts.wsl == "2", facts.container == YES
    if facts.wsl == "1":
        return
    if state == "missing":
        remedy = remedies.install_engine(facts.system, wsl2=wsl2, container=container, rootless=facts.user_namespaces)
        yield Obstacle("no_engine", "no container engine is installed", remedy)
    elif state == "silent":
        because = f"{facts.engine.name} is installed, but no engine answers it"
        remedy = remedies.start_engine(facts.system, wsl2=wsl2, container=container)
        yield Obstacle("engine_silent", because, remedy)
    elif state == "refuses":
        because = f"{facts.engine.name} is installed, but this user may not use its engine"
        yield Obstacle("engine_refuses", because, remedies.LET_USER_IN)


def _undecided_docker(facts: Facts) -> Verdict:
    if facts.engine.state == "unseen":
        because = f"there is {facts.engine.name}, but no program that could ask who is behind it"
        return Verdict(UNKNOWN, (), because, remedies.INSTALL_CLIENT)
    machine = _judge_windows(facts)
    if machine.answer == YES:
        because = "Windows' hypervisor is running, but systeminfo.exe does not say if an engine is installed"
        return Verdict(UNKNOWN, (), because, remedies.INSTALL_ON_WINDOWS)
    return machine
