# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Imports all that a finished zip offers, under the interpreter that it is for: the gate that no metadata can fool.

Every top-level module of every distribution is imported in a process of its own, with nothing else on the path but the
standard library and nothing of the builder's environment. The layer is seen at C(/opt), as in Lambda, and nobody can
write to it; where the host does not let us do that it is in another folder, without permission to write.

What is imported from is the folder that the zip is made of, and where nobody can write to it, it is so while the zip is
being made. What counts is the zip: afterwards every file of the folder is held against it, and if they differ in
anything, the zip is unpacked and all is imported once more.

A failure counts unless it is that of an optional part: a module that is missing, that no mandatory requirement of the
distribution stands for, and without which another of the distribution's modules imports well. Where the runtime or
another layer brings something, what needs that can't be tried here beyond the first module that is missing.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import shutil
import stat
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, TypedDict

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._file_tree import files_below
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import ImportReport
from ansible_collections.asesoria.serverless.plugins.module_utils._opt_mount import OPT, at_opt
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner
from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import IMPORT
from ansible_collections.asesoria.serverless.plugins.module_utils._streams import Streams
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_unpack import is_unpacked, unpack_zip

#: Seconds that one import may take.
TIMEOUT = 120
_SOURCES = (".py", ".so")
_SHOWN = 10
_GLIBC = re.compile(r"version [`']GLIBC\w*_[0-9.]+' not found")

# Each import happens in a child, so that one that crashes or hangs takes nothing with it, and sees no module that
# another has loaded. What a module prints goes to standard error.
# It begins anew with an environment that has nothing of the builder's, and then makes a copy of itself for each module,
# which is sooner there than a new interpreter and knows as little. A child that has answered ends at once.
_DRIVER = f"""
import json, os, select, signal, sys, time
folder, listing, home = sys.argv[1:]

def attempt(module):
    sys.path.append(folder)
    try:
        __import__(module)
    except BaseException as error:
        text = " ".join(str(error).split())[:500]
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        return {{"ok": False, "error": type(error).__name__ + ": " + text, "missing": missing}}
    return {{"ok": True, "error": "", "missing": None}}

def start(module):
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.write(writing, json.dumps(attempt(module)).encode())
        os._exit(0)
    os.close(writing)
    return module, process, reading, time.monotonic() + {TIMEOUT}

def failure(text):
    return {{"ok": False, "error": text, "missing": None}}

def look(process, reading, deadline):
    done, status = os.waitpid(process, os.WNOHANG)
    # What it wrote before it ended is there now.
    answered = select.select([reading], [], [], 0)[0]
    answer = os.read(reading, 1 << 16) if answered else b""
    if answer:
        if not done:
            os.waitpid(process, 0)
        return json.loads(answer)
    if done:
        killed = os.WIFSIGNALED(status)
        how = signal.Signals(os.WTERMSIG(status)).name if killed else "exit code %d" % os.WEXITSTATUS(status)
        return failure("the interpreter ended with " + how)
    if time.monotonic() > deadline:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return failure("it did not end within {TIMEOUT} s")
    return None

nothing = os.open(os.devnull, os.O_RDWR)
os.dup2(nothing, 0)
os.chdir(home)
with open(listing) as file:
    waiting = json.load(file)[::-1]
answers, running = {{}}, []
while waiting or running:
    while waiting and len(running) < (os.cpu_count() or 1):
        running.append(start(waiting.pop()))
    select.select([reading for _module, _process, reading, _deadline in running], [], [], 0.05)
    for child in list(running):
        answer = look(*child[1:])
        if answer is not None:
            answers[child[0]] = answer
            os.close(child[2])
            running.remove(child)
print(json.dumps(answers))
"""
_START = """
import os, sys
kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
argv = [sys.executable, "-I", "-S", "-B", "-c", *sys.argv[1:]]
os.execve(sys.executable, argv, dict(kept, HOME=sys.argv[-1], TMPDIR=sys.argv[-1]))
"""


class ImportGateError(ServerlessError):
    """The layer would not import."""


class _Answer(TypedDict):
    """How one import ended, as the driver says it."""

    ok: bool
    error: str
    missing: str | None


@dataclass(frozen=True)
class Offer:
    """What a distribution lets one import.

    :param distribution: its name.
    :param modules: dotted names, sorted.
    :param required: normalized names of what it can't be without.
    :param files: how many it has.
    """

    distribution: str
    modules: list[str]
    required: frozenset[str]
    files: int

    @property
    def key(self) -> str:
        """The name by which distributions are compared."""
        return normalize(self.distribution)


