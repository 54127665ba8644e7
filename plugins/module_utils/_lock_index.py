# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talks to package indexes: which files they have of a project, what these need, and what identifies them.

Pages are read and files are judged by unearth, for the target and not for this machine. What it leaves to its caller is
here: an index that does not answer is an error and never an unknown package, sizes, metadata, and a cache.
"""

from __future__ import annotations

import hashlib
import json
import logging
import ssl
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import IndexUnreachableError
from ansible_collections.asesoria.serverless.plugins.module_utils._pip_config import Sources
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import redact
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

with suppress(ImportError):  # The module says what is missing.
    import httpx2
    from packaging.metadata import parse_email
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.tags import Tag
    from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
    from packaging.version import InvalidVersion, Version
    from unearth import Link, Package, PackageFinder, TargetPython
    from unearth.auth import MultiDomainBasicAuth
    from unearth.collector import is_secure_origin
    from unearth.fetchers.sync import PyPIClient

#: Requests at the same time.
PARALLEL = 8
#: How often an index is asked, and seconds before the second time; twice as long before each further one.
ATTEMPTS = 3
PAUSE = 0.5
TIMEOUT = 20.0
_CHUNK = 1 << 16
#: A page can be too much for the index, or not there; only the latter says anything about a package.
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_REFUSED = frozenset({401, 402, 403, 407})
_FIRST_ERROR = 400
_NOT_FOUND = frozenset({404, 410})
_PAGE_TYPES = ("text/html", "application/vnd.pypi.simple.v1+")
#: The first metadata version in which an sdist says which fields only a build can know.
_STATIC_SINCE = (2, 2)
_UNREACHABLE_REMEDY = "Check the network, the proxy and the address of the package index, then run it again"


class FileProblemError(ServerlessError):
    """A file of an index that is not what it should be."""


@dataclass(frozen=True)
class File:
    """One file that an index, a folder or an address has.

    :param name: of the file.
    :param version: as the name says.
    :param kind: C(wheel) or C(sdist).
    :param link: unearth's own description of it.
    """

    name: str
    version: Version
    kind: str
    link: Link = field(repr=False)

    @property
    def hashes(self) -> dict[str, str]:
        """What the index says of its content, by algorithm."""
        return {name: values[0].lower() for name, values in (self.link.hash_option or {}).items()}


@dataclass(frozen=True)
class Metadata:
    """What a distribution says of itself.

    :param requires: what it needs.
    :param requires_python: which versions of Python it is for.
    :param extras: the names that may stand in brackets after its own.
    :param known: whether the needs are known without a build.
    """

    requires: tuple[Requirement, ...] = ()
    requires_python: SpecifierSet | None = None
    extras: frozenset[str] = frozenset()
    known: bool = True


@dataclass(frozen=True)
class Artifact:
    """What is written into a lock of a file.

    :param url: its address without credentials, empty for a file of this machine.
    :param path: the file of this machine.
    :param index: address of the index, without credentials; empty if it came from elsewhere.
    """

    url: str
    path: Path | None
    index: str
    size: int
    sha256: str


def plain_url(url: str) -> str:
    """An address without what could be secret: credentials, query, fragment.

    >>> plain_url("https://me:secret@example.org/a.whl?sig=1#sha256=00")
    'https://example.org/a.whl'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def default_index() -> str:
    """The index where none is configured: unearth's, which is pip's."""
    return str(PackageFinder().sources[0]["url"])


