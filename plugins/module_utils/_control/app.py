# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the app, and a ``serverless.yml`` of its own, before a run creates anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._check import (
    OK,
    PROBLEM,
    UNKNOWN,
    WARNING,
    Check,
    refusal,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import CONFIG_NAMES, read_config
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app import (
    App,
    check_adapter_imports,
    find_app,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app_kinds import WSGI
from ansible_collections.asesoria.serverless.plugins.module_utils._service.own_config import (
    Surroundings,
    adjust,
    check_own_config,
    find_own_app,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.source_modules import (
    Reached,
    SourceModules,
    handler_modules,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.syntax import SyntaxVerdict

#: Checks source files against the runtime's version of Python.
Syntax = Callable[[Sequence[Path]], SyntaxVerdict]

APP = "app"
OWN_CONFIG = "serverless.yml"


def check_app(
    app_dir: Path, *, setting: str, interface: str = WSGI, python: str = "", find_broken: Syntax | None = None
) -> Check:
    """Check whether the app's folder has what the setting names, and whether the runtime's Python takes its source.

    :param app_dir: Folder of the app.
    :param setting: See :func:`find_app`.
    :param interface: Interface of the app, ``WSGI`` or ``ASGI``.
    :param python: Version of the runtime's Python; empty if it is not known.
    :param find_broken: Checks source files against that version; ``None`` to leave that out.
    """
    try:
        app = find_app(app_dir, setting, interface=interface, python=python)
        if interface == WSGI:
            check_adapter_imports(_files(app_dir))
    except ServerlessError as error:
        return refusal(APP, error)
    made = f"{app.path}, where {app.setting.name} is called to make the app" if app.factory else str(app.path)
    return _valid(Check(APP, OK, made), reached=_reached_by(app), python=python, find_broken=find_broken)


def check_own(around: Surroundings, *, python: str = "", find_broken: Syntax | None = None) -> Iterator[Check]:
    """Check a ``serverless.yml`` of the app's own, and the source that its handlers import.

    :param around: What the file has to go with.
    :param python: Version of the runtime's Python; empty if it is not known.
    :param find_broken: Checks source files against that version; ``None`` to leave that out.
    """
    path = next((path for path in map(around.app_dir.joinpath, CONFIG_NAMES[:2]) if path.exists()), None)
    if path is None:
        remedy = "Write one, or set asesoria_config_source to variables"
        yield Check(APP, PROBLEM, "nothing", f"a serverless.yml in {around.app_dir}", remedy)
        return
    try:
        text = read_regular(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        yield Check(APP, PROBLEM, f"{path} can't be read: {reason}", "", "Write a serverless.yml as a text file there")
        return
    yield _valid(
        Check(APP, OK, str(path)), reached=_reached_in(text, path, around), python=python, find_broken=find_broken
    )
    try:
        check_adapter_imports(_files(around.app_dir))
    except ServerlessError as error:
        yield refusal(APP, error)
    for finding in check_own_config(text, origin=str(path), around=around):
        state = PROBLEM if finding.certain else WARNING
        yield Check(OWN_CONFIG, state, finding.problem, "", finding.remedy)
    yield from _notes(text, path, around)


def _files(folder: Path) -> list[Path]:
    """The source files directly in a folder, where a handler of the app's own is."""
    return sorted(path for path in folder.glob("*.py") if path.is_file())


def _notes(text: str, path: Path, around: Surroundings) -> Iterator[Check]:
    try:
        notes = adjust(text, origin=str(path), cli=around.cli, layer=around.layer).notes
    except ServerlessError:
        return  # Told as a finding.
    for note in notes:
        yield Check(OWN_CONFIG, OK, note)


def _reached_by(app: App) -> list[Reached]:
    return app.sources.reach([app.setting.module])


def _reached_in(text: str, path: Path, around: Surroundings) -> list[Reached]:
    """The modules that the handlers and the app of a file import; nothing if the file is wrong, which is told."""
    try:
        config = read_config(text, origin=str(path), stage=around.stage)
        app = find_own_app(text, origin=str(path), around=around)
    except ServerlessError:
        return []
    sources = SourceModules([around.app_dir])
    return [*sources.reach(handler_modules(config.handlers)), *(_reached_by(app) if app is not None else [])]


def _valid(check: Check, *, reached: Sequence[Reached], python: str, find_broken: Syntax | None) -> Check:
    """The same check; another one if the runtime's Python does not take what is imported."""
    if not python or find_broken is None:
        return check
    certain: dict[Path, bool] = {}
    for each in reached:
        if each.module.path is not None and each.module.is_source:
            certain[each.module.path] = certain.get(each.module.path, False) or each.certain
    syntax = find_broken(list(certain))
    problems = sorted(syntax.problems, key=lambda each: not certain[each.path])
    if not problems:
        unknown = [str(path) for path in syntax.unknown if certain[path]]
        return replace(check, state=UNKNOWN, found=_unsure(unknown, python=python)) if unknown else check
    first = problems[0]
    imports = "imports" if certain[first.path] else "may import"
    return replace(
        check,
        state=PROBLEM if certain[first.path] else WARNING,
        found=f"{first.path}, line {first.line}, which the app {imports}, is invalid in Python {python}: "
        f"{first.reason}",
        remedy="Correct it, or set asesoria_runtime to a runtime whose Python takes it",
    )


def _unsure(paths: Sequence[str], *, python: str) -> str:
    return f"not known whether {', '.join(paths)} is valid in Python {python}: there is no python{python} here to ask"
