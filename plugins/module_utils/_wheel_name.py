# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the name of a wheel says, without packaging, which a builder need not have."""

from __future__ import annotations

import re

from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize

_MANYLINUX = re.compile(r"manylinux_(?P<major>\d+)_(?P<minor>\d+)_")
#: The names that some tags had before PEP 600.
_LEGACY = {"manylinux1_": (2, 5), "manylinux2010_": (2, 12), "manylinux2014_": (2, 17)}


def project_of(wheel: str) -> str:
    """The normalized name of the project that a wheel is of."""
    return normalize(wheel.partition("-")[0])


def glibc_of(wheel: str) -> tuple[int, int] | None:
    """The oldest glibc that a wheel can be installed with; None if its name asks for none.

    >>> glibc_of("numpy-2.2.6-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
    (2, 17)
    """
    platforms = wheel.removesuffix(".whl").rpartition("-")[2].split(".")
    floors = [_floor(platform) for platform in platforms]
    wanted = [floor for floor in floors if floor is not None]
    return min(wanted) if len(wanted) == len(floors) else None


def _floor(platform: str) -> tuple[int, int] | None:
    match = _MANYLINUX.match(platform)
    if match:
        return int(match["major"]), int(match["minor"])
    return next((floor for prefix, floor in _LEGACY.items() if platform.startswith(prefix)), None)
