# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments that are interrupted, and the run after them: the new code answers if it is good, or else the old.

A selection runs by default. ``ASESORIA_INTERRUPTIONS=all`` runs the whole table, and
``ASESORIA_INTERRUPTIONS_TABLE=FILE`` writes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from .interrupting_proxy import INVOKE, InterruptingProxy, Interruption
from .support import CHECKOUT, Chain, Run

STACK = "mi-api-flask-dev"
#: Seconds without network. The CLI gives up long before.
OUTAGE = 8.0
#: Seconds until the last process of an interrupted run has ended.
_PATIENCE = 120.0

SERVERLESS_YML = """
service: mi-api-flask
frameworkVersion: "3 || 4"
provider: {name: aws, runtime: python3.11, region: us-east-1, versionFunctions: false}
functions:
  api:
    handler: app.handler
    events: [{httpApi: "*"}]
"""
APP = """
def handler(event, context):
    return {{"statusCode": {status}, "headers": {{"content-type": "text/plain"}}, "body": "{text}"}}
"""

KINDS = ("SIGINT", "SIGTERM", "SIGKILL", "lost reply", "outage")
#: Name of the moment: the call, which of its calls it is, and whether the run is interrupted before it. The CLI makes a
#: change set for the deployment, and another one for the roll-back.
MOMENTS = {
    "before CreateChangeSet": ("CreateChangeSet", 1, True),
    "after CreateChangeSet": ("CreateChangeSet", 1, False),
    "before ExecuteChangeSet": ("ExecuteChangeSet", 1, True),
    "after ExecuteChangeSet": ("ExecuteChangeSet", 1, False),
    "during verification": (INVOKE, 1, False),
    "during roll-back": ("ExecuteChangeSet", 2, True),
}


@dataclass(frozen=True)
class Cell:
    """One interruption.

    :param kind: Kind of the interruption.
    :param moment: Moment of the interruption.
    :param good: Whether the new code answers well.
    """

    kind: str
    moment: str
    good: bool

    @property
    def name(self) -> str:
        """The name of its test."""
        return f"{self.kind}, {self.moment}, {'good' if self.good else 'bad'} code"


#: Good code is not rolled back.
ALL = [
    Cell(kind, moment, good)
    for moment in MOMENTS
    for kind in KINDS
    for good in (True, False)
    if not (good and moment == "during roll-back")
]
#: Those that once left bad code for ever.
SELECTION = [
    Cell("SIGINT", "after ExecuteChangeSet", False),
    Cell("lost reply", "after ExecuteChangeSet", False),
    Cell("outage", "after ExecuteChangeSet", False),
]
CELLS = ALL if os.environ.get("ASESORIA_INTERRUPTIONS") == "all" else SELECTION


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, those that they have started, and so on."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(path.parent.name))
    found = parents.get(pid, [])
    return [*found, *(further for child in found for further in descendants(child))]


