# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments and roll-backs that are interrupted or lose a reply, and the note that they were not verified."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _serverless_service
from ansible_collections.asesoria.serverless.plugins.module_utils._service import stack_change
from ansible_collections.asesoria.serverless.plugins.module_utils._service.unverified_note import Note, read_note
from ansible_collections.asesoria.serverless.plugins.modules import serverless_service
from ansible_collections.asesoria.serverless.tests.unit.fake_serverless import FakeCloud
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.exceptions import ClientError, EndpointConnectionError

STACK = "shop-dev"
OUTAGE = EndpointConnectionError(endpoint_url="https://cloudformation.example.org")
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeStacks")

Options = dict[str, Any]


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    folder = tmp_path / "cloud"
    folder.mkdir()
    fake = FakeCloud(folder)
    monkeypatch.setenv("FAKE_CLOUD", str(fake.path))
    monkeypatch.setattr(serverless_service.AnsibleAWSModule, "client", lambda *_args, **_kwargs: fake)
    monkeypatch.setattr(_serverless_service, "_POLL_INTERVAL", 0.01)
    monkeypatch.setattr(stack_change, "_INTERVAL", 0.01)
    monkeypatch.setattr(stack_change, "_OUTAGE_PATIENCE", 0.5)
    return fake


@pytest.fixture
def options(cloud: FakeCloud, tmp_path: Path) -> Options:
    """A deployment that is remembered."""
    app = tmp_path / "app"
    app.mkdir()
    (app / "app.py").write_text("app = object()\n")
    return {
        "src": str(app),
        "region": "us-east-1",
        "cli": [str(cloud.cli)],
        "work_dir": str(tmp_path / "work"),
        "timeout": 20,
        "remember": True,
        "config": {"service": "shop", "provider": {"name": "aws", "versionFunctions": True}},
    }


@pytest.fixture
def good(options: Options, cloud: FakeCloud) -> str:
    """The version of a deployment that was verified."""
    deploy(options)
    accept(options)
    return cloud.versions[0]


def change(options: Options, text: str = "app = make(2)\n") -> None:
    """Have other code to deploy."""
    Path(options["src"], "app.py").write_text(text)


def deploy(options: Options, **flags: bool) -> dict[str, Any]:
    result = run_module(serverless_service.main, options, **flags)
    assert not result["failed"], result["msg"]
    assert_return_documented(serverless_service, result)
    return result


def reference(options: Options, state: str, **more: str) -> Options:
    kept = {key: options[key] for key in ("region", "cli", "work_dir", "timeout")}
    return {"state": state, "service": "shop", **kept, **more}


def accept(options: Options, **flags: bool) -> dict[str, Any]:
    return deploy(reference(options, "accepted"), **flags)


def elsewhere(options: Options, tmp_path: Path) -> Options:
    """The same on another control node."""
    return {**options, "work_dir": str(tmp_path / "elsewhere")}


def file_of(options: Options) -> Path:
    """The note where there is no bucket for it."""
    return Path(options["work_dir"], "unverified.json")


def interrupt(cloud: FakeCloud, number: int) -> None:
    """Send this process a signal once the CLI changes the stack."""
    before = cloud.changes

    def send() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            # The file may just be being written.
            with contextlib.suppress(ValueError):
                if cloud.changes > before:
                    break
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()


# The note itself.


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"fingerprints": "f", "previous": ""}',
        '{"fingerprints": [], "previous": ""}',
        '{"fingerprints": ["f"]}',
        '{"fingerprints": [1], "previous": ""}',
        '{"fingerprints": ["f"], "previous": null}',
    ],
)
def test_what_is_no_note(text: str) -> None:
    assert read_note(text) is None


def test_a_note_is_read_as_it_was_written() -> None:
    note = Note(("a", "b"), "v1").with_deployment("a")
    assert note == Note(("b", "a"), "v1")
    assert read_note(note.text()) == note


# A deployment that no one has verified.


def test_a_deployment_is_not_verified_until_it_is_accepted(options: Options, cloud: FakeCloud, good: str) -> None:
    change(options)
    assert not deploy(options)["unverified"]
    again = deploy(options)
    assert (again["changed"], again["unverified"], again["previous"]) == (False, True, good)
    assert deploy(options, check_mode=True)["unverified"]
    # Without being asked to it does not look.
    assert not deploy({**options, "remember": False})["unverified"]
    assert accept(options, check_mode=True)["changed"]
    assert cloud.note
    assert accept(options)["changed"]
    assert cloud.note is None
    assert not accept(options)["changed"]
    assert not deploy(options)["unverified"]


def test_going_back_accepts_what_was_there(options: Options, cloud: FakeCloud, good: str) -> None:
    change(options)
    deploy(options)
    deploy(reference(options, "rolled_back", version=good))
    assert (cloud.versions, cloud.note) == ([good], None)


