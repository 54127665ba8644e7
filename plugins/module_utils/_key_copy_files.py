# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of an access key in files: a CSV as AWS's console gives it, and variables that Ansible Vault has encrypted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._base.file_lock import exclusive
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import Found, Key, KeyCopyError, Place
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_text import (
    from_csv,
    from_yaml,
    to_csv,
    to_yaml,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.module_utils._private_file import (
    read_text,
    remove_file,
    remove_leftovers,
    write_text,
)

#: The label of a vault whose password has none (Ansible: DEFAULT_VAULT_IDENTITY).
DEFAULT_LABEL = "default"
_VAULT_HEADER = "$ANSIBLE_VAULT;"
# How ansible-core and pass mark an error.
_ERROR = re.compile(r"(?:\[ERROR\]:|Error:) (.+)")


class Run(Protocol):
    """Runs a command, gives it a text to read, and tells how it ended."""

    def __call__(self, argv: Sequence[str], *, text: str) -> Completed:
        """See C(run_process) of C(_process)."""


@dataclass(frozen=True)
class CsvFile:
    """A CSV file, readable by its owner only.

    :param path: the file.
    """

    path: Path

    @property
    def name(self) -> str:
        """See :class:`Place`."""
        return f"the file {self.path}"

    def read(self) -> Found | None:
        """See :class:`Place`."""
        text = read_text(self.path)
        return None if text is None else Found(from_csv(text))

    def write(self, key: Key) -> None:
        """See :class:`Place`."""
        text = to_csv(key)
        with exclusive(self.path):
            _require_ours(self, key)
            write_text(self.path, text)

    def remove(self) -> None:
        """See :class:`Place`."""
        remove_leftovers(self.path)
        remove_file(self.path)


@dataclass(frozen=True)
class VaultFile:
    """A file of variables that C(ansible-vault) encrypts, from its standard input to its standard output.

    :param path: the file.
    :param program: C(ansible-vault).
    :param password: the file that has the vault's password, or that tells it when it is run.
    :param label: which of several vaults it is.
    :param run: runs C(ansible-vault).
    """

    path: Path
    program: str
    password: Path
    label: str
    run: Run

    @property
    def name(self) -> str:
        """See :class:`Place`."""
        return f"the vault {self.path}"

    def read(self) -> Found | None:
        """See :class:`Place`."""
        if not self.password.is_file():
            raise KeyCopyError(
                f"there is no file {self.password} with the password of {self.name}",
                "Give the path of the file that has it, or of a program that prints it",
            )
        text = read_text(self.path)
        if text is None:
            return None
        if not text.startswith(_VAULT_HEADER):
            return Found(None)
        return Found(from_yaml(self._vault("decrypt", text, doing="decrypted")))

    def write(self, key: Key) -> None:
        """See :class:`Place`."""
        chosen = f"--encrypt-vault-id={self.label}"
        text = self._vault("encrypt", to_yaml(key), chosen, doing="encrypted")
        with exclusive(self.path):
            _require_ours(self, key)
            write_text(self.path, text)

    def remove(self) -> None:
        """See :class:`Place`."""
        remove_leftovers(self.path)
        remove_file(self.path)

    def _vault(self, command: str, text: str, *arguments: str, doing: str) -> str:
        identity = f"--vault-id={self.label}@{self.password}"
        try:
            done = self.run([self.program, command, identity, *arguments, "--output=-", "-"], text=text)
        except OSError as error:
            raise KeyCopyError(f"{self.program} can't be run: {error.strerror}", "Install ansible-core") from error
        if done.returncode != 0:
            raise KeyCopyError(
                f"{self.name} can't be {doing} with the password of {self.password}: {said(done.stderr)}",
                "Give the password that it was encrypted with, or take the file away",
            )
        return done.stdout


def _require_ours(place: Place, key: Key) -> None:
    """Require that no other run has put something else there since it was planned."""
    found = place.read()
    if found is not None and (found.key is None or found.key.owner != key.owner):
        raise KeyCopyError(
            f"another run has just written {place.name}, which is no copy of an access key of {key.owner} now",
            "It is left as it is; choose another place for the copy",
        )


def said(text: str) -> str:
    """Why a program failed: what it marks as an error, else the last thing that it said, without a full stop.

    :param text: what it said.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [found[1] for found in map(_ERROR.match, lines) if found]
    return (errors or lines[-1:] or ["it does not say why"])[0].rstrip(".")
