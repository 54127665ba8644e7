# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _package_budget, _serverless_service
from ansible_collections.asesoria.serverless.plugins.module_utils._service import stack_change
from ansible_collections.asesoria.serverless.plugins.modules import serverless_service, serverless_service_info
from ansible_collections.asesoria.serverless.tests.unit.fake_serverless import FakeCloud
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from botocore.exceptions import ClientError

STACK = "shop-dev"
# A version that was never deployed.
NEVER = "1600000000000-2020-09-13T12:26:40.000Z"


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    folder = tmp_path / "cloud"
    folder.mkdir()
    fake = FakeCloud(folder)
    monkeypatch.setenv("FAKE_CLOUD", str(fake.path))
    for module in (serverless_service, serverless_service_info):
        monkeypatch.setattr(module.AnsibleAWSModule, "client", lambda *_args, **_kwargs: fake)
    monkeypatch.setattr(_serverless_service, "_POLL_INTERVAL", 0.01)
    monkeypatch.setattr(_serverless_service, "_REVIEW_PATIENCE", 0.05)
    monkeypatch.setattr(stack_change, "_INTERVAL", 0.01)
    return fake


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "app.py").write_text("app = object()\n")
    (folder / ".env").write_text("PASSWORD=secret\n")
    return folder


@pytest.fixture
def options(app: Path, cloud: FakeCloud, tmp_path: Path) -> dict[str, Any]:
    lock = tmp_path / "package-lock.json"
    lock.write_text("{}")
    return {
        "src": str(app),
        "region": "us-east-1",
        "cli": [str(cloud.cli)],
        "cli_lock": str(lock),
        "work_dir": str(tmp_path / "work"),
        "timeout": 20,
        "config": {
            "service": "shop",
            "provider": {"name": "aws", "memorySize": 256, "versionFunctions": False},
            "custom": {"wsgi": {"app": "app.app"}},
            "functions": {"api": {"handler": "wsgi_handler.handler"}},
        },
    }


