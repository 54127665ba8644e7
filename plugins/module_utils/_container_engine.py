# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks for a container engine, Docker or Podman, and asks whether it works."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ansible_collections.asesoria.serverless.plugins.module_utils._host_sources import Printed, Sources

#: Besides PATH, which is short where Ansible runs a module.
_FOLDERS = ("/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/homebrew/bin", "/opt/podman/bin")
#: Docker's client is there without an engine, and asks it; Podman has none, and sets itself up to answer this.
_QUESTIONS = {
    "docker": ["version", "--format", "{{.Server.Version}}"],
    "podman": ["info", "--format", "{{.Version.Version}}"],
}
_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock")
_VERSION = re.compile(r"v?(\d+\.\d+[\w.+~-]*)\s*")


@dataclass(frozen=True)
class Engine:
    """What there is of a container engine.

    :param state: C(answers) if it works; C(refuses) if this user may not use it; C(silent) if there is a program and
        no answer; C(unseen) if there is a socket and no program that could ask; C(missing) if there is nothing;
        C(unasked) if nothing was looked at.
    :param name: which, with its version if it answers, or where; empty if there is nothing.
    """

    state: Literal["answers", "refuses", "silent", "unseen", "missing", "unasked"]
    name: str = ""


UNASKED = Engine(state="unasked")


def find_engine(sources: Sources) -> Engine:
    """Look for an engine that works, or else for what there is of one.

    :param sources: of the machine.
    """
    seen = [engine for program in _QUESTIONS for engine in [_ask(program, sources=sources)] if engine is not None]
    order = ("answers", "refuses", "silent")
    if seen:
        return min(seen, key=lambda engine: order.index(engine.state))
    socket = next((path for path in _SOCKETS if sources.exists(path)), None)
    return Engine(state="unseen", name=socket) if socket else Engine(state="missing")


def _ask(program: str, *, sources: Sources) -> Engine | None:
    places = (program, *(f"{folder}/{program}" for folder in _FOLDERS))
    replies = (sources.run([place, *_QUESTIONS[program]]) for place in places)
    reply = next((one for one in replies if one is not None), None)
    return None if reply is None else _judge(program, reply)


def _judge(program: str, reply: Printed) -> Engine:
    version = _VERSION.fullmatch(reply.output.decode("ascii", errors="replace"))
    if reply.code == 0 and version:
        return Engine(state="answers", name=f"{program} {version[1]}")
    refused = b"permission denied" in (reply.output + reply.errors).lower()
    return Engine(state="refuses" if refused else "silent", name=program)
