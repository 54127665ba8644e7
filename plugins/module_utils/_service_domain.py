# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A domain of the user's own in front of a service: what it takes, and why AWS would not have it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: The front doors that API Gateway answers at, and the one that has no domain without CloudFront.
_APIS = ("http_api", "rest_api")
_FUNCTION_URL = "function_url"
_REQUIRED = ("name", "certificate_arn")
_OPTIONAL = ("hosted_zone_id",)
_LONGEST_NAME = 253
# API Gateway takes no upper case; the last label of a domain is no number.
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[^.]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):\d{12}:certificate/[\w-]+")
_ZONE = re.compile(r"[A-Z0-9]{1,32}")


class DomainError(ServerlessError):
    """The service can't have this domain."""


@dataclass(frozen=True)
class ServiceDomain:
    """A domain, and what makes it lead to a service.

    :param name: the domain.
    :param certificate_arn: of the certificate in AWS Certificate Manager that it is served with.
    :param hosted_zone_id: of the zone in Route 53 that gets its record; empty if the record is made elsewhere.
    """

    name: str
    certificate_arn: str
    hosted_zone_id: str = ""


def read_domain(given: Mapping[str, Any], *, front_door: str, region: str) -> ServiceDomain | None:
    """Read what was asked for.

    :param given: C(name), C(certificate_arn) and, if the record is to be made too, C(hosted_zone_id).
    :param front_door: what requests come in by; empty if a configuration of the app's own says it.
    :param region: the service's region.
    :returns: the domain, or C(None) if nothing was asked for.
    :raises DomainError: the service can't have it; all that is wrong is said.
    """
    if not given:
        return None
    _require_front_door(front_door)
    texts = {key: "" if value is None else str(value) for key, value in given.items()}
    problems = list(_problems(texts, region=region))
    if problems:
        raise DomainError(
            f"the domain of the service can't be set up: {'; '.join(problems)}",
            "Correct asesoria_domain (serverless_deploy_domain), or leave it empty for the address that AWS gives",
        )
    return ServiceDomain(**texts)


def _require_front_door(front_door: str) -> None:
    if front_door in _APIS:
        return
    if front_door == _FUNCTION_URL:
        raise DomainError(
            "a function URL can't have a domain of its own, other than through CloudFront",
            "Set asesoria_front_door to http_api or rest_api, or leave asesoria_domain empty",
        )
    raise DomainError(
        "the app's own serverless.yml says what its API is, so a domain can't be added to it",
        "Write the domain into that file, or set asesoria_config_source to variables, and leave asesoria_domain empty",
    )


def _problems(texts: Mapping[str, str], *, region: str) -> Iterator[str]:
    unknown = sorted(set(texts).difference(_REQUIRED, _OPTIONAL))
    if unknown:
        yield f"it has {', '.join(unknown)}, and only {', '.join((*_REQUIRED, *_OPTIONAL))} are known"
    missing = [key for key in _REQUIRED if not texts.get(key)]
    if missing:
        yield f"it has no {' and no '.join(missing)}"
    yield from _name_problems(texts.get("name", ""))
    yield from _certificate_problems(texts.get("certificate_arn", ""), region=region)
    zone = texts.get("hosted_zone_id", "")
    if zone and not _ZONE.fullmatch(zone):
        yield f"hosted_zone_id {zone!r} is no identifier of a hosted zone, such as Z0123456789ABCDEFGHIJ"


def _name_problems(name: str) -> Iterator[str]:
    if name and (len(name) > _LONGEST_NAME or not _NAME.fullmatch(name)):
        yield (
            f"name {name!r} is no domain such as api.example.com, in lower case, without a scheme, a path or a star, "
            "and with xn-- for other letters than a to z"
        )


def _certificate_problems(arn: str, *, region: str) -> Iterator[str]:
    found = _CERTIFICATE.fullmatch(arn)
    if arn and not found:
        yield f"certificate_arn {arn!r} is no ARN of a certificate in AWS Certificate Manager"
    elif found and found["region"] != region:
        yield f"its certificate is in {found['region']}, and has to be in {region}, where the service is"