def test_a_first_deployment_has_nothing_to_go_back_to(options: Options, cloud: FakeCloud) -> None:
    deploy(options)
    again = deploy(options)
    assert (again["changed"], again["unverified"], again["previous"]) == (False, True, None)
    assert cloud.commands == ["package", "deploy"]
    assert not file_of(options).exists(), "the bucket is there now"


def test_another_control_node_knows(options: Options, cloud: FakeCloud, good: str, tmp_path: Path) -> None:
    other = elsewhere(options, tmp_path)
    change(options)
    deploy(options)
    again = deploy(other)
    assert (again["unverified"], again["previous"]) == (True, good)
    assert accept(other)["changed"]
    assert not deploy(options)["unverified"]
    assert cloud.note is None


def test_another_control_node_knows_of_the_first_deployment(options: Options, tmp_path: Path) -> None:
    deploy(options)
    again = deploy(elsewhere(options, tmp_path))
    assert (again["unverified"], again["previous"]) == (True, None)


def test_other_code_goes_back_to_the_last_verified_version(options: Options, cloud: FakeCloud, good: str) -> None:
    change(options)
    deploy(options)
    change(options, "app = make(3)\n")
    assert deploy(options, check_mode=True)["previous"] == good
    assert deploy(options)["previous"] == good
    assert len(cloud.versions) == 2, "what was never verified does not push out the good one"
    assert deploy(options)["previous"] == good
    deploy(reference(options, "rolled_back", version=good))
    assert cloud.versions == [good]


def test_a_note_about_something_else_counts_for_nothing(options: Options, cloud: FakeCloud, good: str) -> None:
    change(options)
    deploy({**options, "remember": False})
    state = cloud.read()
    state["bucket"]["serverless/x/dev/unverified.json"] = Note(("f00",), good).text()
    cloud.write(state)
    assert not deploy(options)["unverified"]
    assert not accept(options)["changed"]


def test_a_bucket_that_can_not_be_written_is_replaced_by_a_file(
    options: Options, cloud: FakeCloud, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_options: Any) -> None:
        raise DENIED

    monkeypatch.setattr(cloud, "put_object", refuse)
    change(options)
    deploy(options)
    assert json.loads(file_of(options).read_text())["previous"] == good
    assert file_of(options).stat().st_mode & 0o777 == 0o600
    assert deploy(options)["previous"] == good
    assert accept(options)["changed"]
    assert not file_of(options).exists()


def test_nothing_is_noted_down_unless_it_is_asked_for_or_in_check_mode(options: Options, cloud: FakeCloud) -> None:
    deploy(options, check_mode=True)
    deploy({**options, "remember": False})
    assert cloud.note is None
    assert not file_of(options).exists()


