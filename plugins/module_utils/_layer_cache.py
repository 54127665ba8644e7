# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps finished layers for the next build of the same: a folder for each key, with the zip and its manifest.

An entry is used only if it is whole and says that it is what was asked for, and only if nobody else could have put it
there. Anything else is as if it were not there, and is replaced by what is built instead.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import (
    Manifest,
    intact_manifest,
    write_manifest,
)

#: How many layers are kept; the ones that were used last.
MOST_ENTRIES = 20
_ZIP, _MANIFEST = "layer.zip", "layer.manifest.json"
_PARTIAL = ".partial-"
#: A key is a SHA-256.
_KEY = re.compile(r"[0-9a-f]{64}")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class LayerCache:
    """A folder of finished layers.

    :param folder: it need not be there yet.
    """

    folder: Path

    def restore(self, key: str, *, archive: Path) -> Manifest | None:
        """Put a layer where it is wanted.

        :param key: what it has to be.
        :param archive: where its zip goes; it is replaced as a whole.
        :returns: the manifest of the zip, which has still to be written; None if there is no such layer.
        :raises OSError: the zip can't be written.
        """
        entry = self.folder / key
        if not (_is_ours(self.folder) and _is_ours(entry)):
            return None
        handle, temporary = tempfile.mkstemp(prefix=f".{archive.stem}.", suffix=".part", dir=archive.parent)
        os.close(handle)
        copy = Path(temporary)
        try:
            with suppress(OSError):
                # What was copied is looked at, not what lies there and might be another file by now.
                shutil.copyfile(entry / _ZIP, copy)
            found = intact_manifest(manifest=entry / _MANIFEST, archive=copy)
            if found is None or found.key != key:
                return None
            copy.chmod(0o644)
            copy.replace(archive)
        finally:
            copy.unlink(missing_ok=True)
        with suppress(OSError):
            os.utime(entry)
        return found

    def keep(self, manifest: Manifest, *, archive: Path) -> None:
        """Keep a layer, unless there is no room or no permission: the layer itself is finished, and no worse for it.

        :param manifest: what it is.
        :param archive: its zip.
        """
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _is_ours(self.folder):
                return
            with tempfile.TemporaryDirectory(prefix=_PARTIAL, dir=self.folder, ignore_cleanup_errors=True) as made:
                entry = Path(made, "entry")
                entry.mkdir(mode=0o700)
                shutil.copyfile(archive, entry / _ZIP)
                write_manifest(manifest, path=entry / _MANIFEST)
                shutil.rmtree(self.folder / manifest.key, ignore_errors=True)
                entry.rename(self.folder / manifest.key)
            self._forget_old()

    def _forget_old(self) -> None:
        entries = sorted(
            (path for path in self.folder.iterdir() if _is_entry(path)),
            key=lambda path: path.stat().st_mtime,
            reverse=True,
        )
        for path in entries[MOST_ENTRIES:]:
            shutil.rmtree(path, ignore_errors=True)


def _is_entry(path: Path) -> bool:
    """Return whether a path is a layer that was kept here; the folder may have been named by a user who has others."""
    return bool(_KEY.fullmatch(path.name)) and (path / _MANIFEST).is_file() and not path.is_symlink()


def _is_ours(folder: Path) -> bool:
    """Whether a folder belongs to the user that this runs as, and only that user can write to it."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE
