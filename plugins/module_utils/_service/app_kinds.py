# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell from source alone whether a name of a module is an app, makes one, or is neither.

Only what is certain is refused. An object that a library makes, a function under a decorator, a name from a star import
and all else that only a run would tell is taken for an app.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .source_modules import Module, SourceModules, bound_names, condition_holds, parents_and_self

WSGI = "WSGI"
ASGI = "ASGI"
#: How many arguments a server hands to an app.
_ARGUMENTS = {WSGI: 2, ASGI: 3}
_CALL = {WSGI: "(environ, start_response)", ASGI: "(scope, receive, send)"}
_ARTICLES = {WSGI: "a WSGI", ASGI: "an ASGI"}
# Callables that make an app, by the last part of their name.
_MAKERS = {
    **dict.fromkeys(("Bottle", "Flask", "get_wsgi_application", "make_wsgi_app"), WSGI),
    **dict.fromkeys(("FastAPI", "Litestar", "Quart", "Starlette", "get_asgi_application"), ASGI),
}
_SETTINGS = {
    WSGI: "asesoria_wsgi_app (custom.wsgi.app in a serverless.yml)",
    ASGI: "asesoria_asgi_app (custom.asgi.app in a serverless.yml)",
}
_VALUES = (
    ast.Constant,
    ast.JoinedStr,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.GeneratorExp,
)
#: Callables by which a module can bind a name that its source does not show.
_HIDDEN_BINDERS = frozenset({"globals", "exec", "setattr", "vars", "__import__"})
_LONGEST_VALUE = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Verdict:
    """What a name is.

    :param problem: Why it is no app, as the end of a sentence that begins with the setting; empty if it may be one.
    :param remedy: What to do about that.
    :param factory: Whether it is a function that makes the app and is called without arguments.
    """

    problem: str = ""
    remedy: str = ""
    factory: bool = False


_MAYBE = Verdict()


@dataclass(frozen=True)
class _Binding:
    """One way in which a module's top level binds a name.

    :param node: A function, a class, an expression, an alias of an import; ``None`` if only a run would tell.
    :param certain: Whether it happens whenever the module is imported.
    :param statement: The statement that it is in.
    """

    node: ast.AST | None
    certain: bool
    statement: ast.stmt


