"""One raw archive file refined: its pages extracted, cleaned, normalised and staged."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.archive import read_archive
from tasks.extract import extract_page
from tasks.model import Batch, Capture, Extraction, Outcome
from tasks.normalise import EXTRACTOR_VERSION, article_row, stripped_rows
from tasks.pool import PagePool
from tasks.progress import advance
from tasks.schemas import ARTICLE_SCHEMA, CAPTURE_SCHEMA, STRIPPED_SCHEMA
from tasks.sources import Source
from warehouse.layout import Layout

ROWS_A_BATCH = 500

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refined:
    """The rows that one capture gives."""

    capture: Row
    article: Row | None = None
    stripped: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """What extraction has to know of a page's source."""

    language: str | None = None
    timezone: str = "UTC"


def refine_page(capture: Capture, payload: bytes, origin: Origin) -> Refined:
    """Extract, clean and normalise one page; runs in a process of the pool."""
    extraction = extract_page(
        payload,
        capture.content_type,
        capture.given_url or capture.url_final,
        source_language=origin.language,
        timezone=origin.timezone,
    )
    if extraction.outcome is not Outcome.ARTICLE:
        return rejected(capture, extraction)
    return _accepted(capture, extraction)


def rejected(capture: Capture, why: Extraction) -> Refined:
    """A capture whose page gave no article."""
    return Refined(asdict(replace(capture, outcome=why.outcome, detail=why.detail)))


def _accepted(capture: Capture, extraction: Extraction) -> Refined:
    article = article_row(extraction, capture, extractor_version=EXTRACTOR_VERSION)
    done = replace(capture, outcome=Outcome.ARTICLE, article_id=article["article_id"])
    stripped = stripped_rows(extraction, capture, article["article_id"])
    return Refined(asdict(done), article, tuple(stripped))


def refine(
    warc: Path, run_id: str, layout: Layout, sources: Mapping[str, Source], pool: PagePool
) -> Batch:
    """Refine one archive file into `stage/<run_id>/<source_id>/`.

    Returns:
        The batch; the same archive file gives the same staged rows, in the archive's order.
    """
    source_id = warc.parent.name
    stage = layout.stage / run_id / source_id
    counts: Counter[str] = Counter()
    with _staging(stage) as put:
        for refined in _refined(warc, _origin(sources.get(source_id)), pool):
            counts[refined.capture["outcome"]] += 1
            advance(f"{source_id}: refined", counts.total(), None)
            put(refined)
    return Batch(run_id, source_id, warc, stage, dict(sorted(counts.items())))


def _origin(source: Source | None) -> Origin:
    return Origin(source.language, source.timezone) if source else Origin()


def _refined(warc: Path, origin: Origin, pool: PagePool) -> Iterator[Refined]:
    for capture, done in pool.in_order(_submitted(warc, origin, pool)):
        if isinstance(done, Extraction):
            yield rejected(capture, done)
        else:
            yield done or Refined(asdict(capture))


def _submitted(
    warc: Path, origin: Origin, pool: PagePool
) -> Iterator[tuple[Capture, "Future[Refined | Extraction] | None"]]:
    for capture, payload in read_archive(warc):
        is_page = capture.outcome is Outcome.FETCHED
        yield capture, pool.submit(refine_page, capture, payload, origin) if is_page else None


@contextmanager
def _staging(stage: Path) -> Iterator[Callable[[Refined], None]]:
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
        for table in (captures, articles, stripped):
            table.close()


class _Table:
    """Rows on their way into an Arrow file, a batch at a time."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._rows: list[Row] = []
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._file, schema)

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= ROWS_A_BATCH:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_batch(pa.RecordBatch.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()
