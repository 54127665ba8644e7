# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in the layer versions that a function has, read once for all that want to know it."""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Callable
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    # AnsibleAWSModule says that it is missing, before anything here is called.
    HAS_BOTOCORE = False
else:
    HAS_BOTOCORE = True

from ansible_collections.asesoria.serverless.plugins.module_utils._zip_directory import (
    Fetch,
    UnreadableError,
    read_directory,
    remote_file,
)

#: Tells what is in a layer version, by its ARN; C(None) if it can't be read.
Members = Callable[[str], "tuple[zipfile.ZipInfo, ...] | None"]


class LayerDirectories:
    """The directories of layer versions' zips.

    :param connect: makes a boto3 client of C(lambda); called only when one is needed, since that takes its time.
    :param fetch: asks the address that AWS gives for a version's zip.
    :param warn: is told of a version that can't be read, as some of other accounts.
    """

    def __init__(self, connect: Callable[[], Any], *, fetch: Fetch, warn: Callable[[str], None]) -> None:
        self._connect = functools.cache(connect)
        self._fetch = fetch
        self._warn = warn
        self.members: Members = functools.cache(self._members)

    def _members(self, arn: str) -> tuple[zipfile.ZipInfo, ...] | None:
        # What the template makes of something else has no version to ask for yet.
        if not arn.startswith("arn:"):
            return None
        layer, _colon, version = arn.rpartition(":")
        try:
            found = self._connect().get_layer_version(LayerName=layer, VersionNumber=int(version))
            with remote_file(found["Content"].get("Location") or "", fetch=self._fetch) as file:
                return tuple(read_directory(file))
        except (BotoCoreError, ClientError, UnreadableError, ValueError) as error:
            reason = str(error).rstrip(".")
            self._warn(f"The layer {arn} can't be read, so nobody can say if the function with it is whole: {reason}.")
            return None
