# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be read of a machine: its files and what its programs print. Nothing is written."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

#: C(systeminfo.exe) asks Windows for each update that is installed, which takes a while.
_SECONDS = 120
#: What is read here is small.
_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Printed:
    """What a program has printed.

    :param code: that it ended with.
    :param output: as it came, because Windows' programs print in their own code page.
    :param errors: likewise.
    """

    code: int
    output: bytes = b""
    errors: bytes = b""


@dataclass(frozen=True)
class Sources:
    """Where facts about a machine come from.

    :param system: kind of operating system, as C(platform.system) says it.
    :param read: content of a file, None if it can't be read.
    :param exists: whether there is something at a path.
    :param run: what a program prints, None if there is no such program.
    """

    system: str
    read: Callable[[str], bytes | None]
    exists: Callable[[str], bool]
    run: Callable[[Sequence[str]], Printed | None]

    def text(self, path: str) -> str:
        """Read a file of the system, which is plain ASCII in all that matters; empty if it can't be read.

        :param path: of the file.
        """
        return (self.read(path) or b"").decode("utf-8", errors="replace")

    def answer(self, argv: Sequence[str]) -> str:
        """Ask a program; empty if it is not there or fails.

        :param argv: the program and its arguments.
        """
        done = self.run(argv)
        return "" if done is None or done.code != 0 else done.output.decode("utf-8", errors="replace").strip()


def this_machine() -> Sources:
    """Sources of the machine that this runs on."""
    return Sources(system=platform.system(), read=read_file, exists=os.path.lexists, run=run_program)


def read_file(path: str) -> bytes | None:
    """Read the beginning of a file; see :class:`Sources`.

    :param path: of the file.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(_BYTES)
    except OSError:
        return None


def run_program(argv: Sequence[str]) -> Printed | None:
    """Run a program; see :class:`Sources`. One that does not end counts as one that fails.

    :param argv: the program and its arguments.
    """
    program = shutil.which(argv[0])
    if program is None:
        return None
    try:
        # The utils know no AnsibleModule, and its run_command has no time limit.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [program, *argv[1:]], capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Printed(code=-1)
    except OSError:
        return None
    return Printed(code=done.returncode, output=done.stdout, errors=done.stderr)
