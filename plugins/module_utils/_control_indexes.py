# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the places answer from which the run would fetch packages: Python's indexes, and npm's registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ansible_collections.asesoria.serverless.plugins.module_utils._check import (
    OK,
    PROBLEM,
    UNKNOWN,
    WARNING,
    Check,
    refusal,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._control_node import CLI, Runner
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_index import plain_url
from ansible_collections.asesoria.serverless.plugins.module_utils._pip_config import Sources, read_sources
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import Requirements, read_requirements

PACKAGE_INDEX, NPM_REGISTRY = "package index", "npm registry"
#: A project that every index may be asked for: the answer can be that there is none. The list of all is too long.
PROJECT = "pip"
_CORRECT = "Correct the address of the package index in pip's configuration"
NOT_ASKED = "not known, because it was not asked"


class Session(Protocol):
    """What asks indexes, with the credentials, proxies and certificates that pip is configured for."""

    def get(self, url: str) -> object:
        """Ask for a page of an index.

        :raises ServerlessError: the index does not answer, refuses to, or answers with something else.
        """

    def close(self) -> None:
        """Close all connections."""


def sources_of(
    paths: Sequence[Path],
    *,
    environment: Mapping[str, str],
    default_index: str,
    index_url: str | None,
    extra_index_urls: Sequence[str],
) -> Sources:
    """Where the run would look for packages.

    :param paths: requirements files; one that is wrong is another check's business.
    :param environment: of the process.
    :param default_index: where nothing is configured.
    :param index_url: package index instead of pip's own setting.
    :param extra_index_urls: more of them.
    :raises ServerlessError: pip's configuration can't be read.
    """
    files: list[Requirements] = []
    for path in paths:
        with suppress(ServerlessError):
            files.append(read_requirements(path))
    return read_sources(
        environment=environment,
        default_index=default_index,
        requirements=files,
        index_url=index_url,
        extra_index_urls=extra_index_urls,
    )


def check_package_index(sources: Callable[[], Sources], *, connect: Callable[[Sources], Session]) -> Check:
    """Do all package indexes answer.

    :param sources: says where packages are looked for; raises ServerlessError if that can't be read.
    :param connect: opens what asks them; raises ServerlessError if one must not be asked.
    """
    try:
        known = sources()
        session = connect(known)
    except ServerlessError as error:
        return refusal(PACKAGE_INDEX, error)
    missing = [url for url in known.index_urls if _is_missing_folder(url)]
    asked = [url for url in known.index_urls if not url.startswith("file:")]
    try:
        problems = [error for error in (_refusal(url, session=session) for url in asked) if error]
    finally:
        session.close()
    if problems:
        said = "; ".join(error.problem for error in problems)
        return Check(PACKAGE_INDEX, PROBLEM, said, remedy=problems[0].remedy)
    if missing:
        return Check(
            PACKAGE_INDEX, WARNING, f"{' and '.join(missing)} is no folder and is passed over", remedy=_CORRECT
        )
    found = " and ".join(map(plain_url, known.index_urls)) or "none, as pip is told"
    return Check(PACKAGE_INDEX, OK, found, "an answer of each")


def check_npm_registry(pins: Mapping[str, str], *, cli: Check, runner: Runner) -> Check:
    """Has npm's registry what the run would install.

    :param pins: versions of packages; the first one is asked for, which stands for all.
    :param cli: what was found of the CLI: if that is there, nothing is installed.
    :param runner: runs npm.
    """
    wanted = " ".join(next(iter(pins.items()), ()))
    if "the run installs" not in cli.found or not wanted:
        return Check(NPM_REGISTRY, OK, f"nothing to fetch, the {CLI} is installed", wanted)
    name, version = wanted.split()
    output = runner(["npm", "view", f"{name}@{version}", "version"])
    if output is None:
        return Check(
            NPM_REGISTRY,
            PROBLEM,
            f"no {wanted}",
            wanted,
            f"See what 'npm view {name}@{version} version' says: the network, the proxy, or the registry in .npmrc",
        )
    if version not in output.split():
        return Check(NPM_REGISTRY, UNKNOWN, "not known, because npm answers with something else", wanted)
    return Check(NPM_REGISTRY, OK, f"has {wanted}", wanted)


def _is_missing_folder(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "file" and not Path(url2pathname(parts.path)).is_dir()


def _refusal(url: str, *, session: Session) -> ServerlessError | None:
    try:
        session.get(f"{url}/{PROJECT}/")
    except ServerlessError as error:
        return error
    return None
