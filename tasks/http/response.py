"""A response's status, type and body, read the same way from the network and from an archive."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import client
from types import SimpleNamespace

from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import HTTPError

from tasks.http.content_encoding import PIECE, decoded
from tasks.model import STATUS_OUTCOMES, CaptureKind, Failure, Outcome

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GOOD = {CaptureKind.LISTING: Outcome.LISTED, CaptureKind.PAGE: Outcome.FETCHED}
_PARTIAL = 206
# application/xml is not among them: what servers send under it are feeds and sitemaps.
_PAGE_TYPE = re.compile(r"text/.+|application/(?:vnd\.wap\.)?xhtml\+xml|")


@dataclass(frozen=True, slots=True)
class Content:
    """The body of a response, or the outcome that says why there is none."""

    outcome: Outcome
    detail: str = ""
    body: bytes = b""  # after transfer and content decoding


def recorded(block: bytes) -> HTTPResponse:
    """Open a recorded response as if it came from the network; raises Failure BROKEN_RESPONSE."""
    # What was fetched is decoded by the same code when it is read again: fastwarc's decoding
    # refuses `x-gzip`, chunk extensions and bare deflate streams, and takes a truncated gzip body
    # for a whole one.
    socket = SimpleNamespace(makefile=lambda _mode: io.BytesIO(block))
    message = client.HTTPResponse(socket, method="GET")  # type: ignore[arg-type]
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
    if not is_success(status):
        if status == 304 and is_conditional:
            return Content(Outcome.NOT_MODIFIED)
        if status in REDIRECTS:
            return Content(Outcome.HTTP_ERROR, f"status {status} without a Location")
        failed = Outcome.SERVER_ERROR if 500 <= status < 600 else Outcome.HTTP_ERROR
        return Content(STATUS_OUTCOMES.get(status, failed), f"status {status}")
    content_type = response.headers.get("Content-Type", "")
    if kind is CaptureKind.PAGE and not is_page(content_type):
        return Content(Outcome.NOT_A_PAGE, f"content type {content_type[:100]!r}, body not read")
    body = io.BytesIO()
    try:
        if kind is not CaptureKind.ROBOTS:
            return Content(_GOOD[kind], body=read_body(response, max_bytes))
        copy_body(response, max_bytes, body)
    except Failure as failure:
        if kind is not CaptureKind.ROBOTS or failure.outcome is not Outcome.TOO_LARGE:
            return Content(failure.outcome, failure.detail)
        cut = f"the first {body.tell()} bytes of a longer file"
        return Content(Outcome.ROBOTS_READ, cut, body.getvalue())
    return Content(Outcome.ROBOTS_READ, body=body.getvalue())


def is_page(content_type: str) -> bool:
    """Whether a Content-Type header is that of HTML or text; a missing one may be."""
    return bool(_PAGE_TYPE.fullmatch(content_type.partition(";")[0].strip().lower()))


def is_success(status: int) -> bool:
    """Whether the body is what was asked for, all of it."""
    return 200 <= status < 300 and status != _PARTIAL


def read_body(response: HTTPResponse, max_bytes: int) -> bytes:
    """The body, decoded; raises a Failure, TOO_LARGE or BROKEN_RESPONSE."""
    declared = response.length_remaining
    if declared and declared > max_bytes:
        reason = f"Content-Length {declared}, the limit is {max_bytes} bytes"
        raise Failure(Outcome.TOO_LARGE, reason)
    body = io.BytesIO()
    copy_body(response, max_bytes, body)
    return body.getvalue()


def copy_body(response: HTTPResponse, max_bytes: int, body: io.BytesIO) -> None:
    """Append the body, decoded, up to a limit that is checked while it is decompressed.

    Raises:
        Failure: TOO_LARGE, with `max_bytes` copied, or BROKEN_RESPONSE.
    """
    for piece in decoded(body_pieces(response), response.headers.get("Content-Encoding", "")):
        room = max_bytes - body.tell()
        body.write(piece[:room])
        if len(piece) > room:
            raise Failure(Outcome.TOO_LARGE, f"more than {max_bytes} bytes")


def body_pieces(response: HTTPResponse) -> Iterator[bytes]:
    """The body without its chunking, still compressed; raises a Failure, BROKEN_RESPONSE."""
    try:
        yield from response.stream(PIECE, decode_content=False)
    except (HTTPError, client.HTTPException, ValueError) as error:
        raise Failure(Outcome.BROKEN_RESPONSE, one_line(error)) from None


def one_line(error: Exception) -> str:
    """An exception for an attempt's detail."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
