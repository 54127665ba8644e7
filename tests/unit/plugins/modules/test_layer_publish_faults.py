# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One content never becomes two versions: processes of the module with lost replies, throttles and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.tests.unit.fake_lambda import FakeLambda, fake_lambda

NAME = "flask"
_WAIT = 60
_SCRIPT = """
import json, sys
from ansible_collections.asesoria.serverless.plugins.modules import layer_publish
from ansible_collections.asesoria.serverless.tests.unit.support import run_module
layer_publish.time.sleep = lambda seconds: None
print(json.dumps(run_module(layer_publish.main, json.loads(sys.argv[1]))))
"""


@pytest.fixture
def aws() -> Iterator[FakeLambda]:
    with fake_lambda() as state:
        yield state


class Machine:
    """A control node: a home folder of its own, with zips of its own."""

    def __init__(self, home: Path, aws: FakeLambda) -> None:
        home.mkdir(exist_ok=True)
        self._home = home
        self._aws = aws

    def start(self, content: str = "one", **options: Any) -> subprocess.Popen[str]:
        layer_zip = self._home / f"{content}.zip"
        with zipfile.ZipFile(layer_zip, "w") as archive:
            info = zipfile.ZipInfo("python/a.py")
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
        task = {"name": NAME, "zip": str(layer_zip), **options}
        argv = [sys.executable, "-c", _SCRIPT, json.dumps(task)]
        return subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self._environment()
        )

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **kept,
            "HOME": str(self._home),
            "AWS_ENDPOINT_URL": self._aws.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def publish(self, content: str = "one", **options: Any) -> dict[str, Any]:
        return answer(self.start(content, **options))


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    printed, errors = process.communicate(timeout=_WAIT)
    assert process.returncode == 0, errors
    result = json.loads(printed)
    assert isinstance(result, dict)
    return result


def meeting(runs: int) -> Callable[[int], None]:
    """Lets the first publications go on when so many have arrived."""
    barrier = threading.Barrier(runs, timeout=_WAIT)

    def wait(number: int) -> None:
        if number <= runs:
            barrier.wait()

    return wait


def test_without_a_fault(aws: FakeLambda, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "a", aws)
    assert machine.publish()["version"] == 1
    again = machine.publish()
    assert (again["changed"], again["version"], aws.arrived) == (False, 1, 1)


@pytest.mark.parametrize(
    ("fates", "arrived", "published"),
    [
        (["lose"], 1, 1),
        (["fail"], 1, 1),
        (["throttle"], 2, 1),
        (["throttle", "throttle"], 3, 1),
        (["throttle", "lose"], 2, 1),
        (["throttle", "throttle", "fail"], 3, 1),
    ],
)
def test_a_doubtful_end_is_one_version(
    aws: FakeLambda, tmp_path: Path, fates: list[str], arrived: int, published: int
) -> None:
    aws.fates = fates
    result = Machine(tmp_path / "a", aws).publish()
    assert (result["changed"], result["version"]) == (True, 1)
    assert (aws.arrived, aws.published, list(aws.versions)) == (arrived, published, [1])


def test_throttles_without_end_are_an_error_and_no_version(aws: FakeLambda, tmp_path: Path) -> None:
    aws.fates = ["throttle"] * 3
    result = Machine(tmp_path / "a", aws).publish()
    assert result["msg"] == f"publishing layer {NAME} failed: Rate exceeded (TooManyRequestsException). Run it again."
    assert aws.versions == {}


def test_two_machines_at_once_leave_one_version(aws: FakeLambda, tmp_path: Path) -> None:
    aws.hold = meeting(2)
    runs = [Machine(tmp_path / name, aws).start() for name in "ab"]
    results = [answer(run) for run in runs]
    assert aws.published == 2
    assert list(aws.versions) == [1]
    assert [result["version"] for result in results] == [1, 1]


def test_three_machines_at_once_with_lost_replies_leave_one_version(aws: FakeLambda, tmp_path: Path) -> None:
    aws.hold = meeting(3)
    aws.fates = ["lose", "reply", "fail"]
    results = [answer(run) for run in [Machine(tmp_path / name, aws).start() for name in "abc"]]
    assert list(aws.versions) == [1]
    assert [result["version"] for result in results] == [1, 1, 1]


def test_two_machines_with_different_contents_leave_both(aws: FakeLambda, tmp_path: Path) -> None:
    aws.hold = meeting(2)
    runs = [Machine(tmp_path / name, aws).start(name) for name in "ab"]
    results = [answer(run) for run in runs]
    assert sorted(result["version"] for result in results) == [1, 2]
    assert len({version["Content"]["CodeSha256"] for version in aws.versions.values()}) == 2


def test_two_runs_of_one_machine_publish_once(aws: FakeLambda, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "a", aws)
    first_there, may_go_on = threading.Event(), threading.Event()

    def hold(_number: int) -> None:
        first_there.set()
        assert may_go_on.wait(_WAIT)

    aws.hold = hold
    first = machine.start()
    assert first_there.wait(_WAIT)
    second = machine.start()
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=4)
    may_go_on.set()
    results = [answer(first), answer(second)]
    assert [result["changed"] for result in results] == [True, False]
    assert (aws.arrived, list(aws.versions)) == (1, [1])


@pytest.mark.parametrize("arrives", ["before", "after"])
def test_a_kill_in_the_middle_leaves_nothing_to_do_twice(aws: FakeLambda, tmp_path: Path, arrives: str) -> None:
    """The publication is carried out all the same: AWS does not know that nobody waits for its reply."""
    machine = Machine(tmp_path / "a", aws)
    there, killed, carried_out = threading.Event(), threading.Event(), threading.Event()

    def stop(_number: int) -> None:
        there.set()
        assert killed.wait(_WAIT)

    if arrives == "before":
        aws.hold, aws.done = stop, lambda _number: carried_out.set()
    else:

        def stop_after(number: int) -> None:
            stop(number)
            carried_out.set()

        aws.done = stop_after
    run = machine.start()
    assert there.wait(_WAIT)
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=_WAIT)
    killed.set()
    assert carried_out.wait(_WAIT)
    aws.hold = aws.done = lambda _number: None
    result = machine.publish()
    assert (result["changed"], result["version"]) == (False, 1)
    assert (aws.published, list(aws.versions)) == (1, [1])


def test_what_a_run_leaves_that_is_killed_before_it_looks_is_put_right(aws: FakeLambda, tmp_path: Path) -> None:
    killed, second_done = threading.Event(), threading.Event()

    def done(_number: int) -> None:
        if aws.published == 2:
            second_done.set()
            assert killed.wait(_WAIT)

    aws.hold = meeting(2)
    aws.done = done
    runs = [Machine(tmp_path / name, aws).start() for name in "ab"]
    assert second_done.wait(_WAIT)
    for run in runs:
        run.send_signal(signal.SIGKILL)
        run.communicate(timeout=_WAIT)
    killed.set()
    assert list(aws.versions) == [1, 2]
    aws.hold = aws.done = lambda _number: None
    result = Machine(tmp_path / "c", aws).publish()
    assert (result["changed"], result["version"], result["versions"]["us-east-1"]["removed_versions"]) == (True, 1, [2])
    assert list(aws.versions) == [1]
    assert not Machine(tmp_path / "c", aws).publish()["changed"]
