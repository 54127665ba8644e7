# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the Serverless CLI: without a shell, without questions, and with an answer that says what went wrong."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._work_folder import WorkFolder

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MAX_REASON_LINES = 12
#: Seconds that the CLI has to end after it was asked to.
_GRACE = 10
#: Milliseconds between two looks at a stack's events; the CLI's own value is 5,000.
_MONITORING_FREQUENCY = "2000"
#: Variables of proxies, as the CLI reads them (osls 4.3, lib/aws/config.js).
_PROXIES = ("proxy", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")


class CliError(ServerlessError):
    """The CLI could not be started, did not end in time, or said that it failed."""


class CliTimeoutError(Exception):
    """A command did not end in time and was stopped."""


class Runner(Protocol):
    """Runs one command."""

    def __call__(
        self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path, timeout: float, keep: int
    ) -> int:
        """Run a command to its end.

        :param argv: program and arguments.
        :param cwd: folder to run it in.
        :param environment: its whole environment.
        :param log: file that takes all its output.
        :param timeout: seconds.
        :param keep: a file descriptor that stays open in the command, since it stands for a lock.
        :returns: the exit code.
        :raises OSError: it can't be started.
        :raises CliTimeoutError: it did not end in time.
        """


def run_process(
    argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path, timeout: float, keep: int
) -> int:
    """Run a command as a process; see :class:`Runner`.

    The output goes to a file and the process has a session of its own, so that it ends its work in order even if the
    one who started it is killed. If that one is interrupted or terminated, the process is terminated too.
    """
    with log.open("wb") as output:
        # run_command knows neither a session of its own nor a lock to hand on.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            list(argv),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(keep,),
            start_new_session=True,
        )
        try:
            with _terminated_by_exception():
                return process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            _stop(process)
            raise CliTimeoutError from error
        except BaseException:
            # A signal. As long as CloudFormation was not asked for the change, the old version then stays.
            _stop(process)
            raise


