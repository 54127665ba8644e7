# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.module_utils._endpoint import (
    EndpointError,
    endpoint_target,
    endpoint_url,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_cli import failure_reason
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import (
    FINGERPRINT_OUTPUT,
    read_config,
    with_fingerprint,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._yaml_tree import ConfigError, dump
from hypothesis import example, given
from hypothesis import strategies as st

OWN = """\
service: shop  # a comment
provider:
  name: aws
  environment: &shared
    URL: !Sub "https://${AWS::Region}.example.com"
    ON: yes
    CODE: 0123
functions:
  api: {handler: a.b, environment: *shared}
"""


class _Tagged(yaml.SafeLoader):
    """Knows !Sub, as CloudFormation does."""


_Tagged.add_constructor("!Sub", lambda loader, node: ("!Sub", loader.construct_scalar(node)))


@pytest.mark.parametrize(
    ("resources", "count"),
    [
        ("", 1),
        ("resources:\n", 1),
        ("resources:\n  Outputs: {A: {Value: b}}\n", 2),
        ("resources:\n  - Outputs: {A: {Value: b}}\n  - Resources: {}\n", 3),
        ("resources: ${file(resources.yml)}\n", 2),
    ],
)
def test_the_fingerprint_is_added_and_the_rest_stays(resources: str, count: int) -> None:
    before = yaml.load(OWN + resources, _Tagged)  # noqa: S506
    after = yaml.load(with_fingerprint(OWN + resources, fingerprint="f00", origin="x"), _Tagged)  # noqa: S506
    added = after.pop("resources")
    theirs = before.pop("resources", None)
    assert after == before
    assert len(added) == count
    assert added[-1]["Outputs"][FINGERPRINT_OUTPUT]["Value"] == "f00"
    assert added[:-1] == (theirs if isinstance(theirs, list) else [theirs] if theirs else [])


def test_a_word_that_another_yaml_reads_otherwise_is_not_rewritten() -> None:
    text = with_fingerprint(OWN, fingerprint="f00", origin="x")
    assert "ON: yes\n" in text
    assert "CODE: 0123\n" in text
    assert '!Sub "https://${AWS::Region}.example.com"' in text


@example({"a": "\x85 b", "c": "a\u2028 b"})
@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii", categories=["L"]), min_size=1).filter(lambda key: key != "resources"),
        st.recursive(st.text() | st.integers() | st.booleans() | st.none(), st.lists, max_leaves=5),
        min_size=1,
    )
)
def test_any_configuration_survives(config: dict[str, object]) -> None:
    after = yaml.safe_load(with_fingerprint(dump(config), fingerprint="0", origin="x"))
    del after["resources"]
    assert after == config


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ("service: shop", "shop-dev"),
        ("service: shop\nprovider: {stackName: own}", "own"),
        ("service: shop\nprovider: {stackName: '${self:service}-${sls:stage}-x'}", "shop-dev-x"),
        ("service: shop-${opt:stage, 'dev'}", "shop-dev-dev"),
    ],
)
def test_the_stack_name(text: str, stack: str) -> None:
    assert read_config(text, origin="x", stage="dev").stack_name == stack


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "x is no YAML: while parsing"),
        ("", "x has no keys"),
        ("- a", "x has no keys"),
        ("provider: {}", "x has no key 'service'"),
        ("service: ${env:NAME}", "x makes 'service' of a variable that only the CLI can resolve: ${env:NAME}"),
        ("service: a_b", "the service and the stage make the stack name 'a_b-dev'"),
    ],
)
def test_a_configuration_that_can_not_be_used(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(text, origin="x", stage="dev")
    assert str(caught.value).startswith(said)


DOMAIN = {"AsesoriaDomainUrl": "https://api.example.com"}
TARGET = {"AsesoriaDomainTarget": "d-abc.execute-api.x"}
HTTP_API = {"HttpApiUrl": "https://abc.execute-api.eu-west-1.amazonaws.com", "HttpApiId": "abc"}


@pytest.mark.parametrize(
    ("outputs", "form", "url"),
    [
        (HTTP_API, "", "https://abc.execute-api.eu-west-1.amazonaws.com"),
        (HTTP_API, "http://{api_id}.x:4566/{stage}/{region}", "http://abc.x:4566/dev/eu-west-1"),
        ({"ServiceEndpoint": "https://r1.execute-api.x/dev"}, "", "https://r1.execute-api.x/dev"),
        ({"ServiceEndpoint": "https://r1.execute-api.x/dev"}, "http://{api_id}/", "http://r1/"),
        ({"ApiLambdaFunctionUrl": "https://f.lambda-url.x/"}, "", "https://f.lambda-url.x/"),
        ({**HTTP_API, **DOMAIN}, "", "https://api.example.com"),
        ({**HTTP_API, **DOMAIN}, "http://{api_id}.x:4566", "http://abc.x:4566"),
        ({"Other": "x"}, "", None),
        ({}, "http://{api_id}/", None),
    ],
)
def test_the_endpoint(outputs: dict[str, str], form: str, url: str | None) -> None:
    assert endpoint_url(outputs, form=form, region="eu-west-1", stage="dev") == url


@pytest.mark.parametrize(
    ("outputs", "form", "target"),
    [
        ({**HTTP_API, **DOMAIN, **TARGET}, "", "d-abc.execute-api.x:443"),
        ({**HTTP_API, **DOMAIN}, "", None),
        ({**HTTP_API, **TARGET}, "", None),
        ({**HTTP_API, **DOMAIN, **TARGET}, "http://{api_id}.x:4566", None),
        (HTTP_API, "", None),
    ],
)
def test_where_a_domain_is_reached_that_somebody_else_looks_after(
    outputs: dict[str, str], form: str, target: str | None
) -> None:
    assert endpoint_target(outputs, form=form) == target


@pytest.mark.parametrize("form", ["http://{host}", "http://{}", "http://{api_id"])
def test_an_endpoint_format_that_can_not_be_filled_in(form: str) -> None:
    with pytest.raises(EndpointError, match="the endpoint format"):
        endpoint_url({}, form=form, region="eu-west-1", stage="dev")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("noise\n\x1b[31mError:\x1b[39m\nplugin not found.\n", "plugin not found"),
        ("Error:\nTypeError: x\n    at f (a.js:1)\n    at g\n", "TypeError: x"),
        ("only noise\n", "only noise"),
        ("", "it printed nothing"),
    ],
)
def test_the_reason_in_the_output_of_the_cli(output: str, reason: str) -> None:
    assert failure_reason(output) == reason


def test_a_long_output_is_cut() -> None:
    assert len(failure_reason("Error:\n" + "line\n" * 500).split()) == 12
