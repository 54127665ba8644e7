# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _aws_identity, _aws_quotas, _host_keys
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import (
    error_code,
    error_message,
    error_response,
    http_status,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import (
    CloudFormationError,
    Stacks,
    is_denied,
)
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
)

#: Errors without an answer of AWS's. The attribute ``response`` of the first four is there, and is ``None``.
SILENT = [
    HTTPClientError(error=OSError("no route")),
    ConnectionClosedError(endpoint_url="https://example.org"),
    ReadTimeoutError(endpoint_url="https://example.org"),
    EndpointConnectionError(endpoint_url="https://example.org"),
    NoCredentialsError(),
    OSError("broken"),
]


def refused(code: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "No.\n  Not you."}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return ClientError(answer, "DescribeStacks")


def test_an_answer_is_read() -> None:
    error = refused("AccessDenied")
    assert (error_code(error), error_message(error), http_status(error)) == ("AccessDenied", "No. Not you", 403)
    assert is_denied(error)
    assert error_response(error)["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize("error", SILENT, ids=lambda error: type(error).__name__)
def test_an_error_without_an_answer_has_no_code(error: Exception) -> None:
    assert (error_code(error), http_status(error), dict(error_response(error))) == ("", 0, {})
    assert error_message(error) == str(error).rstrip(".")
    assert not is_denied(error)


@pytest.mark.parametrize("answer", [{}, {"Error": None}, {"Error": {"Code": None}}, {"ResponseMetadata": None}])
def test_half_an_answer_has_no_code(answer: Any) -> None:
    error = ClientError({}, "DescribeStacks")
    error.response = answer
    assert (error_code(error), http_status(error)) == ("", 0)


def fail(error: Exception) -> Callable[..., Any]:
    def raise_it(*_args: Any, **_options: Any) -> Any:
        raise error

    return raise_it


@pytest.mark.parametrize("error", SILENT[:4], ids=lambda error: type(error).__name__)
def test_each_reader_of_errors_takes_one_without_an_answer(error: Exception) -> None:
    """Each ended with "'NoneType' object has no attribute 'get'"."""
    client = type("Client", (), {"describe_stacks": fail(error), "get_console_output": fail(error)})()
    with pytest.raises(CloudFormationError, match=r"looking up the stack shop-dev failed: \w+"):
        Stacks(client).find("shop-dev")
    assert "can't be used" in str(_aws_identity.explain(error))
    assert type(error).__name__ in str(_aws_quotas._unknown(error, action="ec2:DescribeInstances"))
    with pytest.raises(type(error)):
        _host_keys._console(client, "i-0")
