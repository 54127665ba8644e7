# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run needs of its control node and its input, held against what is there.

Each check says what was found, what is wanted and what to do; none of them stops at the first that fails.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._check import (
    OK,
    WARNING,
    Check,
    refusal,
    verdict,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._end_of_life import ANSIBLE_CORE, NODE
from ansible_collections.asesoria.serverless.plugins.module_utils._end_of_life import NOTICE_DAYS as SOON_DAYS
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import (
    ARCHITECTURES,
    LAYER_NAME,
    NOTICE_DAYS,
    RUNTIMES,
    find_runtime,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service_domain import read_domain

#: Runs a command and returns its output, standard error included; None if there is no such program or it fails.
Runner = Callable[[Sequence[str]], "str | None"]

#: The oldest Python that the modules run on.
MINIMUM_PYTHON = (3, 10)
#: What osls 4 wants: C(engines) of its package.json, read on 2026-11-22. From this major version on, any minor will do.
NODE_FROM = 24
#: Earlier major versions, with the first minor version that will do.
NODE_MINORS = {20: 19, 22: 13}
NODE_WANTED = "20.19 or a later 20, 22.13 or a later 22, or 24 and later"

NOTHING = "nothing"
CLI = "serverless cli"
_SECONDS = 60
_MIB = 1024 * 1024
_COMPARISONS: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": lambda found, wanted: found >= wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">": lambda found, wanted: found > wanted,
    "<": lambda found, wanted: found < wanted,
    "==": lambda found, wanted: found == wanted,
    "!=": lambda found, wanted: found != wanted,
}


def run_program(argv: Sequence[str]) -> str | None:
    """Run a command; see :data:`Runner`.

    :param argv: the program and its arguments.
    """
    program = shutil.which(argv[0])
    if program is None:
        return None
    try:
        # The utils know no AnsibleModule, and its run_command has no time limit.
        result = subprocess.run(  # pylint: disable=ansible-bad-function
            [program, *argv[1:]],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout + result.stderr if result.returncode == 0 else None


def check_ansible(version: str, *, requirement: str, today: date) -> Check:
    """Is ansible-core of a version that the collection is tested with, and that gets updates.

    :param version: of ansible-core, such as C(2.21.5) or C(2.23.0.dev0).
    :param requirement: as C(requires_ansible) in C(meta/runtime.yml) has it, such as C(>=2.19.0,<2.23.0).
    :param today: the day to hold its last one against.
    """
    check = verdict(
        "ansible-core",
        _fits(version, requirement),
        found=version,
        wanted=requirement,
        remedy="Run it from a virtual environment with such a version, for instance the one that make setup makes",
    )
    newer = "Move to a newer one; it may need a newer Python"
    return _aged(check, last_day=ANSIBLE_CORE.get(_version(version)[:2]), today=today, remedy=newer)


def check_python(version: Sequence[int], *, interpreter: str) -> Check:
    """Is the Python that runs the modules on the control node new enough.

    :param version: major, minor and so on.
    :param interpreter: its path.
    """
    minimum = _dotted(MINIMUM_PYTHON)
    return verdict(
        "python",
        tuple(version[:2]) >= MINIMUM_PYTHON,
        found=f"{_dotted(version[:3])} ({interpreter})",
        wanted=f"{minimum} or newer",
        remedy='Set ansible_python_interpreter of localhost to "{{ ansible_playbook_python }}" or to a newer Python',
    )


def check_library(name: str, found: str | None, *, minimum: str, interpreter: str) -> Check:
    """Does the Python that runs the modules have a package.

    :param name: of the package.
    :param found: its version, None if it can't be imported.
    :param minimum: the oldest version that will do.
    :param interpreter: path of that Python.
    """
    return verdict(
        name,
        found is not None and _version(found) >= _version(minimum),
        found=found or NOTHING,
        wanted=f"{minimum} or newer in {interpreter}",
        remedy=f"{interpreter} -m pip install '{name}>={minimum}'",
    )


def check_node(output: str | None, *, today: date) -> Check:
    """Is Node.js of a version that the Serverless CLI runs on, and that gets updates.

    :param output: of C(node --version), None if there is no node.
    :param today: the day to hold its last one against.
    """
    version = _version(output or "")
    major, minor = (*version, 0, 0)[:2]
    remedy = "Install the current long-term release of Node.js and see that it comes first on PATH"
    check = verdict(
        "node",
        major >= NODE_FROM or minor >= NODE_MINORS.get(major, minor + 1),
        found=(output or NOTHING).strip(),
        wanted=NODE_WANTED,
        remedy=remedy,
    )
    return _aged(check, last_day=NODE.get(version[:1]), today=today, remedy=remedy)


def check_npm(output: str | None) -> Check:
    """Is npm there, which installs the Serverless CLI.

    :param output: of C(npm --version), None if there is no npm.
    """
    return verdict(
        "npm",
        output is not None,
        found=(output or NOTHING).strip(),
        wanted="any",
        remedy="Install npm; it comes with Node.js, in some distributions as a package of its own",
    )


def check_collection(name: str, found: str, *, requirement: str) -> Check:
    """Is a collection there that the playbooks use.

    :param name: of the collection.
    :param found: its version, empty if it is not installed.
    :param requirement: versions that will do, such as C(>=8.0.0).
    """
    return verdict(
        name,
        bool(found) and _fits(found, requirement),
        found=found or NOTHING,
        wanted=requirement,
        remedy=f"ansible-galaxy collection install '{name}:{requirement}', or use the package ansible, which has it",
    )


def check_cli(folder: Path, *, pins: Mapping[str, str]) -> Check:
    """Is the Serverless CLI there as it is pinned; if not, the run installs it.

    :param folder: where the run installs it.
    :param pins: the version of each of its packages.
    """
    wanted = ", ".join(f"{name} {version}" for name, version in pins.items())
    found = {name: _npm_version(folder / "node_modules" / name) for name in pins}
    there = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    if found == dict(pins):
        return Check(CLI, OK, f"{there} in {folder}", wanted)
    return Check(CLI, OK, f"{there or NOTHING} in {folder}; the run installs {wanted} there with npm", wanted)


def check_ssh(output: str | None) -> Check:
    """Is an SSH client there, which reaches the builder.

    :param output: of C(ssh -V), None if there is no ssh.
    """
    return verdict(
        "ssh",
        output is not None,
        found=(output or NOTHING).strip().split(",")[0],
        wanted="OpenSSH's client",
        remedy="Install the package openssh-client (Debian, Ubuntu) or openssh-clients (Fedora, Amazon Linux)",
    )


def check_ssh_keygen(path: str | None) -> Check:
    """Is ssh-keygen there, which makes the builder's key.

    :param path: of the program, None if there is none.
    """
    return verdict(
        "ssh-keygen",
        path is not None,
        found=path or NOTHING,
        wanted="OpenSSH's",
        remedy="Install the package openssh-client (Debian, Ubuntu) or openssh (Fedora, Amazon Linux)",
    )


def check_region(region: str, *, known: Iterable[str]) -> Check:
    """Is it a region of AWS.

    :param region: its name.
    :param known: all of them.
    """
    names = sorted(known)
    similar = difflib.get_close_matches(region, names, n=3)
    return verdict(
        "region",
        region in names,
        found=repr(region),
        wanted="a region of AWS",
        remedy="Set asesoria_region to "
        + (" or ".join(similar) if similar else "one such as us-east-1")
        + "; if it is a new one, update boto3",
    )


def check_runtime(runtime: str, *, today: date) -> Check:
    """Does Lambda have the runtime and support it, and for how long.

    :param runtime: its identifier.
    :param today: the day to hold its dates against.
    """
    try:
        found = find_runtime(runtime, today=today)
    except ServerlessError as error:
        return refusal("runtime", error)
    last_day = found.deprecated - timedelta(days=1)
    text = f"{runtime} on {found.os.name}, deprecated by Lambda on {found.deprecated}"
    wanted = "a runtime that Lambda supports"
    if (found.deprecated - today).days > NOTICE_DAYS:
        return Check("runtime", OK, text, wanted)
    return Check(
        "runtime",
        WARNING,
        f"{text}, in {_days((found.deprecated - today).days)}",
        wanted,
        f"Move to {_later(found.deprecated)} until {last_day}: Lambda takes no new function with this one from "
        f"{found.create_blocked} on, and no update from {found.update_blocked} on",
    )


def check_architecture(architecture: str) -> Check:
    """Does Lambda have the architecture.

    :param architecture: its name.
    """
    wanted = " or ".join(ARCHITECTURES)
    return verdict(
        "architecture",
        architecture in ARCHITECTURES,
        found=repr(architecture),
        wanted=wanted,
        remedy=f"Set asesoria_architecture to {wanted}",
    )


def check_layer_name(name: str) -> Check:
    """Does AWS take the name for a layer.

    :param name: of the layer.
    """
    return verdict(
        "layer name",
        LAYER_NAME.fullmatch(name) is not None,
        found=repr(name),
        wanted="1 to 140 of the characters a-z A-Z 0-9 - _",
        remedy="Set asesoria_layer_name to such a name",
    )


def check_domain(domain: Mapping[str, Any], *, front_door: str, region: str) -> Check:
    """Can the service have the domain that it is to have.

    :param domain: see :func:`read_domain`.
    :param front_door: what requests come in by.
    :param region: the service's region.
    """
    try:
        found = read_domain(domain, front_door=front_door, region=region)
    except ServerlessError as error:
        return refusal("domain", error)
    return verdict("domain", ok=found is not None, found=found.name if found else NOTHING, wanted="a domain")


def check_disk(folder: Path, *, minimum: int, free: Callable[[Path], int]) -> Check:
    """Is there room for what the run keeps on the control node.

    :param folder: where it keeps it; need not exist yet.
    :param minimum: MiB wanted.
    :param free: tells the free bytes at a folder that exists.
    """
    place = next(one for one in (folder, *folder.parents) if one.is_dir())
    found = free(place) // _MIB
    return verdict(
        "disk",
        found >= minimum,
        found=f"{found} MiB free at {place}",
        wanted=f"{minimum} MiB for {folder}",
        remedy="Make room, or set asesoria_state_dir to a folder on another disk",
    )


def _npm_version(folder: Path) -> str:
    """Version of a package that npm has installed into a folder; empty if it has not."""
    try:
        return str(json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _aged(check: Check, *, last_day: date | None, today: date, remedy: str) -> Check:
    """The same check; a warning if the program gets no more updates, or soon won't."""
    if not check.ok or last_day is None or (last_day - today).days > SOON_DAYS:
        return check
    when = f"gets no updates after {last_day}" if today <= last_day else f"has had no updates since {last_day}"
    return Check(check.name, WARNING, f"{check.found}, which {when}", "a release that gets updates", remedy)


def _later(day: date) -> str:
    """The runtimes that live longer."""
    return " or ".join(name for name, runtime in RUNTIMES.items() if runtime.deprecated > day) or "a newer one"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _fits(version: str, requirement: str) -> bool:
    """Hold a version against a requirement; a pre-release counts as the release that it leads to."""
    for part in requirement.split(","):
        match = re.fullmatch(r"\s*(>=|<=|==|!=|>|<)\s*([\d.]+)\s*", part)
        if match is None:
            raise ValueError(f"not a version requirement: {requirement!r}")
        wanted = _version(match[2])
        found = (*_version(version), *[0] * len(wanted))[: len(wanted)]
        if not _COMPARISONS[match[1]](found, wanted):
            return False
    return True


def _version(text: str) -> tuple[int, ...]:
    match = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, match[0].split("."))) if match else ()


def _dotted(version: Iterable[int]) -> str:
    return ".".join(map(str, version))
