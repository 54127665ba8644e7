# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which resources of a stack hold what can't be made again by deploying, and what becomes of it with the stack.

Source of the types and of what a deletion does: AWS CloudFormation User Guide, "AWS resource and property types
reference" and "DeletionPolicy attribute", read on 2026-11-25. Packages of the app in the bucket of the Serverless CLI,
and logs that Lambda writes itself, are remade and do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Resource

#: Types that hold data of users; a name that ends with C(::) stands for all types of the service.
_HOLDERS = (
    "AWS::Backup::BackupVault",
    "AWS::Cognito::IdentityPool",
    "AWS::Cognito::UserPool",
    "AWS::DAX::Cluster",
    "AWS::DSQL::Cluster",
    "AWS::DocDB::",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::",
    "AWS::FSx::FileSystem",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Logs::LogGroup",
    "AWS::MSK::Cluster",
    "AWS::MemoryDB::Cluster",
    "AWS::Neptune::",
    "AWS::OpenSearchService::Domain",
    "AWS::QLDB::Ledger",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::S3::Bucket",
    "AWS::S3Tables::",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
    "AWS::SecretsManager::Secret",
    "AWS::Timestream::",
)
#: Of these types a snapshot can stay; others know no such policy.
_KEPT = ("Retain", "Snapshot")
#: As the Serverless CLI calls its bucket in the template.
_CLI_BUCKET = "ServerlessDeploymentBucket"
_LAMBDA_LOGS = "/aws/lambda/"
#: Of these CloudFormation takes a snapshot by itself where the template says nothing (User Guide, "DeletionPolicy").
_SNAPSHOT_BY_DEFAULT = ("AWS::RDS::DBCluster",)


@dataclass(frozen=True)
class DataHolder:
    """A resource with data.

    :param logical_id: its name in the template.
    :param kind: its type.
    :param name: its name in AWS.
    :param policy: C(Delete), C(Retain), or C(Snapshot).
    """

    logical_id: str
    kind: str
    name: str
    policy: str

    @property
    def stays(self) -> bool:
        """Whether the data outlive the stack."""
        return self.policy in _KEPT


def data_holders(resources: Iterable[Resource], *, template: Mapping[str, Any]) -> list[DataHolder]:
    """Find what holds data.

    :param resources: of a stack.
    :param template: that of the stack.
    """
    declared = template.get("Resources", {})
    return [
        DataHolder(
            logical_id=resource.logical_id,
            kind=resource.kind,
            name=resource.physical_id,
            policy=_policy(resource, declared.get(resource.logical_id, {})),
        )
        for resource in resources
        if resource.physical_id and _holds_data(resource)
    ]


def _holds_data(resource: Resource) -> bool:
    if resource.logical_id == _CLI_BUCKET:
        return False
    if resource.kind == "AWS::Logs::LogGroup" and resource.physical_id.startswith(_LAMBDA_LOGS):
        return False
    return any(resource.kind == kind or (kind.endswith("::") and resource.kind.startswith(kind)) for kind in _HOLDERS)


def _policy(resource: Resource, declared: Mapping[str, Any]) -> str:
    """What becomes of it; C(RetainExceptOnCreate) retains what has been made."""
    said = str(declared.get("DeletionPolicy", ""))
    if not said:
        return "Snapshot" if resource.kind in _SNAPSHOT_BY_DEFAULT else "Delete"
    return "Retain" if said.startswith("Retain") else said
