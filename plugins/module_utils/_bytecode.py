# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bytecode that stays valid in a layer, whose files have no dates and lie in a folder that nobody can write to.

Python trusts a C(.pyc) of the mode C(unchecked-hash) without looking at its source (PEP 552), so an import reads one
file instead of compiling another. One that goes by the date of its source would be stale in any zip with fixed dates.
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner

# One process and one order, and without the site module, whose .pth files may import things: what else an interpreter
# has seen can show in the bytes. The path in each file is the one that Lambda will load it from. A file that does not
# compile, a template for instance, has no bytecode, and says so when somebody imports it.
_COMPILE = """
import compileall, py_compile, sys
root = sys.argv[1]
compileall.compile_dir(
    root + "/python", quiet=2, force=True, workers=1, stripdir=root, prependdir="/opt",
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
)
"""


class BytecodeError(ServerlessError):
    """The interpreter could not compile anything."""


def compile_tree(root: Path, *, python: str, runner: Runner) -> int:
    """Write bytecode beside every source file below C(root/python).

    :param root: what will be C(/opt).
    :param python: the interpreter, of the version that will load it.
    :param runner: runs it.
    :returns: how many files were written.
    :raises BytecodeError: the interpreter failed.
    """
    done = runner([python, "-I", "-S", "-W", "ignore", "-c", _COMPILE, str(root)], environment={})
    if done.returncode != 0:
        lines = done.output.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise BytecodeError(f"{python} could not compile the layer's modules ({lines[-1]})", "See whether it is whole")
    return sum(1 for _file in root.rglob("__pycache__/*.pyc"))
