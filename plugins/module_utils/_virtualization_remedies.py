# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do where Docker or WSL 2 can't run, in words."""

from __future__ import annotations

from ansible_collections.asesoria.serverless.plugins.module_utils._answers import NO, Answer

#: What the switch is called in the menus of the firmware, which differ from maker to maker.
SWITCHES = {
    "intel": "Intel Virtualization Technology, Intel VT-x, Virtualization Technology (VTx) or Vanderpool",
    "amd": "SVM Mode, SVM Support, Secure Virtual Machine or AMD-V",
    "arm": "Virtualization (most Arm machines have no such switch; look for an update of the firmware then)",
}
#: Likewise for data execution prevention.
DEP_SWITCHES = {
    "intel": "Execute Disable Bit or XD Technology",
    "amd": "NX Mode or No-Execute Memory Protection",
    "arm": "No-Execute Memory Protection",
}
_CPUS = {"intel": "Intel", "amd": "AMD", "arm": "Arm"}

START_HYPERVISOR = (
    "In a terminal as administrator, run wsl --install --no-distribution (or turn on the Windows feature Virtual "
    "Machine Platform) and bcdedit /set hypervisorlaunchtype auto, then restart Windows"
)
INSTALL_WSL = "If WSL is not installed yet, run wsl --install in a terminal as administrator, then restart Windows"
CONVERT_TO_WSL2 = "In Windows, run wsl --set-version NAME 2 with the name that wsl --list --verbose shows"
READ_SYSTEMINFO = "Run systeminfo.exe in Windows and give its entire output"
INSTALL_ON_WINDOWS = "If there is none, install Docker Desktop or Podman Desktop"
INSTALL_CLIENT = "Install Docker's or Podman's command line program"
OTHER_KERNEL = "Use a kernel with control groups, as every current distribution has"
LEAVE_CONTAINER = "This is a container: give it the socket of the host's engine, or run this on the host"
TRY_PODMAN = "Try podman run --rm with a small image"
LET_USER_IN = (
    "Add the user to the group docker and log in anew (whoever is in it is as good as root), or use rootless Podman"
)


def switch_on(cpu: str) -> str:
    """How to switch virtualization on in the firmware.

    :param cpu: C(intel), C(amd), C(arm) or C(unknown).
    """
    return f"{_into_firmware()} switch on {_named(SWITCHES, cpu)}, save, and turn the machine off and on again"


def switch_on_dep(cpu: str) -> str:
    """How to switch data execution prevention on in the firmware.

    :param cpu: C(intel), C(amd), C(arm) or C(unknown).
    """
    return f"{_into_firmware()} switch on {_named(DEP_SWITCHES, cpu)}, and in Windows run bcdedit /set nx OptIn"


def other_cpu(cpu: str) -> str:
    """What is left if the CPU can't.

    :param cpu: C(intel), C(amd), C(arm) or C(unknown).
    """
    return (
        "See in the CPU's data sheet whether it has virtualization; if it has, the firmware hides it: look there for "
        f"{_named(SWITCHES, cpu)}. If not, containers need another machine; the layer can be built without them"
    )


def enable_nested() -> str:
    """How to let a virtual machine run a hypervisor."""
    return (
        "Turn the virtual machine off and let it use nested virtualization: in Hyper-V by Set-VMProcessor -VMName NAME "
        "-ExposeVirtualizationExtensions $true, in VMware by Virtualize Intel VT-x/EPT or AMD-V/RVI, in VirtualBox by "
        "Enable Nested VT-x/AMD-V; in a cloud, take a type of machine that has it"
    )


def try_nested() -> str:
    """What to do in a virtual machine that may or may not be allowed to."""
    return f"Try wsl --install; if WSL 2 does not start: {enable_nested()}"


def install_engine(system: str, *, wsl2: bool, container: bool, rootless: Answer) -> str:
    """How to get an engine.

    :param system: C(linux), C(macos), C(windows) or C(unknown).
    :param wsl2: whether this is WSL 2.
    :param container: whether this is inside of a container.
    :param rootless: whether users other than root may run one.
    """
    if container:
        return LEAVE_CONTAINER
    if system == "macos":
        return "Install Docker Desktop, Colima or Podman"
    if system == "windows":
        return "Install Docker Desktop or Podman Desktop"
    install = "Install Docker Engine or Podman, by the distribution's packages"
    if wsl2:
        install += ", or Docker Desktop in Windows, and turn on its WSL integration"
    if rootless == NO:
        install += "; only root can run it here, because user namespaces are switched off"
    return install


def start_engine(system: str, *, wsl2: bool, container: bool) -> str:
    """How to get an engine to answer.

    :param system: C(linux), C(macos), C(windows) or C(unknown).
    :param wsl2: whether this is WSL 2.
    :param container: whether this is inside of a container.
    """
    if container:
        return LEAVE_CONTAINER
    if wsl2:
        return "Start Docker Desktop and turn on its WSL integration, or the engine here (sudo service docker start)"
    if system == "linux":
        return "Start it (sudo systemctl start docker), or see where DOCKER_HOST points"
    return "Start Docker Desktop, or podman machine start, or see where DOCKER_HOST points"


def _into_firmware() -> str:
    return "Restart into the firmware's setup (F2, F10, F12, Del or Esc while it starts) and"


def _named(names: dict[str, str], cpu: str) -> str:
    if cpu in names:
        return f"{names[cpu]} ({_CPUS[cpu]} CPU)"
    return "; or ".join(f"{words} on an {_CPUS[key]} CPU" for key, words in names.items())