def deploy(options: dict[str, Any], **flags: bool) -> dict[str, Any]:
    result = run_module(serverless_service.main, options, **flags)
    assert not result["failed"], result["msg"]
    return result


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_first_deployment(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    before = contents(app)
    result = deploy(options)
    assert result["changed"]
    assert result["stack_status"] == "UPDATE_COMPLETE"
    assert result["outputs"] == {"HttpApiUrl": "https://abc123.execute-api.us-east-1.amazonaws.com"}
    assert result["endpoint"] == "https://abc123.execute-api.us-east-1.amazonaws.com"
    assert cloud.commands == ["package", "deploy"]
    assert contents(app) == before
    assert_return_documented(serverless_service, result)


def test_the_same_again_starts_no_cli_and_writes_nothing(options: dict[str, Any], cloud: FakeCloud) -> None:
    first = deploy(options)
    cloud.asked.clear()
    Path(options["work_dir"], "cli.log").unlink()
    second = deploy(options, diff=True)
    assert not second["changed"]
    assert second["fingerprint"] == first["fingerprint"]
    assert cloud.commands == ["package", "deploy"]
    assert cloud.asked == ["describe_stacks"]
    assert not Path(options["work_dir"], "cli.log").exists()
    assert second["diff"]["before"] == second["diff"]["after"]


@pytest.mark.parametrize("change", ["content", "mode", "name", "config", "lock", "stage"])
def test_every_change_deploys_again(options: dict[str, Any], cloud: FakeCloud, app: Path, change: str) -> None:
    deploy(options)
    if change == "content":
        (app / "app.py").write_text("app = make(1)\n")
    elif change == "mode":
        (app / "app.py").chmod(0o755)
    elif change == "name":
        (app / "more.py").touch()
    elif change == "config":
        options["config"]["provider"]["memorySize"] = 512
    elif change == "lock":
        Path(options["cli_lock"]).write_text("{ }")
    else:
        options["stage"] = "prod"
    assert deploy(options)["changed"]
    assert cloud.commands == ["package", "deploy"] * 2


def test_what_must_not_travel_changes_nothing(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    deploy(options)
    (app / ".env").write_text("PASSWORD=other\n")
    (app / "tests").mkdir()
    (app / "tests" / "test_app.py").touch()
    (app / "any-name").mkdir()
    (app / "any-name" / "pyvenv.cfg").touch()
    assert not deploy(options)["changed"]
    assert cloud.read()["calls"][0]["files"] == ["app.py", "serverless.yml"]


def test_check_mode_before_the_first_deployment(options: dict[str, Any], cloud: FakeCloud) -> None:
    result = deploy(options, check_mode=True, diff=True)
    assert result["changed"]
    assert result["endpoint"] is None
    assert result["diff"]["before"] == ""
    assert json.loads(result["diff"]["after"])["code_sha256"].keys() == {"shop-dev-api"}
    assert cloud.commands == ["package"]
    assert not Path(options["work_dir"]).exists()
    assert_return_documented(serverless_service, result)


def test_check_mode_without_a_cli(options: dict[str, Any], cloud: FakeCloud) -> None:
    options["cli"] = [str(cloud.cli) + "-missing"]
    result = deploy(options, check_mode=True, diff=True)
    assert result["changed"]
    assert json.loads(result["diff"]["after"])["files"] == ["app.py"]


def test_the_difference_shows_what_changes_and_nothing_else(options: dict[str, Any], app: Path) -> None:
    deploy(options)
    options["config"]["provider"]["memorySize"] = 512
    planned = deploy(options, check_mode=True, diff=True)["diff"]
    before, after = json.loads(planned["before"]), json.loads(planned["after"])
    assert before["code_sha256"] == after["code_sha256"]
    assert before["template"]["Resources"]["ApiLambdaFunction"]["Properties"].pop("MemorySize") == 256
    assert after["template"]["Resources"]["ApiLambdaFunction"]["Properties"].pop("MemorySize") == 512
    assert before["template"]["Resources"] == after["template"]["Resources"]
    assert deploy(options, diff=True)["diff"] == planned
    (app / "app.py").write_text("app = make(2)\n")
    coded = deploy(options, check_mode=True, diff=True)["diff"]
    assert json.loads(coded["before"])["code_sha256"] != json.loads(coded["after"])["code_sha256"]


def test_a_failed_deployment_says_why_and_leaves_the_log(options: dict[str, Any], cloud: FakeCloud) -> None:
    cloud.set_mode(deploy="fail")
    result = run_module(serverless_service.main, options)
    log = Path(options["work_dir"], "cli.log")
    assert result["msg"] == (
        "deploying the stack shop-dev failed: ApiLambdaFunction (AWS::Lambda::Function): Layer version does not exist. "
        f"The CLI's whole output is in {log}."
    )
    assert "Stack failed to deploy" in log.read_text()
    assert deploy(options)["changed"]


def test_a_failed_packaging_says_what_the_cli_said(options: dict[str, Any], cloud: FakeCloud) -> None:
    cloud.set_mode(package="broken")
    result = run_module(serverless_service.main, options, check_mode=True)
    assert result["msg"] == "'osls package' failed: CREATE_FAILED: ApiLambdaFunction Layer version does not exist."


def test_a_cli_that_hangs_is_stopped(options: dict[str, Any], cloud: FakeCloud) -> None:
    cloud.set_mode(deploy="hang")
    options["timeout"] = 1
    started = time.monotonic()
    result = run_module(serverless_service.main, options)
    assert result["msg"].startswith("'osls deploy' did not end within 1 seconds. Allow more time")
    assert time.monotonic() - started < 15


def test_a_cli_that_is_not_there(options: dict[str, Any], cloud: FakeCloud) -> None:
    options["cli"] = [str(cloud.cli) + "-missing"]
    result = run_module(serverless_service.main, options)
    assert result["msg"] == (
        f"the Serverless CLI {cloud.cli}-missing can't be started: No such file or directory. "
        "Install it, or say where it is."
    )


def test_the_cli_gets_no_secret_on_its_command_line_and_no_questions(
    options: dict[str, Any], cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "other")
    deploy({**options, "access_key": "AKIAEXAMPLE", "secret_key": "wJalrEXAMPLE", "endpoint_url": "http://127.0.0.1:1"})
    for call in cloud.read()["calls"]:
        assert "wJalrEXAMPLE" not in " ".join(call["argv"])
        environment = call["environment"]
        assert environment["AWS_SECRET_ACCESS_KEY"] == "wJalrEXAMPLE"
        assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
        assert "AWS_PROFILE" not in environment
        assert environment["CI"] == "true"
        assert environment["SLS_TELEMETRY_DISABLED"] == "1"
        assert environment["TMPDIR"].startswith(options["work_dir"])


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"])
def test_a_healthy_stack_without_our_fingerprint_is_deployed(
    options: dict[str, Any], cloud: FakeCloud, status: str
) -> None:
    """CREATE_COMPLETE is what a run leaves that was cut off between the CLI's two steps: only the bucket is there."""
    cloud.set_stack(STACK, status)
    assert deploy(options)["changed"]


def test_a_rolled_back_stack_with_the_wanted_fingerprint_is_left_alone(
    options: dict[str, Any], cloud: FakeCloud
) -> None:
    fingerprint = deploy(options)["fingerprint"]
    cloud.set_stack(STACK, "UPDATE_ROLLBACK_COMPLETE", AsesoriaFingerprint=fingerprint)
    assert not deploy(options)["changed"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("ROLLBACK_FAILED", "remove the service (state: absent) and deploy it again"),
        ("DELETE_FAILED", "then remove the service again (state: absent)"),
        ("UPDATE_ROLLBACK_FAILED", "let CloudFormation continue the rollback"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_stuck_stack_is_one_clear_error(
    options: dict[str, Any], cloud: FakeCloud, status: str, said: str, check_mode: bool
) -> None:
    cloud.set_stack(STACK, status)
    result = run_module(serverless_service.main, options, check_mode=check_mode)
    assert result["failed"]
    assert result["msg"].startswith(f"the stack {STACK} is {status}: it could ")
    assert said in result["msg"]
    assert cloud.commands == []


def test_an_update_of_an_earlier_run_is_waited_for(options: dict[str, Any], cloud: FakeCloud) -> None:
    deploy(options)
    cloud.passing = ["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"]
    assert not deploy(options)["changed"]
    assert cloud.commands == ["package", "deploy"]


def test_an_update_that_does_not_end(options: dict[str, Any], cloud: FakeCloud) -> None:
    cloud.set_stack(STACK, "UPDATE_IN_PROGRESS")
    result = run_module(serverless_service.main, {**options, "timeout": 0})
    assert result["msg"] == (
        "the stack shop-dev has been UPDATE_IN_PROGRESS for more than 0 seconds. "
        "Wait until CloudFormation is done with it, then run again; its events say what it is doing."
    )


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"])
def test_a_stack_that_has_nothing_is_cleared(options: dict[str, Any], cloud: FakeCloud, status: str) -> None:
    cloud.set_stack(STACK, status)
    assert deploy(options, check_mode=True)["changed"]
    assert cloud.asked.count("delete_stack") == 0
    assert deploy(options)["changed"]
    assert cloud.asked.count("delete_stack") == 1
    assert cloud.read()["stacks"][STACK]["status"] == "UPDATE_COMPLETE"


def test_a_stack_that_can_not_be_cleared(options: dict[str, Any], cloud: FakeCloud) -> None:
    cloud.set_stack(STACK, "ROLLBACK_COMPLETE")
    cloud.passing = ["ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_FAILED"]
    cloud.delete_stack = lambda **_kwargs: None  # type: ignore[method-assign,assignment]
    result = run_module(serverless_service.main, options)
    assert "is DELETE_FAILED: it could not be removed completely" in result["msg"]
    assert cloud.commands == []


def test_a_cli_that_a_killed_run_left_behind_is_waited_for(options: dict[str, Any], cloud: FakeCloud) -> None:
    deploy(options)
    options["config"]["provider"]["memorySize"] = 512
    mark = Path(options["work_dir"], ".asesoria-serverless")
    descriptor = os.open(mark, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # Like the CLI: a process that inherits the lock, and goes on when the one who took it is gone.
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], pass_fds=(descriptor,)) as orphan:
        os.close(descriptor)
        assert deploy(options)["changed"]
        assert orphan.poll() is not None
    assert cloud.commands == ["package", "deploy"] * 2


def test_a_folder_that_stays_taken(options: dict[str, Any]) -> None:
    work = Path(options["work_dir"])
    work.mkdir()
    descriptor = os.open(work / ".asesoria-serverless", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    result = run_module(serverless_service.main, {**options, "timeout": 0})
    os.close(descriptor)
    assert result["msg"] == (
        f"another run, or the CLI that it left behind, still works in {work}. Wait until it has ended."
    )


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_work_folder_of_somebody_else_is_left_alone(
    options: dict[str, Any], cloud: FakeCloud, check_mode: bool
) -> None:
    work = Path(options["work_dir"])
    (work / "service").mkdir(parents=True)
    (work / "service" / "precious").touch()
    result = run_module(serverless_service.main, options, check_mode=check_mode)
    assert f"the folder {work} holds 'service' and does not bear the mark" in result["msg"]
    assert (work / "service" / "precious").exists()
    assert cloud.commands == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"src": "/nowhere/at/all"}, "the app's folder /nowhere/at/all does not exist or is no folder"),
        ({"config": None}, "has no serverless.yml"),
        ({"config": {"provider": {}}}, "the option config has no key 'service'"),
        ({"config": {"service": "9lives"}}, "the stack name '9lives-dev', which CloudFormation does not take"),
        ({"config": {"service": "shop", "custom": {"wsgi": {"app": "main.app"}}}}, "has neither main.py nor main"),
        ({"cli_lock": "/nowhere/package-lock.json"}, "the lock of the CLI /nowhere/package-lock.json can't be read"),
        ({"endpoint_format": "http://{host}/"}, "has the unknown field {host}"),
        ({"work_dir": None}, "work_dir is required outside of check mode"),
    ],
)
def test_bad_input_is_told_before_anything_happens(
    options: dict[str, Any], cloud: FakeCloud, change: dict[str, Any], said: str
) -> None:
    result = run_module(serverless_service.main, {**options, **change})
    assert said in result["msg"]
    assert cloud.commands == []


