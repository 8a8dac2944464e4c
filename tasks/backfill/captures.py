"""Records of a shard as captures, each under its source, with the page that it holds."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from urllib3 import HTTPHeaderDict

from tasks.archive.any_warc_records import HEAD_ROOM, Record, read_records
from tasks.backfill.selection import Passed, SourceDomains
from tasks.backfill.shards import ShardJob
from tasks.http.response import REDIRECTS, Content, is_page, read_content, recorded
from tasks.model import Capture, CaptureKind, Damage, Failure, Outcome, Provenance
from tasks.refine.refine_pages import raw_offset

PAGE_KINDS = frozenset({"response", "resource", "revisit"})
_VERSION = re.compile(rb"\AHTTP/\d(?:\.\d)?(?=\s)")
_HEAD_END = re.compile(rb"\n\r?\n")
_HEADER = rb"(?im)^%s[ \t]*:[^\n]*\n(?:[ \t]+\S[^\n]*\n)*"
_CONTENT_LENGTH = re.compile(_HEADER % rb"content-length")
_CONTENT_ENCODING = re.compile(_HEADER % rb"content-encoding")
_TRANSFER_ENCODING = re.compile(_HEADER % rb"transfer-encoding")
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,8}[ \t]*(?:;[^\r\n]*)?\r?\n")
_TRUNCATED = {"length": Outcome.TOO_LARGE, "time": Outcome.TIMED_OUT}
_SNIFFED = 512


class Captures:
    """Makes captures of a shard's records."""

    def __init__(self, job: ShardJob) -> None:
        self._job = job
        self._key = job.shard.key(job.selection)
        self.domains = SourceDomains(job.sources)

    def records(self, start: int, end: int) -> Iterator[Record | Damage]:
        """The records of a range of the file, with the blocks of pages."""
        most = self._job.max_bytes + HEAD_ROOM
        return read_records(self._job.shard.path, start, end, most, PAGE_KINDS)

    def payload_of(self, capture: Capture) -> bytes:
        """The page of a capture, read once more."""
        offset = raw_offset(capture)
        record = next(self.records(offset, offset + 1))
        if isinstance(record, Damage):
            return b""
        return read_response(record, self._job.max_bytes).content.body

    def capture(self, record: Record | Damage) -> tuple[Capture, bytes] | Passed:
        """A record as a capture with its page, or why it is passed over."""
        if isinstance(record, Damage):
            return Passed.UNREADABLE
        if record.kind not in PAGE_KINDS:
            return Passed.OTHER_RECORD
        moment = _moment(record.get("warc-date"))
        if moment is None:
            return Passed.NO_DATE
        url = record.get("warc-target-uri").strip("<> ")
        if reason := self._job.selection.passes_over(url, moment):
            return reason
        source_id, source = self.domains.source_of(url)
        if self._job.selection.only_known and source is None:
            return Passed.UNKNOWN_PAPER
        response = read_response(record, self._job.max_bytes)
        if response.status in REDIRECTS:
            return Passed.REDIRECT
        content, headers = response.content, response.headers
        capture = Capture(
            capture_id=uuid5(NAMESPACE_URL, f"{self._key}#{record.offset}"),
            run_id="",
            source_id=source_id,
            kind=CaptureKind.PAGE,
            url_requested=url,
            url_final=url,
            found_in=self._job.shard.url,
            outcome=content.outcome,
            detail=content.detail,
            attempted_at=moment,
            seconds=0.0,
            http_status=response.status or None,
            content_type=headers.get("Content-Type", ""),
            etag=headers.get("ETag") or None,
            last_modified=headers.get("Last-Modified") or None,
            payload_bytes=len(content.body),
            payload_sha256=sha256(content.body).hexdigest() if content.body else None,
            raw_ref=f"{self._job.shard.url}#{record.offset}",
            obtained_from=Provenance.WARC,
        )
        return capture, content.body


def _moment(text: str) -> datetime | None:
    """When a page was captured; None if the date is invalid or impossible."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # Before 1990 there was no web to archive; a crawler's clock may be some hours ahead.
    earliest, latest = datetime(1990, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    return moment.astimezone(UTC) if earliest <= moment <= latest else None


@dataclass(frozen=True, slots=True)
class ArchivedResponse:
    """The content of a record, with the status and headers it came with."""

    content: Content
    status: int = 0  # 0 where there is none
    headers: Mapping[str, str] = field(default_factory=HTTPHeaderDict)


def read_response(record: Record, max_bytes: int) -> ArchivedResponse:
    """Read a response, resource or revisit record; `max_bytes` is of the largest page, decoded."""
    if record.kind == "revisit":
        return ArchivedResponse(Content(Outcome.NOT_MODIFIED, record.get("warc-profile")[:100]))
    if not record.is_whole:
        why = "the record is damaged or truncated"
        return ArchivedResponse(Content(Outcome.BROKEN_RESPONSE, why))
    if reason := record.get("warc-truncated"):
        outcome = _TRUNCATED.get(reason.lower(), Outcome.BROKEN_RESPONSE)
        return ArchivedResponse(Content(outcome, f"archived in part: {reason[:40]}"))
    if record.size != len(record.block):
        return ArchivedResponse(Content(Outcome.TOO_LARGE, f"a record of {record.size} bytes"))
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
    start = body[chunk.end() if chunk else 0 :][:_SNIFFED]
    if start.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"<") and b"\0" not in start:
        head = _CONTENT_ENCODING.sub(b"", head)
    return head + body
