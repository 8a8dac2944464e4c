"""One request on one connection: guarded, within its deadline, recorded byte for byte."""

import io
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from tasks.collect.fetch.ssrf_guard import Resolve, checked_addresses, connect
from tasks.http.content_encoding import PIECE
from tasks.model import Exchange, Failure, Outcome

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

HEAD_BYTES = 256 * 1024
"""Status line and headers, those of interim responses included, may take so much."""

_UNREAD: Any = {"preload_content": False, "decode_content": False}
_HEAD = re.compile(rb"HTTP/\S+ +(\d{3}).*?\r?\n\r?\n", re.DOTALL)
_HEAD_END = re.compile(rb"\n\r?\n")


@dataclass(slots=True)
class Transfer:
    """One request: what it may do, and what went over the wire.

    A transfer has a connection to itself, so a connection opened for a source that may see
    private addresses is never used for another, and no answer can be taken for the next one's.
    """

    deadline: float
    """By the monotonic clock, for everything from resolving to the last byte."""
    connect_seconds: float
    max_bytes: int
    """Of the body on the wire."""
    allow_private: bool
    resolve: Resolve
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ip: str = ""
    head_read: bool = False
    head_only: bool = False
    """Set where the body was not wanted or too large: the exchange is then the head alone."""
    sent: io.BytesIO = field(default_factory=io.BytesIO)
    received: io.BytesIO = field(default_factory=io.BytesIO)

    def seconds_left(self) -> float:
        """Seconds to the deadline, more than none.

        Raises:
            Failure: TIMED_OUT.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Failure(Outcome.TIMED_OUT, "no whole response within the time limit")
        return left

    def take(self, data: "ReadableBuffer") -> None:
        """Record received bytes.

        Raises:
            Failure: BROKEN_RESPONSE for endless headers, TOO_LARGE for the body.
        """
        self.received.write(data)
        total = self.received.tell()
        if not self.head_read and total > HEAD_BYTES:
            raise Failure(Outcome.BROKEN_RESPONSE, f"more than {HEAD_BYTES} bytes of headers")
        if total > HEAD_BYTES + self.max_bytes:
            raise Failure(Outcome.TOO_LARGE, f"more than {self.max_bytes} bytes on the wire")

    def exchange(self, url: str) -> Exchange | None:
        """What went over the wire; None when nothing was asked."""
        if not self.sent.tell():
            return None
        response = self.received.getvalue()
        if self.head_only:
            response = _head(response)
        return Exchange(url, self.sent.getvalue(), response, self.ip, self.started_at)


def _head(response: bytes) -> bytes:
    end = 0
    while match := _HEAD.match(response, end):
        end = match.end()
        if not match[1].startswith(b"1"):
            break
    return response[:end]


class _WireReader(io.RawIOBase):
    """The receiving side of a socket that keeps the deadline before every read."""

    def __init__(self, sock: socket.socket, transfer: Transfer) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._transfer = transfer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._sock.settimeout(self._transfer.seconds_left())
        try:
            count = self._raw.readinto(buffer) or 0
        except TimeoutError:
            raise Failure(Outcome.TIMED_OUT, "no whole response within the time limit") from None
        except OSError as error:
            raise Failure(Outcome.BROKEN_RESPONSE, f"connection lost: {error}") from None
        self._transfer.take(memoryview(buffer)[:count])
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _WireSocket:
    """What http.client needs of a socket, recorded."""

    def __init__(self, sock: socket.socket, transfer: Transfer) -> None:
        self._sock = sock
        self._transfer = transfer
        self.close = sock.close
        self.fileno = sock.fileno
        self.shutdown = sock.shutdown

    def sendall(self, data: "ReadableBuffer") -> None:
        self._transfer.sent.write(data)
        self._sock.settimeout(self._transfer.seconds_left())
        try:
            self._sock.sendall(data)
        except BrokenPipeError:
            raise  # urllib3 goes on to read: the server may have answered before it closed
        except TimeoutError:
            raise Failure(Outcome.TIMED_OUT, "the request was not taken in time") from None
        except OSError as error:
            raise Failure(Outcome.BROKEN_RESPONSE, f"connection lost: {error}") from None

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb"  # noqa: S101 - http.client asks for no other
        return io.BufferedReader(_WireReader(self._sock, self._transfer), PIECE)

    def settimeout(self, seconds: float | None) -> None:
        """Left to the transfer's deadline."""


