"""What is remembered of a source's pages: the prints of its archive files, in a cache.

They are made from the archive files alone, and made again when they are gone or were made by
another version: the cache saves time and decides nothing.
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
from tasks.refine.site_boilerplate import Print, chosen
from warehouse.store.archive_files import SUFFIX

log = logging.getLogger(__name__)

MOST_FILES = 500
"""Archive files of a source that are looked back at: polls that bring nothing leave small ones."""
SCHEMA = pa.schema(
    [("url", pa.uint64()), ("headline", pa.uint64()), ("texts", pa.list_(pa.uint64()))]
)


@dataclass(frozen=True, slots=True)
class Memory:
    """The prints of one source's archive files.

    Of those that brought no page they are kept once they are asked for: a poll that finds nothing
    new makes no file here.
    """

    folder: Path
    made_by: str
    """Version and settings that the prints depend on."""
    make: Callable[[Path], Iterable[Print]]
    """Makes the prints of an archive file's pages."""

    def keep(self, warc: Path, kept: Iterable[Print]) -> None:
        """Keep what was chosen to be remembered of an archive file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        schema = SCHEMA.with_metadata({"made_by": self._version(warc)})
        rows = pa.RecordBatch.from_pylist([each._asdict() for each in kept], schema=schema)
        path = self._path(warc)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with pa.OSFile(str(fresh), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            writer.write_batch(rows)
        fresh.replace(path)

    def earlier(self, warc: Path) -> Iterator[list[Print]]:
        """The prints of the source's archive files begun before this one, the newest first."""
        for path in islice(_begun_before(warc), MOST_FILES):
            try:
                known = self._recall(path)
                prints = chosen(self.make(path)) if known is None else known
            except (OSError, ValueError) as error:
                log.warning("%s is damaged and tells nothing of its source: %s", path, error)
                continue
            if known is None:
                self.keep(path, prints)
            yield prints

    def _recall(self, warc: Path) -> list[Print] | None:
        with suppress(OSError, pa.ArrowInvalid), pa.OSFile(str(self._path(warc))) as file:
            table = pa.ipc.open_file(file).read_all()
            made_by = (table.schema.metadata or {}).get(b"made_by", b"").decode()
            if made_by.replace(EXTRACTOR_HASH_1, "1") == self._version(warc):
                return [Print(*row.values()) for row in table.to_pylist()]
        return None

    def _path(self, warc: Path) -> Path:
        return self.folder / f"{warc.name.removesuffix(SUFFIX)}.arrow"

    def _version(self, warc: Path) -> str:
        return f"{self.made_by} {warc.stat().st_size}"


def _begun_before(warc: Path) -> Iterator[Path]:
    """The source's archive files that were begun before one of them, the newest first.

    Its runs follow one another, but not always in the order of their ids: a run that began first
    may come to the source last. What begins as no archive is passed over.
    """
    begun = opened_at(warc), warc.name
    last = f"{begun[0]:%Y%m%dT%H%M%SZ}~"
    for path in sorted(warc.parent.glob("*" + SUFFIX), reverse=True):
        with suppress(OSError, ValueError):
            if path.name < last and (opened_at(path), path.name) < begun:
                yield path
