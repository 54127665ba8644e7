# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cfnlint.data.AdditionalSpecs
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Resource
from ansible_collections.asesoria.serverless.plugins.module_utils._service.losses import (
    Loss,
    losses_between,
    losses_of_changes,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.stateful_resources import (
    data_holders,
    deletion_policy,
    replacement_policy,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.stateful_types import HOLDERS, SNAPSHOTS
from cfnlint.helpers import load_resource

SCHEMAS = Path(cfnlint.data.__path__[0]) / "schemas" / "resources"


def stateful_types() -> dict[str, Any]:
    types: dict[str, Any] = load_resource(cfnlint.data.AdditionalSpecs, "StatefulResources.json")["ResourceTypes"]
    return types


def test_each_type_that_cfn_lint_calls_stateful_holds_data() -> None:
    assert sorted(set(stateful_types()) - set(HOLDERS)) == []
    assert set(HOLDERS) >= SNAPSHOTS


def test_the_properties_are_those_of_the_registrys_schemas() -> None:
    schemas = {
        schema["typeName"]: schema for schema in (json.loads(path.read_text()) for path in SCHEMAS.glob("*.json"))
    }

    def names(kind: str, key: str) -> list[str]:
        return sorted({path.removeprefix("/properties/") for path in schemas[kind].get(key) or ()})

    expected = {
        kind: [*names(kind, "createOnlyProperties"), *(f"{x}?" for x in names(kind, "conditionalCreateOnlyProperties"))]
        for kind in HOLDERS
    }
    assert {kind: properties.split() for kind, properties in HOLDERS.items()} == expected


@pytest.mark.parametrize(
    ("kind", "declared", "expected"),
    [
        ("AWS::S3::Bucket", {}, ("Delete", "Delete")),
        ("AWS::S3::Bucket", {"DeletionPolicy": "Retain"}, ("Retain", "Delete")),
        ("AWS::S3::Bucket", {"DeletionPolicy": "RetainExceptOnCreate"}, ("Retain", "Delete")),
        ("AWS::S3::Bucket", {"UpdateReplacePolicy": "Retain"}, ("Delete", "Retain")),
        # There is no snapshot of a table.
        (
            "AWS::DynamoDB::Table",
            {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"},
            ("Delete", "Delete"),
        ),
        (
            "AWS::EC2::Volume",
            {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"},
            ("Snapshot", "Snapshot"),
        ),
        ("AWS::RDS::DBCluster", {}, ("Snapshot", "Delete")),
        ("AWS::RDS::DBInstance", {}, ("Snapshot", "Delete")),
        ("AWS::RDS::DBInstance", {"Properties": {"DBClusterIdentifier": "x"}}, ("Delete", "Delete")),
        ("AWS::RDS::DBInstance", {"DeletionPolicy": "Delete"}, ("Delete", "Delete")),
        # What a function of the template makes of it is not known.
        ("AWS::S3::Bucket", {"DeletionPolicy": {"Fn::If": ["Prod", "Retain", "Delete"]}}, ("Delete", "Delete")),
    ],
)
def test_what_becomes_of_a_resource(kind: str, declared: dict[str, Any], expected: tuple[str, str]) -> None:
    assert (deletion_policy(kind, declared), replacement_policy(kind, declared)) == expected


TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "items", "BillingMode": "PAY_PER_REQUEST"}}


def with_properties(**properties: Any) -> dict[str, Any]:
    return {**TABLE, "Properties": {**TABLE["Properties"], **properties}}  # type: ignore[dict-item]


def compared(before: dict[str, Any], after: dict[str, Any] | None) -> list[Loss]:
    resource = Resource(logical_id="Thing", kind=before["Type"], physical_id="thing-1")
    new = {} if after is None else {"Thing": after}
    return list(losses_between({"Resources": {"Thing": before}}, {"Resources": new}, resources=[resource]))


@pytest.mark.parametrize(
    ("before", "after", "said", "stays"),
    [
        (TABLE, None, "would be removed", False),
        ({**TABLE, "DeletionPolicy": "Retain"}, None, "would be removed", True),
        (TABLE, with_properties(TableName="other"), "would be replaced, since TableName changes", False),
        (
            TABLE,
            {**with_properties(TableName="other"), "UpdateReplacePolicy": "Retain"},
            "would be replaced, since TableName changes",
            True,
        ),
        # The policy for a removal does nothing for a replacement.
        (
            {**TABLE, "DeletionPolicy": "Retain"},
            {**with_properties(TableName="other"), "DeletionPolicy": "Retain"},
            "would be replaced, since TableName changes",
            False,
        ),
        (TABLE, with_properties(KeySchema=[1]), "may be replaced, since KeySchema changes", False),
        (
            TABLE,
            with_properties(TableName="other", ImportSourceSpecification={}),
            "would be replaced, since ImportSourceSpecification, TableName change",
            False,
        ),
        (TABLE, {"Type": "AWS::S3::Bucket"}, "would be replaced, since Type changes", False),
        (
            {"Type": "AWS::MSK::Cluster", "Properties": {"BrokerNodeGroupInfo": {"ClientSubnets": ["a"]}}},
            {"Type": "AWS::MSK::Cluster", "Properties": {"BrokerNodeGroupInfo": {"ClientSubnets": ["b"]}}},
            "would be replaced, since BrokerNodeGroupInfo/ClientSubnets changes",
            False,
        ),
        # Of other types, names are known alone.
        (
            {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "a"}},
            {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "b"}},
            "may be replaced, since RoleName changes",
            False,
        ),
    ],
)
def test_what_two_templates_tell(before: dict[str, Any], after: dict[str, Any] | None, said: str, stays: bool) -> None:
    (loss,) = compared(before, after)
    assert loss.words == f"Thing ({before['Type']}, thing-1) {said}"
    assert loss.stays is stays


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TABLE, TABLE),
        (TABLE, with_properties(BillingMode="PROVISIONED")),
        (TABLE, {**TABLE, "DeletionPolicy": "Retain"}),
        ({"Type": "AWS::IAM::Role", "Properties": {"Path": "/a/"}}, {"Type": "AWS::IAM::Role"}),
    ],
)
def test_what_keeps_a_resource(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert compared(before, after) == []


def test_a_resource_that_never_came_to_be_is_no_loss() -> None:
    resource = Resource(logical_id="Thing", kind="AWS::SQS::Queue", physical_id="")
    assert list(losses_between({}, {"Resources": {}}, resources=[resource])) == []


YAML = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties: {TableName: !Sub "${AWS::StackName}-items", DeletionProtectionEnabled: true}
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !GetAtt Other.Name}
"""


def test_a_template_in_yaml_is_read() -> None:
    """The short forms of functions are the same as their long forms."""
    resources = [
        Resource(logical_id="Table", kind="AWS::DynamoDB::Table", physical_id="t"),
        Resource(logical_id="Bucket", kind="AWS::S3::Bucket", physical_id="b"),
    ]
    held = data_holders(resources, template={"text": YAML})
    assert [holder.stays for holder in held] == [True, False]
    table = {"TableName": {"Fn::Sub": "${AWS::StackName}-items"}, "DeletionProtectionEnabled": True}
    new: dict[str, Any] = {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::GetAtt": ["Other", "Name"]}}},
    }
    assert list(losses_between({"text": YAML}, {"Resources": new}, resources=resources)) == []
    (gone,) = losses_between({"text": YAML}, {"Resources": {**new, "Bucket": new["Table"]}}, resources=resources)
    assert (gone.change, gone.resource.logical_id) == ("replaced", "Bucket")
    assert [loss.policy for loss in losses_between({"text": "{"}, {"Resources": {}}, resources=resources)] == [
        "Delete",
        "Delete",
    ]


def change(action: str, **more: Any) -> dict[str, Any]:
    shown = {"LogicalResourceId": "Thing", "PhysicalResourceId": "thing-1", "ResourceType": "AWS::SQS::Queue"}
    return {"Type": "Resource", "ResourceChange": {**shown, "Action": action, **more}}


def detail(name: str, recreation: str) -> dict[str, Any]:
    return {"Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}}


RENAMED = [detail("QueueName", "Always"), detail("QueueName", "Always"), detail("DelaySeconds", "Never")]


@pytest.mark.parametrize(
    ("changed", "said", "policy"),
    [
        (change("Remove", PolicyAction="Delete"), "would be removed", "Delete"),
        (change("Remove", PolicyAction="Retain"), "would be removed", "Retain"),
        (change("Remove", PolicyAction="Snapshot"), "would be removed", "Snapshot"),
        # Without the member, the templates say it.
        (change("Remove"), "would be removed", "Retain"),
        (
            change("Modify", Replacement="True", Details=RENAMED, PolicyAction="ReplaceAndDelete"),
            "would be replaced, since QueueName changes",
            "Delete",
        ),
        (
            change("Modify", Replacement="True", Details=RENAMED, PolicyAction="ReplaceAndRetain"),
            "would be replaced, since QueueName changes",
            "Retain",
        ),
        (change("Modify", Replacement="True", Details=RENAMED), "would be replaced, since QueueName changes", "Delete"),
        (
            change("Modify", Replacement="Conditional", Details=[detail("KmsKeyId", "Conditionally")]),
            "may be replaced, since KmsKeyId changes",
            "Delete",
        ),
        (change("Dynamic"), "may be replaced", "Delete"),
    ],
)
def test_what_a_change_set_tells(changed: dict[str, Any], said: str, policy: str) -> None:
    before = {"Resources": {"Thing": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"}}}
    after = {"Resources": {"Thing": {"Type": "AWS::SQS::Queue"}}}
    (loss,) = losses_of_changes([changed], before=before, after=after)
    assert (loss.words, loss.policy) == (f"Thing (AWS::SQS::Queue, thing-1) {said}", policy)


@pytest.mark.parametrize(
    "changed",
    [change("Add"), change("Modify", Replacement="False"), change("Import"), change("Remove", PhysicalResourceId="")],
)
def test_what_a_change_set_leaves(changed: dict[str, Any]) -> None:
    assert list(losses_of_changes([changed], before={}, after={})) == []
