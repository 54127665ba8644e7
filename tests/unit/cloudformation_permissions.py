# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions that CloudFormation needs for a template, from the schemas of its resource types.

cfn-lint has a copy of the schemas. Each handler names the permissions that it may need, whichever properties a resource
has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

#: What a handler may need and the policy does not give, by type: only where the template has the property.
_ONLY_WITH: Mapping[str, Mapping[str, str]] = {
    "AWS::ApiGateway::Method": {r"iam:PassRole": "Credentials"},
    "AWS::ApiGateway::RestApi": {r"(?i)s3:GetObject": "BodyS3Location", r"iam:PassRole": "Body"},
    "AWS::ApiGatewayV2::Api": {r"(?i)s3:GetObject": "BodyS3Location", r"iam:PassRole": "Body"},
    "AWS::ApiGatewayV2::DomainName": {
        r"(?i)apigateway:(AddCertificateTo|RemoveCertificateFrom)Domain": "MutualTlsAuthentication",
        r"s3:GetObject(Version)?": "MutualTlsAuthentication",
    },
    "AWS::ApiGatewayV2::Integration": {r"iam:PassRole": "CredentialsArn"},
    "AWS::Route53::RecordSet": {r"route53:ListHostedZones": "HostedZoneName"},
    "AWS::IAM::Role": {
        r"iam:(Attach|Detach)RolePolicy": "ManagedPolicyArns",
        r"iam:(Put|Delete)RolePermissionsBoundary": "PermissionsBoundary",
        r"iam:UpdateRole": "MaxSessionDuration",
        r"iam:UpdateRoleDescription": "Description",
    },
    "AWS::Lambda::Alias": {
        r"lambda:(Put|Delete)ProvisionedConcurrencyConfig": "ProvisionedConcurrencyConfig",
        # An update policy that the template does not have.
        r"codedeploy:\w+": "CodeDeployLambdaAliasUpdate",
    },
    "AWS::Lambda::Version": {
        r"lambda:(Get|Put)ProvisionedConcurrencyConfig": "ProvisionedConcurrencyConfig",
        r"lambda:PutRuntimeManagementConfig": "RuntimePolicy",
        r"lambda:(Get|Put)FunctionScalingConfig": "FunctionScalingConfig",
    },
    "AWS::Lambda::Function": {
        r"kms:\w+": "KmsKeyArn",
        r"(elasticfilesystem|s3files):\w+": "FileSystemConfigs",
        r"ec2:Describe\w+": "VpcConfig",
        r"lambda:(Get|Put|Delete)(Function)?CodeSigningConfig": "CodeSigningConfigArn",
        r"lambda:(Put|Delete)FunctionConcurrency": "ReservedConcurrentExecutions",
        r"lambda:PutFunctionRecursionConfig": "RecursiveLoop",
        r"lambda:(Get|Put)FunctionScalingConfig": "FunctionScalingConfig",
        r"lambda:PassCapacityProvider": "CapacityProviderConfig",
        r"lambda:(PutRuntimeManagementConfig|AssociateRuntimeAlias)": "RuntimeManagementConfig",
        r"s3:GetObjectVersion": "S3ObjectVersion",
    },
    "AWS::Logs::LogGroup": {
        r"logs:(Associate|Disassociate)KmsKey": "KmsKeyId",
        r"logs:(Put|Delete)DataProtectionPolicy": "DataProtectionPolicy",
        r"logs:CreateLogDelivery|firehose:TagDeliveryStream|s3:REST\.PUT\.OBJECT": "DataProtectionPolicy",
        r"logs:(Put|Delete|Describe)IndexPolic(y|ies)": "FieldIndexPolicies",
        r"logs:(Put|Delete|Describe)ResourcePolic(y|ies)": "ResourcePolicyDocument",
        r"logs:PutBearerTokenAuthentication": "BearerTokenAuthenticationEnabled",
        r"logs:PutLogGroupDeletionProtection": "DeletionProtectionEnabled",
    },
    "AWS::S3::Bucket": {
        r"s3:(Get|Put)AccelerateConfiguration": "AccelerateConfiguration",
        r"s3:(Get|Put|Delete)(Bucket)?AnalyticsConfiguration": "AnalyticsConfigurations",
        r"s3:(Get|Put)BucketAbac": "AbacStatus",
        r"s3:(Get|Put)(Bucket|Object)Acl": "AccessControl",
        r"s3:(Get|Put|Delete)BucketC(ORS|ors)": "CorsConfiguration",
        r"s3:(Get|Put)BucketLogging": "LoggingConfiguration",
        r"s3:(Get|Create|Delete)BucketMetadataTableConfiguration|s3tables:\w+": "MetadataTableConfiguration",
        r"s3:UpdateBucketMetadata\w+": "MetadataConfiguration",
        r"s3:(Get|Put)BucketNotification": "NotificationConfiguration",
        r"s3:(Get|Put)(Bucket)?ObjectLockConfiguration": "ObjectLockConfiguration",
        r"s3:(Get|Put)BucketOwnershipControls": "OwnershipControls",
        r"s3:(Get|Put)BucketVersioning": "VersioningConfiguration",
        r"s3:(Get|Put|Delete)BucketWebsite": "WebsiteConfiguration",
        r"s3:(Get|Put)IntelligentTieringConfiguration": "IntelligentTieringConfigurations",
        r"s3:(Get|Put)InventoryConfiguration": "InventoryConfigurations",
        r"s3:(Get|Put)LifecycleConfiguration|s3:DeleteBucketLifecycle": "LifecycleConfiguration",
        r"s3:(Get|Put|Delete)(Bucket)?MetricsConfiguration": "MetricsConfigurations",
        r"s3:(Get|Put|Delete)(Bucket)?Replication(Configuration)?": "ReplicationConfiguration",
    },
}
#: Names that are in the schemas and in no policy, since IAM knows them by another.
_NOT_OF_IAM = {
    "apigateway:TagResource": "POST and PUT on /tags",
    "apigateway:UntagResource": "DELETE on /tags",
    "s3:DeleteBucketEncryption": "PutEncryptionConfiguration",
    "s3:ListTagsForResource": "GetBucketTagging, for a bucket",
}


