# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose credentials these are, and what is said if they are nobody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from unittest import mock

import boto3
import botocore.exceptions as e
import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_identity import (
    CredentialsError,
    Identity,
    answer_date,
    identify,
)

ERRORS = (e.BotoCoreError, e.ClientError)


def session(*, credentials: object = object(), error: Exception | None = None) -> Callable[[], Any]:
    """A session that answers so."""
    made = mock.Mock()
    made.get_credentials.return_value = credentials
    call = made.client.return_value.get_caller_identity
    call.side_effect = error
    call.return_value = {"Arn": "arn:aws:iam::123456789012:user/ana"}
    return lambda: made


def test_the_caller_is_named() -> None:
    assert identify(session(), errors=ERRORS) == Identity("arn:aws:iam::123456789012:user/ana")


def client_error(code: str, message: str) -> e.ClientError:
    """What STS answers."""
    return e.ClientError({"Error": {"Code": code, "Message": message}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            session(credentials=None),
            (
                "no AWS credentials. Name a profile by AWS_PROFILE, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or run aws "
                "configure or aws sso login."
            ),
        ),
        (
            session(error=client_error("InvalidClientTokenId", "The security token is invalid.")),
            (
                "AWS credentials that can't be used (An error occurred (InvalidClientTokenId) when calling the "
                "GetCallerIdentity operation: The security token is invalid). The access key does not exist or is "
                "switched off: "
                "use another."
            ),
        ),
        (
            session(error=client_error("ExpiredToken", "Expired")),
            (
                "AWS credentials that can't be used (An error occurred (ExpiredToken) when calling the "
                "GetCallerIdentity operation: Expired). Get new credentials, for instance by aws sso login."
            ),
        ),
        (
            session(error=client_error("Strange", "Never heard of it")),
            (
                "AWS credentials that can't be used (An error occurred (Strange) when calling the GetCallerIdentity "
                "operation: "
                "Never heard of it). Name a profile by AWS_PROFILE, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or run "
                "aws configure or aws sso login."
            ),
        ),
        (
            session(error=e.EndpointConnectionError(endpoint_url="http://127.0.0.1:1/")),
            (
                'AWS credentials that can\'t be used (Could not connect to the endpoint URL: "http://127.0.0.1:1/"). '
                "Check the "
                "network, AWS_ENDPOINT_URL, and the region's name."
            ),
        ),
    ],
)
def test_what_is_wrong_is_said(given: Callable[[], Any], message: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        identify(given, errors=ERRORS)
    assert str(caught.value) == message


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CredentialsError) as caught:
        identify(boto3.session.Session, errors=ERRORS)
    assert str(caught.value) == (
        "AWS credentials that can't be used (The config profile (nobody) could not be found). Name one that the AWS "
        "configuration files have: AWS_PROFILE, asesoria_admin_environment."
    )


def test_no_credentials_anywhere() -> None:
    with pytest.raises(CredentialsError, match=r"^no AWS credentials"):
        identify(boto3.session.Session, errors=ERRORS)


def test_an_error_that_is_not_of_aws_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        identify(session(error=ZeroDivisionError()), errors=ERRORS)


def dated(date: object) -> dict[str, Any]:
    """An answer with this header."""
    return {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}


NOON = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("answer", "date"),
    [
        (dated("Wed, 25 Nov 2026 12:00:00 GMT"), NOON),
        (dated("Wed, 25 Nov 2026 12:00:00 -0000"), NOON),
        (dated("Wed, 25 Nov 2026 13:00:00 +0100"), NOON),
        (dated("yesterday"), None),
        (dated(""), None),
        (dated(None), None),
        ({"ResponseMetadata": {"HTTPHeaders": {}}}, None),
        ({"ResponseMetadata": {}}, None),
        ({}, None),
    ],
)
def test_the_date_of_an_answer(answer: dict[str, Any], date: datetime | None) -> None:
    assert answer_date(answer) == date


def test_a_refusal_tells_what_time_it_is() -> None:
    error = e.ClientError({**dated("Wed, 25 Nov 2026 12:00:00 GMT"), "Error": {"Code": "SignatureDoesNotMatch"}}, "X")
    with pytest.raises(CredentialsError, match=r"clock is wrong\.$") as caught:
        identify(session(error=error), errors=ERRORS)
    assert caught.value.answered == NOON


@pytest.mark.parametrize(
    ("arn", "root"),
    [("arn:aws:iam::123456789012:root", True), ("arn:aws:iam::123456789012:user/root", False)],
)
def test_the_owner_of_an_account(arn: str, root: bool) -> None:
    assert Identity(arn).is_root is root
