"""A data folder, the kinds of its files, and ways to damage one."""

import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from tasks.archive.write import ArchiveWriter
from tasks.audit.judging import Judging
from tasks.audit.sampling import draw_sample
from tasks.collect.listing_cache import ListingCache
from tasks.collect.listings import Listing
from tasks.load.load_run import load
from tasks.model import Attempt, CaptureKind, Entry, Outcome
from tasks.partition.partitions import Run
from tasks.refine.refine_archive import refine
from tasks.topics.topic import Topic, TopicEntry
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tasks.upkeep.retention import drop_archives
from tests.support.archived_news import POOL
from tests.support.publishing import publish
from tests.support.staged_pages import prose, source
from warehouse.build.publish import BLOCK, HEADERS
from warehouse.layers.commits import Commit
from warehouse.layers.findings import Kind
from warehouse.layers.layout import Layout

KINDS: Mapping[str, Kind] = {
    "raw/gb-post/*.warc.gz": "archive file",
    "articles/*/2*.parquet": "parquet",
    "captures/2*.parquet": "parquet",
    "stripped_blocks/2*.parquet": "parquet",
    "commits/2*.json": "commit",
    "commits/compacted/articles*.json": "compaction",
    "definitions.json": "definitions",
    "topic_changes.json": "topic changes",
    "removed.json": "removed archives",
    "audits/*/sample.json": "audit",
    "audits/*/2*.json": "audit",
    "vintages/attention_index/*.parquet": "vintage",
    "vintages/index_notes/*.parquet": "vintage",
    "vintages/attention_index_local/*.parquet": "vintage",
    "warehouse/current/manifest.json": "manifest",
    "warehouse/current/news.duckdb": "snapshot",
    "warehouse/writer/news.duckdb": "writer file",
    "cache/listings/*/*.json": "state file",
}
"""Patterns below the data folder, and what their files are. A file of a run begins with 2."""
WAYS = ("flipped", "truncated", "emptied", "deleted", "older")


def newest(root: Path, pattern: str) -> Path:
    """The last file of a pattern by name."""
    return max(root.glob(pattern), key=lambda path: path.name)


def damage(path: Path, way: str, older: Path | None = None) -> None:
    """Damage a file in one of `WAYS`; `older` is an earlier version of it."""
    ways: dict[str, Callable[[], object]] = {
        "flipped": lambda: flip(path),
        "truncated": lambda: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        "emptied": lambda: path.write_bytes(b""),
        "deleted": path.unlink,
        "older": lambda: older and shutil.copyfile(older, path),
    }
    ways[way]()


