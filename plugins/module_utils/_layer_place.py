# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides where a locked layer is built: on the control node, if that can do it, or on a builder.

Whoever builds a layer has to import it too, so the control node needs an interpreter of the runtime's Python. Where a
zip that a builder has made is still what the lock asks for, no builder is needed.
"""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._interpreter import (
    InterpreterError,
    check_wheels,
    examine,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_build import BuildRequest, is_current
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import Runtime

AUTO, WHEELS, BUILDER = STRATEGIES = ("auto", "wheels", "builder")
CONTROL_NODE, NOWHERE = "control_node", "nowhere"


class PlaceError(ServerlessError):
    """The layer can't be built where it was asked for."""


@dataclass(frozen=True)
class Layer:
    """What is to be built.

    :param runtime: what for.
    :param architecture: Lambda's name of it.
    :param wheels: file names of the locked wheels.
    :param to_build: names of what has to be compiled.
    """

    runtime: Runtime
    architecture: str
    wheels: Sequence[str]
    to_build: Sequence[str]


@dataclass(frozen=True)
class Place:
    """Where it is built.

    :param place: C(control_node), C(builder), or C(nowhere) where there is nothing to build.
    :param python: the interpreter on the control node; None elsewhere.
    :param reason: why there, without a full stop.
    """

    place: str
    python: str | None
    reason: str


def decide(
    layer: Layer, *, strategy: str, python: str | None, runner: Runner, built: BuildRequest | None = None
) -> Place:
    """Where a layer is built.

    :param layer: what it is made of.
    :param strategy: one of C(STRATEGIES).
    :param python: the interpreter of this host to use; None to look for one.
    :param runner: starts interpreters.
    :param built: what a builder is asked for, with the zip that may be here from an earlier run.
    :raises ServerlessError: the strategy is V(wheels), and that can't be done here; or the lock won't do.
    """
    place = _place(layer, strategy=strategy, python=python, runner=runner)
    if place.place == BUILDER and built is not None and is_current(built):
        return Place(NOWHERE, None, f"{built.archive} is what the lock asks for")
    return place


def _place(layer: Layer, *, strategy: str, python: str | None, runner: Runner) -> Place:
    if strategy == BUILDER:
        return Place(BUILDER, None, "the strategy is builder")
    if layer.to_build:
        return _elsewhere(strategy, f"there is no wheel of {', '.join(layer.to_build)}")
    try:
        found = find_interpreter(layer, candidates=[python] if python else candidates(layer.runtime), runner=runner)
    except InterpreterError as error:
        return _elsewhere(strategy, error.problem, cause=error)
    return Place(CONTROL_NODE, found, f"there is a wheel of everything, and {found} can import them")


def candidates(runtime: Runtime) -> list[str]:
    """Interpreters of this host that could be of a runtime's Python, those that are asked first first.

    :param runtime: of Lambda.
    """
    base = getattr(sys, "_base_executable", None)  # of a virtual environment, which need not have pip
    found = [sys.executable, base, shutil.which(f"python{runtime.python}")]
    return list(dict.fromkeys(path for path in found if path))


def find_interpreter(layer: Layer, *, candidates: Iterable[str], runner: Runner) -> str:
    """The first interpreter with which a layer can be built and imported on this host.

    :param layer: what it is made of.
    :param candidates: paths.
    :param runner: starts them.
    :raises InterpreterError: none will do; says of each why.
    """
    if platform.system() != "Linux":
        raise InterpreterError(f"this host runs {platform.system()}, and the layer is for Linux")
    problems = []
    for python in candidates:
        problem = _problem(layer, python, runner=runner)
        if not problem:
            return python
        problems.append(problem)
    raise InterpreterError("; ".join(problems))


def _problem(layer: Layer, python: str, *, runner: Runner) -> str:
    try:
        found = examine(python, runtime=layer.runtime, architecture=layer.architecture, runner=runner)
        check_wheels(found, layer.wheels)
    except InterpreterError as error:
        return error.problem
    return ""


def _elsewhere(strategy: str, problem: str, *, cause: Exception | None = None) -> Place:
    if strategy == WHEELS:
        raise PlaceError(
            f"the layer can't be built on the control node, as the strategy wheels wants: {problem}",
            "Install what is missing or name the interpreter (lambda_layer_python), or take the strategy auto or "
            "builder, which builds on an instance",
        ) from cause
    return Place(BUILDER, None, problem)
