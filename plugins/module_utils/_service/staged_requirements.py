# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Add distributions to the copy of a requirements file that travels with an app and that a plugin installs."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import read_requirements

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def missing_names(path: Path, *, names: Sequence[str]) -> list[str]:
    """Return the distributions that a requirements file does not name, and that can be added to it.

    Nothing can be added to a file with hashes: pip then asks for a hash of everything.

    :param path: The requirements file.
    :param names: Names of the distributions.
    :raises ServerlessError: The file can't be used.
    """
    requirements = read_requirements(path)
    if any(item.hashes for item in requirements.requirements) or ("--require-hashes", "") in requirements.options:
        return []
    named = {normalize(item.name) for item in requirements.requirements if item.name}
    return [name for name in names if normalize(name) not in named]


def extended(path: Path, *, names: Sequence[str]) -> bytes:
    """Return the content of a requirements file with more distributions at its end.

    :param path: The requirements file.
    :param names: Names of the distributions.
    """
    content = read_regular(path)
    if content.startswith(_MARKS):
        content = content.decode("utf-16").encode()
    return content.rstrip(b"\\\n\r ") + "".join(f"\n{name}" for name in names).encode() + b"\n"
