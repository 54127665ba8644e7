# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells a virtual machine from a real one by what its firmware says of itself."""

from __future__ import annotations

import re

from ansible_collections.asesoria.serverless.plugins.module_utils._answers import NO, UNKNOWN, YES, Answer

#: Names of hypervisors and of clouds, as their virtual machines give them for maker, model or firmware.
_NAMES = re.compile(
    r"virtual|vmware|\bvmw|innotek|qemu|\bkvm|\bxen\b|bochs|\bbhyve|parallels|\brhev|ovirt|openstack|kubevirt|nutanix"
    r"|\bahv\b|hvm domu|seabios|ovmf|edk ii|amazon ec2|google compute engine|alibaba cloud|tencent cloud|digitalocean"
    r"|droplet|hetzner|vserver|upcloud|vultr|linode|akamai connected|scaleway|exoscale|cloudstack|oraclecloud",
    re.IGNORECASE,
)
#: Machines of a cloud that are real ones, such as C(c5.metal).
_METAL = re.compile(r"\.metal\b", re.IGNORECASE)
_NOTHING = re.compile(r"[\W_]*(?:n/a|unknown|none|default string)?[\W_]*", re.IGNORECASE)


def is_virtual_machine(*, maker: str, model: str, bios: str = "") -> Answer:
    """Is this a virtual machine; a real one is believed only if it says who made it and what it is.

    :param maker: of the machine.
    :param model: of the machine.
    :param bios: who made its firmware, and the version.
    """
    if _METAL.search(model):
        return NO
    if _NAMES.search(f"{maker}\n{model}\n{bios}"):
        return YES
    return UNKNOWN if _NOTHING.fullmatch(maker) or _NOTHING.fullmatch(model) else NO
