# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A time as people read it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any


def minute(when: Any) -> str:
    """A time as people read it, in UTC; empty if there is none."""
    if isinstance(when, str) and when:
        # As Lambda writes it, in UTC.
        when = datetime.fromisoformat(when[:19]).replace(tzinfo=timezone.utc)
    return when.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC") if isinstance(when, datetime) else ""
