# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _package_budget
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_directory import LayerDirectories
from ansible_collections.asesoria.serverless.plugins.module_utils._package_budget import (
    PackageTooLargeError,
    require_room,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import PackagedFunction
from botocore.exceptions import ClientError

ARN = "arn:aws:lambda:us-east-1:123456789012:layer:deps:7"
OTHER = "arn:aws:lambda:us-east-1:123456789012:layer:other:1"


def make_zip(size: int) -> bytes:
    """A zip that is much larger when it is unzipped."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(size))
    return file.getvalue()


@pytest.fixture(autouse=True)
def _small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would take seconds with 250 MB is the same with 10 MB."""
    monkeypatch.setattr(_package_budget, "MAX_UNZIPPED_BYTES", 10 * 1024 * 1024)


def function(tmp_path: Path, *layers: str, megabytes: int = 4) -> PackagedFunction:
    archive = tmp_path / "shop.zip"
    archive.write_bytes(make_zip(megabytes * 1024 * 1024))
    return PackagedFunction("shop-dev-api", archive, runtime="python3.11", architecture="x86_64", layers=layers)


class Lambda:
    """GetLayerVersion, and what lies at the addresses that it gives."""

    def __init__(self, **zips: bytes) -> None:
        self.zips = zips
        self.asked: list[str] = []

    def get_layer_version(self, *, LayerName: str, VersionNumber: int) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.asked.append(f"{LayerName}:{VersionNumber}")
        name = LayerName.rsplit(":", maxsplit=1)[-1]
        if name not in self.zips:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no."}}, "GetLayerVersion")
        return {"Content": {"Location": f"https://x/{name}"}}

    def fetch(self, url: str, _headers: Mapping[str, str]) -> Any:
        answer = io.BytesIO(self.zips[url.rpartition("/")[2]])
        answer.status, answer.headers = 200, Message()  # type: ignore[attr-defined]
        return answer


def directories(aws: Lambda, warnings: list[str]) -> LayerDirectories:
    return LayerDirectories(lambda: aws, fetch=aws.fetch, warn=warnings.append)


def test_a_function_and_its_layers_that_fit(tmp_path: Path) -> None:
    aws, warnings = Lambda(deps=make_zip(5 * 1024 * 1024)), list[str]()
    layers = directories(aws, warnings)
    for _again in range(2):
        require_room([function(tmp_path, ARN, '{"Ref": "Own"}')], members=layers.members)
    assert aws.asked == [ARN]
    assert warnings == []


def test_together_they_are_too_large(tmp_path: Path) -> None:
    aws = Lambda(deps=make_zip(5 * 1024 * 1024), other=make_zip(1024 * 1024))
    with pytest.raises(PackageTooLargeError) as caught:
        require_room([function(tmp_path, ARN, OTHER)], members=directories(aws, []).members)
    assert str(caught.value).startswith(
        "the function shop-dev-api takes 10.0 MB unzipped, and Lambda less than 10 MB: "
        f"the package shop.zip 4.0 MB, {ARN} 5.0 MB, {OTHER} 1.0 MB. Leave out"
    )


def test_a_function_alone_can_be_too_large(tmp_path: Path) -> None:
    with pytest.raises(PackageTooLargeError, match=r"takes 11\.0 MB unzipped"):
        require_room([function(tmp_path, megabytes=11)], members=directories(Lambda(), []).members)


def test_a_layer_that_can_not_be_read_is_said_and_left_out(tmp_path: Path) -> None:
    warnings: list[str] = []
    require_room([function(tmp_path, OTHER)], members=directories(Lambda(), warnings).members)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"The layer {OTHER} can't be read, so nobody can say")
    broken: list[str] = []
    require_room([function(tmp_path, OTHER)], members=directories(Lambda(other=b"PK"), broken).members)
    assert "the zip can't be read" in broken[0]


def test_more_layers_than_lambda_takes(tmp_path: Path) -> None:
    layers = [f"{ARN}{number}" for number in range(6)]
    with pytest.raises(PackageTooLargeError, match="has 6 layers, and Lambda takes 5: arn:"):
        require_room([function(tmp_path, *layers)], members=lambda _arn: None)
