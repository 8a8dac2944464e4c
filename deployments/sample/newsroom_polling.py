"""Makes the demo's year of history: archives, Parquet and warehouse, as if polled for a year.

Pages and listings are those that the newsroom would have served at each poll. The product's own
collector, archive writer, extraction and loader do the rest; only the network is left out.
"""

import logging
import shutil
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import chain
from random import Random
from typing import Any, cast

from newsroom_articles import DEMO_PAPERS, LEDGER, SHIMBUN
from newsroom_demo import Demo
from newsroom_fetching import PastClient, PastUrls
from newsroom_pages import Site
from newsroom_year import LEDGER_SINCE, Year, days_between, latest, stories_until

from tasks.archive.read import read_archive
from tasks.collect.collector import Collector
from tasks.collect.fetch.client import Client
from tasks.extract.extractor_version import EXTRACTOR_VERSION
from tasks.installation import Installation
from tasks.load.load_run import load, publish_all
from tasks.locks.run_locks import run_lock, started_at
from tasks.model import Batch, Capture, Outcome
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool, Submitted, WorkerPool, run_or_reject
from tasks.refine.refine_archive import refine
from tasks.sources.source import Source
from tasks.text.urls import fold_url
from tasks.topics.topic import Topic, TopicEntry
from warehouse.layers.layout import Layout
from warehouse.read.due_rechecks import DuePage
from warehouse.read.known_urls import KnownListing, QueryCache, last_listings
from warehouse.read.query import snapshot_records

log = logging.getLogger("flows")

MACHINE_OFF = range(58, 69)
"""Days before the anchor on which nothing was collected."""
HOST_DOWN = range(126, 131)
"""Days before the anchor on which one paper's host did not answer."""
DAILY_SINCE = 28
"""Days before the anchor from which on the sources were polled each day."""
LOADED = (220, LEDGER_SINCE, 60)
"""Days before the anchor up to which the history is loaded, one period after the other."""
FIRST_ALIASES = 2
"""Aliases of the topic G20 with which the installation began."""
RECHECK = (timedelta(days=1),)


def polls(year: Year, since: datetime, until: datetime) -> list[datetime]:
    """The times at which the sources were polled: every third day at first, then daily."""
    found = []
    for day in days_between(since.date(), until.date()):
        minute = Random(f"{year.seed} poll {day}").randrange(60)  # noqa: S311 - no secret
        moment, ago = datetime.combine(day, time(6, minute), UTC), year.days_before(day)
        is_due = ago not in MACHINE_OFF and (ago < DAILY_SINCE or ago % 3 == 0)
        if is_due and since < moment <= until:
            found.append(moment)
    return found


def run_id(moment: datetime) -> str:
    """The id of the run of a poll."""
    digits = Random(f"run {moment}").randrange(16**6)  # noqa: S311
    return f"{moment:%Y%m%dT%H%M%SZ}-{digits:06x}"


