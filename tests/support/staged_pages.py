"""Made articles, staged as the refining step leaves them."""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pyarrow as pa

from tasks.collect.listings import find_files, read_file
from tasks.model import Batch
from tasks.partition.partitions import Run
from tasks.refine.normalise import sketched
from tasks.sources.source import Source
from tasks.text.sentence_split import word_count
from tasks.topics.topic import TopicEntry
from warehouse.layers.layout import Layout
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, CAPTURE_SCHEMA, STRIPPED_SCHEMA
from warehouse.read.query import open_snapshot, records

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
WORDS = tuple(
    word
    for line in (
        "harbour council ferry bridge budget minister market orchard winter museum library tram",
        "rain school river festival engine clinic garden mayor ballot strike bakery lantern quarry",
    )
    for word in line.split()
)

HARVEST = TopicEntry(id="harvest", name="Harvest", aliases=("harvest", "grain fair")).topic()
SUMMIT = TopicEntry(id="summit", name="Summit", aliases=("G20", "lakeside summit")).topic()
TOPICS = (HARVEST, SUMMIT)


def source(source_id: str = "gb-post", **kwargs: Any) -> Source:
    feeds = (f"https://{source_id}.test/feed",)
    kwargs = {"expected_daily": None, "feeds": feeds, "timezone": "Europe/London"} | kwargs
    return Source(id=source_id, name=source_id, language="en", **kwargs)


SOURCES = (source(), source("de-blatt"))


@dataclass(frozen=True)
class Page:
    """One page that was fetched."""

    slug: str
    body: str = "The harvest was late, and the G20 came to see it."
    day: int | None = 0
    """Days after START on which it was published; None for an undated article."""
    hour: float = 1.0
    """Hours after START at which it was fetched."""
    source_id: str = "gb-post"
    headline: str = "A made headline"
    outcome: str = "article"
    kind: str = "page"
    is_truncated: bool = False
    stripped: Sequence[str] = ()
    about: dict[str, Any] = field(default_factory=dict)
    """Columns of the article that differ."""
    detail: str = ""
    """More about the outcome."""
    prose_words: int | None = None
    """Words of prose, of a page that was rejected."""
    found_in: str = ""
    """What named it, where it is not the source's feed."""
    canonical: str | None = None
    """URL the article is known by, where it is not the page's."""
    redirected_to: str = ""
    """URL it was found at, where it is not the page's."""
    obtained_from: str | None = None
    """What gave the page, such as `wayback`, where it is not the source."""
    named: Mapping[str, Any] | None = None
    """Of a listing: what it named, as in `captures.listing`."""
    file: Path | None = None
    """A saved file, read as it is."""
    http_status: int | None = 200
    """None where no host answered."""

    @property
    def url(self) -> str:
        if self.file:
            return self.file.as_uri()
        return f"https://{self.source_id}.test/{self.slug}"

    @property
    def article_id(self) -> UUID:
        return uuid5(NAMESPACE_URL, self.canonical or self.url)

    @property
    def fetched_at(self) -> datetime:
        return START + timedelta(hours=self.hour)

    @property
    def published_at(self) -> datetime | None:
        return None if self.day is None else START + timedelta(days=self.day)

    def capture_id(self, run_id: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"{run_id} {self.url} {self.hour}")


def listing(source_id: str = "gb-post", hour: float = 0.0, outcome: str = "listed") -> Page:
    return Page("feed", "", None, hour, source_id, outcome=outcome, kind="listing")


def prose(seed: int, words: int = 120) -> str:
    dice = random.Random(seed)
    return " ".join(dice.choice(WORDS) for _ in range(words))


def stage(layout: Layout, run_id: str, pages: Iterable[Page]) -> Run:
    """Write the pages' rows, a folder a source."""
    by_source: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        by_source[page.source_id].append(page)
    batches = [_stage(layout, run_id, name, found) for name, found in sorted(by_source.items())]
    return Run(run_id, tuple(batches), started_at=START, extractor_version="1")


