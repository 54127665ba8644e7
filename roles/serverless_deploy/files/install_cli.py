# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Install the locked Serverless CLI with npm, while no other run installs it into the same folder.

Needs nothing but the standard library. A run that comes second waits, and finds the CLI installed.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

_LOCK = ".lock"
_OPTIONS = (
    "--prefer-offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
)


def install(*, source: Path, folder: Path, stamp: Path, cache: Path, files: list[str]) -> int:
    """Install the packages of a lock, unless another run has just done that.

    :param source: Folder with the package.json and its lock.
    :param folder: Folder to install into, which exists.
    :param stamp: File that says that all packages of this lock are there.
    :param cache: Folder of npm's cache.
    :param files: Names of the files of the source that npm reads.
    :returns: Exit status of npm.
    """
    # The lock is released when the process exits, npm included.
    with (folder / _LOCK).open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists():
            return 0
        for name in files:
            shutil.copyfile(source / name, folder / name)
            (folder / name).chmod(0o600)
        argv = ["npm", "ci", f"--prefix={folder}", f"--cache={cache}", *_OPTIONS]
        try:
            code = subprocess.run(argv, check=False, stdin=subprocess.DEVNULL, pass_fds=(lock.fileno(),)).returncode
        except OSError as error:
            sys.stderr.write(f"npm can't be run: {error.strerror}. Install npm.\n")
            return 1
        if code == 0:
            stamp.touch(mode=0o600)
        return code


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("source", "folder", "stamp", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("files", nargs="+")
    os.umask(0o077)
    return install(**vars(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
