# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way to build a layer is the best on this control node, and why: wheels alone, a builder on EC2, or Docker.

Wheels alone are the best, as nothing is started and nothing is paid. A builder is next, because it needs no more than
an AWS account; a container of the runtime's operating system does the same where AWS would give no instance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._answers import NO, UNKNOWN, YES, Answer
from ansible_collections.asesoria.serverless.plugins.module_utils._check import OK, PROBLEM, WARNING, Check
from ansible_collections.asesoria.serverless.plugins.module_utils._check import UNKNOWN as NOT_KNOWN
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_lock import LockRequest, plan_lock
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_place import (
    AUTO,
    BUILDER,
    CONTROL_NODE,
    WHEELS,
    Layer,
    decide,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner

DOCKER = "docker"
NAME = "way to build"
_AS_STRATEGY = "Set asesoria_layer_strategy to {strategy}"


@dataclass(frozen=True)
class Ways:
    """What is known of each way.

    :param here: whether the control node can build the layer, of wheels alone.
    :param because: why, or why not, or why that is not known.
    :param builder: what is against a builder on EC2; empty if nothing is known to be.
    :param docker: whether a container engine runs here.
    """

    here: Answer
    because: str
    builder: str = ""
    docker: Answer = UNKNOWN


@dataclass(frozen=True)
class Way:
    """What is recommended.

    :param way: V(wheels), V(builder), V(docker), or V(unknown).
    :param check: how that is said.
    """

    way: str
    check: Check


def locked(request: LockRequest, *, environment: Mapping[str, str], runner: Runner) -> Layer:
    """What a layer is made of, by the lock that is there, or by one that is thought of and not kept.

    :param request: what is wanted.
    :param environment: of the process.
    :param runner: for git.
    :raises ServerlessError: the requirements have no solution, or an index does not answer.
    """
    lock = plan_lock(request, environment=environment, runner=runner).lock
    return Layer(
        runtime=request.target.runtime,
        architecture=request.target.architecture,
        wheels=[package.file for package in lock.packages if package.kind == "wheel"],
        to_build=lock.to_build,
    )


def find_ways(layer: Layer, *, known: bool, python: str | None, runner: Runner) -> Ways:
    """Whether this control node can build a layer.

    :param layer: what it is made of.
    :param known: whether that is known; if not, only the interpreter is.
    :param python: the interpreter to use; None to look for one.
    :param runner: starts interpreters.
    """
    place = decide(layer, strategy=AUTO, python=python, runner=runner)
    if place.place != CONTROL_NODE:
        return Ways(here=NO, because=place.reason)
    if known:
        return Ways(here=YES, because=place.reason)
    return Ways(here=UNKNOWN, because="whether there is a wheel of everything was not looked for")


def recommend(ways: Ways, *, strategy: str, os_name: str) -> Way:
    """The best way to build a layer, held against the one that the run will go.

    :param ways: what is known of each.
    :param strategy: what is asked for, as M(asesoria.serverless.layer_place_info) has it.
    :param os_name: operating system of the runtime.
    """
    way, why = _best(ways)
    found = f"{way}, because {why}"
    if way == WHEELS:
        remedy = f"{_AS_STRATEGY.format(strategy='auto')} to have it so" if strategy == BUILDER else ""
        return Way(way, Check(NAME, OK, found, remedy=remedy))
    if strategy == WHEELS and ways.here == NO:
        found = f"the strategy {WHEELS} can't be followed: {ways.because}"
        remedy = f"{_AS_STRATEGY.format(strategy='auto')}, which takes a builder where wheels alone won't do"
        return Way(way, Check(NAME, PROBLEM, found, remedy=remedy))
    if way == DOCKER:
        return Way(way, Check(NAME, WARNING, found, remedy=_with_docker(os_name)))
    if way == UNKNOWN:
        return Way(way, Check(NAME, NOT_KNOWN, found, remedy="playbooks/lock.yml finds it out"))
    if ways.builder:
        return Way(way, Check(NAME, WARNING, f"{found}; but {ways.builder}", remedy=_NO_BUILDER))
    return Way(way, Check(NAME, OK, found))


_NO_BUILDER = (
    "See to that, or put a host of yours with the runtime's operating system into the inventory group lambda_builders"
)


def _best(ways: Ways) -> tuple[str, str]:
    if ways.here == YES:
        return WHEELS, ways.because
    if ways.here == UNKNOWN:
        return UNKNOWN, ways.because
    if ways.builder and ways.docker == YES:
        return DOCKER, f"{ways.because}, and {ways.builder}, but a container engine answers here"
    return BUILDER, ways.because


def _with_docker(os_name: str) -> str:
    return (
        f"Start a container of {os_name} with an SSH server, and put it into the inventory group lambda_builders as a "
        "host of yours"
    )
