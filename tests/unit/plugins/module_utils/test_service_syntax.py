# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is valid in which version of Python, said by whatever version runs the tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._service.syntax import (
    SyntaxProblem,
    Version,
    check_syntax,
)

OWN = sys.version_info[:2]
NEVER = (4, 0)
#: A source and the first version of Python that takes it.
SOURCES: dict[str, tuple[str, Version]] = {
    "plain": ("import os\n\ndef app(environ, start_response):\n    return [b'']\n", (3, 10)),
    "match": ("match x:\n    case {'a': 1, **rest} if rest:\n        pass\n", (3, 10)),
    "with in brackets": ("with (open('a') as a, open('b') as b):\n    pass\n", (3, 10)),
    "soft keywords": ("match = 1\ntype = 2\nprint(match, type)\ntype(match)\n", (3, 10)),
    "f-string": ("y = f\"{x['a']!r:>{w}} {{}} {x=} \\n\" f'''{\n1}'''\n", (3, 10)),
    "f-string with a quote in its text": ("y = f'it\\'s {x}'\nz = rf'\\d{x}'\n", (3, 10)),
    "odd escapes": ("x = '\\d'\n", (3, 10)),
    "except*": ("try:\n    pass\nexcept* ValueError:\n    pass\n", (3, 11)),
    "star in an index": ("y = a[*b]\nz = a[0, *b]\n", (3, 11)),
    "type": ("type X = int\n", (3, 12)),
    "type parameters": ("def f[T](a: T) -> T: ...\n\nclass A[T]: ...\n", (3, 12)),
    "quotes in an f-string": ("y = f'{x['a']}'\n", (3, 12)),
    "f-string in itself": ("y = f'{f'{x}'}'\n", (3, 12)),
    "backslash in an f-string": ("y = f\"{'\\n'.join(x)}\"\n", (3, 12)),
    "backslash in an inner f-string": ("y = f\"{f'\\n{x}'}\"\n", (3, 12)),
    "comment in an f-string": ("y = f'''{\n1  # one\n}'''\n", (3, 12)),
    "line break in an f-string": ("y = f'{\n1}'\n", (3, 12)),
    "default of a type parameter": ("class A[T=int]: ...\n", (3, 13)),
    "except without brackets": ("try:\n    pass\nexcept A, B:\n    pass\n", (3, 14)),
    "t-string": ("y = t'{x}'\n", (3, 14)),
    "no colon": ("def f(\n", NEVER),
    "print": ("print 'a'\n", NEVER),
    "no indent": ("def f():\nreturn 1\n", NEVER),
    "return outside": ("x = 1\nreturn x\n", NEVER),
    "await outside": ("await x\n", NEVER),
    "unclosed": ("app = Flask(__name__\n", NEVER),
    "zero byte": ("x = 1\0\n", NEVER),
}
VERSIONS = [(3, minor) for minor in range(10, 15)]


def no_program(_argv: Sequence[str]) -> str | None:
    """A machine without other interpreters."""
    return None


def run_program(argv: Sequence[str]) -> str | None:
    """The output of a command."""
    result = subprocess.run(argv, check=False, capture_output=True, text=True)
    return result.stdout if result.returncode == 0 else None


@pytest.mark.parametrize("python", VERSIONS, ids=str)
@pytest.mark.parametrize("name", SOURCES)
def test_without_the_runtimes_interpreter(tmp_path: Path, name: str, python: Version) -> None:
    path = tmp_path / "app.py"
    source, since = SOURCES[name]
    path.write_text(source, encoding="utf-8")
    verdict = check_syntax([path], python=python, interpreters=[], runner=no_program)
    if python >= since:
        assert verdict.problems == (), "a file that the runtime takes"
        return
    # A newer Python, or the same, knows; an older one may not.
    assert verdict.problems or (python > OWN and verdict.unknown == (path,))
    if python <= OWN:
        assert verdict.problems
        assert verdict.problems[0].line >= 1
        assert verdict.problems[0].reason


@pytest.mark.parametrize("name", [name for name, (_source, since) in SOURCES.items() if since == NEVER])
def test_what_no_version_takes_is_known_without_the_newer_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / "app.py"
    path.write_text(SOURCES[name][0], encoding="utf-8")
    newer = (OWN[0], OWN[1] + 1)
    assert check_syntax([path], python=newer, interpreters=[], runner=no_program).problems


def test_the_interpreter_of_the_runtime_is_asked(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "it's bad.py"
    good.write_text("x = 1\n", encoding="utf-8")
    bad.write_text("\nx = (\n", encoding="utf-8")
    # As if this were another version, so that the answer can only be the interpreter's.
    verdict = check_syntax(
        [good, bad] * 150, python=OWN, interpreters=["/nowhere/python", sys.executable], runner=run_or_none, own=(2, 7)
    )
    assert verdict.unknown == ()
    assert verdict.problems == (SyntaxProblem(bad, 2, "'(' was never closed"),) * 150


def run_or_none(argv: Sequence[str]) -> str | None:
    """The output of a command; nothing if it can't be started."""
    try:
        return run_program(argv)
    except OSError:
        return None


def test_an_interpreter_of_another_version_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text("try:\n    pass\nexcept A, B:\n    pass\n", encoding="utf-8")
    asked: list[str] = []

    def answer(argv: Sequence[str]) -> str:
        asked.append(argv[0])
        return '[[3, 9], [[1, "no such thing"]]]'

    verdict = check_syntax([path], python=(3, 14), interpreters=["python3.14"], runner=answer, own=(3, 13))
    assert asked == ["python3.14"]
    assert (verdict.problems, verdict.unknown) == ((), (path,))
