# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds versions of packages that go together on a target, with resolvelib, by pip's rules.

Wheels that the target can load go before everything else: a version without one is passed over for an older one that
has it. Where a rule is pip's, its source says it in C(resolution/resolvelib/factory.py) and C(provider.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import Any, cast

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_direct import (
    Direct,
    place_of,
    read_direct,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_index import (
    File,
    FileProblemError,
    Metadata,
    PackageIndex,
    digest,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

with suppress(ImportError):  # The module says what is missing.
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.utils import canonicalize_name
    from packaging.version import Version
    from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep, Resolver

#: A name that no project can have: what does not fit the target's Python needs it.
_PYTHON = "<python>"
_EVERYTHING = ":all:"
_MAX_ROUNDS = 100_000
Identifier = tuple[str, frozenset[str]]


class ResolutionError(ServerlessError):
    """There are no versions that go together."""


class NoWheelError(ResolutionError):
    """Some packages have nothing that the target can load without being compiled.

    :param names: of these packages.
    """

    def __init__(self, problem: str, remedy: str, *, names: Iterable[str]) -> None:
        super().__init__(problem, remedy)
        self.names = frozenset(names)


@dataclass(frozen=True)
class Rules:
    """What may be chosen.

    :param build: take what has to be built where there is no wheel, instead of refusing it.
    :param prereleases: take pre-releases of everything.
    :param require_hashes: nothing without a hash of its own.
    """

    build: bool = False
    prereleases: bool = False
    require_hashes: bool = False


@dataclass(frozen=True, eq=False)
class Want:
    """One requirement.

    :param name: the project, normalized.
    :param extras: what of it besides.
    :param specifier: the versions that it allows.
    :param origin: who wants it, for messages: a place in a file, or a package and its version.
    :param text: as it may be shown.
    :param url: the one place that it may come from, with credentials.
    :param hashes: what the file may have, by algorithm.
    :param exact: the one candidate that it means.
    """

    name: str
    extras: frozenset[str]
    specifier: SpecifierSet
    origin: str
    text: str
    url: str = field(default="", repr=False)
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    exact: Candidate | None = None


@dataclass(frozen=True, eq=False)
class Candidate:
    """One version of a project that could be chosen, alone or with extras.

    :param name: the project, normalized.
    :param version: None if only a build would tell.
    :param kind: C(wheel), C(sdist), C(directory) or C(vcs).
    :param file: what an index has.
    :param direct: what a requirement gave the place of.
    :param extras: if there are any, it needs I(base), and what the extras need.
    :param base: the same without extras.
    """

    name: str
    version: Version | None
    kind: str
    file: File | None = None
    direct: Direct | None = None
    extras: frozenset[str] = frozenset()
    base: Candidate | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True)
class Chosen:
    """A candidate that was chosen.

    :param candidate: without extras.
    :param metadata: what it says of itself.
    :param needs: names of the chosen projects that it needs on the target, extras included, sorted.
    """

    candidate: Candidate
    metadata: Metadata
    needs: tuple[str, ...]


def want_of(requirement: Requirement, *, origin: str, hashes: Iterable[str] = (), text: str = "") -> Want:
    """A requirement as the resolver takes it.

    :param requirement: as packaging reads it.
    :param origin: who wants it.
    :param hashes: what the file may have, as C(sha256:...).
    :param text: how to show it, if not as packaging would.
    """
    allowed: dict[str, set[str]] = {}
    for each in hashes:
        algorithm, _colon, value = each.partition(":")
        allowed.setdefault(algorithm, set()).add(value.lower())
    shown = f"{requirement.name}{requirement.specifier}"
    if requirement.url:
        shown = f"{requirement.name} @ {place_of(requirement.url).text}"
    return Want(
        name=canonicalize_name(requirement.name),
        extras=frozenset(canonicalize_name(extra) for extra in requirement.extras),
        specifier=requirement.specifier,
        origin=origin,
        text=text or shown,
        url=requirement.url or "",
        hashes={algorithm: frozenset(values) for algorithm, values in allowed.items()},
    )


def applies(requirement: Requirement, *, target: Target, extras: Iterable[str] = ()) -> bool:
    """Whether a requirement's marker holds on the target.

    :param extras: of the package whose requirement it is.
    """
    marker = requirement.marker
    if marker is None:
        return True
    return any(marker.evaluate({**target.markers, "extra": extra}) for extra in [*extras] or [""])


def matching(files: Iterable[File], *, specifier: SpecifierSet, prereleases: bool) -> list[File]:
    """The files whose version is allowed, by pip's rules for pre-releases and yanked files."""
    files = list(files)
    allowed = set(specifier.filter({file.version for file in files}, prereleases=prereleases or None))
    files = [file for file in files if file.version in allowed]
    if _is_pinned(specifier) and all(file.link.is_yanked for file in files):
        return files
    return [file for file in files if not file.link.is_yanked]


def resolve(
    wants: Sequence[Want],
    *,
    constraints: Sequence[Want],
    target: Target,
    index: PackageIndex,
    rules: Rules,
    runner: Runner,
) -> list[Chosen]:
    """Choose versions, sorted by name.

    :param wants: what is to be installed.
    :param constraints: what may be installed, if anything needs it.
    :param target: what for.
    :param index: where from.
    :param rules: which files may be chosen.
    :param runner: for git.
    :raises IndexUnreachableError: an index did not answer.
    :raises ResolutionError: there are no such versions.
    """
    index.prefetch(dict.fromkeys(want.name for want in wants if not want.url))
    buildable: frozenset[str] = frozenset()
    while True:
        provider = Provider(
            wants,
            constraints=constraints,
            target=target,
            index=index,
            rules=rules,
            runner=runner,
            buildable=buildable,
        )
        try:
            return _attempt(provider, wants)
        except ResolutionError as error:
            if not rules.build or _EVERYTHING in buildable:
                raise
            # What has no wheel is built, and only if all else fails something that has one in another version.
            more = error.names if isinstance(error, NoWheelError) else frozenset()
            buildable = buildable | more if more - buildable else frozenset({_EVERYTHING})


def _attempt(provider: Provider, wants: Sequence[Want]) -> list[Chosen]:
    provider.check_wanted()
    resolver: Any = Resolver(cast(Any, provider), BaseReporter())
    try:
        result = resolver.resolve(wants, max_rounds=_MAX_ROUNDS)
    except ResolutionImpossible as error:
        raise provider.explain(error.causes) from error
    except ResolutionTooDeep as error:
        raise ResolutionError(
            "no versions that go together were found in reasonable time",
            "Pin the packages that you know, in the requirements or in constraints",
        ) from error
    return provider.chosen(result.mapping)


class Provider:
    """What resolvelib asks. It need not derive from C(AbstractProvider), which is missing where resolvelib is."""

    def __init__(
        self,
        wants: Sequence[Want],
        *,
        constraints: Sequence[Want],
        target: Target,
        index: PackageIndex,
        rules: Rules,
        runner: Runner,
        buildable: frozenset[str],
    ) -> None:
        self._target = target
        self._buildable = buildable
        self._index = index
        self._rules = rules
        self._runner = runner
        self._wants = wants
        self._order = {want.name: number for number, want in reversed(list(enumerate(wants)))}
        self._constraints: dict[str, list[Want]] = {}
        for want in constraints:
            self._constraints.setdefault(want.name, []).append(want)
        self._candidates: dict[tuple[Any, ...], Candidate] = {}
        self._needs: dict[Candidate, list[Want]] = {}
        self._broken: dict[str, str] = {}

    # What resolvelib calls.

    def identify(self, requirement_or_candidate: Want | Candidate) -> Identifier:
        """A project and its extras."""
        return requirement_or_candidate.name, requirement_or_candidate.extras

    def get_preference(
        self,
        identifier: Identifier,
        resolutions: Mapping[Identifier, Candidate],  # noqa: ARG002 - resolvelib's signature
        candidates: Mapping[Identifier, Iterator[Candidate]],  # noqa: ARG002
        information: Mapping[Identifier, Iterable[Any]],
        backtrack_causes: Sequence[Any],
    ) -> tuple[Any, ...]:
        """What to decide next: what leaves the least choice, then what was in conflict, then in the order wanted."""
        name = identifier[0]
        wants = [each.requirement for each in information[identifier]]
        causes = any(name in _names(cause) for cause in backtrack_causes)
        return (
            not any(want.url or want.exact for want in wants),
            not any(_is_pinned(want.specifier) for want in wants),
            not causes,
            self._order.get(name, inf),
            not any(want.specifier for want in wants),
            name,
            sorted(identifier[1]),
        )

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[Identifier],
        resolutions: Mapping[Identifier, Candidate],  # noqa: ARG002 - resolvelib's signature
        candidates: Mapping[Identifier, Iterator[Candidate]],  # noqa: ARG002
        information: Mapping[Identifier, Iterable[Any]],  # noqa: ARG002
        backtrack_causes: Sequence[Any],
    ) -> Iterable[Identifier]:
        """Asked by resolvelib 1.1 and newer, to spare it the preferences of all that is not in conflict."""
        identifiers = list(identifiers)
        causes = {name for cause in backtrack_causes for name in _names(cause)}
        return [each for each in identifiers if each[0] in causes] or identifiers

    def find_matches(
        self,
        identifier: Identifier,
        requirements: Mapping[Identifier, Iterable[Want]],
        incompatibilities: Mapping[Identifier, Iterable[Candidate]],
    ) -> list[Candidate]:
        """The candidates that all requirements allow, the best first."""
        name, extras = identifier
        if name == _PYTHON:
            return []
        wants = list(requirements[identifier])
        plain: Identifier = (name, frozenset())
        if extras and plain in requirements:
            wants += requirements[plain]
        unwanted = set(incompatibilities[identifier])
        found = self._matches(name, [*wants, *self._constraints.get(name, [])])
        return [each for each in (self._with_extras(base, extras) for base in found) if each not in unwanted]

    def is_satisfied_by(self, requirement: Want, candidate: Candidate) -> bool:
        """Whether a candidate is one that the requirement allows."""
        base = candidate.base or candidate
        if requirement.exact is not None:
            return requirement.exact is base
        if requirement.url and not (base.direct and base.direct.place.url == requirement.url):
            return False
        return base.version is None or requirement.specifier.contains(base.version, prereleases=True)

    def get_dependencies(self, candidate: Candidate) -> list[Want]:
        """What a candidate needs on the target."""
        if candidate not in self._needs:
            try:
                self._needs[candidate] = list(self._read_needs(candidate))
            except FileProblemError as error:
                # As pip: a version whose metadata is broken is passed over.
                self._broken[candidate.name] = error.problem
                self._needs[candidate] = [_impossible(str(candidate), error.problem)]
            self._index.prefetch(want.name for want in self._needs[candidate] if _is_project(want))
        return self._needs[candidate]

    # What the functions around it call.

    def check_wanted(self) -> None:
        """Say at once what is wrong with the packages that the user names, before any search.

        :raises ResolutionError: names all of them.
        """
        by_name: dict[str, list[Want]] = {}
        for want in self._wants:
            by_name.setdefault(want.name, []).append(want)
        problems = [
            self._why_nothing(name, wants)
            for name, wants in by_name.items()
            if not self._matches(name, [*wants, *self._constraints.get(name, [])])
        ]
        self._raise_all(problems)

    def chosen(self, mapping: Mapping[Identifier, Candidate]) -> list[Chosen]:
        """The result, each project once."""
        bases = {name: candidate for (name, extras), candidate in mapping.items() if not extras}
        found = []
        for name, candidate in sorted(bases.items()):
            needs = {
                want.name
                for each in mapping.values()
                if each.name == name
                for want in self.get_dependencies(each)
                if want.name != name
            }
            found.append(Chosen(candidate, self._metadata(candidate), tuple(sorted(needs))))
        if self._rules.require_hashes:
            self._check_hashes(bases)
        return found

    def explain(self, causes: Iterable[Any]) -> ResolutionError:
        """Why nothing goes together, from what resolvelib found last."""
        by_name: dict[str, list[Want]] = {}
        for cause in causes:
            by_name.setdefault(cause.requirement.name, []).append(cause.requirement)
        python = by_name.pop(_PYTHON, [])
        for name, wants in by_name.items():
            wants.extend(self._constraints.get(name, []))
            alone = [want for want in wants if not self._matches(name, [want])]
            if alone:
                return self._error([self._why_nothing(name, alone[:1])])
        if python:
            return ResolutionError(
                f"{python[0].origin} can't be used on {self._target}: {python[0].text}",
                "Allow another version of it, or take another runtime",
            )
        wanted = dict.fromkeys(f"{want.origin} wants {want.text}" for wants in by_name.values() for want in wants)
        return ResolutionError(
            f"the requirements contradict each other: {'; '.join(sorted(wanted))}", "Loosen one of them"
        )

    # What these need.

    def _matches(self, name: str, wants: Sequence[Want]) -> list[Candidate]:
        exact = [want.exact for want in wants if want.exact is not None]
        urls = {want.url for want in wants if want.url}
        if len(urls) > 1:
            return []
        if urls:
            found = [self._direct(name, urls.pop())]
        elif exact:
            found = exact[:1]
        else:
            found = self._indexed(name, wants)
        return [each for each in found if all(self.is_satisfied_by(want, each) for want in wants)]

    def _indexed(self, name: str, wants: Sequence[Want]) -> list[Candidate]:
        specifier = _combined(wants)
        hashes = _allowed_hashes(wants)
        found: dict[tuple[str, Version], File] = {}
        build = not self._buildable.isdisjoint({name, _EVERYTHING})
        for kind in ("wheel", "sdist") if build else ("wheel",):
            files = [file for file in self._index.fitting(name) if file.kind == kind]
            if hashes:
                files = [file for file in files if self._has_hash(file, hashes)]
            for file in matching(files, specifier=specifier, prereleases=self._rules.prereleases):
                if kind == "wheel" or ("wheel", file.version) not in found:
                    found.setdefault((kind, file.version), file)
        return [self._candidate(name, file) for file in found.values()]

    def _candidate(self, name: str, file: File) -> Candidate:
        key = (name, file.link.normalized)
        if key not in self._candidates:
            self._candidates[key] = Candidate(name=name, version=file.version, kind=file.kind, file=file)
        return self._candidates[key]

    def _with_extras(self, base: Candidate, extras: frozenset[str]) -> Candidate:
        if not extras:
            return base
        key = (base, extras)
        if key not in self._candidates:
            self._candidates[key] = Candidate(base.name, base.version, base.kind, extras=extras, base=base)
        return self._candidates[key]

    def _direct(self, name: str, url: str) -> Candidate:
        key = ("direct", name, url)
        if key not in self._candidates:
            direct = read_direct(place_of(url), name=name, index=self._index, runner=self._runner)
            kind = direct.file.kind if direct.file else direct.place.kind
            self._check_direct(name, direct, kind=kind)
            self._candidates[key] = Candidate(name, direct.version, kind, file=direct.file, direct=direct)
        return self._candidates[key]

    def _check_direct(self, name: str, direct: Direct, *, kind: str) -> None:
        if kind == "wheel" and direct.file:
            problem = why_not([direct.file], target=self._target)
            if problem:
                text = f"{direct.place.text} is not for {self._target}: {problem}"
                raise NoWheelError(text, _ways_out(name), names=())
        unknown = kind != "directory" or not direct.metadata.known
        if kind != "wheel" and unknown and not self._rules.build:
            reason = "it has to be built" if direct.metadata.known else "what it needs is only known when it is built"
            text = f"{name} from {direct.place.text} is no wheel: {reason}"
            raise NoWheelError(text, _ways_out(name), names=())

    def _metadata(self, candidate: Candidate) -> Metadata:
        if candidate.direct:
            return candidate.direct.metadata
        return self._index.metadata(cast(File, candidate.file))

    def _read_needs(self, candidate: Candidate) -> Iterator[Want]:
        base = candidate.base or candidate
        metadata = self._metadata(base)
        if candidate.base:
            yield Want(base.name, frozenset(), SpecifierSet(), str(base), str(base), exact=base)
        python = metadata.requires_python
        if python is not None and not python.contains(self._target.python_full, prereleases=True):
            yield _impossible(str(base), f"it needs Python {python}")
        for requirement in metadata.requires:
            if applies(requirement, target=self._target, extras=candidate.extras):
                yield want_of(requirement, origin=str(base))

    def _has_hash(self, file: File, allowed: Mapping[str, frozenset[str]]) -> bool:
        for algorithm, values in allowed.items():
            if algorithm in file.hashes:
                return file.hashes[algorithm] in values
        path = self._index.download(file)
        return any(digest(path, algorithm) in values for algorithm, values in allowed.items())

    def _check_hashes(self, bases: Mapping[str, Candidate]) -> None:
        with_hashes = {want.name for want in [*self._wants, *_flat(self._constraints)] if want.hashes}
        bare = [str(each) for name, each in bases.items() if name not in with_hashes and each.kind != "directory"]
        if bare:
            raise ResolutionError(
                f"the requirements have hashes, but there is none for {', '.join(sorted(bare))}",
                "Give every package, the ones that others need included, its hashes",
            )

    def _why_nothing(self, name: str, wants: Sequence[Want]) -> tuple[str, str]:
        """A sentence, and the name if it is only that there is no wheel."""
        wants = [*wants, *(want for want in self._constraints.get(name, []) if want not in wants)]
        origin = ", ".join(dict.fromkeys(want.origin for want in wants))
        text = ", ".join(dict.fromkeys(want.text for want in wants))
        if any(want.url for want in wants):
            return f"{text} contradict each other ({origin})", ""
        every = self._index.every(name)
        if not every:
            return f"{origin}: the package index has no {name}", ""
        hashes = _allowed_hashes(wants)
        with_hash = [file for file in every if self._has_listed_hash(file, hashes)]
        specifier = _combined(wants)
        versions = matching(every, specifier=specifier, prereleases=self._rules.prereleases)
        if not versions:
            newest = ", ".join(dict.fromkeys(str(file.version) for file in every if not file.link.is_yanked))
            return f"{origin}: no version is {text} (the newest: {_shorten(newest)})", ""
        reason = why_not(versions, target=self._target)
        if hashes and (not reason or not any(file in with_hash for file in versions)):
            return f"{origin}: no file of {text} has a hash that the requirements allow", ""
        broken = self._broken.get(name)
        return f"{name} ({origin}) has no wheel for {self._target}: {reason or broken or 'none is allowed'}", name

    def _has_listed_hash(self, file: File, allowed: Mapping[str, frozenset[str]]) -> bool:
        listed = [name for name in allowed if name in file.hashes]
        return not listed or any(file.hashes[name] in allowed[name] for name in listed)

    def _raise_all(self, problems: Sequence[tuple[str, str]]) -> None:
        if problems:
            raise self._error(problems)

    def _error(self, problems: Sequence[tuple[str, str]]) -> ResolutionError:
        text = "; ".join(problem for problem, _name in problems)
        names = [name for _problem, name in problems]
        if all(names):
            return NoWheelError(text, _ways_out(""), names=names)
        return ResolutionError(text, "Correct the name or the version, or name the index that has it")


