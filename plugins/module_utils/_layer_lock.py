# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a lock for a layer, if the one that is there does not fit its inputs any more."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_direct import Direct, direct_text, project_file
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import (
    Lock,
    LockedPackage,
    LockFileError,
    parse,
    read_text,
    render,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_index import (
    PackageIndex,
    default_index,
    plain_url,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_resolver import (
    Chosen,
    ResolutionError,
    Rules,
    Want,
    applies,
    resolve,
    want_of,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner
from ansible_collections.asesoria.serverless.plugins.module_utils._pip_config import read_sources
from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import (
    Requirement,
    Requirements,
    RequirementsError,
    local_paths,
    read_packages,
    read_requirements,
    redact,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from ansible_collections.asesoria.serverless.plugins.module_utils._whole_file import write_whole

with suppress(ImportError):  # The module says what is missing.
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Specifier

#: Raised when the same inputs would make another lock than before.
ENGINE = 1
POLICIES = ("refuse", "build")
_QUERY = re.compile(r"(?P<address>[A-Za-z][A-Za-z0-9+.-]*://[^\s?#]*)\?[^\s#]*")


class LockError(ServerlessError):
    """A lock that can't be made or written."""


@dataclass(frozen=True)
class Addition:
    """A requirement that is added where no other requirement brings its distribution.

    :param requirement: Requirement as pip takes it, such as ``mangum>=0.19.0``.
    :param reason: Purpose of it, such as ``adapter for ASGI``.
    """

    requirement: str
    reason: str


@dataclass(frozen=True)
class LockRequest:
    """What is wanted.

    :param target: what for.
    :param dest: the lock.
    :param requirements: the requirements file; None if I(packages) are given.
    :param packages: requirements, one each.
    :param constraints: a constraints file.
    :param index_url: package index instead of pip's own setting.
    :param extra_index_urls: more of them.
    :param no_wheel: what to do with a package that has no fitting wheel, one of C(POLICIES).
    :param provided: projects that the runtime or another layer brings. They are left out, with what only they need.
    :param upgrade: look for newer versions though nothing has changed.
    :param additions: requirements that are added where no other one brings their distribution.
    """

    target: Target
    dest: Path
    requirements: Path | None = None
    packages: tuple[str, ...] = ()
    constraints: Path | None = None
    index_url: str | None = field(default=None, repr=False)
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    no_wheel: str = "refuse"
    provided: tuple[str, ...] = ()
    upgrade: bool = False
    additions: tuple[Addition, ...] = ()


@dataclass(frozen=True)
class LockPlan:
    """What there is to do.

    :param dest: the lock.
    :param lock: what it is to say.
    :param text: what is to be written; None if nothing is.
    :param reason: why, without a full stop; empty if nothing is to be done.
    :param damaged: whether there is a lock whose text was edited or damaged.
    :param before: versions by name of the lock that is there.
    :param reasons: why a distribution was added, by its normalized name.
    """

    dest: Path
    lock: Lock
    text: str | None
    reason: str
    damaged: bool
    before: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether a file is to be written."""
        return self.text is not None

    def diff(self) -> dict[str, str]:
        """What changes, one distribution a line: C(werkzeug 3.1.3 -> 3.1.4)."""
        after = self.lock.versions()
        lines = [_diff_line(name, self.before.get(name), after.get(name)) for name in sorted({*self.before, *after})]
        return {"prepared": "".join(f"{line}\n" for line in lines if line)}

    def facts(self) -> dict[str, Any]:
        """What a module returns, as plain values."""
        return {
            "path": str(self.dest),
            "reason": self.reason,
            "packages": [package.facts() for package in self.lock.packages],
            "to_build": list(self.lock.to_build),
            "unknown_dependencies": list(self.lock.unknown_dependencies),
            "added": [
                {"name": name, "version": self.lock.versions()[name], "reason": self.reasons.get(name, "")}
                for name in self.lock.added
            ],
        }


def plan_lock(
    request: LockRequest, *, environment: Mapping[str, str], runner: Runner, cache: Path | None = None
) -> LockPlan:
    """Look at what is there, and find versions if that does not fit.

    :param request: what is wanted.
    :param environment: of the process: pip's own variables, and what C(${NAME}) in a file stands for.
    :param runner: for git.
    :param cache: folder that keeps downloads for the next run; None keeps nothing.
    :raises ServerlessError: there is no such lock, or an input is wrong.
    """
    plan = _plan(request, environment=environment, runner=runner, cache=cache)
    _require_fitting(request, plan.lock)
    return plan


def _require_fitting(request: LockRequest, lock: Lock) -> None:
    """Refuse a version that the requirements ask for and that is none of those which would have been added.

    :raises LockError: there is one.
    """
    versions = lock.versions()
    for each in request.additions:
        wanted, found = Specifier(each.requirement), versions.get(_addition_name(each))
        if found and not wanted.specifier.contains(found, prereleases=True):
            raise LockError(
                f"the requirements bring {wanted.name} {found}, and the {each.reason} has to be {each.requirement}",
                f"Ask for a version that fits, or leave {wanted.name} out of the requirements to have it added",
            )


def _plan(request: LockRequest, *, environment: Mapping[str, str], runner: Runner, cache: Path | None) -> LockPlan:
    requirements, constraints = _read_inputs(request)
    keys = _Keys.of(request, requirements=requirements, constraints=constraints)
    reasons = {_addition_name(each): each.reason for each in request.additions}
    text, current, problem = _read_current(request.dest)
    fits = current is not None and keys.fit(current, wanted=reasons)
    before = current.versions() if current else {}
    if current and fits and not request.upgrade:
        return LockPlan(request.dest, current, None, "", damaged=False, before=before, reasons=reasons)
    lock = _make(request, keys, requirements, constraints, environment=environment, runner=runner, cache=cache)
    made = render(lock)
    if current == lock:
        return LockPlan(request.dest, lock, None, "", damaged=False, before=before, reasons=reasons)
    reason = problem or ("a newer set of packages was asked for" if fits else "")
    return LockPlan(
        dest=request.dest,
        lock=lock,
        text=made,
        reason=reason or "the requirements or an option have changed",
        damaged=text is not None and current is None,
        before=before,
        reasons=reasons,
    )


def apply_lock(plan: LockPlan) -> None:
    """Write what is planned, as a whole or not at all.

    :raises LockError: it can't be written.
    """
    if plan.text is None:
        return
    target = plan.dest.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        write_whole(target, plan.text, mode=mode)
    except OSError as error:
        raise LockError(
            f"the lock {target} can't be written ({error.strerror})", "Make its folder one that you may write to"
        ) from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _diff_line(name: str, before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    if before is None:
        return f"+ {name} {after}".rstrip()
    if after is None:
        return f"- {name} {before}".rstrip()
    return f"{name} {before} -> {after}"


def _read_inputs(request: LockRequest) -> tuple[Requirements, Requirements | None]:
    if request.requirements:
        requirements = read_requirements(request.requirements)
    else:
        requirements = read_packages(request.packages, origin=request.dest.parent / "packages")
    constraints = read_requirements(request.constraints, constraints=True) if request.constraints else None
    return requirements, constraints


def _read_current(path: Path) -> tuple[str | None, Lock | None, str]:
    """The text that is there, what it says, and what is wrong with it."""
    try:
        text = read_text(path)
    except FileNotFoundError:
        return None, None, "there is no lock yet"
    except OSError as error:
        raise LockError(f"the lock {path} can't be read ({error.strerror})", "Make it readable") from error
    try:
        return text, parse(text), ""
    except LockFileError as error:
        return text, None, f"the lock was made anew, because {error.problem}"


@dataclass(frozen=True)
class _Keys:
    """The key of a lock whose requirements bring all that would be added, and of one to which something was added.

    A lock from before there were additions stays what it is, if nothing is missing in it.
    """

    plain: str
    extended: str

    @classmethod
    def of(cls, request: LockRequest, *, requirements: Requirements, constraints: Requirements | None) -> _Keys:
        plain = _key(request, requirements=requirements, constraints=constraints)
        additions = [each.requirement for each in request.additions]
        extended = hashlib.sha256(json.dumps([plain, additions]).encode()).hexdigest()
        return cls(plain=plain, extended=extended)

    def fit(self, lock: Lock, *, wanted: Iterable[str]) -> bool:
        """Whether a lock is of these inputs, and has what is wanted."""
        if lock.key == self.extended:
            return True
        return lock.key == self.plain and {*wanted} <= {*lock.versions(), *lock.provided}


def _key(request: LockRequest, *, requirements: Requirements, constraints: Requirements | None) -> str:
    """A hash of all that decides what a lock says, but the indexes' content. Nothing of this machine is in it."""
    named = [request.index_url or "", *request.extra_index_urls]
    parts = {
        "engine": ENGINE,
        "runtime": request.target.runtime.identifier,
        "architecture": request.target.architecture,
        "glibc": request.target.runtime.os.glibc,
        "requirements": [_without_secrets(line) for line in requirements.normalized],
        "constraints": [_without_secrets(line) for line in constraints.normalized] if constraints else None,
        "indexes": [plain_url(url) for url in named],
        "no_wheel": request.no_wheel,
        **({"provided": _provided(request)} if request.provided else {}),
        "local": [_local_digest(item) for item in local_paths(requirements)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _without_secrets(line: str) -> str:
    """A token can stand in a query too."""
    return _QUERY.sub(r"\g<address>", redact(line))


def _local_digest(item: Requirement) -> str:
    """What decides of a folder or file of this machine, not where it is."""
    specifier = _parse(direct_text(item, beside=item.file.parent), item)
    path = Path(urlsplit(specifier.url or "").path)
    file = project_file(path) if path.is_dir() else path
    return f"{specifier.name} {file_sha256(file) if file.is_file() else ''}"


def _addition_name(addition: Addition) -> str:
    """The normalized name of what is added.

    :raises LockError: it is no requirement.
    """
    try:
        return normalize(Specifier(addition.requirement).name)
    except InvalidRequirement as error:
        raise LockError(
            f"the addition {addition.requirement!r} is not a requirement", "Write it as in a requirements file"
        ) from error


def _make(
    request: LockRequest,
    keys: _Keys,
    requirements: Requirements,
    constraints: Requirements | None,
    *,
    environment: Mapping[str, str],
    runner: Runner,
    cache: Path | None,
) -> Lock:
    files = [requirements, *([constraints] if constraints else [])]
    wants = list(_wants(requirements.requirements, target=request.target))
    if not wants:
        raise RequirementsError(
            f"none of the requirements applies to {request.target}",
            "See whether their conditions (after ';') hold there",
        )
    limits = [item for file in files for item in file.constraints]
    options = [option for file in files for option in file.options]
    sources = read_sources(
        environment=environment,
        default_index=default_index(),
        requirements=files,
        index_url=request.index_url,
        extra_index_urls=request.extra_index_urls,
    )
    names = {name for name, _value in options}
    rules = Rules(
        build=request.no_wheel == "build",
        prereleases="--pre" in names,
        require_hashes="--require-hashes" in names or any(want.hashes for want in wants),
    )
    with _folder(cache) as folder:
        index = PackageIndex(
            sources=sources,
            target=request.target,
            cache=folder,
            no_binary=_names(options, "--no-binary"),
            only_binary=_names(options, "--only-binary"),
        )
        try:
            bounds = list(_limits(limits, target=request.target))

            def choose(wanted: Sequence[Want]) -> list[Chosen]:
                return resolve(
                    wanted, constraints=bounds, target=request.target, index=index, rules=rules, runner=runner
                )

            chosen = choose(wants)
            missing = _missing(request, chosen=chosen)
            if missing:
                wants = [*wants, *missing]
                chosen = _with_additions(choose, wants, missing=missing)
            chosen = _left(chosen, wants=wants, provided=_provided(request))
            packages = tuple(_locked(each, index=index, beside=request.dest.resolve().parent) for each in chosen)
        finally:
            index.close()
    return Lock(
        runtime=request.target.runtime.identifier,
        architecture=request.target.architecture,
        marker=request.target.marker,
        requires_python=f"=={request.target.runtime.python}.*",
        key=keys.extended if missing else keys.plain,
        packages=packages,
        to_build=tuple(package.name for package in packages if package.kind != "wheel"),
        unknown_dependencies=tuple(each.candidate.name for each in chosen if not each.metadata.known),
        provided=_provided(request),
        added=tuple(sorted(want.name for want in missing)),
    )


def _missing(request: LockRequest, *, chosen: Sequence[Chosen]) -> list[Want]:
    """What is to be added, since nothing brings it."""
    there = {each.candidate.name for each in chosen} | {*_provided(request)}
    return [
        want_of(Specifier(each.requirement), origin=f"the {each.reason}")
        for each in request.additions
        if _addition_name(each) not in there
    ]


def _with_additions(
    choose: Callable[[Sequence[Want]], list[Chosen]], wants: Sequence[Want], *, missing: Sequence[Want]
) -> list[Chosen]:
    """Choose versions of the requirements together with what is added.

    :raises LockError: they don't go together.
    """
    try:
        return choose(wants)
    except ResolutionError as error:
        added = " and ".join(f"{want.text} ({want.origin.removeprefix('the ')})" for want in missing)
        raise LockError(
            f"{added} can't be added to the requirements: {error.problem}",
            f"{error.remedy}, or write a version that fits into the requirements yourself",
        ) from error


def _provided(request: LockRequest) -> tuple[str, ...]:
    return tuple(sorted({normalize(name) for name in request.provided}))


def _left(chosen: Sequence[Chosen], *, wants: Sequence[Want], provided: Sequence[str]) -> list[Chosen]:
    """What is needed without the help of what is provided, which the versions were found together with.

    :raises LockError: nothing is.
    """
    by_name = {each.candidate.name: each for each in chosen}
    reached: dict[str, None] = {}
    waiting = [want.name for want in wants]
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in provided and name not in reached:
            reached[name] = None
            waiting += by_name[name].needs
    if not reached:
        raise LockError(
            f"all that is required is provided already ({', '.join(provided)}), so there is nothing for a layer",
            "Build no layer, or take something out of what is provided",
        )
    return [
        replace(each, needs=tuple(name for name in each.needs if name in reached))
        for name, each in by_name.items()
        if name in reached
    ]


@contextmanager
def _folder(cache: Path | None) -> Iterator[Path]:
    if cache:
        yield cache
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _wants(items: Sequence[Requirement], *, target: Target) -> Iterator[Want]:
    for item in items:
        direct = item.kind in ("url", "path", "editable")
        text = direct_text(item, beside=item.file.parent) if direct else item.text
        specifier = _parse(text, item)
        if applies(specifier, target=target):
            yield want_of(specifier, origin=item.place, hashes=item.hashes)


def _limits(items: Sequence[Requirement], *, target: Target) -> Iterator[Want]:
    for item in items:
        if item.kind != "index":
            raise RequirementsError(
                f"{item.place}: {redact(item.text)!r} constrains a package to an address",
                "Constrain its version, or write the address into the requirements",
            )
        specifier = _parse(item.text, item)
        if specifier.extras:
            raise RequirementsError(f"{item.place}: a constraint can't have extras", "Remove what is in brackets")
        if applies(specifier, target=target):
            yield want_of(specifier, origin=item.place, hashes=item.hashes)


def _parse(text: str, item: Requirement) -> Specifier:
    try:
        return Specifier(text)
    except InvalidRequirement as error:
        reason = redact(str(error).splitlines()[0])
        raise RequirementsError(
            f"{item.place}: {redact(item.text)!r} is not a requirement ({reason})", "Correct it"
        ) from error


def _names(options: Sequence[tuple[str, str]], wanted: str) -> list[str]:
    names: list[str] = []
    for value in (value for option, value in options if option == wanted):
        for name in (part.strip() for part in value.split(",")):
            names = [] if name == ":none:" else [*names, name]
    return names


def _locked(chosen: Chosen, *, index: PackageIndex, beside: Path) -> LockedPackage:
    candidate = chosen.candidate
    python = chosen.metadata.requires_python
    common: dict[str, Any] = {
        "name": candidate.name,
        "version": str(candidate.version or ""),
        "kind": candidate.kind,
        "requires_python": ",".join(sorted(map(str, python or ()))),
        "needs": chosen.needs,
        "direct": candidate.direct is not None,
    }
    if candidate.file is None:
        return LockedPackage(**common, **_place(candidate.direct, beside=beside))
    artifact = index.artifact(candidate.file)
    return LockedPackage(
        **common,
        file=candidate.file.name,
        url=artifact.url,
        path=_relative(artifact.path, beside) if artifact.path else "",
        size=artifact.size,
        sha256=artifact.sha256,
        index="" if candidate.direct else artifact.index,
    )


def _place(direct: Direct | None, *, beside: Path) -> dict[str, Any]:
    if direct is None:  # What is no file was given by a requirement.
        return {}
    if direct.place.kind == "directory":
        return {"path": _relative(direct.place.path, beside)}
    parts = urlsplit(direct.place.url)
    scheme = parts.scheme.partition("+")[2] or "https"
    # The login of ssh is no secret, and needed.
    place = parts.netloc if scheme == "ssh" and ":" not in parts.netloc else parts.netloc.rpartition("@")[2]
    return {
        "url": urlunsplit((scheme, place, parts.path.partition("@")[0], "", "")),
        "commit": direct.commit,
        "revision": direct.revision,
        "subdirectory": direct.subdirectory,
    }


def _relative(path: Path, beside: Path) -> str:
    relative = Path(os.path.relpath(path, beside)).as_posix()
    return relative if relative.startswith("..") else f"./{relative}"