@dataclass(frozen=True)
class Expected:
    """What failures do not count.

    :param allow: normalized names of distributions that need not import.
    :param provided: normalized names of distributions that the runtime or another layer brings.
    """

    allow: frozenset[str] = frozenset()
    provided: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Failure:
    """A module that could not be imported.

    :param distribution: whose it is.
    :param module: its dotted name.
    :param error: the exception, or how the interpreter ended.
    :param missing: the module that was not found, if that was the reason.
    """

    distribution: str
    module: str
    error: str
    missing: str | None


@dataclass(frozen=True)
class _Tried:
    """What was imported.

    :param offers: of which distributions.
    :param answers: how it ended, by module.
    """

    offers: list[Offer]
    answers: Mapping[str, _Answer]


class Importing:
    """Imports everything that the folder of a layer offers.

    :param folder: what will be C(/opt).
    :param work: an empty folder to work in; nothing is left there.
    :param python: the interpreter that the layer is for.
    :param runner: runs commands.
    :param after: makes the bytecode; if that fails nothing is imported.
    :param beside: does it while the zip is made.
    """

    def __init__(
        self, folder: Path, *, work: Path, python: str, runner: Runner, after: Future[Any], beside: Executor
    ) -> None:
        self._folder = folder
        self._find_way = functools.partial(at_opt, folder, python=python, work=work, runner=runner)
        self._attempt = functools.partial(_attempt, folder, work=work, python=python, runner=runner)
        self._begun = beside.submit(self._begin, after)

    def check(self, archive: Path, *, expected: Expected, streams: Streams | None = None) -> ImportReport:
        """See to it that what was imported is what the zip holds, and how it ended.

        :param archive: the finished zip.
        :param expected: what failures do not count.
        :param streams: compressed contents of files that are in the folder.
        :raises ImportGateError: names every module that does not import, its distribution and what to do.
        :raises ArchiveError: the zip can't be read.
        """
        same = is_unpacked(archive, self._folder, streams=streams)
        before, tried = self._begun.result()
        if not same:
            unpack_zip(archive, self._folder)
        if not same or tried is None:
            tried = self._attempt(before=before)
        return _judge(tried, expected=expected, is_at_opt=bool(before))

    def _begin(self, after: Future[Any]) -> tuple[list[str], _Tried | None]:
        """How the folder is seen at C(/opt), and how the imports ended; elsewhere they might change what is zipped."""
        after.result()
        before = self._find_way()
        return before, self._attempt(before=before) if before else None


def _attempt(folder: Path, *, before: list[str], work: Path, python: str, runner: Runner) -> _Tried:
    """Import what a folder offers, which nobody can write to meanwhile."""
    offers = read_offers(folder / "python")
    seen = OPT if before else folder
    if not before:
        _set_writable(folder, writable=False)
    try:
        answers = _import_all(offers, folder=seen / "python", before=before, work=work, python=python, runner=runner)
    finally:
        if not before:
            _set_writable(folder, writable=True)
    return _Tried(offers, answers)


def _judge(tried: _Tried, *, expected: Expected, is_at_opt: bool) -> ImportReport:
    failures = list(_failures(tried.offers, tried.answers))
    kinds = _sort(failures, offers=tried.offers, answers=tried.answers, expected=expected)
    if kinds["real"]:
        raise _refusal(kinds["real"])
    return ImportReport(
        modules=sum(bool(answer["ok"]) for answer in tried.answers.values()),
        at_opt=is_at_opt,
        **{kind: _told(kinds[kind]) for kind in ("optional", "allowed", "provided")},
    )


def read_offers(folder: Path) -> list[Offer]:
    """What the distributions of an import folder let one import."""
    there = files_below(folder)
    return [_offer(found, there) for found in metadata.distributions(path=[str(folder)])]


def _offer(found: metadata.Distribution, there: Container[str]) -> Offer:
    record = found.read_text("RECORD")
    # The standard library knows older lists too, but takes longer: it looks for each file.
    listed = [row[0] for row in csv.reader(io.StringIO(record)) if row] if record else map(str, found.files or [])
    names = [name for name in listed if name in there]
    return Offer(
        distribution=found.metadata["Name"],
        modules=modules_of(names, there),
        required=_required(found),
        files=len(names),
    )


def _failures(offers: list[Offer], answers: Mapping[str, _Answer]) -> Iterator[Failure]:
    for offer in offers:
        for module in offer.modules:
            answer = answers[module]
            if not answer["ok"]:
                yield Failure(offer.distribution, module, error=str(answer["error"]), missing=answer["missing"])


def _sort(
    failures: list[Failure], *, offers: list[Offer], answers: Mapping[str, _Answer], expected: Expected
) -> dict[str, list[Failure]]:
    """Tell failures apart: optional parts, those that do not count, and those that do."""
    there = {module.partition(".")[0] for offer in offers for module in offer.modules}
    usable = {
        offer.distribution: offer.required for offer in offers if any(answers[module]["ok"] for module in offer.modules)
    }
    leaning = _leaning(offers, expected.provided)

    def kind(failure: Failure) -> str:
        required = usable.get(failure.distribution)
        if normalize(failure.distribution) in expected.allow:
            return "allowed"
        if required is not None and _is_optional(failure, there=there, required=required):
            return "optional"
        if normalize(failure.distribution) in leaning and _is_absent(failure, there=there):
            return "provided"
        return "real"

    found: dict[str, list[Failure]] = {name: [] for name in ("optional", "allowed", "provided", "real")}
    for failure in failures:
        found[kind(failure)].append(failure)
    return found


