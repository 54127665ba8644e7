# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the same locked packages with this collection and its peers, and writes what came of it to docs/benchmarks.md.

::

    make setup-dev
    .venv/bin/python benchmarks/peers.py

The peers are installed into C(.cache/benchmarks). Every tool builds the versions that C(layer_lock) has found for the
runtime, in turns with the others: once in an empty folder with empty caches (cold), once more without any change
(warm). The second round has another folder and another umask, and its result is held against the first's byte by byte.
What a tool has made is judged by binutils' readelf and by imports, see C(elf_floor.py).

It needs an interpreter of each runtime's version on PATH or of pyenv, and readelf, Node and npm.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._layer_lock import (
    LockRequest,
    apply_lock,
    plan_lock,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import read_lock
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from elf_floor import judge
from lock import no_program
from measuring import Run, clean_environment, file_digest, run, tree_digest, tree_size
from peer_tools import TOOLS, Tool, Work
from peers_report import RESULTS, write_report

SETS = {
    "light": ("flask", "serverless-wsgi"),
    "heavy": ("numpy", "pandas", "cryptography", "pillow", "lxml", "psycopg2-binary", "pydantic"),
}
IMPORTS = {
    "light": "import flask, serverless_wsgi",
    "heavy": "import numpy, pandas, cryptography.fernet, PIL.Image, lxml.etree, psycopg2, pydantic",
}
CASES = ("python3.11/heavy", "python3.13/heavy", "python3.13/light")
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
UMASKS = (0o022, 0o077)
SHOWN_LINES = 6

Result = dict[str, Any]


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="cold builds of each; 3 if not given")
    parser.add_argument("--imports", type=int, default=9, help="how often each is imported; 9 if not given")
    parser.add_argument("--cases", nargs="+", default=CASES, metavar="RUNTIME/SET")
    parser.add_argument("--tools", nargs="+", help="only those whose names begin so")
    options = parser.parse_args()
    tools = [tool for tool in TOOLS if tool.name.startswith(tuple(options.tools or [""]))]
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    with tempfile.TemporaryDirectory() as scratch, no_stack() as endpoint:
        for case in options.cases:
            runtime, _slash, packages = case.partition("/")
            folder = Path(scratch, case.replace("/", "-"))
            results[case] = measure(
                runtime,
                packages,
                tools=tools,
                folder=folder,
                endpoint=endpoint,
                rounds=options.rounds,
                imports=options.imports,
            )
            shutil.rmtree(folder)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_report()
    return 0


def measure(
    runtime: str, packages: str, *, tools: Sequence[Tool], folder: Path, endpoint: str, rounds: int, imports: int
) -> Result:
    """All tools with one set of packages for one runtime."""
    folder.mkdir()
    python = find_python(runtime)
    lock = folder / "pylock.toml"
    target = Target(runtime=RUNTIMES[runtime], architecture=ARCHITECTURE)
    request = LockRequest(target=target, dest=lock, packages=SETS[packages])
    apply_lock(plan_lock(request, environment=os.environ, runner=no_program))
    versions = read_lock(lock).versions()
    found: dict[str, Result] = {tool.name: {"cold": [], "warm": [], "memory": []} for tool in tools}
    trees: dict[str, Path] = {}
    for number in range(rounds):
        for tool in tools:
            say(f"{runtime} {packages}, round {number + 1} of {rounds}: {tool.name}")
            tool.install(python)
            work = Work(
                folder=folder / f"{number}-{len(trees)}-{tool.name.replace(' ', '-')}",
                home=folder / "home" / str(number) / tool.name.replace(" ", "-"),
                requirements=[f"{name}=={version}" for name, version in versions.items()],
                lock=lock,
                runtime=runtime,
                architecture=ARCHITECTURE,
                python=python,
            )
            result = found[tool.name]
            if "refused" not in result:
                tree = one_round(tool, work, result, endpoint=endpoint, umask=UMASKS[number % len(UMASKS)])
                if number == 0 and tree is not None:
                    trees[tool.name] = tree
                    look(result, tree, target=target)
                else:
                    shutil.rmtree(work.folder)
    times = import_times(trees, python=python, statement=IMPORTS[packages], rounds=imports)
    for name, seconds in times.items():
        found[name]["import"] = seconds
    return {"versions": versions, "tools": found}


