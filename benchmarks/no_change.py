# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run costs that has nothing to do: the whole chain beside C(osls deploy), which looks at the service alone.

Needs the sandbox with a finished run in it::

    make demo
    .venv/bin/python benchmarks/no_change.py

The two take turns, so that whatever else the machine does falls on both; the medians and their ratio are printed. The
CLI deploys a copy of the folder that the chain has staged, and has once to find out that nothing is new.
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

TOP = Path(__file__).resolve().parent.parent
SANDBOX = Path(os.environ.get("ASESORIA_SANDBOX_DIR", TOP / ".sandbox"))
PORT = int(os.environ.get("ASESORIA_SANDBOX_PORT", "4566"))
STATE = SANDBOX / "state"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run; 5 if not given")
    rounds = parser.parse_args().rounds
    staged = sorted(STATE.glob("**/service/serverless.yml"))
    cli = sorted(STATE.glob("**/node_modules/.bin/osls"))
    if not staged or not cli:
        raise SystemExit(f"no_change: {STATE} holds no finished run: run make demo first")
    with tempfile.TemporaryDirectory() as scratch:
        service = Path(scratch) / "service"
        shutil.copytree(staged[0].parent, service, symlinks=True)
        deploy = [str(cli[0]), "deploy", "--stage", "dev", "--region", "us-east-1"]
        site = [str(TOP / ".venv/bin/ansible-playbook"), "-i", str(TOP / "inventory/sandbox"), str(TOP / "site.yml")]
        settle(deploy, cwd=service, environment=cli_environment(), site=site)
        times: dict[str, list[float]] = {"site.yml": [], "osls deploy": []}
        for _round in range(rounds):
            times["site.yml"].append(seconds(site, cwd=TOP, environment=site_environment(), said="changed=0"))
            times["osls deploy"].append(
                seconds(deploy, cwd=service, environment=cli_environment(), said="No changes to deploy")
            )
    show(times)
    return 0


def settle(deploy: Sequence[str], *, cwd: Path, environment: Mapping[str, str], site: Sequence[str]) -> None:
    """Let each of the two know its own deployment, so that neither finds anything to do from here on."""
    seconds(deploy, cwd=cwd, environment=environment)
    seconds(site, cwd=TOP, environment=site_environment())


def site_environment() -> dict[str, str]:
    """The environment of the chain: nobody's AWS account, and the programs of the virtual environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "PATH": f"{TOP / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"}


def cli_environment() -> dict[str, str]:
    """The environment of the CLI: the sandbox, as the user that the chain has made."""
    return {
        **site_environment(),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{PORT}",
        "AWS_PROFILE": "asesoria",
        "AWS_SHARED_CREDENTIALS_FILE": str(SANDBOX / "aws/credentials"),
        "AWS_CONFIG_FILE": str(SANDBOX / "aws/config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "CI": "true",
        "SLS_TELEMETRY_DISABLED": "1",
        "SLS_NOTIFICATIONS_MODE": "off",
    }


def seconds(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], said: str = "") -> float:
    """How long a command takes that has to end well and to say something.

    :raises SystemExit: it failed, or did not say it.
    """
    started = time.perf_counter()
    done = subprocess.run(argv, check=False, cwd=cwd, env=environment, capture_output=True, text=True)
    taken = time.perf_counter() - started
    output = done.stdout + done.stderr
    if done.returncode or said not in output:
        raise SystemExit(f"no_change: {' '.join(argv)} ended with {done.returncode}:\n{output[-3000:]}")
    return taken


def show(times: Mapping[str, Sequence[float]]) -> None:
    """Print the medians and the ratio."""
    for name, values in times.items():
        listed = " ".join(f"{value:.1f}" for value in values)
        sys.stdout.write(f"{name:<12} median {statistics.median(values):5.1f} s of {listed}\n")
    ours, peer = (statistics.median(values) for values in times.values())
    sys.stdout.write(f"ratio        {ours / peer:.2f}\n")


if __name__ == "__main__":
    sys.exit(main())
