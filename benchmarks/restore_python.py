# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds CPython as the role python311_from_source does, and then installs the same from what the build has left.

::

    .venv/bin/python benchmarks/restore_python.py Python-3.11.17.tgz

Both are the role's own script on this machine, with the check of the modules at the end, into the same empty prefix. It
takes what CPython is built with: a C compiler, make and the libraries' development files.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent / "roles/python311_from_source/files"
ROUNDS = 3


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tarball", type=Path, help="CPython's source, Python-X.Y.Z.tgz")
    parser.add_argument("--plain", action="store_true", help="without --enable-optimizations")
    options = parser.parse_args()
    version = re.fullmatch(r"Python-(\d+\.\d+\.\d+)\.tgz", options.tarball.name)
    if not version:
        parser.error(f"{options.tarball.name} is not named Python-X.Y.Z.tgz")
    configure = [] if options.plain else ["--enable-optimizations"]
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        built = run(work, version[1], options.tarball, ["--keep", "built", "--", *configure])
        (archive,) = (work / "job.kept").iterdir()
        again = ["--built", archive.name, archive.name.split(".")[-2]]
        restored = [run(work, version[1], archive, again) for _round in range(ROUNDS)]
        size = archive.stat().st_size / 1e6
    seconds = statistics.median(restored)
    sys.stdout.write(
        f"CPython {version[1]}{', plain' if options.plain else ''}: built in {built:.0f} s, restored in {seconds:.1f} s"
        f" (median of {ROUNDS}) from {size:.0f} MB: {built / seconds:.0f} times as fast\n"
    )
    return 0


def run(work: Path, version: str, file: Path, more: Sequence[str]) -> float:
    """Seconds that the role's script takes on a machine that has nothing yet."""
    job, prefix = work / "job", work / "prefix"
    shutil.rmtree(prefix, ignore_errors=True)
    shutil.copytree(SCRIPTS, job)
    shutil.copy(file, job)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    argv = ["sh", "build.sh", "--version", version, "--prefix", str(prefix), "--sha256", sha256, "--file", file.name]
    began = time.perf_counter()
    subprocess.run([*argv, *more], cwd=job, check=True, stdout=sys.stderr)
    taken = time.perf_counter() - began
    subprocess.run([prefix / f"bin/python{version.rpartition('.')[0]}", "-c", "import ssl, pip"], check=True)
    shutil.rmtree(job)
    return taken


if __name__ == "__main__":
    sys.exit(main())
