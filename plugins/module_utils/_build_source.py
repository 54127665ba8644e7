# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a layer is built from: a requirements file, for which pip finds versions, or a lock, which says them all.

Either way it comes as wheels, which C(_layer_build) installs.

From a lock come exactly its files: what can't be downloaded from the addresses in it pip looks for, and is given every
version with the one hash that its file has, and asks for nothing that they need. What is locked as a source
distribution, a repository or a folder is made into a wheel, and nothing else is. Where only a build tells what
something needs, pip finds that, with everything that is locked held fast; what comes that way has no hash in the
manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._fingerprint import fingerprint, read_source
from ansible_collections.asesoria.serverless.plugins.module_utils._interpreter import Interpreter, check_wheels
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import Lock, LockedPackage, read_lock
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import (
    Runner,
    download_argv,
    explain_failure,
    locked_options,
    pip_environment,
    wheel_argv,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip_config import (
    Sources,
    read_sources,
    requirements_environment,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import (
    Requirements,
    read_requirements,
    redact,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import Runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_fetch import DEFAULT_INDEX, fetch_wheels
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_name import project_of

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
#: What a build may leave in a folder, and what says nothing of its content.
_NOT_SOURCE = (".git", "__pycache__", "*.pyc", "build", "*.egg-info")


class SourceError(ServerlessError):
    """Nothing can be built from this."""


@dataclass(frozen=True)
class Origin:
    """The file that a distribution came from, as the lock has it.

    :param file: its name.
    :param sha256: its hash.
    """

    file: str
    sha256: str


@dataclass(frozen=True)
class Index:
    """Where pip looks for packages. Addresses may hold passwords.

    :param url: package index instead of pip's own setting.
    :param extra_urls: more of them.
    :param options_from: requirements files whose options say where else, and whose addresses hold passwords.
    :param environment: of the process, which says what C(${NAME}) in these files stands for.
    """

    url: str | None = field(default=None, repr=False)
    extra_urls: tuple[str, ...] = field(default=(), repr=False)
    options_from: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Job:
    """How wheels are come by.

    :param python: the interpreter that they are for.
    :param temporary: folder to work in, which the wheels are left in.
    :param runner: runs pip.
    """

    python: str
    temporary: Path
    runner: Runner

    def run(self, argv: Sequence[str], *, environment: Mapping[str, str], what: str) -> None:
        """Run pip.

        :param argv: the call.
        :param environment: variables that it gets besides.
        :param what: what it does, for an error.
        :raises PipError: it failed.
        """
        completed = self.runner(argv, environment={**environment, "TMPDIR": str(self.temporary)})
        if completed.returncode != 0:
            raise explain_failure(completed, what=what)


@dataclass(frozen=True)
class Collected:
    """All that is to be installed.

    :param wheels: one for each distribution.
    :param origins: where distributions are from, by normalized name, as far as a lock says so.
    """

    wheels: tuple[Path, ...]
    origins: Mapping[str, Origin] = field(default_factory=dict)


class Source(Protocol):
    """What a layer is built from."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def noun(self) -> str:
        """What it is called when it has changed."""

    @property
    def parts(self) -> dict[str, Any]:
        """All of it that the layer's content follows from, as plain values."""

    @property
    def expected(self) -> list[str]:
        """What will be installed, a line each, as far as that is known before."""

    @property
    def provided(self) -> tuple[str, ...]:
        """Normalized names of what was left out, because it is there without the layer."""

    def check(self, interpreter: Interpreter) -> None:
        """Refuse an interpreter that can't install it, with a ServerlessError."""

    def collect(self, job: Job) -> Collected:
        """Download and compile it, with a ServerlessError where that fails."""


@dataclass(frozen=True)
class RequirementsSource:
    """A requirements file.

    :param requirements: what it says.
    :param constraints: what a constraints file says.
    :param index: where to look.
    """

    requirements: Requirements
    constraints: Requirements | None
    index: Index

    @property
    def path(self) -> Path:
        """Its file."""
        return self.requirements.path

    @property
    def noun(self) -> str:
        """What it is called when it has changed."""
        return "requirements"

    @property
    def parts(self) -> dict[str, Any]:
        """Both files without comments and passwords, and the indexes."""
        return {
            "requirements": self.requirements.normalized,
            "constraints": self.constraints.normalized if self.constraints else None,
            "indexes": [redact(url) for url in (self.index.url or "", *self.index.extra_urls)],
        }

    @property
    def expected(self) -> list[str]:
        """The requirements stand for what pip would find."""
        lines = [redact(requirement.text) for requirement in self.requirements.requirements]
        return [f"{line} (and what it needs)" for line in lines]

    @property
    def provided(self) -> tuple[str, ...]:
        """Nothing: pip installs all that it finds."""
        return ()

    def check(self, interpreter: Interpreter) -> None:
        """Pip takes what the interpreter can use."""

    def collect(self, job: Job) -> Collected:
        """Let pip find versions, and make wheels of what is none."""
        environment = pip_environment(index_url=self.index.url, extra_index_urls=self.index.extra_urls)
        constraints = self.constraints.path if self.constraints else None
        folder = job.temporary / "wheels"
        argv = wheel_argv(python=job.python, folder=folder, requirements=self.path, constraints=constraints)
        job.run(argv, environment=environment, what=f"installing {self.path} with pip")
        return Collected(tuple(_wheels_in(folder).values()))


@dataclass(frozen=True)
class LockSource:
    """A lock.

    :param path: its file.
    :param lock: what it says.
    :param index: where to look for its files.
    :param options: what the files of I(index.options_from) say.
    """

    path: Path
    lock: Lock
    index: Index
    options: tuple[Requirements, ...] = ()

    @property
    def noun(self) -> str:
        """What it is called when it has changed."""
        return "lock"

    @property
    def parts(self) -> dict[str, Any]:
        """Versions and hashes, and nothing of where the files are."""
        return {"lock": [self._identity(package) for package in self.lock.packages], "provided": self.provided}

    @property
    def expected(self) -> list[str]:
        """The versions."""
        return [f"{name} {version}" for name, version in self.lock.versions().items()]

    @property
    def provided(self) -> tuple[str, ...]:
        """As the lock says."""
        return self.lock.provided

    def check(self, interpreter: Interpreter) -> None:
        """Refuse wheels that pip of this interpreter would not take."""
        check_wheels(interpreter, [package.file for package in self.lock.packages if package.kind == "wheel"])

    def collect(self, job: Job) -> Collected:
        """Get exactly what is locked."""
        made = self._build_wheels(job)
        made |= self._find_rest(job, built=made)
        ready = [package for package in self.lock.packages if package.name not in made]
        folder = job.temporary / "wheels"
        wheels = made | fetch_wheels(ready, sources=self._sources(), folder=folder)
        lines = [self._line(package) for package in ready if package.name not in wheels]
        if lines:
            requirements = _write(job.temporary / "locked.txt", lines)
            argv = download_argv(python=job.python, folder=folder, requirements=requirements)
            self._run(job, argv, what=f"installing {self.path} with pip")
            wheels = made | _wheels_in(folder)
        origins = {each.name: Origin(each.file, each.sha256) for each in self.lock.packages if each.sha256}
        return Collected(tuple(wheels[name] for name in sorted(wheels)), origins)

    def _sources(self) -> Sources:
        """Where pip is configured to look."""
        return read_sources(
            environment=self.index.environment,
            default_index=DEFAULT_INDEX,
            requirements=self.options,
            index_url=self.index.url,
            extra_index_urls=self.index.extra_urls,
        )

    def _build_wheels(self, job: Job) -> dict[str, Path]:
        """Make wheels of what is none, by name."""
        folder = job.temporary / "built"
        sdists = [package for package in self.lock.packages if package.kind == "sdist"]
        if sdists:
            names = ",".join(package.name for package in sdists)
            self._wheel(job, folder, map(self._line, sdists), options=(*locked_options(), "--no-binary", names))
        others = [package for package in self.lock.packages if package.kind in ("vcs", "directory")]
        if others:
            self._wheel(job, folder, map(self._line, others), options=("--no-deps",))
        return _wheels_in(folder)

    def _find_rest(self, job: Job, *, built: Mapping[str, Path]) -> dict[str, Path]:
        """What those need that only now can say so, without what is locked, as wheels by name."""
        unknown = [name for name in self.lock.unknown_dependencies if name in built]
        if not unknown:
            return {}
        made = {name: f"{name} @ {path.as_uri()}" for name, path in built.items()}
        pins = [made.get(each.name) or self._place_of(each) for each in self.lock.packages]
        folder = job.temporary / "rest"
        lines = [made[name] for name in unknown]
        self._wheel(job, folder, lines, constraints=_write(job.temporary / "pins.txt", pins))
        locked = {*self.lock.provided, *(package.name for package in self.lock.packages)}
        return {name: path for name, path in _wheels_in(folder).items() if name not in locked}

    def _wheel(
        self,
        job: Job,
        folder: Path,
        lines: Iterable[str],
        *,
        constraints: Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        requirements = _write(job.temporary / "to_build.txt", lines)
        argv = wheel_argv(
            python=job.python, folder=folder, requirements=requirements, constraints=constraints, options=options
        )
        self._run(job, argv, what=f"compiling what {self.path} has no wheel for")

    def _run(self, job: Job, argv: Sequence[str], *, what: str) -> None:
        environment = pip_environment(index_url=self.index.url, extra_index_urls=self.index.extra_urls)
        for file in self.options:
            environment.update(requirements_environment(file, base={**self.index.environment, **environment}))
        job.run(argv, environment=environment, what=what)

    def _line(self, package: LockedPackage) -> str:
        """The package as a line of a requirements file, with its hash if it has one."""
        hashed = f" --hash=sha256:{package.sha256}" if package.sha256 else ""
        return f"{self._place_of(package)}{hashed}"

    def _place_of(self, package: LockedPackage) -> str:
        """The package's version, or the address that it was asked for at."""
        if package.kind == "vcs":
            subdirectory = f"&subdirectory={package.subdirectory}" if package.subdirectory else ""
            scheme, _login, path = _place(package.url)
            netloc = urlsplit(self._with_login(package.url)).netloc
            # Not "NAME @ ...", in which pip takes no git+file before version 24.
            return f"git+{scheme}://{netloc}{path}@{package.commit}#egg={package.name}{subdirectory}"
        if not package.direct:
            return f"{package.name}=={package.version}"
        return f"{package.name} @ {self._local(package) if package.path else self._with_login(package.url)}"

    def _local(self, package: LockedPackage) -> str:
        return (self.path.parent / package.path).resolve().as_uri()

    def _with_login(self, url: str) -> str:
        """The address as a requirements file has it, with the password that a lock leaves out."""
        texts = [each.text for file in self.options for each in (*file.requirements, *file.constraints)]
        written = [address for text in texts for address in _URL.findall(text)]
        return next((each for each in written if _place(each) == _place(url)), url)

    def _identity(self, package: LockedPackage) -> list[str]:
        known = [package.name, package.version, package.kind, package.sha256, package.commit, package.subdirectory]
        if package.kind != "directory":
            return known
        files = read_source(root=(self.path.parent / package.path).resolve(), exclude=_NOT_SOURCE)
        return [*known, fingerprint(files=files, settings={})]


def requirements_source(requirements: Path, *, constraints: Path | None, index: Index) -> RequirementsSource:
    """Read a requirements file.

    :raises RequirementsError: it can't be used.
    """
    return RequirementsSource(
        requirements=read_requirements(requirements),
        constraints=read_requirements(constraints, constraints=True) if constraints else None,
        index=index,
    )


def lock_source(lock: Path, *, runtime: Runtime, architecture: str, index: Index) -> LockSource:
    """Read a lock.

    :raises ServerlessError: it can't be used, or not for this.
    """
    content = read_lock(lock)
    if (content.runtime, content.architecture) != (runtime.identifier, architecture):
        raise SourceError(
            f"the lock {lock} is for {content.runtime} on {content.architecture}, but the layer is for "
            f"{runtime.identifier} on {architecture}",
            "Make a lock for that with layer_lock",
        )
    options = tuple(read_requirements(path, constraints=True) for path in index.options_from)
    return LockSource(path=lock, lock=content, index=index, options=options)


def _write(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _wheels_in(folder: Path) -> dict[str, Path]:
    return {project_of(path.name): path for path in sorted(folder.glob("*.whl"))}


def _place(url: str) -> tuple[str, str, str]:
    """What two addresses have in common if they differ in nothing but login, query and revision."""
    parts = urlsplit(url)
    return parts.scheme.rpartition("+")[2], parts.netloc.rpartition("@")[2], parts.path.partition("@")[0]
