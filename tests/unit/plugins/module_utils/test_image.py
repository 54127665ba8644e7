# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._image import Image, ImageError, find_image

PARAMETER = "/aws/service/ami-amazon-linux-latest/some-image"


class Account:
    """Answers as both clients do."""

    def __init__(self, *, parameters: dict[str, str], images: list[dict[str, Any]]) -> None:
        self._parameters = parameters
        self._images = images

    def get_parameters(self, *, Names: list[str]) -> dict[str, Any]:  # noqa: N803 - the API's own name
        found = {name: self._parameters[name] for name in Names if name in self._parameters}
        return {
            "Parameters": [{"Name": name, "Value": value} for name, value in found.items()],
            "InvalidParameters": [name for name in Names if name not in found],
        }

    def describe_images(self, *, ImageIds: list[str]) -> dict[str, Any]:  # noqa: N803 - the API's own name
        return {"Images": [image for image in self._images if image["ImageId"] in ImageIds]}


def find(account: Account) -> Image:
    return find_image(ssm=account, ec2=account, parameter=PARAMETER, region="eu-south-2")


def image_entry(**changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "ImageId": "ami-1",
        "Name": "amzn2",
        "Architecture": "arm64",
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 100}},
            {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"},
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8}},
        ],
    }
    return {**entry, **changes}


def test_the_image_and_its_system_disk() -> None:
    account = Account(parameters={PARAMETER: "ami-1"}, images=[image_entry()])
    assert find(account) == Image(
        image_id="ami-1",
        name="amzn2",
        architecture="arm64",
        root_device_name="/dev/xvda",
        root_volume_size=8,
        parameter=PARAMETER,
    )


@pytest.mark.parametrize("mappings", [[], [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": "snap-1"}}]])
def test_a_disk_of_unknown_size_needs_nothing(mappings: list[dict[str, Any]]) -> None:
    account = Account(parameters={PARAMETER: "ami-1"}, images=[image_entry(BlockDeviceMappings=mappings)])
    assert find(account).root_volume_size == 0


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ImageError) as caught:
        find(Account(parameters={}, images=[image_entry()]))
    assert caught.value.problem == (
        f"Systems Manager has no parameter {PARAMETER} in region eu-south-2, so there is no image to start from"
    )
    assert "asesoria_region" in caught.value.remedy


def test_a_missing_image_is_named() -> None:
    with pytest.raises(ImageError) as caught:
        find(Account(parameters={PARAMETER: "ami-2"}, images=[image_entry()]))
    assert (
        caught.value.problem == f"the image ami-2, which the parameter {PARAMETER} names, is not in region eu-south-2"
    )
