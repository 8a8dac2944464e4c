"""A response's status, type and body, read the same way from the network and from an archive."""

import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import client
from itertools import chain
from types import SimpleNamespace

import brotli
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import HTTPError

from tasks.model import CaptureKind, Failure, Outcome

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GOOD = {
    CaptureKind.LISTING: Outcome.LISTED,
    CaptureKind.INDEX: Outcome.LISTED,
    CaptureKind.PAGE: Outcome.FETCHED,
    CaptureKind.ROBOTS: Outcome.ROBOTS_READ,
}
# Outcomes of HTTP statuses by which a server refuses or has nothing.
_STATUS_OUTCOMES = {
    **dict.fromkeys((401, 402, 403, 451), Outcome.DENIED),
    **dict.fromkeys((404, 410), Outcome.NOT_FOUND),
    429: Outcome.RATE_LIMITED,
}
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"})
# XML is excluded: servers send feeds and sitemaps as XML, whose entries were taken for an article.
# So are tables, calendars, programs, subtitles.
_TEXT_TYPE = re.compile(
    r"""text/(?!(?:calendar|css|csv|event-stream|(?:x-)?(?:ecma|java)script|rtf|rtx|srt
      |tab-separated-values|(?:x-)?v(?:card|tt)|xml|x-json|x-opml)\Z).+""",
    re.VERBOSE,
)
PIECE_BYTES = 64 * 1024  # bytes of the pieces in which bodies are read and decoded, at most

ACCEPTED = "gzip, deflate, br"

_GZIP = b"\x1f\x8b"
_AUTOMATIC = 32 + zlib.MAX_WBITS  # gzip or zlib, as the stream says
_UNDECODABLE = frozenset({"zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"})
_MAX_CODINGS = 3


@dataclass(frozen=True, slots=True)
class Content:
    """The body of a response, or the outcome that says why there is none."""

    outcome: Outcome
    detail: str = ""
    body: bytes = b""  # after transfer and content decoding
    status: int = 0  # 0 where there is none, as when the network failed before the status line
    headers: Mapping[str, str] = field(default_factory=HTTPHeaderDict)


