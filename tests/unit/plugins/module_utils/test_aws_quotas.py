# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS says of its quotas, and what is made of an answer that says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _aws_quotas as quotas
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_quotas import Usage, UsageUnknownError
from botocore.exceptions import BotoCoreError, ClientError
from botocore.stub import Stubber

ERRORS = (BotoCoreError, ClientError)
ON_DEMAND, SPOT = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}, {"ServiceCode": "ec2", "QuotaCode": "L-34B43A08"}
RUNNING = {"Filters": [{"Name": "instance-state-name", "Values": ["pending", "running"]}]}


class Aws:
    """Clients whose answers are held against AWS's own description of its services."""

    def __init__(self) -> None:
        session = boto3.session.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
        self.functions, self.quotas, self.ec2 = (session.client(name) for name in ("lambda", "service-quotas", "ec2"))
        self.stubs = [Stubber(client) for client in (self.functions, self.quotas, self.ec2)]
        self.for_functions, self.for_quotas, self.for_ec2 = self.stubs
        for stub in self.stubs:
            stub.activate()

    def vcpus(self, *, spot: bool = False) -> Usage:
        return quotas.vcpus(self.quotas, self.ec2, spot=spot, errors=ERRORS)


@pytest.fixture(name="aws")
def _aws() -> Iterator[Aws]:
    aws = Aws()
    yield aws
    for stub in aws.stubs:
        stub.assert_no_pending_responses()


def instance(kind: str, *, cores: int = 1, threads: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "InstanceId": f"i-{kind}",
        "InstanceType": kind,
        "CpuOptions": {"CoreCount": cores, "ThreadsPerCore": threads},
        **more,
    }


def test_code_storage(aws: Aws) -> None:
    answer = {"AccountLimit": {"TotalCodeSize": 80530636800}, "AccountUsage": {"TotalCodeSize": 1024}}
    aws.for_functions.add_response("get_account_settings", answer, {})
    usage = quotas.code_storage(aws.functions, errors=ERRORS)
    assert (usage, usage.left) == (Usage(used=1024, limit=80530636800), 80530635776)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("AccessDeniedException", "not known, because lambda:GetAccountSettings is not allowed"),
        (
            "ServiceException",
            "not known, because AWS did not answer to lambda:GetAccountSettings (ServiceException)",
        ),
    ],
)
def test_code_storage_that_is_not_told(aws: Aws, code: str, problem: str) -> None:
    aws.for_functions.add_client_error("get_account_settings", code)
    with pytest.raises(UsageUnknownError) as caught:
        quotas.code_storage(aws.functions, errors=ERRORS)
    assert caught.value.problem == problem


def test_an_answer_without_what_was_asked_for(aws: Aws) -> None:
    aws.for_functions.add_response("get_account_settings", {"AccountUsage": {}}, {})
    with pytest.raises(UsageUnknownError, match=r"^not known, because AWS's answer does not say it\."):
        quotas.code_storage(aws.functions, errors=ERRORS)


@pytest.mark.parametrize(
    ("spot", "quota", "used"),
    [(False, ON_DEMAND, 14), (True, SPOT, 4)],
)
def test_vcpus_of_what_counts(aws: Aws, spot: bool, quota: dict[str, str], used: int) -> None:
    instances = [
        instance("t3.micro"),
        instance("t4g.micro", cores=2, threads=1),
        instance("im4gn.large", cores=2, threads=1),
        instance("m5.2xlarge", cores=4),
        instance("c7g.xlarge", cores=4, threads=1, InstanceLifecycle="spot"),
        # Each of these has a quota of its own.
        instance("g5.xlarge", cores=2),
        instance("inf2.xlarge", cores=2),
        instance("dl1.24xlarge", cores=48),
        instance("mac2.metal", cores=8, threads=1),
        instance("p5.48xlarge", cores=96),
        instance("u-6tb1.metal", cores=224),
    ]
    aws.for_quotas.add_response("get_service_quota", {"Quota": {"Value": 32.0}}, quota)
    pages = [{"Reservations": [{"Instances": instances[:4]}], "NextToken": "more"}]
    pages += [{"Reservations": [{"Instances": instances[4:]}, {"Instances": []}]}]
    aws.for_ec2.add_response("describe_instances", pages[0], RUNNING)
    aws.for_ec2.add_response("describe_instances", pages[1], {**RUNNING, "NextToken": "more"})
    assert aws.vcpus(spot=spot) == Usage(used=used, limit=32)


@pytest.mark.parametrize(
    ("quota_error", "ec2_error", "problem"),
    [
        ("AccessDeniedException", "", "not known, because servicequotas:GetServiceQuota is not allowed"),
        (
            "NoSuchResourceException",
            "",
            "not known, because AWS did not answer to servicequotas:GetServiceQuota (NoSuchResourceException)",
        ),
        ("", "UnauthorizedOperation", "not known, because ec2:DescribeInstances is not allowed"),
    ],
)
def test_vcpus_that_are_not_told(aws: Aws, quota_error: str, ec2_error: str, problem: str) -> None:
    if quota_error:
        aws.for_quotas.add_client_error("get_service_quota", quota_error)
    else:
        aws.for_quotas.add_response("get_service_quota", {"Quota": {"Value": 32.0}}, ON_DEMAND)
        aws.for_ec2.add_client_error("describe_instances", ec2_error)
    with pytest.raises(UsageUnknownError) as caught:
        aws.vcpus()
    assert caught.value.problem == problem


def test_an_instance_that_does_not_tell_its_vcpus(aws: Aws) -> None:
    aws.for_quotas.add_response("get_service_quota", {"Quota": {"Value": 32.0}}, ON_DEMAND)
    silent = {"InstanceId": "i-0", "InstanceType": "t3.micro"}
    aws.for_ec2.add_response("describe_instances", {"Reservations": [{"Instances": [silent]}]}, RUNNING)
    with pytest.raises(UsageUnknownError, match=r"^not known, because EC2 does not say how many vCPUs i-0 has\."):
        aws.vcpus()
