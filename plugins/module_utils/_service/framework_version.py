# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare ``frameworkVersion`` of a ``serverless.yml`` with the Serverless CLI, by npm's rules for ranges of versions.

osls 4 is the maintained fork of Serverless 3 and reads the same files, but it refuses a range that ends before 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Version = tuple[int, int, int]

_COMPARATOR = re.compile(r"(?P<operator>\^|~>?|>=|<=|>|<|=|)v?(?P<version>[\dxX*]+(?:\.[\dxX*]+){0,2})")
_SPACES = re.compile(r"(?<=[<>=^~])\s+")
#: The last minor and patch versions of Serverless 3 and osls 3 that are tried, to see whether a range has any of them.
_MOST_MINOR, _MOST_PATCH = 100, 10
_ENDLESS = 10**9


def satisfies(version: str, wanted: str) -> bool | None:
    """Return True if a version is in a range; ``None`` if the range is written in a way that is not known here.

    :param version: Version such as ``4.3.1``.
    :param wanted: Range such as ``3``, ``^3.30.0``, ``>=2 <4`` or ``3 || 4``.

    >>> satisfies("4.3.1", "3 || 4"), satisfies("4.3.1", "^3.30.0"), satisfies("4.3.1", "~> what")
    (True, False, None)
    """
    ranges = _ranges(wanted)
    found = _numbers(version)
    if ranges is None or found is None:
        return None
    return any(all(low <= found < high for low, high in each) for each in ranges)


def with_cli(wanted: str, *, version: str) -> str | None:
    """Return the range that a copy needs for a newer CLI; ``None`` if the range is not for Serverless 3.

    :param wanted: The range that the file has.
    :param version: Version of the CLI.
    """
    ranges = _ranges(wanted)
    if ranges is None:
        return None
    threes = ((3, minor, patch) for minor in range(_MOST_MINOR) for patch in range(_MOST_PATCH))
    if any(all(low <= three < high for low, high in each) for three in threes for each in ranges):
        return f"{wanted} || {version.partition('.')[0]}"
    return None


Bounds = tuple[Version, Version]


def _ranges(wanted: str) -> list[list[Bounds]] | None:
    """The alternatives of a range, each a list of bounds that all have to hold."""
    found = []
    for alternative in wanted.split("||"):
        parts = _SPACES.sub("", alternative.strip()).split() or ["*"]
        matches = [_COMPARATOR.fullmatch(part) for part in parts]
        bounds = [_bounds(match["operator"], match["version"]) for match in matches if match is not None]
        if len(bounds) < len(parts):
            return None
        found.append(bounds)
    return found


def _bounds(operator: str, text: str) -> Bounds:
    parts = list(_known(text))
    low = (*parts, 0, 0, 0)[:3]
    lowest, highest = (0, 0, 0), (_ENDLESS, 0, 0)
    after = _after(parts)
    version: Version = (low[0], low[1], low[2])
    return {
        "": (version, after),
        "=": (version, after),
        ">=": (version, highest),
        "<": (lowest, version),
        "<=": (lowest, after),
        ">": (after, highest),
        "~": (version, _after(parts[:2])),
        "~>": (version, _after(parts[:2])),
        "^": (version, _after(parts[:1] if not parts or parts[0] else parts[:2])),
    }[operator]


def _after(parts: list[int]) -> Version:
    """The first version after all that begin with these numbers."""
    if not parts:
        return (_ENDLESS, 0, 0)
    numbers = [*parts[:-1], parts[-1] + 1, 0, 0]
    return (numbers[0], numbers[1], numbers[2])


def _known(text: str) -> Iterator[int]:
    """The numbers of a version up to the first that is left open."""
    for part in text.split("."):
        if not part.isdigit():
            return
        yield int(part)


def _numbers(version: str) -> Version | None:
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None
