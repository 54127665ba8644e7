# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which builder makes which layer, and which builders a list of layers needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: A package that is compiled takes about as long as so many that are unpacked.
COMPILED = 10


class SpreadError(ServerlessError):
    """A layer that none of the builders can make."""


@dataclass(frozen=True)
class Layer:
    """What is to be built.

    :param key: what it is called here.
    :param name: what its users call it.
    :param os: name of the operating system that it has to be built on.
    :param architecture: the instruction set.
    :param runtime: identifier of the Lambda runtime.
    :param wheels: how many packages are unpacked.
    :param compiled: how many are compiled.
    """

    key: str
    name: str
    os: str
    architecture: str
    runtime: str
    wheels: int
    compiled: int

    @property
    def weight(self) -> int:
        """How long it takes, in no unit."""
        return self.wheels + COMPILED * self.compiled + 1


@dataclass(frozen=True)
class Builder:
    """Where it can be built.

    :param name: of the host.
    :param os: name of its operating system; empty if nobody has said, so that it is taken for every one.
    :param architecture: its instruction set; empty likewise.
    """

    name: str
    os: str
    architecture: str

    def can_make(self, layer: Layer) -> bool:
        """Whether the layer can be built there, as far as is known."""
        return self.os in ("", layer.os) and self.architecture in ("", layer.architecture)


def spread(layers: Iterable[Layer], builders: Sequence[Builder]) -> dict[str, list[str]]:
    """Give each layer to a builder that can make it, so that all are done early.

    The longest first, each to whoever is free first: at most a third longer than the best spreading there is (R. L.
    Graham, "Bounds on Multiprocessing Timing Anomalies", 1969).

    :returns: for each builder the keys of its layers, in the order in which to build them.
    :raises SpreadError: there is no builder for a layer.
    """
    shares: dict[str, list[str]] = {builder.name: [] for builder in builders}
    busy = dict.fromkeys(shares, 0)
    for layer in sorted(layers, key=lambda each: (-each.weight, each.key)):
        able = [builder.name for builder in builders if builder.can_make(layer)]
        if not able:
            raise SpreadError(
                _nobody(layer, builders), "Ask for one in asesoria_fleet, or put a host of your own there"
            )
        chosen = min(able, key=lambda name: (busy[name], name))
        shares[chosen].append(layer.key)
        busy[chosen] += layer.weight
    return shares


def _nobody(layer: Layer, builders: Sequence[Builder]) -> str:
    there = "; ".join(f"{each.name} is {each.os or 'unknown'}, {each.architecture or 'unknown'}" for each in builders)
    wanted = f"{layer.os}, {layer.architecture}"
    return f"no host of lambda_builders can make the layer {layer.name}, which takes {wanted}: {there or 'it is empty'}"


def kinds(layers: Iterable[Layer]) -> list[dict[str, str]]:
    """The builders that some layers need: a runtime and an architecture for each operating system and architecture."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for layer in layers:
        found.setdefault((layer.os, layer.architecture), {"runtime": layer.runtime, "architecture": layer.architecture})
    return list(found.values())
