# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What slimming and bytecode do to a layer: sizes and import time, beside the same packages as pip installs them.

The peer is C(pip install --no-compile --target), zipped at the same level: what a layer is that was made by hand, or by
C(sam build), which leaves bytecode out. Imports are timed in turns, and write nothing, as C(/opt) lets nobody write::

    make setup-dev
    .venv/bin/python benchmarks/layer.py --python python3.13

The packages come from the package index that pip is configured for.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import Archive, write_archive
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_build import (
    BuildRequest,
    apply_build,
    plan_build,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES, Runtime

SETS = {
    "light": ("flask", "serverless-wsgi"),
    "heavy": ("numpy", "pandas", "cryptography", "pillow", "lxml", "psycopg2-binary", "pydantic"),
}
IMPORTS = {
    "light": "import flask, serverless_wsgi",
    "heavy": "import numpy, pandas, cryptography.fernet, PIL.Image, lxml.etree, psycopg2, pydantic",
}
MEBIBYTE = 1 << 20


def main() -> int:
    """Build both, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", default="python3.13", help="interpreter of the runtime; python3.13 if not given")
    parser.add_argument("--set", choices=sorted(SETS), default="heavy", help="packages; heavy if not given")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is imported; 7 if not given")
    options = parser.parse_args()
    python = shutil.which(options.python)
    if python is None:
        raise SystemExit(f"layer: there is no interpreter {options.python}: name one of the runtime's version")
    with tempfile.TemporaryDirectory() as scratch:
        ours, peer = Path(scratch, "ours"), Path(scratch, "peer")
        built = {
            "layer_build": build(SETS[options.set], python=python, folder=ours),
            "pip --target": install(SETS[options.set], python=python, folder=peer),
        }
        times = import_times(
            {"layer_build": ours / "opt", "pip --target": peer / "opt"},
            python=python,
            statement=IMPORTS[options.set],
            rounds=options.rounds,
        )
    show(built, times)
    return 0


def run(argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
    """Run a command to its end, without anything that would make bytecode appear or vanish."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(list(argv), env={**kept, **environment}, capture_output=True, text=True, check=False)
    return Completed(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def build(packages: Sequence[str], *, python: str, folder: Path) -> Archive:
    """Build a layer and unpack it."""
    folder.mkdir()
    requirements = folder / "requirements.txt"
    requirements.write_text("\n".join(packages), encoding="utf-8")
    request = BuildRequest(
        requirements=requirements,
        constraints=None,
        runtime=runtime_of(python),
        architecture={"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine],
        python=python,
        archive=folder / "layer.zip",
        manifest=folder / "layer.manifest.json",
    )
    manifest = apply_build(plan_build(request, runner=run), runner=run)
    shutil.unpack_archive(request.archive, folder / "opt")
    return manifest.archive


def runtime_of(python: str) -> Runtime:
    """The runtime that has the interpreter's version."""
    done = run([python, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"], environment={})
    if done.stdout.strip() not in RUNTIMES:
        raise SystemExit(f"layer: {python} is no interpreter of a Lambda runtime: {done.output.strip()}")
    return RUNTIMES[done.stdout.strip()]


def install(packages: Sequence[str], *, python: str, folder: Path) -> Archive:
    """Do what one would do by hand."""
    target = folder / "opt" / "python"
    argv = [python, "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(target), *packages]
    done = run(argv, environment={})
    if done.returncode:
        raise SystemExit(f"layer: {' '.join(argv)} failed:\n{done.output[-2000:]}")
    return write_archive(tree=folder / "opt", destination=folder / "peer.zip")


def import_times(folders: Mapping[str, Path], *, python: str, statement: str, rounds: int) -> dict[str, list[float]]:
    """Seconds of each import, the first of each left out: it reads from the disk."""
    times: dict[str, list[float]] = {name: [] for name in folders}
    for number in range(rounds + 1):
        for name, folder in folders.items():
            program = f"import sys; sys.path.append({str(folder / 'python')!r}); {statement}"
            started = time.perf_counter()
            done = run([python, "-I", "-S", "-B", "-c", program], environment={})
            taken = time.perf_counter() - started
            if done.returncode:
                raise SystemExit(f"layer: {statement} failed in the tree of {name}:\n{done.output[-2000:]}")
            if number:
                times[name].append(taken)
    return times


def show(built: Mapping[str, Archive], times: Mapping[str, Sequence[float]]) -> None:
    """Print a line for each, and the ratios."""
    rows = {
        name: (archive.size / MEBIBYTE, archive.unzipped_size / MEBIBYTE, statistics.median(times[name]))
        for name, archive in built.items()
    }
    sys.stdout.write(f"{'':<14}{'zip MiB':>9}{'tree MiB':>10}{'import s':>10}\n")
    for name, (size, unzipped, seconds) in rows.items():
        sys.stdout.write(f"{name:<14}{size:>9.1f}{unzipped:>10.1f}{seconds:>10.2f}\n")
    ours, peer = rows.values()
    ratios = [mine / theirs for mine, theirs in zip(ours, peer, strict=True)]
    sys.stdout.write(f"{'ratio':<14}{ratios[0]:>9.2f}{ratios[1]:>10.2f}{ratios[2]:>10.2f}\n")


if __name__ == "__main__":
    sys.exit(main())
