# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let several processes write profiles into the same AWS files at the same time, and count the lost ones.

    .venv/bin/python benchmarks/aws_files.py --trials 200 --writers 4

With --intruder another program that knows no lock, such as the AWS CLI, appends to the credentials file meanwhile.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from configparser import RawConfigParser
from multiprocessing.synchronize import Barrier
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import (
    Files,
    change_files,
    plan_absent,
    plan_present,
)

OWNER = "arn:aws:iam::123456789012:user/somebody"
#: In the files before the writers begin.
GUEST = "guest"


def write(folder: Path, name: str, barrier: Barrier) -> None:
    """Write one profile, together with the other writers."""
    files = Files(credentials=folder / "credentials", config=folder / "config")
    settings = {"region": "us-east-1"}
    barrier.wait()
    change_files(
        files,
        lambda read: plan_present(read, name, key_id=f"AKIA{name}", secret=name, settings=settings, owner=OWNER),
    )


def remove(folder: Path, barrier: Barrier) -> None:
    """Remove the profile that was there before, together with the writers."""
    files = Files(credentials=folder / "credentials", config=folder / "config")
    barrier.wait()
    change_files(files, lambda read: plan_absent(read, GUEST, owner=OWNER))


def intrude(folder: Path, barrier: Barrier) -> None:
    """Append a section in place, as a program does that knows no lock."""
    barrier.wait()
    with (folder / "credentials").open("a", encoding="utf-8") as file:
        file.write("[intruder]\naws_access_key_id = AKIAINTRUDER\n")


def trial(folder: Path, *, writers: int, intruder: bool = False) -> list[str]:
    """Let all of them write at the same time.

    :param folder: Empty folder for the files.
    :param writers: How many processes write a profile each.
    :param intruder: Whether a program writes that knows no lock.
    :returns: What is wrong afterwards, each a few words.
    """
    context = multiprocessing.get_context("fork")
    alone = context.Barrier(1)
    write(folder, GUEST, alone)
    names = [f"writer{number}" for number in range(writers)]
    barrier = context.Barrier(writers + 1 + intruder)
    processes = [context.Process(target=write, args=(folder, name, barrier)) for name in names]
    processes.append(context.Process(target=remove, args=(folder, barrier)))
    if intruder:
        processes.append(context.Process(target=intrude, args=(folder, barrier)))
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    expected = {*names, *(["intruder"] if intruder else [])}
    problems = [f"process {process.name} ended with {process.exitcode}" for process in processes if process.exitcode]
    for file, prefix in (("credentials", ""), ("config", "profile ")):
        parser = RawConfigParser()
        parser.read(folder / file, encoding="utf-8")
        wanted = {prefix + name for name in expected if not (prefix and name == "intruder")}
        problems += [f"{name} is lost in {file}" for name in sorted(wanted - set(parser.sections()))]
        problems += [f"{name} is in {file}" for name in sorted(set(parser.sections()) - wanted)]
    problems += [f"{path.name} was left behind" for path in folder.iterdir() if path.name.startswith(".")]
    return problems


def main() -> int:
    """Run the trials and print how many of them lost something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--intruder", action="store_true")
    options = parser.parse_args()
    started, problems = time.perf_counter(), []
    for number in range(options.trials):
        with tempfile.TemporaryDirectory() as folder:
            found = trial(Path(folder), writers=options.writers, intruder=options.intruder)
        problems += [f"trial {number}: {problem}" for problem in found]
    print(  # noqa: T201  # it talks to its user
        json.dumps(
            {
                "trials": options.trials,
                "writers": options.writers,
                "intruder": options.intruder,
                "problems": problems,
                "seconds": round(time.perf_counter() - started, 1),
            },
            indent=2,
        )
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