class FinalResponse(client.HTTPResponse):
    """The response after all interim ones; http.client takes a 103 for the response itself."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 101 < status < 200:  # http.client skips a 100; a 101 was not requested
                return version, status, reason
            client.parse_headers(self.fp)


def recorded(block: bytes) -> HTTPResponse:
    """Open a recorded response as if it came from the network; raises Failure BROKEN_RESPONSE."""
    # Archived responses are decoded by the same code as fetched ones: fastwarc's decoding refuses
    # `x-gzip`, chunk extensions and bare deflate streams, and takes a truncated gzip body for a
    # whole one.
    socket = SimpleNamespace(makefile=lambda _mode: io.BytesIO(block))
    message = FinalResponse(socket, method="GET")  # type: ignore[arg-type]
    try:
        message.begin()
    except (client.HTTPException, ValueError) as error:
        raise Failure(Outcome.BROKEN_RESPONSE, one_line(error)) from None
    return HTTPResponse(
        message,
        headers=HTTPHeaderDict(message.getheaders()),
        status=message.status,
        preload_content=False,
        decode_content=False,
        original_response=message,
    )


def read_content(
    response: HTTPResponse, max_bytes: int, kind: CaptureKind, *, is_conditional: bool
) -> Content:
    """Judge a response by its status and type, and read the body of a good one.

    Only a page has to have a page's content type. A robots.txt that is longer than `max_bytes`,
    decoded, is read to that limit; any other body is then TOO_LARGE. `is_conditional`: the
    request allowed the answer "not modified".
    """
    status = response.status
    # A robots.txt without content (204) allows all.
    is_robots = kind is CaptureKind.ROBOTS
    if not (is_success(status) or (is_robots and 200 <= status < 300 and status != 206)):
        if status == 304 and is_conditional:
            return Content(Outcome.NOT_MODIFIED)
        if status in REDIRECTS:
            return Content(Outcome.HTTP_ERROR, f"status {status} without a Location")
        failed = Outcome.SERVER_ERROR if 500 <= status < 600 else Outcome.HTTP_ERROR
        return Content(_STATUS_OUTCOMES.get(status, failed), f"status {status}")
    content_type = response.headers.get("Content-Type", "")
    if kind is CaptureKind.PAGE and not is_page(content_type):
        return Content(Outcome.NOT_A_PAGE, f"content type {content_type[:100]!r}, body not read")
    try:
        body = read_body(response, max_bytes, may_be_cut=is_robots)
    except Failure as failure:
        return Content(failure.outcome, failure.detail)
    if len(body) > max_bytes:
        cut = f"the first {max_bytes} bytes of a longer file"
        return Content(Outcome.ROBOTS_READ, cut, body[:max_bytes])
    return Content(_GOOD[kind], body=body)


def is_page(content_type: str) -> bool:
    """Whether a Content-Type header is that of HTML or text; a missing one may be."""
    name = content_type.partition(";")[0].strip().lower()
    return not name or name in HTML_TYPES or bool(_TEXT_TYPE.fullmatch(name))


def is_success(status: int) -> bool:
    """Whether the body is what was asked for: 206 is a part, 202 and 204 say there is none yet."""
    return status in (200, 203)


def read_body(response: HTTPResponse, max_bytes: int, *, may_be_cut: bool = False) -> bytes:
    """The body, decoded; raises a Failure, TOO_LARGE or BROKEN_RESPONSE.

    The limit is checked during decompression. With `may_be_cut`, a longer body is no failure: its
    first `max_bytes` and one more byte are returned.
    """
    declared = response.length_remaining
    if declared and declared > max_bytes and not may_be_cut:
        reason = f"Content-Length {declared}, the limit is {max_bytes} bytes"
        raise Failure(Outcome.TOO_LARGE, reason)
    body = io.BytesIO()
    for piece in decoded(body_pieces(response), response.headers.get("Content-Encoding", "")):
        body.write(piece[: max_bytes + 1 - body.tell()])
        if body.tell() > max_bytes:
            if may_be_cut:
                break
            raise Failure(Outcome.TOO_LARGE, f"more than {max_bytes} bytes")
    return body.getvalue()


def body_pieces(response: HTTPResponse) -> Iterator[bytes]:
    """The body without its chunking, still compressed; raises a Failure, BROKEN_RESPONSE."""
    try:
        yield from response.stream(PIECE_BYTES, decode_content=False)
    except (HTTPError, client.HTTPException, ValueError) as error:
        raise Failure(Outcome.BROKEN_RESPONSE, one_line(error)) from None


def one_line(error: Exception) -> str:
    """An exception for an attempt's detail."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def decoded(pieces: Iterable[bytes], content_encoding: str) -> Iterator[bytes]:
    """The decoded body; Failure, BROKEN_RESPONSE, where it is broken or in no accepted encoding."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    if refused := next((name for name in names if name in _UNDECODABLE), None):
        raise _broken(f"content encoding {refused} was not accepted by the request")
    # Names that are not encodings (servers send `UTF-8`, `none`) are ignored, as browsers do.
    codings = [name for name in names if name in _DECODERS]
    if len(codings) > _MAX_CODINGS:
        raise _broken(f"compressed {len(codings)} times")
    for name in reversed(codings):
        pieces = _DECODERS[name](pieces)
    try:
        yield from pieces
    except (zlib.error, brotli.error) as error:
        raise _broken(f"{content_encoding}: {error}") from None


def _broken(detail: str) -> Failure:
    return Failure(Outcome.BROKEN_RESPONSE, detail)


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    stream, pieces, start = None, iter(pieces), b""
    # The first two bytes show the format.
    while len(start) < 2 and (piece := next(pieces, None)) is not None:
        start += piece
    for rest in chain([start], pieces):
        while rest:
            if stream is None or stream.eof:
                if stream is not None and not _GZIP.startswith(rest[:2]):
                    break  # gzip allows garbage after the end
                # Some servers send the bare stream, without zlib's header, as `deflate`.
                is_zlib = rest[0] & 0x0F == 8 and int.from_bytes(rest[:2]) % 31 == 0
                is_bare = stream is None and not is_zlib and not rest.startswith(_GZIP)
                stream = zlib.decompressobj(-zlib.MAX_WBITS if is_bare else _AUTOMATIC)
            if data := stream.decompress(rest, PIECE_BYTES):
                yield data
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
    if stream is not None:
        while data := stream.decompress(b"", PIECE_BYTES):
            yield data
        if not stream.eof:
            raise _broken("the compressed body ends early")


def _unbrotlied(pieces: Iterable[bytes]) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    anything = False
    for piece in pieces:
        anything = True
        rest = piece
        while not stream.is_finished():
            if data := stream.process(rest, output_buffer_limit=PIECE_BYTES):
                yield data
            rest = b""
            if stream.can_accept_more_data():
                break
    if anything and not stream.is_finished():
        raise _broken("the compressed body ends early")


_DECODERS = {"gzip": _inflated, "x-gzip": _inflated, "deflate": _inflated, "br": _unbrotlied}