def flip(path: Path) -> None:
    """Change some bits of a byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    if path.suffix == ".duckdb":  # the middle may be in a free block
        with duckdb.connect(str(path), read_only=True) as con:
            sql = "SELECT max(block_id) FROM pragma_storage_info('captures')"
            [(block,)] = con.execute(sql).fetchall()
        at = HEADERS + block * BLOCK + 1000
    data[at] ^= 0x55
    path.write_bytes(data)


NOW = datetime(2026, 3, 20, tzinfo=UTC)
SOURCES = (source("gb-post"), source("gb-echo"))
PAGE = """<html lang="en"><head><title>{title}</title><meta property="og:type" content="article">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{title}",
"datePublished": "2026-03-{day:02}T08:00:00Z"}}</script></head>
<body><article><h1>{title}</h1>{paragraphs}
<p>Sign up to our daily newsletter</p></article></body></html>"""


class DamagedFolder:
    """A data folder with files of all `KINDS`, to be damaged and put back.

    Five runs of two sources; the oldest have no archives any more; a compacted day, changed
    topics. There is an earlier version of most files.
    """

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root / "data")
        self.sources = SOURCES
        self._whole, self._older = root / "whole", root / "older"
        self.topics = topics_of("G20")
        self.ingest(0, 1)
        self.topics = topics_of("G20", "harbour")
        self.ingest(2)
        self._audit()
        self._tidy(removed_before=2)
        shutil.copytree(self.layout.root, self._older, symlinks=True)
        self.topics = topics_of("G20", "harbour", "ferry")
        self.ingest(3, 4)
        self._tidy(removed_before=3)
        shutil.copytree(self.layout.root, self._whole, symlinks=True)

    def ingest(self, *numbers: int) -> None:
        """Archive and refine runs with a page a source; load them together, and publish them."""
        runs = [
            self._archived(f"202603{number + 1:02}T060000Z-{number:06x}", number)
            for number in numbers
        ]
        load(self.layout, self.topics, SOURCES, runs, now=NOW)
        publish(self.layout)

    def refine(self, run_id: str) -> Run | None:
        """What the archive files of a run hold; None where it has none."""
        by_id = {each.id: each for each in SOURCES}
        batches = tuple(
            refine(warc, run_id, self.layout, by_id, POOL)
            for warc in sorted(self.layout.raw.glob(f"*/{run_id}.warc.gz"))
        )
        started = datetime.strptime(run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return Run(run_id, batches, started_at=started) if batches else None

    def refine_commit(self, commit: Commit) -> Run | None:
        """The same for a commit."""
        return self.refine(commit.run_id)

    def restore(self) -> None:
        """Put the folder back as it was when it was made."""
        shutil.rmtree(self.layout.root)
        shutil.copytree(self._whole, self.layout.root, symlinks=True)

    def older(self, path: Path) -> Path | None:
        """An earlier version of a file, or another file of its kind where it never changes."""
        name = path.relative_to(self.layout.root)
        if name.parts[:2] == ("warehouse", "current"):
            return self._older / name
        earlier = self._older / name
        if earlier.exists() and earlier.read_bytes() != path.read_bytes():
            return earlier
        others = (self.layout.root / name.parts[0]).rglob(f"[!.]*{path.suffix}")
        return min(set(others) - {path}, key=lambda other: other.name, default=None)

    def _archived(self, run_id: str, number: int) -> Run:
        for each in SOURCES:
            with ArchiveWriter(self.layout.raw, each.id, run_id) as writer:
                url, at = f"https://{each.id}.test/{number}", NOW + timedelta(hours=number)
                texts = (prose(hash_of(each.id, number, part)) for part in range(4))
                page = PAGE.format(
                    title=f"Council number {number} of {each.id} meets again",
                    day=2 + number // 4,
                    paragraphs="".join(f"<p>The G20 met. {text}.</p>" for text in texts),
                )
                capture = writer.write(
                    Attempt(
                        CaptureKind.PAGE,
                        *(url, url, Outcome.FETCHED, at, 0.1),
                        content_type="text/html; charset=utf-8",
                        payload=page.encode(),
                    ),
                    Entry(url, f"https://{each.id}.test/feed"),
                )
            cache = ListingCache(self.layout, each.id, "")
            cache.put(f"https://{each.id}.test/feed", str(capture.raw_ref), Listing("feed"))
        run = self.refine(run_id)
        assert run
        return run

    def _audit(self) -> None:
        sample = draw_sample(self.layout, "g20", 4, 1, NOW)
        judging = Judging(self.layout, sample.audit_id, "ann")
        for article in sample.articles[:2]:
            judging.record_verdict(article.article_id, "yes")

    def _tidy(self, removed_before: int) -> None:
        compact(self.layout, date(2026, 3, 3))
        publish_files(self.layout)
        drop_retired(self.layout, datetime.now(UTC) + timedelta(days=1))
        begun = datetime(2026, 3, removed_before, 5, tzinfo=UTC)
        drop_archives(self.layout, 1, 0, now=begun + timedelta(days=1))


def topics_of(*aliases: str) -> tuple[Topic, ...]:
    """One topic of these aliases."""
    return (TopicEntry(id="g20", name="G20", aliases=aliases).topic(),)


def hash_of(source_id: str, number: int, part: int) -> int:
    """A number for `prose`."""
    return len(source_id) * 1000 + number * 10 + part
