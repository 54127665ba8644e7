# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the AWS CLI, its plugin and Session Manager: connects standard streams with an instance's port.

Usage: session_manager.py PROGRAM SANDBOX_FILES ARGUMENT...
"""

from __future__ import annotations

import re
import socket
import sys
import threading

#: As AWS has it for SSH: Systems Manager User Guide, "Allow and control permissions for SSH connections".
_WANTED = re.compile(
    r"ssm start-session --region (?P<region>\S+) --target (?P<instance>i-[0-9a-f]+)"
    r" --document-name AWS-StartSSHSession --parameters portNumber=(?P<port>\d+)"
)


def bridge(address: str, port: int) -> None:
    """Carry bytes to and fro until the other side ends."""
    with socket.create_connection((address, port), timeout=30) as connection:
        connection.settimeout(None)
        threading.Thread(target=_send, args=(connection,), daemon=True).start()
        while data := connection.recv(65536):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()


def _send(connection: socket.socket) -> None:
    while data := sys.stdin.buffer.raw.read(65536):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def main() -> None:
    """Do what the program of that name would."""
    program, files, *arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write("1.2.3\n")
        return
    asked = _WANTED.fullmatch(" ".join(arguments))
    if program != "aws" or asked is None:
        sys.exit(f"{program}: unknown arguments {arguments}")
    sys.path.insert(0, files)
    from asesoria_sandbox.builder import Machine  # noqa: PLC0415  # where it is was an argument

    bridge(Machine(instance=asked["instance"], public_key="").address, int(asked["port"]))


if __name__ == "__main__":
    main()
