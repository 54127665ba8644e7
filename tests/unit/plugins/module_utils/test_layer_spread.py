# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_spread import (
    Builder,
    Layer,
    SpreadError,
    kinds,
    spread,
)
from hypothesis import given
from hypothesis import strategies as st

OLD, NEW = "Amazon Linux 2", "Amazon Linux 2023"


def layer(key: str, *, wheels: int = 1, compiled: int = 0, os: str = OLD, architecture: str = "x86_64") -> Layer:
    runtime = "python3.11" if os == OLD else "python3.13"
    return Layer(
        key=key,
        name=f"name-of-{key}",
        os=os,
        architecture=architecture,
        runtime=runtime,
        wheels=wheels,
        compiled=compiled,
    )


def builder(name: str, os: str = OLD, architecture: str = "x86_64") -> Builder:
    return Builder(name, os, architecture)


def test_one_builder_makes_all_the_longest_first() -> None:
    layers = [layer("a"), layer("b", wheels=9), layer("c", compiled=1)]
    assert spread(layers, [builder("one")]) == {"one": ["c", "b", "a"]}


def test_two_builders_share_alike() -> None:
    layers = [layer(key, wheels=5) for key in "abcdef"]
    assert spread(layers, [builder("one"), builder("two")]) == {"one": ["a", "c", "e"], "two": ["b", "d", "f"]}


def test_what_is_compiled_counts_for_more() -> None:
    layers = [layer("a", compiled=3), layer("b", wheels=9), layer("c", wheels=9), layer("d", wheels=9)]
    assert spread(layers, [builder("one"), builder("two")]) == {"one": ["a"], "two": ["b", "c", "d"]}


def test_each_goes_where_it_can_be_made() -> None:
    layers = [layer("a", architecture="arm64"), layer("b", os=NEW), layer("c")]
    builders = [builder("one"), builder("two", architecture="arm64"), builder("three", os=NEW)]
    assert spread(layers, builders) == {"one": ["c"], "two": ["a"], "three": ["b"]}


def test_a_host_of_which_nothing_is_known_makes_everything() -> None:
    assert spread([layer("a", os=NEW), layer("b")], [builder("mine", "", "")]) == {"mine": ["a", "b"]}


@pytest.mark.parametrize(
    ("builders", "said"),
    [
        ([], "it is empty"),
        ([builder("one", NEW)], "one is Amazon Linux 2023, x86_64"),
        ([builder("one", "", "arm64")], "one is unknown, arm64"),
    ],
)
def test_a_layer_that_nobody_can_make_is_named(builders: list[Builder], said: str) -> None:
    with pytest.raises(SpreadError) as caught:
        spread([layer("a")], builders)
    message = str(caught.value)
    assert "the layer name-of-a, which takes Amazon Linux 2, x86_64" in message
    assert said in message
    assert "asesoria_fleet" in message


def test_the_builders_that_are_needed() -> None:
    layers = [layer("a"), layer("b", os=NEW), layer("c", os=NEW), layer("d", os=NEW, architecture="arm64")]
    assert kinds(layers) == [
        {"runtime": "python3.11", "architecture": "x86_64"},
        {"runtime": "python3.13", "architecture": "x86_64"},
        {"runtime": "python3.13", "architecture": "arm64"},
    ]
    assert kinds([]) == []


_LAYERS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=12).map(
    lambda sizes: [layer(f"{n:02}", wheels=wheels, compiled=compiled) for n, (wheels, compiled) in enumerate(sizes)]
)


@given(layers=_LAYERS, count=st.integers(1, 4))
def test_every_layer_is_made_once_and_nobody_is_much_busier(layers: Sequence[Layer], count: int) -> None:
    shares = spread(layers, [builder(f"b{number}") for number in range(count)])
    assert sorted(key for share in shares.values() for key in share) == sorted(each.key for each in layers)
    weights = {each.key: each.weight for each in layers}
    busiest = max(sum(weights[key] for key in share) for share in shares.values())
    longest = max(weights.values())
    # Graham, "Bounds for Certain Multiprocessing Anomalies", 1966: when the last one was begun, all others were busy.
    assert busiest <= sum(weights.values()) / count + longest * (1 - 1 / count) + 1e-9