class PackageIndex:
    """All places where packages are looked for, as one.

    :param sources: the places.
    :param target: what the packages are for.
    :param cache: folder that keeps metadata and downloads for the next run.
    :param no_binary: projects whose wheels are not wanted, C(:all:) for every one.
    :param only_binary: projects whose sdists are not wanted.
    """

    def __init__(
        self,
        *,
        sources: Sources,
        target: Target,
        cache: Path,
        no_binary: Sequence[str] = (),
        only_binary: Sequence[str] = (),
    ) -> None:
        self._cache = cache
        self.session = Session(sources)
        self._index_urls = sources.index_urls
        supported = TargetPython(py_ver=target.python, impl="cp", platforms=target.platforms).supported_tags()
        self._tags = {tag: rank for rank, tag in enumerate(supported)}
        self._fitting = self._finder(sources, target, no_binary, only_binary, every=False)
        self._every = self._finder(sources, target, no_binary, only_binary, every=True)
        self._pool = ThreadPoolExecutor(max_workers=PARALLEL)
        self._files: dict[str, Future[tuple[File, ...]]] = {}
        self._metadata: dict[str, Metadata] = {}

    def close(self) -> None:
        """Give the connections back; what is still asked for is not waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.session.close()

    def prefetch(self, names: Iterable[str]) -> None:
        """Begin to ask for projects that will be wanted."""
        for name in names:
            if name not in self._files:
                self._files[name] = self._pool.submit(self._find, name)

    def fitting(self, name: str) -> tuple[File, ...]:
        """The wheels and sdists of a project that the target can use, the newest first, the best first of a version.

        :raises IndexUnreachableError: an index did not answer.
        """
        self.prefetch([name])
        return self._files[name].result()

    def every(self, name: str) -> tuple[File, ...]:
        """All files of a project, whatever they are for."""
        return self._sorted(self._every.find_all_packages(name, allow_yanked=True))

    def metadata(self, file: File) -> Metadata:
        """What a file says of itself.

        :raises FileProblemError: it is damaged or does not follow the standard.
        :raises IndexUnreachableError: an index did not answer.
        """
        key = file.link.normalized
        if key not in self._metadata:
            self._metadata[key] = self._read(file)
        return self._metadata[key]

    def artifact(self, file: File) -> Artifact:
        """What identifies a file."""
        link = file.link
        if link.is_file:
            path = link.file_path
            return Artifact(url="", path=path, index="", size=path.stat().st_size, sha256=file_sha256(path))
        sha256, size = file.hashes.get("sha256"), self.session.size(link)
        if sha256 is None or size is None:
            path = self.download(file)
            sha256, size = file_sha256(path), path.stat().st_size
        return Artifact(url=plain_url(link.normalized), path=None, index=self._index_of(link), size=size, sha256=sha256)

    def download(self, file: File) -> Path:
        """The file itself, from the cache if it is there and whole.

        :raises FileProblemError: its content is not what the index says.
        """
        link = file.link
        if link.is_file:
            return link.file_path
        known = file.hashes.get("sha256")
        if known:
            kept = self._cache / "files" / known / file.name
            if kept.is_file() and file_sha256(kept) == known:
                return kept
        return self._download(file)

    def _download(self, file: File) -> Path:
        folder = self._cache / "files"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{threading.get_ident()}-{time.monotonic_ns()}.part"
        try:
            self.session.save(file.link, part)
            check_hashes(file, part)
            whole = folder / file_sha256(part) / file.name
            whole.parent.mkdir(exist_ok=True)
            part.replace(whole)
        finally:
            part.unlink(missing_ok=True)
        return whole

    def _finder(
        self, sources: Sources, target: Target, no_binary: Sequence[str], only_binary: Sequence[str], *, every: bool
    ) -> PackageFinder:
        tags = self._tags
        finder = PackageFinder(
            session=self.session if every else Trimmed(self.session, tags),
            target_python=cast(TargetPython, SupportedTags(target.python, frozenset(tags))),
            ignore_compatibility=every,
            no_binary=no_binary,
            only_binary=() if every else only_binary,
        )
        # Without any it would take its own index, which "no index" forbids.
        finder.sources.clear()
        for url in sources.index_urls:
            finder.add_index_url(url)
        for link in sources.find_links:
            # As pip, which passes over a folder that is not there.
            if "://" in link or Path(link).exists():
                finder.add_find_links(link)
        return finder

    def _find(self, name: str) -> tuple[File, ...]:
        files = self._sorted(self._fitting.find_all_packages(name, allow_yanked=True))
        best = next((file for file in files if file.kind == "wheel" and file.link.dist_info_metadata), None)
        if best and not best.link.is_yanked:
            # Its metadata will be wanted more often than not. A failure is told when it is.
            with suppress(ServerlessError):
                self.metadata(best)
        return files

    def _sorted(self, packages: Iterable[Package]) -> tuple[File, ...]:
        """By version alone, so that a yanked one stands where its number puts it; then the best for the target."""
        files = [file for package in packages if (file := file_of(package.link))]
        return tuple(sorted(files, key=self._quality, reverse=True))

    def _quality(self, file: File) -> tuple[Any, ...]:
        if file.kind == "sdist":
            return file.version, False, 0, ()
        _name, _version, build, tags = parse_wheel_filename(file.name)
        return file.version, True, -min(self._tags.get(tag, len(self._tags)) for tag in tags), build

    def _read(self, file: File) -> Metadata:
        if file.kind == "sdist":
            return read_sdist(self.download(file))
        if file.link.dist_info_metadata:
            return parse_metadata(self._offered(file), name=file.name)
        return parse_metadata(wheel_metadata(self.download(file)), name=file.name)

    def _offered(self, file: File) -> bytes:
        """The metadata that the index has beside the wheel, PEP 658."""
        offered = file.link.dist_info_metadata
        expected = offered.get("sha256", "").lower() if isinstance(offered, Mapping) else ""
        kept = self._cache / "metadata" / expected
        with suppress(OSError):
            content = kept.read_bytes()
            if hashlib.sha256(content).hexdigest() == expected:
                return content
        content = self.session.content(file.link.dist_info_link or file.link)
        if not expected:
            return content
        if hashlib.sha256(content).hexdigest() != expected:
            raise FileProblemError(
                f"the metadata of {file.name} does not have the SHA-256 that the package index says",
                "Run it again; if that does not help, the index is broken or was tampered with",
            )
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_name(f"{threading.get_ident()}-{time.monotonic_ns()}.part")
        part.write_bytes(content)
        part.replace(kept)
        return content

    def _index_of(self, link: Link) -> str:
        page = plain_url(link.comes_from or "")
        return next((url for url in map(plain_url, self._index_urls) if page.startswith(f"{url}/")), "")


@dataclass(frozen=True)
class SupportedTags:
    """What unearth asks its C(TargetPython), with a set that it can look into quickly; that class has a long list.

    :param py_ver: version of Python.
    :param tags: of the wheels that fit.
    """

    py_ver: tuple[int, int]
    tags: frozenset[Tag]

    def supported_tags(self) -> frozenset[Tag]:
        """The tags of the wheels that fit."""
        return self.tags


class Session:
    """What unearth asks the network through. It remembers pages, tries again, and tells failures from absence."""

    def __init__(self, sources: Sources) -> None:
        logging.getLogger("unearth").setLevel(logging.CRITICAL)
        logging.getLogger("httpx2").setLevel(logging.CRITICAL)
        self._client = PyPIClient(
            trusted_hosts=sources.trusted_hosts,
            verify=_verification(sources),
            timeout=TIMEOUT,
            follow_redirects=True,
            **_proxy(sources),
        )
        places = [*sources.index_urls, *(link for link in sources.find_links if "://" in link)]
        self._client.auth = MultiDomainBasicAuth(prompting=False, index_urls=places)
        self._pages: dict[str, Any] = {}
        self._sizes: dict[str, dict[str, int]] = {}
        for url in places:
            if not is_secure_origin(self, Link(url)):
                raise IndexUnreachableError(
                    f"the package index {plain_url(url)} is not asked, because anybody on the way could change what "
                    "it answers",
                    "Use its https address, or name its host as trusted-host",
                )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def iter_secure_origins(self) -> Iterable[tuple[str, str, str]]:
        """For unearth: where it may look."""
        return self._client.iter_secure_origins()

    def get_stream(self, url: str, *, headers: Mapping[str, str] | None = None) -> AbstractContextManager[Any]:
        """For unearth: a download."""
        return self._client.get_stream(url, headers=headers)

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """For unearth: whether an address is a page."""
        return self._persistent(url, lambda: self._client.head(url, headers=headers))

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """For unearth: a page of an index."""
        if url not in self._pages:
            response = self._persistent(url, lambda: self._client.get(url, headers=headers))
            if response.status_code not in _NOT_FOUND:
                _check(url, response)
                _check_page(url, response)
            self._pages[url] = response
        return self._pages[url]

    def content(self, link: Link) -> bytes:
        """A small file.

        :raises IndexUnreachableError: it can't be had.
        """
        response = self._persistent(link.normalized, lambda: self._client.get(link.normalized))
        _check(link.normalized, response)
        return bytes(response.content)

    def save(self, link: Link, path: Path) -> None:
        """Download a file.

        :raises IndexUnreachableError: it can't be had.
        """

        def fetch() -> Any:
            with self._client.get_stream(link.normalized) as response, path.open("wb") as file:
                for chunk in response.iter_bytes(chunk_size=_CHUNK):
                    file.write(chunk)
                return response

        _check(link.normalized, self._persistent(link.normalized, fetch))

    def size(self, link: Link) -> int | None:
        """How many bytes a file has, as its index says in the page or when asked for the file."""
        page = link.comes_from or ""
        if page not in self._sizes:
            self._sizes[page] = self._page_sizes(page)
        known = self._sizes[page].get(plain_url(link.normalized))
        if known is not None:
            return known
        response = self._persistent(link.normalized, lambda: self._client.head(link.normalized))
        length = response.headers.get("Content-Length", "")
        return int(length) if response.status_code < _FIRST_ERROR and length.isdigit() else None

    def _page_sizes(self, page: str) -> dict[str, int]:
        response = next((each for each in self._pages.values() if plain_url(str(each.url)) == plain_url(page)), None)
        if response is None or "json" not in response.headers.get("Content-Type", ""):
            return {}
        files = json.loads(response.content).get("files", [])
        return {plain_url(urljoin(page, file["url"])): file["size"] for file in files if file.get("size") is not None}

    def _persistent(self, url: str, ask: Callable[[], Any]) -> Any:
        problem = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                response = ask()
            except httpx2.TransportError as error:
                problem = redact(str(error)) or type(error).__name__
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise _unreachable(url, type(error).__name__) from error
            else:
                if response.status_code not in _TRY_AGAIN:
                    return response
                problem = f"{response.status_code} {response.reason_phrase}"
        raise _unreachable(url, problem)


@dataclass(frozen=True)
class TrimmedPage:
    """A page as unearth reads it, without the wheels that can't fit."""

    url: str
    content: bytes
    headers: Mapping[str, str]
    status_code: int = 200
    encoding: str | None = "utf-8"
    reason_phrase: str = "OK"


