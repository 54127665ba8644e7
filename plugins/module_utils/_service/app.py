# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check an app's folder against what the handler will do with it, before anything is created."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

from .adapters import package_of
from .app_kinds import WSGI, Judge
from .source_modules import Module, SourceModules, handler_modules, parse
from .syntax import check_syntax

# How serverless_wsgi 3.1.0 reads the setting (import_app), and so the handler of ASGI apps: what follows the last dot
# is the name of the app, what precedes the last slash is a folder, what is between the two is the module to import.
# The colon and the brackets are those of gunicorn and uvicorn.
_SETTING = re.compile(
    r"(?:(?P<folder>[^.:/][^:]*)/)?(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)[.:](?P<name>[A-Za-z_]\w*)(?P<called>\(\))?"
)
_VERSION = re.compile(r"\d+\.\d+")
_EXAMPLE = "Write it as module.name, such as app.app for the variable app in app.py"
_FILE = re.compile(r"(?P<module>[\w./-]+)\.py(?:[:.](?P<name>[A-Za-z_]\w*)(?:\(\))?)?")
_CALL = re.compile(r"(?P<function>[\w./]+[.:]\w+)\(.+\)", re.DOTALL)


class AppError(ServerlessError):
    """The app is not where the setting says, or can't work with its adapter."""


@dataclass(frozen=True)
class AppSetting:
    """Where an app is in its folder.

    :param folder: Folder in which the module is searched first, relative to the app's folder; empty for none.
    :param module: Dotted name of the module.
    :param name: Name of the app in the module.
    :param called: Whether the setting says that the name is a function to be called.
    """

    folder: str
    module: str
    name: str
    called: bool = False

    @property
    def canonical(self) -> str:
        """The setting as the handlers read it, such as ``shop/wsgi.application``."""
        return f"{self.folder}/{self.module}.{self.name}" if self.folder else f"{self.module}.{self.name}"


@dataclass(frozen=True)
class App:
    """An app that was found.

    :param setting: Where it is.
    :param path: File of its module.
    :param factory: Whether the name is a function that makes the app and is called without arguments.
    :param sources: The modules of its folder.
    """

    setting: AppSetting
    path: Path
    factory: bool
    sources: SourceModules


def read_setting(text: str, *, interface: str = WSGI) -> AppSetting:
    """Read the setting that names an app.

    :param text: ``app.app``, ``package.module.app`` or ``folder/app.app``; a colon may stand in place of the last dot,
        and ``()`` behind the name of a factory, as gunicorn and uvicorn take them.
    :param interface: Interface of the app, ``WSGI`` or ``ASGI``.
    :raises AppError: The text is no such setting.
    """
    match = _SETTING.fullmatch(text)
    if match is None or match["name"] == "py":
        raise AppError(f"the {interface} setting {text!r} names no app", _suggestion(text))
    return AppSetting(match["folder"] or "", match["module"], match["name"], called=bool(match["called"]))


def _suggestion(text: str) -> str:
    file = _FILE.fullmatch(text)
    if file is not None:
        module = file["module"].removeprefix("./").replace("/", ".")
        return f"Write it as module.name: {module}.{file['name'] or 'app'}"
    call = _CALL.fullmatch(text)
    if call is not None:
        return (
            f"Arguments can't be given here. Write app = {call['function'].replace(':', '.').rpartition('.')[2]}(...) "
            "in a module, and name that variable as module.app"
        )
    return _EXAMPLE


def find_app(app_dir: Path, setting: str, *, interface: str = WSGI, python: str = "", factories: bool = True) -> App:
    """Find the app that a setting names, and check as far as its source shows that it is one.

    :param app_dir: Folder of the app.
    :param setting: See :func:`read_setting`.
    :param interface: Interface that the app has to have, ``WSGI`` or ``ASGI``.
    :param python: Version of the runtime's Python, such as ``3.11``; empty if it is not known.
    :param factories: Whether the handler calls a factory.
    :raises AppError: The setting can't be read, the folder or the module is not there, or the name is not there or is
        certainly no app of this interface.
    """
    where = read_setting(setting, interface=interface)
    if not app_dir.is_dir():
        raise AppError(f"the app's folder {app_dir} does not exist or is no folder", "Name the folder with the app")
    base = app_dir / where.folder
    version = tuple(int(part) for part in python.split(".")) if _VERSION.fullmatch(python) else ()
    sources = SourceModules([base, app_dir] if where.folder else [app_dir], python=version)
    module = _find_module(sources, where, base=base, setting=setting, interface=interface)
    _require_unhidden(package_of(interface.lower()), app_dir=app_dir)
    _require_absolute_imports(module, where)
    verdict = Judge(sources=sources, interface=interface, python=version).judge(module, where.name)
    if verdict.problem:
        raise AppError(f"the {interface} setting {setting!r} {verdict.problem}", verdict.remedy)
    if verdict.factory and not factories:
        raise AppError(
            f"the {interface} setting {setting!r} names the function {where.name}, but the handler of the app's own "
            "serverless.yml does not call a function to make the app",
            f"Write app = {where.name}() into a module and name that variable, or set asesoria_config_source to "
            "variables",
        )
    return App(setting=where, path=module.path or base, factory=verdict.factory, sources=sources)


