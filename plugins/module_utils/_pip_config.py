# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where pip is configured to look for packages: its variables, its files, a requirements file, and options.

pip itself is not asked, because a control node need not have it; its documentation says under "Configuration" which
files it reads, and that a variable goes before a file.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._base.regular_file import read_regular
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import Requirements, index_environment

_SECTIONS = ("global", "install")
#: Variables that name certificates for any program that uses requests or OpenSSL.
_CERTIFICATES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
#: pip's configuration for everybody on this machine.
SYSTEM_FILE = Path("/etc/pip.conf")
_TRUE = frozenset({"1", "true", "yes", "on", "y", "t"})


class PipConfigError(ServerlessError):
    """A configuration file of pip that can't be read."""


@dataclass(frozen=True)
class Sources:
    """Where packages are looked for. Addresses may hold passwords.

    :param index_urls: package indexes, the main one first; none if only the links are to be used.
    :param find_links: pages and folders with packages.
    :param trusted_hosts: hosts whose certificates are not looked at.
    :param certificate: file of certificates to trust instead of the usual ones.
    :param client_certificate: file to show oneself with.
    :param proxy: address of the proxy.
    """

    index_urls: tuple[str, ...] = field(repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    trusted_hosts: tuple[str, ...] = ()
    certificate: str | None = None
    client_certificate: str | None = None
    proxy: str | None = field(default=None, repr=False)


def read_sources(
    *,
    environment: Mapping[str, str],
    default_index: str,
    requirements: Sequence[Requirements] = (),
    index_url: str | None = None,
    extra_index_urls: Sequence[str] = (),
) -> Sources:
    """Put together what is configured. As with pip, an index in a requirements file goes before all others.

    :param environment: of the process.
    :param default_index: the index where none is configured.
    :param requirements: files that may say where to look.
    :param index_url: package index instead of pip's own setting.
    :param extra_index_urls: more of them.
    :raises PipConfigError: a configuration file can't be read.
    """
    settings = pip_settings(environment)
    if index_url:
        settings["PIP_INDEX_URL"] = index_url
    if extra_index_urls:
        settings["PIP_EXTRA_INDEX_URL"] = " ".join([settings.get("PIP_EXTRA_INDEX_URL", ""), *extra_index_urls])
    for file in requirements:
        settings.update(requirements_environment(file, base={**environment, **settings}))
    urls = [settings.get("PIP_INDEX_URL") or default_index, *settings.get("PIP_EXTRA_INDEX_URL", "").split()]
    if settings.get("PIP_NO_INDEX", "").lower() in _TRUE:
        urls = []
    return Sources(
        index_urls=tuple(dict.fromkeys(url.rstrip("/") for url in urls)),
        find_links=tuple(dict.fromkeys(settings.get("PIP_FIND_LINKS", "").split())),
        trusted_hosts=tuple(dict.fromkeys(settings.get("PIP_TRUSTED_HOST", "").split())),
        certificate=_certificate(environment, settings),
        client_certificate=settings.get("PIP_CLIENT_CERT"),
        proxy=settings.get("PIP_PROXY"),
    )


def pip_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Pip's settings by the names of its variables, C(PIP_INDEX_URL) for C(index-url).

    :param environment: of the process.
    :raises PipConfigError: a configuration file can't be read.
    """
    settings: dict[str, str] = {}
    for path in _files(environment):
        parser = configparser.RawConfigParser()
        try:
            with suppress(FileNotFoundError, NotADirectoryError):
                parser.read_string(read_regular(path).decode("utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            # What a parser says of a line may quote a password in it.
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            raise PipConfigError(f"pip's configuration file {path} can't be read ({reason})", "Correct it") from error
        for section in (name for name in _SECTIONS if parser.has_section(name)):
            settings.update({_variable(name): " ".join(value.split()) for name, value in parser.items(section)})
    settings.update({name: value for name, value in environment.items() if name.startswith("PIP_") and value})
    return settings


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """Pip's configuration files; what a later one says counts."""
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    for folder in environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"):
        yield Path(folder, "pip", "pip.conf")
    yield SYSTEM_FILE
    home = Path(environment.get("HOME") or Path.home())
    yield home / ".pip" / "pip.conf"
    yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield Path(sys.prefix, "pip.conf")
    if named:
        yield Path(named)


def _variable(name: str) -> str:
    return f"PIP_{name.upper().replace('-', '_')}"


def requirements_environment(file: Requirements, *, base: Mapping[str, str]) -> dict[str, str]:
    """Variables that make pip look where a requirements file says, with links to folders beside it made whole.

    :param file: what it says.
    :param base: the environment, which says what C(${NAME}) stands for and where pip looks besides.
    """
    settings = index_environment(file, base=base)
    links = settings.get("PIP_FIND_LINKS", "").split()
    beside = [str(file.path.parent / link) if (file.path.parent / link).exists() else link for link in links]
    return {**settings, "PIP_FIND_LINKS": " ".join(beside)} if links else settings


def _certificate(environment: Mapping[str, str], settings: Mapping[str, str]) -> str | None:
    known = {**environment, **settings}
    return next((known[name] for name in _CERTIFICATES if known.get(name)), None)
