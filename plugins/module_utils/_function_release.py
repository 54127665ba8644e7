# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets new code of a service's functions answer a part of the requests, all of them, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stack, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._deployments import Deployment, read_deployment
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._function_alias import (
    Release,
    published_functions,
    weighted_after,
    weighted_aliases,
    with_aliases,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._function_versions import LATEST, Versions
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import (
    packaged_template,
    replace_template,
)


class Releases:
    """The releases of a service.

    :param stacks: CloudFormation.
    :param versions: the functions' versions and aliases.
    :param warn: is told what does not stop a deployment and should be known.
    """

    def __init__(self, *, stacks: Stacks, versions: Versions, warn: Callable[[str], None]) -> None:
        self._stacks = stacks
        self._versions = versions
        self._warn = warn

    def deployment(self, stack: Stack | None) -> Deployment | None:
        """Return the deployment that a stack holds, if it holds one."""
        return read_deployment(self._stacks.template(stack.name)) if stack else None

    def version(self, stack: Stack | None) -> str | None:
        """The version that a stack holds, if it holds one."""
        deployment = self.deployment(stack)
        return deployment.version if deployment else None

    def previous(self, stack: Stack | None) -> str | None:
        """The version that a stack holds, or held before new code was given a part of the requests only."""
        before = weighted_after(stack.outputs) if stack else None
        return self.version(stack) if before is None else before or None

    def unfinished(self, stack: Stack | None) -> Deployment | None:
        """The deployment that gave new code a part of the requests only, if a stack holds such a one."""
        return self.deployment(stack) if stack and weighted_after(stack.outputs) is not None else None

    def give_alias(self, release: Release, *, stack: Stack | None, package: Path) -> None:
        """Have packaged functions asked by an alias, and new versions of them a part of the requests, if wanted."""
        template = packaged_template(package)
        answering = self._answering(template, release, stack=stack) if stack and release.weight else {}
        before = self.previous(stack) if answering else None
        replace_template(
            package,
            with_aliases(
                template, alias=release.alias, weight=release.weight, answering=answering, before=before or ""
            ),
        )

    def settle(self, template: Mapping[str, Any]) -> None:
        """Have the functions of a stack's template answered by what answered before, if their aliases have weights."""
        for function, alias in weighted_aliases(template):
            self._versions.settle(function, alias=alias)

    def prune(self, release: Release | None, *, template: Mapping[str, Any]) -> None:
        """Delete the functions' versions that nothing asks any more, if that is wanted."""
        if release is None or not release.prune:
            return
        try:
            for function in published_functions(template):
                self._versions.prune(function.name)
        except ServerlessError as error:
            # What is deployed is right, and the next run tries again.
            self._warn(str(error))

    def _answering(self, template: Mapping[str, Any], release: Release, *, stack: Stack) -> dict[str, str]:
        """The versions that answer now, of the functions that the template has another version of."""
        there = {resource.logical_id: resource.physical_id for resource in self._stacks.resources(stack.name)}
        found = {}
        for function in published_functions(template):
            now = self._versions.answering(function.name, alias=release.alias)
            # A version that stays in the stack stays what it is. The end of its ARN is its number.
            if now not in (None, LATEST, there.get(function.version_id, "").rpartition(":")[2]):
                found[function.logical_id] = str(now)
        return found
