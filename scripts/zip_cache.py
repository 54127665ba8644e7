# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps what Python compiles out of zip files, where ASESORIA_ZIP_CACHE names a folder for it.

Ansible sends each module with its utils as a zip file, beside which Python keeps nothing, so that each of the thousands
of modules that a test run starts compiles the same files again, which is up to half of its work. The Python of .venv
imports this when it starts (scripts/setup sees to that), so it imports only what is there already. What runs stays the
same, since it is found by what the source says. Garbage is collected less often, too.
"""

from __future__ import annotations

import _imp
import gc
import marshal
import os
import sys
import zipimport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    Compiler = Callable[[str, bytes], CodeType]


def cached(compiler: Compiler, *, folder: str) -> Compiler:
    """A compiler that does its work once for each source, whatever the name of the file.

    :param compiler: takes a file's name and its source.
    :param folder: where the outcomes are kept.
    """
    kind = f"{sys.implementation.cache_tag}-{sys.flags.optimize}"

    def compiled(name: str, source: bytes) -> CodeType:
        path = f"{folder}/{_imp.source_hash(0, source).hex()}.{kind}"
        try:
            with open(path, "rb") as file:
                code: CodeType = marshal.loads(file.read())  # noqa: S302  # of this checkout's own
        except (OSError, EOFError, ValueError, TypeError):
            code = compiler(name, source)
            keep(code, path=path)
        else:
            _imp._fix_co_filename(code, name)  # type: ignore[attr-defined]
        return code

    return compiled


def keep(code: CodeType, *, path: str) -> None:
    """Write it down, whole or not at all. Where that can't be done, all goes on without."""
    unfinished = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(unfinished, "wb") as file:
            file.write(marshal.dumps(code))
        os.replace(unfinished, path)
    except OSError:
        pass


if os.environ.get("ASESORIA_ZIP_CACHE"):
    # Most of these processes end before there is garbage worth a search. That saves a tenth of their work.
    gc.set_threshold(100_000, 20, 50)
if os.environ.get("ASESORIA_ZIP_CACHE") and hasattr(zipimport, "_compile_source"):
    zipimport._compile_source = cached(zipimport._compile_source, folder=os.environ["ASESORIA_ZIP_CACHE"])
