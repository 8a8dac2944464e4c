"""Pages of any WARC file: the address and the response of a record that anyone wrote."""

import re
from dataclasses import replace

from urllib3 import HTTPHeaderDict

from tasks.archive.any_warc_records import MAX_HEADER_BYTES, Record, read_records
from tasks.archive.warc_files import WarcPath
from tasks.http.response import Content, is_page, read_content, recorded
from tasks.model import CaptureKind, Failure, Outcome

PAGE_KINDS = frozenset({"response", "resource", "revisit"})
_VERSION = re.compile(rb"\AHTTP/\d(?:\.\d)?(?=\s)")
_HEAD_END = re.compile(rb"\n\r?\n")
_HEADER = rb"(?im)^%s[ \t]*:[^\n]*\n(?:[ \t]+\S[^\n]*\n)*"
_CONTENT_LENGTH = re.compile(_HEADER % rb"content-length")
_CONTENT_ENCODING = re.compile(_HEADER % rb"content-encoding")
_TRANSFER_ENCODING = re.compile(_HEADER % rb"transfer-encoding")
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,8}[ \t]*(?:;[^\r\n]*)?\r?\n")
_TRUNCATED = {"length": Outcome.TOO_LARGE, "time": Outcome.TIMED_OUT}
_SNIFFED_BYTES = 512


def read_response(record: Record, max_bytes: int) -> Content:
    """Read a response, resource or revisit record; `max_bytes` is of the largest page, decoded."""
    if record.kind == "revisit":
        return Content(Outcome.NOT_MODIFIED, record.get("warc-profile")[:100])
    if not record.is_whole:
        return Content(Outcome.BROKEN_RESPONSE, "the record is damaged or truncated")
    if reason := record.get("warc-truncated"):
        outcome = _TRUNCATED.get(reason.lower(), Outcome.BROKEN_RESPONSE)
        return Content(outcome, f"archived in part: {reason[:40]}")
    if record.size != len(record.block):
        return Content(Outcome.TOO_LARGE, f"a record of {record.size} bytes")
    if record.kind == "resource":
        content_type = record.get("content-type")
        content = Content(Outcome.FETCHED, body=record.block)
        if not is_page(content_type):
            content = Content(Outcome.NOT_A_PAGE, content_type[:100])
        elif len(record.block) > max_bytes:
            content = Content(Outcome.TOO_LARGE, f"more than {max_bytes} bytes")
        return replace(content, headers=HTTPHeaderDict({"Content-Type": content_type}))
    try:
        response = recorded(_as_kept(record.block))
    except Failure as failure:
        return Content(failure.outcome, failure.detail)
    content = read_content(response, max_bytes, CaptureKind.PAGE, is_conditional=True)
    return replace(content, status=response.status, headers=response.headers)


def _as_kept(block: bytes) -> bytes:
    """The response with headers that describe the body as the archive keeps it."""
    # Common Crawl and others keep bodies decoded below the headers of the encoded ones, Heritrix
    # as they were sent. So Content-Length is ignored, and a body that looks decoded is not decoded.
    end = _HEAD_END.search(block)
    head, body = (block[: end.end()], block[end.end() :]) if end else (block, b"")
    head = _CONTENT_LENGTH.sub(b"", _VERSION.sub(b"HTTP/1.1", head))
    chunk = _CHUNK.match(body) if _TRANSFER_ENCODING.search(head) else None
    if not chunk:
        head = _TRANSFER_ENCODING.sub(b"", head)
    start = body[chunk.end() if chunk else 0 :][:_SNIFFED_BYTES]
    if start.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"<") and b"\0" not in start:
        head = _CONTENT_ENCODING.sub(b"", head)
    return head + body


def address_of(record: Record) -> str:
    """The URL that a record's page was captured under."""
    return record.get("warc-target-uri").strip("<> ")


def page_record(path: WarcPath, offset: int, max_bytes: int) -> Record:
    """The record of a page at an offset of a file; OSError, StoreError or ValueError if none."""
    records = read_records(path, offset, offset + 1, max_bytes + MAX_HEADER_BYTES, PAGE_KINDS)
    record = next(records, None)
    if not isinstance(record, Record) or record.kind not in PAGE_KINDS:
        raise ValueError(f"{path}#{offset}: no page is at that offset; the file may be another one")
    return record
