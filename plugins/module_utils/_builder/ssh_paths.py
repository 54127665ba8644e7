# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write paths so that OpenSSH's client reads them as they are, with spaces, quotes and non-ASCII letters.

The client splits the values of many options at white space, and expands percent signs. Double quotes keep a value
together. Within them a backslash protects a double quote since OpenSSH 8.7; earlier releases can't read a path with
one. Source: ssh_config(5), and C(argv_split) in OpenSSH's misc.c.
"""

from __future__ import annotations

import hashlib
import os

#: Value of the client's option ControlPath that turns the sharing of connections off.
NO_SHARING = "none"
# A Unix socket's path has 108 bytes with the zero at its end (unix(7)). The client first binds a name that is 17
# characters longer (mux.c: a dot and 16 letters).
_SOCKET_BYTES = 108 - 1 - 17
# Ansible names a socket by ten digits as well.
_NAME_DIGITS = 10


def escape_path(path: str) -> str:
    """Escape a path that stands between double quotes in an option of the client.

    :param path: Path as the operating system knows it.
    """
    return path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def quote_path(path: str) -> str:
    """Quote a path as the value of an option of the client.

    :param path: Path as the operating system knows it.
    """
    return f'"{escape_path(path)}"'


def control_path(folder: str, host: str) -> str:
    """Make the value of Ansible's setting C(control_path), which Ansible formats and puts between double quotes.

    :param folder: Folder of the sockets.
    :param host: Name that tells this host from every other.
    :returns: Path of the host's socket, or :data:`NO_SHARING` if the operating system allows no path so long.
    """
    name = hashlib.sha256(host.encode()).hexdigest()[:_NAME_DIGITS]
    path = f"{folder}/{name}"
    if len(os.fsencode(path)) > _SOCKET_BYTES:
        return NO_SHARING
    return escape_path(path).replace("%", "%%")
