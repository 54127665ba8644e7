# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What packages are chosen for: a Lambda runtime on an architecture, in the words of Python's packaging standards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import MACHINES, Runtime

with suppress(ImportError):  # The modules say that it is missing.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.tags import Tag
    from packaging.utils import parse_wheel_filename

#: Stands for the last number of the runtime's Python, which AWS moves without a word: later than any there will be.
#: What asks for "3.11.4 or newer" is served then, and what is needed before "3.11.3" is not needed.
_PATCH = 99
#: The oldest minor version of glibc 2 that a manylinux tag stands for on a machine (PEP 513, PEP 599, PEP 600).
_OLDEST_GLIBC = {"x86_64": 5, "aarch64": 17}
#: The names that some of them had before PEP 600, and have still.
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True)
class Target:
    """What the packages are for.

    :param runtime: of Lambda.
    :param architecture: Lambda's name of it.
    """

    runtime: Runtime
    architecture: str

    def __str__(self) -> str:
        return f"{self.runtime.identifier} on {self.architecture}"

    @property
    def machine(self) -> str:
        """The architecture as Linux and wheels call it."""
        return MACHINES[self.architecture]

    @property
    def python(self) -> tuple[int, int]:
        """Version of Python, C((3, 11)) for instance."""
        major, minor = self.runtime.python.split(".")
        return int(major), int(minor)

    @property
    def python_full(self) -> str:
        """The version that the runtime is taken to have."""
        return f"{self.runtime.python}.{_PATCH}"

    @property
    def markers(self) -> dict[str, str]:
        """The values of PEP 508's environment markers there; an extra never holds."""
        return {
            "extra": "",
            "implementation_name": "cpython",
            "implementation_version": self.python_full,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": self.python_full,
            "python_version": self.runtime.python,
            "sys_platform": "linux",
        }

    def accepts_python(self, requires: str | None) -> bool:
        """Whether a value of Requires-Python includes the target's Python; one that is no value includes all."""
        with suppress(InvalidSpecifier):
            return SpecifierSet(requires or "").contains(self.python_full, prereleases=True)
        return True

    def tags_of(self, wheel: str) -> frozenset[Tag]:
        """The tags in the name of a wheel."""
        return frozenset(parse_wheel_filename(wheel)[-1])

    def takes_interpreter(self, tag: Tag) -> bool:
        """Whether the first two parts of a tag are for the target's Python."""
        major, minor = self.python
        if tag.abi == "abi3":
            since = re.fullmatch(rf"cp{major}(\d+)", tag.interpreter)
            return since is not None and int(since[1]) <= minor
        if tag.abi == "none":
            generic = re.fullmatch(rf"py{major}(\d*)", tag.interpreter)
            return tag.interpreter == f"cp{major}{minor}" or (generic is not None and int(generic[1] or 0) <= minor)
        return (tag.interpreter, tag.abi) == (f"cp{major}{minor}",) * 2

    def takes_platform(self, platform: str) -> bool:
        """Whether the last part of a tag is for the target's operating system and machine."""
        return platform == "any" or platform in self.platforms

    def glibc_of(self, platform: str) -> tuple[int, int] | None:
        """The glibc that a platform tag asks for, if it is one of the target's machine."""
        match = re.fullmatch(rf"manylinux_(\d+)_(\d+)_{self.machine}", platform)
        return (int(match[1]), int(match[2])) if match else None

    @property
    def marker(self) -> str:
        """The marker that holds for this target only."""
        return (
            f"implementation_name == 'cpython' and platform_machine == '{self.machine}' and "
            f"python_version == '{self.runtime.python}' and sys_platform == 'linux'"
        )

    @property
    def platforms(self) -> list[str]:
        """The platform tags of wheels whose compiled parts the runtime can load, the newest first."""
        return [f"{tag}_{self.machine}" for tag in self._platforms()]

    def _platforms(self) -> Iterator[str]:
        major, minor = self.runtime.os.glibc
        for number in range(minor, _OLDEST_GLIBC[self.machine] - 1, -1):
            yield f"manylinux_{major}_{number}"
            if number in _LEGACY:
                yield _LEGACY[number]
        yield "linux"
