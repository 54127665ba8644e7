# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of an app's folder goes into a deployment, and one hash over it that tells whether anything changed."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: What of an app's folder does not travel unless the user says otherwise. None of it is a secret that Python could
#: import, so a module that the app imports stays although its folder stands here.
DEFAULT_EXCLUDE = (
    ".aws-sam",
    ".DS_Store",
    ".env",
    ".env.*",
    ".git",
    ".gitignore",
    ".idea",
    ".mypy_cache",
    ".pytest_cache",
    ".requirements",
    ".ruff_cache",
    ".serverless",
    ".serverless-wsgi",
    ".tox",
    ".vscode",
    "__pycache__",
    "*.pyc",
    "/tests",
    "node_modules",
)
_CHUNK = 1024 * 1024
#: Python's own mark of a virtual environment, see PEP 405.
_VENV_MARK = "pyvenv.cfg"


class SourceError(ServerlessError):
    """The app's folder can't be read or holds what can't be deployed."""


@dataclass(frozen=True)
class SourceFile:
    """One file of the app.

    :param name: path below the app's folder, with C(/) between its parts.
    :param path: where the content is.
    :param executable: whether its owner may execute it; nothing else of its mode travels.
    :param sha256: hexadecimal hash of the content.
    :param content: what is written instead of that content; C(None) if it is copied.
    """

    name: str
    path: Path
    executable: bool
    sha256: str
    content: bytes | None = field(default=None, repr=False)

    @property
    def mode(self) -> int:
        """Permission bits of the copy."""
        return 0o755 if self.executable else 0o644


def read_source(*, root: Path, exclude: Sequence[str], imported: Mapping[str, bool] | None = None) -> list[SourceFile]:
    """List the files of an app, sorted by name.

    Links are followed. A virtual environment is left out whatever it is called.

    :param root: the app's folder.
    :param exclude: patterns of M(fnmatch). One that starts with C(/) is held against the path below I(root), any other
        one against every single name on the way there; a folder that matches is left out with all that is in it.
    :param imported: files that the app imports, by their path below I(root), and whether it certainly does. They stay,
        and all that is in their folder, although a pattern matches; a pattern of the user's own leaves out what is not
        certainly imported.
    :raises SourceError: the folder is missing, holds nothing that is not excluded, or something in it can't be read.
    """
    if not root.is_dir():
        raise SourceError(
            f"the app's folder {root} does not exist or is no folder", "Name the folder that holds the app"
        )
    leaves_out = _Selection(exclude=tuple(exclude), imported=dict(imported or {}))
    files = sorted(_walk(root, prefix="", leaves_out=leaves_out, above=()), key=lambda file: file.name)
    if not files:
        raise SourceError(f"the app's folder {root} holds no file to deploy", "Put the app there, or exclude less")
    return files


@dataclass(frozen=True)
class _Selection:
    """What is left out of a deployment; see :func:`read_source`."""

    exclude: tuple[str, ...]
    imported: Mapping[str, bool]

    def __call__(self, name: str) -> bool:
        matching = [pattern for pattern in self.exclude if is_excluded(name, exclude=[pattern])]
        if not matching:
            return False
        ours = all(pattern in DEFAULT_EXCLUDE for pattern in matching)
        return not any(
            certain or ours for file, certain in self.imported.items() if file == name or file.startswith(name + "/")
        )


def kept_although_excluded(files: Iterable[SourceFile], *, exclude: Sequence[str]) -> list[str]:
    """Name the files and folders that patterns match and that a deployment has all the same, sorted.

    :param files: the files that travel.
    :param exclude: see :func:`read_source`.
    """
    kept: set[str] = set()
    for file in files:
        parts = file.name.split("/")
        paths = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        kept.update(path for path in paths if is_excluded(path, exclude=exclude))
    return sorted(kept)


def _walk(
    folder: Path, *, prefix: str, leaves_out: Callable[[str], bool], above: tuple[str, ...]
) -> Iterator[SourceFile]:
    real = os.path.realpath(folder)
    if real in above:
        raise SourceError(f"the link {folder} leads to a folder that holds it", "Remove the link, or exclude it")
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise SourceError(f"{folder} can't be read: {error.strerror}", "Make it readable, or exclude it") from error
    if prefix and any(entry.name == _VENV_MARK for entry in entries):
        return
    for entry in entries:
        name = prefix + entry.name
        if leaves_out(name):
            continue
        if entry.is_dir():
            yield from _walk(Path(entry.path), prefix=name + "/", leaves_out=leaves_out, above=(*above, real))
        else:
            yield _read_file(Path(entry.path), name=name)


def is_excluded(name: str, *, exclude: Iterable[str]) -> bool:
    """Whether a pattern matches a path or its last part; its folders were asked before it.

    :param name: path below the app's folder.
    :param exclude: see :func:`read_source`.
    """
    last = name.rpartition("/")[2]
    return any(
        fnmatch.fnmatchcase(name, pattern[1:]) if pattern.startswith("/") else fnmatch.fnmatchcase(last, pattern)
        for pattern in exclude
    )


def _read_file(path: Path, *, name: str) -> SourceFile:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise SourceError(f"{path} is neither a file nor a folder", "Remove it, or exclude it")
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise SourceError(f"{path} can't be read: {error.strerror}", "Mend or remove it, or exclude it") from error
    return SourceFile(name=name, path=path, executable=bool(mode & stat.S_IXUSR), sha256=digest.hexdigest())


def with_extra(files: Sequence[SourceFile], *, extra: Mapping[str, str]) -> list[SourceFile]:
    """Put files from elsewhere beside those of an app, sorted by name.

    :param files: the app's files.
    :param extra: paths by the name in the copy.
    :raises SourceError: the app has something of that name, or a file can't be read.
    """
    names = {file.name.partition("/")[0] for file in files}
    for name in sorted(extra):
        if "/" in name or name in names or name.removesuffix(".py") in names:
            raise SourceError(
                f"the app's folder has a file or folder called {name}, or by that module's name, which a file of the "
                "deployment's own has to have",
                "Rename the app's, or exclude it",
            )
    added = [_read_file(Path(path), name=name) for name, path in extra.items()]
    return sorted([*files, *added], key=lambda file: file.name)


def with_content(files: Iterable[SourceFile], *, name: str, content: bytes) -> list[SourceFile]:
    """Give one of an app's files another content in the copy.

    :param files: the app's files.
    :param name: the file's path below the app's folder.
    :param content: its content.
    """
    digest = hashlib.sha256(content).hexdigest()
    return [replace(file, content=content, sha256=digest) if file.name == name else file for file in files]


def fingerprint(*, files: Iterable[SourceFile], settings: Mapping[str, str]) -> str:
    """Make one hash of all that a deployment depends on.

    :param files: the app's files; their names, contents and whether they are executable count.
    :param settings: whatever else the deployment depends on.
    :returns: 64 hexadecimal digits.
    """
    content = {
        "files": sorted((file.name, file.executable, file.sha256) for file in files),
        "settings": dict(settings),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def copy_source(*, files: Iterable[SourceFile], destination: Path) -> None:
    """Copy an app's files into a new folder.

    :param files: what to copy.
    :param destination: the folder; must not exist yet.
    :raises SourceError: a file is not any more what was read, or the copy can't be written.
    """
    try:
        destination.mkdir(parents=True)
        for file in files:
            target = destination / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.content is None:
                shutil.copyfile(file.path, target)
            else:
                target.write_bytes(file.content)
            target.chmod(file.mode)
    except OSError as error:
        raise SourceError(
            f"{error.filename} can't be copied to {destination}: {error.strerror}", "Mend it and run again"
        ) from error
