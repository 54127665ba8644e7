# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of the chain for some settings, each with the resources and the context that IAM sees.

``tests/integration/chain`` compares the actions with those that the sandbox recorded. The calls of CloudFormation come
from the schemas of the resource types that the Serverless CLI makes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._access.request import PolicyRequest
from ansible_collections.asesoria.serverless.tests.unit.cloudformation_permissions import needed

_RANDOM = "1abc2def3ghi"


@dataclass(frozen=True)
class Call:
    """A call of the chain.

    :param action: The action.
    :param resource: ARN of the resource; ``*`` for an action that takes none.
    :param context: Values of condition keys.
    :param own: Whether the ARN or the tags name the service, so that no other service may be allowed the call.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    own: bool = True


def calls_of(request: PolicyRequest) -> Iterator[Call]:
    """List the calls of the user itself.

    :param request: Settings of the user's policies.
    """
    if "builder" in request.playbooks:
        yield from _builder(request)
    if "layer" in request.playbooks:
        yield from _layer(request)
    if "deploy" in request.playbooks:
        yield from _deploy(request)


# --- builder.yml and python.yml ---------------------------------------------------------------------------------------


def _builder(request: PolicyRequest) -> Iterator[Call]:
    names = ["Images", "InstanceStatus", "Instances", "KeyPairs", "SecurityGroups", "Subnets", "Tags"]
    if request.builder_spot:
        names += ["LaunchTemplates", "LaunchTemplateVersions"]
    yield from (_anywhere(request, f"ec2:Describe{name}") for name in names)
    yield _anywhere(request, "servicequotas:GetServiceQuota")
    image = "parameter/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    yield Call("ssm:GetParameters", request.scope.arn("ssm", image, account=""), own=False)
    key_pair = request.scope.arn("ec2", f"key-pair/{request.key_pair}")
    for action in ("ec2:ImportKeyPair", "ec2:DeleteKeyPair"):
        yield Call(action, key_pair)
    for kind in ("security-group/sg-1", "vpc/vpc-1"):
        yield Call("ec2:CreateSecurityGroup", _ec2(request, kind), own=False)
    yield from _launches(request)
    for made, kind in (("ImportKeyPair", "key-pair"), ("CreateSecurityGroup", "security-group")):
        yield Call("ec2:CreateTags", _ec2(request, f"{kind}/x"), {"ec2:CreateAction": made}, own=False)
    yield from _own_builders(request)
    if request.builder_profile:
        yield from _session_manager(request)
    if request.python_bucket:
        bucket = request.scope.arn("s3", request.python_bucket)
        yield Call("s3:ListBucket", bucket, own=False)
        for action in ("s3:GetObject", "s3:PutObject"):
            yield Call(action, f"{bucket}/python/3.11.17/x.tar.xz", own=False)


def _launches(request: PolicyRequest) -> Iterator[Call]:
    wanted = {f"aws:RequestTag/{name}": value for name, value in request.owner.tags().items()}
    yield Call("ec2:RunInstances", _ec2(request, "instance/*"), wanted)
    others = ["network-interface/*", "security-group/sg-1", "subnet/subnet-1", "volume/*"]
    if request.builder_spot:
        others.append("launch-template/lt-1")
        yield Call("ec2:CreateLaunchTemplate", _ec2(request, "launch-template/*"), wanted)
        service_role = "role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
        yield Call("iam:CreateServiceLinkedRole", request.scope.arn("iam", service_role), own=False)
        made = {"ec2:CreateAction": "CreateLaunchTemplate"}
        yield Call("ec2:CreateTags", _ec2(request, "launch-template/lt-1"), made, own=False)
    for kind in others:
        yield Call("ec2:RunInstances", _ec2(request, kind), own=False)
    yield Call("ec2:RunInstances", request.scope.arn("ec2", "image/ami-1", account=""), own=False)
    yield Call("ec2:RunInstances", _ec2(request, f"key-pair/{request.key_pair}"))
    for kind in ("instance/i-1", "volume/vol-1"):
        yield Call("ec2:CreateTags", _ec2(request, kind), {"ec2:CreateAction": "RunInstances"}, own=False)


def _own_builders(request: PolicyRequest) -> Iterator[Call]:
    tags = {f"aws:ResourceTag/{name}": value for name, value in request.owner.tags().items()}
    actions = {
        "instance/i-1": (
            *("DescribeInstanceAttribute", "GetConsoleOutput", "ModifyInstanceAttribute", "CreateTags"),
            *("ModifyInstanceMetadataOptions", "StartInstances", "StopInstances", "TerminateInstances"),
        ),
        "security-group/sg-1": (
            *("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "DeleteSecurityGroup", "CreateTags"),
        ),
        "key-pair/key-1": ("CreateTags",),
        "volume/vol-1": ("CreateTags",),
        **({"launch-template/lt-1": ("DeleteLaunchTemplate",)} if request.builder_spot else {}),
    }
    for resource, names in actions.items():
        for name in names:
            yield Call(f"ec2:{name}", _ec2(request, resource), tags)


def _session_manager(request: PolicyRequest) -> Iterator[Call]:
    scope = request.scope
    tags = {f"ssm:resourceTag/{name}": value for name, value in request.owner.tags().items()}
    yield Call("ssm:StartSession", _ec2(request, "instance/i-1"), tags)
    yield Call("ssm:StartSession", scope.arn("ssm", "document/AWS-StartSSHSession", account=""), own=False)
    yield Call("ssm:TerminateSession", scope.arn("ssm", f"session/{request.user}-0a1b"))
    yield Call("iam:GetInstanceProfile", scope.arn("iam", f"instance-profile/{request.builder_profile}"))
    passed = {"iam:PassedToService": "ec2.amazonaws.com"}
    yield Call("iam:PassRole", scope.arn("iam", f"role/{request.builder_profile}"), passed)


# --- layer.yml --------------------------------------------------------------------------------------------------------


def _layer(request: PolicyRequest) -> Iterator[Call]:
    for region in request.all_layer_regions:
        where = {"aws:RequestedRegion": region}
        yield Call("lambda:GetAccountSettings", "*", where, own=False)
        yield Call("lambda:ListLayerVersions", "*", where, own=False)
        if request.layer_prune:
            yield Call("lambda:ListFunctions", "*", where, own=False)
        for name in request.layer_names:
            layer = request.scope.arn("lambda", f"layer:{name}", region=region)
            yield Call("lambda:PublishLayerVersion", layer, where)
            actions = ["GetLayerVersion", "DeleteLayerVersion"]
            if request.layer_share:
                actions += [f"{act}LayerVersionPermission" for act in ("Add", "Remove")] + ["GetLayerVersionPolicy"]
            for action in actions:
                yield Call(f"lambda:{action}", f"{layer}:7", where)
        yield from _layer_bucket(request, region)


def _layer_bucket(request: PolicyRequest, region: str) -> Iterator[Call]:
    if not request.bucket_for_layers:
        return
    # A bucket may be shared by services, and the default one is.
    bucket = request.scope.arn("s3", request.bucket_for_layers.replace("{region}", region))
    for action in ("PutObject", "GetObject", "DeleteObject"):
        yield Call(f"s3:{action}", f"{bucket}/a-layer.zip", own=False)
    if request.layer_create_bucket:
        for action in (
            *("CreateBucket", "DeleteBucket", "GetBucketTagging", "ListBucket", "PutBucketPublicAccessBlock"),
            *("PutBucketTagging", "PutEncryptionConfiguration", "PutLifecycleConfiguration"),
        ):
            yield Call(f"s3:{action}", bucket, own=False)


# --- deploy.yml, verify.yml, status.yml, logs.yml ---------------------------------------------------------------------


def _deploy(request: PolicyRequest) -> Iterator[Call]:
    stack = request.scope.arn("cloudformation", f"stack/{request.stack}/0a1b-2c3d")
    for action in (
        *("CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "UpdateStack", "DeleteStack"),
        *("DescribeStacks", "DescribeStackEvents", "DescribeStackResource", "ListStackResources", "GetTemplate"),
    ):
        yield Call(f"cloudformation:{action}", stack)
    yield _anywhere(request, "cloudformation:ValidateTemplate")
    yield _anywhere(request, "lambda:ListLayerVersions")
    if not request.deployment_role:
        # The status tells how long logs are kept; with a role for CloudFormation the user may not ask.
        yield _anywhere(request, "logs:DescribeLogGroups")
    bucket = deployment_bucket(request)
    for action in ("s3:ListBucket", "s3:ListBucketVersions"):
        yield Call(action, bucket)
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"):
        yield Call(action, f"{bucket}/serverless/x/y.zip")
    for action in ("GetFunction", "GetFunctionConfiguration"):
        yield Call(f"lambda:{action}", _function(request))
    yield Call("logs:FilterLogEvents", _log_group(request))
    if request.function_alias:
        for action in ("GetAlias", "ListAliases", "ListVersionsByFunction", "UpdateAlias", "DeleteFunction"):
            yield Call(f"lambda:{action}", _function(request))
    if request.deployment_role:
        yield from _with_deployment_role(request)


def _with_deployment_role(request: PolicyRequest) -> Iterator[Call]:
    passed = {"iam:PassedToService": "cloudformation.amazonaws.com"}
    role = f"role/{request.stack}-{request.scope.region}-deployment"
    yield Call("iam:PassRole", request.scope.arn("iam", role), passed)
    for name in request.layer_names:
        yield Call("lambda:GetLayerVersion", request.scope.arn("lambda", f"layer:{name}:7"))
    if "rest_api" in request.front_doors:
        for path in ("/restapis", "/restapis/a1b2/deployments", "/restapis/a1b2/stages/dev"):
            yield Call("apigateway:GET", request.scope.arn("apigateway", path), own=False)
        for verb in ("DELETE", "PUT"):
            yield Call(f"apigateway:{verb}", request.scope.arn("apigateway", "/tags/arn"), own=False)


# --- CloudFormation ---------------------------------------------------------------------------------------------------

_API_TYPES = {
    "http_api": [f"AWS::ApiGatewayV2::{name}" for name in ("Api", "Integration", "Route", "Stage")],
    "rest_api": [f"AWS::ApiGateway::{name}" for name in ("Deployment", "Method", "Resource", "RestApi")],
    "function_url": ["AWS::Lambda::Url"],
}
_TYPES = (
    *("AWS::IAM::Role", "AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Logs::LogGroup"),
    *("AWS::S3::Bucket", "AWS::S3::BucketPolicy"),
)
#: Conditions with which AWS grants a role to a service.
_SERVICE_ROLE = "role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway"
#: Actions of the handlers that take no resource.
_WITHOUT_RESOURCE = {
    *("ec2:describenetworkinterfaces", "ec2:describesecuritygroups", "ec2:describesubnets", "ec2:describevpcs"),
    *("lambda:listlayerversions", "logs:describeloggroups"),
}


def template_of(request: PolicyRequest) -> dict[str, Any]:
    """Return a template with the types of resources that the service has, as far as the handlers' needs depend on it.

    :param request: Settings of the user's policies.
    """
    kinds = [*_TYPES, *(kind for door in request.front_doors for kind in _API_TYPES[door])]
    if request.function_alias:
        kinds += ["AWS::Lambda::Alias", "AWS::Lambda::Version"]
    if request.domains:
        kinds += ["AWS::ApiGatewayV2::ApiMapping", "AWS::ApiGatewayV2::DomainName"]
    if request.domains_in_zones:
        kinds.append("AWS::Route53::RecordSet")
    resources: dict[str, Any] = {kind: {"Type": kind, "Properties": {}} for kind in kinds}
    if request.function_vpc:
        resources["AWS::Lambda::Function"]["Properties"] = {"VpcConfig": {}}
        resources["AWS::IAM::Role"]["Properties"] = {"ManagedPolicyArns": []}
    return {"Resources": resources}


def calls_of_cloudformation(request: PolicyRequest) -> Iterator[Call]:
    """List the calls of CloudFormation for the service's stack.

    :param request: Settings of the user's policies.
    """
    for action, kinds in sorted(_needed(json.dumps(template_of(request))).items()):
        service = action.partition(":")[0]
        for kind in sorted(kinds):
            yield from _OF_SERVICE[service](request, action, kind)
    yield Call("lambda:GetLayerVersion", request.scope.arn("lambda", f"layer:{request.layer_names[0]}:7"))
    yield _anywhere(request, "cloudformation:ValidateTemplate")


@cache
def _needed(template: str) -> dict[str, set[str]]:
    return needed(json.loads(template))


def _lambda_calls(request: PolicyRequest, action: str, _kind: str) -> Iterator[Call]:
    if action.lower() in _WITHOUT_RESOURCE:
        yield _anywhere(request, action)
    elif action.lower() == "lambda:getlayerversion":
        yield from (Call(action, request.scope.arn("lambda", f"layer:{name}:7")) for name in request.layer_names)
    else:
        yield Call(action, _function(request))


def _logs_calls(request: PolicyRequest, action: str, _kind: str) -> Iterator[Call]:
    if action.lower() in _WITHOUT_RESOURCE:
        yield _anywhere(request, action)
    else:
        yield Call(action, _log_group(request))


def _iam_calls(request: PolicyRequest, action: str, kind: str) -> Iterator[Call]:
    if kind == "AWS::ApiGatewayV2::DomainName":
        yield Call(action, request.scope.arn("iam", _SERVICE_ROLE), own=False)
        return
    context = {
        "iam:passrole": {"iam:PassedToService": "lambda.amazonaws.com"},
        "iam:attachrolepolicy": {"iam:PolicyARN": _vpc_policy(request)},
        "iam:detachrolepolicy": {"iam:PolicyARN": _vpc_policy(request)},
    }.get(action.lower(), {})
    role = f"role/{request.stack}-{request.scope.region}-lambdaRole"
    yield Call(action, request.scope.arn("iam", role), context)


def _vpc_policy(request: PolicyRequest) -> str:
    return request.scope.arn("iam", "policy/service-role/AWSLambdaVPCAccessExecutionRole", account="aws")


def _s3_calls(request: PolicyRequest, action: str, kind: str) -> Iterator[Call]:
    bucket = deployment_bucket(request)
    yield Call(action, f"{bucket}/serverless/x/y.zip" if kind == "AWS::Lambda::Function" else bucket)


def _ec2_calls(request: PolicyRequest, action: str, _kind: str) -> Iterator[Call]:
    if action.lower() in _WITHOUT_RESOURCE:
        yield _anywhere(request, action)
    else:
        yield Call(action, _ec2(request, "vpc/vpc-1"), own=False)


def _apigateway_calls(request: PolicyRequest, action: str, kind: str) -> Iterator[Call]:
    verb = action.partition(":")[2]
    if kind.endswith(("::DomainName", "::ApiMapping")):
        yield from _domain_calls(request, action, kind)
        return
    root = "/restapis" if kind.startswith("AWS::ApiGateway::") else "/apis"
    paths = {"POST": [root], "PUT": ["/tags/arn"]}.get(verb, [])
    for path in (*paths, f"{root}/a1b2", f"{root}/a1b2/stages/dev"):
        # API Gateway makes up the name of an API.
        yield Call(action, request.scope.arn("apigateway", path), own=False)


def _domain_calls(request: PolicyRequest, action: str, kind: str) -> Iterator[Call]:
    verb = action.partition(":")[2]
    if verb == "PUT":
        yield Call(action, request.scope.arn("apigateway", "/tags/arn"), own=False)
        return
    if verb == "POST" and kind.endswith("::DomainName"):
        yield Call(action, request.scope.arn("apigateway", "/domainnames"), own=False)
        return
    for domain in request.domains:
        path = f"/domainnames/{domain.name}"
        if kind.endswith("::ApiMapping"):
            path += "/apimappings" if verb == "POST" else "/apimappings/a1b2"
        yield Call(action, request.scope.arn("apigateway", path))


def _route53_calls(request: PolicyRequest, action: str, _kind: str) -> Iterator[Call]:
    if action.lower() == "route53:getchange":
        yield Call(action, request.scope.arn("route53", "change/C1"), own=False)
        return
    for domain in request.domains_in_zones:
        prefix = "route53:ChangeResourceRecordSets"
        yield Call(
            action,
            request.scope.arn("route53", f"hostedzone/{domain.hosted_zone_id}"),
            {f"{prefix}NormalizedRecordNames": domain.name, f"{prefix}RecordTypes": "A"},
            # Services may have their domains in one zone, and read it.
            own=action == prefix,
        )


_OF_SERVICE = {
    "apigateway": _apigateway_calls,
    "ec2": _ec2_calls,
    "iam": _iam_calls,
    "lambda": _lambda_calls,
    "logs": _logs_calls,
    "route53": _route53_calls,
    "s3": _s3_calls,
}


# --- Names ------------------------------------------------------------------------------------------------------------


def deployment_bucket(request: PolicyRequest) -> str:
    """Return the ARN of the bucket that CloudFormation makes; it shortens what is longer than 63 characters.

    :param request: Settings of the user's policies.
    """
    stack, bucket = request.stack.lower(), "serverlessdeploymentbucket"
    if len(f"{stack}-{bucket}-{_RANDOM}") > 63:
        stack, bucket = stack[:24], bucket[:24]
    return request.scope.arn("s3", f"{stack}-{bucket}-{_RANDOM}")


def _anywhere(request: PolicyRequest, action: str) -> Call:
    return Call(action, "*", {"aws:RequestedRegion": request.scope.region}, own=False)


def _ec2(request: PolicyRequest, resource: str) -> str:
    return request.scope.arn("ec2", resource)


def _function(request: PolicyRequest) -> str:
    return request.scope.arn("lambda", f"function:{request.stack}-api")


def _log_group(request: PolicyRequest) -> str:
    return request.scope.arn("logs", f"log-group:/aws/lambda/{request.stack}-api")
