# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the modules of a layer take to import: each in a new process, from a folder that nothing is written to.

What counts is the import statement, with all that it loads in turn; the start of the interpreter does not. The median
of several rounds is taken, in each of which all modules have their turn, one at a time.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._import_gate import TIMEOUT, read_offers
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner

_CHILD = """
import os, sys, time
folder, module = sys.argv[1:]
out = os.dup(1)
os.dup2(2, 1)
sys.path.append(folder)
started = time.perf_counter()
__import__(module)
os.write(out, repr(time.perf_counter() - started).encode())
os._exit(0)
"""
_DRIVER = f"""
import json, subprocess, sys
folder, listing, home, rounds = sys.argv[1:]

def one(module):
    argv = [sys.executable, "-I", "-S", "-B", "-c", {_CHILD!r}, folder, module]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout={TIMEOUT},
            env={{"HOME": home, "TMPDIR": home}}, cwd=home,
        )
        return float(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        return None

with open(listing) as file:
    modules = json.load(file)
print(json.dumps([[one(module) for module in modules] for _round in range(int(rounds))]))
"""


class ImportTimesError(ServerlessError):
    """Nothing could be measured."""


@dataclass(frozen=True)
class ImportTime:
    """How long one module takes.

    :param distribution: whose it is.
    :param module: its dotted name.
    :param seconds: the median; None if it does not import.
    """

    distribution: str
    module: str
    seconds: float | None


def measure_imports(archive: Path, *, python: str, rounds: int, runner: Runner) -> list[ImportTime]:
    """Import everything that a layer's zip offers, and take the time.

    :param archive: the zip, which is to be trusted: what is in it is run.
    :param python: an interpreter of the version and processor that it is for.
    :param rounds: how often.
    :param runner: runs commands.
    :returns: the slowest first.
    :raises ImportTimesError: the interpreter can't be run.
    """
    with tempfile.TemporaryDirectory() as work:
        opt, home, listing = Path(work, "opt"), Path(work, "home"), Path(work, "modules.json")
        home.mkdir()
        with zipfile.ZipFile(archive) as unpacked:
            unpacked.extractall(opt)
        offers = [(offer.distribution, module) for offer in read_offers(opt / "python") for module in offer.modules]
        modules = sorted({module for _distribution, module in offers})
        listing.write_text(json.dumps(modules), encoding="utf-8")
        argv = [python, "-I", "-c", _DRIVER, str(opt / "python"), str(listing), str(home), str(rounds)]
        try:
            done = runner(argv, environment={})
        except OSError as error:
            raise ImportTimesError(f"{python} can't be run ({error.strerror})", "Name another interpreter") from error
        shutil.rmtree(opt)
    if done.returncode != 0:
        lines = done.output.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise ImportTimesError(f"{python} could not try the imports ({lines[-1]})", "See whether it is whole")
    medians = dict(zip(modules, _medians(json.loads(done.stdout)), strict=True))
    times = [ImportTime(distribution, module, medians[module]) for distribution, module in offers]
    return sorted(times, key=lambda each: (-(each.seconds or 0), each.module))


def _medians(rounds: Iterable[Iterable[float | None]]) -> Iterator[float | None]:
    for times in zip(*rounds, strict=True):
        taken = [seconds for seconds in times if seconds is not None]
        yield statistics.median(taken) if len(taken) == len(times) else None
