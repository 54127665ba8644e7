# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mark by which a layer version is known as this collection's.

Layer versions can't be tagged. What this collection publishes it marks at the end of the description, with the zip's
own SHA-256; a version is ours if it carries a mark and the mark's SHA-256 is that of its content. So a description that
someone copies onto another layer makes nothing ours.
"""

from __future__ import annotations

import re

from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Layers, LayerVersion

_MARK = re.compile(r" ?\[asesoria\.serverless (?P<sha256>[A-Za-z0-9+/]{43}=)\]$")
_MARK_FORM = "[asesoria.serverless {}]"
#: Characters that it takes, with the space before it.
MARK_LENGTH = len(_MARK_FORM.format("x" * 44)) + 1


def marked(description: str, sha256: str) -> str:
    """A description with the mark that makes a version known as ours.

    >>> marked("Flask", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=")
    'Flask [asesoria.serverless n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=]'
    """
    return f"{description} {_MARK_FORM.format(sha256)}".lstrip()


def claimed_sha256(version: LayerVersion) -> str:
    """The SHA-256 that a version's mark says, empty without one. It proves nothing yet."""
    mark = _MARK.search(version.description)
    return mark["sha256"] if mark else ""


def is_ours(version: LayerVersion, *, name: str, layers: Layers) -> bool:
    """Whether a version's mark belongs to its content.

    :raises LayerApiError: AWS refused.
    """
    claimed = claimed_sha256(version)
    if not claimed:
        return False
    code = layers.code(name, version.version)
    return code is not None and code.sha256 == claimed
