# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The short way must say what the audit's library says, of real files and of made ones."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._elf import read_elf
from ansible_collections.asesoria.serverless.plugins.module_utils._glibc_floor import glibc_floor
from ansible_collections.asesoria.serverless.tests.unit.layers import make_elf
from hypothesis import given
from hypothesis import strategies as st

SITE = Path(sysconfig.get_path("platlib"))
MODULES = sorted(path for path in SITE.rglob("*.so") if path.stat().st_size < 4_000_000)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SITE).as_posix())
def test_real_files(path: Path) -> None:
    content = path.read_bytes()
    highest = read_elf(content).highest("GLIBC")
    assert glibc_floor(content) == (highest[:2] if highest else None)


def test_there_are_real_files() -> None:
    assert sum(glibc_floor(path.read_bytes()) is not None for path in MODULES) >= 2


@pytest.mark.parametrize(
    ("versions", "floor"),
    [
        ({}, None),
        ({"libc.so.6": ["GLIBC_2.17"]}, (2, 17)),
        ({"libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.9", "GLIBC_2.28"], "libm.so.6": ["GLIBC_2.29"]}, (2, 29)),
        ({"libc.so.6": ["GLIBC_2.4", "GLIBC_ABI_DT_RELR"]}, (2, 36)),
        ({"libstdc++.so.6": ["GLIBCXX_3.4.30", "CXXABI_1.3"]}, None),
    ],
)
def test_made_files(versions: Mapping[str, Sequence[str]], floor: tuple[int, int] | None) -> None:
    assert glibc_floor(make_elf(versions=versions)) == floor


def test_text_elsewhere_is_no_need() -> None:
    content = make_elf(versions={"libc.so.6": ["GLIBC_2.17"]}) + b"\0GLIBC_2.99\0"
    assert glibc_floor(content) == (2, 17)


@given(content=st.binary(max_size=200), cut=st.integers(0, 400))
def test_whatever_it_is(content: bytes, cut: int) -> None:
    assert glibc_floor(content) is None
    made = make_elf(versions={"libc.so.6": ["GLIBC_2.17"]})
    assert glibc_floor(made[:cut] + content) in (None, (2, 17))
