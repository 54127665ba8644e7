# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a name of a module is, by its source alone: an app, a factory, or neither."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app import AppError, find_app
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app_kinds import ASGI, WSGI
from hypothesis import given
from hypothesis import strategies as st

OK, FACTORY = "", "a factory"
FLASK = "from flask import Flask\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    """Make a folder with these files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def kind(folder: Path, setting: str = "app.app", *, interface: str = WSGI, python: str = "3.11") -> str:
    """What is said of a setting: nothing for an app, that it is a factory, or the refusal."""
    try:
        found = find_app(folder, setting, interface=interface, python=python)
    except AppError as error:
        return str(error)
    return FACTORY if found.factory else OK


#: The source of app.py, in which app is named; and a part of what is said.
WSGI_SOURCES = [
    # Objects.
    (FLASK + "app = Flask(__name__)\n", OK),
    ("from library import app\n", OK),
    ("from library import *\n", OK),
    ("app = other = library.make()\n", OK),
    ("app, db = library.make()\n", OK),
    ("app = LocalProxy(lambda: current)\n", OK),
    ("with library.context() as app:\n    pass\n", OK),
    ("class App:\n    def __call__(self, environ, start_response):\n        return []\n\napp = App()\n", OK),
    ("class App(Base):\n    pass\n\napp = App()\n", OK),
    ("def __getattr__(name):\n    return library.make(name)\n", OK),
    ("globals()['app'] = library.make()\n", OK),
    ("app = None\n\ndef start():\n    global app\n    app = library.make()\n\nstart()\n", OK),
    ("app = None\nif library.ready:\n    app = library.make()\n", OK),
    ("app = None\ntry:\n    app = library.make()\nexcept OSError:\n    pass\n", OK),
    ("app = 1\nfor app in library.apps():\n    pass\n", OK),
    ("app: object = library.make()\n", OK),
    ("if (app := library.make()):\n    pass\n", OK),
    ("made = library.make()\napp = made\n", OK),
    ("app = app2 = None\napp = library.make()\n", OK),
    ("import sys\nif sys.version_info >= (3, 12):\n    app = None\nelse:\n    app = library.make()\n", OK),
    ("app = library.make()\nif __name__ == '__main__':\n    app = 42\n", OK),
    # Functions and classes that are apps.
    ("def app(environ, start_response):\n    return []\n", OK),
    ("def app(request, respond, *more, level=0):\n    return []\n", OK),
    ("def app(*arguments):\n    return []\n", OK),
    ("def app(environ, start_response):\n    yield b''\n", OK),
    ("app = lambda environ, start_response: []\n", OK),
    ("@library.wrap\ndef app(one):\n    return []\n", OK),
    ("class app:\n    def __init__(self, environ, start_response):\n        pass\n", OK),
    ("class app(Base):\n    pass\n", OK),
    # Factories.
    (FLASK + "def app():\n    return Flask(__name__)\n", FACTORY),
    (FLASK + "def app(config=None, *, debug=False):\n    made = Flask(__name__)\n    return made\n", FACTORY),
    ("app = lambda: library.make()\n", FACTORY),
    ("def make():\n    return library.make()\n\napp = make\n", FACTORY),
    ("def app():\n    return library.make()\n\nif library.debug:\n    app = library.wrap(app)\n", FACTORY),
    (
        "from fastapi import FastAPI\ndef app():\n    made = FastAPI()\n    made = to_wsgi(made)\n    return made\n",
        FACTORY,
    ),
    # Neither.
    (
        "import sys\nif sys.version_info >= (3, 12):\n    app = library.make()\nelse:\n    app = None\n",
        "names 'app', which is None in {folder}/app.py, line 5",
    ),
    ("app = 42\n", "names 'app', which is 42 in {folder}/app.py, line 1, and no app. Assign the app to it"),
    ("app = None\n", "names 'app', which is None in"),
    ("app = 'shop.wsgi'\n", "names 'app', which is 'shop.wsgi' in"),
    ("app = {'name': 'shop'}\n", "names 'app', which is {{'name': 'shop'}} in"),
    ("app = library.make()\napp = None\n", "names 'app', which is None in {folder}/app.py, line 2"),
    ("value = 42\napp = value\n", "names 'value', which is 42 in"),
    ("if library.debug:\n    app = 1\nelse:\n    app = 2\n", "names 'app', which is 2 in"),
    ("app: object\n", "names 'app', but {folder}/app.py only annotates that name and never assigns a value to it"),
    ("other = 1\n", "names 'app', but {folder}/app.py defines no such name on its top level"),
    ("if __name__ == '__main__':\n    app = library.make()\n", "defines no such name on its top level"),
    ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop import app\n", "defines no such name"),
    ("import app\n", "names a module, which {folder}/app.py, line 1 imports, and no app"),
    ("import shop as app\n", "Add the name of the app in it, such as shop.app"),
    ("class app:\n    pass\n", "names the class app in {folder}/app.py, line 1, and no app. Make an object of it"),
    (FLASK + "class app(Flask):\n    pass\n", "names the class app in"),
    ("class Config:\n    level = 1\n\napp = Config()\n", "is an object of the class Config in"),
    (
        "def app(config):\n    return library.make(config)\n",
        "names the function app(config) in {folder}/app.py,",
    ),
    ("def app(*, config):\n    return library.make(config)\n", "names the function app(config) in"),
    (
        FLASK + "def app(config, db):\n    made = Flask(config)\n    return made\n",
        "names the function app(config, db) in",
    ),
    ("def app(one, two, three):\n    return []\n", "names the function app(one, two, three) in"),
    ("async def app():\n    return library.make()\n", "names the asynchronous function app in"),
    ("async def make():\n    return library.make()\n\napp = make()\n", "is a coroutine in {folder}/app.py, line 4"),
    (FLASK + "def app():\n    made = Flask(__name__)\n", "but that function returns nothing"),
    (FLASK + "def make():\n    Flask(__name__)\n\napp = make()\n", "but that function returns nothing"),
    ("def app():\n    return 'Hello'\n", "but what that function returns is no app"),
    # The other interface.
    ("from fastapi import FastAPI\napp = FastAPI()\n", "names what FastAPI makes in {folder}/app.py, an ASGI app"),
    ("async def app(scope, receive, send):\n    pass\n", "names the function app in {folder}/app.py, line 1, an ASGI"),
    ("from fastapi import FastAPI\ndef app():\n    return FastAPI()\n", "an ASGI app. Name it in asesoria_asgi_app"),
    (
        "class App:\n    async def __call__(self, scope, receive, send):\n        pass\n\napp = App()\n",
        "names an object of the class App in",
    ),
]


