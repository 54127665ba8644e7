# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talks to pip: what to call, what its answers mean.

pip has no stable interface but its command line, and says what went wrong in prose only. The patterns here are of
pip 21 to 26; what none of them knows is passed on with pip's own last error line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import redact

#: Isolated mode keeps PYTHONPATH, the user's site-packages and the working folder out.
_PIP = ("-I", "-m", "pip", "--disable-pip-version-check", "--no-input")
#: Seconds to wait for an index, and how often to try again.
TIMEOUT = 20
RETRIES = 2
_SHOWN_VERSIONS = 5

_NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|Temporary failure in name resolution|Max retries exceeded"
    r"|Connection (?:refused|reset|broken)|connection broken by|ConnectTimeout|Read(?:Timeout| timed out)|ProxyError"
    r"|SSLError|CERTIFICATE_VERIFY_FAILED|Could not fetch URL|5\d\d Server Error|40[137] Client Error"
)
_NETWORK_REASON = re.compile(
    r"\[Errno -?\d+\] [^'\")]+|(?:Read|Connect) ?timed out|Connection to \S+ timed out|CERTIFICATE_VERIFY_FAILED"
    r"|[45]\d\d (?:Client|Server) Error: [^:]+|Remote end closed connection without response"
    r"|Tunnel connection failed: [^'\")]+"
)
_NETWORK_REMEDY = "Check the network, the proxy and the address of the package index, then run it again"


class PipError(ServerlessError):
    """pip could not do what it was asked for."""


class IndexUnreachableError(PipError):
    """The package index did not answer, which says nothing about the packages."""


@dataclass(frozen=True)
class Completed:
    """How a command ended.

    :param returncode: its exit status; negative if a signal ended it.
    :param stdout: what it wrote there.
    :param stderr: what it wrote there.
    """

    returncode: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams, errors last."""
        return f"{self.stdout}\n{self.stderr}"


class Runner(Protocol):
    """Runs a command, given as an argument list, with some more environment variables; never through a shell."""

    def __call__(self, argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        """Run it to its end; OSError if it can't be started."""


def pip_environment(*, index_url: str | None = None, extra_index_urls: Sequence[str] = ()) -> dict[str, str]:
    """Variables for a call of pip whose outcome shall not depend on who calls it.

    Index addresses go this way, not as arguments, because they may hold a password and any user can list a process's
    arguments.

    :param index_url: the package index instead of pip's own setting.
    :param extra_index_urls: more of them.
    """
    environment = {
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_PROGRESS_BAR": "off",
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "315532800",
    }
    if index_url:
        environment["PIP_INDEX_URL"] = index_url
    if extra_index_urls:
        environment["PIP_EXTRA_INDEX_URL"] = " ".join(extra_index_urls)
    return environment


def install_argv(*, python: str, target: Path, wheels: Iterable[Path]) -> list[str]:
    """The call that installs wheels into a folder, without bytecode and without asking an index.

    :param python: the interpreter that the packages are for.
    :param target: the folder.
    :param wheels: all that is to be installed.
    """
    argv = [python, *_PIP, "install", "--no-compile", "--no-warn-script-location", "--root-user-action=ignore"]
    return [*argv, "--no-index", "--no-deps", "--target", str(target), *map(str, wheels)]


def download_argv(*, python: str, folder: Path, requirements: Path) -> list[str]:
    """The call that downloads exactly what a file with hashes names, and only wheels.

    :param python: the interpreter that they are for.
    :param folder: where they go.
    :param requirements: the file.
    """
    argv = [python, *_PIP, "download", "--timeout", str(TIMEOUT), "--retries", str(RETRIES), *locked_options()]
    return [*argv, "--only-binary", ":all:", "--dest", str(folder), "--requirement", str(requirements)]


def wheel_argv(
    *, python: str, folder: Path, requirements: Path, constraints: Path | None = None, options: Sequence[str] = ()
) -> list[str]:
    """The call that makes wheels of a requirements file.

    :param python: the interpreter that they are for.
    :param folder: where they go.
    :param requirements: the file.
    :param constraints: a constraints file.
    :param options: more options.
    """
    argv = [python, *_PIP, "wheel", "--timeout", str(TIMEOUT), "--retries", str(RETRIES), *options]
    argv += ["--wheel-dir", str(folder), "--requirement", str(requirements)]
    return argv + (["--constraint", str(constraints)] if constraints else [])


