"""One request on one connection: checked address, deadline, limits, recorded byte for byte."""

import io
import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from tasks.collect.fetch.ssrf_guard import Resolve, checked_addresses, connect
from tasks.http.response import PIECE_BYTES, FinalResponse, one_line
from tasks.model import Exchange, Failure, Outcome

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAX_HEAD_BYTES = 256 * 1024  # limit of status line and headers, those of interim responses included

_HEAD = re.compile(rb"HTTP/\S+ +(\d{3}).*?\r?\n\r?\n", re.DOTALL)
_HEAD_END = re.compile(rb"\n\r?\n")


@dataclass(slots=True)
class Transfer:
    """One request: what it may do, and what went over the wire."""

    deadline: float  # by the monotonic clock, for everything from resolving to the last byte
    connect_seconds: float
    max_bytes: int  # of the body on the wire
    allow_private: bool
    resolve: Resolve
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ip: str = ""
    head_read: bool = False
    # Set if the body was not needed or too large: the exchange then has only the head.
    head_only: bool = False
    sent: io.BytesIO = field(default_factory=io.BytesIO)
    received: io.BytesIO = field(default_factory=io.BytesIO)

    def seconds_left(self) -> float:
        """Seconds left, always more than 0; raises a Failure, TIMED_OUT, after the deadline."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Failure(Outcome.TIMED_OUT, "response incomplete at the deadline")
        return left

    def connect(self, host: str, port: int) -> socket.socket:
        """Connect to a checked address; raises a Failure, such as DNS_FAILED or TIMED_OUT."""
        seconds = min(self.connect_seconds, self.seconds_left())
        addresses = checked_addresses(
            host, port, resolve=self.resolve, allow_private=self.allow_private, seconds=seconds
        )
        sock = connect(addresses, self.connect_seconds, self.deadline)
        self.ip = sock.getpeername()[0]
        sock.settimeout(self.seconds_left())
        return sock

    def add_received(self, data: "ReadableBuffer") -> None:
        """Record received bytes; raises a Failure for endless headers and for too large a body."""
        self.received.write(data)
        total = self.received.tell()
        if not self.head_read and total > MAX_HEAD_BYTES:
            raise Failure(Outcome.BROKEN_RESPONSE, f"more than {MAX_HEAD_BYTES} bytes of headers")
        if total > MAX_HEAD_BYTES + self.max_bytes:
            raise Failure(Outcome.TOO_LARGE, f"more than {self.max_bytes} bytes on the wire")

    def exchange(self, url: str) -> Exchange | None:
        """What went over the wire; None when nothing was sent."""
        if not self.sent.tell():
            return None
        response = self.received.getvalue()
        if self.head_only:
            # Status line and headers, with those of the interim responses before them.
            end = 0
            while match := _HEAD.match(response, end):
                end = match.end()
                if not match[1].startswith(b"1"):
                    break
            response = response[:end]
        return Exchange(url, self.sent.getvalue(), response, self.ip, self.started_at)


class _Reader(io.RawIOBase):
    """The receiving side of a socket."""

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
            raise Failure(Outcome.TIMED_OUT, "response incomplete at the deadline") from None
        except OSError as error:
            raise Failure(Outcome.BROKEN_RESPONSE, f"connection lost: {error}") from None
        self._transfer.add_received(memoryview(buffer)[:count])
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _RecordedSocket:
    """What http.client needs of a socket: every byte is recorded, every wait ends in time."""

    # A timeout of urllib3 or requests is for one read, so a server that sends a byte a second
    # would never exceed it; here each read may take the time left for the whole request.

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
            raise Failure(Outcome.TIMED_OUT, "request not sent by the deadline") from None
        except OSError as error:
            raise Failure(Outcome.BROKEN_RESPONSE, f"connection lost: {error}") from None

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._transfer), PIECE_BYTES)

    def settimeout(self, seconds: float | None) -> None:
        """Ignored: the transfer's deadline counts."""


