# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the checks and tests of the collection by name; "scripts/check --list" shows the names.

Each step's output goes to .cache/log/STEP.log. A step that fails shows which tests did and why, or the end of its log;
the ones after it still run.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
CACHE = TOP / ".cache"
LOGS = CACHE / "log"
BIN = TOP / ".venv" / "bin"
#: How many steps run at the same time: one more than the usual two processors, as many of them wait for servers.
JOBS = 3
#: Seconds between two signs of life.
PROGRESS_SECONDS = 45
#: Seconds after which a step is ended: on a busy machine the longest has taken half of that.
LIMIT_SECONDS = 3000
#: Seconds that a step has to end after it was interrupted.
GRACE_SECONDS = 60
#: What of a failed step is shown: lines of its log or of one test's failure, so many tests, and no longer lines.
TAIL_LINES = 25
SHOWN_FAILURES = 10
LINE_LENGTH = 160
_MARKED = re.compile(r"(ERROR|FATAL|CRITICAL)\b")
DOCS_ARGUMENTS = ("lint-collection-docs", "--plugin-docs", "--validate-collection-refs=self", "--skip-rstcheck")
#: Tests that do not care which ansible-core there is, nor which of its packages: of a shell script, of a policy's text,
#: of a network's faults, of what runs on a builder, which has the standard library only.
_FILES_OF_NO_VERSION = (
    "roles/test_python311_*",
    "module_utils/test_archive.py",
    "module_utils/test_detached.py",
    "module_utils/test_zip_unpack.py",
    "roles/test_*_linter.py",
    "module_utils/test_build_from_lock.py",
    "module_utils/test_import_gate.py",
    "module_utils/test_layer_build.py",
    "module_utils/test_layer_cache.py",
    "module_utils/test_wheel_fetch.py",
    "modules/test_layer_publish_faults.py",
)
#: The same, with the tests of runs that are killed at any of their steps.
OF_NO_VERSION = ("-k", "not killed", *(f"--ignore-glob=*/{name}" for name in _FILES_OF_NO_VERSION))
#: What ansible-test hands to programs that know nothing of ansible-core: what they make of the files is seen with the
#: newest, whose are newer, too.
OF_THE_FILES_ALONE = tuple(
    word for name in ("changelog", "compile", "pep8", "pylint", "yamllint") for word in ("--skip-test", name)
)
PYTEST = ("-m", "pytest", "-v", "--tb=short")
INSTALL_ONLY = ("-e", "sandbox_state=installed")
#: Where the ports of the scenarios' sandboxes are looked for, and how many one scenario may use.
FIRST_PORT, LAST_PORT = 4670, 5600
PORTS_OF_A_SCENARIO = 10
#: Scenarios that take longest.
SLOW_SCENARIOS = ("python311_from_source", "builder_ec2", "iam_user", "lambda_layer", "serverless_deploy")


