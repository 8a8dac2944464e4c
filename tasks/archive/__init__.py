"""The raw archive: one WARC file a source and run, with every attempt as it went over the wire.

An attempt is a group of records: requests and responses, or one resource, then a `metadata` record
with the `Capture` as JSON. A group without its metadata record does not count, so a file truncated
anywhere tells which attempts are complete. The file being written ends in `.open` and is locked;
the kernel releases the lock when the writer dies.
"""

from tasks.archive.read import opened_at, read_archive, read_capture, read_payload
from tasks.archive.write import OPEN_SUFFIX, ArchiveWriter, salvage, unfinished

__all__ = [
    "OPEN_SUFFIX",
    "ArchiveWriter",
    "opened_at",
    "read_archive",
    "read_capture",
    "read_payload",
    "salvage",
    "unfinished",
]
