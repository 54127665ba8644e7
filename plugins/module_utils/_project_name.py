# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The name of a project as PEP 503 compares it, without packaging, which a builder need not have."""

from __future__ import annotations

import re


def normalize(name: str) -> str:
    """A project's name in the one form that all its spellings have in common.

    >>> normalize("Flask_WTF")
    'flask-wtf'
    """
    return re.sub(r"[-_.]+", "-", name).lower()
