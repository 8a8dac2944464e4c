"""Reading archive files: captures, each with its payload."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from tasks.archive.warc_records import capture_from_json
from tasks.http.response import read_body, recorded
from tasks.model import Capture, CaptureKind, Failure

log = logging.getLogger(__name__)

_LARGEST_PAYLOAD = 256 * 1024 * 1024
_PAYLOADS = (WarcRecordType.response, WarcRecordType.resource)


def read_archive(path: Path) -> Iterator[tuple[Capture, bytes]]:
    """Every capture with its decoded payload, empty where there was none or it is broken.

    Raises OSError or ValueError where the file is damaged or not of this archive.
    """
    return _captures(ArchiveIterator(str(path), parse_http=False))


def read_capture(raw: Path, raw_ref: str) -> tuple[Capture, bytes]:
    """The capture whose record is at a `raw_ref`, with its payload; OSError, ValueError if none."""
    with _records_at(raw, raw_ref) as records:
        found = next(_captures(records), None)
    if found is None:
        raise ValueError(f"{raw_ref}: no capture at that offset")
    return found


@contextmanager
def _records_at(raw: Path, raw_ref: str) -> Iterator[Iterable[Any]]:
    """The records of an archive file from a `raw_ref` on."""
    name, _, offset = raw_ref.rpartition("#")
    with (raw / name).open("rb") as file:
        file.seek(int(offset))
        yield ArchiveIterator(file, parse_http=False)


def _captures(records: Iterable[Any]) -> Iterator[tuple[Capture, bytes]]:
    last: tuple[WarcRecordType, bytes] | None = None
    for record in records:
        if record.record_type in _PAYLOADS:
            last = record.record_type, _block(record)
        elif record.record_type == WarcRecordType.metadata:
            capture = capture_from_json(_block(record))
            payload: bytes | None = b""
            # A robots.txt may be archived truncated.
            if last and capture.payload_sha256 and capture.kind is not CaptureKind.ROBOTS:
                payload = _payload(*last, capture.payload_bytes)
                if payload is None or sha256(payload).hexdigest() != capture.payload_sha256:
                    log.warning("%s: the payload is not the one that was fetched", capture.raw_ref)
                    payload = b""
            yield capture, payload or b""
            last = None


def opened_at(path: Path) -> datetime:
    """When writing of an archive file started; OSError or ValueError where it is damaged."""
    with path.open("rb") as file:
        first = next(iter(ArchiveIterator(file, parse_http=False)), None)
        if first is None or first.record_type != WarcRecordType.warcinfo:
            raise ValueError(f"{path}: does not start with a warcinfo record")
        return datetime.fromisoformat(first.headers["WARC-Date"])


def read_payload(raw: Path, raw_ref: str) -> bytes:
    """The decoded payload of the record at a `raw_ref`, empty where it is broken.

    Raises OSError or ValueError where there is no response or resource record.
    """
    with _records_at(raw, raw_ref) as records:
        record = next(iter(records), None)
        if record is None or record.record_type not in _PAYLOADS:
            raise ValueError(f"{raw_ref}: no response or resource record at that offset")
        return _payload(record.record_type, _block(record), _LARGEST_PAYLOAD) or b""


def _block(record: WarcRecord) -> bytes:
    return record.reader.read() if record.reader else b""


def _payload(kind: WarcRecordType, block: bytes, max_bytes: int) -> bytes | None:
    """The decoded payload; None where it is broken or larger than `max_bytes`."""
    if kind == WarcRecordType.resource:
        return block
    try:
        return read_body(recorded(block), max_bytes)
    except Failure:
        return None