def test_a_removal_leaves_no_note(options: Options, cloud: FakeCloud) -> None:
    cloud.set_mode(deploy="hang")
    interrupt(cloud, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_module(serverless_service.main, options)
    file_of(options).write_text(Note(("f",), "").text())
    cloud.set_stack(STACK, "CREATE_COMPLETE")
    deploy(reference(options, "absent"))
    assert not file_of(options).exists()


# The CLI fails.


@pytest.mark.parametrize("first", [True, False])
def test_a_lost_reply_does_not_fail_a_deployment(options: Options, cloud: FakeCloud, first: bool) -> None:
    if not first:
        deploy(options)
        accept(options)
        change(options)
    kept = cloud.versions
    cloud.set_mode(deploy="lost")
    result = deploy(options)
    assert result["changed"]
    assert result["previous"] == (kept[0] if kept else None)
    assert f"brought the stack {STACK} to the wanted version all the same" in result["warnings"][0]
    assert deploy(options)["unverified"]


def test_a_lost_reply_does_not_fail_a_roll_back(options: Options, cloud: FakeCloud, good: str) -> None:
    change(options)
    deploy(options)
    cloud.set_mode(rollback="lost")
    result = deploy(reference(options, "rolled_back", version=good))
    assert "all the same" in result["warnings"][0]
    assert (cloud.versions, cloud.note) == ([good], None)


@pytest.mark.parametrize("first", [True, False])
def test_a_lost_reply_about_a_change_set_does_not_fail_a_deployment(
    options: Options, cloud: FakeCloud, first: bool
) -> None:
    if not first:
        deploy(options)
        accept(options)
        change(options)
    kept = cloud.versions
    cloud.set_mode(deploy="pending")
    result = deploy(options)
    assert result["changed"]
    assert result["previous"] == (kept[0] if kept else None)
    assert "was not asked to execute it. Asked once more." in result["warnings"][0]
    assert deploy(options)["unverified"]
    assert ("delete_stack" in cloud.asked) == first


def test_a_change_set_that_is_never_executed_is_made_twice(options: Options, cloud: FakeCloud, good: str) -> None:
    change(options)
    before = cloud.changes
    cloud.set_mode(deploy="always-pending")
    assert run_module(serverless_service.main, options)["failed"]
    assert cloud.changes == before + 2
    assert (cloud.versions, cloud.note) == ([good], None)


def test_a_change_set_of_an_earlier_run_repeats_nothing(options: Options, cloud: FakeCloud, good: str) -> None:
    change(options)
    state = cloud.read()
    state["change_sets"][f"{STACK}-change-set"] = {"ChangeSetId": "arn:old", "ExecutionStatus": "AVAILABLE"}
    cloud.write(state)
    before = cloud.changes
    cloud.set_mode(deploy="broken")
    assert run_module(serverless_service.main, options)["failed"]
    assert cloud.changes == before + 1
    assert cloud.versions == [good]


@pytest.mark.parametrize("mode", ["fail", "broken"])
def test_a_deployment_that_did_not_take_place_leaves_things_as_they_were(
    options: Options, cloud: FakeCloud, good: str, mode: str
) -> None:
    change(options)
    cloud.set_mode(deploy=mode)
    result = run_module(serverless_service.main, options)
    assert result["failed"]
    assert "unsettled" not in result
    assert (cloud.versions, cloud.note) == ([good], None)
    # The note about what is deployed instead stays.
    deploy(options)
    before = cloud.note
    change(options, "app = make(3)\n")
    cloud.set_mode(deploy=mode)
    assert run_module(serverless_service.main, options)["failed"]
    assert cloud.note == before
    assert deploy(options)["previous"] == good


def test_a_first_deployment_that_did_not_take_place_leaves_no_note(options: Options, cloud: FakeCloud) -> None:
    cloud.set_mode(deploy="fail")
    assert run_module(serverless_service.main, options)["failed"]
    assert not file_of(options).exists()


def test_an_outage_that_ends_is_waited_for(options: Options, cloud: FakeCloud, good: str) -> None:
    change(options)
    cloud.set_mode(deploy="lost")
    cloud.fall_silent(*[OUTAGE] * 4)
    result = deploy(options)
    assert (result["changed"], result["previous"]) == (True, good)


@pytest.mark.parametrize("error", [OUTAGE, DENIED])
@pytest.mark.parametrize("mode", ["lost", "broken"])
def test_what_can_not_be_found_out_is_said_and_left_to_the_next_run(
    options: Options, cloud: FakeCloud, good: str, error: Exception, mode: str
) -> None:
    change(options)
    cloud.set_mode(deploy=mode)
    cloud.fall_silent(*[error] * 10_000)
    result = run_module(serverless_service.main, options)
    assert result["unsettled"]
    assert f"deploying the stack {STACK} was cut off: 'osls deploy' failed" in result["msg"]
    assert f"It is not known whether the stack {STACK} was changed" in result["msg"]
    assert "New code that was not verified may answer now, or soon. Run the same again" in result["msg"]
    assert cloud.note
    cloud.fall_silent()
    again = deploy(options)
    assert (again["changed"], again["unverified"]) == ((False, True) if mode == "lost" else (True, False))
    assert again["previous"] == good


def test_a_roll_back_whose_end_can_not_be_found_out_keeps_the_note(
    options: Options, cloud: FakeCloud, good: str
) -> None:
    change(options)
    deploy(options)
    cloud.set_mode(rollback="broken")
    cloud.fall_silent(*[OUTAGE] * 10_000)
    result = run_module(serverless_service.main, reference(options, "rolled_back", version=good))
    assert result["unsettled"]
    assert "The code that was to be replaced may answer still" in result["msg"]
    cloud.fall_silent()
    again = deploy(options)
    assert (again["unverified"], again["previous"]) == (True, good)


def test_a_stack_that_is_changed_for_longer_than_the_run_may_take(
    options: Options, cloud: FakeCloud, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(options)
    original = cloud.describe_stacks

    def busy(**stack: str) -> dict[str, Any]:
        answer = original(**stack)
        if cloud.commands[-1] == "deploy" and len(cloud.versions) > 1:
            answer["Stacks"][0]["StackStatus"] = "UPDATE_IN_PROGRESS"
        return answer

    monkeypatch.setattr(cloud, "describe_stacks", busy)
    cloud.set_mode(deploy="lost")
    result = run_module(serverless_service.main, {**options, "timeout": 3})
    assert result["unsettled"]
    assert "because the stack is still UPDATE_IN_PROGRESS" in result["msg"]
    monkeypatch.setattr(cloud, "describe_stacks", original)
    assert (len(cloud.versions), deploy(options)["previous"]) == (2, good)


def test_cleaning_up_does_not_fail_what_succeeded(
    options: Options, cloud: FakeCloud, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_options: Any) -> None:
        raise OUTAGE

    change(options)
    deploy(options)
    monkeypatch.setattr(cloud, "delete_object", refuse)
    change(options, "app = make(3)\n")
    assert "removing the deployment from the bucket" in deploy(options)["warnings"][0]
    result = deploy(reference(options, "rolled_back", version=good))
    assert "removing a file from the bucket" in result["warnings"][0]


# A signal.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_before_the_stack_is_changed_the_old_version_stays(
    options: Options, cloud: FakeCloud, good: str, number: int
) -> None:
    change(options)
    cloud.set_mode(deploy="hang")
    interrupt(cloud, number)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_module(serverless_service.main, options)
    assert time.monotonic() - started < 20, "the CLI is stopped"
    assert (cloud.versions, cloud.note) == ([good], None)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert deploy(options)["changed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_after_the_stack_is_changed_the_next_run_knows(
    options: Options, cloud: FakeCloud, good: str, number: int
) -> None:
    change(options)
    cloud.set_mode(deploy="lost-hang")
    interrupt(cloud, number)
    with pytest.raises(KeyboardInterrupt):
        run_module(serverless_service.main, options)
    again = deploy(options)
    assert (again["changed"], again["unverified"], again["previous"]) == (False, True, good)


def test_interrupted_while_the_stack_is_being_changed_the_note_stays(
    options: Options, cloud: FakeCloud, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(options)
    cloud.set_mode(deploy="hang")
    original = cloud.describe_stacks

    def busy(**stack: str) -> dict[str, Any]:
        answer = original(**stack)
        if cloud.commands[-1] == "deploy" and len(cloud.versions) > 1:
            answer["Stacks"][0]["StackStatus"] = "UPDATE_IN_PROGRESS"
        return answer

    monkeypatch.setattr(cloud, "describe_stacks", busy)
    interrupt(cloud, signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        run_module(serverless_service.main, options)
    assert cloud.note == {"fingerprints": [cloud.note and cloud.note["fingerprints"][0]], "previous": good}
    assert len(cloud.versions) == 2, "CloudFormation works with it"


def test_an_interrupted_roll_back_is_done_by_the_next_run(options: Options, cloud: FakeCloud, good: str) -> None:
    change(options)
    deploy(options)
    cloud.set_mode(rollback="hang")
    interrupt(cloud, signal.SIGINT)
    task = reference(options, "rolled_back", version=good)
    with pytest.raises(KeyboardInterrupt):
        run_module(serverless_service.main, task)
    again = deploy(options)
    assert (again["unverified"], again["previous"]) == (True, good)
    deploy(task)
    assert (cloud.versions, cloud.note) == ([good], None)


# A canary.


@pytest.fixture
def canary(options: Options) -> Callable[[int], Options]:
    """The same with a share of the requests for new code."""
    return lambda weight: {**options, "alias": {"name": "live", "weight": weight, "prune": True}}


def test_an_interrupted_canary_is_shared_out_again_and_taken_back(
    canary: Callable[[int], Options], options: Options, cloud: FakeCloud
) -> None:
    deploy(canary(10))
    accept(options)
    good = cloud.versions[0]
    change(options)
    deploy(canary(10))
    again = deploy(canary(10))
    assert (again["weighted"], again["previous"], cloud.answering) == (True, good, {"1": 0.9, "2": 0.1})
    deploy({**reference(options, "rolled_back", version=good), "alias": {"name": "live"}})
    assert (cloud.versions, cloud.note) == ([good], None)


@pytest.mark.parametrize("mode", ["lost", "hang"])
def test_an_interrupted_shift_is_not_verified(
    canary: Callable[[int], Options], options: Options, cloud: FakeCloud, mode: str
) -> None:
    deploy(canary(10))
    accept(options)
    good = cloud.versions[0]
    change(options)
    deploy(canary(10))
    cloud.set_mode(deploy=mode)
    if mode == "hang":
        interrupt(cloud, signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            run_module(serverless_service.main, canary(0))
        # The canary goes on and is not verified.
        assert cloud.answering == {"1": 0.9, "2": 0.1}
        again = deploy(canary(10))
        assert (again["weighted"], again["previous"]) == (True, good)
    else:
        assert deploy(canary(0))["previous"] == good
        again = deploy(canary(10))
        assert (again["unverified"], again["previous"]) == (True, good)


def test_new_code_is_not_compared_with_what_was_never_verified(
    canary: Callable[[int], Options], options: Options, cloud: FakeCloud
) -> None:
    deploy(canary(0))
    accept(options)
    good = cloud.versions[0]
    change(options)
    deploy(canary(0))
    change(options, "app = make(3)\n")
    result = deploy(canary(10))
    assert (result["weighted"], result["previous"]) == (False, good)
    assert "was not verified, so new code is not compared with it" in result["warnings"][0]
    assert cloud.answering == {"3": 1}
