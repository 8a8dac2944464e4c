"""Records of any WARC file, plain or compressed record by record with gzip or zstd.

fastwarc alone stops at the first damaged record, and reads past the end of a record with a wrong
length into the next one. Here reading resumes where the next record starts, and a record that does
not end where one starts counts as damaged unless its digest matches.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import IO

from fastwarc.warc import ArchiveIterator, WarcRecord

from tasks.archive.warc_files import WarcPath, read_at, size_of
from tasks.archive.warc_records import GZIP, ZSTD, read_beginning
from tasks.model import Damage
from tasks.text.toml_reader import ConfigError

MAX_HEADER_BYTES = 64 * 1024  # bytes of HTTP headers allowed beside the largest body
_BEGIN = b"WARC/"
_STARTS = {
    GZIP: re.compile(re.escape(GZIP)),
    ZSTD: re.compile(re.escape(ZSTD)),
    b"": re.compile(rb"(?m)^WARC/1\.[01]\r?\n"),
}
_PIECE_BYTES = 1024 * 1024
_PROBE_BYTES = 4096  # bytes that tell whether a record starts


@dataclass(frozen=True, slots=True)
class Record:
    """One record."""

    offset: int  # in the file
    kind: str  # WARC-Type
    headers: dict[str, str]  # by name in lower case
    block: bytes = b""  # empty where it is larger than `max_bytes` or of another kind
    size: int = 0  # of the block, by the header
    is_whole: bool = True

    def get(self, name: str) -> str:
        """A header's value; empty where there is none."""
        return self.headers.get(name, "")


def read_records(
    path: WarcPath,
    start: int,
    end: int,
    max_bytes: int,
    kinds: frozenset[str],
    magic: bytes | None = None,
) -> Iterator[Record | Damage]:
    """Records that start in a range of a file, in order; ConfigError if compressed as a whole.

    Only blocks of records of these kinds are read, and none larger than `max_bytes`; a record
    without its block still has its `size`. `magic` is that of the file's records; None reads it
    from the file's beginning.
    """
    with path.open("rb") as file:
        magic = magic_of(file) if magic is None else magic
        at: int | None = start
        while at is not None and at < end:
            lost = yield from _records_from(file, at, end, max_bytes, kinds, magic)
            at = None if lost is None else next_start(file, lost + 1, magic)


def _records_from(
    file: IO[bytes], at: int, end: int, max_bytes: int, kinds: frozenset[str], magic: bytes
) -> Generator[Record | Damage, None, int | None]:
    """Records from an offset on, each yielded once the next one has been found.

    Returns the offset of what could not be read to its end; None when the range is read.
    """
    if not read_at(file, len(magic), at).startswith(magic):
        # fastwarc would take it for plain text, and end without a record.
        yield Damage(at, "no record starts here")
        return at
    file.seek(at)
    before: Record | None = None
    records = iter(ArchiveIterator(file, parse_http=False))
    while True:
        try:
            found = next(records, None)
            # A file compressed as a whole is one member, and its records begin within it.
            if found and magic and not read_at(file, 4, found.stream_pos).startswith(magic):
                fix = "`fastwarc recompress` makes it so"
                raise ConfigError([f"{file.name}: not compressed record by record; {fix}"])
        except OSError as error:
            return (yield from _before_damage(file, at, before, magic, error))
        if before:
            # gzip has checksums; zstd may have none, and plain records have none.
            yield (
                _without_block(before)
                if magic != GZIP and _matches_digest(before) is False
                else before
            )
        if found is None and before and magic == GZIP and _member(file, before.offset) == (0, 0):
            # fastwarc reads a member whose last bytes, its checksum, are missing.
            yield Damage(before.offset, "the file ends within this record")
            return before.offset
        if found is None or found.stream_pos >= end:
            return None
        before = _read(found, max_bytes, kinds)
        if not before.is_whole:  # shorter than its Content-Length
            yield before
            return before.offset