def one_round(tool: Tool, work: Work, result: Result, *, endpoint: str, umask: int) -> Path | None:
    """A cold build and a warm one; the folder that would be imported from."""
    work.folder.mkdir(parents=True)
    work.home.mkdir(parents=True)
    tool.prepare(work)
    cold = build(tool, work, endpoint=endpoint, umask=umask)
    tree, archive = outcome(tool, work)
    if cold.code or tree is None:
        lines = [line for line in cold.output.splitlines() if line.strip()]
        result["refused"] = "\n".join(lines[-SHOWN_LINES:])
        return None
    result["cold"].append(cold.seconds)
    result["memory"].append(cold.memory)
    result.setdefault("digests", []).append(file_digest(archive) if archive else tree_digest(tree))
    result["own_zip"] = archive is not None
    if archive is None:
        zipped, taken = zip_it(tree, work)
        result.setdefault("zipping", []).append(taken)
        archive = zipped
    result["zip"], result["tree"] = archive.stat().st_size, tree_size(tree)
    warm = build(tool, work, endpoint=endpoint, umask=umask)
    if warm.code == 0:
        result["warm"].append(warm.seconds)
    return tree


def build(tool: Tool, work: Work, *, endpoint: str, umask: int) -> Run:
    """Run the tool's command."""
    more = dict(tool.environment(work))
    path = os.pathsep.join(filter(None, [more.pop("PATH_BEFORE", ""), os.environ["PATH"]]))
    environment = clean_environment(HOME=str(work.home), PATH=path, AWS_ENDPOINT_URL=endpoint, **more)
    return run(tool.argv(work), cwd=work.folder, environment=environment, umask=umask)


def outcome(tool: Tool, work: Work) -> tuple[Path | None, Path | None]:
    """The folder that Lambda would import from, and the zip if the tool makes one."""
    root, archive = work.folder, None
    if tool.archive:
        archive = next(iter(work.folder.glob(tool.archive)), None)
        if archive is None:
            return None, None
        root = work.folder / "unpacked"
        if not root.exists():
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(root)
    found = root.glob(tool.tree) if tool.tree else iter([root])
    return next((path for path in found if path.is_dir()), None), archive


def zip_it(tree: Path, work: Work) -> tuple[Path, float]:
    """Make the zip that the tool does not make; a process of its own, so that it is timed as the others are."""
    destination = work.folder / "zipped.zip"
    program = "import sys; from pathlib import Path; from measuring import zip_tree; zip_tree(*map(Path, sys.argv[1:]))"
    here = str(Path(__file__).resolve().parent)
    done = run(
        [sys.executable, "-c", program, str(tree), str(destination)],
        cwd=work.folder,
        environment=clean_environment(PYTHONPATH=here),
    )
    if done.code:
        raise SystemExit(f"peers: {tree} could not be zipped:\n{done.output}")
    return destination, done.seconds


def look(result: Result, tree: Path, *, target: Target) -> None:
    """Judge what was made."""
    judged = judge(tree, glibc=target.runtime.os.glibc, architecture=target.architecture)
    result["elf_files"] = judged.files
    result["too_new"], result["wrong_machine"] = list(judged.too_new), list(judged.wrong_machine)
    result["highest"] = judged.highest
    result["bytecode"] = sum(1 for _path in tree.rglob("*.pyc"))


def import_times(
    trees: Mapping[str, Path], *, python: Path, statement: str, rounds: int
) -> dict[str, list[float] | str]:
    """Seconds of each import, in turns, from what nothing is written to; or why it fails. The first round warms up.

    The start and the end of the interpreter, which are the same for all, do not count.
    """
    times: dict[str, list[float]] = {name: [] for name in trees}
    errors: dict[str, str] = {}
    for number in range(rounds + 1):
        for name, tree in trees.items():
            timed = f"start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
            program = f"import sys, time; sys.path.append({str(tree)!r}); {timed}"
            done = run([str(python), "-I", "-S", "-B", "-c", program], cwd=tree, environment=clean_environment())
            if done.code:
                errors[name] = done.output.strip().splitlines()[-1]
            elif number:
                times[name].append(float(done.output.split()[-1]))
    return {**times, **errors}


def find_python(runtime: str) -> Path:
    """An interpreter of the runtime's version, the first of that name on PATH or of pyenv that runs."""
    name = f"python{runtime.removeprefix('python')}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    folders = [*map(Path, os.environ["PATH"].split(os.pathsep)), *sorted(pyenv.glob("*/bin"))]
    for path in (folder / name for folder in folders):
        if path.is_file():
            argv = [str(path), "-c", "import sys; print(sys.executable)"]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return Path(done.stdout.strip())
    raise SystemExit(f"peers: there is no {name}: install one, or put its folder on PATH")


@contextmanager
def no_stack() -> Iterator[str]:
    """An AWS in which no stack exists, which osls asks for before it packages."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = (
                b'<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>'
                b"<Code>ValidationError</Code><Message>Stack with id built-dev does not exist</Message></Error>"
                b"</ErrorResponse>"
            )
            self.send_response(400)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing of it is shown."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def say(text: str) -> None:
    """Say how far it is."""
    sys.stderr.write(f"peers: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
