# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import CloudFormationError, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._deployments import (
    Deployment,
    DeploymentError,
    Deployments,
    read_deployment,
)
from moto import mock_aws

OLD = "1700000000000-2023-11-14T22:13:20.000Z"
NEW = "1700000001000-2023-11-14T22:13:21.000Z"
PARENT = "serverless/shop/dev"
REF = {"Ref": "ServerlessDeploymentBucket"}


def function(key: str, bucket: Any = "bucket") -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket": bucket, "S3Key": key}}}


@pytest.mark.parametrize(
    ("resources", "found"),
    [
        ([], None),
        ([{"Type": "AWS::S3::Bucket"}], None),
        ([function(f"{PARENT}/{OLD}/shop.zip", REF)], Deployment(bucket=REF, parent=PARENT, version=OLD)),
        (
            [function(f"a/{OLD}/one.zip"), {"Type": "AWS::IAM::Role"}, function(f"a/{OLD}/two.zip")],
            Deployment(bucket="bucket", parent="a", version=OLD),
        ),
        ([function(f"a/{OLD}/one.zip"), function(f"a/{NEW}/two.zip")], None),
        ([function(f"a/{OLD}/one.zip"), {"Type": "AWS::Lambda::Function"}], None),
        ([function("my-own/code.zip")], None),
        ([function("code.zip")], None),
        ([{"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "x"}}}], None),
    ],
)
def test_which_deployment_a_template_holds(resources: list[dict[str, Any]], found: Deployment | None) -> None:
    template = {"Resources": {f"Resource{index}": resource for index, resource in enumerate(resources)}}
    assert read_deployment(template) == found


@pytest.fixture
def deployments(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployments]:
    """Two deployments in the bucket of a stack."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        cloudformation = boto3.client("cloudformation", region_name="us-east-1")
        s3 = boto3.client("s3", region_name="us-east-1")
        template = {"Resources": {REF["Ref"]: {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shop-bucket"}}}}
        cloudformation.create_stack(StackName="shop-dev", TemplateBody=json.dumps(template))
        for version in (OLD, NEW):
            for name in ("compiled-cloudformation-template.json", "serverless-state.json", "shop.zip"):
                s3.put_object(Bucket="shop-bucket", Key=f"{PARENT}/{version}/{name}", Body=f'{{"of": "{version}"}}')
        yield Deployments(lambda: s3, stacks=Stacks(cloudformation))


@pytest.mark.parametrize("bucket", [REF, "shop-bucket"])
def test_the_template_of_a_deployment(deployments: Deployments, bucket: Any) -> None:
    assert deployments.template("shop-dev", Deployment(bucket=bucket, parent=PARENT, version=OLD)) == {"of": OLD}


def test_a_removed_deployment_is_gone_and_the_other_is_there(deployments: Deployments) -> None:
    old, new = (Deployment(bucket=REF, parent=PARENT, version=version) for version in (OLD, NEW))
    deployments.remove("shop-dev", new)
    deployments.remove("shop-dev", new)
    keys = boto3.client("s3", region_name="us-east-1").list_objects_v2(Bucket="shop-bucket")["Contents"]
    assert {key["Key"].split("/")[-2] for key in keys} == {OLD}
    assert deployments.template("shop-dev", old) == {"of": OLD}
    with pytest.raises(
        DeploymentError, match=f"the bucket shop-bucket does not hold the deployment {NEW} of the stack "
    ):
        deployments.template("shop-dev", new)


def test_a_bucket_that_is_not_there(deployments: Deployments) -> None:
    with pytest.raises(CloudFormationError, match=r"reading the deployment in the bucket other failed: .*NoSuchBucket"):
        deployments.template("shop-dev", Deployment(bucket="other", parent=PARENT, version=OLD))