@pytest.mark.parametrize(("source", "said"), WSGI_SOURCES)
def test_a_wsgi_app(tmp_path: Path, source: str, said: str) -> None:
    found = kind(write(tmp_path, {"app.py": source}))
    if said in (OK, FACTORY):
        assert found == said
    else:
        assert found.startswith("the WSGI setting 'app.app' ")
        assert said.format(folder=tmp_path) in found


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("async def app(scope, receive, send):\n    pass\n", OK),
        ("def app(scope, receive, send):\n    return library.run(scope, receive, send)\n", OK),
        ("class app:\n    def __init__(self, scope, receive, send):\n        pass\n", OK),
        ("class App:\n    async def __call__(self, scope, receive, send):\n        pass\n\napp = App()\n", OK),
        ("from fastapi import FastAPI\ndef app():\n    return FastAPI()\n", FACTORY),
        ("async def app():\n    return library.make()\n", "names the asynchronous function app in"),
        ("def app(scope):\n    return library.run(scope)\n", "names the function app(scope) in"),
        ("def app(environ, start_response):\n    return []\n", "a WSGI app. Name it in asesoria_wsgi_app"),
        (FLASK + "app = Flask(__name__)\n", "a WSGI app. Name it in asesoria_wsgi_app"),
    ],
)
def test_an_asgi_app(tmp_path: Path, source: str, said: str) -> None:
    found = kind(write(tmp_path, {"app.py": source}), interface=ASGI)
    assert found == said if said in (OK, FACTORY) else said in found


