# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One sandbox for all tests of the chain, on ports and in folders of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .support import CHECKOUT, Chain, free_base_port

#: Home, state and sandbox have it in their paths: everything works on paths with spaces, quotes and non-ASCII letters.
ODD_NAME = 'mi d\'Ángel "ñ"'


@pytest.fixture(scope="session")
def chain() -> Iterator[Chain]:
    """A running sandbox in which nothing has been made yet, with a profile of the user's own beside the chain's."""
    # Short, because a path of a Unix socket has 108 characters at most.
    top = Path(tempfile.mkdtemp(prefix="asesoria-"))
    folder = top / ODD_NAME
    chain = Chain(folder=folder, port=free_base_port())
    try:
        chain.play("-i", CHECKOUT / "inventory/sandbox/hosts.yml", "playbooks/sandbox.yml").ok()
        chain.borrow_cli()
        chain.add_personal_profile()
        yield chain
    finally:
        chain.play(
            "-i",
            CHECKOUT / "inventory/sandbox/hosts.yml",
            "playbooks/sandbox.yml",
            "-e",
            "sandbox_state=stopped",
            "-e",
            "sandbox_purge=true",
        )
        shutil.rmtree(top, ignore_errors=True)
