# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sixty popular packages for three runtimes and two processors: what comes of each, with this collection and its peers.

::

    .venv/bin/python benchmarks/popular.py
    .venv/bin/python benchmarks/popular.py --tools uv "sam build" chalice --targets python3.11/x86_64

Each package is built alone, in the newest version that the tool will take. With this collection it is locked for the
target, the locked wheels are installed into a folder, and that is audited. Nothing is compiled and nothing is run, so
all targets can be tried on one machine. Every tree is judged by binutils' readelf, see C(elf_floor.py).

With C(--tools) the peers of these names are tried instead; what they make of another processor than this one's only
where they can be told. The results are added to those that are there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import Request, audit_layer
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_lock import LockRequest, apply_lock, plan_lock
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_tree import record_tree, remove_leftovers
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from elf_floor import judge
from lock import no_program, target_of
from peer_tools import INSTALLED, TOOLS, Tool, Work
from peers import ARCHITECTURE, SHOWN_LINES, build, find_python, no_stack, outcome
from peers_report import POPULAR_RESULTS, write_report

TARGETS = tuple(
    f"{runtime}/{machine}" for runtime in ("python3.11", "python3.13", "python3.14") for machine in ("x86_64", "arm64")
)
LIST = Path(__file__).with_name("popular.txt")
OURS = "layer_lock"

Result = dict[str, Any]


def main() -> int:
    """Try all, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--targets", nargs="+", default=TARGETS, metavar="RUNTIME/ARCHITECTURE")
    parser.add_argument("--tools", nargs="+", help="peers whose names begin so, instead of this collection")
    parser.add_argument("packages", nargs="*", help="instead of the list")
    options = parser.parse_args()
    packages = options.packages or [line for line in LIST.read_text().split("\n") if line and line[0] != "#"]
    tools = [tool for tool in TOOLS if options.tools and tool.name.startswith(tuple(options.tools))]
    results = json.loads(POPULAR_RESULTS.read_text()) if POPULAR_RESULTS.exists() else {}
    with no_stack() as endpoint:
        for name in options.targets:
            target = target_of(name)
            for tool in tools:
                if target.architecture == ARCHITECTURE or tool.can_target:
                    found = {
                        package: with_peer(tool, package, target=target, endpoint=endpoint) for package in packages
                    }
                    results.setdefault(name, {})[tool.name] = found
                    say(name, tool.name, found)
            if not tools:
                found = {package: with_ours(package, target=target) for package in packages}
                results.setdefault(name, {})[OURS] = found
                say(name, OURS, found)
            POPULAR_RESULTS.parent.mkdir(exist_ok=True)
            POPULAR_RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if not options.packages:
        write_report()
    return 0


def with_ours(package: str, *, target: Target) -> Result:
    """Lock, install, audit."""
    with tempfile.TemporaryDirectory() as scratch:
        lock = Path(scratch, "pylock.toml")
        request = LockRequest(target=target, dest=lock, packages=(package,))
        try:
            plan = plan_lock(request, environment=os.environ, runner=no_program, cache=INSTALLED / "lock")
        except ServerlessError as error:
            return {"refused": str(error)}
        apply_lock(plan)
        tree = Path(scratch, "python")
        install(
            [f"{each.name}=={each.version} --hash=sha256:{each.sha256}" for each in plan.lock.packages], tree, target
        )
        audit = audit_layer(Path(scratch), Request(target=target))
        versions = plan.lock.versions()
        findings = [f"[{each.rule}] {each.file}: {each.problem}" for each in audit.findings]
        return {"version": versions[package], "findings": findings, **judged(tree, target)}


def install(lines: Sequence[str], tree: Path, target: Target) -> None:
    """Let pip install the locked wheels, for whatever processor they are, and clean up as C(layer_build) does."""
    requirements = tree.with_name("locked.txt")
    requirements.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    argv = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile", "--no-deps"]
    argv += ["--root-user-action=ignore", "--require-hashes", "--only-binary=:all:", "--implementation", "cp"]
    argv += ["--python-version", target.runtime.python, *(f"--platform={tag}" for tag in target.platforms)]
    subprocess.run([*argv, "--target", str(tree), "-r", str(requirements)], check=True)
    requirements.unlink()
    remove_leftovers(tree)
    record_tree(tree)


def with_peer(tool: Tool, package: str, *, target: Target, endpoint: str) -> Result:
    """Let a peer build it."""
    python = find_python(target.runtime.identifier)
    tool.install(python)
    with tempfile.TemporaryDirectory() as scratch:
        work = Work(
            folder=Path(scratch, "project"),
            home=INSTALLED / "home",
            requirements=[package],
            lock=Path(scratch, "none"),
            runtime=target.runtime.identifier,
            architecture=target.architecture,
            python=python,
        )
        work.folder.mkdir()
        work.home.mkdir(exist_ok=True, parents=True)
        tool.prepare(work)
        done = build(tool, work, endpoint=endpoint, umask=0o022)
        tree, _archive = outcome(tool, work)
        if done.code or tree is None:
            lines = [line for line in done.output.splitlines() if line.strip()]
            return {"refused": "\n".join(lines[-SHOWN_LINES:])}
        present = any(tree.rglob(f"{package.replace('-', '_')}-*.dist-info")) or any(
            path.name.lower().replace("-", "_").replace(".", "_").startswith(f"{package.replace('-', '_')}_")
            for path in tree.glob("*.dist-info")
        )
        return {"missing": not present, **judged(tree, target)}


def judged(tree: Path, target: Target) -> Result:
    """What readelf says of it."""
    found = judge(tree, glibc=target.runtime.os.glibc, architecture=target.architecture)
    return {"elf_files": found.files, "too_new": list(found.too_new), "wrong_machine": list(found.wrong_machine)}


def say(target: str, tool: str, found: dict[str, Result]) -> None:
    """One line."""
    refused = [name for name, each in found.items() if "refused" in each]
    bad = [
        name for name, each in found.items() if each.get("too_new") or each.get("wrong_machine") or each.get("missing")
    ]
    findings = [name for name, each in found.items() if each.get("findings")]
    sys.stdout.write(f"{target:<20} {tool:<26} refused: {refused}; would fail: {bad}; findings: {findings}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