class _GuardedConnection(HTTPConnection):
    response_class = FinalResponse

    def __init__(self, host: str, port: int, *, transfer: Transfer, **options: Any) -> None:  # noqa: ANN401 - urllib3's own
        super().__init__(host, port, **options)
        # Resolved with its trailing dot, which the property `host` is without.
        self.name = host
        self.transfer = transfer

    def connect(self) -> None:
        sock = self.transfer.connect(self.name, self.port)
        self.sock = _RecordedSocket(sock, self.transfer)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        try:
            response = super().getresponse()
        except (HTTPException, HTTPError, OSError) as error:
            raise Failure(Outcome.BROKEN_RESPONSE, one_line(error)) from None
        # http.client takes a connection that is closed within the headers for their end.
        if not _HEAD_END.search(self.transfer.received.getvalue()):
            raise Failure(Outcome.BROKEN_RESPONSE, "connection closed within the headers")
        self.transfer.head_read = True
        return response


class _GuardedTLSConnection(_GuardedConnection, HTTPSConnection):
    def connect(self) -> None:
        sock = self.transfer.connect(self.name, self.port)
        assert self.ssl_context  # noqa: S101 - given by the adapter
        try:
            secured = self.ssl_context.wrap_socket(sock, server_hostname=self.host)
        except TimeoutError:
            raise Failure(Outcome.TIMED_OUT, "TLS handshake timed out") from None
        except ssl.SSLCertVerificationError as error:
            reason = f"certificate: {error.verify_message}"
            raise Failure(Outcome.TLS_FAILED, reason) from None
        except OSError as error:
            raise Failure(Outcome.TLS_FAILED, one_line(error)) from None
        self.sock = _RecordedSocket(secured, self.transfer)
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLSConnection


class GuardedAdapter(HTTPAdapter):
    """Sends the request of one transfer on a connection of its own."""

    def __init__(self, transfer: Transfer, tls: ssl.SSLContext) -> None:
        super().__init__()
        self._transfer = transfer
        self._tls = tls
        self._pool: HTTPConnectionPool | None = None

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *_: object, **__: object
    ) -> HTTPConnectionPool:
        """The pool whose connections belong to the transfer."""
        url = urlsplit(str(request.url))
        # Without a port http.client would look for one behind the last colon of an IPv6 address.
        host, transfer = str(url.hostname), self._transfer
        if url.scheme == "http":
            self._pool = _Pool(host, url.port or 80, transfer=transfer)
        else:
            self._pool = _TLSPool(host, url.port or 443, transfer=transfer, ssl_context=self._tls)
        return self._pool

    def cert_verify(self, *_: object, **__: object) -> None:
        """Left to the TLS context, which has the certificates: loading them takes 5 ms."""

    def close(self) -> None:
        """Close the connection."""
        super().close()
        if self._pool:
            self._pool.close()


class GuardedSession(Session):
    """A requests session for one request, which carries nothing over to the next."""

    # One for all threads of a run would save 15 us of CPU a request (Python 3.11, November 2026),
    # but had to refuse cookies, and to tell the adapter whose transfer a request belongs to.

    def __init__(self, transfer: Transfer, tls: ssl.SSLContext) -> None:
        super().__init__()
        self.trust_env = False  # neither netrc nor proxies of the environment count
        adapter = GuardedAdapter(transfer, tls)
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: Response) -> None:
        """None, so that no redirect is followed: the caller checks each hop."""
        # Also with `allow_redirects=False` requests would read a redirect's whole body, decoded and
        # without a limit.

    def send(self, request: PreparedRequest, **options: Any) -> Response:  # noqa: ANN401 - as requests has it
        """Send the request; its body is unread. Whatever fails raises a Failure."""
        try:
            return super().send(request, stream=True, **options)
        except RequestException as error:
            raise Failure(Outcome.BROKEN_RESPONSE, one_line(error)) from None
