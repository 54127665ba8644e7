# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much of AWS's quotas is used: room for Lambda's code, and vCPUs of running instances.

Knows boto3 by its behaviour only, so that it can be imported, and tested, without it. Codes of quotas: the console of
Service Quotas, read on 2026-11-25.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code, is_denied_code
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: Lambda, "Function and layer storage".
LAYER_STORAGE_CODE = "L-2ACBD22F"
#: EC2, "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances" and "All Standard (A, C, D, H, I, M, R, T, Z)
#: Spot Instance Requests", both in vCPUs.
_ON_DEMAND_CODE, _SPOT_CODE = "L-1216C47A", "L-34B43A08"
_STANDARD = frozenset("acdhimrtz")
#: Families that begin with one of these letters and have quotas of their own.
_OWN_QUOTAS = frozenset({"dl", "hpc", "inf", "mac", "trn"})
_NO_MATTER = "The run can go on; it stops with AWS's own words if the quota is reached"


class UsageUnknownError(ServerlessError):
    """AWS does not say how much of a quota is used."""


@dataclass(frozen=True)
class Usage:
    """How much of a quota is used.

    :param used: of it.
    :param limit: all of it.
    """

    used: int
    limit: int

    @property
    def left(self) -> int:
        """What can still be had."""
        return self.limit - self.used


def vcpu_code(*, spot: bool) -> str:
    """The code of the quota that builders count for.

    :param spot: whether they come from the spot market.
    """
    return _SPOT_CODE if spot else _ON_DEMAND_CODE


def code_storage(client: Any, *, errors: tuple[type[Exception], ...]) -> Usage:
    """Bytes of layers and functions in a region.

    :param client: boto3's for C(lambda).
    :param errors: what boto3 raises.
    :raises UsageUnknownError: AWS does not say.
    """
    try:
        answer = client.get_account_settings()
        return Usage(used=answer["AccountUsage"]["TotalCodeSize"], limit=answer["AccountLimit"]["TotalCodeSize"])
    except errors as error:
        raise _unknown(error, action="lambda:GetAccountSettings") from error
    except KeyError as error:
        raise UsageUnknownError("not known, because AWS's answer does not say it", _NO_MATTER) from error


def vcpus(quotas: Any, ec2: Any, *, spot: bool, errors: tuple[type[Exception], ...]) -> Usage:
    """The vCPUs of running instances in a region that count for the builders' quota.

    :param quotas: boto3's client for C(service-quotas).
    :param ec2: boto3's client for C(ec2).
    :param spot: whether builders come from the spot market.
    :param errors: what boto3 raises.
    :raises UsageUnknownError: AWS does not say.
    """
    try:
        quota = quotas.get_service_quota(ServiceCode="ec2", QuotaCode=vcpu_code(spot=spot))["Quota"]
    except errors as error:
        raise _unknown(error, action="servicequotas:GetServiceQuota") from error
    running = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    try:
        pages = list(ec2.get_paginator("describe_instances").paginate(Filters=running))
    except errors as error:
        raise _unknown(error, action="ec2:DescribeInstances") from error
    instances = [
        instance for page in pages for reservation in page["Reservations"] for instance in reservation["Instances"]
    ]
    return Usage(used=sum(_vcpus(each) for each in instances if _counts(each, spot=spot)), limit=int(quota["Value"]))


def _counts(instance: Mapping[str, Any], *, spot: bool) -> bool:
    """Whether an instance counts for the quota."""
    family = re.match(r"[a-z]+", instance["InstanceType"])
    standard = family is not None and family[0][0] in _STANDARD and family[0] not in _OWN_QUOTAS
    return standard and (instance.get("InstanceLifecycle") == "spot") is spot


def _vcpus(instance: Mapping[str, Any]) -> int:
    cpu = instance.get("CpuOptions")
    if not cpu:
        raise UsageUnknownError(
            f"not known, because EC2 does not say how many vCPUs {instance['InstanceId']} has", _NO_MATTER
        )
    return int(cpu["CoreCount"]) * int(cpu["ThreadsPerCore"])


def _unknown(error: Exception, *, action: str) -> UsageUnknownError:
    code = error_code(error) or type(error).__name__
    if is_denied_code(code):
        return UsageUnknownError(f"not known, because {action} is not allowed", _NO_MATTER)
    return UsageUnknownError(f"not known, because AWS did not answer to {action} ({code})", _NO_MATTER)
