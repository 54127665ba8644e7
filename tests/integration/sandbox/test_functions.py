# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions run as Lambda runs them: right Python, right order of imports, right errors, nothing of the emulator's."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import FILES, REGION, TOP, Sandbox, archive

APP = "import flask\n\n\ndef handler(event, context):\n    return {'statusCode': 200, 'body': flask.GREETING}\n"
LOOK = """
import importlib.metadata, os, pathlib, sys

def write(path):
    try:
        pathlib.Path(path, "x").write_text("x")
    except OSError as error:
        return error.strerror
    return "written"

def handler(event, context):
    return {
        "version": list(sys.version_info[:2]),
        "path": sys.path,
        "environment": dict(os.environ),
        "distributions": sorted(each.metadata["Name"] for each in importlib.metadata.distributions()),
        "writes": {path: write(path) for path in ("/opt", "/var/task", "/var/runtime", "/usr", "/tmp")},
        "home": os.path.exists(os.path.expanduser(event.get("home", "/root"))),
        "processes": [entry for entry in os.listdir("/proc") if entry.isdigit()],
        "name": context.function_name,
    }
"""


@pytest.fixture(scope="module")
def look(make_function: Callable[..., str], invoke: Callable[[str], tuple[str, Any]]) -> Any:
    """What a function sees."""
    name = make_function("look", {"wsgi_handler.py": LOOK}, Environment={"Variables": {"COLOUR": 'it\'s "blue" $HOME'}})
    error, answer = invoke(name)
    assert error == "", answer
    return answer


def test_layer_is_imported(
    sandbox: Sandbox, make_function: Any, make_layer: Any, invoke: Callable[[str], tuple[str, Any]]
) -> None:
    layer = make_layer("greeting", {"python/flask.py": "GREETING = 'from the layer'\n"})
    make_function("with-layer", {"wsgi_handler.py": APP}, layers=(layer,))
    assert invoke("with-layer") == ("", {"statusCode": 200, "body": "from the layer"})
    assert sandbox.client("lambda").get_function_configuration(FunctionName="with-layer")["Layers"][0]["Arn"] == layer


@pytest.fixture
def http_api(sandbox: Sandbox) -> Callable[[str], Callable[[], tuple[int, bytes]]]:
    """Puts an HTTP API in front of a function, or of an alias of it, and returns what asks it."""

    def make(function: str) -> Callable[[], tuple[int, bytes]]:
        arn = f"arn:aws:lambda:{REGION}:000000000000:function:{function}"
        gateway = sandbox.client("apigatewayv2")
        api = gateway.create_api(Name="http", ProtocolType="HTTP")
        integration = gateway.create_integration(
            ApiId=api["ApiId"], IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
        )
        target = f"integrations/{integration['IntegrationId']}"
        gateway.create_route(ApiId=api["ApiId"], RouteKey="$default", Target=target)
        gateway.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True)

        def ask() -> tuple[int, bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=30)
            connection.request("GET", "/", headers={"Host": f"{api['ApiId']}.execute-api.localhost:{sandbox.port}"})
            answer = connection.getresponse()
            return answer.status, answer.read()

        return ask

    return make


def test_http_api_answers(make_function: Any, make_layer: Any, http_api: Any) -> None:
    layer = make_layer("http", {"python/lib/python3.11/site-packages/flask.py": "GREETING = 'over HTTP'\n"})
    ask = http_api(make_function("over-http", {"wsgi_handler.py": APP}, layers=(layer,)))
    assert ask() == (200, b"over HTTP")


def test_alias_shares_requests_out_by_its_weights(sandbox: Sandbox, make_function: Any, http_api: Any) -> None:
    """Two versions of one function answer at the same time, each what it was published with."""
    said = "def handler(event, context):\n    return {'statusCode': 200, 'body': '%s'}\n"
    name = make_function("shared", {"wsgi_handler.py": said % "old"})
    client = sandbox.client("lambda")
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.update_function_code(FunctionName=name, ZipFile=archive({"wsgi_handler.py": said % "new"}))
    assert client.publish_version(FunctionName=name)["Version"] == "2"
    ask = http_api(f"{name}:live")
    assert {ask() for _attempt in range(10)} == {(200, b"old")}
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    client.update_alias(FunctionName=name, Name="live", RoutingConfig=weights)
    # One in a billion runs has only one of them in thirty.
    assert {ask() for _attempt in range(30)} == {(200, b"old"), (200, b"new")}
    read = client.get_function_configuration(FunctionName=name, Qualifier="live")
    assert read["Version"] == "1"
    client.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert {ask() for _attempt in range(10)} == {(200, b"old")}


