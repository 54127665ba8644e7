# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import marshal
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._bytecode import BytecodeError, compile_tree
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed, Runner

SOURCE = """
NAMES = frozenset({"a", "b", "c", "d", "e", "f", "g"})


def greet(name):
    return f"hello {name}" if name in {"x", "y", "z"} else None
"""
UNCHECKED_HASH = 0b01


def run(argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
    done = subprocess.run(list(argv), env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    return Completed(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def make_tree(root: Path) -> Path:
    package = root / "python" / "shop"
    package.mkdir(parents=True)
    for name in ("__init__", "cart"):
        (package / f"{name}.py").write_text(SOURCE)
    (package / "template.py").write_text("{% if x %}\n")
    return root


def bytecode(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.pyc"))}


def test_bytecode_is_valid_whatever_the_dates_are(tmp_path: Path) -> None:
    root = make_tree(tmp_path)
    assert compile_tree(root, python=sys.executable, runner=run) == 2
    for name, content in bytecode(root).items():
        source = importlib.util.source_from_cache(name)
        assert content[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(content[4:8], "little") == UNCHECKED_HASH
        assert content[8:16] == importlib.util.source_hash((root / source).read_bytes())
        code = marshal.loads(content[16:])  # noqa: S302  # compile_tree has just written it
        assert code.co_filename == f"/opt/{source}"


def test_bytecode_follows_from_the_sources_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trees = []
    for number, (zone, seed) in enumerate((("UTC", "1"), ("Asia/Tokyo", "2"))):
        monkeypatch.setenv("TZ", zone)
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        root = make_tree(tmp_path / ("x" * (number + 1)))
        compile_tree(root, python=sys.executable, runner=run)
        trees.append(bytecode(root))
    assert trees[0]
    assert trees[0] == trees[1]


def on(processors: int) -> Runner:
    """Runs it as on a machine with so many processors, in a poor locale."""

    def limited(argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        *before, code, folder = argv
        program = f"import os; os.cpu_count = lambda: {processors}\n{code}"
        return run([*before, program, folder], environment={**environment, "LC_ALL": "POSIX"})

    return limited


def test_how_many_run_at_once_leaves_no_trace(tmp_path: Path) -> None:
    trees = []
    for name, processors in (("one", 1), ("many", 8)):
        root = make_tree(tmp_path / name)
        for number in range(30):
            (root / "python" / f"module_{number}.py").write_text(SOURCE * (number % 5 + 1) + f"NUMBER = {number}\n")
        (root / "python" / "año.py").write_text(SOURCE)
        assert compile_tree(root, python=sys.executable, runner=on(processors)) == 33
        trees.append(bytecode(root))
    assert trees[0] == trees[1]


def test_an_import_reads_the_bytecode_and_not_the_source(tmp_path: Path) -> None:
    root = make_tree(tmp_path)
    compile_tree(root, python=sys.executable, runner=run)
    (root / "python/shop/cart.py").write_text("raise RuntimeError('the source was compiled')\n")
    program = f"import sys; sys.path.append({str(root / 'python')!r}); import shop.cart; print(shop.cart.greet('x'))"
    assert run([sys.executable, "-I", "-c", program], environment={}).stdout == "hello x\n"


def test_an_interpreter_that_fails_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(BytecodeError, match=r"/bin/false could not compile the layer's modules \(it ended with 1\)"):
        compile_tree(make_tree(tmp_path), python="/bin/false", runner=run)


@pytest.mark.parametrize("processors", [1, 64])
def test_what_can_not_be_written_is_one_error(tmp_path: Path, processors: int) -> None:
    root = make_tree(tmp_path)
    (root / "python/shop/__pycache__").touch()
    with pytest.raises(BytecodeError, match=r"could not compile the layer's modules \(FileExistsError: .*__pycache__"):
        compile_tree(root, python=sys.executable, runner=on(processors))
