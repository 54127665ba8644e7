# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How large zips of this machine are unzipped, by what AWS calls them: the SHA-256 of the zip in base64."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_directory import (
    UnreadableError,
    local_directory,
    unzipped_bytes,
)


def unzipped_sizes(paths: Iterable[Path]) -> dict[str, int]:
    """Look at the zips; what is not there, or is no zip, is passed over.

    :returns: bytes of all files in a zip, by the zip's hash.
    """
    found = {}
    for path in paths:
        with contextlib.suppress(OSError, UnreadableError):
            digest = base64.b64encode(bytes.fromhex(file_sha256(path))).decode()
            found[digest] = unzipped_bytes(local_directory(path))
    return found
