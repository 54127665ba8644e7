# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a folder that distributions were installed into to what a layer needs, and only that.

What goes: scripts (their first line names the builder's interpreter, and no layer puts them on PATH), bytecode (it may
carry dates; C(_bytecode) makes it anew), and what an installer writes down about itself: C(direct_url.json) names the
builder's folders or an address with a password, C(REQUESTED) and C(INSTALLER) differ with the way that the same files
came. Each distribution's RECORD is written anew, sorted, without what went, and with the hashes of what was changed on
purpose, so that it agrees with the files.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
from collections.abc import Container, Mapping
from importlib import metadata
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._file_tree import entries_below, files_below
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Distribution

#: What an installer writes about itself. Source: Python Packaging User Guide, "Recording installed projects".
_OF_INSTALLERS = ("INSTALLER", "REQUESTED", "direct_url.json")
_BYTECODE = ".pyc"
_CACHE = "__pycache__"
_SCRIPTS = "bin/"


def is_leftover(name: str) -> bool:
    """Whether a file does not belong into a layer.

    :param name: with C(/), relative to the folder that distributions are installed into.
    """
    folder, _slash, file = name.rpartition("/")
    return (
        name.startswith(_SCRIPTS)
        or file.endswith(_BYTECODE)
        or (file in _OF_INSTALLERS and folder.endswith(".dist-info"))
        or _CACHE in folder.split("/")
    )


def remove_leftovers(folder: Path) -> None:
    """Remove what does not belong into a layer.

    :param folder: what distributions were installed into; it is changed.
    :raises OSError: reading or writing failed.
    """
    for name, entry in list(entries_below(folder)):
        if is_leftover(name) and not entry.is_dir(follow_symlinks=False):
            Path(entry.path).unlink()


def record_tree(folder: Path, *, rewritten: Container[str] = ()) -> tuple[Distribution, ...]:
    """Make the RECORD files agree with what is there. Bytecode is not looked at.

    :param folder: what distributions were installed into; its RECORD files are changed.
    :param rewritten: names of files below it, with C(/), whose content was changed since; RECORD vouches for any other
        as it was installed.
    :returns: what is installed, sorted by name.
    :raises OSError: reading or writing failed.
    """
    there = files_below(folder)
    found = [_record(record, folder, there, rewritten=rewritten) for record in folder.glob("*.dist-info/RECORD")]
    return tuple(sorted(found, key=_name))


def _record(
    record: Path, folder: Path, there: Mapping[str, os.stat_result], *, rewritten: Container[str]
) -> Distribution:
    """Make one of them agree, and say what it is of."""
    rows = csv.reader(io.StringIO(record.read_text(encoding="utf-8")))
    own = {row[0]: row for row in rows if row and row[0] in there and not row[0].endswith(_BYTECODE)}
    written = io.StringIO()
    lines = (_row(name, folder) if name in rewritten else [*own[name], "", ""][:3] for name in sorted(own))
    csv.writer(written, lineterminator="\n").writerows(lines)
    record.write_text(written.getvalue(), encoding="utf-8", newline="")
    described = metadata.PathDistribution(record.parent)
    # Its own RECORD is counted too: every file of an installed distribution is listed there.
    itself = record.relative_to(folder).as_posix()
    sizes = [record.stat().st_size if name == itself else there[name].st_size for name in own]
    return Distribution(name=described.metadata["Name"], version=described.version, files=len(sizes), size=sum(sizes))


def _row(name: str, folder: Path) -> list[str]:
    """A file's line, as the recording of installed projects has it: urlsafe base64 without padding."""
    content = (folder / name).read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
    return [name, f"sha256={digest}", str(len(content))]


def _name(distribution: Distribution) -> tuple[str, str]:
    return (distribution.name.lower(), distribution.version)
