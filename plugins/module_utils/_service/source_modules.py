# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the modules in an app's folder and follow their imports, without running any of them."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular

_COMPILED = re.compile(r"(?:\.[\w-]+)*\.(?:so|pyc)")
#: Functions that import the module of a name.
_IMPORTERS = ("import_module", "__import__", "include")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_COMPARISONS: dict[type[ast.cmpop], Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
}


@dataclass(frozen=True)
class Module:
    """A module in an app's folder.

    :param name: Dotted name by which it is imported.
    :param path: Its file; ``None`` for a folder without ``__init__.py``.
    :param folders: Folders in which its submodules are; empty if it is no package.
    """

    name: str
    path: Path | None
    folders: tuple[Path, ...] = ()

    @property
    def package(self) -> bool:
        """Whether it can have submodules."""
        return bool(self.folders)

    @property
    def is_source(self) -> bool:
        """Whether the module has a Python source file."""
        return self.path is not None and self.path.suffix == ".py"


@dataclass(frozen=True)
class Import:
    """A module that another one imports.

    :param name: Dotted name of the imported module.
    :param line: Line of the import.
    :param certain: Whether the import runs whenever the importing module is imported.
    """

    name: str
    line: int
    certain: bool


@dataclass(frozen=True)
class Reached:
    """A module that an app imports, directly or through others.

    :param module: The module.
    :param certain: Whether it is imported whenever the app starts; otherwise only in some case, or later.
    """

    module: Module
    certain: bool


class SourceModules:
    """The modules that Python finds in an app's folder.

    :param roots: Folders that Python searches, first one first.
    :param python: Version of the Python that runs the app, such as ``(3, 11)``; decides conditions on the version.
    """

    def __init__(self, roots: Sequence[Path], *, python: tuple[int, ...] = ()) -> None:
        self._roots = tuple(roots)
        self._python = python
        self._trees: dict[Path, ast.Module | None] = {}
        self._found: dict[str, Module | None] = {}

    def find(self, name: str) -> Module | None:
        """Find a module the way Python does: a package goes before a file, a file before a plain folder.

        :param name: Dotted name of the module.
        """
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> Module | None:
        """Find a module by its parent."""
        parent_name, _dot, part = name.rpartition(".")
        if not parent_name:
            return _find_in(self._roots, part, name=name)
        parent = self.find(parent_name)
        return None if parent is None else _find_in(parent.folders, part, name=name)

    def tree(self, module: Module) -> ast.Module | None:
        """Parse a module; ``None`` if it has no source or this Python can't parse it.

        :param module: The module.
        """
        if module.path is None or not module.is_source:
            return None
        if module.path not in self._trees:
            self._trees[module.path] = parse(module.path)
        return self._trees[module.path]

    def imports(self, module: Module) -> list[Import]:
        """List the modules of the folder that a module imports, parents of packages included.

        :param module: The importing module.
        """
        tree = self.tree(module)
        return self.imports_in(tree, module=module) if tree is not None else []

    def imports_in(self, tree: ast.Module, *, module: Module) -> list[Import]:
        """List the modules of the folder that statements import, parents of packages included.

        :param tree: The statements.
        :param module: The module that they are in.
        """
        return [
            each
            for node, certain in statements(tree, python=self._python)
            for each in self._imports_of(node, module=module, certain=certain)
        ]

    def reach(self, starts: Iterable[str], *, loaded: frozenset[str] = frozenset()) -> list[Reached]:
        """List the modules that are imported when some are, these and their parents included.

        :param starts: Dotted names of the modules that are imported first.
        :param loaded: Names of modules that have been imported before.
        """
        reached: dict[str, Reached] = {}
        waiting = [Import(name=each, line=0, certain=True) for name in starts for each in parents_and_self(name)]
        while waiting:
            current = waiting.pop()
            known = reached.get(current.name)
            if known is not None and (known.certain or not current.certain):
                continue
            module = self.find(current.name) if current.name not in loaded else None
            if module is None:
                continue
            reached[current.name] = Reached(module=module, certain=current.certain)
            waiting += [
                Import(name=each.name, line=each.line, certain=each.certain and current.certain)
                for each in self.imports(module)
            ]
        return sorted(reached.values(), key=lambda each: each.module.name)

    def absolute(self, node: ast.ImportFrom, *, module: Module) -> str:
        """Return the dotted name of the module that a ``from`` import names; empty above the top.

        :param node: The import.
        :param module: The module that it stands in.
        """
        if not node.level:
            return node.module or ""
        package = module.name.split(".") if module.package else module.name.split(".")[:-1]
        kept = len(package) - (node.level - 1)
        if kept < 1:
            return ""
        return ".".join([*package[:kept], *([node.module] if node.module else [])])

    def _imports_of(self, node: ast.AST, *, module: Module, certain: bool) -> Iterator[Import]:
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from self._in_folder(alias.name, line=line, certain=certain)
        elif isinstance(node, ast.ImportFrom):
            source = self.absolute(node, module=module)
            yield from self._in_folder(source, line=line, certain=certain)
            for alias in node.names:
                bound = self._may_bind(source, alias.name)
                yield from self._in_folder(f"{source}.{alias.name}", line=line, certain=certain and not bound)
        else:
            for text in _mentioned(node):
                yield from self._in_folder(text, line=line, certain=False)

    def _in_folder(self, name: str, *, line: int, certain: bool) -> Iterator[Import]:
        """The parts of a dotted name that are modules of the folder; what follows them may be an attribute."""
        for each in parents_and_self(name):
            if self.find(each) is None:
                return
            yield Import(name=each, line=line, certain=certain)

    def _may_bind(self, source: str, name: str) -> bool:
        """Whether a package itself may have a name, so that no submodule of the name is imported."""
        found = self.find(source) if source else None
        if found is None or found.path is None:
            return False
        tree = self.tree(found)
        if tree is None:
            return True
        names = Counter(bound_names(tree))
        for node in ast.walk(tree):
            # As the package's own "from . import orders" does, which imports the submodule.
            if isinstance(node, ast.ImportFrom) and self.absolute(node, module=found) == source:
                names.subtract(alias.asname or alias.name for alias in node.names)
        return any(names[each] > 0 for each in (name, "*", "__getattr__"))