@contextlib.contextmanager
def _terminated_by_exception() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` at SIGTERM too, which Ansible passes on to its modules when it is terminated."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:
        # Only the main thread may do it.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(process: subprocess.Popen[bytes]) -> None:
    # The process may have ended by itself meanwhile.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def cli_environment(base: Mapping[str, str], *, options: Mapping[str, str], work: WorkFolder) -> dict[str, str]:
    """Make the environment of the CLI.

    :param base: the environment to start from; credentials and endpoints in it are passed on.
    :param options: settings that a task gave the module itself, by the name of the variable that the SDK reads.
    :param work: where temporary files and the cache go.
    """
    environment = {**base, **options}
    # The CLI's SDK and boto3 differ in what they prefer where both keys and a profile are named; so only one is.
    if "AWS_ACCESS_KEY_ID" in options:
        environment.pop("AWS_PROFILE", None)
    elif "AWS_PROFILE" in options:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            environment.pop(name, None)
    if environment.get("AWS_CA_BUNDLE"):
        environment.setdefault("NODE_EXTRA_CA_CERTS", environment["AWS_CA_BUNDLE"])
    _leave_out_proxies(environment)
    environment.setdefault("SLS_AWS_MONITORING_FREQUENCY", _MONITORING_FREQUENCY)
    environment.update(
        CI="true",
        NODE_NO_WARNINGS="1",
        NO_COLOR="1",
        NO_UPDATE_NOTIFIER="1",
        SLS_INTERACTIVE_SETUP_ENABLE="",
        SLS_NOTIFICATIONS_MODE="off",
        SLS_SCHEMA_CACHE_BASE_DIR=str(work.cache),
        SLS_TELEMETRY_DISABLED="1",
        TMPDIR=str(work.scratch),
    )
    return environment


def _leave_out_proxies(environment: dict[str, str]) -> None:
    """Remove the proxies if NO_PROXY exempts the endpoint of AWS: the CLI's client knows proxies, but not NO_PROXY."""
    host = urllib.parse.urlsplit(environment.get("AWS_ENDPOINT_URL") or "").netloc
    exempt = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    # The types of the standard library lack this function.
    if not host or not urllib.request.proxy_bypass_environment(host, {"no": exempt}):  # type: ignore[attr-defined]
        return
    # pip, which a plugin of the CLI runs, still needs one to reach a package index.
    proxy = environment.get("https_proxy") or environment.get("HTTPS_PROXY")
    if proxy:
        environment.setdefault("PIP_PROXY", proxy)
    for name in _PROXIES:
        environment.pop(name, None)


def failure_reason(output: str) -> str:
    """Pick the lines of the CLI's output that say why it failed, as one line.

    :param output: all that it printed.
    """
    lines = [line.strip() for line in _ESCAPE.sub("", output).splitlines()]
    start = next((index for index, line in enumerate(lines) if line.startswith("Error:")), None)
    picked = lines[start:] if start is not None else lines[-_MAX_REASON_LINES:]
    useful = [
        line for line in picked if line and line != "Error:" and not line.startswith(("at ", "View the full error"))
    ]
    return " ".join(useful[:_MAX_REASON_LINES]).removeprefix("Error: ").rstrip(".") or "it printed nothing"


class ServerlessCli:
    """The CLI's commands, for one service.

    :param argv: how it is called.
    :param runner: runs it.
    :param base: environment to start from, see :func:`cli_environment`.
    :param options: see :func:`cli_environment`.
    :param stage: the service's stage.
    :param region: the service's region.
    :param timeout: seconds that one command may take.
    """

    def __init__(
        self,
        *,
        argv: Sequence[str],
        runner: Runner,
        base: Mapping[str, str],
        options: Mapping[str, str],
        stage: str,
        region: str,
        timeout: float,
    ) -> None:
        self._argv = list(argv)
        self._runner = runner
        self._base = base
        self._options = options
        self._where = ["--stage", stage, "--region", region]
        self._timeout = timeout

    @property
    def installed(self) -> bool:
        """Whether the program is there; a name without a folder is left to the search path."""
        program = Path(self._argv[0])
        return len(program.parts) == 1 or program.expanduser().is_file()

    def package(self, work: WorkFolder) -> None:
        """Compile the service into I(work)'s package folder; asks AWS nothing."""
        self._run("package", "--package", str(work.package), work=work)

    def deploy(self, work: WorkFolder) -> None:
        """Deploy what :meth:`package` made.

        The CLI's own comparison with what it finds in the bucket is switched off: an attempt that failed after the
        upload would make it believe that there is nothing to do.
        """
        self._run("deploy", "--force", "--package", str(work.package), work=work)

    def roll_back(self, work: WorkFolder, *, time: str) -> None:
        """Deploy once more what was deployed at a time, with the template and the code that the bucket has kept."""
        self._run("rollback", "--timestamp", time, work=work)

    def remove(self, work: WorkFolder) -> None:
        """Remove the service."""
        self._run("remove", work=work)

    def _run(self, command: str, *arguments: str, work: WorkFolder) -> None:
        argv = [*self._argv, command, *arguments, *self._where]
        said = f"'{Path(argv[0]).name} {command}'"
        try:
            code = self._runner(
                argv,
                cwd=work.service,
                environment=cli_environment(self._base, options=self._options, work=work),
                log=work.log,
                timeout=self._timeout,
                keep=work.lock_descriptor,
            )
        except CliTimeoutError as error:
            raise CliError(
                f"{said} did not end within {self._timeout:g} seconds", f"Allow more time; its output is in {work.log}"
            ) from error
        except OSError as error:
            raise CliError(
                f"the Serverless CLI {self._argv[0]} can't be started: {error.strerror}",
                "Install it, or say where it is",
            ) from error
        if code:
            reason = failure_reason(work.log.read_text(encoding="utf-8", errors="replace"))
            raise CliError(f"{said} failed: {reason}", work.log_hint)
