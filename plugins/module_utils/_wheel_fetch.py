# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Downloads the wheels of a lock from the addresses that it holds, several at once.

pip looks every project up in the index again and downloads one file after the other; a lock has said all of that
before. Only what needs no judgement is fetched here: from an index that pip is configured for as well, without a login,
with the size and the hash that are locked. Whatever is not to be had that way is no error. It is left to pip, which
knows logins, keyrings and certificate stores, and how to say what is wrong.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_file import LockedPackage
from ansible_collections.asesoria.serverless.plugins.module_utils._pip_config import Sources

#: How many files are on their way at once.
AT_ONCE = 8
#: Seconds without a byte after which a server counts as silent.
SILENCE = 10
_CHUNK = 1 << 18
#: Bytes of a file whose size the index does not say; no layer can be larger than a quarter of that.
_LARGEST = 1 << 30
#: Stands for the index where none is configured.
DEFAULT_INDEX = ""
_AGENT = "asesoria.serverless"


def fetch_wheels(packages: Iterable[LockedPackage], *, sources: Sources, folder: Path) -> dict[str, Path]:
    """Download what can be had.

    :param packages: of a lock.
    :param sources: where pip is configured to look.
    :param folder: where the files go; made if need be.
    :returns: the files that are whole, by the packages' names.
    :raises OSError: they can't be written, the disk is full for instance.
    """
    wanted = [each for each in packages if each.kind == "wheel" and _is_known(each.index, sources)]
    wanted = [each for each in wanted if each.url.startswith(("https://", "http://"))]
    # What only pip can be asked to do with certificates concerns all of them.
    if not wanted or sources.client_certificate or sources.trusted_hosts:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    fetch = _Fetch(folder, _opener(sources))
    # The largest first, so that none of them is what all wait for at the end.
    wanted.sort(key=lambda each: -each.size)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip([each.name for each in wanted], pool.map(fetch.one, wanted), strict=True))
    return {name: path for name, path in found.items() if path}


def _is_known(index: str, sources: Sources) -> bool:
    """Whether pip would look there too, and without a login; where it is told of none, that of the lock is as good."""
    return bool(index) and (index in sources.index_urls or DEFAULT_INDEX in sources.index_urls)


def _opener(sources: Sources) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = []
    if sources.proxy:
        handlers.append(urllib.request.ProxyHandler({"http": sources.proxy, "https": sources.proxy}))
    handlers.append(urllib.request.HTTPSHandler(context=_trusting(sources.certificate)))
    opener = urllib.request.build_opener(*handlers)
    opener.addheaders = [("User-Agent", _AGENT)]
    return opener


def _trusting(certificate: str | None) -> ssl.SSLContext:
    """Trusts what pip is told to trust: a file or folder of certificates instead of the usual ones, or these."""
    if certificate is None:
        return ssl.create_default_context()
    try:
        if Path(certificate).is_dir():
            return ssl.create_default_context(capath=certificate)
        return ssl.create_default_context(cafile=certificate)
    except OSError:
        # No server is trusted then, and pip says so.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Fetch:
    """Downloads into one folder; gives up on all that is left once one can't be had.

    :param folder: where the files go.
    :param opener: asks the servers.
    """

    def __init__(self, folder: Path, opener: urllib.request.OpenerDirector) -> None:
        self._folder = folder
        self._opener = opener
        self._failed = threading.Event()

    def one(self, package: LockedPackage) -> Path | None:
        """The file if it could be had and is the locked one."""
        path = self._folder / Path(package.file).name
        with path.open("wb") as file:
            for chunk in self._chunks(package):
                file.write(chunk)
        if file_sha256(path) == package.sha256:
            return path
        self._failed.set()
        path.unlink()
        return None

    def _chunks(self, package: LockedPackage) -> Iterator[bytes]:
        """Its content, and no byte more than it should have; ends early if it can't be had."""
        left = package.size or _LARGEST
        if self._failed.is_set():
            return
        try:
            with self._opener.open(package.url, timeout=SILENCE) as answer:
                while not self._failed.is_set() and (chunk := answer.read(min(_CHUNK, left))):
                    left -= len(chunk)
                    yield chunk
        except (OSError, ValueError, http.client.HTTPException):
            # No way there, a refusal, nothing found, cut off, no address.
            self._failed.set()
