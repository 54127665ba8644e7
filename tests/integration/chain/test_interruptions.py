# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments that are interrupted, and the run after them: the new code answers if it is good, or else the old.

A selection runs by default. ``ASESORIA_INTERRUPTIONS=all`` runs the whole table, and
``ASESORIA_INTERRUPTIONS_TABLE=FILE`` writes it.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .interrupting_proxy import INVOKE, InterruptingProxy, Interruption
from .support import CHECKOUT, Chain, Run, publish_adapter

#: Seconds without network. The CLI gives up long before.
OUTAGE = 8.0
#: Seconds for which the endpoint is asked, by the kind of the interruption that may meet one of the requests.
_BUDGETS = {"outage": OUTAGE + 4, "lost reply": 6}
#: Seconds until the last process of an interrupted run has ended.
_PATIENCE = 120.0

#: How often the service is asked, since new code may answer a part of the requests.
_QUESTIONS = 10

SERVERLESS_YML = """
service: own
frameworkVersion: "3 || 4"
provider: {name: aws, runtime: python3.11, region: us-east-1, versionFunctions: false}
functions:
  api:
    handler: app.handler
    events: [{httpApi: "*"}]
"""
HANDLER = """
def handler(event, context):
    return {{"statusCode": {status}, "headers": {{"content-type": "text/plain"}}, "body": "{text}"}}
"""