class InlinePool:
    """A pool of pages that does its work at once, in this process."""

    def submit(self, work: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401
        """The result itself."""
        return run_or_reject(work, *args)

    def in_order(self, submitted: Iterable[Any]) -> Iterator[Any]:
        """The results, as they are."""
        yield from submitted


@dataclass
class PastSource:
    """One source during its polls, with what the warehouse would know of earlier ones."""

    installation: Installation
    demo: Demo
    site: Site
    source: Source
    polled_at: datetime
    collected: set[str]
    listings: dict[str, KnownListing]

    def has(self, moment: datetime) -> bool:
        """Whether it was among the sources by then."""
        return self.site.paper != LEDGER or moment > self.demo.year.moment(LEDGER_SINCE)

    def poll(self, moment: datetime) -> Batch | None:
        """Collect it at a moment, and refine what was collected."""
        year, paper = self.demo.year, self.site.paper
        site = replace(self.site, past=latest(year, paper, moment))
        is_down = paper == SHIMBUN and year.days_before(moment.date()) in HOST_DOWN
        query_cache = QueryCache()
        for question, answer in self._answers(moment, site).items():
            query_cache.get(question, answer.copy)
        collector = Collector(
            self.installation.layout,
            run_id(moment),
            cast(Client, PastClient(site, moment, is_down, self.collected)),
            self.installation.settings.limits,
            recheck_after=RECHECK,
            now=moment,
            query_cache=query_cache,
            known=PastUrls(self.collected),
        )
        done = collector.collect(self.source)
        if done.warc is None or (done.error and not is_down):
            raise RuntimeError(f"{self.source.id} at {moment}: {done.error}")
        self.polled_at = moment
        for capture, _ in read_archive(done.warc):
            self._note(capture)
        about = (self.installation.layout, {self.source.id: self.source})
        return refine(done.warc, run_id(moment), *about, cast(PagePool, InlinePool()))

    def _answers(self, moment: datetime, site: Site) -> dict[Hashable, dict[str, Any]]:
        """The snapshot's answers to a run: its last listings, and the pages due for a recheck."""
        stories = stories_until(self.demo.year, site.paper, moment, 40)
        urls = {
            site.url(story.article): story.article.headline
            for story in stories
            if story.revised_at and self.polled_at < story.revised_at <= moment
        }
        due = [
            DuePage(url, None, None, headline, None, None)
            for url, headline in urls.items()
            if fold_url(url) in self.collected
        ]
        return {
            "listings": {self.source.id: self.listings},
            RECHECK: {self.source.id: due},
            "open gaps": {},
            "recovery reads": {},
        }

    def _note(self, capture: Capture) -> None:
        """Keep what a read of a listing has found, for the next one."""
        url, found = capture.url_requested, capture.listing
        if found is None or capture.found_in:
            return
        before, at = self.listings.get(url), capture.attempted_at
        window = (at - found.window_from).total_seconds() if found.window_from else 0.0
        if before and capture.outcome is Outcome.NOT_MODIFIED:
            self.listings[url] = replace(before, read_at=at)
            return
        self.listings[url] = KnownListing(
            capture.etag,
            capture.last_modified,
            capture.raw_ref or "",
            capture.content_type,
            at,
            max(found.entries, (before and before.most_entries) or 0),
            max(window, (before and before.longest_window) or 0.0) or None,
        )


Polled = tuple[PastSource, list[tuple[datetime, Batch]]]


def poll_source(past: PastSource, moments: Sequence[datetime]) -> Polled:
    """Poll a source at each of the moments; returns its new state and the staged batches."""
    polled = [(moment, past.poll(moment)) for moment in moments]
    return past, [(moment, batch) for moment, batch in polled if batch]


def fill(installation: Installation, demo: Demo, until: datetime) -> None:
    """Make the history of a data folder, or what is missing of it until a moment.

    While one period is loaded in this process, the next is collected in others.
    """
    since = _last_poll(installation.layout) or demo.year.begins_at
    if not polls(demo.year, since, until):
        return
    loaded = [demo.year.moment(ago) for ago in LOADED]
    ends = [end for end in loaded if since < end < until] + [until]
    pasts = [*_past_sources(installation, demo, since)]
    with ExitStack() as held:
        pool = held.enter_context(closing(WorkerPool(installation.settings.processes, nice=0)))
        if since > demo.year.begins_at:  # so that a later run finishes them, if this one is killed
            for moment in polls(demo.year, since, until):
                held.enter_context(run_lock(installation.layout, run_id(moment)))

        def begin(number: int) -> list[Submitted[Polled]]:
            moments = polls(demo.year, [since, *ends][number], ends[number])
            log.info("history: collecting until %s", ends[number].date())
            return [
                pool.submit(partial(poll_source, past, [one for one in moments if past.has(one)]))
                for past in pasts
            ]

        submitted = begin(0)
        for number, end in enumerate(ends):
            done = [one.result() for one in submitted]
            pasts = [past for past, _ in done]
            if number + 1 < len(ends):
                submitted = begin(number + 1)
            _load(installation, demo.year, chain.from_iterable(found for _, found in done), end)


def _past_sources(installation: Installation, demo: Demo, since: datetime) -> Iterator[PastSource]:
    layout = installation.layout
    last = last_listings(layout, datetime.now(UTC))
    known = (
        "SELECT DISTINCT unnest(url_keys) AS key FROM captures JOIN outcomes USING (outcome)"
        " WHERE source_id = ? AND kind = 'page' AND NOT is_retryable"
    )
    for paper in DEMO_PAPERS:
        (source,) = installation.chosen([paper.id])
        keys = {row["key"] for row in snapshot_records(layout, known, [paper.id])}
        site = Site(paper, demo.port, moved_days=None)
        about = (since, keys, last.get(paper.id, {}))
        # The saved files are read with the written articles.
        yield PastSource(installation, demo, site, source.model_copy(update={"files": ()}), *about)


def _last_poll(layout: Layout) -> datetime | None:
    names = [path.name for path in layout.raw.glob("*/*.warc.gz")]
    return started_at(max(names)) if names else None


def _load(
    installation: Installation,
    year: Year,
    polled: Iterable[tuple[datetime, Batch]],
    end: datetime,
) -> None:
    """Load the runs of a period, as they would have been by its end."""
    layout, limits = installation.layout, installation.settings.limits
    batches: dict[datetime, list[Batch]] = defaultdict(list)
    for moment, batch in polled:
        batches[moment].append(batch)
    runs = [
        Run(
            run_id(moment),
            tuple(found),
            started_at=moment,
            finished_at=moment + timedelta(minutes=1),
            extractor_version=str(EXTRACTOR_VERSION),
        )
        for moment, found in sorted(batches.items())
    ]
    log.info("history: loading %d runs until %s", len(runs), end.date())
    is_early = end <= year.moment(LEDGER_SINCE)
    sources = [one for one in installation.sources if not is_early or one.id != LEDGER.id]
    topics = [first_version(topic) if is_early else topic for topic in installation.topics]
    load(layout, topics, sources, runs, limits=limits, now=end)
    for run in runs:
        shutil.rmtree(layout.stage / run.run_id, ignore_errors=True)
    publish_all(layout, topics, sources, limits=limits)


def first_version(topic: Topic) -> Topic:
    """The topic as it was defined at first: G20 by few of its names."""
    if topic.topic_id != "g20":
        return topic
    about: dict[str, Any] = {"name": topic.name, "case_sensitive": topic.case_sensitive}
    return TopicEntry(id="g20", aliases=topic.aliases[:FIRST_ALIASES], **about).topic()
