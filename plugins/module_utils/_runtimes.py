# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue of Lambda's Python runtimes: the one file to edit when AWS adds, deprecates or limits something.

Sources, read on 2026-11-22:

* runtimes and their dates: cfn-lint's C(LmbdRuntimeLifecycle.json) (2026-08) and endoflife.date;
* operating systems and glibc: AWS Lambda Developer Guide, "Lambda runtimes", and the images themselves;
* AMI parameters: Systems Manager's public parameters below C(/aws/service/ami-amazon-linux-latest/);
* limits: AWS Lambda Developer Guide, "Lambda quotas"; names and patterns: botocore's service model of C(lambda).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

ARCHITECTURES = ("x86_64", "arm64")

MAX_LAYERS_PER_FUNCTION = 5
#: Bytes of a zip that PublishLayerVersion takes in the request itself; a larger one goes by way of S3.
MAX_DIRECT_UPLOAD_BYTES = 50 * 1024 * 1024
#: Bytes of a function and all its layers together, unzipped.
MAX_UNZIPPED_BYTES = 262_144_000
LAYER_NAME = re.compile(r"[a-zA-Z0-9-_]{1,140}")


class RuntimeCatalogueError(ServerlessError):
    """A runtime or an architecture that Lambda does not have, or no longer takes."""


@dataclass(frozen=True)
class OperatingSystem:
    """What a Lambda runtime, and so the builder for it, runs on.

    :param name: as AWS writes it.
    :param glibc: version of the GNU C library, (major, minor).
    :param ami_parameter: Systems Manager parameter of the newest AMI, with C({architecture}) to be filled in.
    :param ssh_user: the login that the AMI comes with.
    """

    name: str
    glibc: tuple[int, int]
    ami_parameter: str
    ssh_user: str


@dataclass(frozen=True)
class Runtime:
    """One Lambda runtime.

    :param identifier: as the API takes it, C(python3.11).
    :param os: what it runs on.
    :param deprecated: first day without support.
    :param create_blocked: first day on which no new function can use it.
    :param update_blocked: first day on which no function that uses it can be updated.
    """

    identifier: str
    os: OperatingSystem
    deprecated: date
    create_blocked: date
    update_blocked: date

    @property
    def python(self) -> str:
        """C(3.11) for C(python3.11)."""
        return self.identifier.removeprefix("python")

    def facts(self, architecture: str) -> dict[str, Any]:
        """What a playbook needs to know, as plain values; C(glibc) is a string such as C(2.26)."""
        if architecture not in ARCHITECTURES:
            raise RuntimeCatalogueError(
                f"architecture {architecture!r} is not one that Lambda has", f"Use one of {', '.join(ARCHITECTURES)}"
            )
        return {
            "identifier": self.identifier,
            "python": self.python,
            "architecture": architecture,
            "os": asdict(self.os)["name"],
            "glibc": ".".join(map(str, self.os.glibc)),
            "ami_parameter": self.os.ami_parameter.format(architecture=architecture),
            "ssh_user": self.os.ssh_user,
            "deprecated": self.deprecated.isoformat(),
            "create_blocked": self.create_blocked.isoformat(),
            "update_blocked": self.update_blocked.isoformat(),
        }


_AMI = "/aws/service/ami-amazon-linux-latest/"
AMAZON_LINUX_2 = OperatingSystem(
    name="Amazon Linux 2",
    glibc=(2, 26),
    ami_parameter=_AMI + "amzn2-ami-kernel-5.10-hvm-{architecture}-gp2",
    ssh_user="ec2-user",
)
AMAZON_LINUX_2023 = OperatingSystem(
    name="Amazon Linux 2023",
    glibc=(2, 34),
    ami_parameter=_AMI + "al2023-ami-kernel-default-{architecture}",
    ssh_user="ec2-user",
)

RUNTIMES = {
    runtime.identifier: runtime
    for runtime in (
        Runtime("python3.14", AMAZON_LINUX_2023, date(2029, 6, 30), date(2029, 7, 31), date(2029, 8, 31)),
        Runtime("python3.13", AMAZON_LINUX_2023, date(2029, 6, 30), date(2029, 7, 31), date(2029, 8, 31)),
        Runtime("python3.12", AMAZON_LINUX_2023, date(2028, 10, 31), date(2028, 11, 30), date(2029, 1, 10)),
        Runtime("python3.11", AMAZON_LINUX_2, date(2027, 6, 30), date(2027, 7, 31), date(2027, 8, 31)),
        Runtime("python3.10", AMAZON_LINUX_2, date(2026, 10, 31), date(2027, 2, 1), date(2027, 3, 3)),
        Runtime("python3.9", AMAZON_LINUX_2, date(2025, 12, 15), date(2027, 2, 1), date(2027, 3, 3)),
    )
}


def find_runtime(identifier: str, *, today: date, allow_deprecated: bool = False) -> Runtime:
    """Look a runtime up.

    :param identifier: as the API takes it.
    :param today: the day to hold the runtime's dates against.
    :param allow_deprecated: take a runtime that is out of support, as long as functions can still be updated.
    :raises RuntimeCatalogueError: Lambda has no such runtime, or does not take it any more.
    """
    supported = ", ".join(name for name, runtime in RUNTIMES.items() if today < runtime.deprecated)
    runtime = RUNTIMES.get(identifier)
    if runtime is None:
        problem = f"runtime {identifier!r} is not a Python runtime of Lambda"
        raise RuntimeCatalogueError(problem, f"Use one of {supported}")
    if today >= runtime.update_blocked:
        raise RuntimeCatalogueError(
            f"runtime {identifier} has been closed by Lambda since {runtime.update_blocked}", f"Use one of {supported}"
        )
    if today >= runtime.deprecated and not allow_deprecated:
        raise RuntimeCatalogueError(
            f"runtime {identifier} has been deprecated by Lambda since {runtime.deprecated}", f"Use one of {supported}"
        )
    return runtime