#: The files of a folder, the setting, and a part of what is said.
FOLDERS = {
    "from another module": (
        {"app.py": "from shop.wsgi import application as app\n", "shop/wsgi.py": "application = library.make()\n"},
        "app.app",
        OK,
    ),
    "a factory of another module": (
        {"app.py": "from shop import create_app\n", "shop/__init__.py": "def create_app():\n    return make()\n"},
        "app:create_app()",
        FACTORY,
    ),
    "a relative import": (
        {"shop/__init__.py": "from .wsgi import app\n", "shop/wsgi.py": "app = 1\n"},
        "shop.app",
        "names 'app', which is 1 in {folder}/shop/wsgi.py, line 1",
    ),
    "a name that the other module lacks": (
        {"app.py": "from shop import app\n", "shop.py": "application = library.make()\n"},
        "app.app",
        "names 'app', but {folder}/shop.py defines no such name",
    ),
    "a module that the package lacks": (
        {"app.py": "from shop.wsgi import app\n", "shop/__init__.py": ""},
        "app.app",
        "names what {folder}/app.py, line 1 imports from shop.wsgi, but {folder}/shop has no module wsgi",
    ),
    "a star of another module": (
        {"app.py": "from shop import *\n", "shop.py": "app = library.make()\n"},
        "app.app",
        OK,
    ),
    "in a circle": (
        {"app.py": "from shop import app\n", "shop.py": "from app import app\n"},
        "app.app",
        OK,
    ),
    "a module in place of an app": (
        {"shop/__init__.py": "", "shop/app.py": "app = library.make()\n"},
        "shop.app",
        "but that is the module {folder}/shop/app.py, and no app. Add the name of the app in it, such as shop.app.app",
    ),
    "a module of a plain folder": (
        {"shop/app.py": "app = library.make()\n"},
        "shop.app",
        "but that is the module {folder}/shop/app.py, and no app",
    ),
    "a package goes before a file": (
        {"app.py": "app = library.make()\n", "app/__init__.py": "app = 42\n"},
        "app.app",
        "which is 42 in {folder}/app/__init__.py",
    ),
    "a file goes before a plain folder": (
        {"app.py": "app = library.make()\n", "app/other.py": ""},
        "app.app",
        OK,
    ),
    "a submodule takes the place of the app": (
        {
            "shop/__init__.py": "from flask import Flask\napp = Flask(__name__)\nfrom . import views\n",
            "shop/views.py": "from .app import helper\n",
            "shop/app.py": "helper = 1\n",
        },
        "shop.app",
        "names 'app' in {folder}/shop/__init__.py, but line 3 there imports the module shop.app, which takes the place",
    ),
    "a submodule that was there before the app": (
        {
            "shop/__init__.py": "from .app import create\napp = create()\nfrom . import views\n",
            "shop/views.py": "from .app import helper\n",
            "shop/app.py": "helper = 1\n",
        },
        "shop.app",
        OK,
    ),
    "a submodule that some run may import": (
        {
            "shop/__init__.py": "app = library.make()\ntry:\n    from .app import create\nexcept OSError:\n    pass\n",
            "shop/app.py": "helper = 1\n",
        },
        "shop.app",
        OK,
    ),
    "views that import their package": (
        {
            "shop/__init__.py": "from flask import Flask\napp = Flask(__name__)\nfrom . import views\n",
            "shop/views.py": "from shop import app\n\n@app.route('/')\ndef index():\n    return ''\n",
        },
        "shop.app",
        OK,
    ),
    "a module of the folder, or of the one above": (
        {"src/app.py": "from shop import app\n", "shop.py": "app = None\n"},
        "src/app.app",
        "which is None in {folder}/shop.py",
    ),
    "an extension module": ({"app.cpython-311-x86_64-linux-gnu.so": "", "app.py": "app = 1\n"}, "app.app", OK),
    "a file that only a newer Python parses": ({"app.py": "x = (\n"}, "app.app", OK),
    "with a colon": ({"shop/wsgi.py": "application = library.make()\n"}, "shop.wsgi:application", OK),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_across_the_modules_of_a_folder(tmp_path: Path, name: str) -> None:
    files, setting, said = FOLDERS[name]
    found = kind(write(tmp_path, files), setting)
    if said in (OK, FACTORY):
        assert found == said
    else:
        assert said.format(folder=tmp_path) in found


def test_a_handler_that_calls_no_factory(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "def create_app():\n    return make()\n"})
    with pytest.raises(AppError) as caught:
        find_app(tmp_path, "app.create_app", factories=False)
    assert "does not call a function to make the app. Write app = create_app() into a module" in str(caught.value)


SIGNATURES = st.tuples(
    st.integers(0, 4), st.integers(0, 2), st.booleans(), st.integers(0, 2), st.integers(0, 1), st.booleans()
)


@given(signature=SIGNATURES)
def test_a_function_is_taken_as_it_can_be_called(
    tmp_path_factory: pytest.TempPathFactory, signature: tuple[int, int, bool, int, int, bool]
) -> None:
    """A function that neither two arguments nor none would do for is refused, and no other."""
    plain, defaults, star, keywords, required, rest = signature
    parts = [*(f"a{number}" for number in range(plain)), *(f"b{number}=0" for number in range(defaults))]
    parts += ["*more"] if star else ["*"] if keywords + required else []
    parts += [*(f"c{number}=0" for number in range(keywords)), *(f"d{number}" for number in range(required))]
    parts += ["**rest"] if rest else []
    source = f"def app({', '.join(parts)}):\n    return make()\n"
    folder = write(tmp_path_factory.mktemp("app"), {"app.py": source})
    found = kind(folder)
    without, with_two = works(folder / "app.py", count=0), works(folder / "app.py", count=2)
    if found == FACTORY:
        assert without
    elif found == OK:
        assert with_two
    else:
        assert not without
        assert not with_two


def works(path: Path, *, count: int) -> bool:
    """Whether the function can be called with so many arguments."""
    spec = importlib.util.spec_from_file_location("app", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert isinstance(module, ModuleType)
    module.__dict__["make"] = list
    try:
        module.__dict__["app"](*range(count))
    except TypeError:
        return False
    return True
