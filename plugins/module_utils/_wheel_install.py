# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs wheels into a layer's import folder: by ourselves where they are plain, by pip where they are not.

Which of the two it is follows from the wheels alone, so that it is the same on every machine.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._build_source import Job
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Saved
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import install_argv, pip_environment
from ansible_collections.asesoria.serverless.plugins.module_utils._slim import remove_unused
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_unpack import (
    WheelStreams,
    read_plain,
    unpack_wheels,
    unused_members,
)


class WheelInstallError(ServerlessError):
    """A wheel that can't be installed."""


@dataclass(frozen=True)
class Installed:
    """What was done.

    :param saved: what a level of slimming has left out.
    :param streams: what need not be compressed again when the folder is zipped; None if nothing is known of that.
    """

    saved: Saved
    streams: WheelStreams | None = None


def install_wheels(wheels: Sequence[Path], *, target: Path, level: str, job: Job) -> Installed:
    """Install wheels, and nothing else, without what a level of slimming leaves out.

    :param wheels: one for each distribution.
    :param target: an empty folder, what Lambda imports from.
    :param level: see C(_slim).
    :param job: how pip is run.
    :raises ServerlessError: one can't be installed.
    """
    plain = read_plain(wheels)
    if plain is None:
        argv = install_argv(python=job.python, target=target, wheels=wheels)
        job.run(argv, environment=pip_environment(), what=f"installing {', '.join(path.name for path in wheels)}")
        return Installed(remove_unused(target, level=level))
    try:
        unused = unused_members(plain, level=level)
        streams = unpack_wheels(plain, target=target, unused=unused)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise WheelInstallError(f"a wheel is damaged ({error})", "Build it or upload it again") from error
    sizes = {name: info.file_size for wheel in plain for name, info in wheel.members.items()}
    saved = Saved(files=len(unused), size=sum(sizes[name] for name in unused))
    return Installed(saved, streams)
