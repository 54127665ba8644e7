# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of the app, and of a serverless.yml of its own, before a run creates anything."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._control.app import Syntax, check_app, check_own
from ansible_collections.asesoria.serverless.plugins.module_utils._service.own_config import Surroundings, adjust
from ansible_collections.asesoria.serverless.plugins.module_utils._service.syntax import SyntaxProblem, SyntaxVerdict


def test_app(tmp_path: Path) -> None:
    assert check_app(tmp_path, setting="app.app").problem.startswith("app: the WSGI setting 'app.app' names ")
    (tmp_path / "app.py").write_text("app = make()\n", encoding="utf-8")
    check = check_app(tmp_path, setting="app.app")
    assert (check.ok, check.found) == (True, str(tmp_path / "app.py"))
    assert check_app(tmp_path / "none", setting="app.app").problem.startswith("app: the app's folder ")


def broken(text: str) -> Syntax:
    """A Python that takes no file in which a text stands, and knows nothing of those with a question mark."""

    def find(paths: Sequence[Path]) -> SyntaxVerdict:
        held = {path: path.read_text(encoding="utf-8") for path in paths}
        return SyntaxVerdict(
            problems=tuple(SyntaxProblem(path, 3, "invalid syntax") for path in paths if text in held[path]),
            unknown=tuple(path for path in paths if "?" in held[path]),
        )

    return find


