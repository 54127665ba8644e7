# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._plain_secrets import plain_secrets


def said(name: str, value: object) -> list[str]:
    function = {"FunctionName": "shop-dev-api", "Environment": {"Variables": {name: value}}}
    return list(plain_secrets({"Resources": {"Api": {"Type": "AWS::Lambda::Function", "Properties": function}}}))


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("DB_PASSWORD", "hunter2", "a secret"),
        ("password", "hunter2", "a secret"),
        ("SECRET_KEY", "django-insecure-1", "a secret"),
        ("STRIPE_API_KEY", "sk_live_1", "a secret"),
        ("GITHUB_TOKEN", "ghp_1234", "a secret"),
        ("HARMLESS", "AKIAIOSFODNN7EXAMPLE", "an access key of AWS"),
        ("CERT", "-----BEGIN RSA PRIVATE KEY-----\nx", "a private key"),
        ("DATABASE_URL", "postgresql://shop:hunter2@db.example.com/shop", "an address with a password"),
    ],
)
def test_secrets(name: str, value: str, what: str) -> None:
    (sentence,) = said(name, value)
    assert sentence.startswith(
        f"The environment variable {name} of the function shop-dev-api looks like {what} in plain"
    )
    assert value not in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", {"Ref": "Password"}),
        ("DB_PASSWORD", "{{resolve:secretsmanager:shop:SecretString:password}}"),
        ("DB_PASSWORD", "/shop/dev/password"),
        ("DB_PASSWORD", "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop"),
        ("DB_PASSWORD_PARAMETER", "shop-password"),
        ("SECRET_NAME", "shop-password"),
        ("TOKEN_URL", "https://login.example.com/token"),
        ("DATABASE_URL", "postgresql://db.example.com/shop"),
        ("DATABASE_URL", "postgresql://shop:{{resolve:ssm-secure:p}}@db.example.com/shop"),
        ("TOKENIZER", "wordpiece"),
        ("LOG_LEVEL", "debug"),
        ("PORT", 8080),
    ],
)
def test_what_is_none(name: str, value: object) -> None:
    assert said(name, value) == []


def test_other_resources_are_left_alone() -> None:
    project = {"Type": "AWS::CodeBuild::Project", "Properties": {"Environment": {"Variables": {"PASSWORD": "hunter2"}}}}
    assert list(plain_secrets({"Resources": {"Project": project, "Api": {"Type": "AWS::Lambda::Function"}}})) == []
    assert list(plain_secrets({})) == []
