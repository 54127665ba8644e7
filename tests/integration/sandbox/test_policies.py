# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the stand-in for IAM was taught about policies."""

from __future__ import annotations

import json

import pytest

from .conftest import Sandbox


def document(action: str) -> str:
    """A policy that allows one action."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_another_version_becomes_the_default_one(sandbox: Sandbox) -> None:
    iam = sandbox.client("iam")
    arn = iam.create_policy(PolicyName="versions", PolicyDocument=document("s3:ListBucket"))["Policy"]["Arn"]
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document("s3:GetObject"))["PolicyVersion"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"
    iam.set_default_policy_version(PolicyArn=arn, VersionId=made["VersionId"])
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == made["VersionId"]
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [each["VersionId"] for each in versions if each["IsDefaultVersion"]] == [made["VersionId"]]
    # The one that was the default can go now.
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)