def why_not(files: Sequence[File], *, target: Target) -> str:
    """Why none of these files can be used without being compiled; empty if one can.

    :param files: of one project, in versions that are allowed.
    """
    wheels = [file for file in files if file.kind == "wheel"]
    if not wheels:
        return "there is only an sdist, which has to be built"
    newest = max(file.version for file in wheels)
    reason = _why_no_tag([file for file in wheels if file.version == newest], target=target)
    if not reason and not target.accepts_python(wheels[0].link.requires_python):
        reason = f"it needs Python {wheels[0].link.requires_python}"
    return reason and f"{reason} (version {newest})"


def _why_no_tag(wheels: Sequence[File], *, target: Target) -> str:
    tags = [tag for wheel in wheels for tag in target.tags_of(wheel.name)]
    for_python = [tag for tag in tags if target.takes_interpreter(tag)]
    if not for_python:
        names = sorted({tag.interpreter for tag in tags}, key=lambda name: (len(name), name))
        return f"its wheels are only for {', '.join(names)}"
    if any(target.takes_platform(tag.platform) for tag in for_python):
        return ""
    glibc = [version for tag in for_python if (version := target.glibc_of(tag.platform))]
    if glibc:
        has = ".".join(map(str, target.runtime.os.glibc))
        return f"its wheels need glibc {'.'.join(map(str, min(glibc)))}, {target.runtime.identifier} has {has}"
    platforms = sorted({tag.platform for tag in for_python})
    return f"its wheels are only for {_shorten(', '.join(platforms))}"


