# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which Serverless CLIs are installed below a folder, each in a folder of its own or the only one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROGRAMS = ("osls", "serverless")


def cli_versions(folder: Path) -> dict[str, str]:
    """The versions by program, several of one program in the order of their text.

    :param folder: where the CLIs are; there may be none.
    """
    found: dict[str, set[str]] = {}
    for program, version in _installed(folder):
        found.setdefault(program, set()).add(version)
    return {program: ", ".join(sorted(versions)) for program, versions in sorted(found.items())}


def _installed(folder: Path) -> Iterator[tuple[str, str]]:
    for program in _PROGRAMS:
        file = f"node_modules/{program}/package.json"
        for path in (folder / file, *folder.glob(f"*/{file}")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                yield program, str(json.loads(path.read_text(encoding="utf-8"))["version"])