def _leaning(offers: list[Offer], provided: frozenset[str]) -> frozenset[str]:
    """Normalized names of the distributions that need something provided, by themselves or by what they need."""
    found: frozenset[str] = frozenset()
    while True:
        more = frozenset(offer.key for offer in offers if offer.required & (provided | found))
        if more == found:
            return found
        found = more


def modules_of(names: Iterable[str], there: Container[str]) -> list[str]:
    """The top-level modules and packages that a distribution brings; of a namespace package, what lies in it.

    :param names: of its files.
    :param there: names of all files of the folder that it is installed into.
    """
    return sorted({module for name in names if name.endswith(_SOURCES) for module in _module_of(name, there)})


def _module_of(name: str, there: Container[str]) -> Iterator[str]:
    *folders, file = name.split("/")
    for depth in range(1, len(folders) + 1):
        if "/".join((*folders[:depth], "__init__.py")) in there:
            yield from _dotted(folders[:depth])
            return
    yield from _dotted([*folders, file.partition(".")[0]])


def _dotted(parts: Sequence[str]) -> Iterator[str]:
    # Folders of libraries, of data and of scripts have names that no import statement can say.
    if all(part.isidentifier() for part in parts):
        yield ".".join(parts)


def _import_all(
    offers: list[Offer], *, folder: Path, before: list[str], work: Path, python: str, runner: Runner
) -> dict[str, _Answer]:
    # What takes longest comes first, so that it is not what all wait for at the end.
    largest_first = sorted(offers, key=lambda offer: (-offer.files, offer.distribution))
    modules = list(dict.fromkeys(module for offer in largest_first for module in offer.modules))
    listing, home = work / "modules.json", work / "home"
    listing.write_text(json.dumps(modules), encoding="utf-8")
    home.mkdir()
    try:
        argv = [*before, python, "-I", "-S", "-c", _START, _DRIVER, str(folder), str(listing), str(home)]
        done = runner(argv, environment={})
    finally:
        listing.unlink()
        shutil.rmtree(home, ignore_errors=True)
    if done.returncode != 0:
        lines = done.output.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise ImportGateError(f"{python} could not try the imports ({lines[-1]})", "See whether it is whole")
    answers: dict[str, _Answer] = json.loads(done.stdout)
    return answers


def _set_writable(folder: Path, *, writable: bool) -> None:
    """Lambda's /opt can't be written to; the unpacked zip must be removable afterwards."""
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | stat.S_IWUSR if writable else mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


def _required(distribution: metadata.Distribution) -> frozenset[str]:
    """Normalized names of what a distribution can't be without: its requirements that no extra stands before."""
    lines = distribution.requires or []
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if "extra" not in line.partition(";")[2])
    return frozenset(normalize(name.group()) for name in names if name)


def _is_optional(failure: Failure, *, there: set[str], required: frozenset[str]) -> bool:
    return _is_absent(failure, there=there) and normalize(_top(failure.missing)) not in required


def _is_absent(failure: Failure, *, there: set[str]) -> bool:
    """Whether it failed for want of a module that nothing in the layer brings."""
    return failure.missing is not None and _top(failure.missing) not in there


def _top(module: str | None) -> str:
    return (module or "").partition(".")[0]


def _told(failures: Iterable[Failure]) -> tuple[str, ...]:
    return tuple(sorted(f"{failure.distribution}: {failure.module}" for failure in failures))


def _refusal(failures: list[Failure]) -> ImportGateError:
    shown = [
        f"{failure.distribution}: import {failure.module} fails with {failure.error}" for failure in failures[:_SHOWN]
    ]
    if len(failures) > _SHOWN:
        shown.append(f"and {len(failures) - _SHOWN} more")
    return ImportGateError(f"the layer would not import, so there is none: {'; '.join(shown)}", _remedy(failures))


def _remedy(failures: list[Failure]) -> str:
    missing = sorted({failure.missing.partition(".")[0] for failure in failures if failure.missing})
    if any(_GLIBC.search(failure.error) for failure in failures):
        return "Build on the operating system of the runtime, whose C library is older than what was installed here"
    if missing:
        return f"Add to the requirements what brings {', '.join(missing)}, or take another version of what needs it"
    return (
        "Take a version that works with this Python; or, if this part is never imported, allow the rule "
        f"{IMPORT!r} for the distribution"
    )