def _require_unhidden(package: str, *, app_dir: Path) -> None:
    """Refuse a module of the app's that the handler would import in the place of its adapter.

    A folder of that name may be the adapter itself, which the app has brought along.
    """
    module = app_dir / f"{package}.py"
    if module.is_file():
        raise AppError(
            f"{module} hides the package {package}, which translates between Lambda and the app",
            "Give the module another name",
        )


def _require_absolute_imports(module: Module, where: AppSetting) -> None:
    """Refuse a relative import in a module that is in no package."""
    if module.path is None or module.path.name == "__init__.py" or "." in where.module:
        return
    tree = parse(module.path)
    for node in tree.body if tree else ():
        if isinstance(node, ast.ImportFrom) and node.level:
            name = f"{'.' * node.level}{node.module or ''}"
            raise AppError(
                f"{module.path}, line {node.lineno}: {name} is imported from a package, and {module.path.name} is in "
                "none",
                f"Import {node.module or 'the module'} without the dot, or put the app into a package",
            )


def require_valid_source(app: App, *, python: str) -> None:
    """Refuse an app that imports a module which the runtime's Python certainly does not take.

    :param app: The app.
    :param python: Version of the runtime's Python, such as ``3.11``.
    :raises AppError: There is such a module.
    """
    major, minor = python.split(".")
    reached = app.sources.reach([app.setting.module])
    paths = [each.module.path for each in reached if each.certain and each.module.is_source]
    sources = [path for path in paths if path is not None]
    verdict = check_syntax(sources, python=(int(major), int(minor)), interpreters=[], runner=lambda _argv: None)
    for problem in verdict.problems[:1]:
        raise AppError(
            f"{problem.path}, line {problem.line}, which the app imports, is invalid in Python {python}: "
            f"{problem.reason}",
            "Correct it, or take a runtime whose Python takes it",
        )


def imported_files(root: Path, *, app: App | None, handlers: Iterable[str]) -> dict[str, bool]:
    """List the files of a folder that its app and its functions' handlers import, whatever they are called.

    :param root: Folder of the app.
    :param app: The app; ``None`` if the handlers alone say what runs.
    :param handlers: Handlers of the functions, such as ``src/jobs.clean``.
    :returns: Whether a file is certainly imported, by its path below the folder, with ``/``.
    """
    sources = SourceModules([root])
    reached = sources.reach(handler_modules(handlers))
    if app is not None:
        reached += app.sources.reach([app.setting.module])
    found: dict[str, bool] = {}
    for each in reached:
        path = each.module.path
        if path is not None and path.is_relative_to(root):
            name = path.relative_to(root).as_posix()
            found[name] = found.get(name, False) or each.certain
    return found


def _find_module(sources: SourceModules, where: AppSetting, *, base: Path, setting: str, interface: str) -> Module:
    module = sources.find(where.module) if base.is_dir() else None
    if module is not None and (module.path is not None or sources.find(f"{where.module}.{where.name}")):
        return module
    stem = Path(*where.module.split("."))
    file, package = stem.with_name(stem.name + ".py"), stem / "__init__.py"
    raise AppError(
        f"the {interface} setting {setting!r} names the module {where.module!r}, but {base} has neither {file} nor "
        f"{package}{_present(base)}",
        _EXAMPLE,
    )


def _present(folder: Path) -> str:
    names = sorted(path.name for path in folder.glob("*.py")) if folder.is_dir() else []
    return f" (it has {', '.join(names)})" if names else ""


def check_adapter_imports(files: Iterable[Path]) -> None:
    """Refuse ``from serverless_wsgi import handle``, which tutorials show and which never existed.

    :param files: The app's files; only those that end in ``.py`` are read.
    :raises AppError: A file has such an import.
    """
    for path in files:
        if path.suffix != ".py":
            continue
        content = read_regular(path)
        tree = parse(path) if b"serverless_wsgi" in content else None
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
