# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of an access key in C(pass), the password store."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import Found, Key, KeyCopyError
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_files import Run, said
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_text import from_pass, to_pass
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed

# What pass 1.7 says of an entry that it does not have; it speaks English only.
_MISSING = ("is not in the password store", "password store is empty")
_NO_STORE = "pass init"


@dataclass(frozen=True)
class PassEntry:
    """An entry of the password store of whoever runs the playbook.

    :param entry: its name, such as C(aws/asesoria).
    :param run: runs C(pass).
    """

    entry: str
    run: Run

    @property
    def name(self) -> str:
        """See :class:`Place`."""
        return f"the entry {self.entry} of the password store"

    def read(self) -> Found | None:
        """See :class:`Place`."""
        done = self._pass("show", self.entry)
        if done.returncode == 0:
            return Found(from_pass(done.stdout))
        if any(words in done.stderr for words in _MISSING):
            return None
        raise KeyCopyError(
            f"{self.name} can't be read: {said(done.stderr)}",
            f"See that 'pass show {self.entry}' works in this shell, with the key unlocked",
        )

    def write(self, key: Key) -> None:
        """See :class:`Place`."""
        done = self._pass("insert", "--multiline", "--force", self.entry, text=to_pass(key))
        if done.returncode != 0:
            raise KeyCopyError(f"{self.name} can't be written: {said(done.stderr)}", self._remedy(done))

    def remove(self) -> None:
        """See :class:`Place`."""
        done = self._pass("rm", "--force", self.entry)
        if done.returncode != 0:
            raise KeyCopyError(f"{self.name} can't be removed: {said(done.stderr)}", self._remedy(done))

    def _pass(self, *arguments: str, text: str = "") -> Completed:
        try:
            return self.run(["pass", *arguments], text=text)
        except FileNotFoundError as error:
            raise KeyCopyError(
                f"the program pass is not there, which {self.name} needs",
                "Install it (the package pass, on macOS from Homebrew) and make a store: pass init GPG-KEY",
            ) from error
        except OSError as error:
            raise KeyCopyError(f"the program pass can't be run: {error.strerror}") from error

    def _remedy(self, done: Completed) -> str:
        if _NO_STORE in done.stderr:
            return "Make a store: pass init GPG-KEY"
        return f"See that 'pass edit {self.entry}' works in this shell"
