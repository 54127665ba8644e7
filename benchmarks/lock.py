# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a lock takes, and whether its versions are as new as what pip finds with the same platform tags.

Needs a package index, the one that pip is configured for::

    .venv/bin/python benchmarks/lock.py

Both are processes of their own, take turns, and start with an empty cache each time. pip resolves and downloads
nothing: C(pip install --dry-run --report). The table says the medians, their ratio, and each version that differs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._layer_lock import (
    LockRequest,
    apply_lock,
    plan_lock,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import read_lock
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from packaging.utils import canonicalize_name
from packaging.version import Version

HEAVY = ("numpy", "pandas", "cryptography", "pillow", "lxml", "psycopg2-binary", "pydantic")
TARGETS = ("python3.11/x86_64", "python3.11/arm64", "python3.13/x86_64", "python3.13/arm64")


def main() -> int:
    """Measure and print; 1 if a version is older than pip's."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run; 3 if not given")
    parser.add_argument("--targets", nargs="+", default=TARGETS, metavar="RUNTIME/ARCHITECTURE")
    parser.add_argument("--lock", metavar="DEST", help=argparse.SUPPRESS)
    parser.add_argument("packages", nargs="*", help="instead of the heavy set")
    options = parser.parse_args()
    packages = options.packages or list(HEAVY)
    if options.lock:
        make_lock(target_of(options.targets[0]), packages, dest=Path(options.lock))
        return 0
    sys.stdout.write(f"{'target':<20} {'lock':>7} {'pip':>7} {'ratio':>6}  versions that differ\n")
    older = [compare(name, packages, rounds=options.rounds) for name in options.targets]
    return int(any(older))


def target_of(name: str) -> Target:
    """C(python3.11/x86_64) as the collection has it."""
    runtime, _slash, architecture = name.partition("/")
    return Target(runtime=RUNTIMES[runtime], architecture=architecture)


def make_lock(target: Target, packages: Sequence[str], *, dest: Path) -> None:
    """What one round does on our side."""
    request = LockRequest(target=target, dest=dest, packages=tuple(packages))
    apply_lock(plan_lock(request, environment=os.environ, runner=no_program))


def no_program(argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
    """Nothing here is a repository."""
    raise NotImplementedError(f"{argv} {sorted(environment)}")


def compare(name: str, packages: Sequence[str], *, rounds: int) -> bool:
    """Print one line; whether a version is older than pip's."""
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        dest = Path(scratch, "pylock.toml")
        for number in range(rounds):
            dest.unlink(missing_ok=True)
            argv = [sys.executable, __file__, *packages, "--targets", name, "--lock", str(dest)]
            ours.append(seconds(argv)[0])
            taken, report = seconds(pip_argv(target_of(name), packages, scratch=Path(scratch, str(number))))
            theirs.append(taken)
        locked = read_lock(dest).versions()
    installed = json.loads(report)["install"]
    wanted = {canonicalize_name(each["metadata"]["name"]): each["metadata"]["version"] for each in installed}
    differ = [
        f"{package} {locked.get(package, 'none')} (pip: {wanted.get(package, 'none')})"
        for package in sorted({*locked, *wanted})
        if locked.get(package) != wanted.get(package)
    ]
    lock, pip = statistics.median(ours), statistics.median(theirs)
    said = ", ".join(differ) or f"none of {len(wanted)}"
    sys.stdout.write(f"{name:<20} {lock:>5.1f} s {pip:>5.1f} s {lock / pip:>6.2f}  {said}\n")
    sys.stdout.flush()
    return any(Version(locked.get(package, "0")) < Version(version) for package, version in wanted.items())


def pip_argv(target: Target, packages: Sequence[str], *, scratch: Path) -> list[str]:
    """The same question to pip."""
    argv = [sys.executable, "-I", "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-"]
    argv += ["--disable-pip-version-check", "--no-input", "--only-binary=:all:", "--implementation", "cp"]
    argv += ["--python-version", target.runtime.python, *(f"--platform={tag}" for tag in target.platforms)]
    return [*argv, "--cache-dir", str(scratch / "cache"), "--target", str(scratch / "target"), *packages]


def seconds(argv: Sequence[str]) -> tuple[float, str]:
    """How long a command takes that has to end well, and what it printed.

    :raises SystemExit: it failed.
    """
    started = time.perf_counter()
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    taken = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"lock: {' '.join(argv)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return taken, done.stdout


if __name__ == "__main__":
    sys.exit(main())