def handled(template: Mapping[str, Any]) -> dict[str, set[str]]:
    """What CloudFormation may need in order to make, look at, change and remove a template's resources.

    :returns: for each action the types of resources.
    """
    needed: dict[str, set[str]] = {}
    for kind in {resource["Type"] for resource in template["Resources"].values()}:
        handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
        for handler in ("create", "read", "update", "delete"):
            for action in handlers.get(handler, {}).get("permissions", []):
                needed.setdefault(action, set()).add(kind)
    return needed


def needed(template: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the permissions that CloudFormation needs for a template, each with the types that need it.

    :param template: A CloudFormation template.
    """
    found = {
        action: {kind for kind in kinds if not _is_needless(action, kind, template)}
        for action, kinds in handled(template).items()
        if action not in _NOT_OF_IAM
    }
    return {action: kinds for action, kinds in found.items() if kinds}


def lacking(template: Mapping[str, Any], actions: set[str]) -> list[str]:
    """What CloudFormation needs for a template, is not allowed, and for whose lack there is no reason."""
    given = {action.lower() for action in actions}
    return sorted(
        f"{action} for {kind}"
        for action, kinds in needed(template).items()
        if action.lower() not in given
        for kind in kinds
    )


def _is_needless(action: str, kind: str, template: Mapping[str, Any]) -> bool:
    properties = {
        name
        for resource in template["Resources"].values()
        if resource["Type"] == kind
        for name in _keys(resource.get("Properties", {}))
    }
    only_with = _ONLY_WITH.get(kind, {}).items()
    return any(re.fullmatch(pattern, action) and needs not in properties for pattern, needs in only_with)


def _keys(value: Any) -> Iterator[str]:
    """All keys in it, however deep."""
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
