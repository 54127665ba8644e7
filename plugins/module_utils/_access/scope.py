# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the ARNs of one account and region."""

from __future__ import annotations

from dataclasses import dataclass

#: Services whose ARNs name no region, and services whose ARNs name no account. Source: AWS Service Authorization
#: Reference, read on 2026-12-01.
_WITHOUT_REGION = frozenset({"iam", "route53", "s3"})
_WITHOUT_ACCOUNT = frozenset({"apigateway", "route53", "s3"})
#: Stands for an account that is not known yet. It is as long as any other.
UNKNOWN_ACCOUNT = "0" * 12


@dataclass(frozen=True)
class AwsScope:
    """Partition, region and account of the resources that a policy names.

    :param partition: Partition of the account, such as C(aws) or C(aws-cn).
    :param region: Region of the service.
    :param account: Number of the account.
    """

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """Build the ARN of a resource.

        :param service: Service namespace of the resource, such as C(lambda).
        :param resource: Last part of the ARN, such as C(function:web-dev-api).
        :param region: Another region than that of the scope; C(*) for every region.
        :param account: Another account than that of the scope; empty for a resource of AWS itself.
        """
        where = "" if service in _WITHOUT_REGION else self.region if region is None else region
        owner = "" if service in _WITHOUT_ACCOUNT else self.account if account is None else account
        return f"arn:{self.partition}:{service}:{where}:{owner}:{resource}"
