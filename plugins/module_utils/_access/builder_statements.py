# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions of builder.yml and python.yml: EC2 instances and all that they need."""

from __future__ import annotations

from collections.abc import Iterator

from .request import PolicyRequest
from .statement import Conditions, Statement


def list_builder_statements(request: PolicyRequest) -> Iterator[Statement]:
    """List the statements that let the user run builders.

    :param request: Settings of the user's policies.
    """
    yield from _reading(request)
    yield from _launch(request)
    if request.builder_spot:
        yield from _spot_market(request)
    if request.builder_profile:
        yield from _session_manager(request)
    yield from _own_resources(request)
    if request.python_bucket:
        yield from _python_bucket(request)


def _reading(request: PolicyRequest) -> Iterator[Statement]:
    spot = ("ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates") if request.builder_spot else ()
    yield Statement(
        "BuilderRead",
        (
            "ec2:DescribeImages",
            "ec2:DescribeInstanceStatus",
            "ec2:DescribeInstances",
            "ec2:DescribeKeyPairs",
            *spot,
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeTags",
            "servicequotas:GetServiceQuota",
        ),
        ("*",),
        {"StringEquals": {"aws:RequestedRegion": request.scope.region}},
    )
    images = request.scope.arn("ssm", "parameter/aws/service/ami-amazon-linux-latest/*", account="")
    yield Statement("BuilderImage", ("ssm:GetParameters",), (images,))


def _launch(request: PolicyRequest) -> Iterator[Statement]:
    key_pair = request.scope.arn("ec2", f"key-pair/{request.key_pair}")
    templates = (_ec2(request, "launch-template/*"),) if request.builder_spot else ()
    yield Statement("BuilderKeyPair", ("ec2:DeleteKeyPair", "ec2:ImportKeyPair"), (key_pair,))
    yield Statement(
        "BuilderFirewall",
        ("ec2:CreateSecurityGroup",),
        (_ec2(request, "security-group/*"), _ec2(request, "vpc/*")),
    )
    yield Statement("BuilderRun", ("ec2:RunInstances",), (_ec2(request, "instance/*"),), _with_own_tags(request))
    yield Statement(
        "BuilderRunWith",
        ("ec2:RunInstances",),
        (
            request.scope.arn("ec2", "image/*", account=""),
            key_pair,
            *templates,
            _ec2(request, "network-interface/*"),
            _ec2(request, "security-group/*"),
            _ec2(request, "subnet/*"),
            _ec2(request, "volume/*"),
        ),
    )


def _spot_market(request: PolicyRequest) -> Iterator[Statement]:
    service_role = "role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
    yield Statement(
        "BuilderSpot",
        ("ec2:CreateLaunchTemplate",),
        (_ec2(request, "launch-template/*"),),
        _with_own_tags(request),
    )
    yield Statement("BuilderSpotRole", ("iam:CreateServiceLinkedRole",), (request.scope.arn("iam", service_role),))


def _session_manager(request: PolicyRequest) -> Iterator[Statement]:
    scope, profile = request.scope, request.builder_profile
    yield Statement(
        "BuilderSession", ("ssm:StartSession",), (_ec2(request, "instance/*"),), _on_own(request, "ssm:resourceTag")
    )
    document = scope.arn("ssm", "document/AWS-StartSSHSession", account="")
    yield Statement("BuilderSessionKind", ("ssm:StartSession",), (document,))
    sessions = scope.arn("ssm", f"session/{request.user}-*")
    yield Statement("BuilderSessionEnd", ("ssm:TerminateSession",), (sessions,))
    instance_profile = scope.arn("iam", f"instance-profile/{profile}")
    yield Statement("BuilderProfile", ("iam:GetInstanceProfile",), (instance_profile,))
    yield Statement(
        "BuilderPassRole",
        ("iam:PassRole",),
        (scope.arn("iam", f"role/{profile}"),),
        {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    )


def _own_resources(request: PolicyRequest) -> Iterator[Statement]:
    spot = request.builder_spot
    creations = ("CreateSecurityGroup", "ImportKeyPair", "RunInstances")
    yield Statement(
        "BuilderTagNew",
        ("ec2:CreateTags",),
        (_ec2(request, "*/*"),),
        {"StringEquals": {"ec2:CreateAction": (*(("CreateLaunchTemplate",) if spot else ()), *creations)}},
    )
    yield Statement(
        "BuilderOwn",
        (
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateTags",
            *(("ec2:DeleteLaunchTemplate",) if spot else ()),
            "ec2:DeleteSecurityGroup",
            "ec2:DescribeInstanceAttribute",
            "ec2:GetConsoleOutput",
            "ec2:ModifyInstanceAttribute",
            "ec2:ModifyInstanceMetadataOptions",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:StartInstances",
            "ec2:StopInstances",
            "ec2:TerminateInstances",
        ),
        (
            _ec2(request, "instance/*"),
            _ec2(request, "key-pair/*"),
            *((_ec2(request, "launch-template/*"),) if spot else ()),
            _ec2(request, "security-group/*"),
            _ec2(request, "volume/*"),
        ),
        _on_own(request, "aws:ResourceTag"),
    )


def _python_bucket(request: PolicyRequest) -> Iterator[Statement]:
    bucket = request.scope.arn("s3", request.python_bucket)
    yield Statement("PythonBucketList", ("s3:ListBucket",), (bucket,))
    yield Statement("PythonBucket", ("s3:GetObject", "s3:PutObject"), (f"{bucket}/python/*",))


def _ec2(request: PolicyRequest, resource: str) -> str:
    return request.scope.arn("ec2", resource)


def _with_own_tags(request: PolicyRequest) -> Conditions:
    """Require that a new resource gets the tags of the service."""
    return {"StringEquals": {f"aws:RequestTag/{name}": value for name, value in request.owner.tags().items()}}


def _on_own(request: PolicyRequest, key: str) -> Conditions:
    """Require the tags of the service on a resource; one from before there was the tag C(Service) need not have it."""
    tags = {f"{key}/{name}": value for name, value in request.owner.tags().items()}
    service = f"{key}/Service"
    return {"StringEquals": tags, "StringEqualsIfExists": {service: tags.pop(service)}}
