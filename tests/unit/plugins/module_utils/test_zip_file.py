# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever inflates, the content is the same, and what is wrong is noticed."""

from __future__ import annotations

import zlib
from types import ModuleType

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _zip_file
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_file import deflate, inflate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

try:
    from isal import isal_zlib
except ImportError:
    LIBRARIES: list[ModuleType] = [zlib]
else:
    LIBRARIES = [zlib, isal_zlib]


@pytest.fixture(params=LIBRARIES, ids=lambda library: library.__name__, autouse=True)
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_zip_file, "_ZLIB", request.param)


def test_the_quicker_one_is_used_where_it_is() -> None:
    assert LIBRARIES[-1].__name__ == ("isal.isal_zlib" if len(LIBRARIES) > 1 else "zlib")


@given(st.binary(max_size=2000), st.integers(1, 40))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_deflated_comes_back(content: bytes, times: int) -> None:
    packed = deflate(content * times)
    assert inflate(packed.data, size=packed.size) == content * times


@given(st.binary(min_size=1, max_size=300), st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_damaged_is_never_taken_for_the_content(content: bytes, data: st.DataObject) -> None:
    packed = deflate(content)
    at, bit = data.draw(st.integers(0, len(packed.data) - 1)), data.draw(st.integers(0, 7))
    damaged = bytearray(packed.data)
    damaged[at] ^= 1 << bit
    found = inflate(bytes(damaged), size=packed.size)
    assert found is None or found == content or zlib.crc32(found) != packed.crc


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 300])
def test_what_is_not_just_the_content_is_refused(content: bytes) -> None:
    packed = deflate(content)
    assert inflate(packed.data, size=packed.size) == content
    assert inflate(packed.data + b"x", size=packed.size) is None
    assert inflate(packed.data[:-1], size=packed.size) is None
    assert inflate(packed.data, size=packed.size + 1) is None
    assert not content or inflate(packed.data, size=packed.size - 1) is None
    assert inflate(b"\xff" * 9, size=9) is None
