# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module against moto's Lambda; lost replies and refusals are put in between."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _layer_request
from ansible_collections.asesoria.serverless.plugins.module_utils._archive import Archive, file_sha256, in_base64
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import (
    Distribution,
    ImportReport,
    Manifest,
    Saved,
    write_manifest,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import Allowance
from ansible_collections.asesoria.serverless.plugins.modules import layer_publish
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles, make_elf
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from moto import mock_aws

NAME = "flask-dependencies-py311"
TEXT = "Dependencias para Flask en Python 3.11"
WRITES = ("PublishLayerVersion", "DeleteLayerVersion", "PutObject", "DeleteObject")


class Wire:
    """Stands between the SDK and moto: writes down the calls, and fails as it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        #: Per call of an operation: what to raise, and whether the call reaches AWS first.
        self.failures: dict[str, list[tuple[Exception, bool]]] = {}

    @property
    def writes(self) -> list[str]:
        return [name for name, _arguments in self.calls if name in WRITES]


@pytest.fixture(autouse=True)
def wire(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Wire]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(layer_publish.time, "sleep", lambda _seconds: None)
    wire = Wire()
    original = BaseClient._make_api_call

    def call(self: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        wire.calls.append((name, arguments))
        failures = wire.failures.get(name)
        if not failures:
            return original(self, name, arguments)
        error, arrives = failures.pop(0)
        if arrives:
            original(self, name, arguments)
        raise error

    with mock_aws():
        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        yield wire


@pytest.fixture
def layer_zip(tmp_path: Path) -> Path:
    return make_zip(tmp_path / f"{NAME}.zip", "one")


def make_zip(path: Path, content: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(readable("python/a.py"), content)
    return path


def readable(name: str) -> zipfile.ZipInfo:
    """A file that Lambda's user may read."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o100644 << 16
    return info


def publish(layer_zip: Path, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    args = {"name": NAME, "description": TEXT, "zip": str(layer_zip), **options}
    return run_module(layer_publish.main, args, check_mode=check_mode, diff=True)


def manifest_of(layer_zip: Path) -> Manifest:
    """A manifest that describes a zip."""
    return Manifest(
        key="k",
        engine="1",
        runtime="python3.11",
        architecture="x86_64",
        python="3.11.17",
        libc="glibc 2.26",
        compiled=0,
        glibc="",
        slim="safe",
        saved=Saved(files=0, size=0),
        provided=(),
        allow=(),
        bytecode=0,
        imports=ImportReport(modules=1, optional=(), allowed=()),
        distributions=(Distribution(name="Flask", version="3.1.3", files=1, size=3),),
        archive=Archive(file_sha256(layer_zip), layer_zip.stat().st_size, 1, 3, "t"),
    )


def remove(*, check_mode: bool = False) -> dict[str, Any]:
    return run_module(layer_publish.main, {"name": NAME, "state": "absent"}, check_mode=check_mode, diff=True)


def versions() -> list[dict[str, Any]]:
    return boto3.client("lambda").list_layer_versions(LayerName=NAME)["LayerVersions"]


def client_error(code: str, message: str = "no", status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PublishLayerVersion")


LOST = ConnectionClosedError(endpoint_url="https://lambda")


def test_the_first_run_publishes(layer_zip: Path) -> None:
    sha256 = in_base64(file_sha256(layer_zip))
    result = publish(layer_zip, license="MIT")
    assert_return_documented(layer_publish, result)
    assert result["changed"]
    assert result["code_sha256"] == sha256
    assert result["code_size"] == layer_zip.stat().st_size
    assert result["version"] == 1
    assert result["layer_version_arn"] == f"{result['layer_arn']}:1"
    (version,) = versions()
    assert version["Description"] == f"{TEXT} [asesoria.serverless {sha256}]"
    assert version["CompatibleRuntimes"] == ["python3.11"]
    assert version["CompatibleArchitectures"] == ["x86_64"]
    assert version["LicenseInfo"] == "MIT"
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"]["code_sha256"] == sha256


def test_the_same_content_publishes_nothing(wire: Wire, layer_zip: Path) -> None:
    first = publish(layer_zip)
    wire.calls.clear()
    second = publish(layer_zip, description="Another text")
    assert_return_documented(layer_publish, second)
    assert (second["changed"], wire.writes) == (False, [])
    assert second["diff"]["before"] == second["diff"]["after"]
    assert {key: second[key] for key in ("version", "layer_version_arn", "code_sha256")} == {
        key: first[key] for key in ("version", "layer_version_arn", "code_sha256")
    }


def test_another_content_is_a_new_version(layer_zip: Path) -> None:
    publish(layer_zip)
    make_zip(layer_zip, "two")
    assert publish(layer_zip)["version"] == 2
    # Who looks the layer up by its name takes the newest version: it has to be this content.
    make_zip(layer_zip, "one")
    assert publish(layer_zip)["version"] == 3


def test_versions_for_something_else_do_not_count(layer_zip: Path) -> None:
    publish(layer_zip)
    assert publish(layer_zip, architectures=["arm64"])["version"] == 2
    assert publish(layer_zip, runtimes=["python3.13"])["version"] == 3
    assert publish(layer_zip)["version"] == 1


def test_check_mode_writes_nothing(wire: Wire, layer_zip: Path) -> None:
    result = publish(layer_zip, check_mode=True)
    assert_return_documented(layer_publish, result)
    assert (result["changed"], result["version"], result["layer_arn"], wire.writes) == (True, None, None, [])
    real = publish(layer_zip)
    assert real["diff"] == result["diff"]
    result = publish(layer_zip, check_mode=True)
    assert (result["changed"], result["version"]) == (False, 1)
    make_zip(layer_zip, "two")
    result = publish(layer_zip, check_mode=True)
    assert (result["changed"], result["version"], result["layer_arn"]) == (True, None, real["layer_arn"])


@pytest.mark.parametrize(
    "error", [LOST, ReadTimeoutError(endpoint_url="https://lambda"), client_error("ServiceException", status=500)]
)
def test_a_lost_reply_makes_no_second_version(wire: Wire, layer_zip: Path, error: Exception) -> None:
    wire.failures["PublishLayerVersion"] = [(error, True)]
    result = publish(layer_zip)
    assert (result["changed"], result["version"], len(versions())) == (True, 1, 1)
    assert wire.writes == ["PublishLayerVersion"]


@pytest.mark.parametrize("error", [LOST, client_error("TooManyRequestsException", status=429)])
def test_a_call_that_did_not_arrive_is_made_again(wire: Wire, layer_zip: Path, error: Exception) -> None:
    wire.failures["PublishLayerVersion"] = [(error, False), (error, False)]
    assert publish(layer_zip)["version"] == 1
    assert wire.writes == ["PublishLayerVersion"] * 3


def test_the_last_lost_reply_is_looked_for_too(wire: Wire, layer_zip: Path) -> None:
    wire.failures["PublishLayerVersion"] = [(LOST, False), (LOST, False), (LOST, True)]
    assert publish(layer_zip)["version"] == 1
    assert len(versions()) == 1


def test_an_older_version_of_the_same_content_is_not_taken_for_the_lost_one(wire: Wire, layer_zip: Path) -> None:
    publish(layer_zip)
    publish(make_zip(layer_zip, "two"))
    make_zip(layer_zip, "one")
    wire.failures["PublishLayerVersion"] = [(LOST, True)]
    assert publish(layer_zip)["version"] == 3


def test_nothing_is_published_while_aws_cannot_be_asked(wire: Wire, layer_zip: Path) -> None:
    publish(layer_zip)
    make_zip(layer_zip, "two")
    wire.calls.clear()
    original = wire.failures
    unreachable = EndpointConnectionError(endpoint_url="https://lambda")

    class AfterPublishing(dict[str, list[tuple[Exception, bool]]]):
        def get(self, name: str, _default: Any = None) -> Any:
            if name == "ListLayerVersions" and wire.writes:
                return [(unreachable, False)]
            return original.get(name)

    original["PublishLayerVersion"] = [(LOST, True)]
    wire.failures = AfterPublishing()
    result = publish(layer_zip)
    assert result["failed"]
    assert result["msg"] == (
        f'listing the versions of layer {NAME} failed: Could not connect to the endpoint URL: "https://lambda". '
        "Check the region and the network, then run it again."
    )
    assert wire.writes == ["PublishLayerVersion"]


def test_too_many_lost_replies_are_an_error(wire: Wire, layer_zip: Path) -> None:
    wire.failures["PublishLayerVersion"] = [(LOST, False)] * 3
    result = publish(layer_zip)
    assert result["msg"] == (
        f"publishing layer {NAME} failed, as no answer came: Connection was closed before we received a valid response "
        'from endpoint URL: "https://lambda". Check the region and the network, then run it again.'
    )
    assert versions() == []


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("AccessDeniedException", "Allow the call to these credentials"),
        ("ExpiredTokenException", "Correct the credentials"),
        ("CodeStorageExceededException", "Delete versions of layers"),
    ],
)
def test_refusals_say_what_to_do(wire: Wire, layer_zip: Path, code: str, remedy: str) -> None:
    wire.failures["PublishLayerVersion"] = [(client_error(code, "AWS says no."), False)]
    message = publish(layer_zip)["msg"]
    assert message.startswith(f"publishing layer {NAME} failed: AWS says no ({code}). {remedy}")
    assert wire.writes == ["PublishLayerVersion"]


def test_no_credentials(layer_zip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert publish(layer_zip)["msg"] == (
        f"listing the versions of layer {NAME} failed: Unable to locate credentials. Correct the credentials: "
        "AWS_PROFILE, or the keys that the environment gives."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "flask dependencies"}, "'flask dependencies' can't be the name of a layer"),
        ({"name": ""}, "'' can't be the name of a layer"),
        ({"name": "x" * 141}, "can't be the name of a layer"),
        ({"description": "x" * 190}, "has 190 characters. Shorten it to 189"),
        ({"license": "x" * 513}, "has 513 characters. Shorten it to 512"),
        ({"runtimes": ["python2.7"]}, "'python2.7' is no runtime that Lambda has"),
        ({"runtimes": []}, f"no runtime is named for layer {NAME}"),
        ({"architectures": []}, f"no architecture is named for layer {NAME}"),
        ({"architectures": ["i386"]}, "'i386' is no architecture that Lambda has. Use one of x86_64, arm64."),
        ({"zip": "/nix/layer.zip"}, "layer zip /nix/layer.zip can't be read (No such file or directory)"),
        ({"manifest": "/nix/manifest.json"}, "manifest /nix/manifest.json does not exist"),
    ],
)
def test_bad_input_reaches_no_writing_call(wire: Wire, layer_zip: Path, options: dict[str, Any], message: str) -> None:
    result = publish(layer_zip, **options)
    assert result["failed"]
    assert message in result["msg"]
    assert wire.writes == []