@dataclass(frozen=True)
class Judge:
    """Judges names.

    :param sources: The modules of the app's folder.
    :param interface: Interface that the app has to have, ``WSGI`` or ``ASGI``.
    :param python: Version of the runtime's Python.
    """

    sources: SourceModules
    interface: str
    python: tuple[int, ...] = ()

    def judge(self, module: Module, name: str, *, seen: frozenset[tuple[str, str]] = frozenset()) -> Verdict:
        """Judge a name on the top level of a module.

        :param module: The module.
        :param name: The name.
        :param seen: Names that led here.
        """
        tree = self.sources.tree(module) if module.path is not None else ast.Module(body=[], type_ignores=[])
        if tree is None or (module.name, name) in seen:
            return _MAYBE
        seen = seen | {(module.name, name)}
        bindings = _effective(list(_bindings(tree.body, name, certain=True, python=self.python)))
        if not bindings:
            return self._unbound(tree, module=module, name=name)
        if _is_global_elsewhere(tree, name):
            return _MAYBE
        shadow = self._shadow(tree, module=module, name=name, bindings=bindings)
        if shadow is not None:
            return shadow
        verdicts = [self._judge_binding(each, module=module, name=name, seen=seen) for each in bindings]
        possible = [each for each in verdicts if not each.problem]
        return next((each for each in possible if each.factory), possible[0]) if possible else verdicts[-1]

    def _unbound(self, tree: ast.Module, *, module: Module, name: str) -> Verdict:
        if {"*", "__getattr__"} & set(bound_names(tree)) or _is_global_elsewhere(tree, name) or _binds_hidden(tree):
            return _MAYBE
        submodule = self.sources.find(f"{module.name}.{name}")
        if submodule is not None:
            return Verdict(
                f"but that is the module {submodule.path or submodule.folders[0]}, and no app",
                f"Add the name of the app in it, such as {submodule.name}.app",
            )
        if _is_annotated(tree, name):
            return Verdict(
                f"names {name!r}, but {module.path} only annotates that name and never assigns a value to it",
                f"Assign the app to it, such as {name} = Flask(__name__)",
            )
        return Verdict(
            f"names {name!r}, but {module.path} defines no such name on its top level",
            "Write it as module.name, such as app.app for the variable app in app.py",
        )

    def _shadow(self, tree: ast.Module, *, module: Module, name: str, bindings: Sequence[_Binding]) -> Verdict | None:
        """A submodule takes the place of a name of its package when it is imported after the name was bound."""
        submodule = f"{module.name}.{name}"
        found = self.sources.find(submodule) if module.package else None
        last = bindings[-1]
        if found is None or isinstance(last.node, ast.alias):
            return None
        before = True
        for statement in tree.body:
            certain = self._imports(statement, module=module, name=submodule)
            if certain is not None:
                return self._shadowed(statement, module=module, found=found) if certain and not before else None
            if statement is last.statement:
                before = False
        return None

    def _imports(self, statement: ast.stmt, *, module: Module, name: str) -> bool | None:
        """Whether a statement certainly imports a module; ``None`` if it does not import it at all."""
        direct = self.sources.imports_in(ast.Module(body=[statement], type_ignores=[]), module=module)
        found = [each.certain for each in direct if each.name == name]
        loaded = frozenset(parents_and_self(module.name))
        for each in direct:
            reached = self.sources.reach([each.name], loaded=loaded)
            found += [each.certain and one.certain for one in reached if one.module.name == name]
        return any(found) if found else None

    def _shadowed(self, statement: ast.stmt, *, module: Module, found: Module) -> Verdict:
        name = found.name.rpartition(".")[2]
        return Verdict(
            f"names {name!r} in {module.path}, but line {statement.lineno} there imports the module {found.name}, "
            "which takes the place of that name",
            f"Give the variable or the module {name} another name",
        )

    def _judge_binding(
        self, binding: _Binding, *, module: Module, name: str, seen: frozenset[tuple[str, str]]
    ) -> Verdict:
        node = binding.node
        if isinstance(node, ast.alias):
            return self._judge_import(node, binding.statement, module=module, seen=seen)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self._judge_function(node, where=f"{module.path}, line {node.lineno}", name=name)
        if isinstance(node, ast.ClassDef):
            return self._judge_class(node, where=f"{module.path}, line {node.lineno}")
        return self._judge_value(node, module=module, name=name, seen=seen)

    def _judge_import(
        self, alias: ast.alias, statement: ast.stmt, *, module: Module, seen: frozenset[tuple[str, str]]
    ) -> Verdict:
        where = f"{module.path}, line {statement.lineno}"
        if isinstance(statement, ast.Import):
            return Verdict(
                f"names a module, which {where} imports, and no app",
                f"Add the name of the app in it, such as {alias.name}.app",
            )
        if not isinstance(statement, ast.ImportFrom):
            return _MAYBE
        source = self.sources.absolute(statement, module=module)
        found = self.sources.find(source) if source else None
        if found is not None:
            return self.judge(found, alias.name, seen=seen)
        parent = self.sources.find(source.rpartition(".")[0]) if "." in source else None
        if parent is not None and parent.is_source:
            return Verdict(
                f"names what {where} imports from {source}, but {parent.folders[0] if parent.folders else parent.path} "
                f"has no module {source.rpartition('.')[2]}",
                "Correct the import",
            )
        # A library's module may bring anything.
        return _MAYBE

    def _judge_value(
        self, node: ast.AST | None, *, module: Module, name: str, seen: frozenset[tuple[str, str]]
    ) -> Verdict:
        where = f"{module.path}, line {getattr(node, 'lineno', 0)}"
        if isinstance(node, _VALUES):
            text = ast.unparse(node)
            shown = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
            return Verdict(
                f"names {name!r}, which is {shown} in {where}, and no app",
                f"Assign the app to it, such as {name} = Flask(__name__)",
            )
        if isinstance(node, ast.Lambda):
            return self._judge_function(node, where=where, name=name)
        if isinstance(node, ast.Name):
            return self.judge(module, node.id, seen=seen)
        if isinstance(node, ast.Call):
            return self._judge_call(node, module=module, name=name, where=where)
        return _MAYBE

    def _judge_call(self, call: ast.Call, *, module: Module, name: str, where: str) -> Verdict:
        maker = _last_part(call.func)
        if _MAKERS.get(maker, self.interface) != self.interface:
            return self._other(_MAKERS[maker], f"names what {maker} makes in {module.path}")
        tree = self.sources.tree(module)
        made = _only_definition(tree, call.func) if tree is not None else None
        if isinstance(made, ast.ClassDef):
            return self._judge_instance(made, name=name, where=where)
        if isinstance(made, ast.AsyncFunctionDef) and not made.decorator_list and not _is_generator(made):
            return Verdict(
                f"names {name!r}, which is a coroutine in {where}: the function {made.name} is asynchronous",
                f"Make {made.name} a plain function (def)",
            )
        if isinstance(made, ast.FunctionDef) and not made.decorator_list:
            return self._judge_made(made, where=where)
        return _MAYBE

    def _judge_made(self, function: ast.FunctionDef, *, where: str) -> Verdict:
        """Judge what calling a function of the app's makes."""
        if _returns_nothing(function):
            return Verdict(
                f"names what {function.name} makes in {where}, but that function returns nothing",
                f"End {function.name} with a return of the app",
            )
        if _returns_values(function):
            return Verdict(
                f"names what {function.name} makes in {where}, but what that function returns is no app",
                "Name the app itself, or a function that returns it",
            )
        kinds = {_MAKERS[maker] for maker in _returned_makers(function) if maker in _MAKERS}
        if kinds and self.interface not in kinds:
            return self._other(kinds.pop(), f"names what {function.name} makes in {where}")
        return _MAYBE

    def _judge_instance(self, made: ast.ClassDef, *, name: str, where: str) -> Verdict:
        if made.bases or made.keywords or made.decorator_list:
            return _MAYBE
        methods = {each.name: each for each in made.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))}
        call = methods.get("__call__")
        if call is not None:
            other = self._speaks_other(call, skip=1)
            return self._other(other, f"names an object of the class {made.name} in {where}") if other else _MAYBE
        if {"__new__", "__call__"} & set(bound_names(made)):
            return _MAYBE
        return Verdict(
            f"names {name!r}, which is an object of the class {made.name} in {where} that can't be called",
            f"Name an app, or give the class a method __call__{_CALL[self.interface]}",
        )

    def _judge_class(self, node: ast.ClassDef, *, where: str) -> Verdict:
        bases = [_last_part(base) for base in node.bases]
        if node.decorator_list or node.keywords or any(base not in {"object", *_MAKERS} for base in bases):
            return _MAYBE
        methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
        start = methods.get("__init__")
        # An object for each request is an app as well, as PEP 3333 shows it.
        if not set(bases) & set(_MAKERS) and ("__new__" in methods or (start and self._takes(start, skip=1))):
            return _MAYBE
        return Verdict(
            f"names the class {node.name} in {where}, and no app",
            f"Make an object of it in the module, such as app = {node.name}(), and name that",
        )

    def _judge_function(self, node: Function, *, where: str, name: str) -> Verdict:
        if not isinstance(node, ast.Lambda) and node.decorator_list:
            return _MAYBE
        required = _required_names(node.args)
        if not required and node.args.vararg is None:
            return self._judge_factory(node, where=where, name=name)
        other = self._speaks_other(node)
        if other:
            return self._other(other, f"names the function {name} in {where}")
        makes = not isinstance(node, ast.Lambda) and bool(set(_called(node)) & set(_MAKERS))
        if self._takes(node) and not (makes and required):
            return _MAYBE
        arguments = ", ".join(required) or "..."
        return Verdict(
            f"names the function {name}({arguments}) in {where}, which is neither an app nor a factory that can be "
            "called without arguments",
            f"Give its parameters default values, or call it in a module, such as app = {name}(...), and name that "
            "variable",
        )

    def _judge_factory(self, node: Function, *, where: str, name: str) -> Verdict:
        if isinstance(node, ast.AsyncFunctionDef):
            return Verdict(
                f"names the asynchronous function {name} in {where}, which can't be called to make the app",
                "Make it a plain function (def), and start what has to be awaited in the app's lifespan",
            )
        if isinstance(node, ast.FunctionDef):
            made = self._judge_made(node, where=where)
            if made.problem:
                return made
        return Verdict(factory=True)

    def _takes(self, node: Function, *, skip: int = 0) -> bool:
        """Whether a function can be called as a server calls an app.

        :param node: The function.
        :param skip: How many leading parameters are bound, such as ``self``.
        """
        required, most = _arity(node.args)
        return required - skip <= _ARGUMENTS[self.interface] <= most - skip and not _required_keywords(node.args)

    def _speaks_other(self, node: Function, *, skip: int = 0) -> str:
        """The other interface, if a function plainly has that one; empty if not."""
        required = _arity(node.args)[0] - skip
        other = ASGI if self.interface == WSGI else WSGI
        is_other = required == _ARGUMENTS[other] and isinstance(node, ast.AsyncFunctionDef) == (other == ASGI)
        return other if is_other and not self._takes(node, skip=skip) else ""

    def _other(self, interface: str, what: str) -> Verdict:
        return Verdict(f"{what}, {_ARTICLES[interface]} app", f"Name it in {_SETTINGS[interface]} instead")


