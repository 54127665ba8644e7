# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which libraries a module needs and does not find, for the one error that says so."""

from __future__ import annotations

import importlib
import traceback

#: What is imported of a library, to see that it is there and new enough, by its name on the package index.
_IMPORTED = {
    "cyclonedx-python-lib >= 11": "cyclonedx.contrib.license",
    "jinja2": "jinja2",
    "packaging": "packaging.requirements",
    "pyelftools": "elftools.elf.elffile",
    "resolvelib": "resolvelib",
    "squarify": "squarify",
    "unearth": "unearth",
}


def missing_libraries(*names: str) -> dict[str, str]:
    """Look for libraries.

    :param names: those that are wanted, of the table above.
    :returns: the traceback of the import of each that is not there, by its name.
    """
    problems = {name: _problem(_IMPORTED[name]) for name in names}
    return {name: problem for name, problem in problems.items() if problem}


def _problem(module: str) -> str:
    try:
        importlib.import_module(module)
    except ImportError:
        return traceback.format_exc()
    return ""