def handler_modules(handlers: Iterable[str]) -> list[str]:
    """Return the modules that functions' handlers name.

    >>> handler_modules(["src/jobs.clean", "app.handler"])
    ['src.jobs', 'app']
    """
    return [handler.rpartition(".")[0].replace("/", ".") for handler in handlers]


def parents_and_self(name: str) -> list[str]:
    """Return a dotted name's parents, outermost first, and the name.

    >>> parents_and_self("shop.api.orders")
    ['shop', 'shop.api', 'shop.api.orders']
    """
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)] if name else []


def parse(path: Path) -> ast.Module | None:
    """Parse a file; ``None`` if it can't be read or this Python can't parse it.

    :param path: The file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(read_regular(path), filename=str(path))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def bound_names(node: ast.AST) -> Iterator[str]:
    """List all names that a module's top level may bind, those in branches included.

    :param node: The module's tree.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield child.name
            continue
        if isinstance(child, ast.alias):
            yield child.asname or child.name.partition(".")[0]
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        yield from bound_names(child)


def statements(tree: ast.Module, *, python: tuple[int, ...] = ()) -> Iterator[tuple[ast.AST, bool]]:
    """Walk through all nodes of a module and say of each whether it runs whenever the module is imported.

    What never runs in Lambda is left out: ``if TYPE_CHECKING:``, ``if __name__ == "__main__":``, and conditions on the
    version of Python that do not hold.

    :param tree: The module's tree.
    :param python: Version of the Python that runs the module.
    """
    yield from _walk(tree.body, certain=True, python=python)


def _walk(nodes: Iterable[ast.AST], *, certain: bool, python: tuple[int, ...]) -> Iterator[tuple[ast.AST, bool]]:
    for node in nodes:
        yield node, certain
        if isinstance(node, ast.If):
            holds = condition_holds(node.test, python=python)
            if holds is not False:
                yield from _walk(node.body, certain=certain and holds is True, python=python)
            if holds is not True:
                yield from _walk(node.orelse, certain=certain and holds is False, python=python)
        else:
            plain = isinstance(node, _CERTAIN)
            yield from _walk(ast.iter_child_nodes(node), certain=certain and plain, python=python)


#: What runs all that is in it.
_CERTAIN = (ast.ClassDef, ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign)


def condition_holds(test: ast.expr, *, python: tuple[int, ...]) -> bool | None:
    """Say whether a condition holds in Lambda; ``None`` if only a run would tell.

    :param test: The condition.
    :param python: Version of the Python there.
    """
    text = ast.unparse(test)
    if text in ("TYPE_CHECKING", "typing.TYPE_CHECKING", "__name__ == '__main__'", "False", "0"):
        return False
    if text in ("True", "1"):
        return True
    return _version_holds(test, python=python)


def _version_holds(test: ast.expr, *, python: tuple[int, ...]) -> bool | None:
    """Compare the version of Python as ``sys.version_info >= (3, 12)`` does; the third number is AWS's business."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    found = {"sys.version_info": (*python, 0), "sys.version_info[:2]": python}.get(ast.unparse(test.left), ())
    wanted = _numbers(test.comparators[0])
    compare = _COMPARISONS.get(type(test.ops[0]))
    if compare is None or not found or not 1 <= len(wanted) <= len(python):
        return None
    return compare(found, wanted)


def _numbers(node: ast.expr) -> tuple[int, ...]:
    """The numbers of a tuple that has nothing else."""
    items = node.elts if isinstance(node, ast.Tuple) else []
    values = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, int)]
    return tuple(values) if len(values) == len(items) else ()


def _mentioned(node: ast.AST) -> Iterator[str]:
    """The names of modules that a node may import by text, as importlib does, or Django by its settings."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DOTTED.fullmatch(node.value):
        yield node.value
    elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _IMPORTERS:
        yield from _texts(node.args[:1])
    elif isinstance(node, ast.Assign) and any(ast.unparse(target) == "INSTALLED_APPS" for target in node.targets):
        yield from _texts(ast.walk(node.value))


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _find_in(folders: Sequence[Path], part: str, *, name: str) -> Module | None:
    """Find one part of a dotted name in folders."""
    plain = []
    for folder in folders:
        inner = folder / part
        start = _file_of(inner / "__init__") if inner.is_dir() else None
        if start is not None:
            return Module(name=name, path=start, folders=(inner,))
        file = _file_of(inner)
        if file is not None:
            return Module(name=name, path=file)
        if inner.is_dir():
            plain.append(inner)
    return Module(name=name, path=None, folders=tuple(plain)) if plain else None


def _file_of(stem: Path) -> Path | None:
    """The file of a module without its ending; compiled ones go before the source only if they are extensions."""
    source = stem.with_name(stem.name + ".py")
    try:
        beside = [path for path in stem.parent.iterdir() if path.name.startswith(stem.name + ".")]
    except OSError:
        return None
    compiled = [path for path in beside if _COMPILED.fullmatch(path.name[len(stem.name) :])]
    extensions = sorted(path for path in compiled if path.suffix == ".so" and path.is_file())
    if extensions:
        return extensions[0]
    if source.is_file():
        return source
    return next((path for path in compiled if path.name == stem.name + ".pyc" and path.is_file()), None)
