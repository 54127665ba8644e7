# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends one HTTP request and tells what came back, or how far it got, and when."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urlsplit

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: Bytes of an answer that are read; Lambda sends 6 MB at most ("Lambda quotas" in its Developer Guide).
MAX_BODY_BYTES = 8 * 1024 * 1024
_CHUNK = 64 * 1024
_PORTS = {"http": 80, "https": 443}


class RequestError(ServerlessError):
    """A request that can't be sent as it is written."""


class ProbeError(Exception):
    """No answer came.

    :param reason: how far the request got, and what happened there.
    :param final: whether it is of no use to try again.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        self.reason = reason
        self.final = final
        super().__init__(reason)


@dataclass(frozen=True)
class Request:
    """What to send, and how.

    :param url: where to.
    :param method: HTTP method.
    :param headers: header fields.
    :param body: content; C(None) for none.
    :param connect_to: host and port to open the connection to; C(None) for those of the URL.
    :param timeout: seconds for the whole exchange.
    :param validate_certs: whether the certificate has to be good.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    connect_to: tuple[str, int] | None = None
    timeout: float = 10.0
    validate_certs: bool = True

    @property
    def parts(self) -> SplitResult:
        """The URL's parts."""
        return urlsplit(self.url)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to open the connection to."""
        parts = self.parts
        return self.connect_to or (parts.hostname or "", parts.port or _PORTS[parts.scheme])


@dataclass(frozen=True)
class Response:
    """What came back.

    :param status: HTTP status code.
    :param reason: the phrase that came with it.
    :param headers: header fields, names in lower case; a name that came repeatedly has its values joined by a comma.
    :param body: the content, at most :data:`MAX_BODY_BYTES` of it.
    :param connect_seconds: until the connection was open, TLS included.
    :param total_seconds: until all was read.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    connect_seconds: float
    total_seconds: float

    @property
    def text(self) -> str:
        """The content as text, in the encoding that it says it has."""
        content_type = self.headers.get("content-type", "")
        charset = content_type.partition("charset=")[2].partition(";")[0].strip(" \"'") or "utf-8"
        try:
            return self.body.decode(charset, errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")


def parse_connect_to(value: str) -> tuple[str, int]:
    """Read C(host:port), an IPv6 address in brackets.

    :raises RequestError: it is something else.
    """
    try:
        parts = urlsplit("//" + value)
        if parts.hostname and parts.port and parts.netloc == value and "@" not in value:
            return parts.hostname, parts.port
    except ValueError:
        # A port that is no number, or brackets that don't match: told below.
        pass
    raise RequestError(f"connect_to is {value!r}", "Write it as host:port, such as 127.0.0.1:4566 or [::1]:4566")


def check_url(url: str) -> None:
    """Refuse what is no HTTP address.

    :raises RequestError: it is none.
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or " " in url or not url.isprintable():
        raise RequestError(f"{url!r} is no HTTP address", "Write it as https://host/path")


def send(request: Request, *, clock: Callable[[], float] = time.monotonic) -> Response:
    """Send a request and read the answer. No redirect is followed, no proxy is used.

    :param request: what to send.
    :param clock: a clock in seconds.
    :raises ProbeError: no (whole) answer came.
    :raises RequestError: HTTP has no way to write it.
    """
    started = clock()
    deadline = started + request.timeout
    parts = request.parts
    with _connect(request) as connection:
        connect_seconds = clock() - started
        client = http.client.HTTPConnection(parts.hostname or "", parts.port or _PORTS[parts.scheme])
        client.sock = connection
        try:
            connection.settimeout(max(deadline - clock(), 0.001))
            client.request(request.method, _target(parts), body=request.body, headers=_headers(request))
            answer = client.getresponse()
            body = _read(answer, connection, deadline=deadline, clock=clock)
        except TimeoutError as error:
            raise ProbeError(f"the connection was open, but no whole answer came in {request.timeout:g} s") from error
        except ValueError as error:
            raise RequestError(f"the request can't be sent: {error}", "Correct its header fields") from error
        except (http.client.HTTPException, OSError) as error:
            raise ProbeError(f"the connection broke before the whole answer came: {_words(error)}") from error
        headers: dict[str, str] = {}
        for name, value in answer.getheaders():
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        return Response(
            status=answer.status,
            reason=answer.reason,
            headers=headers,
            body=body,
            connect_seconds=connect_seconds,
            total_seconds=clock() - started,
        )


def _connect(request: Request) -> socket.socket:
    host, port = request.address
    try:
        connection = socket.create_connection((host, port), timeout=request.timeout)
    except socket.gaierror as error:
        raise ProbeError(f"the name {host} can't be resolved: {_words(error)}") from error
    except TimeoutError as error:
        raise ProbeError(f"no connection to {host} port {port} in {request.timeout:g} s") from error
    except OSError as error:
        raise ProbeError(f"no connection to {host} port {port}: {_words(error)}") from error
    if request.parts.scheme == "http":
        return connection
    return _encrypt(connection, request=request)


def _encrypt(connection: socket.socket, *, request: Request) -> socket.socket:
    context = ssl.create_default_context()
    if not request.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(connection, server_hostname=request.parts.hostname)
    except ssl.SSLCertVerificationError as error:
        connection.close()
        raise ProbeError(f"the certificate is refused: {error.verify_message}", final=True) from error
    except TimeoutError as error:
        connection.close()
        raise ProbeError(f"no TLS session in {request.timeout:g} s") from error
    except OSError as error:
        connection.close()
        raise ProbeError(f"no TLS session: {_words(error)}") from error


def _target(parts: SplitResult) -> str:
    """What stands in the request's first line; characters that may not stand there are written as %XX."""
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return quote(target, safe="%/:?#[]@!$&'()*+,;=-._~")


def _headers(request: Request) -> dict[str, str]:
    defaults = {"Accept": "*/*", "Connection": "close", "User-Agent": "asesoria.serverless"}
    given = {name.lower() for name in request.headers}
    kept = {name: value for name, value in defaults.items() if name.lower() not in given}
    return {**kept, **request.headers}


def _read(
    answer: http.client.HTTPResponse, connection: socket.socket, *, deadline: float, clock: Callable[[], float]
) -> bytes:
    """Read the content with one deadline for all of it, or a body that drips would never end."""
    content = bytearray()
    while len(content) < MAX_BODY_BYTES:
        remaining = deadline - clock()
        if remaining <= 0:
            raise TimeoutError
        if not answer.isclosed():
            connection.settimeout(remaining)
        chunk = answer.read1(min(_CHUNK, MAX_BODY_BYTES - len(content)))
        if not chunk:
            break
        content += chunk
    else:
        return bytes(content)
    if answer.length:
        raise http.client.IncompleteRead(bytes(content), answer.length)
    return bytes(content)


def _words(error: Exception) -> str:
    """What an error says, without its number."""
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
