"""Fingerprints of the pages of a source's earlier archive files, in a cache.

They are computed again when the cache is gone or was written by another version.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa

from tasks.archive import opened_at
from tasks.refine.normalise import EXTRACTOR_HASH_1
from tasks.refine.site_boilerplate import PageFingerprint, select_fingerprints
from warehouse.store.archive_files import SUFFIX

log = logging.getLogger(__name__)

# Earlier archive files that are read at most; polls that find nothing leave small ones.
MAX_FILES = 500
SCHEMA = pa.schema(
    [("url", pa.uint64()), ("headline", pa.uint64()), ("texts", pa.list_(pa.uint64()))]
)


@dataclass(frozen=True, slots=True)
class BoilerplateCache:
    """The fingerprints of one source's archive files."""

    folder: Path
    made_by: str  # Version and settings that the fingerprints depend on
    make: Callable[[Path], Iterable[PageFingerprint]]  # Of an archive file's pages

    def keep(self, warc: Path, fingerprints: Iterable[PageFingerprint]) -> None:
        """Write the selected fingerprints of an archive file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        schema = SCHEMA.with_metadata({"made_by": self._version(warc)})
        rows = pa.RecordBatch.from_pylist([each._asdict() for each in fingerprints], schema=schema)
        path = self._path(warc)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with pa.OSFile(str(fresh), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(rows)
        fresh.replace(path)

    def earlier(self, warc: Path) -> Iterator[list[PageFingerprint]]:
        """Those of the source's archive files that were begun before this one, the newest first."""
        for path in islice(_begun_before(warc), MAX_FILES):
            try:
                known = self._recall(path)
                fingerprints = select_fingerprints(self.make(path)) if known is None else known
            except (OSError, ValueError) as error:
                log.warning("%s is damaged and is left out: %s", path, error)
                continue
            if known is None:  # also of a poll that found nothing new
                self.keep(path, fingerprints)
            yield fingerprints

    def _recall(self, warc: Path) -> list[PageFingerprint] | None:
        with suppress(OSError, pa.ArrowInvalid), pa.OSFile(str(self._path(warc))) as file:
            table = pa.ipc.open_file(file).read_all()
            made_by = (table.schema.metadata or {}).get(b"made_by", b"").decode()
            if made_by.replace(EXTRACTOR_HASH_1, "1") == self._version(warc):
                return [PageFingerprint(*row.values()) for row in table.to_pylist()]
        return None

    def _path(self, warc: Path) -> Path:
        return self.folder / f"{warc.name.removesuffix(SUFFIX)}.arrow"

    def _version(self, warc: Path) -> str:
        return f"{self.made_by} {warc.stat().st_size}"


def _begun_before(warc: Path) -> Iterator[Path]:
    """The source's archive files that were begun before one of them, the newest first."""
    # Runs follow one another, but not always in the order of their ids: a run that began first may
    # come to the source last.
    begun = opened_at(warc), warc.name
    last = f"{begun[0]:%Y%m%dT%H%M%SZ}~"
    for path in sorted(warc.parent.glob("*" + SUFFIX), reverse=True):
        with suppress(OSError, ValueError):  # what begins as no archive
            if path.name < last and (opened_at(path), path.name) < begun:
                yield path
