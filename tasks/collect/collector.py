"""Collects one source in one run: read its listings, fetch new pages, archive every attempt."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock

from tasks.archive.half_written import salvage
from tasks.archive.warc_records import OPEN_SUFFIX
from tasks.archive.write import ArchiveWriter
from tasks.collect.circuit_breaker import Breaker
from tasks.collect.current_waits import CurrentWaits
from tasks.collect.fetch.client import BUSY, FAILED, Client
from tasks.collect.fetch.request import url_for_message
from tasks.collect.listings import find_files, read_file
from tasks.collect.listings.feeds_and_sitemaps import in_zone
from tasks.collect.read_listings import ListingReader
from tasks.collect.source_time import SourceTime, deferred
from tasks.model import Attempt, Capture, CaptureKind, Entry, Outcome
from tasks.process_pool import PagePool
from tasks.progress import advance
from tasks.settings import Limits
from tasks.sources.source import Source
from tasks.text.counted import counted
from tasks.text.urls import fold_url
from warehouse.layers.layout import Layout
from warehouse.read.due_rechecks import DuePage, due_pages
from warehouse.read.known_urls import KnownListing, KnownUrls, QueryCache, known_files, lost_pages

log = logging.getLogger(__name__)

# The `found_in` of a known page that is fetched again because it may have changed.
RECHECK = "recheck"
# Pages in a row without an answer after which the rest is deferred to a later run.
MAX_FAILURES_IN_A_ROW = 5
UNANSWERED = (BUSY | FAILED) - {Outcome.BROKEN_RESPONSE}  # that one was an answer


@dataclass(frozen=True, slots=True)
class Collected:
    """The result of collecting one source."""

    source_id: str
    warc: Path | None = None
    listed: int = 0  # entries that listings and globs named, each once
    deferred: int = 0  # new entries left to a later run: over a limit, or no host answered
    rechecked: int = 0  # known pages fetched again
    outcomes: dict[str, int] = field(default_factory=dict)  # attempts by outcome
    error: str = ""  # why the source failed; empty when it did not
    skipped: str = ""  # until when and why the source was skipped; empty when it was not
    late: str = ""  # why its time did not suffice; empty when it did
    failed_listings: tuple[str, ...] = ()  # the reason for each listing that could not be read
    listing_notes: tuple[str, ...] = ()  # on long or empty listings, and pages stored elsewhere


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects the sources of one run; shared by their threads."""

    layout: Layout
    run_id: str
    client: Client
    limits: Limits
    pool: PagePool | None = None  # parses listings; None parses them here, without limits
    waits: CurrentWaits = field(default_factory=CurrentWaits)
    since: datetime | None = None  # entries dated earlier are left; undated ones are not
    max_new: int = 0  # new pages fetched for one source at most; 0 takes the limit of the settings
    recheck_after: tuple[timedelta, ...] = ()  # counted from when an article was first seen
    now: datetime = field(default_factory=lambda: datetime.now(UTC))  # pages are due by this time
    breaker: Breaker = field(default_factory=Breaker)
    query_cache: QueryCache = field(default_factory=QueryCache)
    known: KnownUrls = field(default_factory=KnownUrls)
    claimed: dict[str, str] = field(default_factory=dict)  # ids of sources, by folded URL
    lock: Lock = field(default_factory=Lock)

    def claim(self, key: str, source_id: str) -> str | None:
        """Claim a folded URL, as none is fetched twice; returns the source that has claimed it."""
        with self.lock:
            claimed_by = self.claimed.get(key)
            self.claimed.setdefault(key, source_id)
            return claimed_by

    def collect(self, source: Source, *, is_retry: bool = False) -> Collected:
        """Collect one source; an exception becomes the result's `error`.

        A retry within the run continues the archive file of the attempt before it.
        """
        raw = self.layout.raw
        archive = ArchiveWriter(raw, source.id, self.run_id, may_resume=is_retry)
        visit = _Visit(self, source, archive)
        try:
            # A killed run's open file is closed first: refining reads all earlier archive files.
            for path in (raw / source.id).glob("*" + OPEN_SUFFIX):
                salvage(path)
            with visit.archive:
                visit.run()
        except Exception as error:
            log.exception("%s: collecting stopped", source.id)
            visit.error = f"{type(error).__name__}: {error}"
        return Collected(
            source.id,
            archive.path,
            len(visit.listed),
            visit.deferred,
            visit.rechecked,
            dict(sorted(visit.outcomes.items())),
            visit.error,
            visit.skipped,
            visit.time.late,
            tuple(visit.listings.failed),
            tuple(visit.listings.notes),
        )


