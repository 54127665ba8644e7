# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A domain that a service can have, and everything that AWS would not take."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter.service_domain import FilterModule, service_domain
from ansible_collections.asesoria.serverless.plugins.module_utils._service_domain import (
    DomainError,
    ServiceDomain,
    read_domain,
)
from hypothesis import given
from hypothesis import strategies as st

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
DOMAIN = {"name": "api.example.com", "certificate_arn": CERTIFICATE}
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)


def read(domain: dict[str, Any], *, front_door: str = "http_api", region: str = "eu-west-1") -> ServiceDomain | None:
    """Read it for a service."""
    return read_domain(domain, front_door=front_door, region=region)


@pytest.mark.parametrize("front_door", ["http_api", "rest_api", "function_url", ""])
def test_no_domain_is_no_domain(front_door: str) -> None:
    assert read({}, front_door=front_door) is None


@pytest.mark.parametrize("front_door", ["http_api", "rest_api"])
@pytest.mark.parametrize("zone", [{}, {"hosted_zone_id": ""}, {"hosted_zone_id": None}])
def test_a_domain(front_door: str, zone: dict[str, Any]) -> None:
    assert read({**DOMAIN, **zone}, front_door=front_door) == ServiceDomain("api.example.com", CERTIFICATE)


def test_a_domain_with_its_zone() -> None:
    assert read({**DOMAIN, "hosted_zone_id": "Z0123456789ABC"}) == ServiceDomain(
        "api.example.com", CERTIFICATE, "Z0123456789ABC"
    )


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-east-1", "aws")]
)
def test_a_certificate_of_another_partition(region: str, partition: str) -> None:
    arn = f"arn:{partition}:acm:{region}:123456789012:certificate/1"
    assert read({**DOMAIN, "certificate_arn": arn}, region=region) == ServiceDomain("api.example.com", arn)


@given(labels=st.lists(LABELS, min_size=1, max_size=3), last=st.sampled_from(["com", "xn--p1ai", "a1"]))
def test_every_name_of_labels_is_a_domain(labels: list[str], last: str) -> None:
    name = ".".join([*labels, last])
    assert read({**DOMAIN, "name": name}) == ServiceDomain(name, CERTIFICATE)


@pytest.mark.parametrize(
    "name",
    [
        "example",
        "https://api.example.com",
        "api.example.com/v1",
        "*.example.com",
        "Api.example.com",
        "api.example.com.",
        "api..example.com",
        "-api.example.com",
        "api_1.example.com",
        "españa.example.com",
        "192.0.2.1",
        "a" * 64 + ".example.com",
        ".".join(["a" * 60] * 5) + ".com",
    ],
)
def test_a_name_that_is_no_domain(name: str) -> None:
    with pytest.raises(DomainError, match="is no domain such as") as caught:
        read({**DOMAIN, "name": name})
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "front_door", "said"),
    [
        (
            {},
            "function_url",
            "a function URL can't have a domain of its own, other than through CloudFront. Set",
        ),
        ({}, "", "the app's own serverless.yml says what its API is, so a domain can't be added to it. Write the dom"),
        (
            {"certificate_arn": CERTIFICATE.replace("eu-west-1", "us-east-1")},
            "rest_api",
            "its certificate is in us-east-1, and has to be in eu-west-1, where the service is",
        ),
        ({"certificate_arn": "cert-1"}, "rest_api", "certificate_arn 'cert-1' is no ARN of a certificate"),
        ({"certificate_arn": ""}, "http_api", "it has no certificate_arn"),
        ({"certificate_arn": None, "name": ""}, "http_api", "it has no name and no certificate_arn"),
        ({"hosted_zone_id": "example.com"}, "http_api", "hosted_zone_id 'example.com' is no identifier of a hosted z"),
        ({"base_path": "v1"}, "http_api", "it has base_path, and only name, certificate_arn, hosted_zone_id are known"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], front_door: str, said: str) -> None:
    with pytest.raises(DomainError) as caught:
        read({**DOMAIN, **changes}, front_door=front_door)
    assert said in str(caught.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(DomainError) as caught:
        read({"name": "example", "hosted_zone_id": "z", "path": "x"})
    assert str(caught.value) == (
        "the domain of the service can't be set up: it has path, and only name, certificate_arn, hosted_zone_id are "
        "known; it has no certificate_arn; name 'example' is no domain such as api.example.com, in lower case, without "
        "a scheme, a path or a star, and with xn-- for other letters than a to z; hosted_zone_id 'z' is no identifier "
        "of a hosted zone, such as Z0123456789ABCDEFGHIJ. Correct asesoria_domain (serverless_deploy_domain), or leave "
        "it empty for the address that AWS gives."
    )


def test_the_filter() -> None:
    assert FilterModule().filters() == {"service_domain": service_domain}
    assert service_domain({}, "function_url", "eu-west-1") == {}
    assert service_domain(DOMAIN, "http_api", "eu-west-1") == {**DOMAIN, "hosted_zone_id": ""}
    with pytest.raises(AnsibleFilterError, match="a function URL can't have a domain"):
        service_domain(DOMAIN, "function_url", "eu-west-1")
