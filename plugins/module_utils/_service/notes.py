# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep the note about unverified deployments where every control node finds it.

That is the service's deployment bucket, next to the deployments. The bucket comes with the first deployment, so until
then, and where the bucket may not be written, the note is a file in the work folder.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stack, Stacks, is_denied
from ansible_collections.asesoria.serverless.plugins.module_utils._deployments import (
    Deployment,
    Deployments,
    read_deployment,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._service.unverified_note import Note, read_note
from ansible_collections.asesoria.serverless.plugins.module_utils._whole_file import read_whole, write_whole

#: Name of the file in the work folder, and of the object in the bucket.
FILE = "unverified.json"


class NoteError(ServerlessError):
    """The note can't be written."""


class Notes:
    """The note of one service.

    :param folder: Work folder of the service.
    :param stacks: Stacks of CloudFormation.
    :param deployments: Deployments in the bucket.
    """

    def __init__(self, *, folder: Path, stacks: Stacks, deployments: Deployments) -> None:
        self._path = folder / FILE
        self._stacks = stacks
        self._deployments = deployments

    def read(self, stack: Stack | None) -> Note | None:
        """Return the note; ``None`` if there is none.

        :param stack: The service's stack.
        :raises ServerlessError: The bucket can't be read.
        """
        place = self._place(stack)
        text = None
        if stack is not None and place is not None:
            text = self._read_object(stack.name, place)
        if text is None:
            with contextlib.suppress(OSError):
                text = read_whole(self._path)
        return read_note(text) if text else None

    def write(self, note: Note, *, stack: Stack | None) -> None:
        """Write the note, in place of the one that there is.

        :param note: The note.
        :param stack: The service's stack.
        :raises ServerlessError: The note can't be written.
        """
        place = self._place(stack)
        if stack is not None and place is not None and self._write_object(stack.name, place, note):
            self._forget_file()
            return
        try:
            write_whole(self._path, note.text(), mode=0o600)
        except OSError as error:
            raise NoteError(f"{self._path} can't be written: {error.strerror}", "Make the folder writable") from error

    def forget(self, stack: Stack | None) -> None:
        """Remove the note, if there is one.

        :param stack: The service's stack.
        :raises ServerlessError: The bucket can't be changed.
        """
        place = self._place(stack)
        if stack is not None and place is not None and self._read_object(stack.name, place) is not None:
            self._deployments.remove_file(stack.name, place, name=FILE)
        self._forget_file()

    def put_back(self, note: Note | None, *, stack: Stack | None) -> None:
        """Have the note as it was before.

        :param note: The earlier note; ``None`` if there was none.
        :param stack: The service's stack.
        :raises ServerlessError: The note can't be written or removed.
        """
        if note is None:
            self.forget(stack)
        else:
            self.write(note, stack=stack)

    def _place(self, stack: Stack | None) -> Deployment | None:
        return read_deployment(self._stacks.template(stack.name)) if stack is not None else None

    def _read_object(self, name: str, place: Deployment) -> str | None:
        try:
            return self._deployments.read_file(name, place, name=FILE)
        except ServerlessError as error:
            # Whoever may not list a bucket is denied what does not exist.
            if is_denied(error):
                return None
            raise

    def _write_object(self, name: str, place: Deployment, note: Note) -> bool:
        try:
            self._deployments.write_file(name, place, name=FILE, text=note.text())
        except ServerlessError as error:
            if is_denied(error):
                return False
            raise
        return True

    def _forget_file(self) -> None:
        # A file that stays is about deployments that the stack does not hold any more, so that it does no harm.
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
