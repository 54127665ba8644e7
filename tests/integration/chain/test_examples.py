# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each example app goes from its requirements to an endpoint that answers, and each front door lets requests in.

None of their requirements names an adapter: it is added. One app is a factory, and one goes through the whole chain.

The chain's own test has Flask. What each framework answers behind each door is held against the framework's own server,
request by request, in the tests of the front doors.
"""

from __future__ import annotations

import json

import pytest

from .support import CHECKOUT, Chain, ask

#: Example, front door, what its app is called, and what it answers.
EXAMPLES = (
    ("bottle", "function_url", {"asesoria_wsgi_app": "app.app"}, "Bienvenido al servidor de Bottle"),
    (
        "django",
        "rest_api",
        {"asesoria_wsgi_app": "mysite.wsgi.application"},
        "Bienvenido al servidor de Django",
    ),
    ("fastapi", "http_api", {"asesoria_asgi_app": "app.app"}, '{"saludo":"Bienvenido al servidor de FastAPI"}'),
    ("pyramid", "http_api", {"asesoria_wsgi_app": "app:create_app()"}, "Bienvenido al servidor de Pyramid"),
    ("starlette", "rest_api", {"asesoria_asgi_app": "app.app"}, "Bienvenido al servidor de Starlette"),
)
#: The example that takes site.yml.
WHOLE_CHAIN = "fastapi"


@pytest.mark.parametrize(("name", "door", "app", "answer"), EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_example(chain: Chain, name: str, door: str, app: dict[str, str], answer: str) -> None:
    given = json.dumps(
        {
            **app,
            "asesoria_app_dir": str(CHECKOUT / "examples" / name),
            "asesoria_requirements": str(CHECKOUT / "examples" / name / "requirements.txt"),
            "asesoria_layer_name": name,
            "asesoria_layer_strategy": "auto",
            "asesoria_service": name,
            "asesoria_front_door": door,
            "asesoria_create_user": False,
            "endpoint_verify_requests": [{"body": answer}, {"path": "/nowhere", "status": [404]}],
        }
    )
    if name == WHOLE_CHAIN:
        run = chain.play("site.yml", "-e", given).ok()
        assert "fastapi, added: mangum " in run.output
    else:
        chain.play("playbooks/layer.yml", "-e", given).ok()
        run = chain.play("playbooks/deploy.yml", "-e", given).ok()
    assert ask(run) == answer


def test_there_is_no_other_example() -> None:
    others = {"flask", "first_attempt"}
    assert {example[0] for example in EXAMPLES} == {path.name for path in (CHECKOUT / "examples").iterdir()} - others
