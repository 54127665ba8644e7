# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads TOML with Python's own parser, or on Python 3.10, which has none, with the one that it came from.

That one is a part of pip too, which every host that builds has.
"""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Any


def _parser() -> Any:
    for name in ("tomllib", "tomli", "pip._vendor.tomli"):
        with suppress(ImportError):
            return importlib.import_module(name)
    return None


_PARSER = _parser()
#: Whether there is a parser; the module says what is missing.
AVAILABLE = _PARSER is not None


def read_toml(text: str) -> dict[str, Any]:
    """What a text says.

    :raises ValueError: it is not TOML; the message says where.
    """
    content: dict[str, Any] = _PARSER.loads(text)
    return content