def _bindings(nodes: Sequence[ast.stmt], name: str, *, certain: bool, python: tuple[int, ...]) -> Iterator[_Binding]:
    """The ways in which statements bind a name, in their order."""
    for node in nodes:
        yield from _own_bindings(node, name, certain=certain)
        for block, runs in _blocks(node, python=python):
            yield from _bindings(block, name, certain=certain and runs, python=python)


def _blocks(node: ast.stmt, *, python: tuple[int, ...]) -> Iterator[tuple[list[ast.stmt], bool]]:
    """The blocks of a statement that run on the same level, and whether they certainly do."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    if isinstance(node, ast.If):
        holds = condition_holds(node.test, python=python)
        if holds is not False:
            yield node.body, holds is True
        if holds is not True:
            yield node.orelse, holds is False
        return
    runs = isinstance(node, (ast.With, ast.AsyncWith))
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        for item in [getattr(node, field, [])]:
            inner = [each for each in item if isinstance(each, ast.stmt)]
            yield inner, runs or field == "finalbody"
            for each in item:
                if not isinstance(each, ast.stmt):
                    yield each.body, False


def _own_bindings(node: ast.stmt, name: str, *, certain: bool) -> Iterator[_Binding]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        if node.name == name:
            yield _Binding(node, certain, node)
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            bound = alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name)
            if bound == name:
                yield _Binding(alias, certain, node)
    elif isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
        yield _Binding(node.value, certain, node)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
        if node.value is not None:
            yield _Binding(node.value, certain, node)
    elif name in _stored(node):
        yield _Binding(None, certain, node)


def _stored(node: ast.stmt) -> set[str]:
    """The names that a statement's own expressions and targets bind or delete, its blocks left out."""
    found: set[str] = set()
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            found.add(each.id)
        elif isinstance(each, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and each.name:
            found.add(each.name)
        elif isinstance(each, (ast.stmt, ast.Lambda)):
            continue
        waiting += ast.iter_child_nodes(each)
    return found


def _effective(bindings: list[_Binding]) -> list[_Binding]:
    """The bindings that can be the last one: the last certain one, and those after it."""
    certain = [index for index, each in enumerate(bindings) if each.certain]
    return bindings[certain[-1] :] if certain else bindings


def _is_global_elsewhere(tree: ast.Module, name: str) -> bool:
    return any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(tree))


