# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import shutil
from importlib import metadata
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_tree import record_tree, remove_leftovers
from ansible_collections.asesoria.serverless.plugins.module_utils._slim import (
    LEVELS,
    remove_unused,
    stays_anyway,
    strip_symbols,
    unused_files,
)
from hypothesis import given
from hypothesis import strategies as st

CASES = [
    pytest.param({"a/__init__.py": "", "a/__init__.pyi": "x", "a/py.typed": ""}, {"a/__init__.pyi"}, id="stubs"),
    pytest.param(
        {"a/__init__.py": "import lazy_loader\nlazy_loader.attach_stub(__name__, __file__)\n", "a/__init__.pyi": "x"},
        set(),
        id="stubs that are read at import",
    ),
    pytest.param(
        {"a/__init__.py": "S = open(__file__ + 'i')  # a .pyi file\n", "a/__init__.pyi": "x"},
        set(),
        id="stubs that code names",
    ),
    pytest.param(
        {
            "a/__init__.py": "",
            "a/x.c": "c",
            "a/x.pyx": "c",
            "a/x.pxd": "c",
            "a/include/X.H": "c",
            "a/lib.a": "c",
            "a/x.so": "",
        },
        {"a/x.c", "a/x.pyx", "a/x.pxd", "a/include/X.H", "a/lib.a"},
        id="for compilers",
    ),
    pytest.param(
        {"a/__init__.py": "", "a/tests/__init__.py": "", "a/tests/data/x.csv": "1", "a/b.py": ""},
        {"a/tests/__init__.py", "a/tests/data/x.csv"},
        id="tests",
    ),
    pytest.param(
        {"a/__init__.py": "", "a/testing/__init__.py": "", "a/test/__init__.py": "", "a/tests.py": ""},
        set(),
        id="testing and test",
    ),
    pytest.param({"tests/__init__.py": "", "tests/x.py": ""}, set(), id="a package called tests"),
    pytest.param({"a/tests/x.py": ""}, set(), id="no package above"),
]


@pytest.mark.parametrize(("files", "gone"), CASES)
def test_what_is_left_out(tmp_path: Path, files: dict[str, str], gone: set[str]) -> None:
    write(tmp_path, files)
    saved = remove_unused(tmp_path, level="safe")
    assert names(tmp_path) == set(files) - gone
    assert (saved.files, saved.size) == (len(gone), sum(len(files[name]) for name in gone))


IMPORTS = [
    "import a.tests",
    "import os, a.tests.common as common",
    "import os, \\\n    a.tests",
    "from a.tests import common",
    "from a.tests.common import X",
    "from a import tests",
    "from a import b, tests",
    "from a import (\n    b,  # one\n    tests,\n)",
    "from a import b, \\\n    tests",
    "from . import tests",
    "from .tests.common import X",
    "def f():\n    from .tests import common",
    "try:\n\timport a.tests\nexcept ImportError:\n\tpass",
]


@pytest.mark.parametrize("statement", IMPORTS)
def test_tests_that_are_imported_stay(tmp_path: Path, statement: str) -> None:
    files = {"a/__init__.py": f"{statement}\n", "a/b.py": "", "a/tests/__init__.py": "", "a/tests/common.py": "X = 1\n"}
    write(tmp_path, files)
    remove_unused(tmp_path, level="safe")
    assert names(tmp_path) == set(files)


@pytest.mark.parametrize(
    "statement",
    ["# import a.tests", "import tests", "from tests import a", "import a.b.tests", "X = 'a.tests'", "from a import b"],
)
def test_other_imports_keep_nothing(tmp_path: Path, statement: str) -> None:
    write(tmp_path, {"a/__init__.py": f"{statement}\n", "a/b/__init__.py": "", "a/tests/__init__.py": ""})
    remove_unused(tmp_path, level="safe")
    assert names(tmp_path) == {"a/__init__.py", "a/b/__init__.py"}


def test_an_import_from_below_is_resolved(tmp_path: Path) -> None:
    files = {
        "a/__init__.py": "",
        "a/b/__init__.py": "",
        "a/b/c.py": "from ..tests import X\n",
        "a/tests/__init__.py": "",
    }
    write(tmp_path, {**files, "a/b/tests/__init__.py": ""})
    remove_unused(tmp_path, level="safe")
    assert names(tmp_path) == set(files)


def test_what_tests_that_stay_import_stays_too(tmp_path: Path) -> None:
    files = {
        "a/__init__.py": "from a.tests import helper\n",
        "a/tests/__init__.py": "",
        "a/tests/helper.py": "from a.b.tests import base\n",
        "a/b/__init__.py": "",
        "a/b/tests/__init__.py": "",
        "a/b/tests/base.py": "",
    }
    write(tmp_path, {**files, "a/c/__init__.py": "", "a/c/tests/__init__.py": "import a.b.tests\n"})
    remove_unused(tmp_path, level="safe")
    assert names(tmp_path) == {*files, "a/c/__init__.py"}


