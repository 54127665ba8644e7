# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Yes, no, or not known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

Answer = Literal["yes", "no", "unknown"]

YES: Final = "yes"
NO: Final = "no"
UNKNOWN: Final = "unknown"


def agree(answers: Iterable[Answer]) -> Answer:
    """Say what all sources say; unknown if there is none, or one that does not know, or two that differ.

    :param answers: one of each source.
    """
    different = set(answers)
    return different.pop() if len(different) == 1 else UNKNOWN


def prefer(*answers: Answer) -> Answer:
    """Say what the first source says that knows.

    :param answers: the best source first.
    """
    return next((answer for answer in answers if answer != UNKNOWN), UNKNOWN)
