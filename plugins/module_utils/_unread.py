# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading where some of it may not be allowed: that is told, and the rest is read nevertheless."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import is_denied
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_T = TypeVar("_T")


@dataclass(frozen=True)
class Unread:
    """What could not be read.

    :param what: in words that end a sentence.
    :param reason: what AWS said.
    """

    what: str
    reason: str


class Attempts:
    """Reads what it may, and keeps what it may not."""

    def __init__(self) -> None:
        self._unread: list[Unread] = []

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What could not be read so far."""
        return tuple(self._unread)

    def read(self, what: str, read: Callable[[], _T], otherwise: _T) -> _T:
        """Read something.

        :param what: for whoever is told that it could not be.
        :param read: does it.
        :param otherwise: what to go on with if AWS does not allow it.
        :raises ServerlessError: it failed for another reason.
        """
        try:
            return read()
        except ServerlessError as error:
            if not is_denied(error):
                raise
            self._unread.append(Unread(what, error.problem))
            return otherwise

    def read_all(self, what: str, read: Callable[[], Sequence[_T]]) -> Sequence[_T]:
        """Read several things, none of which there are if AWS does not allow it; the rest is as in :meth:`read`."""
        nothing: Sequence[_T] = ()
        return self.read(what, read, nothing)
