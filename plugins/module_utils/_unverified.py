# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A note in the work folder that a deployment was not verified yet, and of what was there before it.

A run that is killed between the two leaves it to the next one, which finds nothing to deploy and would not know what to
go back to. Whoever has verified the deployment removes the note.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._whole_file import read_whole, write_whole

#: The role serverless_deploy removes it by this name.
FILE = "unverified.json"


class NoteError(ServerlessError):
    """The note can't be written."""


@dataclass(frozen=True)
class Note:
    """A deployment that was not verified yet.

    :param fingerprint: what was deployed.
    :param previous: the version that was there before; empty if there was none.
    """

    fingerprint: str
    previous: str


def read_note(folder: Path, *, fingerprint: str) -> Note | None:
    """The note about a deployment; C(None) if there is none, or it is about another one.

    :param folder: the work folder.
    :param fingerprint: what is deployed.
    """
    try:
        note = Note(**json.loads(read_whole(folder / FILE)))
    except (OSError, ValueError, TypeError):
        return None
    return note if note.fingerprint == fingerprint and isinstance(note.previous, str) else None


def forget(folder: Path) -> None:
    """Remove the note, if there is one."""
    # It is about what is not deployed any more, so that it would not be looked at.
    with contextlib.suppress(OSError):
        (folder / FILE).unlink(missing_ok=True)


@contextlib.contextmanager
def noted(folder: Path, note: Note) -> Iterator[None]:
    """Leave a note, unless the deployment fails: then the one from before counts again.

    :raises NoteError: the folder can't be written.
    """
    path = folder / FILE
    try:
        before = read_whole(path)
        write_whole(path, json.dumps(asdict(note)), mode=0o600)
    except OSError as error:
        raise NoteError(f"{path} can't be written: {error.strerror}", "Make the folder writable") from error
    try:
        yield
    except BaseException:
        forget(folder)
        if before:
            with contextlib.suppress(OSError):
                write_whole(path, before, mode=0o600)
        raise
