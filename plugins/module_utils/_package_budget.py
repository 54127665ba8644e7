# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The room that Lambda gives a function together with all its layers, asked for before anything is uploaded.

Lambda itself says it at the end, when CloudFormation has begun, and then goes back.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    # AnsibleAWSModule says that it is missing, before anything here is called.
    HAS_BOTOCORE = False
else:
    HAS_BOTOCORE = True

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._remote_zip import (
    Fetch,
    UnreadableError,
    read_directory,
    remote_file,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import (
    MAX_LAYERS_PER_FUNCTION,
    MAX_UNZIPPED_BYTES,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import PackagedFunction

_MB = 1024 * 1024


class PackageTooLargeError(ServerlessError):
    """A function has more in it than Lambda takes."""


class LayerRoom:
    """How much room layer versions take.

    :param connect: makes a boto3 client of C(lambda); called only when one is needed, since that takes its time.
    :param fetch: asks the address that AWS gives for a version's zip.
    :param warn: is told of a version that can't be read.
    """

    def __init__(self, connect: Callable[[], Any], *, fetch: Fetch, warn: Callable[[str], None]) -> None:
        self._connect = functools.cache(connect)
        self._fetch = fetch
        self._warn = warn
        self.unzipped_bytes = functools.cache(self._unzipped_bytes)

    def _unzipped_bytes(self, arn: str) -> int:
        """Bytes of a version when it is unzipped; 0, and a warning, if it can't be read, as some of other accounts."""
        try:
            location = self._connect().get_layer_version_by_arn(Arn=arn)["Content"].get("Location") or ""
            with remote_file(location, fetch=self._fetch) as file:
                return sum(member.file_size for member in read_directory(file))
        except (BotoCoreError, ClientError, UnreadableError) as error:
            reason = str(error).rstrip(".")
            self._warn(f"The layer {arn} can't be read, so its size is left out of the function's: {reason}.")
            return 0


def require_room(functions: Iterable[PackagedFunction], *, unzipped_bytes: Callable[[str], int]) -> None:
    """Hold every function with its layers against what Lambda takes.

    :param functions: the packaged functions.
    :param unzipped_bytes: tells how much room a layer version takes.
    :raises PackageTooLargeError: names the function, and what takes how much.
    """
    for function in functions:
        if len(function.layers) > MAX_LAYERS_PER_FUNCTION:
            raise PackageTooLargeError(
                f"the function {function.name} has {len(function.layers)} layers, and Lambda takes "
                f"{MAX_LAYERS_PER_FUNCTION}: {', '.join(function.layers)}",
                "Build several of them as one",
            )
        parts = {f"the package {function.archive.name}": _own_bytes(function.archive)}
        # What the template makes of something else has no version to ask for yet.
        parts.update({arn: unzipped_bytes(arn) for arn in function.layers if arn.startswith("arn:")})
        total = sum(parts.values())
        if total >= MAX_UNZIPPED_BYTES:
            shares = ", ".join(f"{name} {size / _MB:.1f} MB" for name, size in parts.items())
            raise PackageTooLargeError(
                f"the function {function.name} takes {total / _MB:.1f} MB unzipped, and Lambda less than "
                f"{MAX_UNZIPPED_BYTES / _MB:.0f} MB: {shares}",
                "Leave out what the function does not need (serverless_deploy_exclude, lambda_layer_slim), or ship it "
                "as a container image",
            )


def _own_bytes(archive: Path) -> int:
    with archive.open("rb") as file:
        return sum(member.file_size for member in read_directory(file))
