# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose AWS credentials these are, and in which words to say that there are none.

Knows boto3 by its behaviour only, so that it can be imported, and tested, without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
}


class CredentialsError(ServerlessError):
    """AWS can't be asked anything with what there is."""


def identify(session: Callable[[], Any], *, errors: tuple[type[Exception], ...]) -> str:
    """Ask AWS whose credentials these are.

    :param session: makes a boto3 session.
    :param errors: what boto3 raises.
    :returns: the ARN of the caller.
    :raises CredentialsError: there are no credentials, or AWS does not accept them.
    """
    try:
        made = session()
        if made.get_credentials() is None:
            raise CredentialsError("no AWS credentials", _GET_SOME)
        arn = made.client("sts").get_caller_identity()["Arn"]
    except errors as error:
        raise explain(error) from error
    return str(arn)


def explain(error: Exception) -> CredentialsError:
    """Turn one of botocore's errors into a message.

    :param error: the error.
    """
    code = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
    text = " ".join(str(error).split()).rstrip(".")
    return CredentialsError(f"AWS credentials that can't be used ({text})", _REMEDIES.get(code, _GET_SOME))
