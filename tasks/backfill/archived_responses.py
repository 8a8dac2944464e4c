"""What an archived record brought: a page, or the outcome that says why none."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, parse_headers
from typing import NamedTuple

from tasks.backfill.warc_records import Record
from tasks.http.content_encoding import decoded
from tasks.http.content_type import is_page
from tasks.model import STATUS_OUTCOMES, Failure, Outcome

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})\b[^\n]*\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_TRUNCATED = {"length": Outcome.TOO_LARGE, "time": Outcome.TIMED_OUT}
_BY_STATUS = {304: Outcome.NOT_MODIFIED, **STATUS_OUTCOMES}
_PARTIAL = 206
_PIECE = 64 * 1024
_SNIFFED = 512


class Head(NamedTuple):
    """Status line and headers of a recorded response."""

    status: int
    headers: dict[str, str]

    def get(self, name: str) -> str:
        """A header's value; empty where there is none."""
        return self.headers.get(name, "")


NO_HEAD = Head(0, {})


@dataclass(frozen=True, slots=True)
class Brought:
    """What came with a record."""

    outcome: Outcome
    detail: str = ""
    head: Head = NO_HEAD
    payload: bytes = b""
    """The page, decoded; only with FETCHED."""


def brought(record: Record, max_bytes: int) -> Brought:
    """What a response, resource or revisit record brought.

    Args:
        record: With its block, unless that is larger than a page can be.
        max_bytes: Of the largest page, decoded.
    """
    if record.kind == "revisit":
        return Brought(Outcome.NOT_MODIFIED, record.get("warc-profile")[:100])
    if not record.is_whole:
        return Brought(Outcome.BROKEN_RESPONSE, "the record is damaged or cut off")
    if reason := record.get("warc-truncated"):
        outcome = _TRUNCATED.get(reason.lower(), Outcome.BROKEN_RESPONSE)
        return Brought(outcome, f"archived in part: {reason[:40]}")
    if record.size != len(record.block):
        return Brought(Outcome.TOO_LARGE, f"a record of {record.size} bytes")
    if record.kind == "resource":
        return _resource(record, max_bytes)
    return _response(record.block, max_bytes)


def _resource(record: Record, max_bytes: int) -> Brought:
    head = Head(0, {"content-type": record.get("content-type")})
    if not is_page(head.get("content-type")):
        return Brought(Outcome.NOT_A_PAGE, head.get("content-type")[:100], head)
    if len(record.block) > max_bytes:
        return Brought(Outcome.TOO_LARGE, f"more than {max_bytes} bytes", head)
    return Brought(Outcome.FETCHED, "", head, record.block)


def _response(block: bytes, max_bytes: int) -> Brought:
    try:
        head, body = _parted(block)
    except (HTTPException, ValueError) as error:
        return Brought(Outcome.BROKEN_RESPONSE, f"{type(error).__name__}: {error}"[:200])
    if not 200 <= head.status < 300 or head.status == _PARTIAL:
        return Brought(_by_status(head.status), f"status {head.status}", head)
    if not is_page(head.get("content-type")):
        return Brought(Outcome.NOT_A_PAGE, f"content type {head.get('content-type')[:100]!r}", head)
    try:
        return Brought(Outcome.FETCHED, "", head, _decoded(head, body, max_bytes))
    except Failure as failure:
        return Brought(failure.outcome, failure.detail, head)


def _parted(block: bytes) -> tuple[Head, bytes]:
    status = _STATUS.match(block)
    if not status:
        raise ValueError("no status line")
    rest = block[status.end() :]
    if rest.startswith((b"\n", b"\r\n")):
        return Head(int(status[1]), {}), rest.partition(b"\n")[2]
    end = _HEAD_END.search(rest)
    lines = rest[: end.end()] if end else rest
    message = parse_headers(io.BytesIO(lines))
    headers = {name.lower(): str(value) for name, value in reversed(message.items())}
    return Head(int(status[1]), headers), rest[len(lines) :]


def _by_status(status: int) -> Outcome:
    if 500 <= status < 600:
        return Outcome.SERVER_ERROR
    return _BY_STATUS.get(status, Outcome.HTTP_ERROR)


def _decoded(head: Head, body: bytes, max_bytes: int) -> bytes:
    """The body without transfer and content encoding.

    Common Crawl and others keep bodies decoded and leave the headers of the encoded ones: what
    does not look encoded is not.
    """
    if "chunked" in head.get("transfer-encoding").lower() and _CHUNK.match(body):
        body = b"".join(_unchunked(body))
    encoding = head.get("content-encoding")
    if not encoding or _looks_like_text(body):
        return _within(iter([body]), max_bytes)
    return _within(decoded(_pieces(body), encoding), max_bytes)


def _unchunked(body: bytes) -> Iterator[bytes]:
    at = 0
    while size := _CHUNK.match(body, at):
        length = int(size[1], 16)
        if not length:
            return
        at = size.end() + length
        if at > len(body):
            break
        yield body[size.end() : at]
        at += 2 if body.startswith(b"\r\n", at) else 1
    raise Failure(Outcome.BROKEN_RESPONSE, "a chunk is broken or cut off")


def _looks_like_text(body: bytes) -> bool:
    start = body[:_SNIFFED].lstrip(b"\xef\xbb\xbf\r\n\t ")
    return start.startswith(b"<") and b"\0" not in start


def _pieces(body: bytes) -> Iterator[bytes]:
    return (body[at : at + _PIECE] for at in range(0, len(body), _PIECE))


def _within(pieces: Iterator[bytes], max_bytes: int) -> bytes:
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > max_bytes:
            raise Failure(Outcome.TOO_LARGE, f"more than {max_bytes} bytes")
    return bytes(found)
