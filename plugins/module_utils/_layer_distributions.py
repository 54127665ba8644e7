# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which distributions a layer's zip holds, and how two zips differ by them.

AWS keeps no list of what is in a layer version, and its description has no room for one. So the names are read from the
zip's directory (C(python/NAME-VERSION.dist-info/)), of which a version in AWS sends the end alone: some hundred
kilobytes, whatever the layer's size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO

from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_directory import (
    Fetch,
    read_directory,
    remote_file,
)

_DIST_INFO = re.compile(
    r"python/(?:lib/python3\.\d+/site-packages/)?(?P<name>[^/]+?)-(?P<version>[^/-]+)\.dist-info/METADATA"
)


def distributions_of(file: IO[bytes]) -> dict[str, str]:
    """Version by distribution, with the name in its normal form.

    :param file: the zip.
    :raises UnreadableError: it is no zip.
    """
    names = [member.filename for member in read_directory(file)]
    found = (match for match in map(_DIST_INFO.fullmatch, names) if match)
    return dict(sorted((normalize(match["name"]), match["version"]) for match in found))


def remote_distributions(location: str, *, fetch: Fetch) -> dict[str, str]:
    """The same of a zip that has an address.

    :param location: the address.
    :param fetch: asks it.
    :raises UnreadableError: it does not answer, or has no zip.
    """
    with remote_file(location, fetch=fetch) as file:
        return distributions_of(file)


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """How two zips differ, one line for each distribution.

    >>> changes({"werkzeug": "3.1.3", "six": "1.17.0"}, {"werkzeug": "3.1.4", "flask": "3.1.0"})
    ['+ flask 3.1.0', '- six 1.17.0', 'werkzeug 3.1.3 -> 3.1.4']
    """
    lines = []
    for name in sorted({**before, **after}):
        old, new = before.get(name), after.get(name)
        if old is None:
            lines.append(f"+ {name} {new}")
        elif new is None:
            lines.append(f"- {name} {old}")
        elif old != new:
            lines.append(f"{name} {old} -> {new}")
    return lines
