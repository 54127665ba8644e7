# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regions, sharing, retention and the bucket, against moto."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _layer_distributions, _layer_request
from ansible_collections.asesoria.serverless.plugins.modules import layer_publish
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.awslambda.policy import Policy

NAME = "flask"
HERE, THERE = "us-east-1", "eu-west-1"
ACCOUNT, OTHER = "210987654321", "123456789000"
ORGANIZATION = "o-a1b2c3d4e5"
BUCKET = "asesoria-layers-123456789012-us-east-1"
ROLE = "lambda-role"
READS = ("List", "Get", "Head")

#: Told of a call before it is made: the operation, its region and its arguments.
Watch = Callable[[str, str, dict[str, Any]], None]


class Wire:
    """Stands between the SDK and moto: writes down the calls, and lets a test step in."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.watch: Watch = lambda _operation, _region, _arguments: None

    @property
    def writes(self) -> list[str]:
        return [operation for operation, _region, _arguments in self.calls if not operation.startswith(READS)]


@pytest.fixture(autouse=True)
def wire(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Wire]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", HERE)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(layer_publish.time, "sleep", lambda _seconds: None)
    wire = Wire()
    original, decode = BaseClient._make_api_call, Policy.decode_policy

    def call(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        region = self.meta.region_name
        wire.calls.append((operation, region, arguments))
        wire.watch(operation, region, arguments)
        return original(self, operation, arguments)

    def decode_with_organization(self: Policy, statement: dict[str, Any]) -> Policy:
        """moto does not know that an OrganizationId becomes a condition."""
        organization = statement.pop("OrganizationId", "")
        policy = decode(self, statement)
        if organization:
            policy.statements[0]["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organization}}
        return policy

    monkeypatch.setattr(Policy, "decode_policy", decode_with_organization)
    with mock_aws():
        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        yield wire


def make_zip(path: Path, content: str, **distributions: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        files = {"python/a.py": content}
        for name, version in distributions.items():
            files[f"python/{name}-{version}.dist-info/METADATA"] = f"Name: {name}\nVersion: {version}\n"
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            archive.writestr(info, text)
    return path


@pytest.fixture
def layer_zip(tmp_path: Path) -> Path:
    return make_zip(tmp_path / "layer.zip", "one")


def publish(layer_zip: Path, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    result = run_module(
        layer_publish.main, {"name": NAME, "zip": str(layer_zip), **options}, check_mode=check_mode, diff=True
    )
    if not result["failed"]:
        assert_return_documented(layer_publish, result)
    return result


def remove(*, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    result = run_module(
        layer_publish.main, {"name": NAME, "state": "absent", **options}, check_mode=check_mode, diff=True
    )
    assert_return_documented(layer_publish, result)
    return result


def numbers(region: str = HERE) -> list[int]:
    found = boto3.client("lambda", region_name=region).list_layer_versions(LayerName=NAME)["LayerVersions"]
    return sorted(version["Version"] for version in found)


def policy(number: int, region: str = HERE) -> dict[str, Any]:
    client = boto3.client("lambda", region_name=region)
    try:
        text = client.get_layer_version_policy(LayerName=NAME, VersionNumber=number)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        return {}
    return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]}


def refused(operation: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}},  # type: ignore[typeddict-item]
        operation,
    )


class TestRegions:
    def test_each_has_the_artifact(self, wire: Wire, layer_zip: Path) -> None:
        planned = publish(layer_zip, regions=[THERE, HERE], check_mode=True)
        assert (wire.writes, planned["changed"], list(planned["versions"])) == ([], True, [HERE, THERE])
        assert not Path.home().exists()
        done = publish(layer_zip, regions=[THERE, HERE])
        assert (numbers(HERE), numbers(THERE)) == ([1], [1])
        assert done["diff"] == planned["diff"]
        assert [diff["before_header"] for diff in done["diff"]] == [
            f"layer {NAME} in {HERE}",
            f"layer {NAME} in {THERE}",
        ]
        assert done["layer_version_arn"] == done["versions"][HERE]["layer_version_arn"]
        assert done["versions"][THERE]["layer_version_arn"] == (f"arn:aws:lambda:{THERE}:123456789012:layer:{NAME}:1")
        wire.calls.clear()
        again = publish(layer_zip, regions=[THERE, HERE])
        assert (again["changed"], wire.writes) == (False, [])

    def test_they_are_published_at_the_same_time(self, wire: Wire, layer_zip: Path) -> None:
        both_there = threading.Barrier(2, timeout=30)

        def watch(operation: str, _region: str, _arguments: dict[str, Any]) -> None:
            if operation == "PublishLayerVersion":
                both_there.wait()

        wire.watch = watch
        assert publish(layer_zip, regions=[THERE])["changed"]

    def test_only_the_one_that_differs_is_written_to(self, wire: Wire, layer_zip: Path) -> None:
        publish(layer_zip)
        wire.calls.clear()
        result = publish(layer_zip, regions=[THERE])
        assert [result["versions"][region]["changed"] for region in (HERE, THERE)] == [False, True]
        assert [region for operation, region, _arguments in wire.calls if operation == "PublishLayerVersion"] == [THERE]

    def test_one_that_can_not_be_read_leaves_all_as_they_are(self, wire: Wire, layer_zip: Path) -> None:
        def watch(operation: str, region: str, _arguments: dict[str, Any]) -> None:
            if region == THERE:
                raise refused(operation)

        wire.watch = watch
        result = publish(layer_zip, regions=[THERE])
        assert result["msg"].startswith(f"{THERE}: listing the versions of layer {NAME} failed: no (AccessDenied")
        assert wire.writes == []

    def test_one_that_fails_later_does_not_keep_the_others_back(self, wire: Wire, layer_zip: Path) -> None:
        def watch(operation: str, region: str, _arguments: dict[str, Any]) -> None:
            if region == HERE and operation == "PublishLayerVersion":
                raise refused(operation)

        wire.watch = watch
        result = publish(layer_zip, regions=[THERE])
        assert f"{HERE}: publishing layer {NAME} failed" in result["msg"]
        assert f"; done in {THERE}." in result["msg"]
        assert (result["regions_done"], numbers(HERE), numbers(THERE)) == ([THERE], [], [1])

    def test_removal(self, layer_zip: Path) -> None:
        publish(layer_zip, regions=[THERE])
        result = remove(regions=[THERE])
        assert {region: found["removed_versions"] for region, found in result["versions"].items()} == {
            HERE: [1],
            THERE: [1],
        }
        assert (numbers(HERE), numbers(THERE)) == ([], [])
        assert not remove(regions=[THERE])["changed"]


class TestSharing:
    def test_a_policy_becomes_exactly_what_is_given(self, wire: Wire, layer_zip: Path) -> None:
        sharing: dict[str, Any] = {"accounts": [ACCOUNT, OTHER], "organizations": [ORGANIZATION]}
        planned = publish(layer_zip, sharing=sharing, check_mode=True)
        assert wire.writes == []
        result = publish(layer_zip, sharing=sharing)
        assert result["diff"] == planned["diff"]
        assert result["diff"]["after"]["sharing"] == {
            "new version": [f"account {OTHER}", f"account {ACCOUNT}", f"organization {ORGANIZATION}"]
        }
        assert set(policy(1)) == {
            f"asesoria-serverless-account-{ACCOUNT}",
            f"asesoria-serverless-account-{OTHER}",
            f"asesoria-serverless-organization-{ORGANIZATION}",
        }
        wire.calls.clear()
        assert not publish(layer_zip, sharing=sharing)["changed"]
        assert wire.writes == []
        result = publish(layer_zip, sharing={"accounts": [ACCOUNT]})
        assert (result["changed"], numbers()) == (True, [1])
        assert set(policy(1)) == {f"asesoria-serverless-account-{ACCOUNT}"}
        assert publish(layer_zip, sharing={})["changed"]
        assert policy(1) == {}

    def test_without_the_option_policies_are_not_even_read(self, wire: Wire, layer_zip: Path) -> None:
        publish(layer_zip, sharing={"accounts": [ACCOUNT]})
        wire.calls.clear()
        result = publish(layer_zip)
        assert (result["changed"], result["versions"][HERE]["shared_with"]) == (False, None)
        assert not [operation for operation, _region, _arguments in wire.calls if "Polic" in operation]
        assert set(policy(1)) == {f"asesoria-serverless-account-{ACCOUNT}"}

    def test_statements_of_somebody_else(self, layer_zip: Path) -> None:
        publish(layer_zip)
        for sid, principal in (("console", ACCOUNT), ("old", OTHER)):
            boto3.client("lambda").add_layer_version_permission(
                LayerName=NAME,
                VersionNumber=1,
                StatementId=sid,
                Action="lambda:GetLayerVersion",
                Principal=principal,
            )
        result = publish(layer_zip, sharing={"accounts": [ACCOUNT]})
        assert set(policy(1)) == {"console"}
        assert result["versions"][HERE]["foreign_statements"] == [
            f"account {ACCOUNT} (console)",
            f"account {OTHER} (old)",
        ]
        (warning,) = result["warnings"]
        assert warning == (
            f"{HERE}: from the policy of version 1 of layer {NAME} go statements that this collection did not make: "
            f"account {OTHER} (old)."
        )

    def test_who_is_not_named_any_more_loses_older_versions_too(self, layer_zip: Path) -> None:
        publish(layer_zip, sharing={"accounts": [ACCOUNT, OTHER]})
        publish(make_zip(layer_zip, "two"), sharing={"accounts": [ACCOUNT]})
        names = {f"asesoria-serverless-account-{ACCOUNT}"}
        assert (set(policy(1)), set(policy(2))) == (names, names)
        # A newer party gets the newest version alone.
        publish(layer_zip, sharing={"accounts": [ACCOUNT, OTHER]})
        assert (len(policy(1)), len(policy(2))) == (1, 2)

    def test_public_is_said_aloud_and_warned_of(self, layer_zip: Path) -> None:
        result = publish(layer_zip, sharing={"accounts": ["*"]})
        assert "If that is meant, say public: true." in result["msg"]
        result = publish(layer_zip, sharing={"public": True})
        assert result["warnings"] == [f"Layer {NAME} is public: everybody with an AWS account can read it."]
        assert policy(1)["asesoria-serverless-public"]["Principal"] == "*"

    def test_each_region_has_its_policy(self, layer_zip: Path) -> None:
        publish(layer_zip, regions=[THERE], sharing={"accounts": [ACCOUNT]})
        assert set(policy(1, HERE)) == set(policy(1, THERE)) == {f"asesoria-serverless-account-{ACCOUNT}"}


def make_function(number: int) -> str:
    client = boto3.client("lambda")
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:*"}]}
    iam = boto3.client("iam")
    role = iam.create_role(RoleName=f"{ROLE}{number}", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    client.create_function(
        FunctionName=f"app{number}",
        Runtime="python3.11",
        Role=role,
        Handler="a.b",
        Code={"ZipFile": b"x"},
        Layers=[f"arn:aws:lambda:{HERE}:123456789012:layer:{NAME}:{number}"],
    )
    return f"app{number}"


class TestRetention:
    @pytest.fixture(autouse=True)
    def _five(self, layer_zip: Path) -> None:
        for number in range(1, 6):
            publish(make_zip(layer_zip, str(number)))

    def test_without_the_option_all_stay_and_functions_are_not_listed(self, wire: Wire, layer_zip: Path) -> None:
        wire.calls.clear()
        publish(layer_zip)
        assert numbers() == [1, 2, 3, 4, 5]
        assert "ListFunctions" not in [operation for operation, _region, _arguments in wire.calls]

    def test_the_newest_stay_and_what_is_used(self, wire: Wire, layer_zip: Path) -> None:
        make_function(1)
        # A published version of a function still uses the layer that the function itself has left.
        name = make_function(2)
        boto3.client("lambda").publish_version(FunctionName=name)
        boto3.client("lambda").update_function_configuration(
            FunctionName=name, Layers=[f"arn:aws:lambda:{HERE}:123456789012:layer:{NAME}:5"]
        )
        wire.calls.clear()
        make_zip(layer_zip, "6")
        planned = publish(layer_zip, keep=2, check_mode=True)
        assert wire.writes == []
        result = publish(layer_zip, keep=2)
        assert result["diff"] == planned["diff"]
        found = result["versions"][HERE]
        assert found["removed_versions"] == planned["versions"][HERE]["removed_versions"] == [4, 3]
        assert found["retained"] == [
            {"version": 6, "reason": "one of the newest 2"},
            {"version": 5, "reason": "one of the newest 2"},
            {"version": 2, "reason": "used by app2:1"},
            {"version": 1, "reason": "used by app1:$LATEST"},
        ]
        assert planned["versions"][HERE]["retained"][0] == {"version": None, "reason": "one of the newest 2"}
        assert numbers() == [1, 2, 5, 6]
        wire.calls.clear()
        assert not publish(layer_zip, keep=2)["changed"]
        assert wire.writes == []

    def test_deleting_comes_last(self, wire: Wire, layer_zip: Path) -> None:
        wire.calls.clear()
        publish(make_zip(layer_zip, "6"), keep=1, sharing={"accounts": [ACCOUNT]})
        assert list(dict.fromkeys(wire.writes)) == [
            "PublishLayerVersion",
            "AddLayerVersionPermission",
            "DeleteLayerVersion",
        ]

    def test_nothing_is_published_where_functions_can_not_be_listed(self, wire: Wire, layer_zip: Path) -> None:
        def watch(operation: str, _region: str, _arguments: dict[str, Any]) -> None:
            if operation == "ListFunctions":
                raise refused(operation)

        wire.watch = watch
        assert "listing the functions that use layers failed" in publish(make_zip(layer_zip, "6"), keep=2)["msg"]
        assert numbers() == [1, 2, 3, 4, 5]

    def test_a_failed_publication_deletes_nothing(self, wire: Wire, layer_zip: Path) -> None:
        def watch(operation: str, _region: str, _arguments: dict[str, Any]) -> None:
            if operation == "PublishLayerVersion":
                raise refused(operation)

        wire.watch = watch
        assert publish(make_zip(layer_zip, "6"), keep=1)["failed"]
        assert numbers() == [1, 2, 3, 4, 5]

    def test_none_at_all_is_refused(self, layer_zip: Path) -> None:
        assert "keep is 0, which would leave no version" in publish(layer_zip, keep=0)["msg"]


class TestRemovalOfWhatIsUsed:
    @pytest.fixture(autouse=True)
    def _two(self, layer_zip: Path) -> None:
        for number in range(1, 3):
            publish(make_zip(layer_zip, str(number)))
        make_function(1)

    def test_a_version_that_another_service_uses_stays(self, wire: Wire) -> None:
        planned = remove(check_mode=True)
        assert (planned["changed"], planned["removed_versions"], planned["kept_versions"]) == (True, [2], [1])
        done = remove()
        assert (done["diff"], done["removed_versions"], numbers()) == (planned["diff"], [2], [1])
        assert done["warnings"] == [f"{HERE}: version 1 of layer {NAME} stays, because app1:$LATEST uses it."]
        wire.calls.clear()
        again = remove()
        assert (again["changed"], again["kept_versions"], wire.writes) == (False, [1], [])

    def test_without_the_permission_to_see_it_that_is_told(self, wire: Wire) -> None:
        def watch(operation: str, _region: str, _arguments: dict[str, Any]) -> None:
            if operation == "ListFunctions":
                raise refused(operation)

        wire.watch = watch
        result = remove()
        assert (result["removed_versions"], numbers()) == ([2, 1], [])
        (warning,) = result["warnings"]
        assert "lambda:ListFunctions is not allowed" in warning


class TestDuplicates:
    """What two runs leave that published at once and were killed before they looked."""

    @pytest.fixture(autouse=True)
    def _three(self, layer_zip: Path) -> None:
        publish(layer_zip)
        client = boto3.client("lambda")
        for _time in range(2):
            client.publish_layer_version(
                LayerName=NAME,
                Description=client.get_layer_version(LayerName=NAME, VersionNumber=1)["Description"],
                CompatibleRuntimes=["python3.11"],
                CompatibleArchitectures=["x86_64"],
                Content={"ZipFile": layer_zip.read_bytes()},
            )

    def test_the_lowest_stays(self, wire: Wire, layer_zip: Path) -> None:
        wire.calls.clear()
        planned = publish(layer_zip, check_mode=True)
        assert wire.writes == []
        result = publish(layer_zip)
        assert (result["changed"], result["version"], result["diff"]) == (True, 1, planned["diff"])
        assert result["versions"][HERE]["removed_versions"] == [3, 2]
        assert (result["diff"]["before"]["versions"], result["diff"]["after"]["versions"]) == ([1, 2, 3], [1])
        assert (numbers(), publish(layer_zip)["changed"]) == ([1], False)

    def test_one_that_is_used_stays_instead(self, layer_zip: Path) -> None:
        make_function(2)
        assert publish(layer_zip, keep=1)["version"] == 2
        assert (numbers(), publish(layer_zip, keep=1)["changed"]) == ([2], False)

    def test_all_stay_where_nobody_can_say_which_is_used(self, wire: Wire, layer_zip: Path) -> None:
        def watch(operation: str, _region: str, _arguments: dict[str, Any]) -> None:
            if operation == "ListFunctions":
                raise refused(operation)

        wire.watch = watch
        result = publish(layer_zip)
        assert (result["changed"], result["version"], numbers()) == (False, 1, [1, 2, 3])
        assert "Versions 3, 2, 1 hold the same, and stay since nobody can say which is used" in result["warnings"][0]


class TestBucket:
    @pytest.fixture(autouse=True)
    def _limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_layer_request, "MAX_DIRECT_UPLOAD_BYTES", 10)

    def test_one_is_made_private_encrypted_and_tagged(self, wire: Wire, layer_zip: Path) -> None:
        publish(layer_zip, s3_create_bucket=True, check_mode=True)
        assert wire.writes == []
        assert publish(layer_zip, s3_create_bucket=True)["version"] == 1
        s3 = boto3.client("s3")
        assert set(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values()) == {True}
        assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == [{"Key": "ManagedBy", "Value": "asesoria.serverless"}]
        (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
        assert (rule["Status"], rule["Expiration"]["Days"]) == ("Enabled", 1)
        assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0

    def test_it_is_set_up_once(self, wire: Wire, layer_zip: Path) -> None:
        publish(layer_zip, s3_create_bucket=True)
        wire.calls.clear()
        publish(make_zip(layer_zip, "two"), s3_create_bucket=True)
        assert wire.writes == ["PutObject", "PublishLayerVersion", "DeleteObject"]
        wire.calls.clear()
        publish(layer_zip, s3_create_bucket=True)
        assert wire.writes == []

    def test_one_that_a_killed_run_has_not_finished_is_finished(self, layer_zip: Path) -> None:
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        publish(layer_zip, s3_create_bucket=True)
        assert boto3.client("s3").get_bucket_tagging(Bucket=BUCKET)["TagSet"]

    def test_one_of_the_users_is_left_as_it_is(self, wire: Wire, layer_zip: Path) -> None:
        boto3.client("s3").create_bucket(Bucket="artifacts-us-east-1")
        wire.calls.clear()
        publish(layer_zip, s3_create_bucket=True, s3_bucket="artifacts-{region}")
        assert wire.writes == ["PutObject", "PublishLayerVersion", "DeleteObject"]
        remove(s3_create_bucket=True, s3_bucket="artifacts-{region}")
        assert boto3.client("s3").head_bucket(Bucket="artifacts-us-east-1")

    def test_only_a_bucket_of_this_account_is_written_to(self, wire: Wire, layer_zip: Path) -> None:
        publish(layer_zip, s3_create_bucket=True)
        puts = [arguments for operation, _region, arguments in wire.calls if operation == "PutObject"]
        assert [put["ExpectedBucketOwner"] for put in puts] == ["123456789012"]

    def test_each_region_has_its_own(self, layer_zip: Path) -> None:
        publish(layer_zip, s3_create_bucket=True, regions=[THERE])
        assert numbers(THERE) == [1]
        there = BUCKET.replace(HERE, THERE)
        assert boto3.client("s3").get_bucket_location(Bucket=there)["LocationConstraint"] == THERE

    def test_a_kill_after_the_upload_leaves_an_object_that_s3_deletes_and_no_version(
        self, wire: Wire, layer_zip: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class KilledError(BaseException):
            pass

        def watch(operation: str, _region: str, _arguments: dict[str, Any]) -> None:
            # Nothing that comes after is carried out, as with a process that is gone.
            if operation in ("PublishLayerVersion", "DeleteObject"):
                raise KilledError

        wire.watch = watch
        monkeypatch.setattr("threading.excepthook", lambda _arguments: None)
        with pytest.raises(KilledError):
            publish(layer_zip, s3_create_bucket=True)
        wire.watch = lambda _operation, _region, _arguments: None
        s3 = boto3.client("s3")
        (leftover,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        assert publish(layer_zip, s3_create_bucket=True)["version"] == 1
        assert numbers() == [1]
        assert [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == [leftover["Key"]]
        result = remove(s3_create_bucket=True)
        assert (result["changed"], result["removed_versions"]) == (True, [1])
        assert BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        assert not remove(s3_create_bucket=True)["changed"]

    def test_a_bucket_with_something_of_another_layer_stays(self, layer_zip: Path) -> None:
        publish(layer_zip, s3_create_bucket=True)
        boto3.client("s3").put_object(Bucket=BUCKET, Key="another/a.zip", Body=b"")
        remove(s3_create_bucket=True)
        assert boto3.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1

    def test_an_object_that_can_not_be_deleted_is_a_warning(self, wire: Wire, layer_zip: Path) -> None:
        def watch(operation: str, _region: str, _arguments: dict[str, Any]) -> None:
            if operation == "DeleteObject":
                raise refused(operation)

        wire.watch = watch
        result = publish(layer_zip, s3_create_bucket=True)
        assert result["version"] == 1
        assert "The object is not needed any more: delete it." in result["warnings"][0]


class TestDistributions:
    @pytest.fixture
    def _readable(self, monkeypatch: pytest.MonkeyPatch, layer_zip: Path) -> None:
        """moto gives no address for a layer's content."""
        content = make_zip(layer_zip, "one", werkzeug="3.1.3", six="1.17.0").read_bytes()
        publish(layer_zip)

        def remote(location: str, *, fetch: Any) -> dict[str, str]:
            assert location
            assert fetch
            return _layer_distributions.distributions_of(io.BytesIO(content))

        monkeypatch.setattr(
            "ansible_collections.asesoria.serverless.plugins.module_utils._layer_rollout.remote_distributions", remote
        )

    @pytest.mark.usefixtures("_readable")
    def test_what_changes_is_shown(self, layer_zip: Path) -> None:
        make_zip(layer_zip, "two", werkzeug="3.1.4", flask="3.1.0")
        planned = publish(layer_zip, check_mode=True)
        lines = ["+ flask 3.1.0", "- six 1.17.0", "werkzeug 3.1.3 -> 3.1.4"]
        assert planned["versions"][HERE]["distribution_changes"] == lines
        assert planned["diff"]["before"]["distributions"] == {"six": "1.17.0", "werkzeug": "3.1.3"}
        assert planned["diff"]["after"]["distributions"] == {"flask": "3.1.0", "werkzeug": "3.1.4"}
        assert publish(layer_zip)["versions"][HERE]["distribution_changes"] == lines
        assert publish(layer_zip)["versions"][HERE]["distribution_changes"] == []

    def test_what_is_not_known_is_said(self, layer_zip: Path) -> None:
        publish(layer_zip)
        result = publish(make_zip(layer_zip, "two"))
        assert result["versions"][HERE]["distribution_changes"] is None
        assert result["warnings"] == [f"{HERE}: What is in version 1 is not known: AWS gives no address for the zip"]

    def test_nobody_asks_without_need(self, layer_zip: Path) -> None:
        publish(layer_zip)
        make_zip(layer_zip, "two")
        result = run_module(layer_publish.main, {"name": NAME, "zip": str(layer_zip)})
        assert (result["versions"][HERE]["distribution_changes"], result.get("warnings", [])) == (None, [])
