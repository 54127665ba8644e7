# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of an access key at places besides the AWS profile: what is there, and whether it may be replaced.

A copy holds the user that it was made for beside the key. So each place tells by itself whether what is there is a copy
of ours, and what is not is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

HIDDEN = "********"
#: What a plan shows instead of the key that is not there yet.
NOT_YET = "known after the run"


class KeyCopyError(ServerlessError):
    """A copy can't be read, written or removed."""


@dataclass(frozen=True)
class Key:
    """An access key.

    :param owner: ARN of its user, without the user's path.
    :param key_id: its identifier.
    :param secret: its secret, which no text about this object shows.
    """

    owner: str
    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Found:
    """Something that is at a place.

    :param key: the key, if it is a copy of one.
    """

    key: Key | None


class Place(Protocol):
    """Where a copy is kept."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    def read(self) -> Found | None:
        """Tell what is there, None if nothing is."""

    def write(self, key: Key) -> None:
        """Put a key there, over the copy that is there."""

    def remove(self) -> None:
        """Take the copy away, which is there."""


@dataclass(frozen=True)
class Copy:
    """A place and what was found there.

    :param place: the place.
    :param found: what is there, None if nothing is.
    """

    place: Place
    found: Found | None

    @property
    def key(self) -> Key | None:
        """The key that is there."""
        return self.found.key if self.found else None


@dataclass(frozen=True)
class Change:
    """What happens to one copy.

    :param place: what the place is called.
    :param before: the key that it had, None if there was none.
    :param after: the key that it has then, None if there is none.
    """

    place: str
    before: Key | None
    after: Key | None

    def diff(self) -> dict[str, str]:
        """The same as Ansible shows differences."""
        before, after = _show(self.before), _show(self.after)
        if before == after:
            after += "# the secret is another one\n"
        return {"before_header": self.place, "after_header": self.place, "before": before, "after": after}


def look(places: Sequence[Place], *, owner: str) -> list[Copy]:
    """See what is at each place, before anything is changed.

    :param places: where copies are to be.
    :param owner: ARN of the user whose key they hold.
    :raises KeyCopyError: a place can't be read, or has something that was not put there for this user.
    """
    copies = [Copy(place=place, found=place.read()) for place in places]
    for copy in copies:
        if not _is_ours(copy, owner):
            raise KeyCopyError(
                f"{copy.place.name} is there already and is not a copy of an access key of {owner}",
                "It is left as it is; choose another place for the copy, or take away what is there if nobody needs it",
            )
    return copies


def plan(copies: Sequence[Copy], key: Key) -> list[Change]:
    """Say which copies lack a key.

    :param copies: see :func:`look`.
    :param key: the key that each is to have.
    """
    return [Change(place=copy.place.name, before=copy.key, after=key) for copy in copies if copy.key != key]


def deliver(copies: Sequence[Copy], key: Key) -> list[Change]:
    """Let each copy have a key.

    :param copies: see :func:`look`.
    :param key: the key.
    :returns: what was changed.
    :raises KeyCopyError: a copy can't be written.
    :raises PrivateFileError: a file can't be written.
    """
    changes = plan(copies, key)
    for copy in copies:
        if copy.key != key:
            copy.place.write(key)
    return changes


def take_back(places: Sequence[Place], *, owner: str, dry: bool) -> tuple[list[Change], list[str]]:
    """Remove the copies of a user's key.

    :param places: where they may be.
    :param owner: ARN of the user.
    :param dry: only say what would be done.
    :returns: what was changed, and the places that have something else, which is left there.
    :raises KeyCopyError: a place can't be read, or a copy not be removed.
    :raises PrivateFileError: a file can't be removed.
    """
    there = [copy for copy in (Copy(place=place, found=place.read()) for place in places) if copy.found]
    ours = [copy for copy in there if _is_ours(copy, owner)]
    for copy in ours:
        if not dry:
            copy.place.remove()
    changes = [Change(place=copy.place.name, before=copy.key, after=None) for copy in ours]
    return changes, [copy.place.name for copy in there if copy not in ours]


def _is_ours(copy: Copy, owner: str) -> bool:
    return copy.found is None or (copy.key is not None and copy.key.owner == owner)


def _show(key: Key | None) -> str:
    return f"{key.owner}\naccess key {key.key_id}\nsecret {HIDDEN}\n" if key else ""
