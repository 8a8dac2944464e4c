"""WARC records: an attempt as a group of records, and the capture in the last of them."""

import io
import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from hashlib import sha1, sha256
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

import pyarrow as pa
from fastwarc.warc import WarcRecord, WarcRecordType

from tasks.model import (
    Attempt,
    Capture,
    CaptureKind,
    Entry,
    Exchange,
    ListingSummary,
    Outcome,
    Provenance,
)
from warehouse.store.archive_files import SUFFIX

OPEN_SUFFIX = f"{SUFFIX}.open"  # of a file that is being written
GZIP, ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"  # magic bytes of members and frames
COMPRESSION_LEVEL = 6

# Characters of a WARC header's value. fastwarc 2.0.1 reads no record with a header line of more
# than 32 kB: a link of 40,000 characters in a feed made its source's archive unreadable.
MAX_HEADER_BYTES = 16_000

_GZIP = 16 + zlib.MAX_WBITS
_PIECE_BYTES = 64 * 1024
_HEAD_BYTES = 4096
# Values of WARC-Truncated: why an attempt's last response is incomplete.
TRUNCATED = {
    Outcome.TOO_LARGE: "length",
    Outcome.TIMED_OUT: "time",
    Outcome.BROKEN_RESPONSE: "disconnect",
}
_UUIDS = ("capture_id", "article_id")
_TIMES = ("attempted_at", "entry_published_at", "published_ahead_at")
_LISTING_TIMES = ("oldest_at", "newest_at", "window_from", "previous_read_at")
_CAPTURE_FIELDS = tuple(sorted(field.name for field in fields(Capture)))
_LISTING_FIELDS = tuple(field.name for field in fields(ListingSummary))


@dataclass(slots=True)
class Group:
    """Records of one attempt, each a gzip member, before they are written to the file."""

    capture_id: UUID
    warcinfo_id: UUID
    buffer: io.BytesIO
    # Offset within the group, and id, of its last response or resource record.
    last: tuple[int, UUID] | None = None

    def add_exchange(self, number: int, exchange: Exchange, truncated: str | None) -> None:
        """Add a request and, where there is any, its response."""
        request_id = uuid5(self.capture_id, f"request {number}")
        response_id = uuid5(self.capture_id, f"response {number}")
        headers = {
            "WARC-Target-URI": _uri(exchange.url),
            "WARC-IP-Address": exchange.ip,
            "WARC-Concurrent-To": urn(response_id) if exchange.response else "",
            "Content-Type": "application/http; msgtype=request",
            "WARC-Truncated": "",
            "WARC-Warcinfo-ID": urn(self.warcinfo_id),
        }
        kind, date = WarcRecordType.request, exchange.started_at
        write_record(self.buffer, kind, request_id, date, exchange.request, headers)
        if exchange.response:
            headers["WARC-Concurrent-To"] = urn(request_id)
            headers["WARC-Truncated"] = truncated or ""
            headers["Content-Type"] = "application/http; msgtype=response"
            self.last = self.buffer.tell(), response_id
            kind = WarcRecordType.response
            write_record(self.buffer, kind, response_id, date, exchange.response, headers)

    def add_resource(self, attempt: Attempt) -> None:
        """Add the content of a saved file."""
        record_id = uuid5(self.capture_id, "resource")
        headers = {
            "WARC-Target-URI": _uri(attempt.url_final),
            "Content-Type": attempt.content_type or "application/octet-stream",
            "WARC-Warcinfo-ID": urn(self.warcinfo_id),
        }
        self.last = self.buffer.tell(), record_id
        kind, date = WarcRecordType.resource, attempt.attempted_at
        write_record(self.buffer, kind, record_id, date, attempt.payload, headers)

    def add_capture(self, capture: Capture) -> None:
        """Complete the group with its metadata record."""
        last = urn(self.last[1]) if self.last else ""
        headers = {
            "WARC-Target-URI": _uri(capture.url_requested),
            "WARC-Refers-To": last,
            "WARC-Concurrent-To": last,
            "Content-Type": "application/json",
            "WARC-Warcinfo-ID": urn(self.warcinfo_id),
        }
        kind, date, block = WarcRecordType.metadata, capture.attempted_at, capture_to_json(capture)
        write_record(self.buffer, kind, capture.capture_id, date, block, headers)


def warcinfo_id(source_id: str, file: str) -> UUID:
    """The id of the first record of a source's archive file, which all others name."""
    return uuid5(NAMESPACE_URL, f"{source_id}/{file}")


