"""Collects one source in one run: read its listings, fetch new pages, archive every attempt."""

import logging
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock

from tasks.archive import OPEN_SUFFIX, ArchiveWriter, salvage
from tasks.collect.activity import Activity
from tasks.collect.circuit_breaker import Breaker
from tasks.collect.deferral import SourceTime, deferrals, left_for_later
from tasks.collect.fetch import Client
from tasks.collect.fetch.client import BUSY, FAILED
from tasks.collect.fetch.exchanges import shown
from tasks.collect.listing_cache import ListingCache, archived_copy
from tasks.collect.listings import Listing, find_files, read_file
from tasks.collect.listings.rollover import may_have_rolled_over, rolled_over
from tasks.collect.parse_listing import parse_listing
from tasks.model import Attempt, CaptureKind, Entry, Outcome
from tasks.process_pool import PagePool
from tasks.progress import advance
from tasks.settings import Limits
from tasks.sources.source import Source
from tasks.text.urls import fold
from warehouse.layers.layout import Layout
from warehouse.read.due_rechecks import DuePage, due_pages
from warehouse.read.known_urls import KnownListing, KnownUrls, Once, known_files, last_listings

log = logging.getLogger(__name__)

# Sitemaps read for one source in a run besides its own listings; an index may name many.
MAX_CHILDREN = 25
# The `found_in` of a known page that is fetched again because it may have changed.
RECHECK = "recheck"
# Pages in a row without an answer after which the rest is deferred to a later run.
FAILURES_IN_A_ROW = 5
UNANSWERED = (BUSY | FAILED) - {Outcome.BROKEN_RESPONSE}  # that one was an answer