class _Visit:
    """One source in one run."""

    def __init__(self, collector: Collector, source: Source, archive: ArchiveWriter) -> None:
        self.collector, self.source, self.archive = collector, source, archive
        self.outcomes: Counter[str] = Counter()
        self.listed: set[str] = set()
        self.deferred = self.rechecked = self.unanswered = 0
        self.error = ""
        self.time = SourceTime(source.id, collector.limits.source_seconds)
        self.skipped = collector.breaker.skip_reason(source)
        get = partial(self._get, kind=CaptureKind.LISTING)
        self.listings = ListingReader(collector, source, self.time, get, self._record)

    def run(self) -> None:
        collector, source = self.collector, self.source
        known = known_files(collector.layout, source.id) if source.files else frozenset()
        for entry in find_files(source.files, allow_private=source.allow_private_hosts):
            self.listed.add(entry.url)
            attempt = read_file(entry, collector.limits.max_bytes)
            # Only new files leave a trace. Their URLs are still fetched when listed: pages change.
            if attempt.etag not in known:
                self._record(attempt, in_zone(entry, source.timezone))
        if self.skipped:
            log.info("%s: %s", source.id, self.skipped)
            return
        self.time.begin()
        self._fetch_new_pages()
        if self.listings.failed and not self.listings.read_count:
            self.error = f"no listing could be read: {self.listings.failed[0]}"
        else:
            self._recheck_pages()

    def _record(self, attempt: Attempt, entry: Entry | None = None) -> Capture:
        self.outcomes[attempt.outcome.value] += 1
        return self.archive.write(attempt, entry)

    def _fetch_new_pages(self) -> None:
        collector, time = self.collector, self.time
        fresh: dict[str, Entry] = {}
        for entry in self.listings.entries():
            fresh.setdefault(fold_url(entry.url), entry)
        self.listed.update(fresh)
        known = self.listings.known(fresh)
        elsewhere = {
            key: (fresh[key], f"stored under {min(source_ids)}")
            for key, source_ids in known.items()
            if source_ids and self.source.id not in source_ids
        }
        for key in known:
            del fresh[key]
        since = collector.since or datetime.min.replace(tzinfo=UTC)
        too_old = f"published before {since:%Y-%m-%d %H:%M}, too long ago for this run"
        old = {
            key: (entry, too_old)
            for key, entry in fresh.items()
            if entry.published_at and entry.published_at < since
        }
        to_fetch = [(key, entry) for key, entry in fresh.items() if key not in old]
        limit = collector.max_new or collector.limits.max_new_articles
        silent = f"after {MAX_FAILURES_IN_A_ROW} pages in a row without an answer"
        past_limit = f"past the limit of {counted(limit, 'new page')}"
        deferrals = {key: (entry, past_limit) for key, entry in to_fetch[limit:]}
        for number, (key, entry) in enumerate(to_fetch[:limit], 1):
            advance(f"{self.source.id}: pages", number, len(to_fetch[:limit]))
            if self.unanswered == MAX_FAILURES_IN_A_ROW:
                deferrals[key] = (entry, silent)
            elif time.is_up():
                deferrals[key] = (entry, time.late)
            elif not (claimed_by := collector.claim(key, self.source.id)):
                self.deferred += self._fetch(entry) is Outcome.LEFT_FOR_LATER
            elif claimed_by != self.source.id:
                elsewhere[key] = (entry, f"left to {claimed_by}")
        self.deferred += len(deferrals)
        for why, count in Counter(why for _, why in elsewhere.values()).items():
            self.listings.notes.append(f"{counted(count, 'page')} {why}")
        self._record_unfetched(elsewhere | old | deferrals)

    def _record_unfetched(self, pages: Mapping[str, tuple[Entry, str]]) -> None:
        """Record pages that are not fetched, and why; else their days would count as complete.

        Those that are counted as lost already are not recorded again, however many runs leave them.
        """
        recorded = lost_pages(self.collector.layout, self.source.id, pages)
        for key, (entry, why) in pages.items():
            if key not in recorded:
                at = self.collector.now
                self._record(deferred(CaptureKind.PAGE, entry.url, at, why), entry)

    def _recheck_pages(self) -> None:
        collector, own = self.collector, self.source.recheck_after
        steps, most = collector.recheck_after if own is None else own, collector.limits.max_rechecks
        layout, now, since = collector.layout, collector.now, collector.since
        read = partial(due_pages, layout, steps, now, most=most, published_since=since)
        # One query serves all sources with the same steps.
        pages = collector.query_cache.get(steps, read).get(self.source.id, [])
        for number, page in enumerate(pages, 1):
            advance(f"{self.source.id}: rechecks", number, len(pages))
            if self.unanswered == MAX_FAILURES_IN_A_ROW or self.time.is_up():
                return
            if not collector.claim(fold_url(page.url), self.source.id):
                self.rechecked += 1
                dated = (page.entry_published_raw, page.entry_published_at)
                self._fetch(Entry(page.url, RECHECK, page.entry_headline, *dated), page)

    def _fetch(self, entry: Entry, known: DuePage | None = None) -> Outcome:
        attempt = self._get(entry.url, known)
        self._record(attempt, entry)
        self.unanswered = self.unanswered + 1 if attempt.outcome in UNANSWERED else 0
        return attempt.outcome

    def _get(
        self,
        url: str,
        known: KnownListing | DuePage | None,
        kind: CaptureKind = CaptureKind.PAGE,
    ) -> Attempt:
        with self.collector.waits.show(self.source.id, f"fetches {url_for_message(url)}"):
            attempt = self.collector.client.get(
                url,
                kind=kind,
                record=self._record_robots,
                min_interval=self.source.min_interval_seconds,
                allow_private=self.source.allow_private_hosts,
                etag=known.etag if known else None,
                last_modified=known.last_modified if known else None,
                max_tries=int(self.listings.is_on_trial),
                max_seconds=self.time.seconds / (10 if kind is CaptureKind.LISTING else 1),
                deadline=self.time.deadline,
            )
        if attempt.outcome is not Outcome.LEFT_FOR_LATER:
            return attempt
        self.time.end()
        return replace(attempt, detail=f"{attempt.detail}: {self.time.late}")

    def _record_robots(self, attempt: Attempt) -> None:
        if attempt.kind is CaptureKind.ROBOTS:
            self._record(attempt)
