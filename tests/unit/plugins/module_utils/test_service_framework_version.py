# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._service.framework_version import satisfies, with_cli


@pytest.mark.parametrize(
    ("wanted", "three", "four"),
    [
        ("3", True, False),
        ("4", False, True),
        ("3 || 4", True, True),
        ("3||4", True, True),
        ("*", True, True),
        ("", True, True),
        ("x", True, True),
        ("3.x", True, False),
        ("3.38", True, False),
        ("3.38.0", True, False),
        ("3.39.0", False, False),
        ("^3.30.0", True, False),
        ("^3", True, False),
        ("~3.38.0", True, False),
        ("~3", True, False),
        (">=3.0.0", True, True),
        (">= 3.0.0 < 4", True, False),
        (">=2 <=3", True, False),
        (">3", False, True),
        (">3.37", True, True),
        ("<4.0.0", True, False),
        ("=4.3.1", False, True),
        ("v4", False, True),
        ("~> 3.30", False, False),
        ("2 - 4", None, None),
        ("latest", None, None),
    ],
)
def test_ranges_as_npm_reads_them(wanted: str, three: bool | None, four: bool | None) -> None:
    assert satisfies("3.38.0", wanted) is three
    assert satisfies("4.3.1", wanted) is four


@pytest.mark.parametrize(
    ("wanted", "copy"),
    [
        ("3", "3 || 4"),
        ("^3.30.0", "^3.30.0 || 4"),
        ("3.38.0", "3.38.0 || 4"),
        (">=2.0.0 <4.0.0", ">=2.0.0 <4.0.0 || 4"),
        ("2", None),
        ("latest", None),
    ],
)
def test_a_range_for_serverless_3_is_widened(wanted: str, copy: str | None) -> None:
    assert with_cli(wanted, version="4.3.1") == copy
