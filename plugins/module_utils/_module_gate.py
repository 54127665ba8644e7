# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate before a deployment that sees to it that what a handler imports is in the package or in a layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_directory import Members
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import PackagedFunction
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_directory import local_directory

# Where Lambda looks in a layer.
_LAYER_FOLDER = r"python/(?:lib/python3\.\d+/site-packages/)?"


class MissingModuleError(ServerlessError):
    """A function would not find what its handler imports."""


def require_modules(functions: Iterable[PackagedFunction], *, modules: Sequence[str], members: Members) -> None:
    """Look for every module in the package of each Python function, and in its layers.

    A layer that can't be looked into may hold anything.

    :param functions: the functions.
    :param modules: top-level modules.
    :param members: tells what is in a layer version.
    :raises MissingModuleError: names the function, where it was looked, and the module.
    """
    for function in functions:
        if not function.runtime.startswith("python"):
            continue
        names = [member.filename for member in local_directory(function.archive)]
        wanted = [module for module in modules if not _holds(names, module, folder="")]
        missing = _missing_in_layers(wanted, function.layers, members=members) if wanted else []
        if missing:
            looked = f"its package nor in {', '.join(function.layers)}" if function.layers else "its package"
            raise MissingModuleError(
                f"the function {function.name} is not deployed, since its handler imports {missing[0]}, which is "
                f"{'neither' if function.layers else 'not'} in {looked}",
                "Put what brings it into the requirements, and publish the layer or package the function again; "
                "the role's README says what that is",
            )


def _missing_in_layers(wanted: Sequence[str], layers: Sequence[str], *, members: Members) -> list[str]:
    names: list[str] = []
    for layer in layers:
        found = members(layer)
        if found is None:
            return []
        names += [member.filename for member in found]
    return [module for module in wanted if not _holds(names, module, folder=_LAYER_FOLDER)]


def _holds(names: Iterable[str], module: str, *, folder: str) -> bool:
    """Whether a zip's names have a module.

    >>> _holds(["python/mangum/__init__.py"], "mangum", folder=_LAYER_FOLDER)
    True
    """
    pattern = re.compile(rf"{folder}{re.escape(module)}(?:/__init__)?\.(?:pyc?|[\w.-]*so)")
    return any(pattern.fullmatch(name) for name in names)
