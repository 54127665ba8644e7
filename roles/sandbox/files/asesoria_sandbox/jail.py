# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments of bubblewrap: which part of the host a confined process sees."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

#: Below C(/etc): what programs of the host need to load libraries, resolve names and check certificates.
ETC = (
    "alternatives",
    "ca-certificates",
    "crypto-policies",
    "debian_version",
    "gai.conf",
    "host.conf",
    "hosts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "lsb-release",
    "nsswitch.conf",
    "os-release",
    "pki",
    "protocols",
    "redhat-release",
    "resolv.conf",
    "services",
    "ssl",
    "system-release",
)


def read_only(source: str | os.PathLike[str], target: str | os.PathLike[str] | None = None) -> list[str]:
    """Show something of the host, by default in its own place."""
    return ["--ro-bind", os.fspath(source), os.fspath(source if target is None else target)]


def writable(source: str | os.PathLike[str], target: str) -> list[str]:
    """Show a directory of the host, to be written to."""
    return ["--bind", os.fspath(source), target]


def system() -> list[str]:
    """The host's programs and libraries and the harmless part of its C(/etc), read-only."""
    arguments = read_only("/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", os.fspath(path.readlink()), os.fspath(path)]
        elif path.is_dir():
            arguments += read_only(path)
    for name in ETC:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return arguments


def namespaces(*, user: int, group: int, hostname: str) -> list[str]:
    """Everything of one's own but the network; gone with the parent."""
    return [
        *("--unshare-all", "--share-net", "--die-with-parent", "--new-session"),
        *("--uid", str(user), "--gid", str(group), "--hostname", hostname),
        *("--proc", "/proc", "--dev", "/dev"),
    ]


def hidden(directories: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Cover directories with empty ones."""
    return [part for directory in directories for part in ("--tmpfs", os.fspath(directory))]


def site_packages(prefix: Path) -> list[Path]:
    """Where an installation of Python keeps packages that are not its own."""
    patterns = (f"lib*/python3*/{name}-packages" for name in ("site", "dist"))
    return sorted(path for pattern in patterns for path in prefix.glob(pattern) if not path.is_symlink())
