# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What packages are chosen for: a Lambda runtime on an architecture, in the words of Python's packaging standards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import Runtime

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
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
        return _MACHINES[self.architecture]

    @property
    def python(self) -> tuple[int, int]:
        """Version of Python, C((3, 11)) for instance."""
        major, minor = self.runtime.python.split(".")
        return int(major), int(minor)

    @property
    def python_full(self) -> str:
        """The lowest version that the runtime could have: AWS moves the last number when it likes."""
        return f"{self.runtime.python}.0"

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