class Trimmed:
    """A session whose pages lack the wheels that can't fit: of a large project that is nearly all.

    :param session: the whole one.
    :param tags: of the wheels that fit.
    """

    def __init__(self, session: Session, tags: Iterable[Tag]) -> None:
        self._session = session
        tags = list(tags)
        self._parts = [{getattr(tag, part) for tag in tags} for part in ("interpreter", "abi", "platform")]

    def iter_secure_origins(self) -> Iterable[tuple[str, str, str]]:
        """As the whole session."""
        return self._session.iter_secure_origins()

    def get_stream(self, url: str, *, headers: Mapping[str, str] | None = None) -> AbstractContextManager[Any]:
        """As the whole session."""
        return self._session.get_stream(url, headers=headers)

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """As the whole session."""
        return self._session.head(url, headers=headers)

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """A page of an index, if it is one that a program can shorten."""
        response = self._session.get(url, headers=headers)
        kind = response.headers.get("Content-Type", "")
        if response.status_code >= _FIRST_ERROR or "json" not in kind:
            return response
        page = json.loads(response.content)
        kept = [file for file in page.get("files", []) if self._could_fit(file.get("filename") or "")]
        return TrimmedPage(
            url=str(response.url), content=json.dumps({"files": kept}).encode(), headers={"Content-Type": kind}
        )

    def _could_fit(self, name: str) -> bool:
        if not name.endswith(".whl"):
            return True
        parts = name.removesuffix(".whl").rsplit("-", len(self._parts))[1:]
        return all(not known.isdisjoint(part.split(".")) for known, part in zip(self._parts, parts, strict=False))