def test_nothing_is_left_out_if_nobody_asks(tmp_path: Path) -> None:
    files = {"a/__init__.py": "", "a/x.pyi": "", "a/tests/__init__.py": "", "a/x.c": ""}
    write(tmp_path, files)
    saved = remove_unused(tmp_path, level="none")
    assert names(tmp_path) == set(files)
    assert (saved.files, saved.size, strip_symbols(tmp_path, level="none")) == (0, 0, {})


def test_max_leaves_out_what_other_systems_run(tmp_path: Path) -> None:
    kept = {"a/__init__.py": "", "a/run.sh": "", "a/x.so": "", "a/exe.py": ""}
    gone = {"a/t64.EXE": "MZ", "a/x.dll": "MZ", "a/x.pyd": "MZ", "a/x.dylib": "x", "a/activate.bat": "x", "a/x.pyi": ""}
    write(tmp_path, {**kept, **gone})
    remove_unused(tmp_path, level="safe")
    assert names(tmp_path) == {*kept, *gone} - {"a/x.pyi"}
    remove_unused(tmp_path, level="max")
    assert names(tmp_path) == set(kept)


@pytest.mark.parametrize(("level", "stripped"), [("none", False), ("safe", True), ("max", True)])
def test_symbols_are_left_out(tmp_path: Path, level: str, *, stripped: bool) -> None:
    (found,) = [file for file in metadata.files("markupsafe") or [] if file.suffix == ".so"]
    library = Path(shutil.copy(str(found.locate()), tmp_path))
    before = library.stat().st_size
    gone = strip_symbols(tmp_path, level=level)
    assert bool(gone) == stripped
    assert before - library.stat().st_size == sum(gone.values())


def test_what_was_stripped_is_recorded(tmp_path: Path) -> None:
    found = metadata.distribution("markupsafe")
    for file in found.files or []:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (tmp_path / file).parent.mkdir(exist_ok=True, parents=True)
            shutil.copy(str(file.locate()), tmp_path / file)
    (tmp_path / "markupsafe" / "_native.py").write_text("tampered with\n")
    stripped = strip_symbols(tmp_path, level="safe")
    (library,), (saved,) = list(stripped), list(stripped.values())
    assert library.startswith("markupsafe/_speedups")
    assert saved > 10_000
    remove_leftovers(tmp_path)
    record_tree(tmp_path, rewritten=stripped)
    (recorded,) = metadata.distributions(path=[str(tmp_path)])
    assert {str(file): file.size for file in recorded.files or []}[library] == (tmp_path / library).stat().st_size
    assert [str(file) for file in recorded.files or [] if file.hash and not agrees(tmp_path, file)] == [
        "markupsafe/_native.py"
    ]


def test_bytecode_is_not_recorded(tmp_path: Path) -> None:
    """A wheel that brings some lists it; what is compiled in its place may be there by then, or not yet."""
    found, cache = tmp_path / "a-1.dist-info", tmp_path / "a/__pycache__/b.cpython-311.pyc"
    write(tmp_path, {"a/b.py": "", "a-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: a\nVersion: 1\n"})
    recorded = []
    for there in (True, False):
        write(tmp_path, {"a-1.dist-info/RECORD": f"{cache.relative_to(tmp_path)},sha256=x,1\na/b.py,,\n"})
        if there:
            cache.parent.mkdir()
            cache.write_bytes(b"")
        record_tree(tmp_path)
        recorded.append((found / "RECORD").read_text())
        cache.unlink(missing_ok=True)
    assert recorded == ["a/b.py,,\n"] * 2


def agrees(folder: Path, file: metadata.PackagePath) -> bool:
    assert file.hash is not None
    digest = hashlib.new(file.hash.mode, (folder / file).read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


_PARTS = st.sampled_from(["a", "tests", "b.py", "__init__.py", "c.pyi", "d.h", "e.DLL", "f.so", "g.csv"])


@given(
    files=st.dictionaries(
        st.lists(_PARTS, min_size=1, max_size=4).map("/".join),
        st.sampled_from([b"", b"attach_stub", b"import a.tests", b"from . import tests"]),
    ),
    level=st.sampled_from(LEVELS),
)
def test_what_stays_anyway_is_never_unused(files: dict[str, bytes], level: str) -> None:
    unused = unused_files(files.keys(), read=files.__getitem__, level=level)
    assert not [name for name in unused if stays_anyway(name, level=level)]
