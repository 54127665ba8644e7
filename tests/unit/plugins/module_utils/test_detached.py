# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs that really run, by the commands that a host would get."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._detached import (
    _LOOK,
    _REMOVE,
    _START,
    DetachedError,
    FailedJobError,
    Follower,
    Job,
    Look,
    job_key,
    look_command,
    parse_look,
    remove_command,
    start_command,
)

SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]


class Host:
    """This machine, in the place of a host."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "some where" / "job"
        self.upload = directory / "upload"
        self.upload.mkdir()

    def job(self, script: str, *arguments: str) -> Job:
        (self.upload / "script.sh").write_text(script)
        argv = ("script.sh", *arguments)
        return Job(directory=str(self.directory), arguments=argv, key=job_key([script.encode()], argv))

    def run(self, command: str) -> str:
        return subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout

    def look(self, job: Job, shown: int = 0) -> Look:
        return parse_look(self.run(look_command(job, shown=shown)))

    def start(self, job: Job) -> None:
        self.run(start_command(job, upload=str(self.upload)))

    def remove(self, job: Job) -> None:
        self.run(remove_command(job))

    def wait_for(self, job: Job, condition: Callable[[Look], bool]) -> Look:
        for _try in range(100):
            look = self.look(job)
            if condition(look):
                return look
            time.sleep(0.05)
        raise AssertionError(f"the job stayed {look}")

    def follower(self, job: Job, lines: list[str]) -> Follower:
        return Follower(
            job=job,
            look=lambda shown: self.look(job, shown),
            start=lambda: self.start(job),
            remove=lambda: self.remove(job),
            report=lines.append,
            clock=time.monotonic,
            sleep=lambda seconds: time.sleep(min(seconds, 0.05)),
        )


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    yield host
    if (host.directory / "key").exists():
        host.remove(host.job(""))


def follow(host: Host, job: Job, lines: list[str], *, timeout: float = 10) -> object:
    return host.follower(job, lines).run(interval=0.05, timeout=timeout, patience=0, quiet=60)


def test_shows_progress_and_leaves_nothing(host: Host) -> None:
    job = host.job(
        'echo ">> one"; sleep 0.3; echo hidden; printf ">> %s\\n" "$2"; ls', "first", "$(id) 'quoted' \"two\""
    )
    lines: list[str] = []
    outcome = host.follower(job, lines).run(interval=0.05, timeout=10, patience=0, quiet=60)
    assert lines == ["one", "$(id) 'quoted' \"two\""]
    assert outcome.progress == lines
    assert not outcome.picked_up
    assert not host.directory.exists()


def test_outlives_a_terminal_that_closes_before_it_is_detached(host: Host, tmp_path: Path) -> None:
    """A terminal that closes hangs up on all that has not turned away from it, and a busy host takes a while to."""
    setsid = tmp_path / "bin/setsid"
    setsid.parent.mkdir()
    setsid.write_text('#!/bin/sh\nsleep 1\nexec "$@"\n')
    setsid.chmod(0o755)
    job = host.job("echo '>> done'")
    command = start_command(job, upload=str(host.upload))
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["PATH"] = f"{setsid.parent}:{os.environ['PATH']}"
        os.execlp("sh", "sh", "-c", command)  # noqa: S606  # no other way in a child of fork
    assert os.waitpid(pid, 0)[1] == 0
    os.close(terminal)
    assert host.wait_for(job, lambda look: look.state == "finished").progress == ("done",)


def test_failure_tells_the_scripts_own_reason(host: Host) -> None:
    job = host.job('echo "compiling"; echo "!! no compiler, see above."; exit 3')
    with pytest.raises(FailedJobError) as caught:
        follow(host, job, [])
    assert str(caught.value) == "no compiler, see above."
    assert caught.value.rc == 3
    assert caught.value.log == ("compiling", "!! no compiler, see above.")
    assert not host.directory.exists()


def test_failure_without_a_reason(host: Host) -> None:
    with pytest.raises(FailedJobError, match=r"^the script ended with exit status 7\.$"):
        follow(host, host.job("exit 7"), [])


def test_picks_up_a_running_job(host: Host) -> None:
    job = host.job('echo ">> began"; until [ -e go ]; do sleep 0.05; done; echo ">> ended"')
    host.start(job)
    pid = host.wait_for(job, lambda look: look.state == "running").pid
    (host.directory / "go").touch()
    lines: list[str] = []
    follow(host, job, lines)
    assert lines == ["picked up where an earlier run left it", "began", "ended"]
    assert not Path("/proc", pid).exists() or not Path("/proc", pid, "cmdline").read_bytes()


def test_takes_the_result_of_a_job_that_ended_unwatched(host: Host, tmp_path: Path) -> None:
    job = host.job(f"echo once >>'{tmp_path}/runs'")
    host.start(job)
    host.wait_for(job, lambda look: look.state == "finished")
    follow(host, job, [])
    assert (tmp_path / "runs").read_text() == "once\n"


def test_starts_a_failed_job_anew(host: Host, tmp_path: Path) -> None:
    job = host.job(f"test -e '{tmp_path}/fixed'")
    host.start(job)
    host.wait_for(job, lambda look: look.state == "finished")
    (tmp_path / "fixed").touch()
    lines: list[str] = []
    follow(host, job, lines)
    assert lines == []


def test_starts_a_killed_job_anew_and_ends_what_it_left(host: Host, tmp_path: Path) -> None:
    script = f"echo $$ >>'{tmp_path}/pids'; [ -e '{tmp_path}/again' ] || sleep 60"
    job = host.job(script)
    host.start(job)
    leader = int(host.wait_for(job, lambda _look: (tmp_path / "pids").exists()).pid)
    os.kill(leader, signal.SIGKILL)
    host.wait_for(job, lambda look: look.state == "dead")
    orphan = Path("/proc", (tmp_path / "pids").read_text().strip())
    assert orphan.exists(), "the script itself was to outlive the shell that leads the job"
    (tmp_path / "again").touch()
    follow(host, job, [])
    assert len((tmp_path / "pids").read_text().splitlines()) == 2
    assert not orphan.exists() or not (orphan / "cmdline").read_bytes()


def test_says_that_a_job_was_killed(host: Host) -> None:
    job = host.job('echo ">> began"; sleep 60')

    def kill() -> None:
        os.kill(int(host.wait_for(job, lambda look: look.state == "running").pid), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(DetachedError, match=r"was killed on the host before it had ended\. Run the same again"):
        follow(host, job, [])
    killer.join()


def test_refuses_while_another_job_runs(host: Host) -> None:
    other = host.job("sleep 60")
    host.start(other)
    pid = host.wait_for(other, lambda look: look.state == "running").pid
    with pytest.raises(DetachedError) as caught:
        follow(host, host.job("sleep 61"), [])
    assert str(caught.value) == (
        f"another job is running in {host.directory} (process {pid})."
        f" Wait until it has ended, or stop it with: kill -- -{pid}."
    )
    subprocess.run(["sh", "-c", f"kill -- -{pid}"], check=True)
    host.wait_for(other, lambda look: look.state == "dead")


@pytest.mark.parametrize("kind", ["folder", "folder with a key", "file", "link"])
def test_never_touches_what_is_not_a_job(host: Host, tmp_path: Path, kind: str) -> None:
    host.directory.parent.mkdir()
    if kind.startswith("folder"):
        host.directory.mkdir()
        (host.directory / "precious").touch()
        if kind == "folder with a key":
            (host.directory / "key").write_text("ssh-ed25519 AAAA\n", encoding="utf-8")
    elif kind == "file":
        host.directory.touch()
    else:
        (tmp_path / "elsewhere").mkdir()
        host.directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DetachedError, match="is not the directory of a job of this user"):
        follow(host, host.job("true"), [])
    assert host.directory.exists()
    assert not kind.startswith("folder") or (host.directory / "precious").exists()


def test_directory_is_private_and_files_are_as_the_umask_says(host: Host, tmp_path: Path) -> None:
    job = host.job(f"stat -c %a . >'{tmp_path}/mode'; : >'{tmp_path}/made'")
    follow(host, job, [])
    assert (tmp_path / "mode").read_text() == "700\n"
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o666 & ~umask


def test_leaves_a_job_that_takes_too_long(host: Host) -> None:
    job = host.job("sleep 60")
    with pytest.raises(DetachedError, match=r"is not done after 0\.2 s and goes on\. Run the same again later"):
        follow(host, job, [], timeout=0.2)
    assert host.look(job).state == "running"


@pytest.mark.parametrize("directory", ["relative/job", "/tmp", "/", "/tmp/../etc", "/tmp/./job", "//tmp", ""])
def test_refuses_a_directory_that_may_not_be_removed(directory: str) -> None:
    with pytest.raises(DetachedError, match="is not an absolute path of at least two folders"):
        Job(directory=directory, arguments=("s",), key="k")


class Scripted:
    """A host that answers as it was told to, with a clock that only sleeping moves."""

    def __init__(self, *answers: Look | ConnectionError) -> None:
        self.answers = list(answers)
        self.now = 0.0
        self.lines: list[str] = []
        self.done: list[str] = []

    def look(self, _shown: int) -> Look:
        answer = self.answers.pop(0)
        if isinstance(answer, ConnectionError):
            raise answer
        return answer

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def run(self, *, patience: float = 60, quiet: float = 30, interval: float = 10) -> object:
        return Follower(
            job=Job(directory="/var/job", arguments=("s",), key="k"),
            look=self.look,
            start=lambda: self.done.append("start"),
            remove=lambda: self.done.append("remove"),
            report=self.lines.append,
            clock=lambda: self.now,
            sleep=self.sleep,
        ).run(interval=interval, timeout=1000, patience=patience, quiet=quiet)


RUNNING = Look(state="running", key="k")
LOST = ConnectionError("no route to host")


def test_outlives_a_lost_connection() -> None:
    host = Scripted(Look("absent"), RUNNING, LOST, LOST, RUNNING, Look(state="finished", key="k", rc=0))
    host.run()
    assert host.lines == ["the connection was lost; the job goes on without it"]
    assert host.done == ["start", "remove"]


def test_does_not_wait_for_ever_for_a_host() -> None:
    host = Scripted(Look("absent"), *[LOST] * 20)
    with pytest.raises(DetachedError) as caught:
        host.run(patience=30)
    assert str(caught.value) == (
        "the host can't be reached any more: no route to host."
        " The job goes on in /var/job there; run the same again to pick it up."
    )


def test_is_never_silent_for_long() -> None:
    host = Scripted(Look("absent"), *[RUNNING] * 9, Look(state="finished", key="k", rc=0))
    host.run()
    assert host.lines == [
        "still running after 30 s",
        "still running after 1 min 0 s",
        "still running after 1 min 30 s",
    ]


def test_an_answer_through_a_terminal_is_read_the_same() -> None:
    answer = "state finished\r\nkey k\r\npid 12\r\nrc 2\r\n>> one\r\n!! why\r\nlog\r\n>> one\r\nlog\r\n"
    assert parse_look(answer) == Look(
        state="finished", key="k", pid="12", rc=2, progress=("one",), problem="why", log=(">> one", "log")
    )


def test_no_answer_is_an_error() -> None:
    with pytest.raises(DetachedError, match="gave no answer about the job, but 'Last login: today'"):
        parse_look("Last login: today\n")


def test_keys_differ_by_script_and_by_arguments() -> None:
    keys = {job_key([b"a"], ["b"]), job_key([b"ab"], []), job_key([b"a", b"b"], ["c"]), job_key([b"a"], ["b c"])}
    assert len(keys) == 4


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("script", [_LOOK, _START, _REMOVE], ids=["look", "start", "remove"])
def test_commands_are_posix_shell(script: str) -> None:
    # SC3067: "-O" is in no standard but in every shell.
    command = ["shellcheck", "--shell=sh", "--exclude=SC3067", "-"]
    checked = subprocess.run(command, check=False, input=script, text=True, capture_output=True)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("script", [_LOOK, _START, _REMOVE], ids=["look", "start", "remove"])
def test_every_shell_reads_the_commands(shell: str, script: str) -> None:
    argv = [shell, "sh"] if shell == "busybox" else [shell]
    subprocess.run([*argv, "-n", "-c", script], check=True)
