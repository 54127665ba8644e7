# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds six layers on one builder, and then on two.

::

    .venv/bin/python benchmarks/fleet.py

The builders are the sandbox's, new ones each time, and each has one processor to itself, as if it were a machine of its
own; so this takes a machine with two, which the control node shares. What is timed is the play that builds: copying the
locks there, downloads, the build with its import gate, and fetching the zips.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sandbox_run import TOP, SandboxRun

#: Each takes some seconds; one package differs, so that none is what another one was.
COMMON = ("numpy", "pandas", "pillow")
OWN = ("attrs", "click", "idna", "packaging", "six", "tomli")
BEGIN, END = "PLAY [Build the layers on the builders]", "PLAY [Publish the layers]"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often; 3 if not given")
    options = parser.parse_args()
    seconds: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as scratch:
        run = Run(Path(scratch))
        with run.started():
            run.play("playbooks/access.yml")
            for _round in range(options.rounds):
                for count, taken in seconds.items():
                    taken.append(run.build(count))
                    sys.stderr.write(f"{count}: {taken[-1]:.1f} s\n")
    one, two = (statistics.median(taken) for taken in seconds.values())
    sys.stdout.write(
        f"{len(OWN)} layers: {one:.1f} s on one builder, {two:.1f} s on two (medians of {options.rounds}):"
        f" {one / two:.2f} times as fast\n"
    )
    return 0


class Run(SandboxRun):
    """The sandbox with the layers to build.

    :param folder: where all is kept.
    """

    def __init__(self, folder: Path) -> None:
        layers = []
        for own in OWN:
            requirements = folder / f"{own}.txt"
            requirements.write_text("\n".join((*COMMON, own)) + "\n", encoding="utf-8")
            layers.append({"name": own, "requirements": str(requirements)})
        super().__init__(folder, variables={"asesoria_layers": layers})

    def build(self, count: int) -> float:
        """Seconds that the layers take on so many builders that have nothing yet."""
        given = {"builder_ec2_count": count, "lambda_layer_force": True, "builder_ec2_after_build": "keep"}
        self.play("playbooks/builder.yml", {**given, "builder_ec2_state": "absent"})
        self.play("playbooks/builder.yml", given)
        self.play("playbooks/python.yml", given)
        self._pin()
        command = self.command("playbooks/layer.yml", given)
        with subprocess.Popen(
            command, cwd=TOP, env=self.environment, stdout=subprocess.PIPE, text=True, stderr=subprocess.STDOUT
        ) as process:
            began = None
            for line in process.stdout or ():
                if line.startswith(BEGIN):
                    began = time.perf_counter()
                elif line.startswith(END) and began is not None:
                    taken = time.perf_counter() - began
                    process.terminate()
                    return taken
        raise SystemExit(f"fleet: {' '.join(command)} has not built the layers")

    def _pin(self) -> None:
        """Give each machine a processor; what logs in inherits it from the SSH server."""
        processors = sorted(os.sched_getaffinity(0))
        machines = sorted(path.name for path in (self.sandbox / "machines").iterdir())
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace")
                mounts = (process / "mountinfo").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            for number, machine in enumerate(machines):
                inside = "sshd" in words and f"machines/{machine}/" in mounts
                if inside or f"machines/{machine}/" in words:
                    os.sched_setaffinity(int(process.name), {processors[number % len(processors)]})


if __name__ == "__main__":
    sys.exit(main())
