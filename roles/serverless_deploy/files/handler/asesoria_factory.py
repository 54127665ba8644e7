# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Call a factory, a function without required parameters that makes the app; an app itself is left alone.

It travels in the function's package, so it runs on every Python that Lambda has and needs nothing besides. Preflight
judges by the same rule, from the source.
"""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any

#: Types of what can be a factory. An object with __call__ is an app, and a proxy is not asked for what it stands for.
_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial, type(functools.lru_cache(lambda: None)))
_REQUIRED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def make_app(found: Any) -> Any:
    """Return the app that a setting names.

    :param found: The app, or a factory.
    :raises TypeError: The factory is asynchronous.
    """
    if not issubclass(type(found), _FUNCTIONS):
        return found
    try:
        parameters = inspect.signature(found).parameters.values()
    except ValueError:
        return found
    if any(each.kind in _REQUIRED and each.default is each.empty for each in parameters):
        return found
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return _call_or_keep(found)
    app = found()
    if inspect.iscoroutine(app):
        app.close()
        raise TypeError(f"{found!r} is asynchronous and can't be called to make the app: make it a plain function")
    return app


def _call_or_keep(found: Any) -> Any:
    """A function of any arguments may be a factory, or hands them on to an app that needs them."""
    try:
        app = found()
    except TypeError:
        return found
    return app if callable(app) else found
