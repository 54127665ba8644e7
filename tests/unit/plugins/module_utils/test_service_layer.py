# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import PackagedFunction
from ansible_collections.asesoria.serverless.plugins.module_utils._service_layer import (
    ServiceLayer,
    ServiceLayerError,
    require_layer,
    with_layer,
)

NAME = "arn:aws:lambda:us-east-1:123456789012:layer:deps"
ARN = f"{NAME}:7"
OTHER = "arn:aws:lambda:us-east-1:123456789012:layer:other:3"
LAYER = ServiceLayer(arn=ARN, runtime="python3.11", architecture="x86_64")


def added(text: str, *functions: str) -> dict[str, Any]:
    """The configuration with the layer, as YAML reads it."""
    layer = ServiceLayer(arn=ARN, functions=functions)
    return dict(yaml.safe_load(with_layer(text, layer=layer, origin="serverless.yml")))


def layers_of(text: str, *functions: str) -> dict[str, Any]:
    """The layers of each function that has any of its own."""
    config = added(text, *functions)
    found = config["functions"]
    groups = found if isinstance(found, list) else [found]
    return {name: item["layers"] for group in groups for name, item in group.items() if "layers" in item}


PYTHON = "service: s\nprovider: {name: aws, runtime: python3.11}\n"


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        pytest.param(PYTHON + "functions: {a: {handler: x.y}}", {"a": [ARN]}, id="none yet"),
        pytest.param(PYTHON + f"functions: {{a: {{layers: ['{OTHER}']}}}}", {"a": [OTHER, ARN]}, id="beside its own"),
        pytest.param(
            PYTHON + f"functions: {{a: {{layers: ['{NAME}:2', '{OTHER}']}}}}", {"a": [OTHER, ARN]}, id="older"
        ),
        pytest.param(PYTHON + f"functions: {{a: {{layers: ['{NAME}']}}}}", {"a": [ARN]}, id="without a version"),
        pytest.param(
            PYTHON + f"functions: {{a: {{layers: ['{NAME}-more:1']}}}}",
            {"a": [f"{NAME}-more:1", ARN]},
            id="a name that starts alike is another layer",
        ),
        pytest.param(PYTHON + "functions: {a: {layers: null}}", {"a": [ARN]}, id="an empty key"),
        pytest.param(
            f"service: s\nprovider: {{runtime: python3.11, layers: ['{OTHER}']}}\n"
            "functions: {a: {}, b: {layers: []}}",
            {"a": [OTHER, ARN], "b": [ARN]},
            id="those of the provider stay",
        ),
        pytest.param(
            PYTHON + "functions: {a: {runtime: nodejs22.x}, b: {image: x}, c: {runtime: python3.12}}",
            {"c": [ARN]},
            id="Python only",
        ),
        pytest.param(
            "service: s\nprovider: {name: aws}\nfunctions: {a: {}, b: {runtime: '${param:runtime}'}}",
            {"b": [ARN]},
            id="Node.js is the default, and what a variable says is not known",
        ),
        pytest.param(PYTHON + "functions: [{a: {}}, {b: {}}]", {"a": [ARN], "b": [ARN]}, id="a list of mappings"),
        pytest.param(
            f"x: &base {{runtime: python3.11, layers: ['{OTHER}']}}\nservice: s\n"
            "functions: {a: {<<: *base, handler: x.y}}",
            {"a": [OTHER, ARN]},
            id="merged in",
        ),
    ],
)
def test_who_gets_the_layer(text: str, layers: dict[str, list[str]]) -> None:
    assert layers_of(text) == layers


def test_only_those_that_are_named() -> None:
    text = PYTHON + "functions: {a: {}, b: {}, c: {runtime: nodejs22.x}}"
    assert layers_of(text, "b") == {"b": [ARN]}
    assert layers_of(text, "c") == {"c": [ARN]}


@pytest.mark.parametrize("functions", ["${file(functions.yml)}", "[{a: {}}, '${file(functions.yml)}']"])
def test_functions_that_are_written_elsewhere_have_it_from_the_provider(functions: str) -> None:
    config = added(f"service: s\nprovider: {{runtime: python3.11, layers: ['{OTHER}']}}\nfunctions: {functions}")
    assert config["provider"]["layers"] == [OTHER, ARN]


