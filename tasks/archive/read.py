"""Reading archive files: captures, each with its payload; only damaged records are lost."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from tasks.archive.any_warc_records import Record, read_records
from tasks.archive.warc_records import GZIP, OPEN_SUFFIX, capture_from_json, urn, warcinfo_id
from tasks.http.response import read_body, recorded
from tasks.model import Capture, CaptureKind, Damage, Failure
from warehouse.store.archive_files import SUFFIX

log = logging.getLogger(__name__)

_MAX_PAYLOAD_BYTES = 256 * 1024 * 1024
_PAYLOADS = frozenset({"response", "resource"})


def read_archive(path: Path, damage: list[Damage] | None = None) -> Iterator[tuple[Capture, bytes]]:
    """Every readable capture with its decoded payload, empty where there was none or it is broken.

    Damaged records are logged and added to `damage`. OSError where the file cannot be opened.
    """
    for found in read_archive_damage(path):
        if isinstance(found, Damage):
            log.warning("%s#%d: %s", path, found.offset, found.reason)
            if damage is not None:
                damage.append(found)
        else:
            yield found


def read_archive_damage(path: Path) -> Iterator[tuple[Capture, bytes] | Damage]:
    """The captures of `read_archive`, with each damage where it was found."""
    ours = path.parent.name, path.name.removesuffix(OPEN_SUFFIX).removesuffix(SUFFIX)
    for each in _captures(_records(path)):
        if not isinstance(each, Damage) and (each[0].source_id, each[0].run_id) != ours:
            offset = int((each[0].raw_ref or "#0").rpartition("#")[2])
            yield Damage(offset, f"a capture of {each[0].source_id}/{each[0].run_id}")
        else:
            yield each


def read_capture(raw: Path, raw_ref: str) -> tuple[Capture, bytes]:
    """The capture whose record is at a `raw_ref`, with its payload; OSError, ValueError if none."""
    path, offset = _file_and_offset(raw, raw_ref)
    found = next(_captures(_records(path, offset)), None)
    if found is None or isinstance(found, Damage):
        raise ValueError(f"{raw_ref}: {found.reason if found else 'no capture at that offset'}")
    return found


def is_own(record: Record, path: Path) -> bool:
    """Whether a record of a file was written as part of the archive that the file is named as."""
    return record.get("warc-warcinfo-id") == urn(warcinfo_id(path.parent.name, path.name))


def opened_at(path: Path) -> datetime:
    """When writing of an archive file started; OSError or ValueError where it is damaged.

    Where the first record is unreadable, the date of the first readable one.
    """
    first = next((found for found in _records(path) if isinstance(found, Record)), None)
    if first is None or (first.offset == 0 and first.kind != "warcinfo"):
        raise ValueError(f"{path}: does not start with a warcinfo record")
    return datetime.fromisoformat(first.get("warc-date"))


def read_payload(raw: Path, raw_ref: str) -> bytes:
    """The decoded payload of the record at a `raw_ref`, empty where it is broken.

    Raises OSError or ValueError where there is no response or resource record.
    """
    path, offset = _file_and_offset(raw, raw_ref)
    record = next(_records(path, offset, offset + 1), None)
    if not isinstance(record, Record) or record.kind not in _PAYLOADS:
        raise ValueError(f"{raw_ref}: no response or resource record at that offset")
    return _payload(record, _MAX_PAYLOAD_BYTES) or b""


def _file_and_offset(raw: Path, raw_ref: str) -> tuple[Path, int]:
    name, _, offset = raw_ref.rpartition("#")
    return raw / name, int(offset)


def _records(path: Path, start: int = 0, end: int | None = None) -> Iterator[Record | Damage]:
    end = path.stat().st_size if end is None else end
    return read_records(path, start, end, _MAX_PAYLOAD_BYTES, _PAYLOADS | {"metadata"}, GZIP)


def _captures(records: Iterable[Record | Damage]) -> Iterator[tuple[Capture, bytes] | Damage]:
    last: Record | None = None
    for record in records:
        if isinstance(record, Record) and not record.is_whole:
            record = Damage(record.offset, "the record is damaged")
        if isinstance(record, Damage):
            last = None
            yield record
        elif record.kind in _PAYLOADS:
            last = record
        elif record.kind == "metadata":
            try:
                capture = capture_from_json(record.block)
            except (ValueError, KeyError, TypeError) as error:
                yield Damage(record.offset, f"no capture: {error}")
                last = None
                continue
            payload: bytes | None = b""
            # A robots.txt may be archived truncated.
            if last and capture.payload_sha256 and capture.kind is not CaptureKind.ROBOTS:
                # Compression makes a few bytes longer, and a sitemap that is compressed as a file.
                most = max(capture.payload_bytes, last.size)
                payload = _payload(last, most)
                if payload is None or sha256(payload).hexdigest() != capture.payload_sha256:
                    yield Damage(last.offset, "the payload is not the one that was fetched")
                    payload = b""
            yield capture, payload or b""
            last = None


def _payload(record: Record, max_bytes: int) -> bytes | None:
    """The decoded payload; None where it is broken or larger than `max_bytes`."""
    if record.kind == "resource":
        return record.block
    try:
        return read_body(recorded(record.block), max_bytes)
    except Failure:
        return None
