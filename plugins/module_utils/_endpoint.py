# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a deployed service answers, read from its stack's outputs."""

from __future__ import annotations

import string
from collections.abc import Mapping
from urllib.parse import urlsplit

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

# Outputs that the role serverless_deploy gives a domain of the user's own: its address, and what the domain's record
# has to name if that is not made by the same stack.
_DOMAIN_URL_OUTPUT = "AsesoriaDomainUrl"
_DOMAIN_TARGET_OUTPUT = "AsesoriaDomainTarget"
_HTTPS_PORT = 443
# Outputs that osls gives the front doors of a service: HTTP API, REST API. A function URL's is named after its
# function.
_URL_OUTPUTS = ("HttpApiUrl", "ServiceEndpoint")
_FUNCTION_URL_SUFFIX = "LambdaFunctionUrl"
_FIELDS = ("api_id", "region", "stage")


class EndpointError(ServerlessError):
    """The endpoint's address can't be made."""


def check_endpoint_format(form: str) -> None:
    """Refuse a form that :func:`endpoint_url` could not fill in.

    :param form: see there.
    :raises EndpointError: it is no format string, or has another field than those known.
    """
    try:
        fields = {name for _text, name, _spec, _conversion in string.Formatter().parse(form) if name is not None}
    except ValueError as error:
        raise EndpointError(
            f"the endpoint format {form!r} can't be read: {error}", "Use {{ and }} for plain braces"
        ) from error
    unknown = sorted(fields.difference(_FIELDS))
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in _FIELDS)
        raise EndpointError(f"the endpoint format {form!r} has the unknown field {{{unknown[0]}}}", f"Use only {known}")


def endpoint_url(outputs: Mapping[str, str], *, form: str, region: str, stage: str) -> str | None:
    """Make the address of a service.

    :param outputs: the stack's outputs.
    :param form: the address with C({api_id}), C({region}) and C({stage}) to be filled in, for an API that does not
        answer where its output says; empty to take the output.
    :param region: the service's region.
    :param stage: the service's stage.
    :returns: the address, or C(None) if the stack has no front door.
    :raises EndpointError: see :func:`check_endpoint_format`.
    """
    check_endpoint_format(form)
    url = _output_url(outputs)
    if url is None or not form:
        return outputs.get(_DOMAIN_URL_OUTPUT) or url
    api_id = outputs.get("HttpApiId") or (urlsplit(url).hostname or "").partition(".")[0]
    return form.format(api_id=api_id, region=region, stage=stage)


def endpoint_target(outputs: Mapping[str, str], *, form: str) -> str | None:
    """Where a service whose domain somebody else looks after can be reached, whether or not the domain leads to it.

    :param outputs: the stack's outputs.
    :param form: see :func:`endpoint_url`.
    :returns: host and port, or C(None) if the address of :func:`endpoint_url` is all that it takes.
    """
    target = outputs.get(_DOMAIN_TARGET_OUTPUT) if outputs.get(_DOMAIN_URL_OUTPUT) and not form else None
    return f"{target}:{_HTTPS_PORT}" if target else None


def _output_url(outputs: Mapping[str, str]) -> str | None:
    for name in _URL_OUTPUTS:
        if outputs.get(name):
            return outputs[name]
    urls = [value for name, value in sorted(outputs.items()) if name.endswith(_FUNCTION_URL_SUFFIX)]
    return urls[0] if urls else None
