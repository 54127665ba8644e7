# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stack with one function, for the tests that have moto's CloudFormation make it."""

from __future__ import annotations

from typing import Any

_TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
ROLE: dict[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [_TRUST]}},
}
#: The resources of the stack, by name; its function is called shop-dev-api.
WITH_FUNCTION: dict[str, Any] = {
    "Role": ROLE,
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "shop-dev-api",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Code": {"ZipFile": "def handler(event, context): pass"},
        },
    },
}