class SourcesFailed(Exception):  # noqa: N818 - named for what happened
    """Every source of a run failed."""


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
    failed_listings: tuple[str, ...] = ()  # why each listing that could not be read was not


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects the sources of one run; shared by their threads."""

    layout: Layout
    run_id: str
    client: Client
    limits: Limits
    pool: PagePool | None = None  # parses listings; None parses them here, without limits
    activity: Activity = field(default_factory=Activity)
    since: datetime | None = None  # entries dated earlier are ignored; undated ones are not
    max_new: int = 0  # new pages fetched for one source at most; 0 takes the limit of the settings
    recheck_after: tuple[timedelta, ...] = ()  # counted from an article's first sight
    now: datetime = field(default_factory=lambda: datetime.now(UTC))  # by it pages are due
    breaker: Breaker = field(default_factory=Breaker)
    once: Once = field(default_factory=Once)
    known: KnownUrls = field(default_factory=KnownUrls)
    claimed: set[str] = field(default_factory=set)  # folded URLs
    lock: Lock = field(default_factory=Lock)

    def claim(self, key: str) -> bool:
        """Claim a folded URL; False where a source of this run has: none is fetched twice."""
        with self.lock:
            first = key not in self.claimed
            self.claimed.add(key)
            return first

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
            tuple(visit.failed_listings),
        )


class _Visit:
    """One source in one run."""

    def __init__(self, collector: Collector, source: Source, archive: ArchiveWriter) -> None:
        self.collector, self.source, self.archive = collector, source, archive
        self.outcomes: Counter[str] = Counter()
        self.listed: set[str] = set()
        self.deferred = self.rechecked = self.unanswered = self.read_listings = 0
        self.failed_listings: list[str] = []
        self.error = ""
        self.time = SourceTime(source.id, collector.limits.source_seconds)
        self.skipped = collector.breaker.skip_reason(source)
        self.trial_listings = collector.breaker.trial_listings(source)
        about = f"{collector.limits.max_entries} {source.sections}"
        self.listing_cache = ListingCache(collector.layout, source.id, about)

    def run(self) -> None:
        self._read_saved_files()
        if self.skipped:
            log.info("%s: %s", self.source.id, self.skipped)
            return
        self.time.begin()
        self._fetch_new_pages()
        if self.failed_listings and not self.read_listings:
            self.error = f"no listing could be read: {self.failed_listings[0]}"
        else:
            self._recheck_pages()

    def _record(self, attempt: Attempt, entry: Entry | None = None) -> None:
        self.archive.write(attempt, entry)
        self.outcomes[attempt.outcome.value] += 1

    def _read_saved_files(self) -> None:
        layout, source = self.collector.layout, self.source
        known = known_files(layout, source.id) if source.files else frozenset()
        for entry in find_files(source.files):
            self.listed.add(entry.url)
            attempt = read_file(entry, self.collector.limits.max_bytes)
            # Only new files leave a trace. Their URLs are still fetched when listed: pages change.
            if attempt.etag not in known:
                self._record(attempt, entry)

    def _fetch_new_pages(self) -> None:
        collector, time = self.collector, self.time
        fresh: dict[str, Entry] = {}
        for entry in self._listed_entries():
            fresh.setdefault(fold(entry.url), entry)
        self.listed.update(fresh)
        for key in collector.known.among(collector.layout, fresh):
            del fresh[key]
        since = collector.since or datetime.min.replace(tzinfo=UTC)
        wanted = [
            (key, entry)
            for key, entry in fresh.items()
            if entry.published_at is None or entry.published_at >= since
        ]
        limit = collector.max_new or collector.limits.max_new_articles
        deferred, late = [entry for _, entry in wanted[limit:]], list[Entry]()
        for number, (key, entry) in enumerate(wanted[:limit], 1):
            advance(f"{self.source.id}: pages", number, len(wanted[:limit]))
            if self.unanswered == FAILURES_IN_A_ROW:
                deferred.append(entry)
            elif time.is_up():
                late.append(entry)
            elif collector.claim(key):
                self.deferred += self._fetch(entry) is Outcome.LEFT_FOR_LATER
        self.deferred += len(deferred) + len(late)
        at = collector.now
        for left in (*deferrals(deferred, at), *deferrals(late, at, time.late)):
            self._record(*left)

    def _recheck_pages(self) -> None:
        collector, own = self.collector, self.source.recheck_after
        steps, most = collector.recheck_after if own is None else own, collector.limits.max_rechecks
        about = (collector.layout, steps, collector.now)
        read = partial(due_pages, *about, most=most, published_since=collector.since)
        # One query serves all sources with the same steps.
        pages = collector.once.get(steps, read).get(self.source.id, [])
        for number, page in enumerate(pages, 1):
            advance(f"{self.source.id}: rechecks", number, len(pages))
            if self.unanswered == FAILURES_IN_A_ROW or self.time.is_up():
                return
            if collector.claim(fold(page.url)):
                self.rechecked += 1
                dated = (page.entry_published_raw, page.entry_published_at)
                self._fetch(Entry(page.url, RECHECK, page.entry_headline, *dated), page)

    def _fetch(self, entry: Entry, known: DuePage | None = None) -> Outcome:
        attempt = self._get(entry.url, CaptureKind.PAGE, known)
        self._record(attempt, entry)
        self.unanswered = self.unanswered + 1 if attempt.outcome in UNANSWERED else 0
        return attempt.outcome

    def _listed_entries(self) -> Iterator[Entry]:
        if not self.source.listings:
            return
        read = partial(last_listings, self.collector.layout)  # one query serves all sources
        last = self.collector.once.get("listings", read).get(self.source.id, {})
        waiting = deque(self.trial_listings or self.source.listings)
        seen = set(waiting)
        for _ in range(len(waiting) + MAX_CHILDREN):
            if not waiting:
                return
            if self.time.is_up():
                about = (self.collector.now, self.time.late)
                for url in waiting:
                    self._record(left_for_later(CaptureKind.LISTING, url, *about))
                return
            url = waiting.popleft()
            listing = self._read_listing(url, last.get(url))
            if listing:
                yield from listing.entries
                waiting.extend(child for child in listing.children if child not in seen)
                seen.update(listing.children)
            elif self.is_on_trial:
                return

    @property
    def is_on_trial(self) -> bool:
        return bool(self.trial_listings) and not self.read_listings

    def _read_listing(self, url: str, last: KnownListing | None) -> Listing | None:
        """Read one listing, from the cache or the archive when the server answers 304."""
        cached = self.listing_cache.get(url, last.raw_ref) if last else None
        copy = archived_copy(self.collector.layout, last.raw_ref) if last and not cached else b""
        # Without a copy to fall back on a 304 would lose entries that an earlier run did not fetch.
        attempt = self._get(url, CaptureKind.LISTING, last if cached or copy else None)
        listing = None
        earlier = replace(attempt, payload=copy, content_type=last.content_type) if last else None
        if attempt.outcome is Outcome.LISTED:
            listing, attempt = self._parse(attempt)
            if listing and earlier and may_have_rolled_over(listing, copy):
                before = cached or self._parse(earlier)[0]
                attempt = replace(attempt, detail=rolled_over(listing, before))
        elif attempt.outcome is Outcome.NOT_MODIFIED and last and earlier:
            listing = cached or self._parse(earlier)[0]
            if listing and not cached:
                self.listing_cache.put(url, last.raw_ref, listing)
        self._record(attempt)
        self.read_listings += listing is not None
        if listing is None and attempt.outcome is not Outcome.LEFT_FOR_LATER:
            detail = attempt.detail if url in attempt.detail else f"{url}: {attempt.detail}"
            self.failed_listings.append(f"{attempt.outcome}: {detail}")
        return listing

    def _parse(self, attempt: Attempt) -> tuple[Listing | None, Attempt]:
        collector = self.collector
        about = (collector.limits, collector.pool, self.time.deadline)
        with collector.activity.of(self.source.id, f"parses {shown(attempt.url_final)}"):
            listing, attempt = parse_listing(attempt, self.source, *about)
        if attempt.outcome is Outcome.LEFT_FOR_LATER:
            self.time.end()
        return listing, attempt

    def _get(
        self, url: str, kind: CaptureKind, known: KnownListing | DuePage | None = None
    ) -> Attempt:
        with self.collector.activity.of(self.source.id, f"fetches {shown(url)}"):
            attempt = self.collector.client.get(
                url,
                kind=kind,
                record=self._record_robots,
                min_interval=self.source.min_interval_seconds,
                allow_private=self.source.allow_private_hosts,
                etag=known.etag if known else None,
                last_modified=known.last_modified if known else None,
                max_tries=int(self.is_on_trial),
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