def locked_options() -> tuple[str, ...]:
    """What lets pip take nothing but the files whose hashes it is given."""
    return ("--no-deps", "--require-hashes")


def versions_argv(*, python: str, name: str, python_version: str, platforms: Sequence[str]) -> list[str]:
    """The call that lists the versions of a project that an index has for a Python.

    :param python: the interpreter whose pip asks.
    :param name: the project.
    :param python_version: such as C(3.11).
    :param platforms: the platform tags of wheels that may be used, C(manylinux_2_17_x86_64) for instance.
    """
    argv = [python, *_PIP, "index", "versions", "--pre", "--implementation", "cp", "--python-version", python_version]
    argv += ["--timeout", str(TIMEOUT), "--retries", str(RETRIES)]
    return [*argv, *(f"--platform={platform}" for platform in platforms), name]


def read_versions(completed: Completed, *, name: str) -> list[str]:
    """The versions that C(pip index versions) found, newest first; none if the index has nothing that fits.

    :param completed: how that call ended.
    :param name: the project that it was for.
    :raises IndexUnreachableError: the index did not answer.
    :raises PipError: anything else went wrong.
    """
    found = re.search(r"^Available versions:(?P<versions>.*)$", completed.stdout, re.MULTILINE)
    if completed.returncode == 0 and found:
        return [version.strip() for version in found["versions"].split(",") if version.strip()]
    if _NO_NETWORK.search(completed.output):
        raise IndexUnreachableError(
            f"the package index did not answer when asked for {name} ({_network_line(completed.output)})",
            _NETWORK_REMEDY,
        )
    if re.search(r"No matching distribution found", completed.output):
        return []
    raise explain_failure(completed, what=f"asking the package index for {name}")


def explain_failure(completed: Completed, *, what: str) -> PipError:
    """The error that says why pip failed.

    :param completed: how it ended.
    :param what: what it was doing, as in C(installing requirements.txt), for a failure that no pattern knows.
    """
    output = redact(completed.output)
    for pattern, explain in _EXPLANATIONS:
        match = re.search(pattern, output, re.MULTILINE)
        if match:
            return explain(match, output)
    if completed.returncode < 0:
        return PipError(
            f"{what} was ended by signal {-completed.returncode}",
            "If the machine ran out of memory, give it more or add swap",
        )
    return PipError(f"{what} failed with exit status {completed.returncode}: {_essential_line(output)}")


def _essential_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(ERROR|error)\b", line)]
    return (errors or lines or ["it printed nothing"])[-1].rstrip(".")


def _network_line(output: str) -> str:
    reasons = [match.group() for line in redact(output).splitlines() for match in _NETWORK_REASON.finditer(line)]
    return reasons[-1].rstrip(". ") if reasons else "no answer"


def _no_pip(_match: re.Match[str], _output: str) -> PipError:
    return PipError(
        "the interpreter has no pip", "Install it with '<interpreter> -m ensurepip', or name another interpreter"
    )


def _no_ssl(_match: re.Match[str], _output: str) -> PipError:
    return PipError(
        "the interpreter was built without the ssl module, so its pip can reach no package index",
        "Build it again with OpenSSL 1.1.1 or newer and its headers installed",
    )


def _disk_full(_match: re.Match[str], _output: str) -> PipError:
    return PipError("the disk ran full while pip installed", "Free space on the builder or give it a larger disk")


def _denied(match: re.Match[str], _output: str) -> PipError:
    return PipError(f"pip may not write to {match['path']}", "Correct the permissions, or name another folder")


def _invalid(match: re.Match[str], _output: str) -> PipError:
    place = f"{match['file']}, line {match['line']}" if match["file"] else "the requirements"
    return PipError(f"{place}: {match['text']!r} is not a requirement", "Correct the line")


def _bad_option(match: re.Match[str], _output: str) -> PipError:
    return PipError(f"the requirements file has an option that pip does not take: {match['text']}", "Correct the line")


def _hash_differs(match: re.Match[str], output: str) -> PipError:
    item = re.search(r"^\s{4}(?P<item>\S+==\S+|\S+ from \S+)", output[match.end() :], re.MULTILINE)
    subject = item["item"] if item else "a package"
    return PipError(
        f"what the package index gave for {subject} does not have the SHA-256 that it should have",
        "Find out why before you accept another one: the file may have been tampered with",
    )


