"""One raw archive file refined: its pages extracted, cleaned, normalised and staged."""

import io
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeAlias

import pyarrow as pa

from tasks.archive import read_archive, read_payload
from tasks.extract import extract_page
from tasks.model import Batch, Capture, Extraction, Outcome
from tasks.process_pool import PagePool
from tasks.progress import advance
from tasks.prompts import NO_SITE, Site
from tasks.refine.boilerplate_cache import MOST_FILES, Memory
from tasks.refine.normalise import EXTRACTOR_VERSION, article_row, stripped_rows
from tasks.refine.site_boilerplate import Print, chosen, find_recurring, kept_texts, print_of
from tasks.sources.block_overrides import NO_MARKS, Marks
from tasks.sources.source import Source
from warehouse.layers.layout import Layout
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, CAPTURE_SCHEMA, STRIPPED_SCHEMA
from warehouse.store.archive_files import bring_archives

ROWS_A_BATCH = 500
IN_MEMORY = 1024 * 1024
"""Bytes of refined pages that wait in memory; more wait on disk."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refined:
    """The rows that one capture gives."""

    capture: Row
    article: Row | None = None
    stripped: tuple[Row, ...] = ()
    seen: Print | None = None
    """What there is to remember of the page, where it gave an article."""
    kept: frozenset[int] = frozenset()
    """Hashes of its body and captions."""


Submitted: TypeAlias = "Future[Refined | Extraction] | None"


@dataclass(frozen=True, slots=True)
class Origin:
    """What extraction has to know of a page's source."""

    language: str | None = None
    timezone: str = "UTC"
    marks: Marks = NO_MARKS

    @property
    def version(self) -> str:
        """What rows from this source say they were made by."""
        return f"{EXTRACTOR_VERSION}{self.marks.version}"

    @property
    def made_by(self) -> str:
        """All that its pages' texts depend on besides the pages."""
        return f"{self.version} {self.language} {self.timezone}"


def refine_page(capture: Capture, payload: bytes, origin: Origin, site: Site = NO_SITE) -> Refined:
    """Extract, clean and normalise one page; runs in a process of the pool."""
    extraction = extract_page(
        payload,
        capture.content_type,
        capture.given_url or capture.url_final,
        source_language=origin.language,
        timezone=origin.timezone,
        marks=origin.marks,
        site=site,
    )
    if extraction.outcome is not Outcome.ARTICLE:
        return rejected(capture, extraction)
    return _accepted(capture, extraction, origin)


def rejected(capture: Capture, why: Extraction) -> Refined:
    """A capture whose page gave no article."""
    return Refined(asdict(replace(capture, outcome=why.outcome, detail=why.detail)))


def _accepted(capture: Capture, extraction: Extraction, origin: Origin) -> Refined:
    article = article_row(extraction, capture, extractor_version=origin.version)
    done = replace(capture, outcome=Outcome.ARTICLE, article_id=article["article_id"])
    stripped = stripped_rows(extraction, capture, article["article_id"])
    kept = kept_texts(extraction.page)
    seen = print_of(article, kept, extraction.stripped)
    return Refined(asdict(done), article, tuple(stripped), seen, kept)


def refine(
    warc: Path, run_id: str, layout: Layout, sources: Mapping[str, Source], pool: PagePool
) -> Batch:
    """Refine one archive file into `stage/<run_id>/<source_id>/`.

    Its pages are refined each by itself, and those again that keep what recurs over the pages of
    this and the source's earlier archive files.

    Returns:
        The batch; the same archive files give the same staged rows, in the archive's order.
    """
    source_id = warc.parent.name
    stage = layout.stage / run_id / source_id
    refiner = _Refiner(origin_of(sources.get(source_id)), pool)
    memory = Memory(layout.prints / source_id, refiner.origin.made_by, refiner.prints)
    counts: Counter[str] = Counter()
    with SpooledTemporaryFile(IN_MEMORY) as spool, staging(stage) as put:
        own = chosen(_seen(refiner.spooled(warc, spool)))
        if own:
            memory.keep(warc, own)
            bring_archives(layout, source_id, MOST_FILES)
            refiner.site = find_recurring(chain([own], memory.earlier(warc)))
        for refined in refiner.again(warc, spool):
            counts[refined.capture["outcome"]] += 1
            put(refined)
    return Batch(run_id, source_id, warc, stage, dict(sorted(counts.items())))


def origin_of(source: Source | None) -> Origin:
    """What extraction has to know of a page of this source; None for one that is not configured."""
    return Origin(source.language, source.timezone, source.marks) if source else Origin()


def _seen(pages: Iterable[Refined]) -> Iterator[Print]:
    return (refined.seen for refined in pages if refined.seen)


