# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A shell script that keeps running on a host while nobody is connected, and how one looks after it.

The host needs no Python, only a POSIX shell and the tools that every Linux has. All that belongs to a job lies in one
directory of its own there: the script, what it wrote, its process number and, once it has ended, its exit status. Every
question to the host is one short command, so that a lost connection costs one question and never the job.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: What a line of the script's output begins with that is shown while the script runs.
PROGRESS = ">> "
#: What a line of the script's output begins with that says why it failed.
PROBLEM = "!! "
#: How many of the last lines of a failed script's output are kept.
LOG_LINES = 60

_DIRECTORY = re.compile(r"(/[^/\0]+){2,}")
_LOG_FOLLOWS = "log"

# Each of these gets what it needs as positional parameters; nothing is put into its text.
_LOOK = r"""
dir=$1 shown=$2
[ -e "$dir" ] || [ -L "$dir" ] || { echo 'state absent'; exit 0; }
if [ -L "$dir" ] || [ ! -d "$dir" ] || [ ! -O "$dir" ]; then echo 'state foreign'; exit 0; fi
cd "$dir" || exit 1
if [ ! -f key ] || ! grep -qxE '[0-9a-f]{32}' key; then
    if [ -z "$(ls -A)" ]; then echo 'state absent'; else echo 'state foreign'; fi
    exit 0
fi
key=$(cat key) pid=$(cat pid 2>/dev/null)
alive() { [ -n "$pid" ] && tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "detached-$key"; }
if [ ! -s status ] && alive; then state=running
elif [ -s status ]; then state=finished
else state=dead; fi
echo "state $state"
echo "key $key"
echo "pid $pid"
[ $state != finished ] || echo "rc $(cat status)"
[ -f log ] || exit 0
grep '^>> ' log | tail -n "+$((shown + 1))"
[ $state = finished ] && [ "$(cat status)" != 0 ] || exit 0
grep '^!! ' log | tail -n 1
echo log
tail -n "$3" log
"""

# Whatever still works in a job's directory is part of that job, however it came to be there.
_SWEEP = r"""
sweep() {
    for process in /proc/[0-9]*; do
        case $(readlink "$process/cwd" 2>/dev/null) in
            "$1" | "$1"/*) kill -9 "${process#/proc/}" 2>/dev/null ;;
        esac
    done
    [ ! -e "$1" ] || { [ -O "$1" ] && [ ! -L "$1" ] && rm -rf "$1"; }
}
"""

_START = (
    _SWEEP
    + r"""
dir=$1 key=$2 upload=$3
shift 3
sweep "$dir" && mkdir -p "${dir%/*}" && mkdir -m 700 "$dir" && cd "$dir" || exit 1
echo "$key" >key
cp "$upload"/* . || exit 1
# The connection may close before the job has turned away from its terminal.
trap '' HUP
detach=$(command -v setsid)
# shellcheck disable=SC2016,SC2086
$detach sh -c 'sh "$@" >log 2>&1; echo $? >status.new; mv status.new status' "detached-$key" "$@" \
    >/dev/null 2>&1 </dev/null &
echo $! >pid
"""
)

_REMOVE = _SWEEP + 'sweep "$1"\n'


class DetachedError(ServerlessError):
    """A job that can't be started, was lost, or ended with an error."""


@dataclass(frozen=True)
class Job:
    """What is to run, and where.

    :param directory: absolute path on the host; it is made by the job and removed after it.
    :param arguments: the script's file name and what it is called with.
    :param key: what tells this job from another one in the same directory, from M(job_key).
    """

    directory: str
    arguments: tuple[str, ...]
    key: str

    def __post_init__(self) -> None:
        if not _DIRECTORY.fullmatch(self.directory) or {".", ".."} & set(self.directory.split("/")):
            raise DetachedError(
                f"the directory of the job, {self.directory!r}, is not an absolute path of at least two folders",
                "Name a folder that nothing else uses, such as /var/tmp/job",
            )


@dataclass(frozen=True)
class Look:
    """What the host said about a job.

    :param state: C(absent), C(running), C(finished), C(dead) (it was killed) or C(foreign) (the directory is not ours).
    :param key: of the job that lies there; empty if there is none.
    :param pid: of the process that leads the job.
    :param rc: exit status, if it has ended.
    :param progress: new lines of progress, without their mark.
    :param problem: what the script gave as the reason of its failure.
    :param log: the last lines that a failed script wrote.
    """

    state: str
    key: str = ""
    pid: str = ""
    rc: int | None = None
    progress: tuple[str, ...] = ()
    problem: str = ""
    log: tuple[str, ...] = ()


@dataclass
class Outcome:
    """How a job ended.

    :param picked_up: it was running, or had ended, before we came.
    :param seconds: how long we waited for it.
    :param progress: every line of progress that was shown.
    """

    picked_up: bool
    seconds: float = 0.0
    progress: list[str] = field(default_factory=list)


def job_key(contents: Iterable[bytes], arguments: Iterable[str]) -> str:
    """The key of a job: the same if and only if the same script would run on the same files with the same arguments."""
    digest = hashlib.sha256()
    for part in (*contents, *(argument.encode() for argument in arguments)):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:32]


def look_command(job: Job, *, shown: int) -> str:
    """How to ask about a job, given how many lines of progress have been seen already."""
    return _command(_LOOK, job.directory, str(shown), str(LOG_LINES))


def start_command(job: Job, *, upload: str) -> str:
    """How to start a job anew, given the folder on the host that holds the script and its files and nothing else."""
    return _command(_START, job.directory, job.key, upload, *job.arguments)


