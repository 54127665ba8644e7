# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app import (
    AppError,
    check_adapter_imports,
    find_app,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app_kinds import ASGI, WSGI


@pytest.fixture
def app(tmp_path: Path) -> Path:
    for name, content in {
        "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
        "package/__init__.py": "from .made import application\n",
        "package/made.py": "try:\n    application: object = make()\nexcept ImportError:\n    pass\n",
        "sub/api.py": "def app(environ, start_response):\n    inner = 1\n",
        "star.py": "from flask import *\n",
        "lazy.py": "def __getattr__(name):\n    return name\n",
        "newer.py": "this is no Python of today\n",
        "my-app.py": "app = 1\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return tmp_path


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("app.app", "app.py"),
        ("package.application", "package/__init__.py"),
        ("package.made.application", "package/made.py"),
        ("sub/api.app", "sub/api.py"),
        ("star.anything", "star.py"),
        ("lazy.anything", "lazy.py"),
        ("newer.anything", "newer.py"),
    ],
)
def test_the_module_is_found(app: Path, setting: str, found: str) -> None:
    assert find_app(app, setting).path == app / found


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "main.app",
            (
                "the WSGI setting 'main.app' names the module 'main', but {app} has neither main.py nor "
                "main/__init__.py (it has app.py, lazy.py, my-app.py, newer.py, star.py). "
                "Write it as module.name, such as app.app for the variable app in app.py."
            ),
        ),
        (
            "app.application",
            (
                "the WSGI setting 'app.application' names 'application', but {app}/app.py defines no such name on its "
                "top level. Write it as module.name, such as app.app for the variable app in app.py."
            ),
        ),
        ("sub/api.inner", "the WSGI setting 'sub/api.inner' names 'inner', but {app}/sub/api.py defines no such name"),
        ("nowhere/app.app", "the WSGI setting 'nowhere/app.app' names the module 'app', but {app}/nowhere has neither"),
        ("app", "the WSGI setting 'app' names no app. Write it as module.name"),
        ("app.py", "the WSGI setting 'app.py' names no app. Write it as module.name: app.app."),
        (
            "./shop/wsgi.py:api",
            "the WSGI setting './shop/wsgi.py:api' names no app. Write it as module.name: shop.wsgi.api.",
        ),
        (
            "app:create_app('prod')",
            (
                "the WSGI setting \"app:create_app('prod')\" names no app. Arguments can't be given here. Write app = "
                "create_app(...) in a module, and name that variable as module.app."
            ),
        ),
        ("my-app.app", "the WSGI setting 'my-app.app' names no app. Write it as module.name"),
        ("../app.app", "the WSGI setting '../app.app' names no app. Write it as module.name"),
        ("", "the WSGI setting '' names no app. Write it as module.name"),
    ],
)
def test_a_setting_that_names_nothing(app: Path, setting: str, said: str) -> None:
    with pytest.raises(AppError) as caught:
        find_app(app, setting)
    assert str(caught.value).startswith(said.format(app=app))


APPS = {
    "fast.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "star.py": "import starlette.applications as s\n\napp = other = s.Starlette(routes=[])\n",
    "wrapped.py": "from fastapi import FastAPI\n\napp = FastAPI()\napp = to_wsgi(app)\n",
    "bottled.py": "import bottle\n\napp = bottle.Bottle()\n",
    "mysite.py": "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n",
    "own.py": "async def app(scope, receive, send):\n    pass\n",
}


@pytest.mark.parametrize(
    ("setting", "interface", "said"),
    [
        ("fast.app", ASGI, ""),
        ("star.app", ASGI, ""),
        ("own.app", ASGI, ""),
        ("wrapped.app", WSGI, ""),
        ("bottled.app", WSGI, ""),
        (
            "fast.app",
            WSGI,
            (
                "the WSGI setting 'fast.app' names what FastAPI makes in {app}/fast.py, an ASGI app. Name it in "
                "asesoria_asgi_app (custom.asgi.app in a serverless.yml) instead."
            ),
        ),
        ("star.other", WSGI, "the WSGI setting 'star.other' names what Starlette makes in {app}/star.py, an ASGI app"),
        (
            "bottled.app",
            ASGI,
            (
                "the ASGI setting 'bottled.app' names what Bottle makes in {app}/bottled.py, a WSGI app. Name it in "
                "asesoria_wsgi_app"
            ),
        ),
        ("mysite.app", ASGI, "the ASGI setting 'mysite.app' names what get_wsgi_application makes in"),
        ("none.app", ASGI, "the ASGI setting 'none.app' names the module 'none', but"),
    ],
)
def test_an_app_of_the_other_kind_is_told(tmp_path: Path, setting: str, interface: str, said: str) -> None:
    for name, content in APPS.items():
        (tmp_path / name).write_text(content)
    if not said:
        find_app(tmp_path, setting, interface=interface)
        return
    with pytest.raises(AppError) as caught:
        find_app(tmp_path, setting, interface=interface)
    assert str(caught.value).startswith(said.format(app=tmp_path))


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="does not exist or is no folder"):
        find_app(tmp_path / "nowhere", "app.app")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("from serverless_wsgi import handle\n", 1),
        ("import app\n\nfrom serverless_wsgi import handle_request, handle as h\n", 3),
        ("import serverless_wsgi\n\ndef handler(e, c):\n    return serverless_wsgi.handle(app, e, c)\n", 4),
    ],
)
def test_the_wrong_name(tmp_path: Path, content: str, line: int) -> None:
    path = tmp_path / "wsgi_handler.py"
    path.write_text(content)
    with pytest.raises(AppError) as caught:
        check_adapter_imports([path])
    assert str(caught.value).startswith(
        f"{path}, line {line}: serverless_wsgi has no name 'handle'; it is handle_request"
    )


@pytest.mark.parametrize(
    "content",
    [
        "from serverless_wsgi import handle_request\n",
        "from mine import handle\n",
        "# from serverless_wsgi import handle\n",
        "serverless_wsgi this is no Python\n",
    ],
)
def test_other_names(tmp_path: Path, content: str) -> None:
    path = tmp_path / "wsgi_handler.py"
    path.write_text(content)
    check_adapter_imports([path, tmp_path / "data.bin"])


@pytest.mark.parametrize(("interface", "name"), [(WSGI, "werkzeug"), (ASGI, "mangum")])
def test_a_module_that_hides_the_adapter_is_refused(tmp_path: Path, interface: str, name: str) -> None:
    (tmp_path / "app.py").write_text("from some import app\n")
    (tmp_path / name).mkdir()
    assert find_app(tmp_path, "app.app", interface=interface)
    (tmp_path / f"{name}.py").touch()
    with pytest.raises(AppError, match=rf"{name}.py hides the package {name}, which translates"):
        find_app(tmp_path, "app.app", interface=interface)


@pytest.mark.parametrize("text", ["from .inner import app\n", "from . import inner\napp = inner.app\n"])
def test_a_relative_import_outside_of_a_package_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").write_text(text)
    for folder in (tmp_path, tmp_path / "package"):
        (folder / "app.py").write_text(text)
        (folder / "inner.py").write_text("from some import app\n")
    assert find_app(tmp_path, "package.app")
    assert find_app(tmp_path, "package.app.app")
    with pytest.raises(AppError, match=r"app.py, line 1: \.(inner)? is imported from a package, and app.py is in none"):
        find_app(tmp_path, "app.app")
