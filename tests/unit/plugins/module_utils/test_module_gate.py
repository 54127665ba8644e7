# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._module_gate import (
    MissingModuleError,
    require_modules,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import PackagedFunction

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:x:1"
OTHER = "arn:aws:lambda:us-east-1:123456789012:layer:y:2"


def make_zip(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return stream.getvalue()


def require(
    tmp_path: Path, *, package: tuple[str, ...], layers: dict[str, tuple[str, ...]], runtime: str = "python3.11"
) -> None:
    """Look for one module in a function's package, and in layers by their ARN; one without names can't be read."""

    def members(arn: str) -> tuple[zipfile.ZipInfo, ...] | None:
        return tuple(map(zipfile.ZipInfo, layers[arn])) or None

    archive = tmp_path / "shop.zip"
    archive.write_bytes(make_zip(*package))
    function = PackagedFunction("shop-dev-api", archive, runtime, "x86_64", tuple(layers))
    require_modules([function], modules=("mangum",), members=members)


@pytest.mark.parametrize(
    ("package", "layers"),
    [
        (("app.py", "mangum/__init__.py"), {}),
        (("mangum.py",), {LAYER: ()}),
        (("mangum.cpython-311-x86_64-linux-gnu.so",), {}),
        (("app.py",), {LAYER: ("python/mangum/__init__.py",)}),
        (
            ("app.py",),
            {LAYER: ("python/other.py",), OTHER: ("python/lib/python3.11/site-packages/mangum/__init__.pyc",)},
        ),
        # What can't be looked into may hold anything.
        (("app.py",), {LAYER: ("python/other.py",), OTHER: ()}),
    ],
)
def test_what_is_there_is_found(tmp_path: Path, package: tuple[str, ...], layers: dict[str, tuple[str, ...]]) -> None:
    require(tmp_path, package=package, layers=layers)


@pytest.mark.parametrize(
    ("package", "layers", "said"),
    [
        (("app.py", "lib/mangum/__init__.py", "mangum/adapter.py", "mangum_x.py"), {}, "which is not in its package"),
        (
            ("app.py",),
            {LAYER: ("mangum/__init__.py", "python/x/mangum.py")},
            f"which is neither in its package nor in {LAYER}. Put what brings it into the requirements",
        ),
        (("app.py",), {LAYER: ("x",), OTHER: ("y",)}, f"nor in {LAYER}, {OTHER}"),
    ],
)
def test_what_is_not_there_is_told(
    tmp_path: Path, package: tuple[str, ...], layers: dict[str, tuple[str, ...]], said: str
) -> None:
    with pytest.raises(MissingModuleError) as caught:
        require(tmp_path, package=package, layers=layers)
    assert "the function shop-dev-api is not deployed, since its handler imports mangum" in str(caught.value)
    assert said in str(caught.value)


def test_other_languages_are_let_pass(tmp_path: Path) -> None:
    require(tmp_path, package=("index.js",), layers={}, runtime="nodejs24.x")
