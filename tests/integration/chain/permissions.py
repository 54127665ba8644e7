# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions that the calls of a run need, as the sandbox recorded them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .support import request_log

#: What S3's actions are called in a policy (Amazon S3 User Guide, "Required permissions for Amazon S3 API operations").
_OF_S3 = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteObjects": "DeleteObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}
#: Everybody may.
_FREE = {"sts:GetCallerIdentity"}
#: Asked all the same, and answered with a refusal.
ASKED_IN_VAIN = {
    "ecr:DescribeRepositories": "at a removal the CLI takes the refusal for: there are no images",
}

#: Allowed although no run and no handler shows a call: why.
WITHOUT_A_CALL = {
    "cloudformation:UpdateStack": "the CLI adds its bucket to a stack that has none",
    "ec2:CreateTags": "RunInstances and CreateSecurityGroup with tags need it",
    "ec2:ModifyInstanceMetadataOptions": "a builder whose metadata options were changed gets them back",
    "ec2:RevokeSecurityGroupIngress": "the control node has got another address",
    "ec2:StartInstances": "builder_ec2_after_build: stop",
    "ec2:StopInstances": "builder_ec2_after_build: stop",
    "lambda:DeleteLayerVersion": "of two runs that publish the same, the later one takes its version back",
    "lambda:GetAccountSettings": "the preflight, run with the user's profile",
    "lambda:ListTags": "GetFunction tells tags only to who has it",
    "s3:DeleteObjectVersion": "a bucket that somebody has given versions is emptied of them",
    "s3:ListBucketVersions": "likewise",
    "servicequotas:GetServiceQuota": "the preflight, run with the user's profile",
}


def allowed(documents: Iterable[Mapping[str, Any]]) -> set[str]:
    """The actions that policies allow."""
    return {
        action
        for document in documents
        for statement in document["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def called(calls: Iterable[request_log.Call], *, but_by: str) -> set[str]:
    """What was done, as a policy would name it.

    :param but_by: access key of somebody who needs no permission.
    """
    signed = (call for call in calls if call.key not in ("", but_by))
    return {_action(call) for call in signed} - _FREE


def _action(call: request_log.Call) -> str:
    if call.service == "apigateway":
        return f"apigateway:{call.method}"
    name = _OF_S3.get(call.action, call.action) if call.service == "s3" else call.action
    return f"{call.service}:{name}"
