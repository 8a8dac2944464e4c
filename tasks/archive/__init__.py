"""The raw archive: one WARC file a source and run, with every attempt as it went over the wire.

An attempt is a group of records: requests and responses, or one resource, then a `metadata` record
with the `Capture` as JSON. The file being written ends in `.open` and is locked.
"""

from tasks.archive.half_written import salvage, unfinished
from tasks.archive.read import (
    is_own,
    opened_at,
    read_archive,
    read_archive_damage,
    read_capture,
    read_payload,
)
from tasks.archive.warc_records import OPEN_SUFFIX
from tasks.archive.write import ArchiveWriter

__all__ = [
    "OPEN_SUFFIX",
    "ArchiveWriter",
    "is_own",
    "opened_at",
    "read_archive",
    "read_archive_damage",
    "read_capture",
    "read_payload",
    "salvage",
    "unfinished",
]
