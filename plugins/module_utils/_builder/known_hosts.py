# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Add and remove host keys in a known_hosts file that several runs change at the same time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.file_lock import exclusive
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._private_file import read_text, write_text

_FIELDS = 3


class KnownHostsError(ServerlessError):
    """A host key that can't be written."""


def add_key(text: str, *, host: str, key: str) -> str:
    """Add a host's key, in the place of another one of the same type.

    :param text: Content of the file.
    :param host: Name of the host.
    :param key: Line of the file: the name, the type and the key.
    :raises KnownHostsError: The line is not one of this host.
    """
    fields = key.split()
    if len(fields) < _FIELDS or fields[0] != host:
        raise KnownHostsError(f"{key!r} is not a host key of {host}", "Give the name, the type and the key")
    line = " ".join(fields[:_FIELDS])
    lines = text.splitlines(keepends=True)
    if any(old.rstrip("\r\n") == line for old in lines):
        return text
    # Lines of others stay byte for byte.
    kept = "".join(old for old in lines if old.split()[:2] != fields[:2])
    separator = "" if not kept or kept.endswith("\n") else "\n"
    return f"{kept}{separator}{line}\n"


def remove_keys(text: str, *, host: str) -> str:
    """Remove all keys of a host.

    :param text: Content of the file.
    :param host: Name of the host.
    """
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if line.split()[:1] != [host]]
    return "".join(kept) if len(kept) < len(lines) else text


def change_file(path: Path, change: Callable[[str], str], *, dry: bool) -> bool:
    """Change a known_hosts file, while no other run changes it.

    :param path: Path of the file, which need not exist.
    :param change: Function that returns the new content for the old one.
    :param dry: Only find out whether anything would change.
    :returns: Whether anything changed, or would.
    :raises KnownHostsError: A key can't be written.
    :raises PrivateFileError: The file can't be read or written.
    :raises LockError: Another run keeps the lock.
    """
    text = read_text(path) or ""
    if change(text) == text:
        return False
    if not dry:
        with exclusive(path):
            text = read_text(path) or ""
            write_text(path, change(text), expected=text)
    return True
