# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose AWS credentials these are, and in which words to say that there are none.

Knows boto3 by its behaviour only, so that it can be imported, and tested, without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code, error_response
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_GET_SOME = (
    "Name a profile by AWS_PROFILE, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws configure or aws sso "
    "login"
)
# botocore's classes of errors before AWS is reached, and STS's error codes: botocore.exceptions; AWS STS API Reference,
# "Common Error Types".
_REMEDIES = {
    "ProfileNotFound": "Name one that the AWS configuration files have: AWS_PROFILE, asesoria_admin_environment",
    "ConfigParseError": "Mend the file",
    "NoCredentialsError": _GET_SOME,
    "PartialCredentialsError": "Give both parts of the access key",
    "EndpointConnectionError": "Check the network, AWS_ENDPOINT_URL, and the region's name",
    "ConnectTimeoutError": "Check the network and the proxy settings",
    "UnauthorizedSSOTokenError": "Run aws sso login",
    "SSOTokenLoadError": "Run aws sso login",
    "TokenRetrievalError": "Run aws sso login",
    "InvalidClientTokenId": "The access key does not exist or is switched off: use another",
    "SignatureDoesNotMatch": "The secret does not belong to the access key, or this machine's clock is wrong",
    "ExpiredToken": "Get new credentials, for instance by aws sso login",
    "ExpiredTokenException": "Get new credentials, for instance by aws sso login",
    "RequestExpired": "Set this machine's clock",
    "RequestTimeTooSkewed": "Set this machine's clock",
}


class CredentialsError(ServerlessError):
    """AWS can't be asked anything with what there is."""

    #: What AWS's clock said when it refused; None if it was not asked or did not say.
    answered: datetime | None = None


@dataclass(frozen=True)
class Identity:
    """Who is asking.

    :param arn: of the caller.
    :param answered: what AWS's clock said when it answered; None if the answer has no date.
    """

    arn: str
    answered: datetime | None = None

    @property
    def is_root(self) -> bool:
        """Whether it is the owner of the account, whom no policy can limit."""
        return self.arn.endswith(":root")


def identify(session: Callable[[], Any], *, errors: tuple[type[Exception], ...]) -> Identity:
    """Ask AWS whose credentials these are.

    :param session: makes a boto3 session.
    :param errors: what boto3 raises.
    :raises CredentialsError: there are no credentials, or AWS does not accept them.
    """
    try:
        made = session()
        if made.get_credentials() is None:
            raise CredentialsError("no AWS credentials", _GET_SOME)
        answer = made.client("sts").get_caller_identity()
    except errors as error:
        raise explain(error) from error
    return Identity(arn=str(answer["Arn"]), answered=answer_date(answer))


def answer_date(answer: Mapping[str, Any]) -> datetime | None:
    """When AWS says that it has answered; None if it does not say.

    :param answer: as botocore returns it, or keeps it in a ClientError.
    """
    text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    with suppress(TypeError, ValueError):
        date = parsedate_to_datetime(text)
        return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    return None


def explain(error: Exception) -> CredentialsError:
    """Turn one of botocore's errors into a message.

    :param error: the error.
    """
    code = error_code(error) or type(error).__name__
    text = " ".join(str(error).split()).rstrip(".")
    explained = CredentialsError(f"AWS credentials that can't be used ({text})", _REMEDIES.get(code, _GET_SOME))
    explained.answered = answer_date(error_response(error))
    return explained