def remove_command(job: Job) -> str:
    """How to remove a job and all that it has left in its directory."""
    return _command(_REMOVE, job.directory)


def _command(script: str, *arguments: str) -> str:
    return shlex.join(["sh", "-c", script, "detached", *arguments])


def parse_look(output: str) -> Look:
    """Read what the host answered to M(look_command)."""
    lines = output.replace("\r", "").splitlines()
    log: Sequence[str] = ()
    if _LOG_FOLLOWS in lines:
        split = lines.index(_LOG_FOLLOWS)
        lines, log = lines[:split], lines[split + 1 :]
    words = dict(line.split(" ", 1) for line in lines if re.match(r"(state|key|pid|rc) ", line))
    if "state" not in words:
        raise DetachedError(f"the host gave no answer about the job, but {output.strip()!r}")
    return Look(
        state=words["state"],
        key=words.get("key", ""),
        pid=words.get("pid", "").strip(),
        rc=int(words["rc"]) if "rc" in words else None,
        progress=tuple(line.removeprefix(PROGRESS) for line in lines if line.startswith(PROGRESS)),
        problem=next((line.removeprefix(PROBLEM) for line in lines if line.startswith(PROBLEM)), ""),
        log=tuple(log),
    )


class Follower:
    """Starts a job, or picks it up where it is, and stays with it until it ends.

    :param job: the job.
    :param look: asks the host, given how many lines have been seen; raises C(ConnectionError) if it can't be reached.
    :param start: brings the script to the host and starts it.
    :param remove: removes the job from the host.
    :param report: shows one line.
    :param clock: seconds, from any start.
    :param sleep: waits for so many seconds.
    """

    def __init__(
        self,
        *,
        job: Job,
        look: Callable[[int], Look],
        start: Callable[[], None],
        remove: Callable[[], None],
        report: Callable[[str], None],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._job = job
        self._ask = look
        self._start = start
        self._remove = remove
        self._report = report
        self._clock = clock
        self._sleep = sleep
        self._unreachable_since: float | None = None
        self._last_line = 0.0

    def run(self, *, interval: float, timeout: float, patience: float, quiet: float) -> Outcome:
        """Have the job done.

        :param interval: seconds between two looks.
        :param timeout: seconds after which we leave; the job goes on.
        :param patience: seconds that the host may be out of reach in one go.
        :param quiet: seconds without a line after which we say that it is still running.
        :raises DetachedError: the job failed, was killed, can't be started, or is not done in time.
        """
        began = self._last_line = self._clock()
        first = self._look(0, patience=patience)
        outcome = Outcome(picked_up=self._can_pick_up(first))
        if outcome.picked_up:
            self._say("picked up where an earlier run left it")
        else:
            self._start()
            first = Look(state="running")
        look = first
        while True:
            self._show(look, outcome)
            if look.state != "running":
                break
            if self._clock() - began > timeout:
                raise DetachedError(
                    f"the job in {self._job.directory} is not done after {timeout:g} s and goes on",
                    "Run the same again later: it is picked up there",
                )
            if self._clock() - self._last_line >= quiet:
                self._say(f"still running after {_duration(self._clock() - began)}")
            self._sleep(interval)
            look = self._look(len(outcome.progress), patience=patience)
        outcome.seconds = self._clock() - began
        self._conclude(look)
        return outcome

    def _can_pick_up(self, look: Look) -> bool:
        if look.state == "foreign":
            raise DetachedError(
                f"{self._job.directory} is there already and is not the directory of a job of this user",
                "Name another directory, or remove that one",
            )
        if look.key == self._job.key:
            return look.state == "running" or (look.state == "finished" and look.rc == 0)
        if look.state == "running":
            raise DetachedError(
                f"another job is running in {self._job.directory} (process {look.pid})",
                f"Wait until it has ended, or stop it with: kill -- -{look.pid}",
            )
        return False

    def _look(self, shown: int, *, patience: float) -> Look:
        while True:
            try:
                look = self._ask(shown)
            except ConnectionError as error:
                self._wait_for_host(error, patience=patience)
                continue
            self._unreachable_since = None
            return look

    def _wait_for_host(self, error: ConnectionError, *, patience: float) -> None:
        now = self._clock()
        if self._unreachable_since is None:
            self._unreachable_since = now
            self._say("the connection was lost; the job goes on without it")
        if now - self._unreachable_since >= patience:
            raise DetachedError(
                f"the host can't be reached any more: {error}",
                f"The job goes on in {self._job.directory} there; run the same again to pick it up",
            ) from error
        self._sleep(5.0)

    def _show(self, look: Look, outcome: Outcome) -> None:
        for line in look.progress:
            outcome.progress.append(line)
            self._say(line)

    def _say(self, line: str) -> None:
        self._last_line = self._clock()
        self._report(line)

    def _conclude(self, look: Look) -> None:
        if look.state != "finished":
            raise DetachedError(
                f"the job in {self._job.directory} was killed on the host before it had ended",
                "Run the same again: it starts from the beginning. If memory ran out, the host's kernel log says so",
            )
        self._remove()
        if look.rc:
            raise FailedJobError(look)


class FailedJobError(DetachedError):
    """The script ended with an error.

    :param look: the last answer, with the exit status and the end of the log.
    """

    def __init__(self, look: Look) -> None:
        self.rc = look.rc
        self.log = look.log
        super().__init__((look.problem or f"the script ended with exit status {look.rc}").rstrip("."))


def _duration(seconds: float) -> str:
    """C(75) → C(1 min 15 s)."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