def _before_damage(
    file: IO[bytes], at: int, before: Record | None, magic: bytes, error: OSError
) -> Generator[Record | Damage, None, int]:
    """The last record before unreadable bytes, and the damage; returns the offset of the damage."""
    if before is None:
        yield Damage(at, str(error))
        return at
    end_of_member, length = _member(file, before.offset) if magic == GZIP else (0, 0)
    if end_of_member and length == before.size:
        yield before  # the next one is damaged
        yield Damage(end_of_member, str(error))
        return end_of_member
    yield before if _matches_digest(before) else _without_block(before)
    yield Damage(before.offset, f"after this record: {error}")
    return before.offset


def _member(file: IO[bytes], at: int) -> tuple[int, int]:
    """Where the gzip member at an offset ends, and the bytes of its block; zeros if damaged."""
    stream, some, head, size = zlib.decompressobj(16 + zlib.MAX_WBITS), b"", b"", 0
    while not stream.eof:
        if not some:
            some = read_at(file, _PIECE_BYTES, at)
            at += len(some)
            if not some:
                return 0, 0
        try:
            text = stream.decompress(some, _PIECE_BYTES)
        except zlib.error:
            return 0, 0
        head += text[: MAX_HEADER_BYTES - len(head)]
        size += len(text)
        some = stream.unconsumed_tail
    ends = len(b"\r\n\r\n")
    return at - len(stream.unused_data), size - (head.find(b"\r\n\r\n") + ends) - ends


def _read(found: WarcRecord, max_bytes: int, kinds: frozenset[str]) -> Record:
    headers = {name.lower(): value for name, value in found.headers}
    kind, length = headers.get("warc-type", ""), headers.get("content-length", "")
    # int() also reads " 12", "+12", "1_2" and digits of other scripts.
    size = int(length) if length.isascii() and length.isdigit() and len(length) <= 18 else -1
    record = Record(found.stream_pos, kind, headers, size=max(size, 0))
    try:
        if kind in kinds and 0 <= size <= max_bytes:
            block = found.reader.read() if found.reader else b""
            return replace(record, block=block, is_whole=len(block) == size)
        return replace(record, is_whole=size == (found.reader.consume() if found.reader else 0))
    except OSError:
        return replace(record, is_whole=False)


def _matches_digest(record: Record) -> bool | None:
    """Whether the block matches the record's digest; None where it has none that is known."""
    name, _, digest = record.get("warc-block-digest").partition(":")
    if name.lower() not in ("sha1", "sha256") or not record.block:
        return None
    found = hashlib.new(name.lower(), record.block, usedforsecurity=False)
    return digest.lower() in (base64.b32encode(found.digest()).decode().lower(), found.hexdigest())


def _without_block(record: Record) -> Record:
    return replace(record, block=b"", is_whole=False)


def magic_of(file: IO[bytes]) -> bytes:
    """The magic bytes of each record of the file: of gzip, of zstd, or none."""
    head = read_at(file, 4, 0)
    return next((magic for magic in (GZIP, ZSTD) if head.startswith(magic)), b"")


def next_start(file: IO[bytes], at: int, magic: bytes) -> int | None:
    """Offset of the next record, at an offset or after it; None where there is none."""
    begin = max(at - 1, 0)  # the byte before tells whether a line starts at the offset
    while some := read_at(file, _PIECE_BYTES + 16, begin):
        for found in _STARTS[magic].finditer(some, at - begin):
            offset = begin + found.start()
            if read_beginning(read_at(file, _PROBE_BYTES, offset), len(_BEGIN)).startswith(_BEGIN):
                return offset
        if len(some) <= _PIECE_BYTES:
            return None
        begin += _PIECE_BYTES
        at = begin + 1  # what starts at `begin` is within the piece before
    return None


def record_starts(path: WarcPath, size: int) -> list[int]:
    """Offsets of records that split a file into ranges of about `size` bytes; the first is 0."""
    # The whole file is read: what looks like a record at some offset may be part of a page, and no
    # page may pass for another source's.
    cuts = [0]
    for record in read_records(path, 0, size_of(path), 0, frozenset()):
        if isinstance(record, Record) and record.offset >= cuts[-1] + size:
            cuts.append(record.offset)
    return cuts