def _binds_hidden(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _HIDDEN_BINDERS
        for node in ast.walk(tree)
    )


def _is_annotated(tree: ast.Module, name: str) -> bool:
    return any(
        isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name
        for node in ast.walk(tree)
    )


def _arity(arguments: ast.arguments) -> tuple[int, float]:
    """How many positional arguments a function needs, and takes at most."""
    every = len(arguments.posonlyargs) + len(arguments.args)
    return every - len(arguments.defaults), float("inf") if arguments.vararg else every


def _required_keywords(arguments: ast.arguments) -> list[str]:
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [argument.arg for argument, default in pairs if default is None]


def _required_names(arguments: ast.arguments) -> list[str]:
    every = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    return [*every[: _arity(arguments)[0]], *_required_keywords(arguments)]


def _last_part(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def _called(node: ast.AST) -> Iterator[str]:
    """The last parts of the names of all that is called in a function."""
    return (_last_part(each.func) for each in ast.walk(node) if isinstance(each, ast.Call))


def _only_definition(tree: ast.Module, called: ast.expr) -> ast.AST | None:
    """The function or class of the module that is called; ``None`` if it may be something else."""
    if not isinstance(called, ast.Name):
        return None
    bindings = list(_bindings(tree.body, called.id, certain=True, python=()))
    return bindings[0].node if len(bindings) == 1 and not _is_global_elsewhere(tree, called.id) else None


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function, those of functions and classes in it left out."""
    waiting: list[ast.AST] = list(function.body) if not isinstance(function, ast.Lambda) else [function.body]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def _is_generator(function: Function) -> bool:
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(function))


def _returns_nothing(function: ast.FunctionDef) -> bool:
    values = [node.value for node in _own_nodes(function) if isinstance(node, ast.Return)]
    gives = any(value is not None and not _is_none(value) for value in values)
    raises = any(isinstance(node, ast.Raise) for node in function.body)
    return not gives and not raises and not _is_generator(function)


def _returns_values(function: ast.FunctionDef) -> bool:
    """Whether all that a function returns is plain text, numbers and the like."""
    values = [node.value for node in _own_nodes(function) if isinstance(node, ast.Return)]
    return bool(values) and all(isinstance(value, _VALUES) for value in values)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _returned_makers(function: ast.FunctionDef) -> Iterator[str]:
    """The last part of the name of what makes each returned object; nothing where that is not seen."""
    nodes = list(_own_nodes(function))
    bound = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    assigned = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        value = node.value if isinstance(node, ast.Return) else None
        if isinstance(value, ast.Name):
            # A name that is bound again may hold another app around the first one.
            value = assigned.get(value.id) if bound[value.id] == 1 else None
        if isinstance(value, ast.Call):
            yield _last_part(value.func)
