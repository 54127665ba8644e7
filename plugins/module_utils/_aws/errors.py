# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read what AWS said from an error of the SDK, also if AWS said nothing.

A ``ClientError`` has the answer in ``response``. An ``HTTPClientError`` (closed connection, timeout, no route) has the
same attribute, and it is ``None``. Other errors have no such attribute.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

#: The SDK's errors of a call that did not come through, or whose answer did not come back.
_UNANSWERED: tuple[type[BaseException], ...] = ()
with contextlib.suppress(ImportError):  # AnsibleAWSModule says that it is missing, before anything here is called.
    from botocore.exceptions import ConnectionError as NotConnectedError
    from botocore.exceptions import HTTPClientError

    _UNANSWERED = (HTTPClientError, NotConnectedError)

_SERVER_ERROR = 500
# What botocore retries as throttling: botocore/retries/throttling.py and adaptive.py.
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "SlowDown"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def error_response(error: BaseException) -> Mapping[str, Any]:
    """Return AWS's whole answer; empty if AWS did not answer.

    :param error: The error that the SDK raised.
    """
    response = getattr(error, "response", None)
    return response if isinstance(response, Mapping) else {}


def error_code(error: BaseException) -> str:
    """Return the code of an AWS error, ``AccessDenied`` for example; empty if AWS did not answer.

    :param error: The error that the SDK raised.
    """
    return str(_details(error).get("Code") or "")


def error_message(error: BaseException) -> str:
    """Return AWS's own sentence, or the SDK's if AWS did not answer; one line without a full stop at the end.

    :param error: The error that the SDK raised.
    """
    return " ".join(str(_details(error).get("Message") or error).split()).rstrip(".")


def http_status(error: BaseException) -> int:
    """Return the HTTP status of AWS's answer; 0 if AWS did not answer.

    :param error: The error that the SDK raised.
    """
    metadata = error_response(error).get("ResponseMetadata")
    status = metadata.get("HTTPStatusCode") if isinstance(metadata, Mapping) else None
    return status if isinstance(status, int) else 0


def is_outage(error: BaseException | None) -> bool:
    """Return True if the same call may succeed later: AWS was not reached, did not answer, or could not.

    :param error: The error that the SDK raised.
    """
    if error is None:
        return False
    unanswered = isinstance(error, _UNANSWERED)
    return unanswered or http_status(error) >= _SERVER_ERROR or error_code(error) in _THROTTLED


def is_denied_code(code: str) -> bool:
    """Return True if an error's code says that the caller lacks a permission.

    :param code: The code, see :func:`error_code`.
    """
    return code in _DENIED


def _details(error: BaseException) -> Mapping[str, Any]:
    details = error_response(error).get("Error")
    return details if isinstance(details, Mapping) else {}