def _names(cause: Any) -> set[str]:
    return {cause.requirement.name, *([cause.parent.name] if cause.parent else [])}


def _flat(wants: Mapping[str, Sequence[Want]]) -> Iterator[Want]:
    for each in wants.values():
        yield from each


def _is_project(want: Want) -> bool:
    return want.name != _PYTHON and not want.url and want.exact is None


def _is_pinned(specifier: SpecifierSet) -> bool:
    return any(
        each.operator == "===" or (each.operator == "==" and not each.version.endswith(".*")) for each in specifier
    )


def _combined(wants: Iterable[Want]) -> SpecifierSet:
    specifier = SpecifierSet()
    for want in wants:
        specifier &= want.specifier
    return specifier


def _allowed_hashes(wants: Iterable[Want]) -> dict[str, frozenset[str]]:
    """As pip: what several allow is what all of them allow."""
    allowed: dict[str, frozenset[str]] = {}
    for want in wants:
        for algorithm, values in want.hashes.items():
            allowed[algorithm] = allowed[algorithm] & values if algorithm in allowed else values
    return allowed


def _impossible(origin: str, text: str) -> Want:
    return Want(_PYTHON, frozenset(), SpecifierSet(), origin, text)


def _shorten(text: str, *, limit: int = 5) -> str:
    parts = text.split(", ")
    return ", ".join(parts[:limit]) + (", ..." if len(parts) > limit else "")


def _ways_out(name: str) -> str:
    return (
        f"Have {name or 'it'} compiled on the builder (no_wheel: build), take another runtime, or constrain it to "
        "a version that has a wheel"
    )