def test_missing_layer_is_the_import_error_of_lambda(
    sandbox: Sandbox, make_function: Any, invoke: Callable[[str], tuple[str, Any]]
) -> None:
    make_function("without-layer", {"wsgi_handler.py": APP})
    for _attempt in range(2):
        error, answer = invoke("without-layer")
        assert error == "Unhandled"
        assert answer["errorType"] == "Runtime.ImportModuleError"
        assert answer["errorMessage"] == "Unable to import module 'wsgi_handler': No module named 'flask'"
    events = sandbox.client("logs").filter_log_events(logGroupName="/aws/lambda/without-layer")["events"]
    said = "[ERROR] Runtime.ImportModuleError: Unable to import module 'wsgi_handler': No module named 'flask'"
    assert [event["message"] for event in events].count(said) == 2


def test_exception_is_reported_with_its_type(make_function: Any, invoke: Callable[[str], tuple[str, Any]]) -> None:
    make_function("raises", {"wsgi_handler.py": "def handler(event, context):\n    raise KeyError('nothing')\n"})
    error, answer = invoke("raises")
    assert (error, answer["errorType"], answer["errorMessage"]) == ("Unhandled", "KeyError", "'nothing'")


def test_death_at_start_is_reported(make_function: Any, invoke: Callable[[str], tuple[str, Any]]) -> None:
    make_function("dies", {"wsgi_handler.py": "import os\nos._exit(3)\n"})
    error, answer = invoke("dies")
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert "code 3" in answer["errorMessage"]


def test_later_layers_cover_earlier_ones(
    make_function: Any, make_layer: Any, invoke: Callable[[str], tuple[str, Any]]
) -> None:
    first = make_layer("first", {"python/flask.py": "GREETING = 'first'\n", "python/only_first.py": ""})
    second = make_layer("second", {"python/flask.py": "from only_first import __name__\nGREETING = 'second'\n"})
    make_function("both-layers", {"wsgi_handler.py": APP}, layers=(first, second))
    assert invoke("both-layers") == ("", {"statusCode": 200, "body": "second"})


def test_python_and_order_of_imports(look: Any) -> None:
    assert look["version"] == [3, 11]
    assert look["path"][:4] == ["/var/task", "/opt/python/lib/python3.11/site-packages", "/opt/python", "/var/runtime"]
    assert all(path.startswith("/var/lang/") for path in look["path"][4:])


def test_only_the_packages_of_the_runtime(look: Any) -> None:
    lock = (TOP / "requirements/lambda-runtime.txt").read_text(encoding="utf-8")
    locked = {line.partition("==")[0].replace("_", "-") for line in lock.splitlines() if "==" in line}
    assert set(look["distributions"]) <= locked
    assert {"awslambdaric", "boto3"} <= set(look["distributions"])


def test_environment_is_lambdas_alone(sandbox: Sandbox, look: Any) -> None:
    environment = look["environment"]
    assert environment["COLOUR"] == 'it\'s "blue" $HOME'
    assert environment["LAMBDA_TASK_ROOT"] == "/var/task"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
    assert environment["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{sandbox.port}"
    assert environment["TZ"] == ":UTC"
    strangers = {
        name
        for name in environment
        if not name.startswith(
            ("AWS_", "LAMBDA_", "LD_LIBRARY_PATH", "LANG", "LC_CTYPE", "PATH", "PYTHONPATH", "TZ", "PWD")
        )
    }
    assert strangers == {"COLOUR", "_HANDLER"}


def test_only_tmp_can_be_written(look: Any) -> None:
    assert look["writes"].pop("/tmp") == "written"
    assert set(look["writes"].values()) == {"Read-only file system"}


def test_host_is_out_of_sight(look: Any) -> None:
    assert look["home"] is False
    assert len(look["processes"]) <= 2


def test_runtime_without_client_is_named(make_function: Any, invoke: Callable[[str], tuple[str, Any]]) -> None:
    make_function("other-runtime", {"wsgi_handler.py": APP}, Runtime="python3.12")
    error, answer = invoke("other-runtime")
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.InvalidRuntime")
    assert "python3.12" in answer["errorMessage"]
    assert "sandbox_lambda_runtimes" in answer["errorMessage"]


def test_private_names_of_ministack_are_there(sandbox: Sandbox) -> None:
    """Whoever raises the pin learns here, and not from a function that fails, what has moved."""
    script = """
import importlib, importlib.metadata, json
from asesoria_sandbox import alias_weights, function_worker as worker
names = [(m, n) for each in (alias_weights, worker) for m, names in each.PRIVATE_NAMES.items() for n in names]
missing = [f"{m}.{n}" for m, n in names if not hasattr(importlib.import_module(m), n)]
missing += [n for n in worker.PRIVATE_METHODS if not hasattr(worker.lambda_runtime.ProvidedWorker, n)]
print(json.dumps([missing, importlib.metadata.version("ministack")]))
"""
    environment = {**os.environ, "PYTHONPATH": os.fspath(FILES), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sandbox.python, "-c", script], capture_output=True, text=True, env=environment, check=True)
    missing, version = json.loads(done.stdout.splitlines()[-1])
    assert missing == []
    assert f"\nministack=={version} " in (TOP / "requirements/sandbox.txt").read_text(encoding="utf-8")
