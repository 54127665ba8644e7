# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions of deploy.yml: those of the caller, and those that CloudFormation needs for the stack.

Without a role of its own, CloudFormation acts with the caller's permissions, so the caller has both.
"""

from __future__ import annotations

from collections.abc import Iterator

from .request import FUNCTION_URL, HTTP_API, PolicyRequest
from .statement import Conditions, Statement

#: CloudFormation shortens the stack's name in the bucket's generated name if the whole has more than 63 characters:
#: "STACK-serverlessdeploymentbucket-" and up to 13 random characters leave 23 for the stack, and some are kept back.
_LONGEST_WHOLE_STACK = 22
_STACK_LEFT = 20
#: Calls for a function in a VPC. The network interfaces are those that Lambda removes after the function.
_VPC_READS = (
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
#: Paths of API Gateway that each kind of API is made of.
_API_PATHS = {HTTP_API: ("/apis", "/apis/*"), "rest_api": ("/restapis", "/restapis/*")}


def list_caller_statements(request: PolicyRequest) -> Iterator[Statement]:
    """List the statements that the caller of CloudFormation needs itself.

    :param request: Settings of the user's policies.
    """
    yield _stack(request)
    if request.deployment_role:
        yield from _instead_of_role(request)
    yield Statement(
        "DeployDirectRead",
        ("cloudformation:ValidateTemplate", "lambda:ListLayerVersions"),
        ("*",),
        _in_region(request),
    )
    yield Statement(
        "DeployDirectBucket",
        (
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:PutObject",
        ),
        _deployment_bucket(request),
    )
    yield Statement(
        "DeployDirectFunction", ("lambda:GetFunction", "lambda:GetFunctionConfiguration"), (_functions(request),)
    )
    if request.function_alias:
        yield Statement(
            "DeployDirectAlias",
            (
                "lambda:DeleteFunction",
                "lambda:GetAlias",
                "lambda:ListAliases",
                "lambda:ListVersionsByFunction",
                "lambda:UpdateAlias",
            ),
            (_functions(request),),
        )
    yield Statement("DeployDirectLogs", ("logs:FilterLogEvents",), (_log_groups(request),))


def list_stack_statements(request: PolicyRequest) -> Iterator[Statement]:
    """List the statements with which CloudFormation makes, changes and removes the stack's resources.

    :param request: Settings of the user's policies.
    """
    yield _reading(request)
    yield _bucket(request)
    yield _function(request)
    yield Statement("DeployLayer", ("lambda:GetLayerVersion",), _layer_versions(request))
    yield from _function_role(request)
    if request.function_vpc:
        yield from _vpc(request)
    yield _logs(request)
    yield from _apis(request)


def _stack(request: PolicyRequest) -> Statement:
    return Statement(
        "DeployStack",
        (
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStackResource",
            "cloudformation:DescribeStacks",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetTemplate",
            "cloudformation:ListStackResources",
            "cloudformation:UpdateStack",
        ),
        (request.scope.arn("cloudformation", f"stack/{request.stack}/*"),),
    )


def _instead_of_role(request: PolicyRequest) -> Iterator[Statement]:
    """List the statements that the caller needs if CloudFormation's role has those of the stack."""
    yield Statement(
        "DeployDirectRole",
        ("iam:PassRole",),
        (request.scope.arn("iam", f"role/{request.deployment_role_name}"),),
        {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
    )
    yield Statement("DeployDirectLayer", ("lambda:GetLayerVersion",), _layer_versions(request))
    if request.uses_rest_api:
        paths = ("/restapis", "/restapis/*/deployments", "/restapis/*/stages/*")
        yield Statement("DeployDirectApi", ("apigateway:GET",), tuple(_api(request, path) for path in paths))
        yield Statement("DeployDirectTags", ("apigateway:DELETE", "apigateway:PUT"), (_api(request, "/tags/*"),))


def _reading(request: PolicyRequest) -> Statement:
    vpc = _VPC_READS if request.function_vpc else ()
    return Statement(
        "DeployRead",
        ("cloudformation:ValidateTemplate", *vpc, "lambda:ListLayerVersions", "logs:DescribeLogGroups"),
        ("*",),
        _in_region(request),
    )


def _bucket(request: PolicyRequest) -> Statement:
    return Statement(
        "DeployBucket",
        (
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:DeleteBucketPolicy",
            "s3:DeleteObject",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetEncryptionConfiguration",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutEncryptionConfiguration",
            "s3:TagResource",
            "s3:UntagResource",
        ),
        _deployment_bucket(request),
    )


def _function(request: PolicyRequest) -> Statement:
    return Statement(
        "DeployFunction",
        (
            *(_URL_ACTIONS if FUNCTION_URL in request.front_doors else ()),
            *(_ALIAS_ACTIONS if request.function_alias else ()),
            *_FUNCTION_ACTIONS,
        ),
        (_functions(request),),
    )


_URL_ACTIONS = (
    "lambda:CreateFunctionUrlConfig",
    "lambda:DeleteFunctionUrlConfig",
    "lambda:GetFunctionUrlConfig",
    "lambda:UpdateFunctionUrlConfig",
)
_ALIAS_ACTIONS = (
    "lambda:CreateAlias",
    "lambda:DeleteAlias",
    "lambda:GetAlias",
    "lambda:GetFunctionConfiguration",
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:ListVersionsByFunction",
    "lambda:UpdateAlias",
)
_FUNCTION_ACTIONS = (
    "lambda:AddPermission",
    "lambda:CreateFunction",
    "lambda:DeleteFunction",
    "lambda:GetFunction",
    "lambda:GetFunctionCodeSigningConfig",
    "lambda:GetFunctionRecursionConfig",
    "lambda:GetPolicy",
    "lambda:GetRuntimeManagementConfig",
    "lambda:ListTags",
    "lambda:PublishVersion",
    "lambda:RemovePermission",
    "lambda:TagResource",
    "lambda:UntagResource",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
)


def _function_role(request: PolicyRequest) -> Iterator[Statement]:
    role = request.scope.arn("iam", f"role/{request.function_role}")
    yield Statement(
        "DeployRole",
        (
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
        ),
        (role,),
    )
    yield Statement(
        "DeployPassRole",
        ("iam:PassRole",),
        (role,),
        {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
    )


def _vpc(request: PolicyRequest) -> Iterator[Statement]:
    scope = request.scope
    yield Statement("DeployIntoVpc", ("ec2:GetSecurityGroupsForVpc",), (scope.arn("ec2", "vpc/*"),))
    aws_policy = scope.arn("iam", "policy/service-role/AWSLambdaVPCAccessExecutionRole", account="aws")
    yield Statement(
        "DeployRoleForVpc",
        ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        (scope.arn("iam", f"role/{request.function_role}"),),
        {"ArnEquals": {"iam:PolicyARN": aws_policy}},
    )


def _logs(request: PolicyRequest) -> Statement:
    return Statement(
        "DeployLogs",
        (
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteRetentionPolicy",
            "logs:GetDataProtectionPolicy",
            "logs:ListTagsForResource",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
        ),
        (_log_groups(request),),
    )


def _apis(request: PolicyRequest) -> Iterator[Statement]:
    paths = [path for door in _API_PATHS if door in request.front_doors for path in _API_PATHS[door]]
    if paths:
        methods = ("apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT")
        own_policy = ("apigateway:UpdateRestApiPolicy",) if request.uses_rest_api else ()
        resources = tuple(_api(request, path) for path in (*paths, "/tags/*"))
        yield Statement("DeployApi", (*own_policy, *methods), resources)


def _in_region(request: PolicyRequest) -> Conditions:
    return {"StringEquals": {"aws:RequestedRegion": request.scope.region}}


def _functions(request: PolicyRequest) -> str:
    return request.scope.arn("lambda", f"function:{request.stack}-*")


def _log_groups(request: PolicyRequest) -> str:
    return request.scope.arn("logs", f"log-group:/aws/lambda/{request.stack}-*")


def _layer_versions(request: PolicyRequest) -> tuple[str, ...]:
    return tuple(request.scope.arn("lambda", f"layer:{name}:*") for name in request.layer_names)


def _api(request: PolicyRequest, path: str) -> str:
    return request.scope.arn("apigateway", path)


def _deployment_bucket(request: PolicyRequest) -> tuple[str, str]:
    """Return the ARNs of the bucket that the Serverless CLI has CloudFormation make, and of its objects."""
    stack = request.stack.lower()
    whole = len(stack) <= _LONGEST_WHOLE_STACK
    name = f"{stack}-serverlessdeploymentbucket-*" if whole else f"{stack[:_STACK_LEFT]}*-serverless*"
    bucket = request.scope.arn("s3", name)
    return bucket, f"{bucket}/*"
