# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate before a deployment: what the CLI has packaged is looked at before anything of it reaches AWS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import Request, audit_layer
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import FUNCTION
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import Allowance
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import PackagedFunction
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target


class UnsoundPackageError(ServerlessError):
    """A function would fail."""


@dataclass(frozen=True)
class PackageGate:
    """What is let through.

    :param allow: what is accepted although a rule finds it.
    :param today: decides which runtimes there are.
    """

    allow: tuple[Allowance, ...]
    today: date

    @property
    def settings(self) -> str:
        """What the verdict depends on, beside the packages."""
        return json.dumps([asdict(item) for item in self.allow])

    def require_sound(self, functions: Iterable[PackagedFunction]) -> None:
        """Hold every Python function's package against the runtime and the architecture that it asks for.

        :param functions: the functions.
        :raises UnsoundPackageError: names every finding with file, distribution, rule and remedy.
        :raises RuntimeCatalogueError: Lambda has no such runtime.
        """
        for function in _different(functions):
            runtime = find_runtime(function.runtime, today=self.today, allow_deprecated=True)
            audit = audit_layer(
                function.archive,
                Request(
                    target=Target(runtime=runtime, architecture=function.architecture),
                    kind=FUNCTION,
                    other_layers=len(function.layers),
                    allow=self.allow,
                ),
            )
            if audit.findings:
                raise UnsoundPackageError(
                    f"the function {function.name} is not deployed: {audit.summary(function.archive)}".rstrip(".")
                )


def _different(functions: Iterable[PackagedFunction]) -> Iterator[PackagedFunction]:
    """The Python functions; of those that share a package and what it is for, the first."""
    seen = set()
    for function in functions:
        nameless = replace(function, name="")
        if function.runtime.startswith("python") and nameless not in seen:
            seen.add(nameless)
            yield function
