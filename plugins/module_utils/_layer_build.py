# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds a layer's zip from a requirements file or a lock: look, decide, and only then download.

A build is needed unless the zip is the one that its manifest describes and the manifest's key is the one of the
request. The key stands for all that the content follows from: the locked versions and hashes, or requirements,
constraints and index addresses (without comments and passwords), runtime, architecture, the interpreter's exact
version, the builder's C library, what need not import, and this code's version.

A zip appears under its name only after everything in it was imported. What was built once with a key can be kept, see
C(_layer_cache), and is taken from there when the same key is asked for again. What the static gate lets pass says
nothing about the content: where only that differs the manifest is written anew.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import write_archive
from ansible_collections.asesoria.serverless.plugins.module_utils._build_source import (
    Collected,
    Index,
    Job,
    Origin,
    Source,
    lock_source,
    requirements_source,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._bytecode import compile_tree
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._import_gate import Expected, Importing
from ansible_collections.asesoria.serverless.plugins.module_utils._interpreter import Interpreter, examine
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_cache import LayerCache
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_tree import record_tree
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import (
    Distribution,
    Manifest,
    ManifestError,
    intact_manifest,
    read_manifest,
    write_manifest,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner
from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import IMPORT, Allowance
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import Runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._scratch_folder import scratch_folder
from ansible_collections.asesoria.serverless.plugins.module_utils._slim import SAFE
from ansible_collections.asesoria.serverless.plugins.module_utils._wheel_install import begin_install

#: Raise it when the same request leads to another content.
ENGINE = "9"


class BuildError(ServerlessError):
    """The layer can't be built."""


@dataclass(frozen=True)
class BuildRequest:
    """What is to be built, and where it goes.

    :param runtime: what the layer is for.
    :param architecture: Lambda's name of it.
    :param python: the interpreter that installs, of the runtime's version.
    :param archive: the zip to write.
    :param manifest: the manifest to write.
    :param requirements: pip's requirements file; None if there is a lock.
    :param constraints: pip's constraints file.
    :param lock: the lock; None if there are requirements.
    :param index: where packages are looked for.
    :param slim: level of slimming, see C(_slim).
    :param allow: what the gates let pass; this one applies what is of the rule C(import), the others go into the
        manifest.
    :param cache: where finished layers are kept; None keeps none.
    :param force: build even if nothing has changed.
    """

    runtime: Runtime
    architecture: str
    python: str
    archive: Path
    manifest: Path
    requirements: Path | None = None
    constraints: Path | None = None
    lock: Path | None = None
    index: Index = field(default_factory=Index)
    slim: str = SAFE
    allow: tuple[Allowance, ...] = ()
    cache: LayerCache | None = None
    force: bool = False

    @property
    def allow_imports(self) -> frozenset[str]:
        """Normalized names of distributions that need not import."""
        return frozenset(item.distribution for item in self.allow if item.rule == IMPORT)


@dataclass(frozen=True)
class BuildPlan:
    """What a run would do.

    :param request: what was asked for.
    :param interpreter: what installs.
    :param source: what it is built from.
    :param key: stands for all that the content follows from.
    :param current: the manifest of the zip that is there, if both are whole.
    :param reason: why it has to be built, or only its manifest to be written; empty if all is as it should be.
    :param build: whether the zip has to be made.
    """

    request: BuildRequest
    interpreter: Interpreter
    source: Source
    key: str
    current: Manifest | None
    reason: str
    build: bool

    def diff(self, built: Manifest | None) -> dict[str, str]:
        """Distributions before and after, as text.

        :param built: what was built; without it (in check mode) that is said which is known before.
        """
        before = _list_versions(self.current) if self.current else ""
        if not self.build:
            after = before
        elif built:
            after = _list_versions(built)
        else:
            after = "".join(f"{line}\n" for line in self.source.expected)
        name = str(self.request.archive)
        return {"before_header": name, "after_header": name, "before": before, "after": after}


def plan_build(request: BuildRequest, *, runner: Runner) -> BuildPlan:
    """Look at what is there and decide; changes nothing.

    :raises ServerlessError: the requirements, the lock, the interpreter or the machine won't do.
    """
    source = _read_source(request)
    interpreter = examine(request.python, runtime=request.runtime, architecture=request.architecture, runner=runner)
    source.check(interpreter)
    key = _key(request, source=source, python=interpreter.version, libc=interpreter.libc)
    current = intact_manifest(manifest=request.manifest, archive=request.archive)
    reason = _reason(request, source=source, key=key, current=current)
    stale = current is not None and current.allow != request.allow
    return BuildPlan(
        request=request,
        interpreter=interpreter,
        source=source,
        key=key,
        current=current,
        reason=reason or ("what the gates let pass has changed" if stale else ""),
        build=bool(reason),
    )


def is_current(request: BuildRequest) -> bool:
    """Whether the zip that is there is what a builder of the kind that made it would make again.

    Needs no interpreter: which one it was, and which C library it had, the manifest says.

    :param request: its I(python) is not looked at.
    :raises ServerlessError: the requirements or the lock won't do.
    """
    made = intact_manifest(manifest=request.manifest, archive=request.archive)
    if made is None or request.force:
        return False
    key = _key(request, source=_read_source(request), python=made.python, libc=made.libc)
    return made.key == key and made.allow == request.allow


def apply_build(plan: BuildPlan, *, runner: Runner) -> Manifest:
    """Do what was planned.

    :returns: the manifest of the zip that is there now.
    :raises ServerlessError: pip failed, or the disk is full or may not be written to.
    """
    if plan.current and not plan.reason:
        return plan.current
    try:
        with _exclusive(plan.request.archive):
            manifest = _manifest(plan, runner=runner)
            plan.request.manifest.parent.mkdir(parents=True, exist_ok=True)
            write_manifest(manifest, path=plan.request.manifest)
            return manifest
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BuildError(
                f"the disk ran full while {plan.request.archive} was built", "Free space or use a larger disk"
            ) from error
        raise BuildError(
            f"{plan.request.archive} can't be built ({error})", "Correct the permissions, or name another folder"
        ) from error


def _list_versions(manifest: Manifest) -> str:
    return "".join(f"{name} {version}\n" for name, version in manifest.versions().items())


def _read_source(request: BuildRequest) -> Source:
    if request.lock:
        return lock_source(
            request.lock, runtime=request.runtime, architecture=request.architecture, index=request.index
        )
    if request.requirements:
        return requirements_source(request.requirements, constraints=request.constraints, index=request.index)
    raise BuildError("there is nothing to build from", "Give requirements or a lock")


def _key(request: BuildRequest, *, source: Source, python: str, libc: str) -> str:
    parts = {
        "engine": ENGINE,
        "runtime": request.runtime.identifier,
        "architecture": request.architecture,
        "python": python,
        "libc": libc,
        **source.parts,
        "slim": request.slim,
        "allow_imports": sorted(request.allow_imports),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _reason(request: BuildRequest, *, source: Source, key: str, current: Manifest | None) -> str:
    if request.force:
        return "a new build was asked for"
    if current and current.key == key:
        return ""
    if current:
        return f"the {source.noun}, the interpreter or an option have changed"
    if not request.archive.exists():
        return "there is no artifact yet"
    try:
        read_manifest(request.manifest)
    except ManifestError as error:
        return error.problem
    return "the artifact is not the one that its manifest describes"


@contextlib.contextmanager
def _exclusive(archive: Path) -> Iterator[None]:
    """Hold a lock while building, and remove what a killed build has left behind.

    The system gives the lock back when its holder dies, however it dies.
    """
    archive.parent.mkdir(parents=True, exist_ok=True)
    with (archive.parent / f".{archive.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in archive.parent.glob(f"{_work_prefix(archive)}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for leftover in archive.parent.glob(f".{archive.stem}.*.part"):
            leftover.unlink(missing_ok=True)
        yield


def _work_prefix(archive: Path) -> str:
    return f".{archive.name}.work-"


def _manifest(plan: BuildPlan, *, runner: Runner) -> Manifest:
    """What the zip is, after it was made if it has to be: taken from the cache, or built and kept there."""
    request = plan.request
    if plan.current and not plan.build:
        return replace(plan.current, allow=request.allow)
    if request.cache and not request.force:
        kept = request.cache.restore(plan.key, archive=request.archive)
        if kept:
            return replace(kept, allow=request.allow)
    built = _build(plan, runner=runner)
    if request.cache:
        request.cache.keep(built, archive=request.archive)
    return built


def _build(plan: BuildPlan, *, runner: Runner) -> Manifest:
    request = plan.request
    with scratch_folder(request.archive.parent, prefix=_work_prefix(request.archive)) as work:
        root, temporary = work / "root", work / "tmp"
        temporary.mkdir()
        target = root / "python"
        target.mkdir(parents=True)
        finished = work / request.archive.name
        job = Job(request.python, temporary=temporary, runner=runner)
        expected = Expected(allow=request.allow_imports, provided=frozenset(plan.source.provided))
        collected = _collect(plan, job)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool, ThreadPoolExecutor(1) as beside:
            installing = begin_install(collected.wheels, target=target, level=request.slim, job=job, pool=pool)
            # Neither looks at what the other writes.
            compiling = beside.submit(compile_tree, root, python=request.python, runner=runner)
            installed = installing.finish()
            distributions = record_tree(target, rewritten=installed.rewritten)
            importing = Importing(
                root, work=temporary, python=request.python, runner=runner, after=compiling, beside=beside
            )
            streams = installed.streams
            archive = write_archive(tree=root, destination=finished, streams=streams, bytecode=compiling.result)
            imports = importing.check(finished, expected=expected, streams=streams)
        finished.replace(request.archive)
    return Manifest(
        key=plan.key,
        engine=ENGINE,
        runtime=request.runtime.identifier,
        architecture=request.architecture,
        python=plan.interpreter.version,
        libc=plan.interpreter.libc,
        compiled=len(installed.floors),
        glibc=installed.glibc,
        slim=request.slim,
        saved=installed.saved,
        provided=plan.source.provided,
        allow=request.allow,
        bytecode=compiling.result(),
        imports=imports,
        distributions=tuple(_with_origins(distributions, collected.origins)),
        archive=archive,
    )


def _collect(plan: BuildPlan, job: Job) -> Collected:
    collected = plan.source.collect(job)
    if not collected.wheels:
        raise BuildError(
            f"pip installed nothing from {plan.source.path}",
            "See whether the requirements' conditions (after ';') hold for this Python and Linux",
        )
    return collected


def _with_origins(distributions: Iterable[Distribution], origins: Mapping[str, Origin]) -> Iterator[Distribution]:
    for each in distributions:
        origin = origins.get(normalize(each.name))
        yield replace(each, file=origin.file, sha256=origin.sha256) if origin else each
