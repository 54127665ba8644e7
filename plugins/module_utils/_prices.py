# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS charges for what the chain makes: the one file to edit when a price changes.

On-demand list prices in US dollars, first tier, without free tier and tax, of the region C(us-east-1), written down on
:data:`WRITTEN`. Source: AWS's pages of prices of Lambda, API Gateway, CloudWatch, S3, EC2, EBS and VPC, which have the
last word. Other regions differ, mostly upwards.
"""

from __future__ import annotations

WRITTEN = "2026-11-25"
REGION = "us-east-1"

LAMBDA_MILLION_REQUESTS = 0.20
#: A gigabyte for a second, by architecture.
LAMBDA_GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
HTTP_API_MILLION_REQUESTS = 1.00
REST_API_MILLION_REQUESTS = 3.50
#: A gigabyte that is written to a log, and one that is kept for a month.
LOGS_GB_INGESTED = 0.50
LOGS_GB_MONTH = 0.03
S3_GB_MONTH = 0.023
#: An hour of an instance; those that builders are likely to be.
INSTANCE_HOUR = {
    "t3.micro": 0.0104,
    "t3.small": 0.0208,
    "t3.medium": 0.0416,
    "t3.large": 0.0832,
    "t4g.micro": 0.0084,
    "t4g.small": 0.0168,
    "t4g.medium": 0.0336,
    "t4g.large": 0.0672,
}
PUBLIC_IPV4_HOUR = 0.005
EBS_GP3_GB_MONTH = 0.08