@pytest.mark.parametrize(
    ("files", "state", "found"),
    [
        ({"app.py": "app = make()\n"}, "ok", "{folder}/app.py"),
        ({"app.py": "def app():\n    return make()\n"}, "ok", "{folder}/app.py, where app is called to make the app"),
        (
            {"app.py": "app = make()  # newer\n"},
            "problem",
            "{folder}/app.py, line 3, which the app imports, is invalid in Python 3.11: invalid syntax",
        ),
        (
            {"app.py": "import shop\napp = make()\n", "shop.py": "# newer\n"},
            "problem",
            "{folder}/shop.py, line 3, which",
        ),
        (
            {"app.py": "app = make()\n\ndef late():\n    import shop\n", "shop.py": "# newer\n"},
            "warning",
            "{folder}/shop.py, line 3, which the app may import, is invalid in Python 3.11: invalid syntax",
        ),
        ({"app.py": "app = make()\n", "script.py": "# newer\n"}, "ok", "{folder}/app.py"),
        (
            {"app.py": "app = make()  # ?\n"},
            "unknown",
            "not known whether {folder}/app.py is valid in Python 3.11: there is no python3.11 here to ask",
        ),
    ],
)
def test_the_source_is_what_the_runtimes_python_takes(
    tmp_path: Path, files: dict[str, str], state: str, found: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    check = check_app(tmp_path, setting="app.app", python="3.11", find_broken=broken("newer"))
    assert check.state == state
    assert check.found.startswith(found.format(folder=tmp_path))


CLI = {"osls": "4.3.1", "serverless-wsgi": "3.1.0", "serverless-python-requirements": "6.1.2"}
#: The tutorial's file, as its last chapter has it.
TUTORIAL = """\
service: mi-api-flask
frameworkVersion: '3'

provider:
  name: aws
  runtime: python3.11
  region: us-east-1

functions:
  api:
    handler: wsgi_handler.handler
    layers:
      - arn:aws:lambda:us-east-1:1234567890:layer:flask-dependencies-py311:1 # ¡REEMPLAZAR CON TU ARN!
    events:
      - httpApi: '*'

plugins:
  - serverless-wsgi

custom:
  wsgi:
    app: app.app
    packRequirements: false
"""
#: The tutorial's file, as its second chapter has it.
FIRST = """\
service: mi-api-flask

frameworkVersion: '3'

provider:
  name: aws
  runtime: python3.11
  region: us-east-1

functions:
  api:
    handler: wsgi_handler.handler # El handler que conectará con Flask
    events:
      - httpApi: '*'

plugins:
  - serverless-python-requirements

custom:
  pythonRequirements:
    dockerizePip: false # La configuración clave de este experimento
"""


@pytest.fixture(name="around")
def _around(tmp_path: Path) -> Surroundings:
    (tmp_path / "app.py").write_text("from flask import Flask\n\napp = Flask(__name__)\n", encoding="utf-8")
    return Surroundings(
        app_dir=tmp_path, service="mi-api-flask", runtime="python3.11", layer="flask-dependencies-py311", cli=CLI
    )


def said(around: Surroundings, text: str, *, find_broken: Syntax | None = None) -> list[tuple[str, str]]:
    """State and text of each check of a file, except that it is there."""
    (around.app_dir / "serverless.yml").write_text(text, encoding="utf-8")
    checks = list(check_own(around, python="3.11", find_broken=find_broken))
    assert checks[0].name == "app"
    return [
        (check.state, check.problem if not check.ok else check.found) for check in checks if check != checks[0]
    ] or [(checks[0].state, checks[0].found)]


def test_the_tutorials_file_works_as_it_is(around: Surroundings) -> None:
    assert said(around, TUTORIAL) == [
        ("ok", "frameworkVersion is '3 || 4' instead of '3' in the copy, because osls 4.3.1 is deployed with"),
        (
            "ok",
            (
                "the layer arn:aws:lambda:us-east-1:1234567890:layer:flask-dependencies-py311:1 is left out of the "
                "copy, because no account has that number"
            ),
        ),
    ]


def test_the_tutorials_handler_is_told_before_anything_is_built(around: Surroundings) -> None:
    handler = around.app_dir / "wsgi_handler.py"
    handler.write_text("from app import app\nfrom serverless_wsgi import handle as wsgi_handler\n", encoding="utf-8")
    said_of_it = f"app: {handler}, line 2: serverless_wsgi has no name 'handle'; it is handle_request(app"
    assert check_app(around.app_dir, setting="app.app").problem.startswith(said_of_it)
    state, text = said(around, TUTORIAL)[0]
    assert (state, text[: len(said_of_it)]) == ("problem", said_of_it)


def test_the_tutorials_first_file_is_told_what_to_change(around: Surroundings) -> None:
    path = around.app_dir / "serverless.yml"
    found = said(around, FIRST)
    assert [state for state, _text in found] == ["problem", "problem", "ok"]
    assert found[0][1].startswith(
        f"serverless.yml: {path} has the plugin serverless-python-requirements, which would pack"
    )
    assert found[1][1] == (
        f"serverless.yml: {path}, line 12: the handler wsgi_handler.handler of api is a part of the plugin "
        "serverless-wsgi, which is not among the plugins. Add serverless-wsgi to plugins, and custom.wsgi.app: app.app "
        "for the variable app in app.py."
    )


#: What is replaced in the tutorial's file, by what, and what is said of it first.
CHANGES = [
    ("service: mi-api-flask", "service: other", "line 1: the service is called 'other', but the run is for 'mi-api-"),
    ("service: mi-api-flask", "", "has no key 'service'"),
    ("  name: aws", "  name: google", "line 5: the provider is google, and not aws"),
    (
        "  name: aws",
        "  name: aws\n  stackName: other",
        "the stack is called other, but it is looked up as",
    ),
    (
        "frameworkVersion: '3'",
        "frameworkVersion: '2'",
        "line 2: frameworkVersion is '2', but osls 4.3.1 is",
    ),
    (
        "  - serverless-wsgi",
        "  - serverless-wsgi\n  - serverless-offline",
        "line 19: the plugin serverless-offline is not",
    ),
    ("  - serverless-wsgi", "  - serverless-wsgi\n  - ./mine", "the plugin ./mine is not there. Correct the path"),
    ("python3.11", "python3.13", "the function api runs on python3.13, but the layer is built for python3.11"),
    ("wsgi_handler.handler", "app.lambda/x.y", "names the module 'app.lambda.x', which"),
    ("app: app.app", "app: main.app", "the WSGI setting 'main.app' names the module 'main'"),
    ("app: app.app", "app: app.create", "the WSGI setting 'app.create' names 'create'"),
    (
        "flask-dependencies-py311:1",
        "other:1",
        "line 13: the layer arn:aws:lambda:us-east-1:1234567890:layer:other:1",
    ),
    ("packRequirements: false", "packRequirements: true", "has custom.wsgi.packRequirements, which would pack"),
    ("plugins:", "\tplugins:", "is no YAML"),
    ("service: mi-api-flask", "- service", "is no YAML"),
]


@pytest.mark.parametrize(("old", "new", "problem"), CHANGES, ids=[new or "nothing" for _old, new, _problem in CHANGES])
def test_what_a_deployment_would_fail_for(around: Surroundings, old: str, new: str, problem: str) -> None:
    assert old in TUTORIAL
    found = [text for state, text in said(around, TUTORIAL.replace(old, new)) if state == "problem"]
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("frameworkVersion: '3'", "frameworkVersion: '3 || 4'"),
        ("frameworkVersion: '3'", ""),
        ("frameworkVersion: '3'", "frameworkVersion: 2 - 9"),
        ("runtime: python3.11", "runtime: ${opt:runtime}"),
        ("  - serverless-wsgi", "  - serverless-wsgi\n  - ${env:PLUGIN}"),
        ("1234567890:layer:flask-dependencies-py311", "123456789012:layer:other"),
        ("1234567890:layer:flask-dependencies-py311", "${aws:accountId}:layer:other"),
        ("functions:", "functions:\n  node:\n    handler: nowhere.handler\n    runtime: nodejs22.x"),
        ("functions:", "functions:\n  image:\n    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/x"),
    ],
)
def test_what_is_right_or_not_known(around: Surroundings, old: str, new: str) -> None:
    assert old in TUTORIAL
    assert {state for state, _text in said(around, TUTORIAL.replace(old, new))} == {"ok"}