def write_record(
    buffer: io.BytesIO,
    kind: WarcRecordType,
    record_id: UUID,
    date: datetime,
    block: bytes,
    headers: Mapping[str, str],
) -> None:
    """Append one record as a gzip member.

    Headers without a value, or with one longer than MAX_HEADER_BYTES, are left out.
    """
    # By fastwarc, which reads them, too. warcio's writer parses the HTTP headers of a block and
    # prints them anew ("X-A:  b" becomes "X-A: b"), but the archive keeps bytes as received; it
    # also takes twice the time (fastwarc 2.0.1, warcio 1.8.1).
    record = WarcRecord()
    record.init_headers(kind, f"uuid:{record_id}".encode())
    record.headers.set("WARC-Date", date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    for name, value in headers.items():
        if value and len(value) <= MAX_HEADER_BYTES:
            record.headers.set(name, " ".join(value.split()))
    record.set_bytes_content(block)
    payload = None
    if kind == WarcRecordType.response:
        payload = block.partition(b"\r\n\r\n")[2]
    elif kind == WarcRecordType.resource:
        payload = block
    digest = None if payload is None else sha1(payload, usedforsecurity=False).digest()
    plain = io.BytesIO()
    record.write(plain, checksum_data=True, payload_digest=digest)
    # Not by fastwarc's writer: it takes 180 microseconds to start a member, zlib five, and each
    # request makes three small records. A page of 94 kB takes zlib 1.4 ms, and fastwarc 1.0.
    buffer.write(zlib.compress(plain.getvalue(), COMPRESSION_LEVEL, wbits=_GZIP))


def capture_of(
    attempt: Attempt, entry: Entry | None, capture_id: UUID, source_id: str, run_id: str
) -> Capture:
    """An attempt as it is kept, still without its `raw_ref`."""
    return Capture(
        capture_id=capture_id,
        run_id=run_id,
        source_id=source_id,
        kind=attempt.kind,
        url_requested=attempt.url_requested,
        url_final=attempt.url_final,
        found_in=entry.found_in if entry else "",
        outcome=attempt.outcome,
        detail=attempt.detail,
        attempted_at=attempt.attempted_at.astimezone(UTC),
        seconds=attempt.seconds,
        http_status=attempt.status,
        content_type=attempt.content_type,
        etag=attempt.etag,
        last_modified=attempt.last_modified,
        payload_bytes=len(attempt.payload),
        payload_sha256=sha256(attempt.payload).hexdigest() if attempt.payload else None,
        entry_headline=entry.headline if entry else None,
        entry_published_raw=entry.published_raw if entry else None,
        entry_published_at=entry.published_at if entry else None,
        given_url=entry.given_url if entry else None,
        listing=attempt.listing,
        obtained_from=(
            Provenance.FILE if attempt.kind is CaptureKind.FILE else attempt.obtained_from
        ),
    )


def capture_to_json(capture: Capture) -> bytes:
    """A capture as a JSON object of its fields."""
    # Not pydantic: it refuses half surrogates, which listings do name in URLs.
    listing = capture.listing and asdict(capture.listing)
    return json.dumps(
        {name: getattr(capture, name) for name in _CAPTURE_FIELDS} | {"listing": listing},
        default=lambda value: value.isoformat() if isinstance(value, datetime) else str(value),
        separators=(",\n ", ": "),
    ).encode()


def capture_from_json(text: bytes) -> Capture:
    """The capture that `capture_to_json` wrote; fields of later versions are ignored."""
    values: dict[str, Any] = {k: v for k, v in json.loads(text).items() if k in _CAPTURE_FIELDS}
    values["kind"] = CaptureKind(values["kind"])
    values["outcome"] = Outcome(values["outcome"])
    if found := values.get("obtained_from"):
        values["obtained_from"] = Provenance(found)
    for name in _UUIDS:
        values[name] = UUID(values[name]) if values.get(name) else None
    for name in _TIMES:
        values[name] = _time(values.get(name))
    if listing := values.get("listing"):
        known = {name: listing.get(name) for name in _LISTING_FIELDS}
        times = {name: _time(listing.get(name)) for name in _LISTING_TIMES}
        values["listing"] = ListingSummary(**known | times)
    return Capture(**values)


def _time(printed: str | None) -> datetime | None:
    return datetime.fromisoformat(printed) if printed else None


def end_of_whole_groups(file: io.FileIO) -> int:
    """Offset at which the last complete group ends, before any damage; 0 when there is none."""
    end, position, rest = 0, 0, b""
    while True:
        stream, head = zlib.decompressobj(_GZIP), b""
        while not stream.eof:
            piece = rest or file.read(_PIECE_BYTES)
            if not piece:
                return end
            try:
                text = stream.decompress(piece)
            except zlib.error:
                return end
            head += text[: _HEAD_BYTES - len(head)]
            rest = stream.unused_data
            position += len(piece) - len(rest)
        if b"\r\nWARC-Type: metadata\r\n" in head:
            end = position


def read_beginning(piece: bytes, size: int) -> bytes:
    """The first `size` bytes of the record at the start of a piece, decompressed; empty if broken.

    The piece should have twice as many bytes or more, so that a truncated frame yields enough.
    """
    with suppress(zlib.error, OSError, pa.ArrowInvalid):
        if piece.startswith(GZIP):
            return zlib.decompressobj(_GZIP).decompress(piece, size)
        if piece.startswith(ZSTD):
            return bytes(pa.CompressedInputStream(pa.BufferReader(piece), "zstd").read(size))
        return piece[:size]
    return b""


def urn(record_id: UUID) -> str:
    """A record's id as WARC headers have it."""
    return f"<urn:uuid:{record_id}>"


def _uri(url: str) -> str:
    return quote(url.encode("utf-8", "replace"), safe="%/:?#[]@!$&'()*+,;=~")