@dataclass(frozen=True)
class Step:
    """One thing to run.

    :param name: as it is given on the command line and shown.
    :param argv: the command.
    :param env: what is set beside the common environment.
    :param pytest: it runs pytest, whose tests are counted one by one; any other step counts as one.
    :param sandbox: it starts sandboxes, so it waits until what they share is installed.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    pytest: bool = False
    sandbox: bool = False

    @property
    def log(self) -> Path:
        """Where the output goes."""
        return LOGS / f"{self.name.replace(':', '-')}.log"

    @property
    def report(self) -> Path:
        """Where pytest writes what became of each test."""
        return LOGS / f"{self.name.replace(':', '-')}.xml"

    def command(self) -> list[str]:
        """The command as it is started."""
        report = [f"--junit-xml={self.report}"] if self.pytest else []
        return [*self.argv, *report]


@dataclass(frozen=True)
class Group:
    """Steps that belong together.

    :param steps: in the order of their start.
    :param jobs: how many of them run at the same time.
    """

    steps: tuple[Step, ...]
    jobs: int = 1


@dataclass(frozen=True)
class Outcome:
    """What became of a step.

    :param error: empty if it went well.
    :param seconds: how long it took.
    :param passed: tests, or 1 for a step that is no pytest run.
    :param failed: likewise.
    :param cpu: for how many seconds a processor worked for it; servers that outlive whoever started them don't count.
    :param skipped: one line for each test that did not run, with the reason.
    :param details: lines that say what went wrong.
    """

    step: Step
    error: str
    seconds: float
    passed: int
    failed: int
    cpu: float = 0
    skipped: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


# --- What there is to run ---------------------------------------------------------------------------------------------

#: Installs what all sandboxes of the tests are made of, once for all of them.
PACKAGES = Step(
    "sandbox-packages",
    (str(BIN / "ansible-playbook"), "-i", "inventory/sandbox/hosts.yml", "playbooks/sandbox.yml", *INSTALL_ONLY),
)
#: Installs the Serverless CLI, once for all sandboxes of the end-to-end tests.
CLI = Step(
    "serverless-cli",
    (str(BIN / "ansible-playbook"), "-i", "inventory/sandbox/hosts.yml", "tests/integration/install_cli.yml"),
)
#: What sandboxes share.
SHARED = (PACKAGES, CLI)


def lint_group() -> Group:
    """The static checks."""
    return Group(
        steps=(
            # Each of its many syntax checks would ask AWS for the builders, as the inventory of ansible.cfg does.
            Step(
                "ansible-lint",
                (str(BIN / "ansible-lint"), "--offline"),
                env={"ANSIBLE_INVENTORY": str(TOP / "inventory/sandbox/hosts.yml")},
            ),
            Step("yamllint", (str(BIN / "yamllint"), "--strict", ".")),
            Step("ruff", (str(BIN / "ruff"), "check", *python_sources())),
            Step("ruff-format", (str(BIN / "ruff"), "format", "--check", *python_sources())),
            Step("mypy", ("scripts/check-types",)),
            Step("shellcheck", (str(BIN / "shellcheck"), "--external-sources", *shell_sources())),
            Step("changelog", (str(BIN / "antsibull-changelog"), "lint")),
            # It copies what git knows: the collections in .venv shall not count as a part of this checkout.
            Step(
                "docs",
                (str(BIN / "antsibull-docs"), *DOCS_ARGUMENTS, "."),
                env={"GIT_CEILING_DIRECTORIES": str(TOP / ".venv")},
            ),
            Step("role-docs", ("scripts/check-docs",)),
        ),
    )


def unit_group() -> Group:
    """The unit tests, with the newest and the oldest ansible-core that is supported."""
    arguments = (*PYTEST, "tests/unit")
    return Group(
        steps=(
            Step("unit", (str(BIN / "python"), *arguments), pytest=True),
            Step(
                "unit-oldest",
                ("scripts/in-venv", "oldest", "python", *arguments, *OF_NO_VERSION),
                pytest=True,
            ),
        ),
    )


def package_group() -> Group:
    """What is said of the archive that users install, rather than of the checkout."""
    return Group(
        steps=(
            Step("package", (str(BIN / "python"), *PYTEST, "tests/package"), pytest=True),
            Step("sanity", ("scripts/sanity", "newest")),
            Step("sanity-oldest", ("scripts/sanity", "oldest", *OF_THE_FILES_ALONE)),
            Step("galaxy-importer", ("scripts/galaxy-importer",)),
        ),
    )


def molecule_group() -> Group:
    """One step a scenario."""
    names = [path.parent.name for path in TOP.glob("molecule/*/molecule.yml")]
    # The slow ones first, so that none of them is left alone at the end.
    order = {name: place for place, name in enumerate(SLOW_SCENARIOS)}
    names.sort(key=lambda name: (order.get(name, len(order)), name))
    steps = []
    port = FIRST_PORT
    for name in names:
        port = free_ports(PORTS_OF_A_SCENARIO, first=port)
        steps.append(molecule_step(name, port=port))
        port += PORTS_OF_A_SCENARIO
    return Group(steps=tuple(steps))


def molecule_step(scenario: str, *, port: int) -> Step:
    """The whole sequence of a scenario, with ports of its own."""
    argv = (str(BIN / "molecule"), "test", "--no-command-borders", "--scenario-name", scenario)
    return Step(f"molecule:{scenario}", argv, env={"ASESORIA_SANDBOX_PORT": str(port)}, sandbox=True)


def e2e_group() -> Group:
    """Return the tests that run playbooks.

    Each file of the chain's tests is a step with a sandbox of its own; every other folder is one step.
    """
    folders = {path.parent for path in (TOP / "tests" / "integration").glob("*/test_*.py")}
    chain = [path for folder in folders if folder.name == "chain" for path in folder.glob("test_*.py")]
    # The longest files first, since no step may be left alone at the end; they take longest, too.
    chain.sort(key=lambda path: (-path.stat().st_size, path.name))
    others = sorted(folder for folder in folders if folder.name != "chain")
    steps = [e2e_step(path) for path in (*chain, *others)]
    return Group(steps=(*steps[:1], oldest_step(), *steps[1:]))


def e2e_step(path: Path) -> Step:
    """Return the step that runs a file or a folder of tests.

    :param path: The file or folder.
    """
    name = path.stem.removeprefix("test_").replace("_", "-")
    return Step(f"e2e:{name}", (str(BIN / "python"), *PYTEST, str(path.relative_to(TOP))), pytest=True, sandbox=True)


def oldest_step() -> Step:
    """Return the step that runs the marked tests of the chain with the oldest ansible-core that is supported."""
    argv = ("scripts/in-venv", "oldest", "python", *PYTEST, "-m", "oldest", "tests/integration/chain")
    return Step("e2e:oldest", argv, pytest=True, sandbox=True)


GROUPS = {
    "lint": lint_group,
    "unit": unit_group,
    "package": package_group,
    "e2e": e2e_group,
    "molecule": molecule_group,
}


def tracked(*patterns: str) -> list[str]:
    """The files of the checkout that match, as git knows them (new ones that are not ignored too)."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", *patterns]
    listed = subprocess.run(argv, cwd=TOP, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(name for name in listed if (TOP / name).is_file())


def python_sources() -> list[str]:
    """Every Python file."""
    return tracked("*.py")


def shell_sources() -> list[str]:
    """Every shell script."""
    return [name for name in tracked("scripts", ".ci", "*.sh") if is_shell_script(name)]


def is_shell_script(name: str) -> bool:
    """Whether a file's first line says that it is for a shell."""
    with (TOP / name).open("rb") as file:
        return re.match(rb"#!.*\b(ba|da)?sh\b", file.readline(200)) is not None


def free_ports(count: int, *, first: int) -> int:
    """The first of so many ports in a row, from the given one on, that nothing on this machine listens on."""
    for port in range(first, LAST_PORT, count):
        if all(is_free(port + offset) for offset in range(count)):
            return port
    raise SystemExit(f"check: no {count} free ports in a row between {first} and {LAST_PORT}: stop what listens there")


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


# --- Running it -------------------------------------------------------------------------------------------------------


class Runner:
    """Starts steps, tells what they are doing, and ends them when the run is ended."""

    def __init__(self) -> None:
        self._running: dict[Step, tuple[float, subprocess.Popen[bytes]]] = {}
        self._outcomes: dict[str, Future[Outcome]] = {}
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._ending = False

    def run(self, groups: Iterable[Group]) -> list[Outcome]:
        """Run all steps, group after group."""
        ticker = threading.Thread(target=self._tick, daemon=True)
        ticker.start()
        outcomes: list[Outcome] = []
        try:
            for group in groups:
                outcomes.extend(self._run_group(group))
        finally:
            self._done.set()
        return outcomes

    def _run_group(self, group: Group) -> list[Outcome]:
        with ThreadPoolExecutor(max_workers=group.jobs) as pool:
            try:
                for step in group.steps:
                    self._outcomes[step.name] = pool.submit(self._run_one, step)
                return [self._outcomes[step.name].result() for step in group.steps]
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                self._end_all()
                raise

    def _run_one(self, step: Step) -> Outcome:
        if step.sandbox:
            for shared in SHARED:
                self._outcomes[shared.name].result()
        started = time.monotonic()
        step.report.unlink(missing_ok=True)
        with step.log.open("wb") as log:
            try:
                process = subprocess.Popen(
                    step.command(),
                    cwd=TOP,
                    env=environment(step),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as refusal:
                return self._tell(Outcome(step, f"can't be started: {refusal}", 0, passed=0, failed=1))
            with self._lock:
                self._running[step] = (started, process)
                if self._ending:  # it was being started when the others were interrupted
                    os.killpg(process.pid, signal.SIGKILL)
            error, cpu = self._wait(process)
            with self._lock:
                del self._running[step]
        return self._tell(replace(judge(step, error, time.monotonic() - started), cpu=cpu))

    @staticmethod
    def _wait(process: subprocess.Popen[bytes]) -> tuple[str, float]:
        """What went wrong, and the seconds of a processor that it took."""
        too_long = threading.Event()

        def end() -> None:
            too_long.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(LIMIT_SECONDS, end)
        timer.start()
        _pid, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        error = f"exit code {process.returncode}" if process.returncode else ""
        return f"ended after {LIMIT_SECONDS} s" if too_long.is_set() else error, usage.ru_utime + usage.ru_stime

    def _tick(self) -> None:
        while not self._done.wait(PROGRESS_SECONDS):
            with self._lock:
                running = [(step, time.monotonic() - started) for step, (started, _process) in self._running.items()]
            if running:
                say("      " + "; ".join(progress(step, seconds) for step, seconds in running))

    def _end_all(self) -> None:
        """Interrupt what runs, so that pytest's fixtures stop the servers that they have started."""
        with self._lock:
            self._ending = True
            processes = [process for _started, process in self._running.values()]
        for process in processes:
            os.killpg(process.pid, signal.SIGINT)
        deadline = time.monotonic() + GRACE_SECONDS
        for process in processes:
            while process.returncode is None and time.monotonic() < deadline:
                time.sleep(0.1)
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)

    def _tell(self, outcome: Outcome) -> Outcome:
        verdict = "FAIL" if outcome.error else "ok"
        closing = f"  {closing_line(outcome.step)}" if outcome.step.pytest else ""
        lines = [f"{verdict:<5} {outcome.step.name:<32} {outcome.seconds:6.0f} s {outcome.cpu:5.0f} s CPU{closing}"]
        if outcome.error:
            lines += [f"      | {line[:LINE_LENGTH]}" for line in outcome.details or excerpt(outcome.step.log)]
            lines.append(f"      {outcome.error}; the whole log: {outcome.step.log.relative_to(TOP)}")
        with self._lock:
            say("\n".join(lines))
        return outcome


def environment(step: Step) -> dict[str, str]:
    """What a step sees: the virtual environment first, nobody's AWS account, no colours in the log."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_", "MOLECULE_"))}
    # Set in many containers; without compiled files each of the thousands of Python processes takes twice as long.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **kept,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "ANSIBLE_NOCOLOR": "1",
        "NO_COLOR": "1",
        "COLUMNS": "160",
        "PYTHONUNBUFFERED": "1",
        "ASESORIA_SANDBOX_PACKAGES": str(CACHE / "sandbox"),
        "ASESORIA_ZIP_CACHE": str(CACHE / "zip"),
        **step.env,
    }


def judge(step: Step, error: str, seconds: float) -> Outcome:
    """Make an outcome of an exit code and, for pytest, of its report."""
    if not step.pytest:
        return Outcome(step, error, seconds, passed=int(not error), failed=int(bool(error)))
    if not step.report.is_file():
        return Outcome(step, error or "pytest wrote no report", seconds, passed=0, failed=1)
    suite = ET.parse(step.report).getroot()  # noqa: S314  # pytest has just written it
    cases = list(suite.iter("testcase"))
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = tuple(skip_lines(step, cases))
    passed = len(cases) - len(bad) - len(skipped)
    if not error and not passed:
        error = "not one test ran"
    return Outcome(
        step,
        error,
        seconds,
        passed=passed,
        failed=max(len(bad), int(bool(error))),
        skipped=skipped,
        details=tuple(failure_lines(bad)),
    )


def failure_lines(cases: list[ET.Element]) -> Iterator[str]:
    """What the tests that failed are called, and the end of what pytest says about each."""
    for case in cases[:SHOWN_FAILURES]:
        yield f"{case.get('classname')}::{case.get('name')}"
        text = next((part.text for part in case if part.tag in ("failure", "error")), None) or ""
        yield from [f"  {line.rstrip()}" for line in text.splitlines() if line.strip()][-TAIL_LINES:]
    if len(cases) > SHOWN_FAILURES:
        yield f"... and {len(cases) - SHOWN_FAILURES} more"


def skip_lines(step: Step, cases: Iterable[ET.Element]) -> Iterator[str]:
    """One line for each test that was skipped."""
    for case in cases:
        skip = case.find("skipped")
        if skip is not None:
            yield f"{step.name}: {case.get('classname')}.{case.get('name')}: {skip.get('message')}"


def excerpt(log: Path) -> list[str]:
    """The lines of a log that say what is wrong, if it marks them, or else its end."""
    if not log.is_file():
        return []
    marked = [line.rstrip() for line in log.read_text(errors="replace").splitlines() if _MARKED.match(line)]
    return marked[-TAIL_LINES:] or tail(log)


def tail(log: Path) -> list[str]:
    """The end of a log, without empty lines."""
    if not log.is_file():
        return []
    lines = [line.rstrip() for line in log.read_text(errors="replace").splitlines()]
    return [line for line in lines if line][-TAIL_LINES:]


def progress(step: Step, seconds: float) -> str:
    """What a step is doing, short enough for two of them in a line."""
    doing = last_line(step.log).rpartition("/")[2][:60]
    return f"{step.name} {seconds:.0f} s" + (f" ({doing})" if doing else "")


def last_line(log: Path) -> str:
    """The last thing that a step said."""
    return "".join(tail(log)[-1:]).strip()


def closing_line(step: Step) -> str:
    """What pytest ends with."""
    return last_line(step.log).strip("= ")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """See that no other run is in this checkout: each would take the other's sandboxes and logs away.

    The system gives the lock back when its holder dies, however it dies.

    :raises SystemExit: there is one.
    """
    with (LOGS / "check.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("check: another run is in this checkout; wait for its end, or use another clone") from None
        yield


def remove_sandboxes() -> None:
    """Stop and remove the scenarios' sandboxes of a run that was ended."""
    program = [sys.executable, "-m", "asesoria_sandbox", "stop", "--purge", "--directory"]
    for folder in (CACHE / "molecule").glob("*/"):
        environment = {**os.environ, "PYTHONPATH": str(TOP / "roles/sandbox/files")}
        subprocess.run([*program, str(folder)], check=False, env=environment, stdout=subprocess.DEVNULL)
    shutil.rmtree(CACHE / "molecule", ignore_errors=True)


def say(text: str) -> None:
    """Print at once, even into a pipe."""
    print(text, flush=True)


# --- The command line -------------------------------------------------------------------------------------------------


def select(names: list[str]) -> list[Group]:
    """The groups and steps of these names, in the order of the table.

    :raises SystemExit: there is no group or step of a name.
    """
    groups = {name: make() for name, make in GROUPS.items()}
    steps = {step.name: step for group in groups.values() for step in group.steps}
    unknown = [name for name in names if name not in groups and name not in steps]
    if unknown:
        raise SystemExit(f"check: no step is called {', '.join(unknown)}; scripts/check --list shows the names")
    chosen = tuple(step for name in groups if name in names for step in groups[name].steps)
    single = tuple(steps[name] for name in names if name in steps and name not in groups)
    first = SHARED if any(step.sandbox for step in (*chosen, *single)) else ()
    # Whole groups go through one queue, so that a long step at the end of one leaves no processor idle.
    parts = ((first + chosen, JOBS), (single, 1)) if chosen else ((first + single, 1),)
    return [Group(part, jobs=jobs) for part, jobs in parts if part]


def list_names() -> None:
    """Print all groups with their steps."""
    for name, make in GROUPS.items():
        say(f"{name}: {' '.join(step.name for step in make().steps)}")


def summary(outcomes: list[Outcome], seconds: float) -> int:
    """Print what became of all, the counts last; return the exit code."""
    for line in (line for outcome in outcomes for line in outcome.skipped):
        say(f"skip  {line}")
    bad = [outcome.step.name for outcome in outcomes if outcome.error]
    if bad:
        say(f"failed: {' '.join(bad)}")
    say(f"{len(outcomes)} steps in {seconds:.0f} s, {sum(outcome.cpu for outcome in outcomes):.0f} s CPU")
    say(f"{sum(outcome.passed for outcome in outcomes)} passed, {sum(outcome.failed for outcome in outcomes)} failed")
    return 1 if bad else 0


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a group or a step")
    parser.add_argument("--list", action="store_true", help="show the names")
    options = parser.parse_args()
    if options.list:
        list_names()
        return 0
    if not BIN.is_dir():
        raise SystemExit("check: there is no .venv yet: run make setup-dev")
    if not options.names:
        parser.error("say what to run; --list shows the names")
    # A run that is ended from outside ends its steps too, even one in the background, where SIGINT is passed over.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    LOGS.mkdir(parents=True, exist_ok=True)
    with alone():
        remove_sandboxes()
        started = time.monotonic()
        try:
            outcomes = Runner().run(select(options.names))
        except KeyboardInterrupt:
            say("check: interrupted")
            return 130
    return summary(outcomes, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