class _Refiner:
    """Refines the pages of one source."""

    def __init__(self, origin: Origin, pool: PagePool) -> None:
        self.origin, self.pool = origin, pool
        self.site = NO_SITE

    def prints(self, warc: Path) -> Iterator[Print]:
        """What there is to remember of an archive file's pages."""
        return _seen(refined for _, refined in self._pages(warc))

    def spooled(self, warc: Path, spool: IO[bytes]) -> Iterator[Refined]:
        """An archive file's pages, each refined by itself and put into the spool."""
        for number, (capture, refined) in enumerate(self._pages(warc), 1):
            advance(f"{warc.parent.name}: refined", number, None)
            pickle.dump((capture, refined), spool)
            yield refined

    def again(self, warc: Path, spool: IO[bytes]) -> Iterator[Refined]:
        """What the spool holds; refined again where a page keeps what recurs over the site."""
        submitted = (
            (refined, self._submit_again(warc, capture, refined))
            for capture, refined in _unspooled(spool)
        )
        for refined, done in self.pool.in_order(submitted):
            yield beside(done, refined) if isinstance(done, Refined) else refined

    def _submit_again(self, warc: Path, capture: Capture, refined: Refined) -> Submitted:
        found = refined.kept & self.site.counts.keys()
        if not found:
            return None
        offset = (capture.raw_ref or "").rpartition("#")[2]
        payload = read_payload(warc.parent, f"{warc.name}#{offset}")
        site = Site(self.site.pages, {text: self.site.counts[text] for text in found})
        return self.pool.submit(refine_page, capture, payload, self.origin, site)

    def _pages(self, warc: Path) -> Iterator[tuple[Capture, Refined]]:
        for capture, done in self.pool.in_order(self._submitted(warc)):
            if isinstance(done, Extraction):
                yield capture, rejected(capture, done)
            else:
                yield capture, done or Refined(asdict(capture))

    def _submitted(self, warc: Path) -> Iterator[tuple[Capture, Submitted]]:
        submit = self.pool.submit
        for capture, payload in read_archive(warc):
            is_page = capture.outcome is Outcome.FETCHED
            yield capture, submit(refine_page, capture, payload, self.origin) if is_page else None


def beside(again: Refined, alone: Refined) -> Refined:
    """A page refined again, with what its text is known by without what the site has told."""
    if again.article is None or alone.article is None:
        return again
    key = alone.article["body_sha256"]
    if key == again.article["body_sha256"]:
        return again
    return replace(again, article=again.article | {"page_sha256": key})


def _unspooled(spool: IO[bytes]) -> Iterator[tuple[Capture, Refined]]:
    spool.seek(0)
    with suppress(EOFError):
        while True:
            yield pickle.load(spool)  # noqa: S301 - what this run has just written


@contextmanager
def staging(stage: Path) -> Iterator[Callable[[Refined], None]]:
    """A folder of staged rows, filled by what is put into it.

    Its captures are there in any case, articles and stripped blocks where there are some.
    """
    stage.mkdir(parents=True, exist_ok=True)
    captures = _Table(stage / "captures.arrow", CAPTURE_SCHEMA)
    articles = _Table(stage / "articles.arrow", ARTICLE_SCHEMA)
    stripped = _Table(stage / "stripped_blocks.arrow", STRIPPED_SCHEMA)

    def put(refined: Refined) -> None:
        captures.add(refined.capture)
        if refined.article is not None:
            articles.add(refined.article)
        for row in refined.stripped:
            stripped.add(row)

    try:
        yield put
    finally:
        for table in (articles, stripped, captures):
            table.close()
        if not captures.path.exists():
            captures.path.write_bytes(_no_rows(CAPTURE_SCHEMA))


class _Table:
    """Rows on their way into an Arrow file, a batch at a time."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._schema = schema
        self._rows: list[Row] = []
        self._file: pa.OSFile | None = None

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= ROWS_A_BATCH:
            self._flush()

    def close(self) -> None:
        self._flush()
        if self._file is None:
            self.path.unlink(missing_ok=True)  # of an attempt that was cut short
        else:
            self._writer.close()
            self._file.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._file is None:
            self._file = pa.OSFile(str(self.path), "wb")
            self._writer = pa.ipc.new_file(self._file, self._schema)
        self._writer.write_batch(pa.RecordBatch.from_pylist(self._rows, schema=self._schema))
        self._rows.clear()


def _no_rows(schema: pa.Schema) -> bytes:
    """An Arrow file without rows."""
    file = io.BytesIO()
    pa.ipc.new_file(file, schema).close()
    return file.getvalue()
