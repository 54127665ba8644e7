# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Windows' own text is read in five languages and whatever encoding, and never says more than it does."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _systeminfo_words as words
from ansible_collections.asesoria.serverless.plugins.module_utils._host_facts import facts_of_text
from ansible_collections.asesoria.serverless.plugins.module_utils._systeminfo import SystemInfo, decode, parse
from ansible_collections.asesoria.serverless.plugins.module_utils._virtualization import judge_docker, judge_wsl2
from hypothesis import given
from hypothesis import strategies as st

FOLDER = Path(__file__).parent / "systeminfo"

OFF = {"monitor": "yes", "firmware": "no", "slat": "yes", "dep": "yes", "hypervisor": "no"}
READY = {**OFF, "firmware": "yes"}
RUNNING = {"monitor": "unknown", "firmware": "unknown", "slat": "unknown", "dep": "unknown", "hypervisor": "yes"}

#: What each file says: the requirements, whether it is a virtual machine, the CPU; then the verdict on WSL 2.
FILES = {
    "en_windows11_hypervisor": (RUNNING, "no", "intel", "yes", ()),
    "en_windows10_hypervisor_off": (READY, "no", "intel", "no", ("hypervisor_off",)),
    "en_windows11_firmware_off": (OFF, "no", "amd", "no", ("firmware",)),
    "es_virtual_machine_hypervisor": (RUNNING, "yes", "intel", "unknown", ()),
    "es_windows11_hypervisor": (RUNNING, "no", "intel", "yes", ()),
    "es_windows11_firmware_off": (OFF, "no", "amd", "no", ("firmware",)),
    "es_tutorial_block": (READY, "unknown", "unknown", "no", ("hypervisor_off",)),
    "pt_windows11_hypervisor": (RUNNING, "no", "intel", "yes", ()),
    "pt_windows11_hypervisor_off": (READY, "no", "intel", "no", ("hypervisor_off",)),
    "pt_windows11_firmware_off": (OFF, "no", "intel", "no", ("firmware",)),
    "fr_windows10_hypervisor": (RUNNING, "no", "intel", "yes", ()),
    "fr_windows10_hypervisor_off": (READY, "no", "intel", "no", ("hypervisor_off",)),
    "fr_windows10_firmware_off": (OFF, "no", "intel", "no", ("firmware",)),
    "fr_virtual_machine_no_block": ({**RUNNING, "hypervisor": "unknown"}, "yes", "amd", "unknown", ()),
    "de_windows10_hypervisor": (RUNNING, "no", "amd", "yes", ()),
    "de_windows10_hypervisor_off": (READY, "no", "amd", "no", ("hypervisor_off",)),
    "de_windows10_firmware_off": (OFF, "no", "amd", "no", ("firmware",)),
}

READY_BLOCK = """\
System Manufacturer: Dell Inc.
System Model: OptiPlex 7010
Hyper-V Requirements:      VM Monitor Mode Extensions: Yes
                           Virtualization Enabled In Firmware: Yes
                           Second Level Address Translation: Yes
                           Data Execution Prevention Available: Yes
"""
DETECTED_BLOCK = """\
System Manufacturer:       Dell Inc.
System Model:              OptiPlex 7010
Hyper-V Requirements:      A hypervisor has been detected. Features required for Hyper-V will not be displayed.
"""


def content(name: str) -> str:
    """A file of the table, with the line ends that Windows has."""
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8").replace("\n", "\r\n")


def test_all_files_are_in_the_table() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(FILES)


