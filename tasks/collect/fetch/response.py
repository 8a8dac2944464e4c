"""What a response means: its outcome, and its body read within the limits."""

import io
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from requests import Response
from requests.structures import CaseInsensitiveDict

from tasks.collect.fetch.transport import Transfer, body_pieces
from tasks.http.content_encoding import decoded
from tasks.http.content_type import is_page
from tasks.model import STATUS_OUTCOMES, CaptureKind, Failure, Outcome

LONGEST_ERROR_PAGE = 256 * 1024
"""Bytes read of a body that only comes with a redirect or an error."""

_GOOD = {
    CaptureKind.LISTING: Outcome.LISTED,
    CaptureKind.PAGE: Outcome.FETCHED,
    CaptureKind.ROBOTS: Outcome.ROBOTS_READ,
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PARTIAL = 206


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that was read as far as it was wanted."""

    status: int
    headers: "CaseInsensitiveDict[str]"
    outcome: Outcome
    body: bytes = b""
    detail: str = ""
    again: bool = False
    """Whether it is worth another try after its gate's hold."""

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        return self.headers.get("Location") if self.status in _REDIRECTS else None


def read_answer(
    response: Response, transfer: Transfer, kind: CaptureKind, conditional: bool
) -> Answer:
    """Read the response; a body that fails its limits or is broken is an outcome.

    A robots.txt over the limit is read to the limit. The body of a redirect or an error is read
    for the record only, and its failures do not count.

    Args:
        response: With its body unread.
        transfer: Of the request; says the limit, and is told when the body is left out.
        kind: What the request was for.
        conditional: Whether the request allowed the answer "not modified".
    """
    status = response.status_code
    if 200 <= status < 300 and status != _PARTIAL:
        return _good_answer(response, transfer, kind)
    with suppress(Failure):
        _read_for_the_record(response, transfer)
    outcome, detail = _by_status(status, conditional)
    return Answer(status, response.headers, outcome, detail=detail)


def _read_for_the_record(response: Response, transfer: Transfer) -> None:
    size = 0
    for piece in body_pieces(response):
        size += len(piece)
        if size > LONGEST_ERROR_PAGE:
            transfer.head_only = True
            return


def _by_status(status: int, conditional: bool) -> tuple[Outcome, str]:
    if status == 304 and conditional:
        return Outcome.NOT_MODIFIED, ""
    if status in _REDIRECTS:
        return Outcome.HTTP_ERROR, f"status {status} without a Location"
    if 500 <= status < 600:
        return Outcome.SERVER_ERROR, f"status {status}"
    return STATUS_OUTCOMES.get(status, Outcome.HTTP_ERROR), f"status {status}"


def _good_answer(response: Response, transfer: Transfer, kind: CaptureKind) -> Answer:
    content_type = response.headers.get("Content-Type", "")
    if kind is CaptureKind.PAGE and not is_page(content_type):
        transfer.head_only = True
        detail = f"content type {content_type[:100]!r}, body not read"
        return Answer(response.status_code, response.headers, Outcome.NOT_A_PAGE, detail=detail)
    outcome, body, detail = _GOOD[kind], b"", ""
    try:
        body, detail = _body(response, transfer, kind is CaptureKind.ROBOTS)
    except Failure as failure:
        outcome, detail = failure.outcome, failure.detail
        transfer.head_only = outcome is Outcome.TOO_LARGE
    return Answer(response.status_code, response.headers, outcome, body, detail)


def _body(response: Response, transfer: Transfer, may_be_cut: bool) -> tuple[bytes, str]:
    limit = transfer.max_bytes
    declared = response.raw.length_remaining
    if declared and declared > limit and not may_be_cut:
        raise Failure(Outcome.TOO_LARGE, f"Content-Length {declared}, the limit is {limit} bytes")
    pieces = decoded(body_pieces(response), response.headers.get("Content-Encoding", ""))
    body = io.BytesIO()
    try:
        _fill(body, pieces, limit)
    except Failure as failure:
        if not may_be_cut or failure.outcome is not Outcome.TOO_LARGE:
            raise
        return body.getvalue(), f"the first {limit} bytes of a longer file"
    return body.getvalue(), ""


def _fill(body: io.BytesIO, pieces: Iterable[bytes], limit: int) -> None:
    for piece in pieces:
        room = limit - body.tell()
        body.write(piece[:room])
        if len(piece) > room:
            raise Failure(Outcome.TOO_LARGE, f"more than {limit} bytes")
