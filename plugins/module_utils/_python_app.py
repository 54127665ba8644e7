# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds an app's folder against what the handler will do with it, before anything is created."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

WSGI = "WSGI"
ASGI = "ASGI"
# How serverless_wsgi 3.1.0 reads the setting (import_app), and so the handler of ASGI apps: what follows the last dot
# is the name of the app, what precedes the last slash is a folder, what is between the two is the module to import.
_SETTING = re.compile(r"(?:(?P<folder>[^.][^:]*)/)?(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\.(?P<name>[A-Za-z_]\w*)")
# Who makes an app of which kind, by the last part of its name.
_MAKERS = {
    **dict.fromkeys(("Bottle", "Flask", "get_wsgi_application", "make_wsgi_app"), WSGI),
    **dict.fromkeys(("FastAPI", "Litestar", "Quart", "Starlette", "get_asgi_application"), ASGI),
}
_SETTINGS = {
    WSGI: "serverless_deploy_wsgi_app (custom.wsgi.app in a serverless.yml)",
    ASGI: "serverless_deploy_asgi_app (custom.asgi.app in a serverless.yml)",
}
_ARTICLES = {WSGI: "a WSGI", ASGI: "an ASGI"}
_EXAMPLE = "Write it as module.name, such as app.app for the variable app in app.py"


class AppError(ServerlessError):
    """The app is not where the setting says, or can't work with its adapter."""


def find_app_module(app_dir: Path, setting: str, *, interface: str = WSGI) -> Path:
    """Find the file of the module that a setting names.

    :param app_dir: the app's folder.
    :param setting: as in C(custom.wsgi.app) of a C(serverless.yml): C(app.app), C(package.module.app),
        C(folder/app.app).
    :param interface: what the app has to speak, C(WSGI) or C(ASGI).
    :returns: the module's file.
    :raises AppError: the setting can't be read, the folder or the module is not there, the module has no such name, or
        the name is plainly that of an app of the other kind.
    """
    match = _SETTING.fullmatch(setting)
    if match is None:
        raise AppError(f"the {interface} setting {setting!r} names no app", _EXAMPLE)
    if not app_dir.is_dir():
        raise AppError(f"the app's folder {app_dir} does not exist or is no folder", "Name the folder with the app")
    base = app_dir / (match["folder"] or "")
    stem = base.joinpath(*match["module"].split("."))
    candidates = (stem.with_name(stem.name + ".py"), stem / "__init__.py")
    module = next((path for path in candidates if path.is_file()), None)
    if module is None:
        raise AppError(
            f"the {interface} setting {setting!r} names the module {match['module']!r}, but {base} has neither "
            f"{candidates[0].relative_to(base)} nor {candidates[1].relative_to(base)}{_present(base)}",
            _EXAMPLE,
        )
    _require_app(module, setting=setting, name=match["name"], interface=interface)
    return module


def _present(folder: Path) -> str:
    names = sorted(path.name for path in folder.glob("*.py")) if folder.is_dir() else []
    return f" (it has {', '.join(names)})" if names else ""


def _require_app(module: Path, *, setting: str, name: str, interface: str) -> None:
    tree = _parse(module)
    if tree is None:
        return
    names = set(_bound_names(tree))
    if name not in names and not names & {"*", "__getattr__"}:
        raise AppError(
            f"the {interface} setting {setting!r} names {name!r}, but {module} defines no such name on its top level",
            _EXAMPLE,
        )
    maker = _maker(tree, name)
    if _MAKERS.get(maker, interface) != interface:
        other = _MAKERS[maker]
        raise AppError(
            f"the {interface} setting {setting!r} names what {maker} makes in {module}, {_ARTICLES[other]} app",
            f"Name it in {_SETTINGS[other]} instead",
        )


def _maker(tree: ast.Module, name: str) -> str:
    """Who is called, on the top level, to make what a name is bound to at last; empty if that is not seen."""
    maker = ""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            called = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
            maker = called.rpartition(".")[2]
    return maker


def _parse(path: Path) -> ast.Module | None:
    """Parse a file; C(None) if this Python can't, since the runtime's Python may be newer."""
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except (OSError, SyntaxError, ValueError):
        return None


def _bound_names(node: ast.AST) -> Iterator[str]:
    """All names that a module's top level may bind, those in branches included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield child.name
            continue
        if isinstance(child, ast.alias):
            yield child.asname or child.name.partition(".")[0]
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        yield from _bound_names(child)


def check_adapter_imports(files: Iterable[Path]) -> None:
    """Refuse C(from serverless_wsgi import handle), which tutorials show and which never existed.

    :param files: the app's files; only those that end in C(.py) are read.
    :raises AppError: a file has such an import.
    """
    for path in files:
        if path.suffix != ".py":
            continue
        content = path.read_bytes()
        tree = _parse(path) if b"serverless_wsgi" in content else None
        line = _wrong_import(tree) if tree else None
        if line is not None:
            raise AppError(
                f"{path}, line {line}: serverless_wsgi has no name 'handle'; it is handle_request(app, event, context)",
                "Correct the import and the call, or remove the file if it only wraps the app: the plugin "
                "serverless-wsgi brings its own wsgi_handler.py",
            )


def _wrong_import(tree: ast.Module) -> int | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "serverless_wsgi":
            if any(alias.name == "handle" for alias in node.names):
                return node.lineno
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "serverless_wsgi.handle":
            return node.lineno
    return None
