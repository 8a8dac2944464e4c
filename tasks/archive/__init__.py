"""The raw archive: one WARC file a source and run, every attempt in it as it went over the wire.

An attempt is a group: its request and response records, or one resource record, then a `metadata`
record with the `Capture` as JSON, without which it does not count: a file cut anywhere says which
attempts are whole. The file being written is called `.open` and locked; the kernel frees the lock
when the writer dies.
"""

from tasks.archive.read import opened_at, read_archive, read_capture, read_payload
from tasks.archive.write import OPEN_SUFFIX, ArchiveWriter, open_archive, salvage, unfinished

__all__ = [
    "OPEN_SUFFIX",
    "ArchiveWriter",
    "open_archive",
    "opened_at",
    "read_archive",
    "read_capture",
    "read_payload",
    "salvage",
    "unfinished",
]
