# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs wheels into a layer's import folder: by ourselves where they are plain, by pip where they are not.

Which of the two it is follows from the wheels alone, so that it is the same on every machine.
"""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._build_source import Job
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._glibc_floor import floors_below
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_tree import remove_leftovers
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import install_argv, pip_environment
from ansible_collections.asesoria.serverless.plugins.module_utils._slim import remove_unused, strip_symbols
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_plain import read_plain
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_unpack import (
    Installed,
    Unpacking,
)


class WheelInstallError(ServerlessError):
    """A wheel that can't be installed."""


class Installation(Protocol):
    """Wheels that are being installed: their Python sources are there, what else they bring may not be."""

    def finish(self) -> Installed:
        """Install the rest; raises ServerlessError if that fails."""


def begin_install(wheels: Sequence[Path], *, target: Path, level: str, job: Job, pool: Executor) -> Installation:
    """Install the Python sources of wheels, without what a level of slimming leaves out.

    :param wheels: one for each distribution.
    :param target: an empty folder, what Lambda imports from.
    :param level: see C(_slim).
    :param job: how pip is run.
    :param pool: may go on installing the rest meanwhile.
    :returns: installs what else the wheels bring.
    :raises ServerlessError: one can't be installed.
    """
    plain = read_plain(wheels)
    if plain is None:
        return _ByPip(wheels, target=target, level=level, job=job)
    unpacking = Unpacking(plain, target=target, level=level, pool=pool)
    with _damage_told():
        unpacking.lay_sources()
    return _ByOurselves(unpacking)


class _ByOurselves:
    def __init__(self, unpacking: Unpacking) -> None:
        self._unpacking = unpacking

    def finish(self) -> Installed:
        with _damage_told():
            return self._unpacking.lay_rest()


class _ByPip:
    """Has done all of it from the beginning, but for what concerns shared libraries."""

    def __init__(self, wheels: Sequence[Path], *, target: Path, level: str, job: Job) -> None:
        self._target = target
        self._level = level
        argv = install_argv(python=job.python, target=target, wheels=wheels)
        job.run(argv, environment=pip_environment(), what=f"installing {', '.join(path.name for path in wheels)}")
        self._saved = remove_unused(target, level=level)
        remove_leftovers(target)

    def finish(self) -> Installed:
        stripped = strip_symbols(self._target, level=self._level)
        return Installed(
            saved=replace(self._saved, size=self._saved.size + sum(stripped.values())),
            rewritten=frozenset(stripped),
            floors=tuple(floors_below(self._target)),
        )


@contextlib.contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error) as error:
        raise WheelInstallError(f"a wheel is damaged ({error})", "Build it or upload it again") from error
