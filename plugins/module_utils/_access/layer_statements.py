# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions of layer.yml: publishing layers, and the bucket that large ones go through."""

from __future__ import annotations

from collections.abc import Iterator

from .request import PolicyRequest
from .statement import Conditions, Statement

_SHARING = (
    "lambda:AddLayerVersionPermission",
    "lambda:GetLayerVersionPolicy",
    "lambda:RemoveLayerVersionPermission",
)
_BUCKET_OF_OUR_OWN = (
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:GetBucketTagging",
    "s3:ListBucket",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
)


def list_layer_statements(request: PolicyRequest) -> Iterator[Statement]:
    """List the statements that let the user publish layers.

    One region is named in the ARNs. Several regions are a condition, because a policy may have 6,144 characters.

    :param request: Settings of the user's policies.
    """
    regions = request.all_layer_regions
    where = "*" if len(regions) > 1 else regions[0]
    conditions: Conditions = {"StringEquals": {"aws:RequestedRegion": regions}} if len(regions) > 1 else {}
    yield Statement(
        "Layer",
        (
            *(_SHARING if request.layer_share else ()),
            "lambda:DeleteLayerVersion",
            "lambda:GetLayerVersion",
            "lambda:PublishLayerVersion",
        ),
        tuple(
            request.scope.arn("lambda", f"layer:{name}{version}", region=where)
            for name in request.layer_names
            for version in ("", ":*")
        ),
        conditions,
    )
    # None of these takes a resource.
    pruning = ("lambda:ListFunctions",) if request.layer_prune else ()
    yield Statement(
        "LayerList",
        ("lambda:GetAccountSettings", *pruning, "lambda:ListLayerVersions"),
        ("*",),
        {"StringEquals": {"aws:RequestedRegion": regions}},
    )
    if request.bucket_for_layers:
        yield _bucket(request, request.bucket_for_layers.replace("{region}", where))


def _bucket(request: PolicyRequest, name: str) -> Statement:
    bucket = request.scope.arn("s3", name)
    # A star at the end of a bucket's name matches its objects too.
    objects = bucket if name.endswith("*") else f"{bucket}/*"
    with_bucket = request.layer_create_bucket and objects != bucket
    return Statement(
        "LayerBucket",
        (
            *(_BUCKET_OF_OUR_OWN if request.layer_create_bucket else ()),
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:PutObject",
        ),
        (bucket, objects) if with_bucket else (objects,),
    )