@pytest.mark.parametrize(
    "encoding", ["cp850", "utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "utf-16-le", "cp1252", "cp437", "lossy"]
)
@pytest.mark.parametrize("name", FILES)
def test_outputs(name: str, encoding: str) -> None:
    requirements, virtual_machine, cpu, _answer, _reasons = FILES[name]
    info = parse(decode(encoded(content(name), encoding)))
    expected = {
        **requirements,
        "virtual_machine": virtual_machine,
        "cpu": cpu,
        "block": name[3:] != "virtual_machine_no_block",
    }
    assert info == SystemInfo(**expected)


def encoded(text: str, encoding: str) -> bytes:
    """The text as Windows, or what stands between it and the reader, would write it."""
    if encoding.startswith("utf") or encoding == "cp1252":
        text = text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
    if encoding == "utf-16-be-bom":
        return b"\xfe\xff" + text.encode("utf-16-be")
    if encoding == "lossy":
        return text.encode("ascii", errors="replace")
    return text.encode(encoding, errors="replace")


@pytest.mark.parametrize("name", FILES)
def test_verdicts(name: str) -> None:
    *_facts, answer, reasons = FILES[name]
    facts = facts_of_text(content(name))
    wsl2, docker = judge_wsl2(facts), judge_docker(facts)
    assert (wsl2.answer, wsl2.reasons) == (answer, reasons)
    # Nothing in the text says whether an engine is installed.
    assert (docker.answer, docker.reasons) == ("unknown" if answer == "yes" else answer, reasons)


@pytest.mark.parametrize(
    ("name", "menu"),
    [
        ("en_windows11_firmware_off", "SVM Mode, SVM Support, Secure Virtual Machine or AMD-V (AMD CPU)"),
        ("pt_windows11_firmware_off", "Intel VT-x, Virtualization Technology (VTx) or Vanderpool (Intel CPU)"),
    ],
)
def test_the_firmwares_menu_is_named_for_the_cpu(name: str, menu: str) -> None:
    facts = facts_of_text(content(name))
    assert menu in judge_wsl2(facts).remedy
    assert judge_docker(facts).remedy == judge_wsl2(facts).remedy


def test_without_a_cpu_all_menus_are_named() -> None:
    block = READY_BLOCK.replace("Firmware: Yes", "Firmware: No")
    remedy = judge_wsl2(facts_of_text(block)).remedy
    assert all(f"on an {cpu} CPU" in remedy for cpu in ("Intel", "AMD", "Arm"))


def test_arm() -> None:
    line = "Processor(s): 1 Processor(s) Installed.\n  [01]: ARMv8 (64-bit) Family 8 Model 1 Revision 201 ~2995 Mhz\n"
    facts = facts_of_text(line + READY_BLOCK.replace("Firmware: Yes", "Firmware: No"))
    assert facts.cpu == "arm"
    assert "most Arm machines have no such switch" in judge_wsl2(facts).remedy


@pytest.mark.parametrize(
    ("change", "answer", "reasons"),
    [
        (("Extensions: Yes", "Extensions: No"), "unknown", ()),
        (("Firmware: Yes", "Firmware: Maybe"), "unknown", ()),
        (("Translation: Yes", "Translation: No"), "no", ("cpu",)),
        (("Available: Yes", "Available: No"), "no", ("firmware",)),
        (("Hyper-V Requirements:", "Something else:"), "unknown", ()),
        (("Second Level", "Virtualization Enabled In Firmware: No\n" + " " * 27 + "Second Level"), "unknown", ()),
        (("OptiPlex 7010", "KVM Virtual Machine"), "no", ("hypervisor_off",)),
    ],
)
def test_changes_of_the_block(change: tuple[str, str], answer: str, reasons: tuple[str, ...]) -> None:
    verdict = judge_wsl2(facts_of_text(READY_BLOCK.replace(*change)))
    assert (verdict.answer, verdict.reasons) == (answer, reasons)


def test_no_extensions_is_the_cpu_and_in_a_virtual_machine_the_hypervisor_below() -> None:
    none = READY_BLOCK.replace("Extensions: Yes", "Extensions: No").replace("Firmware: Yes", "Firmware: No")
    assert judge_wsl2(facts_of_text(none)).reasons == ("cpu",)
    inside = none.replace("Dell Inc.", "VMware, Inc.").replace("OptiPlex 7010", "VMware20,1")
    assert judge_wsl2(facts_of_text(inside)).reasons == ("nested_virtualization",)
    assert "Set-VMProcessor" in judge_wsl2(facts_of_text(inside)).remedy


@pytest.mark.parametrize(
    ("maker", "model", "answer"),
    [
        ("Dell Inc.", "OptiPlex 7010", "yes"),
        ("Microsoft Corporation", "Surface Pro 7", "yes"),
        ("Dell Inc.", "Xenon Workstation", "yes"),
        ("To Be Filled By O.E.M.", "To Be Filled By O.E.M.", "yes"),
        ("Amazon EC2", "c5.metal", "yes"),
        ("Amazon EC2", "t3.micro", "unknown"),
        ("Microsoft Corporation", "Virtual Machine", "unknown"),
        ("VMware, Inc.", "VMware7,1", "unknown"),
        ("innotek GmbH", "VirtualBox", "unknown"),
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", "unknown"),
        ("Xen", "HVM domU", "unknown"),
        ("Google", "Google Compute Engine", "unknown"),
        ("Parallels International GmbH.", "Parallels ARM Virtual Machine", "unknown"),
        ("Nutanix", "AHV", "unknown"),
        ("", "", "unknown"),
        ("Dell Inc.", "N/A", "unknown"),
    ],
)
def test_a_hypervisor_proves_something_on_a_real_machine_only(maker: str, model: str, answer: str) -> None:
    text = DETECTED_BLOCK.replace("Dell Inc.", maker).replace("OptiPlex 7010", model)
    assert judge_wsl2(facts_of_text(text)).answer == answer


def test_firmware_tells_a_virtual_machine_that_has_another_name() -> None:
    assert judge_wsl2(facts_of_text(DETECTED_BLOCK + "BIOS Version: SeaBIOS 1.16, 01/04/2014\n")).answer == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hyper-V Requirements: A hypervisor has been detected.",
        "Virtualization Enabled In Firmware: Yes",
        "Virtualization-based security: Status: Running",
        DETECTED_BLOCK.replace("A hypervisor has been detected", "No: a hypervisor has been detected"),
        DETECTED_BLOCK.replace("Hyper-V Requirements", "Virtualization-based security"),
        DETECTED_BLOCK + READY_BLOCK,
        READY_BLOCK + "Virtualization-based security: Status: Running\n",
        DETECTED_BLOCK + "Virtualization Enabled In Firmware: No\n",
        DETECTED_BLOCK + "Network Card(s): Virtualization Enabled In Firmware: Yes\n",
        DETECTED_BLOCK.replace("Requirements:", "Requirements:\nNetwork Card(s): 1\n   "),
        "Host Name: A hypervisor has been detected\nSystem Manufacturer: Dell Inc.\nSystem Model: X\n",
    ],
)
def test_what_proves_nothing(text: str) -> None:
    verdict = judge_wsl2(facts_of_text(text))
    assert (verdict.answer, verdict.reasons) == ("unknown", ())
    assert "systeminfo.exe" in verdict.remedy


