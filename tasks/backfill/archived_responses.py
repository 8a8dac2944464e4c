"""What an archived record holds: a page, or the outcome that says why none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from urllib3 import HTTPHeaderDict

from tasks.backfill.any_warc_records import Record
from tasks.http.response import Content, is_page, read_content, recorded
from tasks.model import CaptureKind, Failure, Outcome

_VERSION = re.compile(rb"\AHTTP/\d(?:\.\d)?(?=\s)")
_HEAD_END = re.compile(rb"\n\r?\n")
_HEADER = rb"(?im)^%s[ \t]*:[^\n]*\n(?:[ \t]+\S[^\n]*\n)*"
_CONTENT_LENGTH = re.compile(_HEADER % rb"content-length")
_CONTENT_ENCODING = re.compile(_HEADER % rb"content-encoding")
_TRANSFER_ENCODING = re.compile(_HEADER % rb"transfer-encoding")
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,8}[ \t]*(?:;[^\r\n]*)?\r?\n")
_TRUNCATED = {"length": Outcome.TOO_LARGE, "time": Outcome.TIMED_OUT}
_SNIFFED = 512


@dataclass(frozen=True, slots=True)
class ArchivedResponse:
    """The content of a record, with the status and headers it came with."""

    content: Content
    status: int = 0  # 0 where there is none
    headers: Mapping[str, str] = field(default_factory=HTTPHeaderDict)


def read_response(record: Record, max_bytes: int) -> ArchivedResponse:
    """Read a response, resource or revisit record; `max_bytes` is of the largest page, decoded."""
    if reason := _unreadable(record):
        return ArchivedResponse(reason)
    if record.kind == "resource":
        content_type = record.get("content-type")
        content = Content(Outcome.FETCHED, body=record.block)
        if not is_page(content_type):
            content = Content(Outcome.NOT_A_PAGE, content_type[:100])
        elif len(record.block) > max_bytes:
            content = Content(Outcome.TOO_LARGE, f"more than {max_bytes} bytes")
        return ArchivedResponse(content, headers=HTTPHeaderDict({"Content-Type": content_type}))
    try:
        response = recorded(_as_kept(record.block))
    except Failure as failure:
        return ArchivedResponse(Content(failure.outcome, failure.detail))
    content = read_content(response, max_bytes, CaptureKind.PAGE, is_conditional=True)
    return ArchivedResponse(content, response.status, response.headers)


def _unreadable(record: Record) -> Content | None:
    """Why the record's block cannot be read as a page; None where it can."""
    if record.kind == "revisit":
        return Content(Outcome.NOT_MODIFIED, record.get("warc-profile")[:100])
    if not record.is_whole:
        return Content(Outcome.BROKEN_RESPONSE, "the record is damaged or truncated")
    if reason := record.get("warc-truncated"):
        outcome = _TRUNCATED.get(reason.lower(), Outcome.BROKEN_RESPONSE)
        return Content(outcome, f"archived in part: {reason[:40]}")
    if record.size != len(record.block):
        return Content(Outcome.TOO_LARGE, f"a record of {record.size} bytes")
    return None


def _as_kept(block: bytes) -> bytes:
    """The response with headers that describe the body as the archive keeps it."""
    # Common Crawl and others keep bodies decoded below the headers of the encoded ones, Heritrix
    # as they were sent. So a length means nothing, and what does not look encoded is not.
    end = _HEAD_END.search(block)
    head, body = (block[: end.end()], block[end.end() :]) if end else (block, b"")
    head = _CONTENT_LENGTH.sub(b"", _VERSION.sub(b"HTTP/1.1", head))
    chunk = _CHUNK.match(body) if _TRANSFER_ENCODING.search(head) else None
    if not chunk:
        head = _TRANSFER_ENCODING.sub(b"", head)
    start = body[chunk.end() if chunk else 0 :][:_SNIFFED]
    if start.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"<") and b"\0" not in start:
        head = _CONTENT_ENCODING.sub(b"", head)
    return head + body
