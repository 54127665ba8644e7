# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .support import Account
from .support import account as start_account


@pytest.fixture(name="account")
def _account(tmp_path: Path) -> Iterator[Account]:
    with start_account(tmp_path) as account:
        yield account