def check_hashes(file: File, path: Path) -> None:
    """Hold a downloaded file against what the index says of it.

    :raises FileProblemError: it differs.
    """
    for name, expected in file.hashes.items():
        if digest(path, name) != expected:
            raise FileProblemError(
                f"{file.name} does not have the {name} that the package index says",
                "Run it again; if that does not help, the index is broken or was tampered with",
            )


def digest(path: Path, algorithm: str) -> str:
    """A file's hash in hexadecimal."""
    hasher = hashlib.new(algorithm)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def parse_metadata(content: bytes, *, name: str) -> Metadata:
    """Read METADATA of a wheel, or PKG-INFO.

    :param name: the file that it is of, for messages.
    :raises FileProblemError: it does not follow the standard.
    """
    raw, _unparsed = parse_email(content)
    try:
        requires = tuple(Requirement(text) for text in raw.get("requires_dist", []))
        python = SpecifierSet(raw["requires_python"]) if raw.get("requires_python") else None
    except (InvalidRequirement, InvalidSpecifier) as error:
        raise FileProblemError(f"the metadata of {name} is wrong: {str(error).splitlines()[0]}") from error
    return Metadata(
        requires=requires,
        requires_python=python,
        extras=frozenset(canonicalize_name(extra) for extra in raw.get("provides_extra", [])),
    )


