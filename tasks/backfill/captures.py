"""Records of a shard as captures, each under its source, with the page that it holds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from tasks.archive.any_responses import PAGE_KINDS, address_of, read_response
from tasks.archive.any_warc_records import MAX_HEADER_BYTES, Record, read_records
from tasks.backfill.selection import Passed, SourceDomains
from tasks.backfill.shards import ShardJob
from tasks.http.response import REDIRECTS
from tasks.model import Capture, CaptureKind, Damage, Provenance
from tasks.refine.refine_pages import raw_offset


class Captures:
    """Makes captures of a shard's records."""

    def __init__(self, job: ShardJob) -> None:
        self._job = job
        self._key = job.shard.key(job.selection)
        self.domains = SourceDomains(job.sources)

    def records(self, start: int, end: int) -> Iterator[Record | Damage]:
        """The records of a range of the file, with the blocks of pages."""
        most = self._job.max_bytes + MAX_HEADER_BYTES
        return read_records(self._job.shard.path, start, end, most, PAGE_KINDS)

    def payload_of(self, capture: Capture) -> bytes:
        """The page of a capture, read once more."""
        offset = raw_offset(capture)
        record = next(self.records(offset, offset + 1))
        if isinstance(record, Damage):
            return b""
        return read_response(record, self._job.max_bytes).body

    def capture(self, record: Record | Damage) -> tuple[Capture, bytes] | Passed:
        """A record as a capture with its page, or why it is passed over."""
        if isinstance(record, Damage):
            return Passed.UNREADABLE
        if record.kind not in PAGE_KINDS:
            return Passed.OTHER_RECORD
        moment = _moment(record.get("warc-date"))
        if moment is None:
            return Passed.NO_DATE
        url = address_of(record)
        if reason := self._job.selection.skip_reason(url, moment):
            return reason
        source_id, source = self.domains.source_of(url)
        if self._job.selection.only_known and source is None:
            return Passed.UNKNOWN_PAPER
        content = read_response(record, self._job.max_bytes)
        if content.status in REDIRECTS:
            return Passed.REDIRECT
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
            http_status=content.status or None,
            content_type=content.headers.get("Content-Type", ""),
            etag=content.headers.get("ETag") or None,
            last_modified=content.headers.get("Last-Modified") or None,
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
