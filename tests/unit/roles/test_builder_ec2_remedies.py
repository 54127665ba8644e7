# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role builder_ec2 says to do when EC2 starts no machine.

That it says so, and leaves nothing behind, is for the scenario: molecule/builder_ec2/refuse.yml. The client asks again
for minutes after some of these codes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.asesoria.serverless.tests.unit.rendering import render

ROLE = Path(__file__).parents[3] / "roles/builder_ec2"
VARIABLES: dict[str, Any] = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))


def remedy(message: str, *, code: str | None) -> str:
    """What the role appends to EC2's message."""
    needed = {name: VARIABLES[name] for name in ("builder_ec2__remedies", "builder_ec2__no_profile")}
    started = {"msg": message, **({"error": {"code": code}} if code else {})}
    return str(render(VARIABLES["builder_ec2__remedy"], variables={**needed, "builder_ec2__started": started}))


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("InsufficientInstanceCapacity", ["Try again", "builder_ec2_instance_type", "builder_ec2_subnet_id"]),
        ("InsufficientHostCapacity", ["Try again", "builder_ec2_instance_type", "builder_ec2_subnet_id"]),
        ("InstanceLimitExceeded", ["Service Quotas, Amazon EC2"]),
        ("VcpuLimitExceeded", ["Running On-Demand", "Service Quotas, Amazon EC2"]),
        ("MaxSpotInstanceCountExceeded", ["spot", "Service Quotas, Amazon EC2"]),
        ("VolumeLimitExceeded", ["Service Quotas, Amazon EBS"]),
        ("Unsupported", ["builder_ec2_instance_type", "builder_ec2_subnet_id"]),
        ("InvalidInstanceType", ["builder_ec2_instance_type"]),
        ("InsufficientFreeAddressesInSubnet", ["builder_ec2_subnet_id"]),
    ],
)
def test_each_refusal_has_its_way_out(code: str, wanted: list[str]) -> None:
    message = f"Failed to create new EC2 instance: An error occurred ({code}) when calling RunInstances"
    assert [text for text in wanted if text not in remedy(message, code=code)] == []


def test_a_profile_that_ec2_does_not_know() -> None:
    message = "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
    assert "playbooks/access.yml" in remedy(message, code="InvalidParameterValue")


@pytest.mark.parametrize("code", [None, "SomethingNew"])
def test_nothing_is_made_up_for_what_is_not_known(code: str | None) -> None:
    assert remedy("An error occurred", code=code) == ""


def test_the_remedies_name_variables_that_there_are() -> None:
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
    words = " ".join(VARIABLES["builder_ec2__remedies"].values()).replace("(", " ").replace(")", " ").split()
    named = {word.strip(".,") for word in words if word.startswith("builder_ec2_")}
    assert named
    assert named <= set(defaults)
