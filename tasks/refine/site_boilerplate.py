"""Texts that recur over the pages of a site, counted over fingerprints: hashes of their texts."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from heapq import nsmallest
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from tasks.archive.read import opened_at
from tasks.model import PageText, StrippedBlock
from tasks.prompts.page_hints import Site
from tasks.prompts.strip_boilerplate import MIN_LABEL_SHARE, exact_hash, text_hash
from warehouse.store.archive_files import SUFFIX

log = logging.getLogger(__name__)

ENOUGH_PAGES = 200  # From this many pages on, no earlier archive file is read
MAX_PAGES = 500  # Fingerprints kept of one archive file
MAX_TEXTS = 2000  # Hashes kept of one page; news pages have about 150
MIN_PAGES = 3  # A text on fewer pages with different headlines does not recur
# Most earlier archive files that are read: polls that find nothing new leave many small ones.
MAX_FILES = 500
SCHEMA = pa.schema(
    [("url", pa.uint64()), ("headline", pa.uint64()), ("texts", pa.list_(pa.uint64()))]
)


class PageFingerprint(NamedTuple):
    """A page as hashes of its texts."""

    url: int
    headline: int
    texts: list[int]  # Of all its text blocks, kept or not, in ascending order


def kept_texts(page: PageText) -> frozenset[int]:
    """Hashes of the texts kept as body and captions."""
    return frozenset(map(text_hash, (*page.paragraphs, *page.captions))) - {0}


def fingerprint(
    article: Mapping[str, Any], kept: frozenset[int], stripped: Iterable[StrippedBlock]
) -> PageFingerprint:
    """The fingerprint of a page that gave an article."""
    texts = kept.union(text_hash(block.text) for block in stripped)
    return PageFingerprint(
        exact_hash(article["url_canonical"].encode()),
        text_hash(article["headline"]),
        nsmallest(MAX_TEXTS, texts - {0}),
    )


def select_fingerprints(fingerprints: Iterable[PageFingerprint]) -> list[PageFingerprint]:
    """At most `MAX_PAGES` of an archive file, one per URL; independent of the order of pages."""
    return list({each.url: each for each in nsmallest(MAX_PAGES, fingerprints)}.values())


def find_recurring(files: Iterable[Iterable[PageFingerprint]]) -> Site:
    """Count on how many pages each text occurs; pages with the same headline are one page.

    `files` has the fingerprints of a site's archive files, the newest first; only the newest
    fingerprint of a URL counts.
    """
    urls: set[int] = set()
    pages: dict[int, set[int]] = {}
    for file in files:
        for each in file:
            if each.url not in urls:
                urls.add(each.url)
                pages.setdefault(each.headline, set()).update(each.texts)
        if len(urls) >= ENOUGH_PAGES:
            break
    counts = Counter(chain.from_iterable(pages.values()))
    least = max(MIN_PAGES, MIN_LABEL_SHARE * len(pages))
    return Site(len(pages), {text: count for text, count in counts.items() if count >= least})


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
        out = pa.BufferOutputStream()
        with pa.ipc.new_file(out, schema) as writer:
            writer.write_batch(rows)
        content = out.getvalue().to_pybytes()
        # With a checksum: a damaged fingerprint would change which texts count as boilerplate.
        fresh.write_bytes(sha256(content).digest() + content)
        fresh.replace(path)

    def earlier(self, warc: Path) -> Iterator[list[PageFingerprint]]:
        """Fingerprints of each archive file of the source begun before this one, newest first."""
        for path in islice(_begun_before(warc), MAX_FILES):
            try:
                known = self._recall(path)
                fingerprints = select_fingerprints(self.make(path)) if known is None else known
            except (OSError, ValueError) as error:
                log.warning("%s is damaged and is left out: %s", path, error)
                continue
            if known is None:  # cached also for a poll that found nothing new
                self.keep(path, fingerprints)
            yield fingerprints

    def _recall(self, warc: Path) -> list[PageFingerprint] | None:
        path = self._path(warc)
        content = path.read_bytes() if path.exists() else b""
        if not content or content.startswith(b"ARROW1"):  # version 0.1.0 wrote no checksum
            return None
        if sha256(content[32:]).digest() != content[:32]:
            log.warning("%s is damaged and is made again", path)
            return None
        table = pa.ipc.open_file(pa.BufferReader(content[32:])).read_all()
        if table.schema.metadata[b"made_by"].decode() != self._version(warc):
            return None
        return [PageFingerprint(*row.values()) for row in table.to_pylist()]

    def _path(self, warc: Path) -> Path:
        return self.folder / f"{warc.name.removesuffix(SUFFIX)}.arrow"

    def _version(self, warc: Path) -> str:
        return f"{self.made_by} {warc.stat().st_size}"


def _begun_before(warc: Path) -> Iterator[Path]:
    """The source's archive files that were begun before one of them, the newest first."""
    # Not in the order of run ids: a run that began first may reach the source last.
    begun = opened_at(warc), warc.name
    last = f"{begun[0]:%Y%m%dT%H%M%SZ}~"
    for path in sorted(warc.parent.glob("*" + SUFFIX), reverse=True):
        with suppress(OSError, ValueError):  # a file that does not begin like an archive
            if path.name < last and (opened_at(path), path.name) < begun:
                yield path
