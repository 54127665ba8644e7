# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remembers what the files of a tree are compressed to, from when they were laid there until they are zipped.

Most of them come out of a wheel, which has them compressed. What is remembered holds for a file only as long as the
system says of it what it said then: a file that was written again has another date, or another size.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import Deflated


@dataclass(frozen=True)
class Compressed:
    """A file's content.

    :param deflated: compressed.
    :param sha256: of what that was before, in hexadecimal.
    """

    deflated: Deflated
    sha256: str


@dataclass(frozen=True)
class _Kept:
    seen: tuple[int, int, int]
    sha256: str
    deflated: Callable[[], Deflated | None] = field(repr=False)


class Streams:
    """Compressed contents by the names of their files in a tree. Threads may fill it side by side."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def keep(self, name: str, *, status: os.stat_result, sha256: str, deflated: Callable[[], Deflated | None]) -> None:
        """Remember a file.

        :param name: in the tree, with C(/).
        :param status: of the file, once its content was written.
        :param sha256: of its content, in hexadecimal.
        :param deflated: gives the content compressed, or C(None) if that is no longer to be had.
        """
        self._kept[name] = _Kept(_seen(status), sha256, deflated)

    def knows(self, name: str, *, status: os.stat_result) -> bool:
        """Whether it is known what a file is compressed to.

        :param name: in the tree, with C(/).
        :param status: of the file as it is now.
        """
        kept = self._kept.get(name)
        return kept is not None and kept.seen == _seen(status)

    def find(self, name: str, *, status: os.stat_result) -> Compressed | None:
        """What a file is compressed to; C(None) if it is not known, or was written since.

        :param name: in the tree, with C(/).
        :param status: of the file as it is now.
        """
        if not self.knows(name, status=status):
            return None
        kept = self._kept[name]
        deflated = kept.deflated()
        return Compressed(deflated, kept.sha256) if deflated else None


def _seen(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns
