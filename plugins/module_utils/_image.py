# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image that a builder starts from: what Systems Manager's public parameter names, looked up in EC2."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError


class ImageError(ServerlessError):
    """There is no image to start from."""


class ParameterReader(Protocol):
    """What is used of boto3's client of C(ssm)."""

    def get_parameters(self, *, Names: list[str]) -> Any:  # noqa: N803 - the API's own name
        """Answer with the lists C(Parameters) and C(InvalidParameters)."""


class ImageReader(Protocol):
    """What is used of boto3's client of C(ec2)."""

    def describe_images(self, *, ImageIds: list[str]) -> Any:  # noqa: N803 - the API's own name
        """Answer with the list C(Images); an unknown identifier is an error."""


@dataclass(frozen=True)
class Image:
    """One Amazon Machine Image.

    :param image_id: such as C(ami-0123456789abcdef0).
    :param name: the name that its owner gave it.
    :param architecture: as EC2 says it, C(x86_64) or C(arm64).
    :param root_device_name: the device that its system disk is attached as.
    :param root_volume_size: GiB that the system disk needs at least.
    :param parameter: the parameter that named it.
    """

    image_id: str
    name: str
    architecture: str
    root_device_name: str
    root_volume_size: int
    parameter: str

    def facts(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def find_image(*, ssm: ParameterReader, ec2: ImageReader, parameter: str, region: str) -> Image:
    """Look up the image that a parameter names.

    :param ssm: client of Systems Manager.
    :param ec2: client of EC2.
    :param parameter: name of the parameter whose value is the image's identifier.
    :param region: where both clients look, for messages.
    :raises ImageError: the parameter is not there, or what it names is not.
    """
    values = [entry["Value"] for entry in ssm.get_parameters(Names=[parameter])["Parameters"]]
    if not values:
        raise ImageError(
            f"Systems Manager has no parameter {parameter} in region {region}, so there is no image to start from",
            "Choose a region or an architecture that has this image (variables asesoria_region, asesoria_architecture)",
        )
    images = ec2.describe_images(ImageIds=values)["Images"]
    if not images:
        raise ImageError(
            f"the image {values[0]}, which the parameter {parameter} names, is not in region {region}",
            "Try again in some minutes; if that does not help, choose another region (variable asesoria_region)",
        )
    return _image(images[0], parameter=parameter)


def _image(entry: Any, *, parameter: str) -> Image:
    root = entry["RootDeviceName"]
    sizes = [
        mapping["Ebs"].get("VolumeSize", 0)
        for mapping in entry.get("BlockDeviceMappings", [])
        if mapping.get("DeviceName") == root and "Ebs" in mapping
    ]
    return Image(
        image_id=entry["ImageId"],
        name=entry.get("Name", ""),
        architecture=entry["Architecture"],
        root_device_name=root,
        root_volume_size=max(sizes, default=0),
        parameter=parameter,
    )