def test_files_from_elsewhere_travel_too(options: dict[str, Any], cloud: FakeCloud, app: Path, tmp_path: Path) -> None:
    handler = tmp_path / "handler.py"
    handler.write_text("def handler(event, context):\n    return event\n")
    options = {**options, "extra_files": {"own_handler.py": str(handler)}}
    deploy(options)
    assert cloud.read()["calls"][0]["files"] == ["app.py", "own_handler.py", "serverless.yml"]
    assert not deploy(options)["changed"]
    handler.write_text("def handler(event, context):\n    return context\n")
    assert deploy(options)["changed"]
    (app / "own_handler").mkdir()
    (app / "own_handler" / "data").touch()
    said = run_module(serverless_service.main, options)["msg"]
    assert "the app's folder has a file or folder called own_handler.py, or by that module's name" in said


def test_an_asgi_app_is_looked_for(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    options["config"]["custom"] = {"asgi": {"app": "main.app"}}
    said = run_module(serverless_service.main, options)["msg"]
    assert "the ASGI setting 'main.app' names the module 'main'" in said
    assert cloud.commands == []
    (app / "main.py").write_text("async def app(scope, receive, send):\n    pass\n")
    assert deploy(options)["changed"]


def test_a_factory_is_for_the_roles_handler(
    options: dict[str, Any], cloud: FakeCloud, app: Path, tmp_path: Path
) -> None:
    (app / "app.py").write_text("def create_app():\n    return make()\n")
    options["config"]["custom"] = {"wsgi": {"app": "app:create_app()"}}
    said = run_module(serverless_service.main, options)["msg"]
    assert "names the function create_app, but the handler of the app's own serverless.yml does not call" in said
    assert cloud.commands == []
    caller = tmp_path / "asesoria_factory.py"
    caller.touch()
    deploy({**options, "extra_files": {caller.name: str(caller)}})
    # As the plugin reads it.
    assert "app: app.create_app\n" in (tmp_path / "work/service/serverless.yml").read_text()


@pytest.mark.parametrize(
    ("text", "added", "staged"),
    [
        ("fastapi\n", ["mangum"], "fastapi\nmangum\n"),
        ("fastapi", ["mangum"], "fastapi\nmangum\n"),
        ("fastapi # the framework \\", ["mangum"], "fastapi # the framework\nmangum\n"),
        ("fastapi\nMangum==0.19.0\n", [], "fastapi\nMangum==0.19.0\n"),
        ("fastapi==0.1 --hash=sha256:00\n", [], "fastapi==0.1 --hash=sha256:00\n"),
        ("-r more.txt\n", [], "-r more.txt\n"),
    ],
)
def test_the_copy_of_the_requirements_gets_what_is_missing(
    options: dict[str, Any], app: Path, tmp_path: Path, text: str, added: list[str], staged: str
) -> None:
    (app / "requirements.txt").write_text(text)
    (app / "more.txt").write_text("fastapi\nmangum\n")
    options = {**options, "added_requirements": {"names": ["mangum"]}}
    assert deploy(options)["added"] == added
    assert (tmp_path / "work/service/requirements.txt").read_text() == staged
    assert (app / "requirements.txt").read_text() == text
    assert not deploy(options)["changed"]


def test_source_that_the_runtime_does_not_take_is_not_deployed(
    options: dict[str, Any], cloud: FakeCloud, app: Path
) -> None:
    (app / "app.py").write_text("import shop\n\napp = make()\n\ndef late():\n    import old\n")
    (app / "old.py").write_text("print 'never imported at the start'\n")
    (app / "shop.py").write_text("x = 1\nreturn x\n")
    options["config"]["provider"]["runtime"] = "python3.11"
    said = run_module(serverless_service.main, options)["msg"]
    assert f"{app}/shop.py, line 2, which the app imports, is invalid in Python 3.11: 'return' outside function" in said
    assert cloud.commands == []
    (app / "shop.py").write_text("x = 1\n")
    assert deploy(options)["changed"]


def test_what_is_imported_travels_whatever_it_is_called(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    for name, content in {
        "app.py": "from tests import double\n\napp = double(1)\n",
        "jobs/clean.py": "from conftest import clean\n",
        "conftest.py": "",
        "tests/__init__.py": "",
        "tests/data.json": "{}",
        "tests/__pycache__/a.pyc": "",
        "late.py": "",
    }.items():
        (app / name).parent.mkdir(exist_ok=True, parents=True)
        (app / name).write_text(content)
    options["config"]["functions"]["clean"] = {"handler": "jobs/clean.handler"}
    result = deploy(options)
    assert result["kept"] == ["tests"]
    files = ["app.py", "conftest.py", "jobs/clean.py", "late.py", "serverless.yml"]
    with_tests = [*files, "tests/__init__.py", "tests/data.json"]
    assert cloud.read()["calls"][0]["files"] == with_tests
    # What is imported in some case only goes if the user says so.
    (app / "app.py").write_text("app = make()\ntry:\n    import late, tests\nexcept ImportError:\n    pass\n")
    result = deploy({**options, "exclude": ["late.py", "/conftest.py", "__pycache__"]})
    assert result["kept"] == ["conftest.py"]
    (app / "app.py").write_text("app = make()\n")
    assert deploy(options)["kept"] == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_a_handler_imports_has_to_be_there(
    options: dict[str, Any], cloud: FakeCloud, app: Path, check_mode: bool
) -> None:
    options = {**options, "required_modules": ["mangum"]}
    result = run_module(serverless_service.main, options, check_mode=check_mode)
    assert "its handler imports mangum, which is not in its package" in result["msg"]
    assert cloud.commands == ["package"]
    (app / "mangum.py").touch()
    assert deploy(options)["changed"]


def test_the_handle_that_never_existed_is_pointed_out(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    (app / "wsgi_handler.py").write_text("import app\nfrom serverless_wsgi import handle\n")
    result = run_module(serverless_service.main, options)
    assert f"{app}/wsgi_handler.py, line 2: serverless_wsgi has no name 'handle'" in result["msg"]
    assert "handle_request(app, event, context)" in result["msg"]
    assert cloud.commands == []


def test_a_handler_of_the_apps_own_stays_where_it_is(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    handler = app / "wsgi_handler.py"
    handler.write_text("from serverless_wsgi import handle_request\n")
    deploy(options)
    assert handler.read_text() == "from serverless_wsgi import handle_request\n"
    assert cloud.read()["calls"][0]["files"] == ["app.py", "serverless.yml"]


def test_the_tutorials_configuration_is_adjusted_in_the_copy(
    options: dict[str, Any], cloud: FakeCloud, app: Path, tmp_path: Path
) -> None:
    account = "arn:aws:lambda:us-east-1:{}:layer:deps:{}"
    text = (
        "service: own\nframeworkVersion: '3'\nprovider:\n  name: aws\n  runtime: python3.11\nfunctions:\n  api:\n"
        f"    handler: app.handler\n    layers: ['{account.format(1234567890, 1)}']\n"
    )
    (app / "serverless.yml").write_text(text)
    package = tmp_path / "cloud/node_modules/osls/package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"version": "4.3.1"}')
    program = tmp_path / "cloud/node_modules/.bin/osls"
    program.parent.mkdir()
    program.symlink_to(cloud.cli)
    layer = {"arn": account.format(123456789012, 4), "runtime": "python3.11"}
    result = deploy({**options, "config": None, "cli": [str(program)], "layer": layer}, check_mode=True)
    assert [note.split(" ")[0:2] for note in result["notes"]] == [["frameworkVersion", "is"], ["the", "layer"]]
    assert (app / "serverless.yml").read_text() == text


def test_the_apps_own_configuration(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    (app / "serverless.yml").write_text("service: own\nprovider: {name: aws}\nresources:\n  Outputs: {A: {Value: b}}\n")
    result = deploy({**options, "config": None})
    assert result["stack_name"] == "own-dev"
    assert result["outputs"]["A"] == "b"
    assert not deploy({**options, "config": None})["changed"]
    assert (app / "serverless.yml").read_text().startswith("service: own\nprovider: {name: aws}\n")
    assert cloud.commands == ["package", "deploy"]


ARN = "arn:aws:lambda:us-east-1:123456789012:layer:deps:7"
OWN = "service: own\nprovider: {name: aws, runtime: python3.11}\nfunctions:\n  api: {handler: a.b}\n"


def own_options(options: dict[str, Any], app: Path, *, text: str = OWN) -> dict[str, Any]:
    """Those of a deployment with the app's own configuration and a layer."""
    (app / "serverless.yml").write_text(text)
    layer = {"arn": ARN, "runtime": "python3.11", "architecture": "x86_64"}
    return {**options, "config": None, "layer": layer, "service": "own"}


def test_the_apps_own_configuration_gets_the_layer(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    own = own_options(options, app)
    assert "so nobody can say if the function with it is whole" in str(deploy(own)["warnings"])
    template = cloud.read()["stacks"]["own-dev"]["template"]
    assert template["Resources"]["ApiLambdaFunction"]["Properties"]["Layers"] == [ARN]
    assert (app / "serverless.yml").read_text() == OWN
    assert not deploy(own)["changed"]
    assert deploy({**own, "layer": {**own["layer"], "arn": ARN + "1"}})["changed"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN.replace("3.11", "3.12"), "own-dev-api runs on python3.12, but the layer"),
        (OWN.replace("service: own", "service: other"), "is of the service 'other', but 'own' is asked for"),
        (OWN.replace("{name", "{stackName: x, name"), "calls its stack x, but it would be looked for as own-dev"),
        (OWN.replace("{handler: a.b}", "{layers: x}"), "functions.api.layers in"),
    ],
)
def test_an_own_configuration_that_does_not_go_with_it(
    options: dict[str, Any], cloud: FakeCloud, app: Path, text: str, said: str
) -> None:
    own = own_options(options, app, text=text)
    for flags in ({"check_mode": True}, {}):
        result = run_module(serverless_service.main, own, **flags)
        assert result["failed"]
        assert said in result["msg"]
    assert "deploy" not in cloud.commands


def test_a_secret_in_plain_text_is_warned_about(options: dict[str, Any], cloud: FakeCloud) -> None:
    options["config"]["provider"]["environment"] = {"DB_PASSWORD": "hunter2"}
    result = deploy(options)
    assert "The environment variable DB_PASSWORD of the function shop-dev-api looks like" in str(result["warnings"])
    assert "hunter2" not in str(result)
    assert cloud.commands == ["package", "deploy"]


def test_what_has_no_room_in_lambda_is_not_deployed(
    options: dict[str, Any], cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_package_budget, "MAX_UNZIPPED_BYTES", 10)
    result = run_module(serverless_service.main, options)
    assert "the function shop-dev-api takes 0.0 MB unzipped, and Lambda less than" in result["msg"]
    assert cloud.commands == ["package"]


def test_another_service_than_the_configuration_names_is_not_removed(
    options: dict[str, Any], cloud: FakeCloud, app: Path
) -> None:
    own = own_options(options, app)
    deploy(own)
    gone = {name: own[name] for name in ("src", "region", "cli", "work_dir")}
    result = run_module(serverless_service.main, {**gone, "state": "absent", "service": "another"})
    assert "is of the service 'own', but 'another' is asked for" in result["msg"]
    assert "own-dev" in cloud.read()["stacks"]


def add_foreign_wheel(app: Path) -> None:
    """What pip installs on Windows, beside the app as serverless-python-requirements puts it there."""
    files = LayerFiles()
    files.distribution("fast", "1.5", files={"fast/__init__.py": b"", "fast/_x.cp311-win_amd64.pyd": b"x"}, root=".")
    files.folder(app)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_package_that_would_not_work_is_not_deployed(
    options: dict[str, Any], cloud: FakeCloud, app: Path, check_mode: bool
) -> None:
    add_foreign_wheel(app)
    result = run_module(serverless_service.main, {**options, "audit": True}, check_mode=check_mode)
    assert result["msg"] == (
        "the function shop-dev-api is not deployed: shop.zip would not work in Lambda, 1 finding: [wrong-abi] "
        "fast/_x.cp311-win_amd64.pyd (fast): this extension module is for cp311-win_amd64, and the function for "
        "cpython-311-x86_64-linux-gnu, so it can't be imported. Install the wheel for python3.11 on x86_64."
    )
    assert cloud.commands == ["package"]
    assert cloud.read()["stacks"] == {}


def test_without_the_audit_it_is_deployed_and_with_it_looked_at_again(
    options: dict[str, Any], cloud: FakeCloud, app: Path
) -> None:
    add_foreign_wheel(app)
    assert deploy(options)["changed"]
    assert run_module(serverless_service.main, {**options, "audit": True})["failed"]
    options |= {"audit": True, "allow": [{"rule": "wrong-abi", "distribution": "Fast"}]}
    assert deploy(options)["changed"]
    assert not deploy(options)["changed"]
    assert run_module(serverless_service.main, {**options, "allow": []})["failed"]
    assert cloud.commands.count("deploy") == 2


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ({"runtime": "python3.12"}, "and the function for cpython-312-x86_64-linux-gnu"),
        ({"architecture": "arm64"}, "and the function for cpython-311-aarch64-linux-gnu"),
        ({"runtime": "python2.7"}, "runtime 'python2.7' is not a Python runtime of Lambda"),
        ({"runtime": "nodejs24.x"}, ""),
    ],
)
def test_a_package_is_held_against_what_its_function_asks_for(
    options: dict[str, Any], app: Path, provider: dict[str, str], said: str
) -> None:
    add_foreign_wheel(app)
    options["config"]["provider"].update(provider)
    result = run_module(serverless_service.main, {**options, "audit": True})
    assert result["failed"] == bool(said)
    assert said in result.get("msg", "")


@pytest.mark.parametrize("library", ["packaging", "pyelftools"])
def test_what_the_audit_needs_is_named(options: dict[str, Any], library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(serverless_service.MISSING, library, "Traceback")
    assert deploy(options, check_mode=True)["changed"]
    assert f"({library})" in run_module(serverless_service.main, {**options, "audit": True})["msg"]


def test_removal(options: dict[str, Any], cloud: FakeCloud) -> None:
    deploy(options)
    keys = ("region", "cli", "work_dir", "timeout")
    removal = {"state": "absent", "service": "shop", **{key: options[key] for key in keys}}
    planned = deploy(removal, check_mode=True, diff=True)
    assert planned["changed"]
    assert planned["stack_status"] == "UPDATE_COMPLETE"
    assert cloud.commands == ["package", "deploy"]
    removed = deploy(removal, diff=True)
    assert removed["changed"]
    assert removed["diff"] == planned["diff"]
    assert removed["stack_status"] is None
    assert removed["endpoint"] is None
    assert cloud.read()["stacks"] == {}
    assert_return_documented(serverless_service, removed)
    again = deploy(removal)
    assert not again["changed"]
    assert cloud.commands == ["package", "deploy", "remove"]


def deploy_twice(options: dict[str, Any], app: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    first = deploy(options)
    (app / "app.py").write_text("app = make(2)\n")
    return first, deploy(options)


def roll_back(options: dict[str, Any], version: str, **changes: Any) -> dict[str, Any]:
    keys = ("region", "cli", "work_dir", "timeout")
    kept = {key: options[key] for key in keys}
    return {"state": "rolled_back", "version": version, "service": "shop", **kept, **changes}


def test_a_deployment_says_what_was_there_before(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    first, second = deploy_twice(options, app)
    assert first["previous"] is None
    assert second["previous"] == cloud.versions[0]
    (app / "app.py").write_text("app = make(3)\n")
    assert deploy(options, check_mode=True)["previous"] == cloud.versions[1]
    assert_return_documented(serverless_service, second)


def test_going_back(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    first, second = deploy_twice(options, app)
    good, bad = cloud.versions
    before = cloud.read()["stacks"][STACK]
    task = roll_back(options, second["previous"])
    planned = deploy(task, check_mode=True, diff=True)
    assert (planned["changed"], planned["previous"]) == (True, bad)
    assert cloud.read()["stacks"][STACK] == before
    done = deploy(task, diff=True)
    assert done["changed"]
    assert done["diff"] == planned["diff"]
    assert bad in done["diff"]["before"]
    assert good in done["diff"]["after"]
    assert done["endpoint"] == first["endpoint"]
    assert cloud.commands[-1] == "rollback"
    assert cloud.read()["calls"][-1]["argv"][1:3] == ["--timestamp", "2026-11-22T10:00:00.001Z"]
    assert_return_documented(serverless_service, done)
    # What failed is gone from the bucket, and what is there is what it was deployed from.
    assert cloud.versions == [good]
    (app / "app.py").write_text("app = object()\n")
    assert not deploy(options)["changed"]


#: The stack of a colleague, and what is said of it.
FOREIGN = {"team": "billing", "owner": "ana"}
IS_FOREIGN = (
    "is not the one of the service shop, stage dev, of the project asesoria: its tags are owner=ana, team=billing. "
)


def as_colleague_left_it(cloud: FakeCloud, status: str = "UPDATE_COMPLETE", **outputs: str) -> dict[str, Any]:
    cloud.set_foreign_stack(STACK, status, tags=FOREIGN, outputs=outputs)
    return cloud.read()["stacks"]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    "status",
    [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "REVIEW_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
        "DELETE_FAILED",
        "CREATE_FAILED",
    ],
)
@pytest.mark.parametrize("state", ["present", "rolled_back", "absent"])
def test_the_stack_of_another_owner_is_refused_in_every_state(
    options: dict[str, Any], cloud: FakeCloud, state: str, status: str, check_mode: bool
) -> None:
    there = as_colleague_left_it(cloud, status)
    task = options if state == "present" else {**roll_back(options, NEVER), "state": state, "adopt": state == "absent"}
    result = run_module(serverless_service.main, task, check_mode=check_mode)
    assert result["msg"].startswith(f"the stack {STACK} ({status}) {IS_FOREIGN}"), result["msg"]
    assert ("Leave it to its owner" if state == "absent" else "with adopt: true") in result["msg"]
    assert cloud.commands == []
    assert cloud.read()["stacks"] == there
    assert "delete_stack" not in cloud.asked


def test_a_stack_of_another_owner_is_taken_over_if_that_is_said(options: dict[str, Any], cloud: FakeCloud) -> None:
    as_colleague_left_it(cloud)
    assert deploy({**options, "adopt": True}, check_mode=True)["changed"]
    assert cloud.commands == ["package"]
    assert deploy({**options, "adopt": True})["changed"]
    tags = cloud.read()["stacks"][STACK]["tags"]
    assert tags == {"ManagedBy": "asesoria.serverless", "Project": "asesoria", "Service": "shop", "STAGE": "dev"}
    assert not deploy({**options, "adopt": True})["changed"]
    assert not deploy(options)["changed"]


def test_the_same_deployment_of_another_project_is_another_owners(options: dict[str, Any], cloud: FakeCloud) -> None:
    deploy(options)
    theirs = {**options, "project": "theirs"}
    assert "of the project theirs: its tags are ManagedBy" in run_module(serverless_service.main, theirs)["msg"]
    assert deploy({**theirs, "adopt": True})["changed"]
    assert cloud.read()["stacks"][STACK]["tags"]["Project"] == "theirs"


def test_a_stack_of_another_owner_that_comes_to_be_meanwhile_is_refused(
    options: dict[str, Any], cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody makes it while the CLI packages."""
    original = serverless_service.ServerlessCli.package

    def package(self: Any, work: Any) -> None:
        original(self, work)
        as_colleague_left_it(cloud)

    monkeypatch.setattr(serverless_service.ServerlessCli, "package", package)
    assert IS_FOREIGN in run_module(serverless_service.main, options)["msg"]
    assert cloud.commands == ["package"]


@pytest.mark.parametrize(
    ("tags", "ours"),
    [
        ({"ManagedBy": "asesoria.serverless", "Project": "asesoria", "Service": "shop", "STAGE": "dev"}, True),
        ({"team": "billing"}, False),
        (None, False),
    ],
)
def test_a_stack_that_is_not_made_yet_is_whose_change_set_it_has(
    options: dict[str, Any], cloud: FakeCloud, tags: dict[str, str] | None, ours: bool
) -> None:
    cloud.set_foreign_stack(STACK, "REVIEW_IN_PROGRESS", tags={})
    if tags is not None:
        described = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        cloud.write({**cloud.read(), "change_sets": {f"{STACK}-change-set": described}})
    result = run_module(serverless_service.main, options)
    assert result["failed"] is not ours
    assert ("delete_stack" in cloud.asked) is ours


def test_the_apps_own_configuration_gets_the_owners_tags(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    own = own_options(options, app, text=OWN.replace("{name", "{stackTags: {team: web}, name"))
    deploy(own)
    assert cloud.read()["stacks"]["own-dev"]["tags"] == {
        "team": "web",
        "ManagedBy": "asesoria.serverless",
        "Project": "asesoria",
        "Service": "own",
        "STAGE": "dev",
    }
    gone = {name: own[name] for name in ("src", "region", "cli", "work_dir")}
    (app / "app.py").write_text("app = 2\n")
    deploy(own)
    deploy({**gone, "state": "rolled_back", "version": cloud.versions[0]})
    assert cloud.read()["stacks"]["own-dev"]["tags"]["Service"] == "own", "going back keeps the tags"
    own_options(options, app, text=OWN.replace("{name", "{stackTags: {managedBy: terraform}, name"))
    for flags in ({"check_mode": True}, {}):
        said = run_module(serverless_service.main, own, **flags)["msg"]
        assert "has the tag managedBy: terraform in provider.stackTags, but the tag ManagedBy says whose" in said
    assert deploy({**gone, "state": "absent"})["changed"], "a removal reads no tags"


@pytest.mark.parametrize("check_mode", [True, False])
def test_another_app_at_the_same_address_is_told(
    options: dict[str, Any], cloud: FakeCloud, app: Path, tmp_path: Path, check_mode: bool
) -> None:
    assert deploy(options)["replaces_app"] is None
    assert cloud.read()["stacks"][STACK]["outputs"]["AsesoriaApp"] == "app (app.app)"
    (app / "app.py").write_text("app = make(2)\n")
    assert deploy(options)["replaces_app"] is None
    other = tmp_path / "añade"
    other.mkdir()
    (other / "app.py").write_text("app = make(3)\n")
    result = deploy({**options, "src": str(other)}, check_mode=check_mode)
    assert result["replaces_app"] == "app (app.app)"
    assert "shop-dev holds the app app (app.app). The app añade (app.app) takes its place" in str(result["warnings"])
    assert "AsesoriaApp" not in result["outputs"]
    assert_return_documented(serverless_service, result)
    if not check_mode:
        assert deploy({**options, "src": str(other)})["replaces_app"] is None
        again = deploy(options)
        assert again["replaces_app"] == "añade (app.app)"


def test_a_project_keeps_its_name_wherever_its_folder_is(options: dict[str, Any], app: Path, tmp_path: Path) -> None:
    (app / "pyproject.toml").write_text('[project]\nname = "orders"\n')
    deploy(options)
    moved = app.rename(tmp_path / "elsewhere")
    (moved / "app.py").write_text("app = make(2)\n")
    assert deploy({**options, "src": str(moved)})["replaces_app"] is None
    (moved / "pyproject.toml").write_text("[project\n")
    assert deploy({**options, "src": str(moved)})["replaces_app"] == "orders (app.app)"


QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs", "DelaySeconds": 1}}
#: The queue as it is in the stack, for messages.
JOBS = "Jobs (AWS::SQS::Queue, shop-dev-Jobs)"


def holding(options: dict[str, Any], **resources: dict[str, Any]) -> dict[str, Any]:
    """The same with these resources in its template."""
    return {**options, "config": {**options["config"], "resources": {"Resources": resources}}}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({}, f"{JOBS} would be removed"),
        (
            {"Jobs": {**QUEUE, "Properties": {"QueueName": "other"}}},
            f"{JOBS} would be replaced, since QueueName changes",
        ),
    ],
)
def test_an_update_that_would_delete_data_stops_before_it_begins(
    options: dict[str, Any], cloud: FakeCloud, after: dict[str, Any], said: str, check_mode: bool
) -> None:
    deploy(holding(options, Jobs=QUEUE))
    there = cloud.read()["stacks"]
    task = holding(options, **after)
    result = run_module(serverless_service.main, task, check_mode=check_mode)
    assert result["msg"] == (
        f"the stack {STACK} is not updated, since data would be deleted with it: {said}. Keep these resources in the "
        f"template as they are. Or save the data, then confirm the loss with confirm: {STACK}."
    )
    assert cloud.read()["stacks"] == there
    assert ("create_change_set" in cloud.asked) is not check_mode
    assert cloud.read()["change_sets"] == {}, "the change set is deleted again"
    assert run_module(serverless_service.main, {**task, "confirm": "shop-prod"}, check_mode=check_mode)["failed"]
    done = deploy({**task, "confirm": STACK}, check_mode=check_mode, diff=True)
    assert [(loss["logical_id"], loss["data"], loss["stays"]) for loss in done["losses"]] == [("Jobs", True, False)]
    assert said in done["diff"]["before"]
    assert said not in done["diff"]["after"]
    assert_return_documented(serverless_service, done)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({**QUEUE, "DeletionPolicy": "Retain"}, {}, f"{JOBS} would be removed in the stack {STACK}; it stays in the"),
        (
            QUEUE,
            {"Jobs": {**QUEUE, "Properties": {"QueueName": "other"}, "UpdateReplacePolicy": "Retain"}},
            f"{JOBS} would be replaced, since QueueName changes in the stack {STACK}; it stays in the account",
        ),
    ],
)
def test_data_that_stays_is_told_and_stops_nothing(
    options: dict[str, Any], before: dict[str, Any], after: dict[str, Any], said: str
) -> None:
    deploy(holding(options, Jobs=before))
    planned = deploy(holding(options, **after), check_mode=True)
    done = deploy(holding(options, **after))
    assert said in str(done["warnings"])
    assert planned["losses"] == done["losses"]


def test_a_change_that_keeps_the_data_stops_nothing(options: dict[str, Any], cloud: FakeCloud) -> None:
    deploy(holding(options, Jobs=QUEUE))
    assert deploy(holding(options, Jobs={**QUEUE, "Properties": {"QueueName": "jobs"}}))["losses"] == []
    assert "create_change_set" in cloud.asked


def test_a_service_without_data_needs_no_change_set(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    deploy_twice(options, app)
    assert "create_change_set" not in cloud.asked


@pytest.mark.parametrize(("after", "failed"), [({}, True), ({"Jobs": QUEUE}, False)])
def test_without_a_change_set_the_templates_tell(
    options: dict[str, Any], cloud: FakeCloud, after: dict[str, Any], failed: bool
) -> None:
    deploy(holding(options, Jobs=QUEUE))
    options["config"]["provider"]["memorySize"] = 512
    cloud.no_change_set = "Parameters: [Size] must have values"
    result = run_module(serverless_service.main, holding(options, **after))
    assert result["failed"] is failed
    assert "CloudFormation makes no change set of the stack shop-dev: Parameters: [Size]" in str(result["warnings"])


def test_a_large_template_is_read_from_the_bucket(options: dict[str, Any], cloud: FakeCloud) -> None:
    deploy(holding(options, Jobs=QUEUE))
    kept = set(cloud.read()["bucket"])
    large = {f"Parameter{number}": {"Type": "X", "Properties": {"Value": "x" * 1000}} for number in range(60)}
    assert "would be removed" in run_module(serverless_service.main, holding(options, **large))["msg"]
    assert "put_object" in cloud.asked
    assert set(cloud.read()["bucket"]) == kept


def test_a_change_set_goes_whatever_happens(
    options: dict[str, Any], cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(holding(options, Jobs=QUEUE))

    def interrupted(**_options: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cloud, "describe_change_set", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_module(serverless_service.main, holding(options))
    assert "create_change_set" in cloud.asked
    assert cloud.read()["change_sets"] == {}


def test_a_deployment_says_whether_what_it_goes_back_to_is_older(options: dict[str, Any], app: Path) -> None:
    options["remember"] = True
    assert not deploy(options)["unverified_before"]
    (app / "app.py").write_text("app = make(2)\n")
    assert deploy(options)["unverified_before"], "nobody has verified the first one"


def test_going_back_does_not_delete_data_either(options: dict[str, Any], cloud: FakeCloud) -> None:
    deploy(options)
    second = deploy(holding(options, Jobs=QUEUE))
    task = roll_back(options, second["previous"])
    for flags in ({"check_mode": True}, {}):
        assert f"{JOBS} would be removed" in run_module(serverless_service.main, task, **flags)["msg"]
    assert cloud.commands[-1] == "deploy"
    done = deploy({**task, "confirm": STACK}, diff=True)
    assert f"{JOBS} would be removed" in done["diff"]["before"]
    assert_return_documented(serverless_service, done)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_removal_does_not_delete_data_unless_that_is_confirmed(
    options: dict[str, Any], cloud: FakeCloud, check_mode: bool
) -> None:
    deploy(holding(options, Jobs=QUEUE, Kept={**QUEUE, "DeletionPolicy": "Retain"}))
    task = {key: options[key] for key in ("region", "cli", "work_dir")} | {"state": "absent", "service": "shop"}
    result = run_module(serverless_service.main, task, check_mode=check_mode)
    assert result["msg"] == (
        f"the stack {STACK} is not removed, since data would be deleted with it: {JOBS}. Save the data, then confirm "
        f"the loss with confirm: {STACK}."
    )
    assert "remove" not in cloud.commands
    done = deploy({**task, "confirm": STACK}, check_mode=check_mode)
    assert done["changed"]
    assert_return_documented(serverless_service, done)


def test_taking_a_stack_over_names_all_that_goes(options: dict[str, Any], cloud: FakeCloud) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {}}
    cloud.set_foreign_stack(
        STACK, "UPDATE_COMPLETE", tags=FOREIGN, template={"Resources": {"Jobs": QUEUE, "Reader": role}}
    )
    task = {**options, "adopt": True}
    for flags in ({"check_mode": True}, {}):
        assert (
            f"deleted with it: {JOBS} would be removed. Keep"
            in run_module(serverless_service.main, task, **flags)["msg"]
        )
    task["confirm"] = STACK
    planned = deploy(task, check_mode=True, diff=True)
    assert json.loads(planned["diff"]["before"].partition("}\n{")[2].join("{ ")[:-1])["deleted_or_replaced"] == [
        f"{JOBS} would be removed",
        "Reader (AWS::IAM::Role, shop-dev-Reader) would be removed",
    ]
    done = deploy(task, diff=True)
    assert (planned["adopted"], done["adopted"]) == (True, True)
    assert done["losses"] == planned["losses"]
    assert done["diff"] == planned["diff"]
    assert not deploy(options)["changed"]


def test_going_back_to_what_is_there_changes_nothing(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    _first, second = deploy_twice(options, app)
    task = roll_back(options, second["previous"])
    deploy(task)
    commands = cloud.commands
    again = deploy(task)
    assert not again["changed"]
    assert cloud.commands == commands
    assert_return_documented(serverless_service, again)


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("version", "said"),
    [
        (
            "yesterday",
            "the version 'yesterday' is none of a deployment. Write it as the bucket's folder is called, such ",
        ),
        (
            NEVER,
            (
                f"the bucket shop-dev-bucket does not hold the deployment {NEVER} of the stack shop-dev. "
                "Choose one of those below serverless/x/dev/ there, or deploy the app as it was then."
            ),
        ),
    ],
)
def test_going_back_to_what_there_is_not(
    options: dict[str, Any], cloud: FakeCloud, version: str, said: str, check_mode: bool
) -> None:
    deploy(options)
    result = run_module(serverless_service.main, roll_back(options, version), check_mode=check_mode)
    assert result["msg"].startswith(said)
    assert cloud.commands == ["package", "deploy"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_going_back_without_a_stack_or_with_one_that_is_stuck(
    options: dict[str, Any], cloud: FakeCloud, check_mode: bool
) -> None:
    task = roll_back(options, NEVER)
    result = run_module(serverless_service.main, task, check_mode=check_mode)
    assert result["msg"] == "the stack shop-dev does not exist. Deploy the service."
    cloud.set_stack(STACK, "CREATE_COMPLETE")
    result = run_module(serverless_service.main, task, check_mode=check_mode)
    assert result["msg"] == "the stack shop-dev holds nothing that the Serverless CLI deployed. Deploy the service."
    cloud.set_stack(STACK, "UPDATE_ROLLBACK_FAILED")
    result = run_module(serverless_service.main, task, check_mode=check_mode)
    assert result["msg"].startswith(
        "the stack shop-dev is UPDATE_ROLLBACK_FAILED: it could neither be updated nor go back"
    )


def test_going_back_needs_a_version(options: dict[str, Any]) -> None:
    result = run_module(serverless_service.main, roll_back(options, ""), check_mode=True)
    assert "the version '' is none of a deployment" in result["msg"]
    task = roll_back(options, "")
    del task["version"]
    assert run_module(serverless_service.main, task)["msg"] == (
        "state is rolled_back but all of the following are missing: version"
    )


def test_going_back_fails(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    _first, second = deploy_twice(options, app)
    cloud.set_mode(rollback="fail")
    result = run_module(serverless_service.main, roll_back(options, second["previous"]))
    assert result["msg"].startswith(
        "rolling back the stack shop-dev failed: ApiLambdaFunction (AWS::Lambda::Function): "
    )
    assert len(cloud.versions) == 2


def test_what_a_failed_deployment_uploaded_goes(options: dict[str, Any], cloud: FakeCloud, app: Path) -> None:
    """The CLI keeps five deployments, whatever became of them, so that failed ones would push out the good one."""
    deploy(options)
    kept = cloud.versions
    (app / "app.py").write_text("app = make(2)\n")
    cloud.set_mode(deploy="fail")
    assert run_module(serverless_service.main, options)["failed"]
    assert cloud.versions == kept


@pytest.mark.usefixtures("cloud")
def test_a_removal_of_nothing_in_particular() -> None:
    result = run_module(serverless_service.main, {"state": "absent", "region": "us-east-1", "work_dir": "/x"})
    assert result["msg"] == "nothing says which service that is. Give the option service, config or src."


def test_a_removal_that_an_earlier_run_had_begun(options: dict[str, Any], cloud: FakeCloud) -> None:
    cloud.set_stack(STACK, "DELETE_IN_PROGRESS")
    original = cloud.describe_stacks

    def ends(**kwargs: Any) -> dict[str, Any]:
        if len(cloud.asked) == 2:
            cloud.delete_stack(StackName=STACK)
        return original(**kwargs)

    cloud.describe_stacks = ends  # type: ignore[method-assign]
    result = deploy({"state": "absent", "service": "shop", **{k: options[k] for k in ("region", "cli", "work_dir")}})
    assert not result["changed"]
    assert cloud.commands == []


def test_no_region(options: dict[str, Any]) -> None:
    del options["region"]
    result = run_module(serverless_service.main, options)
    assert result["msg"] == "no region is set. Give the option region, or set AWS_DEFAULT_REGION."


def test_info_of_a_service(options: dict[str, Any]) -> None:
    deploy(options)
    asked = {"service": "shop", "region": "us-east-1", "endpoint_format": "http://{api_id}.localhost:4566/{stage}"}
    result = run_module(serverless_service_info.main, asked)
    assert result["exists"]
    assert result["endpoint"] == "http://abc123.localhost:4566/dev"
    assert "AsesoriaFingerprint" not in result["outputs"]
    assert result["ours"]
    assert_return_documented(serverless_service_info, result)
    other = run_module(serverless_service_info.main, {**asked, "project": "other"})
    assert (other["ours"], other["tags"]["Project"]) == (False, "asesoria")


@pytest.mark.usefixtures("cloud")
def test_info_of_no_service() -> None:
    result = run_module(serverless_service_info.main, {"service": "shop", "region": "us-east-1"})
    assert (result["exists"], result["stack_status"], result["endpoint"]) == (False, None, None)
    assert_return_documented(serverless_service_info, result)


@pytest.mark.usefixtures("cloud")
def test_info_of_an_impossible_name() -> None:
    result = run_module(serverless_service_info.main, {"service": "a_b", "region": "us-east-1"})
    assert "the stack name 'a_b-dev', which CloudFormation does not take" in result["msg"]


@pytest.fixture
def released(options: dict[str, Any]) -> dict[str, Any]:
    """The same with an alias, by which new code answers every tenth request at first."""
    options["config"]["provider"]["versionFunctions"] = True
    options["alias"] = {"name": "live", "weight": 10, "prune": True}
    return options


def settled(options: dict[str, Any]) -> dict[str, Any]:
    """The same, with all requests for new code."""
    return {**options, "alias": {**options["alias"], "weight": 0}}


def test_new_code_answers_a_part_first_and_then_all(released: dict[str, Any], app: Path, cloud: FakeCloud) -> None:
    first = deploy(released)
    assert (first["weighted"], first["previous"], cloud.answering) == (False, None, {"1": 1})
    assert not deploy(released)["changed"], "nothing is new, so nothing is shared out"
    (app / "app.py").write_text("app = make(2)\n")
    second = deploy(released)
    assert_return_documented(serverless_service, second)
    assert (second["weighted"], second["previous"], cloud.answering) == (True, cloud.versions[0], {"1": 0.9, "2": 0.1})
    third = deploy(settled(released))
    assert (third["changed"], third["weighted"], third["previous"]) == (True, False, second["previous"])
    assert cloud.answering == {"2": 1}
    assert cloud.read()["versions"] == ["2"], "what nothing points at is deleted"
    assert len(cloud.versions) == 2, "the bucket keeps one deployment of each code"
    for same in (released, settled(released)):
        assert not deploy(same)["changed"]


def test_what_changes_no_code_is_not_shared_out(released: dict[str, Any], cloud: FakeCloud) -> None:
    deploy(released)
    released["config"]["provider"]["runtime"] = "python3.12"
    assert deploy(released)["weighted"] is False
    assert cloud.answering == {"1": 1}


def test_an_alias_for_a_service_that_had_none_points_at_the_code_at_once(
    released: dict[str, Any], app: Path, cloud: FakeCloud
) -> None:
    plain = {name: value for name, value in released.items() if name != "alias"}
    deploy(plain)
    (app / "app.py").write_text("app = make(2)\n")
    assert deploy(released)["weighted"] is False
    assert cloud.answering == {"2": 1}


def test_another_alias_alone_is_a_change(released: dict[str, Any], cloud: FakeCloud) -> None:
    deploy(released)
    released["alias"]["name"] = "blue"
    assert deploy(released)["changed"]
    assert set(cloud.read()["aliases"]) == {"live", "blue"}


def test_a_release_that_was_cut_off_begins_anew(released: dict[str, Any], app: Path, cloud: FakeCloud) -> None:
    good = deploy(released) and cloud.versions[0]
    (app / "app.py").write_text("app = make(2)\n")
    deploy(released)
    again = deploy(released)
    assert (again["changed"], again["weighted"], again["previous"]) == (True, True, good)
    assert cloud.answering == {"1": 0.9, "2": 0.1}
    (app / "app.py").write_text("app = make(3)\n")
    other = deploy(released)
    assert (other["weighted"], other["previous"]) == (True, good)
    assert cloud.answering == {"1": 0.9, "3": 0.1}
    assert len(cloud.versions) == 2, "what was cut off leaves nothing in the bucket"


def test_a_release_is_taken_back_at_once(released: dict[str, Any], app: Path, cloud: FakeCloud) -> None:
    deploy(released)
    (app / "app.py").write_text("app = make(2)\n")
    second = deploy(released)
    cloud.set_mode(rollback="fail")
    task = {**roll_back(released, second["previous"]), "alias": released["alias"]}
    assert run_module(serverless_service.main, task)["failed"]
    assert cloud.answering == {"1": 1}, "new code stops answering before the stack goes back"
    result = deploy(task)
    assert (result["changed"], result["previous"]) == (True, second["previous"])
    assert cloud.answering == {"3": 1}
    assert cloud.read()["versions"] == ["3"]
    assert cloud.versions == [second["previous"]]


def test_a_part_of_a_release_is_nothing_to_go_back_to(released: dict[str, Any], app: Path, cloud: FakeCloud) -> None:
    deploy(released)
    (app / "app.py").write_text("app = make(2)\n")
    deploy(released)
    part = cloud.versions[1]
    # The next one is made by something that knows nothing of it.
    cloud.set_stack(STACK, "UPDATE_COMPLETE")
    del released["alias"]
    deploy(released)
    result = run_module(serverless_service.main, roll_back(released, part))
    assert f"the deployment {part} of the stack shop-dev gave new code a part of the requests only" in result["msg"]
    assert cloud.commands[-1] == "deploy"


def test_versions_that_can_not_be_deleted_do_not_fail_the_deployment(
    released: dict[str, Any], cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_options: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListAliases")

    monkeypatch.setattr(cloud, "list_aliases", refuse)
    result = deploy(released)
    assert result["changed"]
    assert "deleting old versions of the function shop-dev-api failed" in result["warnings"][0]


def test_versions_stay_unless_they_are_to_go(released: dict[str, Any], app: Path, cloud: FakeCloud) -> None:
    released["alias"] = {"name": "live"}
    deploy(released)
    (app / "app.py").write_text("app = make(2)\n")
    assert deploy(released)["weighted"] is False
    assert (cloud.answering, cloud.read()["versions"]) == ({"2": 1}, ["1", "2"])


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        ({"name": "live", "weight": 100}, "the weight is 100 percent. Give 1 to 99, or 0 for all requests at once"),
        ({"name": "live", "weight": -1}, "the weight is -1 percent"),
        ({"name": "7"}, "the alias '7' has a name that Lambda does not take"),
        ({"name": "a b"}, "the alias 'a b' has a name"),
    ],
)
def test_refuses_an_alias_that_lambda_would_refuse(
    alias: dict[str, Any], message: str, options: dict[str, Any], cloud: FakeCloud
) -> None:
    result = run_module(serverless_service.main, {**options, "alias": alias})
    assert message in result["msg"]
    assert cloud.commands == []


def test_refuses_an_alias_without_versions(options: dict[str, Any], cloud: FakeCloud) -> None:
    result = run_module(serverless_service.main, {**options, "alias": {"name": "live"}})
    assert "no function of the service has a version for an alias to point at" in result["msg"]
    assert cloud.commands == ["package"]
