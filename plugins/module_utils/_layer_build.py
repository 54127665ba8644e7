# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds a layer's zip from a requirements file: look, decide, and only then run pip.

A build is needed unless the zip is the one that its manifest describes and the manifest's key is the one of the
request. The key stands for all that the content follows from: requirements, constraints and index addresses (without
comments and passwords), runtime, architecture, the interpreter's exact version, the builder's C library, what need not
import, and this code's version.

A zip appears under its name only after everything in it was imported.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import write_archive
from ansible_collections.asesoria.serverless.plugins.module_utils._bytecode import compile_tree
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._import_gate import check_imports
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_tree import clean_tree
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import (
    Manifest,
    ManifestError,
    intact_manifest,
    read_manifest,
    write_manifest,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import (
    Runner,
    explain_failure,
    install_argv,
    pip_environment,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import (
    Requirements,
    read_requirements,
    redact,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import Runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._slim import SAFE, slim_tree

#: Raise it when the same request leads to another content.
ENGINE = "3"

_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_DESCRIBE = """
import importlib.util, json, platform, sys
print(json.dumps({
    "version": platform.python_version(),
    "minor": "%d.%d" % sys.version_info[:2],
    "machine": platform.machine(),
    "libc": " ".join(platform.libc_ver()).strip(),
    "lacks": [name for name in ("pip", "_ssl", "zlib") if importlib.util.find_spec(name) is None],
}))
"""
_LACKS = {
    "pip": "Install it with '{python} -m ensurepip'",
    "_ssl": "Build it again with OpenSSL 1.1.1 or newer and its headers installed",
    "zlib": "Build it again with zlib's headers installed",
}


class BuildError(ServerlessError):
    """The layer can't be built."""


@dataclass(frozen=True)
class BuildRequest:
    """What is to be built, and where it goes.

    :param requirements: pip's requirements file.
    :param constraints: pip's constraints file.
    :param runtime: what the layer is for.
    :param architecture: Lambda's name of it.
    :param python: the interpreter that installs, of the runtime's version.
    :param archive: the zip to write.
    :param manifest: the manifest to write.
    :param index_url: package index instead of pip's own setting.
    :param extra_index_urls: more of them.
    :param slim: level of slimming, see C(_slim).
    :param allow_imports: distributions that need not import.
    :param force: build even if nothing has changed.
    """

    requirements: Path
    constraints: Path | None
    runtime: Runtime
    architecture: str
    python: str
    archive: Path
    manifest: Path
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    slim: str = SAFE
    allow_imports: tuple[str, ...] = ()
    force: bool = False


@dataclass(frozen=True)
class Interpreter:
    """The Python that installs.

    :param version: C(3.11.17).
    :param libc: C(glibc 2.26), empty if unknown.
    """

    version: str
    libc: str


@dataclass(frozen=True)
class BuildPlan:
    """What a run would do.

    :param request: what was asked for.
    :param interpreter: what installs.
    :param requirements: what the requirements file says.
    :param key: stands for all that the content follows from.
    :param current: the manifest of the zip that is there, if both are whole.
    :param reason: why it has to be built; empty if it has not.
    """

    request: BuildRequest
    interpreter: Interpreter
    requirements: Requirements
    key: str
    current: Manifest | None
    reason: str

    def diff(self, built: Manifest | None) -> dict[str, str]:
        """Distributions before and after, as text.

        :param built: what was built; without it (in check mode) the requirements stand for what pip would find.
        """
        before = _list_versions(self.current) if self.current else ""
        if not self.reason:
            after = before
        elif built:
            after = _list_versions(built)
        else:
            lines = [redact(requirement.text) for requirement in self.requirements.requirements]
            after = "".join(f"{line} (and what it needs)\n" for line in lines)
        name = str(self.request.archive)
        return {"before_header": name, "after_header": name, "before": before, "after": after}


def plan_build(request: BuildRequest, *, runner: Runner) -> BuildPlan:
    """Look at what is there and decide; changes nothing.

    :raises ServerlessError: the requirements, the interpreter or the machine won't do.
    """
    requirements = read_requirements(request.requirements)
    constraints = read_requirements(request.constraints, constraints=True) if request.constraints else None
    interpreter = _examine(request, runner=runner)
    key = _key(request, requirements=requirements, constraints=constraints, interpreter=interpreter)
    current = intact_manifest(manifest=request.manifest, archive=request.archive)
    return BuildPlan(
        request=request,
        interpreter=interpreter,
        requirements=requirements,
        key=key,
        current=current,
        reason=_reason(request, key=key, current=current),
    )


def apply_build(plan: BuildPlan, *, runner: Runner) -> Manifest:
    """Do what was planned.

    :returns: the manifest of the zip that is there now.
    :raises ServerlessError: pip failed, or the disk is full or may not be written to.
    """
    if plan.current and not plan.reason:
        return plan.current
    try:
        with _exclusive(plan.request.archive):
            return _build(plan, runner=runner)
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


def _examine(request: BuildRequest, *, runner: Runner) -> Interpreter:
    facts = _describe(request.python, runner=runner)
    if facts["minor"] != request.runtime.python:
        raise BuildError(
            f"{request.python} is Python {facts['version']}, but runtime {request.runtime.identifier} needs "
            f"{request.runtime.python}",
            f"Name an interpreter of Python {request.runtime.python}",
        )
    machine = _MACHINES.get(facts["machine"].lower(), facts["machine"])
    if machine != request.architecture:
        raise BuildError(
            f"this builder is {machine}, but the layer is for {request.architecture}",
            f"Build on a host with {request.architecture}, or change the architecture",
        )
    for name in facts["lacks"]:
        raise BuildError(f"{request.python} has no {name.strip('_')}", _LACKS[name].format(python=request.python))
    return Interpreter(version=facts["version"], libc=facts["libc"])


def _describe(python: str, *, runner: Runner) -> dict[str, Any]:
    remedy = "Name an interpreter that is there"
    try:
        completed = runner([python, "-I", "-c", _DESCRIBE], environment={})
    except OSError as error:
        raise BuildError(f"interpreter {python} can't be started ({error.strerror})", remedy) from error
    try:
        facts: dict[str, Any] = json.loads(completed.stdout)
    except ValueError as error:
        lines = completed.output.strip().splitlines() or ["it printed nothing"]
        raise BuildError(f"{python} does not work as a Python interpreter ({lines[-1]})", remedy) from error
    return facts


def _key(
    request: BuildRequest, *, requirements: Requirements, constraints: Requirements | None, interpreter: Interpreter
) -> str:
    parts = {
        "engine": ENGINE,
        "runtime": request.runtime.identifier,
        "architecture": request.architecture,
        "python": interpreter.version,
        "libc": interpreter.libc,
        "requirements": requirements.normalized,
        "constraints": constraints.normalized if constraints else None,
        "indexes": [redact(url) for url in (request.index_url or "", *request.extra_index_urls)],
        "slim": request.slim,
        "allow_imports": sorted(request.allow_imports),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _reason(request: BuildRequest, *, key: str, current: Manifest | None) -> str:
    if request.force:
        return "a new build was asked for"
    if current and current.key == key:
        return ""
    if current:
        return "the requirements, the interpreter or an option have changed"
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
        for leftover in archive.parent.glob(f".{archive.name}.work-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for leftover in archive.parent.glob(f".{archive.stem}.*.part"):
            leftover.unlink(missing_ok=True)
        yield


def _build(plan: BuildPlan, *, runner: Runner) -> Manifest:
    request = plan.request
    with tempfile.TemporaryDirectory(
        prefix=f".{request.archive.name}.work-", dir=request.archive.parent, ignore_cleanup_errors=True
    ) as work:
        root, temporary = Path(work, "root"), Path(work, "tmp")
        temporary.mkdir()
        target = root / "python"
        target.mkdir(parents=True)
        _install(plan, target=target, temporary=temporary, runner=runner)
        saved = slim_tree(target, level=request.slim)
        tree = clean_tree(target)
        bytecode = compile_tree(root, python=request.python, runner=runner)
        finished = Path(work, request.archive.name)
        archive = write_archive(tree=root, destination=finished)
        imports = check_imports(
            finished, work=temporary, python=request.python, allow=request.allow_imports, runner=runner
        )
        finished.replace(request.archive)
    manifest = Manifest(
        key=plan.key,
        engine=ENGINE,
        runtime=request.runtime.identifier,
        architecture=request.architecture,
        python=plan.interpreter.version,
        libc=plan.interpreter.libc,
        compiled=tree.compiled,
        slim=request.slim,
        saved=saved,
        bytecode=bytecode,
        imports=imports,
        distributions=tree.distributions,
        archive=archive,
    )
    request.manifest.parent.mkdir(parents=True, exist_ok=True)
    write_manifest(manifest, path=request.manifest)
    return manifest


def _install(plan: BuildPlan, *, target: Path, temporary: Path, runner: Runner) -> None:
    request = plan.request
    argv = install_argv(
        python=request.python, target=target, requirements=request.requirements, constraints=request.constraints
    )
    environment = pip_environment(index_url=request.index_url, extra_index_urls=request.extra_index_urls)
    completed = runner(argv, environment={**environment, "TMPDIR": str(temporary)})
    if completed.returncode != 0:
        raise explain_failure(completed, what=f"installing {request.requirements} with pip")
    if not any(target.glob("*.dist-info")):
        raise BuildError(
            f"pip installed nothing from {request.requirements}",
            "See whether the requirements' conditions (after ';') hold for this Python and Linux",
        )
