"""A small data folder with everything in it, made without Prefect, network or processes.

Archives of pages, articles that are revised, unchanged, undated, stripped blocks, rejected pages,
compacted days, a changed topic, vintages, archives that retention removed.
"""

import pickle
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from tasks.archive.write import ArchiveWriter
from tasks.load.load_run import load
from tasks.model import Attempt, Batch, CaptureKind, Entry, Outcome
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool, run_or_reject
from tasks.refine.refine_archive import refine
from tasks.topics.topic import Topic, TopicEntry
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tasks.upkeep.retention import drop_archives
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, SUMMIT, prose
from warehouse.layers.commits import Commit
from warehouse.layers.layout import Layout

FIRST = datetime(2026, 3, 2, 6, tzinfo=UTC)
NOW = datetime(2026, 3, 20, tzinfo=UTC)
PAGE = """<html lang="en"><head><title>{title}</title><meta property="og:type" content="article">
<link rel="canonical" href="{url}"><script type="application/ld+json">{{"@type": "NewsArticle",
"headline": "{title}"{dated}}}</script></head><body><article><h1>{title}</h1>{paragraphs}
<div class="newsletter">Sign up to our newsletter and never miss a story</div></article></body>
</html>"""
NARROW = TopicEntry(id="summit", name="Summit", aliases=("G20",)).topic()


class InlinePool:
    """A pool that does its work at once, in this process, and the same work once.

    Arguments and results are pickled, as they are between processes.
    """

    def __init__(self) -> None:
        self._done: dict[bytes, bytes] = {}

    def submit(self, work: Callable[..., Any], *args: Any) -> Any:
        asked = pickle.dumps((work, args))
        if asked not in self._done:
            self._done[asked] = pickle.dumps(run_or_reject(work, *args))
        return pickle.loads(self._done[asked])

    def in_order(self, submitted: Iterable[Any]) -> Iterator[Any]:
        yield from submitted


POOL = cast(PagePool, InlinePool())


def begun(number: int) -> datetime:
    """The second run is on the day of the first."""
    return FIRST + timedelta(days=number) if number != 1 else FIRST + timedelta(hours=8)


def run_id(number: int) -> str:
    return f"{begun(number):%Y%m%dT%H%M%SZ}-00000{number}"


def page(source_id: str, slug: str, at: datetime, seed: int, day: int | None) -> Attempt:
    url = f"https://{source_id}.test/{slug}"
    title = f"Harbour council number {seed} of {source_id} meets again"
    dated = "" if day is None else f', "datePublished": "2026-03-{day:02}T08:00:00Z"'
    told = "The G20 met at the lakeside summit."
    texts = (f"<p>{told} {prose(seed * 10 + part)}.</p>" for part in range(4))
    html = PAGE.format(title=title, url=url, dated=dated, paragraphs="".join(texts))
    return Attempt(
        CaptureKind.PAGE, url, url, Outcome.FETCHED, at, 0.1,
        status=200, content_type="text/html", payload=html.encode(),
    )  # fmt: skip


def day_of_news(number: int) -> Iterator[tuple[str, list[Attempt]]]:
    """What each source gives on a day: a listing and pages.

    `front` changes, `swing` changes back and forth, `about` never does.
    """
    at = begun(number)
    for offset, source in enumerate(SOURCES):
        name, later = source.id, at + timedelta(minutes=5)
        feed = f"https://{name}.test/feed"
        listing = Attempt(
            CaptureKind.LISTING, feed, feed, Outcome.LISTED, at, 0.1,
            status=200, content_type="application/rss+xml", payload=f"<rss>{number}</rss>".encode(),
        )  # fmt: skip
        seed = 10 * number + offset
        yield (
            name,
            [
                listing,
                page(name, f"new-{number}", later, seed, 2 + number),
                page(name, "front", later, 900 + max(number, 1), 2),
                page(name, "swing", later, 700 + number % 2, 2),
                page(name, "about", later, 800, None),
                replace(page(name, f"empty-{number}", later, 1, None), payload=b"<html></html>"),
            ],
        )


def archive(layout: Layout, number: int) -> None:
    for source_id, attempts in day_of_news(number):
        with ArchiveWriter(layout.raw, source_id, run_id(number)) as writer:
            for attempt in attempts:
                writer.write(attempt, Entry(attempt.url_requested, found_in="feed"))


def refined(layout: Layout, warcs: Iterable[Path]) -> list[Batch]:
    sources = {source.id: source for source in SOURCES}
    return [
        refine(warc, warc.name.partition(".")[0], layout, sources, POOL)
        for warc in sorted(warcs)
        if warc.exists()
    ]


def refine_commit(layout: Layout, commit_id: str, commit: Commit) -> list[Batch]:
    shutil.rmtree(layout.stage / commit.run_id, ignore_errors=True)
    return refined(layout, (layout.root / name for name in commit.warcs))


def ingest(layout: Layout, *numbers: int, topics: Sequence[Topic] = (SUMMIT,)) -> None:
    """Archive and refine runs, and load them together."""
    runs = []
    for number in numbers:
        archive(layout, number)
        name, at = run_id(number), begun(number)
        batches = refined(layout, layout.raw.glob(f"*/{name}.warc.gz"))
        runs.append(Run(name, tuple(batches), started_at=at, finished_at=at, extractor_version="1"))
    load_again(layout, runs, topics)
    shutil.rmtree(layout.stage)


def load_again(
    layout: Layout, runs: Sequence[Run] = (), topics: Sequence[Topic] = (SUMMIT,)
) -> None:
    load(layout, topics, SOURCES, runs, now=NOW, processes=1)
    publish(layout)


def make(layout: Layout) -> None:
    """Five runs: the first two compacted, the first without archives; a topic changes."""
    ingest(layout, 0, 1, 2, topics=[NARROW])
    # The first two days are closed, and their old files gone.
    compact(layout, (FIRST + timedelta(days=2)).date(), now=NOW)
    publish_files(layout, now=NOW)
    ingest(layout, 3, 4)
    drop_archives(layout, 14, 0, now=FIRST + timedelta(days=14, hours=1))
    for snapshot in layout.warehouse.glob("snapshot-*"):
        if snapshot.resolve() != layout.current.parent.resolve():
            shutil.rmtree(snapshot)
    drop_retired(layout, NOW)


def load_runs_again(layout: Layout, run_ids: Sequence[str]) -> None:
    """What `repair` calls in the end: load runs of which archives are left, and commits."""
    runs = []
    for name in run_ids:
        batches = refined(layout, layout.raw.glob(f"*/{name}.warc.gz"))
        at = datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if batches:
            runs.append(Run(name, tuple(batches), started_at=at, extractor_version="1"))
    load_again(layout, runs)


def archive_of(layout: Layout, source_id: str, number: int) -> Path:
    """The archive file of a source and day."""
    return layout.raw / source_id / f"{run_id(number)}.warc.gz"


def warm() -> None:
    """Extract the pages of all days, once for all processes that are forked from here on."""
    with TemporaryDirectory() as name:
        layout = Layout(Path(name))
        for number in range(5):
            archive(layout, number)
            refined(layout, layout.raw.glob(f"*/{run_id(number)}.warc.gz"))