def _hash_missing(match: re.Match[str], output: str) -> PipError:
    item = re.search(r"^\s{4}(?P<item>\S.*)$", output[match.end() :], re.MULTILINE)
    subject = item["item"].split(" ")[0] if item else "a package"
    return PipError(
        f"the requirements have hashes, but {subject} is not pinned with '==' and a hash of its own",
        "Give every package, the ones that others need included, one exact version and its hashes",
    )


def _conflict(match: re.Match[str], output: str) -> PipError:
    caused = re.search(r"The conflict is caused by:\n(?P<lines>(?:[ \t]+\S.*\n?)+)", output)
    reasons = "; ".join(line.strip() for line in caused["lines"].splitlines()) if caused else match["what"].strip()
    return PipError(f"the requirements contradict each other: {reasons}", "Loosen one of them")


def _unavailable(match: re.Match[str], output: str) -> PipError:
    requirement = match["requirement"].split(" (from ")[0]
    versions = match["versions"].strip()
    if versions in ("", "none") and _NO_NETWORK.search(output):
        return IndexUnreachableError(
            f"the package index did not answer when asked for {requirement} ({_network_line(output)})", _NETWORK_REMEDY
        )
    needs = re.search(r"Ignored .*versions that require a different python version:(?P<list>.*)$", output, re.M)
    if versions in ("", "none"):
        if needs:
            return PipError(
                f"no version of {requirement} is for this Python ({needs['list'].strip()[:200]})",
                "Take a runtime with a Python that it supports",
            )
        return PipError(
            f"the package index has nothing for {requirement} that this Python can use",
            "Correct the name in the requirements, or name the index that has it",
        )
    newest = ", ".join(versions.split(", ")[-_SHOWN_VERSIONS:])
    return PipError(
        f"the package index has no version that {requirement} allows (the newest it has: {newest})",
        "Correct the version in the requirements",
    )


def _not_compiled(match: re.Match[str], output: str) -> PipError:
    reasons = [line.strip(" │╰─>") for line in output.splitlines()]
    reasons = [line for line in reasons if re.match(r"(\S+: )?(fatal )?(error|\w*Error)\b.*:", line)]
    cause = next((line for line in reasons if "subprocess" not in line), "")
    package = (match.groupdict().get("package") or "a package").strip().rstrip(".")
    return PipError(
        f"{package} has no wheel for this Python and compiling it failed" + (f" ({cause[:300]})" if cause else ""),
        "Take a version that has a wheel, or install what it needs to compile on the builder",
    )


def _unreachable(_match: re.Match[str], output: str) -> PipError:
    return IndexUnreachableError(f"the package index did not answer ({_network_line(output)})", _NETWORK_REMEDY)


_INVALID = (
    r"Invalid requirement: (?P<quote>['\"])(?P<text>.*?)(?P=quote)"
    r"(?:(?:.|\n)*?\(from line (?P<line>\d+) of (?P<file>[^)\n]+)\))?"
)
_UNAVAILABLE = (
    r"Could not find a version that satisfies the requirement (?P<requirement>.*?) "
    r"\(from versions: (?P<versions>.*?)\)$"
)
#: The first pattern that is found decides, so what is sure stands before what merely goes along with other failures.
_EXPLANATIONS: tuple[tuple[str, Callable[[re.Match[str], str], PipError]], ...] = (
    (r"No module named '?pip'?", _no_pip),
    (r"SSL module is not available|ssl module in Python is not available", _no_ssl),
    (r"\[Errno 28\]|No space left on device", _disk_full),
    (r"\[Errno 13\] Permission denied: '(?P<path>[^']*)'", _denied),
    (_INVALID, _invalid),
    (r"error: no such option: (?P<text>.*)$", _bad_option),
    (r"THESE PACKAGES DO NOT MATCH THE HASHES.*$", _hash_differs),
    (r"In --require-hashes mode, all requirements must have their versions pinned.*$", _hash_missing),
    (r"Hashes are required in --require-hashes mode.*$", _hash_missing),
    (r"ERROR: Cannot install (?P<what>.*?)(?:because|$)", _conflict),
    (_UNAVAILABLE, _unavailable),
    (r"Failed (?:to build|building wheel for) (?P<package>.*)$", _not_compiled),
    (r"subprocess-exited-with-error|metadata-generation-failed", _not_compiled),
    (_NO_NETWORK.pattern, _unreachable),
)