def stop(process: subprocess.Popen[str], kind: str) -> None:
    """Send the run a signal; SIGKILL goes to all its processes, as if the machine lost its power."""
    if kind == "SIGKILL":
        for pid in [process.pid, *descendants(process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    else:
        process.send_signal(signal.Signals[kind])


class Bench:
    """A service, and runs of the playbook that deploys it through a proxy.

    :param chain: The chain.
    :param proxy: The proxy.
    :param app: Folder of the app.
    """

    def __init__(self, chain: Chain, *, proxy: InterruptingProxy, app: Path) -> None:
        self._chain = chain
        self._proxy = proxy
        self._app = app
        self._count = 0
        self.text = ""
        (app / "serverless.yml").write_text(SERVERLESS_YML)

    def change(self, *, good: bool) -> str:
        """Have new code, and return what it answers."""
        self._count += 1
        text = f"{'good' if good else 'bad'} {self._count}"
        (self._app / "app.py").write_text(APP.format(status=200 if good else 500, text=text))
        return text

    def play(self, cell: Cell | None = None) -> Run:
        """Deploy, with an interruption."""
        variables = {
            "sandbox_port": self._proxy.port,
            "asesoria_config_source": "app",
            "serverless_deploy_app_dir": str(self._app),
            "serverless_deploy_layer_name": "",
            "serverless_deploy_npm_cache": str(CHECKOUT / ".cache/npm"),
            "endpoint_verify_contains": "good",
            "endpoint_verify_budget": OUTAGE + 4 if cell and cell.kind == "outage" else 2,
            "asesoria_environment": "{{ asesoria_admin_environment }}",
        }
        # Without the inventory of builders, which asks EC2 first.
        inventory = CHECKOUT / "inventory/sandbox"
        hosts = ("-i", inventory / "00-environment.yml", "-i", inventory / "hosts.yml")
        process = self._chain.popen(*hosts, "playbooks/deploy.yml", "-e", json.dumps(variables))
        if cell:
            self._proxy.interruption = self._interruption(cell, process)
        output = process.communicate(timeout=600)[0]
        if cell:
            assert self._proxy.interruption
            assert self._proxy.interruption.done.is_set(), f"the moment never came:\n{output[-6000:]}"
        self._wait_for_the_rest(output)
        self._proxy.interruption = None
        return Run("playbooks/deploy.yml", process.returncode, output)

    def _interruption(self, cell: Cell, process: subprocess.Popen[str]) -> Interruption:
        effects: dict[str, Callable[[], None]] = {
            "lost reply": lambda: None,
            "outage": lambda: self._proxy.go_dark(OUTAGE),
        }
        action, number, before = MOMENTS[cell.moment]
        return Interruption(
            action=action,
            number=number,
            before=before,
            effect=effects.get(cell.kind, lambda: stop(process, cell.kind)),
            loses_reply=cell.kind in effects,
        )

    def _wait_for_the_rest(self, output: str) -> None:
        """Wait until no process of the run has the work folder any more, and CloudFormation is done."""
        marks = list(self._chain.sandbox.glob("state/services/*/.asesoria-serverless"))
        assert len(marks) == 1, f"there are {len(marks)} work folders:\n{output[-6000:]}"
        deadline = time.monotonic() + _PATIENCE
        with marks[0].open() as file:
            while time.monotonic() < deadline:
                with suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                time.sleep(0.2)
        while self.status.endswith("_IN_PROGRESS") and time.monotonic() < deadline:
            time.sleep(0.2)

    @property
    def status(self) -> str:
        """The stack's status."""
        return str(self._stack["StackStatus"])

    @property
    def _stack(self) -> dict[str, object]:
        found: dict[str, object] = self._chain.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return found

    @property
    def answer(self) -> str:
        """What the service answers now."""
        outputs = self._stack["Outputs"]
        assert isinstance(outputs, list)
        api = next(output["OutputValue"] for output in outputs if output["OutputKey"] == "HttpApiId")
        url = f"http://{api}.execute-api.localhost:{self._chain.port}/"
        return subprocess.run(["curl", "-sS", url], check=True, capture_output=True, text=True).stdout


@contextmanager
def listening(proxy: InterruptingProxy) -> Iterator[InterruptingProxy]:
    """Have the proxy listen until the block ends."""
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


@pytest.fixture(scope="module")
def bench(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A service whose code is good."""
    with listening(InterruptingProxy(target=chain.port)) as proxy:
        made = Bench(chain, proxy=proxy, app=tmp_path_factory.mktemp("app"))
        made.text = made.change(good=True)
        made.play().ok()
        assert made.answer == made.text
        yield made


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_the_new_code_answers_if_it_is_good_or_else_the_old(bench: Bench, cell: Cell) -> None:
    old, new = bench.text, bench.change(good=cell.good)
    run = bench.play(cell)
    first = bench.answer
    assert first in (old, new)
    again = bench.play()
    second = bench.answer
    assert "If this run is interrupted from here on, new code that was not verified may answer" in " ".join(
        run.output.split()
    )
    note(cell, answers=("new" if first == new else "old", "new" if second == new else "old"), run=run, again=again)
    if cell.good:
        bench.text = new
    assert second == (new if cell.good else old), again.output[-6000:]
    assert (again.returncode == 0) == cell.good, again.output[-6000:]
    assert bench.status in ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


def note(cell: Cell, *, answers: tuple[str, str], run: Run, again: Run) -> None:
    """Add a row to the table, if one is wanted."""
    path = os.environ.get("ASESORIA_INTERRUPTIONS_TABLE")
    if path:
        row = (cell.moment, cell.kind, "good" if cell.good else "bad", answers[0], str(run.returncode), answers[1])
        with Path(path).open("a", encoding="utf-8") as file:
            file.write("| " + " | ".join([*row, str(again.returncode)]) + " |\n")