WSGI_APP = """
def app(environ, start_response):
    start_response("{status} Told", [("Content-Type", "text/plain")])
    return [b"{text}"]
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
class Door:
    """A service that is deployed.

    :param service: Name of the service.
    :param title: What requests come in by, as the table names it.
    :param variables: Variables that the run is given for it.
    :param source: Text of the app.
    """

    service: str
    title: str
    variables: Mapping[str, Any] = field(hash=False)
    source: str = WSGI_APP


OWN = Door(
    "own",
    "HTTP API of an own serverless.yml",
    {"asesoria_config_source": "app", "serverless_deploy_layer_name": ""},
    HANDLER,
)
DOORS = (
    OWN,
    Door("rest", "REST API", {"asesoria_front_door": "rest_api"}),
    Door("url", "function URL", {"asesoria_front_door": "function_url"}),
    Door("canary", "HTTP API, canary of 50 %", {"asesoria_canary_weight": 50}),
    Door(
        "url-canary",
        "function URL, canary of 50 %",
        {"asesoria_front_door": "function_url", "asesoria_canary_weight": 50},
    ),
)


@dataclass(frozen=True)
class Cell:
    """One interruption.

    :param kind: Kind of the interruption.
    :param moment: Moment of the interruption.
    :param good: Whether the new code answers well.
    :param door: The service that is deployed.
    """

    kind: str
    moment: str
    good: bool
    door: Door = OWN

    @property
    def name(self) -> str:
        """The name of its test."""
        return f"{self.door.title}, {self.kind}, {self.moment}, {'good' if self.good else 'bad'} code"


#: Good code is not rolled back.
_MOMENTS_OF_ONE = [
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
ALL = [
    *_MOMENTS_OF_ONE,
    *(
        Cell(kind, moment, good, door)
        for door in DOORS[1:]
        for kind, moment, good in (
            ("SIGINT", "after ExecuteChangeSet", False),
            ("lost reply", "after ExecuteChangeSet", False),
            ("outage", "after ExecuteChangeSet", False),
            ("SIGKILL", "during verification", False),
            ("SIGKILL", "during verification", True),
            ("SIGTERM", "during roll-back", False),
        )
    ),
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
    :param door: The service.
    :param proxy: The proxy.
    :param app: Folder of the app.
    """

    def __init__(self, chain: Chain, door: Door, *, proxy: InterruptingProxy, app: Path) -> None:
        self._chain = chain
        self._door = door
        self._proxy = proxy
        self._app = app
        self._stack_name = f"{door.service}-dev"
        self._count = 0
        self.text = ""
        if door is OWN:
            (app / "serverless.yml").write_text(SERVERLESS_YML)

    def begin(self) -> None:
        """Deploy good code for the first time."""
        self.text = self.change(good=True)
        self.play().ok()
        assert self.answers == {self.text}

    def change(self, *, good: bool) -> str:
        """Have new code, and return what it answers."""
        self._count += 1
        text = f"{'good' if good else 'bad'} {self._count}"
        (self._app / "app.py").write_text(self._door.source.format(status=200 if good else 500, text=text))
        return text

    def play(self, cell: Cell | None = None) -> Run:
        """Deploy, with an interruption."""
        variables = {
            "sandbox_port": self._proxy.port,
            "asesoria_service": self._door.service,
            "serverless_deploy_app_dir": str(self._app),
            "serverless_deploy_layer_name": "adapter",
            "serverless_deploy_npm_cache": str(CHECKOUT / ".cache/npm"),
            "endpoint_verify_contains": "good",
            "endpoint_verify_budget": _BUDGETS.get(cell.kind, 2) if cell else 2,
            "asesoria_environment": "{{ asesoria_admin_environment }}",
            **self._door.variables,
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
        self._wait_for_the_rest()
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

    def _wait_for_the_rest(self) -> None:
        """Wait until no process of the run has the work folder any more, and CloudFormation is done."""
        mark = self._chain.sandbox / "state/services" / self._stack_name / ".asesoria-serverless"
        deadline = time.monotonic() + _PATIENCE
        with mark.open() as file:
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
    def _stack(self) -> dict[str, Any]:
        found: dict[str, Any] = self._chain.client("cloudformation").describe_stacks(StackName=self._stack_name)[
            "Stacks"
        ][0]
        return found

    @property
    def answers(self) -> set[str]:
        """What the service answers now, each answer once."""
        outputs = {each["OutputKey"]: each["OutputValue"] for each in self._stack["Outputs"]}
        url = self._url(outputs)
        return {
            subprocess.run(["curl", "-sS", url], check=True, capture_output=True, text=True).stdout
            for _question in range(_QUESTIONS)
        }

    def _url(self, outputs: Mapping[str, str]) -> str:
        """The address in the sandbox, from that in AWS."""
        for key in ("ServiceEndpoint", "HttpApiUrl", "ApiLambdaFunctionUrl"):
            if key in outputs:
                host, _slash, path = outputs[key].removeprefix("https://").partition("/")
                # The region is a part of a function URL only, see the sandbox's inventory.
                labels = host.split(".")[: 3 if "lambda-url" in host else 2]
                return f"http://{'.'.join(labels)}.localhost:{self._chain.port}/{path}"
        raise AssertionError(f"no address among {outputs}")


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
def benches(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Door], Bench]]:
    """Deploys good code of a service; the first time it is asked for it."""
    publish_adapter(chain)
    with listening(InterruptingProxy(target=chain.port)) as proxy:

        @functools.cache
        def made(door: Door) -> Bench:
            bench = Bench(chain, door, proxy=proxy, app=tmp_path_factory.mktemp("app"))
            bench.begin()
            return bench

        yield made


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_the_new_code_answers_if_it_is_good_or_else_the_old(benches: Callable[[Door], Bench], cell: Cell) -> None:
    bench = benches(cell.door)
    old, new = bench.text, bench.change(good=cell.good)
    run = bench.play(cell)
    first = bench.answers
    assert first <= {old, new}
    again = bench.play()
    second = bench.answers
    assert "If this run is interrupted from here on, new code that was not verified may answer" in " ".join(
        run.output.split()
    )
    words = {old: "old", new: "new"}
    note(cell, *(" and ".join(sorted(words[each] for each in found)) for found in (first, second)), run, again)
    if cell.good:
        bench.text = new
    assert second == {new if cell.good else old}, again.output[-6000:]
    assert (again.returncode == 0) == cell.good, again.output[-6000:]
    assert bench.status in ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


def note(cell: Cell, first: str, second: str, run: Run, again: Run) -> None:
    """Add a row to the table, if one is wanted.

    :param first: Code that answers after the interrupted run.
    :param second: Code that answers after the next one.
    """
    path = os.environ.get("ASESORIA_INTERRUPTIONS_TABLE")
    if path:
        row = (cell.door.title, cell.moment, cell.kind, "good" if cell.good else "bad", first, str(run.returncode))
        with Path(path).open("a", encoding="utf-8") as file:
            file.write("| " + " | ".join([*row, second, str(again.returncode)]) + " |\n")
