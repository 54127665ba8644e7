# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule about bytecode. Lambda can't write any: what is stale is compiled again in every cold start, or is wrong."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import Finding, Layer, bytecode_source
from ansible_collections.asesoria.serverless.plugins.module_utils._pyc import (
    BytecodeHeader,
    read_header,
    source_hash,
)

_WORD = 0xFFFFFFFF


def stale_bytecode(layer: Layer) -> Iterator[Finding]:
    """Bytecode of another Python, or of another source than the one beside it."""
    for path, file in layer.files.items():
        problem = _problem(layer, path, file.head) if path.endswith(".pyc") else ""
        if problem:
            yield Finding(
                "stale-bytecode",
                problem,
                f"Leave it out, or compile the sources with Python {layer.target.runtime.python} and "
                "--invalidation-mode unchecked-hash",
                file=path,
            )


def _problem(layer: Layer, path: str, head: bytes) -> str:
    runtime = layer.target.runtime
    header = read_header(head)
    if header is None or not header.known:
        return "this is no bytecode of any Python from 3.7 on"
    if header.magic != runtime.bytecode_magic:
        return (
            f"this bytecode is for another Python than {runtime.identifier}: its magic number is {header.magic}, not "
            f"{runtime.bytecode_magic}"
        )
    source = bytecode_source(path)
    if source in layer.files:
        return _difference(layer, source, header)
    in_cache = posixpath.basename(posixpath.dirname(path)) == "__pycache__"
    # Beside the place of its source, bytecode is a module of its own.
    return f"this bytecode is never loaded, since its source {source} is not there" if in_cache else ""


def _difference(layer: Layer, source: str, header: BytecodeHeader) -> str:
    if header.hashed:
        same = source_hash(layer.content(source), magic=header.magic) == header.stamp
        return "" if same else f"this bytecode was made from another content of {source}"
    if header.size != layer.files[source].size & _WORD:
        return f"this bytecode was made from another content of {source}"
    if header.modified not in {time & _WORD for time in layer.entries[source].modified}:
        return f"this bytecode holds another time of change than {source} has here, so Python ignores it"
    return ""