class _GuardedConnection(HTTPConnection):
    def __init__(self, *args: Any, transfer: Transfer, **options: Any) -> None:  # noqa: ANN401 - urllib3's own
        super().__init__(*args, **options)
        self.transfer = transfer

    def _new_conn(self) -> socket.socket:
        transfer = self.transfer
        seconds = min(transfer.connect_seconds, transfer.seconds_left())
        addresses = checked_addresses(
            self._dns_host,
            self.port,
            resolve=transfer.resolve,
            allow_private=transfer.allow_private,
            seconds=seconds,
        )
        sock = connect(addresses, transfer.connect_seconds, transfer.deadline)
        transfer.ip = sock.getpeername()[0]
        sock.settimeout(transfer.seconds_left())
        return sock

    def connect(self) -> None:
        try:
            super().connect()
        except TimeoutError:
            raise Failure(Outcome.TIMED_OUT, "no TLS within the time limit") from None
        except OSError as error:
            raise Failure(Outcome.TLS_FAILED, _tls_reason(error)) from None
        self.sock = _WireSocket(self.sock, self.transfer)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        try:
            response = super().getresponse()
        except (HTTPException, HTTPError, OSError) as error:
            raise Failure(Outcome.BROKEN_RESPONSE, _one_line(error)) from None
        if not _HEAD_END.search(self.transfer.received.getvalue()):
            raise Failure(Outcome.BROKEN_RESPONSE, "the headers broke off")
        self.transfer.head_read = True
        return response


class _GuardedTLSConnection(_GuardedConnection, HTTPSConnection):
    """Resolves and connects as `_GuardedConnection`, then TLS with the host's own name."""


class GuardedAdapter(BaseAdapter):
    """Sends the request of one transfer, on a connection of its own.

    Not an `HTTPAdapter` in a `Session`: `Session.send` reads a redirect's whole body, decoded and
    without a limit, also when it is told not to follow it; and the adapter's pools of connections,
    of which none is kept, and cookies, which are not sent, took 0.3 ms of CPU a request.
    """

    def __init__(self, transfer: Transfer, tls: ssl.SSLContext) -> None:
        super().__init__()
        self._transfer = transfer
        self._tls = tls
        self._opened: HTTPConnection | None = None

    def send(self, request: PreparedRequest, *_: object, **__: object) -> Response:
        """Send the request and give the response with its body unread.

        Raises:
            HTTPException, HTTPError: the request cannot be written down.
            Failure: every way in which network or server can fail.
        """
        self._opened = self._connection(urlsplit(str(request.url)))
        with suppress(BrokenPipeError):  # the server may have answered before it closed
            self._opened.request("GET", request.path_url, headers=request.headers, **_UNREAD)
        return _response(request, self._opened.getresponse())

    def close(self) -> None:
        """Close the connection."""
        if self._opened:
            self._opened.close()

    def _connection(self, url: SplitResult) -> HTTPConnection:
        # Without a port http.client would look for one behind the last colon of an IPv6 address.
        host, transfer = str(url.hostname), self._transfer
        if url.scheme == "http":
            return _GuardedConnection(host, url.port or 80, transfer=transfer)
        return _GuardedTLSConnection(
            host,
            url.port or 443,
            transfer=transfer,
            ssl_context=self._tls,
            cert_reqs="CERT_REQUIRED",
        )


def _response(request: PreparedRequest, raw: HTTPResponse) -> Response:
    response = Response()
    response.status_code = raw.status
    response.reason = raw.reason or ""
    response.headers = CaseInsensitiveDict(raw.headers)
    response.raw = raw
    response.url = str(request.url)
    response.request = request
    return response


@contextmanager
def send(request: PreparedRequest, transfer: Transfer, tls: ssl.SSLContext) -> Iterator[Response]:
    """Send the request and give the response with its body unread.

    Raises:
        Failure: every way in which network or server can fail.
    """
    adapter = GuardedAdapter(transfer, tls)
    try:
        try:
            response = adapter.send(request)
        except (HTTPException, HTTPError) as error:
            raise Failure(Outcome.BROKEN_RESPONSE, _one_line(error)) from None
        with response:
            yield response
    finally:
        adapter.close()


def body_pieces(response: Response) -> Iterator[bytes]:
    """The body without its chunking, still compressed, in pieces of at most `PIECE` bytes.

    Raises:
        Failure: BROKEN_RESPONSE for broken chunks and for bodies that end early.
    """
    try:
        yield from response.raw.stream(PIECE, decode_content=False)
    except (HTTPError, HTTPException, ValueError) as error:
        raise Failure(Outcome.BROKEN_RESPONSE, _one_line(error)) from None


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _tls_reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    return _one_line(error)