def test_the_longest_description_fits(layer_zip: Path) -> None:
    publish(layer_zip, description="x" * 189)
    assert len(versions()[0]["Description"]) == 256


def test_what_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("PK")
    assert "is not a zip that can be read" in publish(tmp_path / "a.zip")["msg"]


def test_an_unzipped_size_above_the_limit(wire: Wire, layer_zip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_layer_request, "MAX_UNZIPPED_BYTES", 2)
    assert "unzipped, but a function and its layers may have" in publish(layer_zip)["msg"]
    assert wire.writes == []


def test_the_manifest_is_held_against_the_zip(layer_zip: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    write_manifest(manifest_of(layer_zip), path=path)
    assert publish(layer_zip, manifest=str(path))["diff"]["after"]["distributions"] == {"flask": "3.1.3"}
    make_zip(layer_zip, "two")
    assert "but its manifest" in publish(layer_zip, manifest=str(path))["msg"]


class TestGate:
    """What would fail in Lambda is not published, whoever calls the module."""

    RULE = "wrong-abi"

    @pytest.fixture(name="bad_zip")
    def _bad_zip(self, tmp_path: Path) -> Path:
        layer = LayerFiles()
        layer.distribution("App.Kit", "1.0", files={"app_kit/_x.cpython-39-x86_64-linux-gnu.so": make_elf()})
        return layer.zip(tmp_path / "bad.zip")

    @pytest.mark.parametrize("check_mode", [False, True])
    def test_it_is_refused(self, wire: Wire, bad_zip: Path, *, check_mode: bool) -> None:
        result = publish(bad_zip, check_mode=check_mode)
        assert result["failed"]
        assert f"layer {NAME} is not published for python3.11 on x86_64" in result["msg"]
        assert f"[{self.RULE}] python/app_kit/_x.cpython-39-x86_64-linux-gnu.so (App.Kit)" in result["msg"]
        assert wire.writes == []

    def test_it_can_be_allowed_by_name(self, wire: Wire, bad_zip: Path) -> None:
        assert publish(bad_zip, allow=[{"rule": "wrong-machine", "distribution": "app-kit"}])["failed"]
        assert publish(bad_zip, allow=[{"rule": self.RULE, "distribution": "another"}])["failed"]
        assert wire.writes == []
        assert publish(bad_zip, allow=[{"rule": self.RULE, "distribution": "app-kit"}])["changed"]

    def test_what_the_manifest_lets_pass_is_accepted(self, bad_zip: Path, tmp_path: Path) -> None:
        path = tmp_path / "m.json"
        write_manifest(replace(manifest_of(bad_zip), allow=(Allowance("wrong-machine", "app-kit"),)), path=path)
        assert publish(bad_zip, manifest=str(path))["failed"]
        write_manifest(replace(manifest_of(bad_zip), allow=(Allowance(self.RULE, "app-kit"),)), path=path)
        assert publish(bad_zip, manifest=str(path))["changed"]

    def test_every_runtime_counts(self, wire: Wire, tmp_path: Path) -> None:
        layer = LayerFiles()
        versions = {"libc.so.6": ["GLIBC_2.28"]}
        layer.distribution("app", "1.0", files={"app/_x.abi3.so": make_elf(versions=versions)})
        archive = layer.zip(tmp_path / "new.zip")
        result = publish(archive, runtimes=["python3.13", "python3.11"])
        assert "is not published for python3.11 on x86_64" in result["msg"]
        assert "glibc-too-new" in result["msg"]
        assert wire.writes == []
        assert publish(archive, runtimes=["python3.13"])["changed"]

    def test_what_is_provided_need_not_be_there(self, tmp_path: Path) -> None:
        layer = LayerFiles()
        layer.distribution("app", "1.0", headers=["Requires-Dist: numpy", "Requires-Dist: boto3"])
        archive = layer.zip(tmp_path / "app.zip")
        assert "requirement-missing" in publish(archive)["msg"]
        assert publish(archive, provided=["numpy"])["changed"]


class TestLarge:
    @pytest.fixture(autouse=True)
    def _limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_layer_request, "MAX_DIRECT_UPLOAD_BYTES", 10)

    def test_without_a_bucket(self, wire: Wire, layer_zip: Path) -> None:
        assert "Name an S3 bucket of the same region to send it through" in publish(layer_zip)["msg"]
        assert wire.writes == []

    def test_it_goes_through_the_bucket_and_leaves_nothing_there(self, wire: Wire, layer_zip: Path) -> None:
        boto3.client("s3").create_bucket(Bucket="artifacts")
        result = publish(layer_zip, s3_bucket="artifacts", s3_prefix="layers/")
        assert result["version"] == 1
        assert wire.writes == ["PutObject", "PublishLayerVersion", "DeleteObject"]
        put = next(arguments for name, arguments in wire.calls if name == "PutObject")
        assert re.fullmatch(f"layers/{NAME}/{file_sha256(layer_zip)}-[0-9a-f]{{8}}.zip", put["Key"])
        assert boto3.client("s3").list_objects_v2(Bucket="artifacts")["KeyCount"] == 0

    def test_a_refusal_leaves_nothing_in_the_bucket(self, wire: Wire, layer_zip: Path) -> None:
        boto3.client("s3").create_bucket(Bucket="artifacts")
        wire.failures["PublishLayerVersion"] = [(client_error("AccessDeniedException"), False)]
        assert publish(layer_zip, s3_bucket="artifacts")["failed"]
        assert boto3.client("s3").list_objects_v2(Bucket="artifacts")["KeyCount"] == 0

    def test_a_bucket_that_is_not_there(self, layer_zip: Path) -> None:
        message = publish(layer_zip, s3_bucket="nowhere")["msg"]
        assert message.startswith(f"uploading {NAME}.zip to bucket nowhere failed")
        assert message.endswith("Correct the bucket's name, or make the bucket.")


def add_foreign(description: str, layer_zip: Path) -> None:
    boto3.client("lambda").publish_layer_version(
        LayerName=NAME, Description=description, Content={"ZipFile": layer_zip.read_bytes()}
    )


def test_removal_takes_what_is_ours_and_only_that(wire: Wire, layer_zip: Path) -> None:
    publish(layer_zip)
    publish(make_zip(layer_zip, "two"))
    mark = versions()[0]["Description"]
    add_foreign("Somebody else's", layer_zip)
    add_foreign(mark, make_zip(layer_zip, "a copied description"))
    wire.calls.clear()
    planned = remove(check_mode=True)
    assert (planned["changed"], wire.writes) == (True, [])
    result = remove()
    assert_return_documented(layer_publish, result)
    assert result == planned
    assert (result["removed_versions"], result["kept_versions"]) == ([2, 1], [4, 3])
    assert sorted(version["Version"] for version in versions()) == [3, 4]
    again = remove()
    assert (again["changed"], again["removed_versions"]) == (False, [])


def test_removal_of_what_is_not_there(wire: Wire) -> None:
    result = remove()
    assert_return_documented(layer_publish, result)
    assert (result["changed"], result["kept_versions"], wire.writes) == (False, [], [])
