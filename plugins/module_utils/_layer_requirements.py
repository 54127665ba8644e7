# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks a requirements file for a Lambda runtime before anything is built: its specifiers, and what an index has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

with suppress(ImportError):  # The module says that it is missing.
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Specifier

from ansible_collections.asesoria.serverless.plugins.module_utils._pip import (
    Runner,
    pip_environment,
    read_versions,
    versions_argv,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import (
    Requirement,
    Requirements,
    RequirementsError,
    SpecifierError,
    check_specifiers,
    index_environment,
    local_paths,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

#: Calls of pip at the same time.
PARALLEL = 4
_SHOWN_VERSIONS = 5


@dataclass(frozen=True)
class Index:
    """Whom to ask.

    :param python: the interpreter whose pip asks.
    :param environment: of the process: pip's own variables, and what C(${NAME}) in the file stands for.
    :param url: package index instead of pip's own setting.
    :param extra_urls: more of them.
    """

    python: str
    environment: Mapping[str, str] = field(repr=False)
    url: str | None = field(default=None, repr=False)
    extra_urls: tuple[str, ...] = field(default=(), repr=False)


def check_requirements(requirements: Requirements) -> None:
    """Refuse a requirements file that could not be installed on another host.

    :raises RequirementsError: names all lines that are wrong.
    """
    wrong = check_specifiers(requirements, parse=_parse)
    if wrong:
        raise RequirementsError("; ".join(wrong), "Correct the requirements, one package a line")
    local = local_paths(requirements)
    if local:
        raise RequirementsError(
            "; ".join(f"{item.place}: {item.text!r} is a path of the control node" for item in local),
            "The builder does not have it: name a released package, or give an address",
        )


def applying(requirements: Requirements, *, target: Target) -> list[Requirement]:
    """The requirements whose environment markers hold for the target."""
    return [requirement for requirement in requirements.requirements if _applies(requirement, target)]


def check_index(
    requirements: Requirements, *, wanted: Sequence[Requirement], target: Target, index: Index, runner: Runner
) -> None:
    """See whether an index has every package, in a version that is allowed and that the target can use.

    :param requirements: the file, which may say where to look.
    :param wanted: those of its requirements that the target installs.
    :raises IndexUnreachableError: the index did not answer.
    :raises RequirementsError: names all packages that it does not have.
    """
    environment = {
        **pip_environment(index_url=index.url, extra_index_urls=index.extra_urls),
        **index_environment(requirements, base=index.environment),
    }

    def ask(name: str) -> list[str]:
        argv = versions_argv(
            python=index.python, name=name, python_version=target.runtime.python, platforms=target.platforms
        )
        return read_versions(runner(argv, environment=environment), name=name)

    asked = [requirement for requirement in wanted if requirement.kind == "index"]
    names = sorted({requirement.name for requirement in asked})
    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        versions = dict(zip(names, pool.map(ask, names), strict=True))
    problems = [_problem(requirement, versions[requirement.name], target) for requirement in asked]
    if any(problems):
        raise RequirementsError(
            "; ".join(filter(None, problems)), "Correct the name or the version in the requirements"
        )


def _parse(text: str) -> None:
    try:
        Specifier(text)
    except InvalidRequirement as error:
        raise SpecifierError(str(error).splitlines()[0]) from error


def _applies(requirement: Requirement, target: Target) -> bool:
    if not requirement.name:
        return True
    marker = Specifier(requirement.text).marker
    return marker is None or marker.evaluate(target.markers)


def _problem(requirement: Requirement, versions: list[str], target: Target) -> str:
    if not versions:
        return f"{requirement.place}: the package index has no {requirement.name} for {target}"
    specifier = Specifier(requirement.text).specifier
    if any(True for _version in specifier.filter(versions)):
        return ""
    newest = ", ".join(versions[:_SHOWN_VERSIONS])
    return (
        f"{requirement.place}: no version of {requirement.name} for {target} is {specifier} "
        f"(the newest in the package index: {newest})"
    )
