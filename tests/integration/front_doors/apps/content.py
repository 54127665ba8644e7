# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all the apps answer with: the same content, each framework in its own way."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

PIXEL = bytes(range(256)) * 3
TEXT = "Año nuevo, señor Muñoz: 100 €\n" * 50
COMPRESSED = gzip.compress(TEXT.encode(), mtime=0)
PARTS = [f"parte {number}: ñ\n".encode() for number in range(5)]
LATIN = "año".encode("latin-1")
COOKIES = {"session": "abc123", "language": "es", "seen": "1"}
#: How often an answer in parts was closed, as PEP 3333 demands of a server.
CLOSED: list[str] = []


class Stream:
    """An answer in parts that knows when it was closed."""

    def __iter__(self) -> Iterator[bytes]:
        return iter(PARTS)

    def close(self) -> None:
        """Note it."""
        CLOSED.append("stream")


def closed() -> bytes:
    """What has been closed since the last question."""
    noted = CLOSED.copy()
    CLOSED.clear()
    return report(closed=noted)


def report(**seen: Any) -> bytes:
    """What an app has seen of a request, as JSON; bytes as their hash."""
    plain = {key: _plain(value) for key, value in seen.items()}
    return json.dumps(plain, sort_keys=True).encode()


def _plain(value: Any) -> Any:
    return {"length": len(value), "sha256": hashlib.sha256(value).hexdigest()} if isinstance(value, bytes) else value
