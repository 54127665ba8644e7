# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue of Lambda's Python runtimes: the one file to edit when AWS adds, deprecates or limits something.

Sources, read on 2026-11-22:

* runtimes and their dates: cfn-lint's C(LmbdRuntimeLifecycle.json) (2026-08) and endoflife.date;
* operating systems and glibc: AWS Lambda Developer Guide, "Lambda runtimes", and the images themselves;
* C(GLIBCXX) and C(CXXABI): GCC's libstdc++ manual, "ABI Policy and Guidelines", for the gcc of each operating system:
  7.3 in Amazon Linux 2, 11 in Amazon Linux 2023. A later libstdc++ in an update of the system is not counted on;
* shared libraries: glibc's own list of them, the package lists of Amazon Linux 2 and 2023 (C(libgcc), C(libstdc++),
  C(zlib), C(glibc) or C(libxcrypt)), and what CPython's own build with a shared library links. Others that an image
  happens to hold (C(libssl), C(libexpat)) are left out: AWS promises none of them;
* magic numbers of bytecode: CPython's C(Lib/importlib/_bootstrap_external.py), from 3.14 on C(pycore_magic_number.h);
* AMI parameters: Systems Manager's public parameters below C(/aws/service/ami-amazon-linux-latest/);
* limits: AWS Lambda Developer Guide, "Lambda quotas"; names and patterns: botocore's service model of C(lambda);
* notice of a deprecation: AWS Lambda Developer Guide, "Runtime deprecation policy", where AWS writes to the account.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

ARCHITECTURES = ("x86_64", "arm64")

#: What the kernel, and so the platform tag of a wheel, calls them.
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
#: The dynamic loader, a part of glibc.
_LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}

MAX_LAYERS_PER_FUNCTION = 5
#: Bytes of a zip that PublishLayerVersion takes in the request itself; a larger one goes by way of S3.
MAX_DIRECT_UPLOAD_BYTES = 50 * 1024 * 1024
#: Bytes of a function and all its layers together, unzipped.
MAX_UNZIPPED_BYTES = 262_144_000
LAYER_NAME = re.compile(r"[a-zA-Z0-9-_]{1,140}")
#: Days before a runtime's deprecation from which on its users are told.
NOTICE_DAYS = 180


class RuntimeCatalogueError(ServerlessError):
    """A runtime or an architecture that Lambda does not have, or no longer takes."""


@dataclass(frozen=True)
class OperatingSystem:
    """What a Lambda runtime, and so the builder for it, runs on.

    :param name: as AWS writes it.
    :param glibc: version of the GNU C library, (major, minor).
    :param ami_parameter: Systems Manager parameter of the newest AMI, with C({architecture}) to be filled in.
    :param ssh_user: the login that the AMI comes with.
    :param glibcxx: highest version C(GLIBCXX_) of its libstdc++, (major, minor, patch).
    :param cxxabi: highest version C(CXXABI_) of its libstdc++, (major, minor, patch).
    :param libraries: names of the shared libraries that every runtime on it has, on both architectures.
    """

    name: str
    glibc: tuple[int, int]
    ami_parameter: str
    ssh_user: str
    glibcxx: tuple[int, int, int]
    cxxabi: tuple[int, int, int]
    libraries: frozenset[str]


@dataclass(frozen=True)
class Runtime:
    """One Lambda runtime.

    :param identifier: as the API takes it, C(python3.11).
    :param os: what it runs on.
    :param deprecated: first day without support.
    :param create_blocked: first day on which no new function can use it.
    :param update_blocked: first day on which no function that uses it can be updated.
    :param bytecode_magic: the number that its Python's C(.pyc) files begin with.
    """

    identifier: str
    os: OperatingSystem
    deprecated: date
    create_blocked: date
    update_blocked: date
    bytecode_magic: int

    @property
    def python(self) -> str:
        """C(3.11) for C(python3.11)."""
        return self.identifier.removeprefix("python")

    def libraries(self, architecture: str) -> frozenset[str]:
        """Names of the shared libraries that are there without a layer."""
        own = {_LOADERS[architecture], f"libpython{self.python}.so.1.0"}
        # glibc has had vector mathematics for this architecture only, until 2.38.
        return self.os.libraries | own | ({"libmvec.so.1"} if architecture == "x86_64" else set())

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


_GLIBC_LIBRARIES = frozenset(
    {
        "libBrokenLocale.so.1",
        "libanl.so.1",
        "libc.so.6",
        "libdl.so.2",
        "libm.so.6",
        "libpthread.so.0",
        "libresolv.so.2",
        "librt.so.1",
        "libthread_db.so.1",
        "libutil.so.1",
    }
)
_COMMON_LIBRARIES = _GLIBC_LIBRARIES | {"libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"}
_AMI = "/aws/service/ami-amazon-linux-latest/"
AMAZON_LINUX_2 = OperatingSystem(
    name="Amazon Linux 2",
    glibc=(2, 26),
    ami_parameter=_AMI + "amzn2-ami-kernel-5.10-hvm-{architecture}-gp2",
    ssh_user="ec2-user",
    glibcxx=(3, 4, 24),
    cxxabi=(1, 3, 11),
    libraries=_COMMON_LIBRARIES | {"libcrypt.so.1", "libnsl.so.1"},
)
AMAZON_LINUX_2023 = OperatingSystem(
    name="Amazon Linux 2023",
    glibc=(2, 34),
    ami_parameter=_AMI + "al2023-ami-kernel-default-{architecture}",
    ssh_user="ec2-user",
    glibcxx=(3, 4, 29),
    cxxabi=(1, 3, 13),
    libraries=_COMMON_LIBRARIES | {"libcrypt.so.2"},
)

RUNTIMES = {
    runtime.identifier: runtime
    for runtime in (
        Runtime("python3.14", AMAZON_LINUX_2023, date(2029, 6, 30), date(2029, 7, 31), date(2029, 8, 31), 3627),
        Runtime("python3.13", AMAZON_LINUX_2023, date(2029, 6, 30), date(2029, 7, 31), date(2029, 8, 31), 3571),
        Runtime("python3.12", AMAZON_LINUX_2023, date(2028, 10, 31), date(2028, 11, 30), date(2029, 1, 10), 3531),
        Runtime("python3.11", AMAZON_LINUX_2, date(2027, 6, 30), date(2027, 7, 31), date(2027, 8, 31), 3495),
        Runtime("python3.10", AMAZON_LINUX_2, date(2026, 10, 31), date(2027, 2, 1), date(2027, 3, 3), 3439),
        Runtime("python3.9", AMAZON_LINUX_2, date(2025, 12, 15), date(2027, 2, 1), date(2027, 3, 3), 3425),
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
