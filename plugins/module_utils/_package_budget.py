# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The room that Lambda gives a function together with all its layers, asked for before anything is uploaded.

Lambda itself says it at the end, when CloudFormation has begun, and then goes back.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_directory import Members
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import (
    MAX_LAYERS_PER_FUNCTION,
    MAX_UNZIPPED_BYTES,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import PackagedFunction
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_directory import local_directory, unzipped_bytes

_MB = 1024 * 1024


class PackageTooLargeError(ServerlessError):
    """A function has more in it than Lambda takes."""


def require_room(functions: Iterable[PackagedFunction], *, members: Members) -> None:
    """Hold every function with its layers against what Lambda takes.

    A layer that can't be read counts nothing.

    :param functions: the packaged functions.
    :param members: tells what is in a layer version.
    :raises PackageTooLargeError: names the function, and what takes how much.
    """
    for function in functions:
        if len(function.layers) > MAX_LAYERS_PER_FUNCTION:
            raise PackageTooLargeError(
                f"the function {function.name} has {len(function.layers)} layers, and Lambda takes "
                f"{MAX_LAYERS_PER_FUNCTION}: {', '.join(function.layers)}",
                "Build several of them as one",
            )
        parts = {f"the package {function.archive.name}": unzipped_bytes(local_directory(function.archive))}
        parts.update({layer: unzipped_bytes(members(layer) or ()) for layer in function.layers})
        total = sum(parts.values())
        if total >= MAX_UNZIPPED_BYTES:
            shares = ", ".join(f"{name} {size / _MB:.1f} MB" for name, size in parts.items())
            raise PackageTooLargeError(
                f"the function {function.name} takes {total / _MB:.1f} MB unzipped, and Lambda less than "
                f"{MAX_UNZIPPED_BYTES / _MB:.0f} MB: {shares}",
                "Leave out what the function does not need (serverless_deploy_exclude, lambda_layer_slim), or ship it "
                "as a container image",
            )