def wheel_metadata(path: Path) -> bytes:
    """METADATA of a wheel.

    :raises FileProblemError: this is no wheel.
    """
    problem: Exception | str = "it has no METADATA"
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                folder, _slash, base = name.partition("/")
                if base == "METADATA" and folder.endswith(".dist-info"):
                    return archive.read(name)
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        problem = error
    raise FileProblemError(f"{path.name} is not a wheel that can be read ({problem})")


def read_sdist(path: Path) -> Metadata:
    """What an sdist says of itself; C(known) is false if only a build would tell what it needs."""
    content = _package_info(path)
    if content is None:
        return Metadata(known=False)
    raw, _unparsed = parse_email(content)
    version = tuple(int(part) for part in raw.get("metadata_version", "1.0").split(".") if part.isdigit())
    dynamic = {field.lower() for field in raw.get("dynamic", [])}
    if version < _STATIC_SINCE or dynamic & {"requires-dist", "provides-extra"}:
        return Metadata(known=False)
    return parse_metadata(content, name=path.name)


def _package_info(path: Path) -> bytes | None:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found = [name for name in archive.namelist() if _is_package_info(name)]
                return archive.read(found[0]) if found else None
        with tarfile.open(path) as tar:
            for member in tar:
                if member.isfile() and _is_package_info(member.name):
                    stream = tar.extractfile(member)
                    return stream.read() if stream else None
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise FileProblemError(f"{path.name} is not an archive that can be read ({error})") from error
    return None


def _is_package_info(name: str) -> bool:
    parts = name.removeprefix("./").split("/")
    return parts[1:] == ["PKG-INFO"]


def file_of(link: Link) -> File | None:
    """What a link leads to, by its name; None if the name is neither a wheel's nor an sdist's."""
    name = unquote(link.filename)
    try:
        if link.is_wheel:
            return File(name=name, version=parse_wheel_filename(name)[1], kind="wheel", link=link)
        stem = next(name.removesuffix(end) for end in (".tar.gz", ".zip", ".tgz", ".tar.bz2") if name.endswith(end))
        return File(name=name, version=Version(stem.rpartition("-")[2]), kind="sdist", link=link)
    except (InvalidWheelFilename, InvalidVersion, StopIteration):
        return None


def _verification(sources: Sources) -> ssl.SSLContext | bool:
    if not (sources.certificate or sources.client_certificate):
        return True
    try:
        folder = sources.certificate and Path(sources.certificate).is_dir()
        context = ssl.create_default_context(
            cafile=None if folder else sources.certificate, capath=sources.certificate if folder else None
        )
        if sources.client_certificate:
            context.load_cert_chain(sources.client_certificate)
    except OSError as error:
        raise IndexUnreachableError(
            f"the certificates in {sources.certificate or sources.client_certificate} can't be read "
            f"({error.strerror or type(error).__name__})",
            "Correct pip's setting 'cert', or the variable that names the file",
        ) from error
    return context


def _proxy(sources: Sources) -> dict[str, Any]:
    return {"proxy": sources.proxy} if sources.proxy else {}


def _check(url: str, response: Any) -> None:
    status = response.status_code
    if status in _REFUSED:
        raise IndexUnreachableError(
            f"the package index at {_host(url)} refuses to answer ({status} {response.reason_phrase})",
            "Check the user name and the password or token for it",
        )
    if status >= _FIRST_ERROR:
        raise _unreachable(url, f"{status} {response.reason_phrase}")


def _check_page(url: str, response: Any) -> None:
    kind = response.headers.get("Content-Type", "")
    if url.startswith("file:") or kind.lower().startswith(_PAGE_TYPES):
        return
    raise _unreachable(url, f"not with a page of an index, but with {kind or 'something unknown'}")


def _unreachable(url: str, problem: str) -> IndexUnreachableError:
    return IndexUnreachableError(
        f"the package index at {_host(url)} did not answer when asked for {plain_url(url)} ({problem.rstrip('. ')})",
        _UNREACHABLE_REMEDY,
    )


def _host(url: str) -> str:
    return urlsplit(plain_url(url)).netloc or "file:"
