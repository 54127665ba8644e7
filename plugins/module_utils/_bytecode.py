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
from ansible_collections.asesoria.serverless.plugins.module_utils._file_tree import files_below
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner

# What else an interpreter has seen can show in the bytes. So the files are dealt out to a number of processes that is
# always the same, always in the same way. Each is a copy of one that has compiled nothing yet, takes its own files one
# after the other, and has no site module, whose .pth files may import things. How many of them run at once leaves no
# trace.
# The path in each file is the one that Lambda will load it from. A file that does not compile, a template for instance,
# has no bytecode, and says so when somebody imports it.
PARTS = 8
_COMPILE = f"""
import importlib.util, marshal, os, sys
root = sys.argv[1]
head = importlib.util.MAGIC_NUMBER + (0b01).to_bytes(4, "little")
files = sorted(
    (os.path.getsize(os.path.join(folder, name)), os.path.relpath(os.path.join(folder, name), root))
    for folder, _folders, names in os.walk(root + "/python") for name in names
    if name.endswith(".py")
)

def compile_file(name):
    path = os.path.join(root, name)
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, os.path.join("/opt", name), "exec", dont_inherit=True)
    except Exception:
        return
    cache = importlib.util.cache_from_source(path)
    os.makedirs(os.path.dirname(cache), exist_ok=True)
    with open(cache, "wb") as file:
        file.write(head + importlib.util.source_hash(source) + marshal.dumps(code))

def start(part):
    if os.fork():
        return
    status = 1
    try:
        for name in sorted(name for _size, name in part):
            compile_file(name)
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)

failed, running = False, 0
for number in range({PARTS}):
    if running == (os.cpu_count() or 1):
        failed |= os.wait()[1] != 0
        running -= 1
    start(files[number::{PARTS}])
    running += 1
for _process in range(running):
    failed |= os.wait()[1] != 0
sys.exit(failed)
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
    return sum(name.endswith(".pyc") for name in files_below(root))