@pytest.mark.parametrize(
    ("wsgi", "says"), [("{app: a.b}", False), ("{app: a.b, packRequirements: false}", False), ("null", None)]
)
def test_the_plugin_does_not_pack_the_dependencies_too(wsgi: str, says: object) -> None:
    found = added(PYTHON + f"custom: {{wsgi: {wsgi}}}\nfunctions: {{a: {{}}}}")["custom"]["wsgi"]
    assert (found and found["packRequirements"]) is says


def test_all_else_stays() -> None:
    text = (
        PYTHON
        + "functions:\n  a:\n    role: !GetAtt Role.Arn\n    layers:\n    - !Ref OwnLayer\n    environment: {ON: yes}\n"
    )
    written = with_layer(text, layer=LAYER, origin="x")
    assert "!GetAtt 'Role.Arn'" in written or "!GetAtt Role.Arn" in written
    assert "ON: yes" in written
    assert "OwnLayer" in written
    assert written.index("OwnLayer") < written.index(ARN)


@pytest.mark.parametrize(
    ("text", "functions", "said"),
    [
        (PYTHON + "functions: {a: {layers: '${param:layers}'}}", (), "functions.a.layers in serverless.yml is no list"),
        (
            "service: s\nprovider: {runtime: python3.11, layers: x}\nfunctions: {a: {}}",
            (),
            "provider.layers in serverless",
        ),
        (PYTHON + "functions: {a: {}}", ("b", "c"), "serverless.yml has no function b, c to give the layer to"),
        (
            PYTHON + "functions: ${file(f.yml)}",
            ("a",),
            "has no function a to give the layer to. Name some of these: (none",
        ),
        (PYTHON + "plugins: [serverless-python-requirements]", (), "has the plugin serverless-python-requirements"),
        (PYTHON + "plugins: {modules: [serverless-python-requirements]}", (), "has the plugin serverless-python-req"),
        (PYTHON + "custom: {wsgi: {packRequirements: true}}", (), "has custom.wsgi.packRequirements, which would pack"),
        ("functions: [", (), "serverless.yml is no YAML"),
    ],
)
def test_where_it_can_not_be_added(text: str, functions: tuple[str, ...], said: str) -> None:
    with pytest.raises(ServerlessError) as caught:
        added(text, *functions)
    assert said in str(caught.value)


def packaged(name: str = "s-dev-a", **changes: Any) -> PackagedFunction:
    """A function that the CLI has packaged with the layer."""
    values = {"runtime": "python3.11", "architecture": "x86_64", "layers": (OTHER, ARN), **changes}
    return PackagedFunction(name=name, archive=Path("a.zip"), **values)


@pytest.mark.parametrize(
    ("layer", "functions"),
    [
        (LAYER, [packaged(), packaged("s-dev-b", runtime="nodejs22.x", layers=())]),
        (ServiceLayer(arn=ARN), [packaged(runtime="python3.13", architecture="arm64")]),
        (ServiceLayer(arn=ARN, functions=("a",)), [packaged(), packaged("s-dev-b", layers=())]),
    ],
)
def test_packages_that_are_right(layer: ServiceLayer, functions: list[PackagedFunction]) -> None:
    require_layer(functions, layer=layer)


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        (
            [packaged(), packaged("s-dev-b", layers=(OTHER,))],
            f"the layer {ARN} did not reach s-dev-b, whose layers are",
        ),
        ([packaged(layers=(f"{NAME}:6",))], f"the layer {ARN} did not reach s-dev-a"),
        ([packaged(runtime="nodejs22.x")], "no Python function was packaged that could have the layer"),
        ([], "no Python function was packaged"),
        ([packaged(runtime="python3.12")], f"s-dev-a runs on python3.12, but the layer {ARN} was built for python3.11"),
        ([packaged(architecture="arm64")], f"s-dev-a is for arm64, but the layer {ARN} was built for x86_64"),
    ],
)
def test_packages_that_would_fail(functions: list[PackagedFunction], said: str) -> None:
    with pytest.raises(ServiceLayerError) as caught:
        require_layer(functions, layer=LAYER)
    assert said in str(caught.value)