def test_security_that_needs_a_hypervisor_proves_that_one_runs() -> None:
    above = "Virtualization-based security: Status: Running\n"
    text = above + DETECTED_BLOCK.partition("Hyper-V")[0]
    assert judge_wsl2(facts_of_text(text)).answer == "yes"
    assert judge_wsl2(facts_of_text(text.replace("Running", "Not enabled"))).answer == "unknown"


@pytest.mark.parametrize("prefix", ["", "    ", "\t"])
def test_a_block_that_is_indented_or_has_tabs(prefix: str) -> None:
    text = "".join(f"{prefix}{line}\n" for line in READY_BLOCK.replace(" " * 27, "\t\t\t").splitlines())
    assert parse(text).firmware == "yes"


def test_a_block_that_has_lost_its_columns() -> None:
    assert parse("\n".join(line.strip() for line in READY_BLOCK.splitlines())).slat == "yes"


LINES = sorted({line for name in FILES for line in content(name).splitlines()})
DETECTED = {*words.HYPERVISOR_DETECTED, *words.VBS_RUNNING}


def assert_honest(text: str) -> None:
    """The answer is "yes" only if a sentence of Windows says that a hypervisor runs, and none the opposite."""
    facts = facts_of_text(text)
    wsl2, docker = judge_wsl2(facts), judge_docker(facts)
    assert docker.answer in ("no", "unknown")
    assert wsl2.answer in ("yes", "no", "unknown")
    for verdict in (wsl2, docker):
        assert bool(verdict.reasons) == (verdict.answer == "no")
        assert verdict.because
        assert verdict.remedy
    if wsl2.answer == "yes":
        reduced = words.skeleton(text)
        assert any(sentence in reduced for sentence in DETECTED)
        assert any(label in reduced for label in words.MANUFACTURER)
        assert not any(label in reduced for label in words.REQUIREMENTS["firmware"])


@given(st.one_of(st.text(), st.binary().map(decode), st.lists(st.text()).map("\n".join)))
def test_no_text_makes_it_crash_or_lie(text: str) -> None:
    assert_honest(text)


@given(st.lists(st.sampled_from(LINES), max_size=30), st.sampled_from(["\n", "\r\n", "\r"]))
def test_no_mixture_of_true_lines_makes_it_lie(lines: list[str], end: str) -> None:
    assert_honest(end.join(lines))


@given(st.sampled_from(sorted(FILES)), st.randoms(use_true_random=False), st.sampled_from(["cp850", "utf-8", "utf-16"]))
def test_no_damage_makes_it_lie(name: str, chance: random.Random, encoding: str) -> None:
    data = bytearray(content(name).encode(encoding, errors="replace"))
    for _time in range(chance.randint(1, 60)):
        start = chance.randrange(len(data))
        data[start : start + chance.randint(0, 8)] = chance.randbytes(chance.randint(0, 4))
    answer = FILES[name][3]
    damaged = judge_wsl2(facts_of_text(decode(bytes(data)))).answer
    # Damage can hide a proof, or that there is a virtual machine; it can't turn what is off into what is on.
    assert damaged == "unknown" or answer in ("unknown", damaged)