def test_a_handler_that_a_layer_may_bring_is_a_warning(around: Surroundings) -> None:
    found = said(around, TUTORIAL.replace("wsgi_handler.handler", "datadog_lambda.handler.handler"))
    assert ("warning",) in [(state,) for state, text in found if "names the module 'datadog_lambda.handler'" in text]


def test_the_source_of_handlers_is_checked_too(around: Surroundings) -> None:
    (around.app_dir / "jobs.py").write_text("# newer\n", encoding="utf-8")
    text = TUTORIAL.replace("functions:", "functions:\n  clean:\n    handler: jobs.clean")
    (around.app_dir / "serverless.yml").write_text(text, encoding="utf-8")
    first = next(iter(check_own(around, python="3.11", find_broken=broken("newer"))))
    assert first.problem.startswith(
        f"app: {around.app_dir}/jobs.py, line 3, which the app imports, is invalid in Python"
    )


@pytest.mark.parametrize("runtime", ["", "python3.x", "nodejs22.x", "python2.7"])
def test_a_runtime_that_is_wrong_is_told_elsewhere(around: Surroundings, runtime: str) -> None:
    assert "problem" not in {
        state for state, text in said(replace(around, runtime=runtime, layer=""), TUTORIAL) if "WSGI" in text
    }


def test_no_file(around: Surroundings) -> None:
    (check,) = check_own(around)
    assert check.problem == (
        f"app: found nothing, wanted a serverless.yml in {around.app_dir}. Write one, or set asesoria_config_source to "
        "variables."
    )


def test_a_file_that_is_none(around: Surroundings) -> None:
    os.mkfifo(around.app_dir / "serverless.yml")
    (check,) = check_own(around)
    assert "it is a named pipe, and no regular file" in check.problem


def test_another_cli_takes_the_file_as_it_is() -> None:
    for cli in ({}, {"osls": "3.61.0"}, {"serverless": "3.40.0"}):
        assert adjust(TUTORIAL, origin="serverless.yml", cli=cli).text == TUTORIAL


def test_a_cli_that_is_too_old_is_told(around: Surroundings) -> None:
    old = replace(around, cli={"osls": "3.61.0", "serverless-wsgi": "3.1.0"})
    found = said(old, TUTORIAL.replace("'3'", "'4'"))
    assert "frameworkVersion is '4', but osls 3.61.0 is deployed with" in found[0][1]