def _stage(layout: Layout, run_id: str, source_id: str, pages: Sequence[Page]) -> Batch:
    folder = layout.stage / run_id / source_id
    folder.mkdir(parents=True, exist_ok=True)
    good = [page for page in pages if page.outcome == "article"]
    _write(folder / "articles.arrow", ARTICLE_SCHEMA, [_article(run_id, page) for page in good])
    _write(folder / "captures.arrow", CAPTURE_SCHEMA, [_capture(run_id, page) for page in pages])
    blocks = [row for page in pages for row in _blocks(run_id, page)]
    _write(folder / "stripped_blocks.arrow", STRIPPED_SCHEMA, blocks)
    return Batch(run_id, source_id, layout.raw / source_id / f"{run_id}.warc.gz", folder)


def _write(path: Path, schema: pa.Schema, rows: list[dict[str, Any]]) -> None:
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, schema) as writer:
        if rows:
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))


def _article(run_id: str, page: Page) -> dict[str, Any]:
    published = page.published_at
    return {
        "article_id": page.article_id,
        "source_id": page.source_id,
        "url_requested": page.url,
        "url_final": page.url,
        "url_canonical": page.canonical or page.url,
        "headline": page.headline,
        "authors": ["Ann Made"],
        "body": page.body,
        "captions": [],
        "word_count": len(page.body.split()),
        "language": "en",
        "language_source": "page",
        "published_at": published,
        "published_source": "jsonld" if published else "none",
        "published_date": published.date() if published else None,
        "fetched_at": page.fetched_at,
        "access": "free",
        "is_truncated": page.is_truncated,
        "prompt_chars_removed": 0,
        "body_sha256": hashlib.sha256(f"{page.headline}\n{page.body}".encode()).hexdigest(),
        **sketched(page.body, word_count(page.body)),
        "rights": {"notice": "© made", "tdm_reservation": None},
        "raw_ref": f"{page.source_id}/{run_id}.warc.gz#0",
        "extractor_version": "1",
        "run_id": run_id,
        "capture_id": page.capture_id(run_id),
        **page.about,
    }


def _capture(run_id: str, page: Page) -> dict[str, Any]:
    is_article = page.outcome == "article"
    return {
        "capture_id": page.capture_id(run_id),
        "run_id": run_id,
        "source_id": page.source_id,
        "kind": page.kind,
        "url_requested": page.url,
        "url_final": page.redirected_to or page.url,
        "found_in": page.found_in or f"https://{page.source_id}.test/feed",
        "outcome": page.outcome,
        "detail": page.detail,
        "prose_words": page.prose_words,
        "attempted_at": page.fetched_at,
        "seconds": 0.1,
        "http_status": page.http_status,
        "content_type": "text/html",
        "etag": digest_of(page.file) if page.file else f'"{page.slug}"',
        "payload_bytes": len(page.body),
        "entry_published_at": page.published_at,
        "raw_ref": f"{page.source_id}/{run_id}.warc.gz#0",
        "article_id": page.article_id if is_article else None,
        "listing": page.named,
        "obtained_from": page.obtained_from,
    }


def digest_of(file: Path) -> str | None:
    [entry] = find_files([str(file)])
    return read_file(entry, 1_000_000).etag


def _blocks(run_id: str, page: Page) -> list[dict[str, Any]]:
    return [
        {
            "article_id": page.article_id if page.outcome == "article" else None,
            "position": position,
            "kind": "newsletter",
            "rule": "text:en/newsletter",
            "text": text,
            "in_article": True,
            "capture_id": page.capture_id(run_id),
            "run_id": run_id,
        }
        for position, text in enumerate(page.stripped)
    ]


def tables(layout: Layout, leave_out: Iterable[str] = ("loads",)) -> dict[str, list[str]]:
    """All rows of all tables that readers see, in an order of their own."""
    con = open_snapshot(layout)
    assert con is not None
    with con:
        names = [row["table_name"] for row in records(con, "FROM duckdb_tables()")]
        return {
            name: sorted(map(repr, records(con, f"FROM {name}")))
            for name in sorted(set(names) - set(leave_out))
        }


def files(layout: Layout) -> dict[str, str]:
    """Every file of the Parquet layers, with its digest."""
    folders = (layout.articles, layout.captures, layout.stripped_blocks, layout.commits)
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(layout.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }
