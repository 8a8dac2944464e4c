"""One source's part of a run: discover, fetch and archive, until nothing new is left."""

import logging
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tasks.archive import OPEN_SUFFIX, ArchiveWriter, open_archive, salvage
from tasks.collect.circuit_breaker import Breaker
from tasks.collect.deferred import left_for_later
from tasks.collect.fetch import Client
from tasks.collect.listing_cache import Remembered, archived_copy
from tasks.collect.listings import Listing, find_files, read_file, read_listing
from tasks.collect.url_claims import Claims
from tasks.model import Attempt, CaptureKind, Entry, Outcome
from tasks.progress import advance
from tasks.settings import Limits
from tasks.sources.source import Source
from tasks.text.urls import fold
from warehouse.layers.layout import Layout
from warehouse.read.due_rechecks import DuePage, due_pages
from warehouse.read.known_urls import KnownListing, KnownUrls, Once, known_files, last_listings

log = logging.getLogger(__name__)

MAX_CHILDREN = 25
"""Sitemaps read for one source in a run besides its own listings; an index names many."""

RECHECK = "recheck"
"""Where a page was found that is asked for again because it may have changed."""

FAILURES_IN_A_ROW = 5
"""Pages that a source's hosts may leave unanswered before the rest is left for a later run."""
UNANSWERED = frozenset(
    {
        Outcome.DNS_FAILED,
        Outcome.CONNECT_FAILED,
        Outcome.TIMED_OUT,
        Outcome.RATE_LIMITED,
        Outcome.SERVER_ERROR,
    }
)


class SourcesFailed(Exception):  # noqa: N818 - it is what happened
    """Every source of a run failed."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What collecting one source came to."""

    source_id: str
    warc: Path | None = None
    listed: int = 0
    """Entries that listings and globs named, each once."""
    left: int = 0
    """New entries left for a later run: past the limit on new articles, or the host fell silent."""
    rechecked: int = 0
    """Known pages that were asked for again."""
    outcomes: dict[str, int] = field(default_factory=dict)
    """Attempts by outcome."""
    error: str = ""
    """Why the source failed; empty when it did not."""
    skipped: str = ""
    """Until when and why nothing was asked for; empty when it was."""

    @property
    def has_pages(self) -> bool:
        """Whether it brought pages to refine."""
        return bool(self.outcomes.get(Outcome.FETCHED))


@dataclass(frozen=True, slots=True)
class Collector:
    """What collecting the sources of one run needs; shared by the threads of all sources."""

    layout: Layout
    run_id: str
    client: Client
    limits: Limits
    since: datetime | None = None
    """Entries dated earlier are left alone; undated ones are not."""
    max_new: int = 0
    """Pages fetched for one source; 0 takes the limit of the settings."""
    recheck_after: tuple[timedelta, ...] = ()
    """How long after an article was first seen its page is asked for again."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    """The clock by which it is due."""
    claims: Claims = field(default_factory=Claims)
    breaker: Breaker = field(default_factory=Breaker)
    """Says which sources are left alone."""
    once: Once = field(default_factory=Once)
    known: KnownUrls = field(default_factory=KnownUrls)

    def due_pages(self, source: Source) -> list[DuePage]:
        """Known pages of a source that are to be asked for again."""
        own = source.recheck_after
        steps, most = self.recheck_after if own is None else own, self.limits.max_rechecks
        about = (self.layout, steps, self.now)
        ask = partial(due_pages, *about, most=most, published_since=self.since)
        return self.once.get(steps, ask).get(source.id, [])

    def last_listings(self, source: Source) -> dict[str, KnownListing]:
        """The listings of a source as they were last read."""
        if not source.listings:
            return {}
        return self.once.get("listings", lambda: last_listings(self.layout)).get(source.id, {})

    def collect(self, source: Source, *, is_retry: bool = False) -> Collected:
        """Collect one source; an exception becomes the error of the result.

        Args:
            source: The source.
            is_retry: Whether this run has tried it before: its archive file is then continued.
        """
        raw = self.layout.raw
        archive = open_archive(raw, source.id, self.run_id, may_resume=is_retry)
        visit = _Visit(self, source, archive)
        try:
            _finish_dead_runs(self.layout.raw / source.id)
            with visit.archive:
                visit.run()
        except Exception as surprise:
            log.exception("%s: collecting stopped", source.id)
            visit.error = f"{type(surprise).__name__}: {surprise}"
        return visit.collected()


def _finish_dead_runs(archives: Path) -> None:
    """Close what a run left open that was killed while it had the source.

    So every archive file that was begun earlier is there when this run's pages are refined.
    """
    for path in archives.glob("*" + OPEN_SUFFIX):
        salvage(path)


class _Visit:
    """One source in one run."""

    def __init__(self, collector: Collector, source: Source, archive: ArchiveWriter) -> None:
        self.of, self.source, self.archive = collector, source, archive
        self.outcomes: Counter[str] = Counter()
        self.listed: set[str] = set()
        self.left = 0
        self.rechecked = 0
        self.failures = 0
        self.failed_listings: list[str] = []
        self.read_listings = 0
        self.error = ""
        self.skipped = collector.breaker.skips(source)
        self.tried = collector.breaker.tries(source)
        about = f"{collector.limits.max_entries} {source.sections}"
        self.remembered = Remembered(collector.layout, source.id, about)

    def run(self) -> None:
        self._take_files()
        if self.skipped:
            log.info("%s: %s", self.source.id, self.skipped)
            return
        self._fetch_pages(self._entries())
        if self.failed_listings and not self.read_listings:
            self.error = f"no listing could be read: {self.failed_listings[0]}"
        else:
            self._recheck_pages()

    def collected(self) -> Collected:
        return Collected(
            self.source.id,
            self.archive.path,
            len(self.listed),
            self.left,
            self.rechecked,
            dict(sorted(self.outcomes.items())),
            self.error,
            self.skipped,
        )

    def _record(self, attempt: Attempt, entry: Entry | None = None) -> None:
        self.archive.write(attempt, entry)
        self.outcomes[attempt.outcome.value] += 1

    def _take_files(self) -> None:
        known = known_files(self.of.layout, self.source.id) if self.source.files else frozenset()
        for entry in find_files(self.source.files):
            self.listed.add(entry.url)
            attempt = read_file(entry, self.of.limits.max_bytes)
            if attempt.etag not in known:
                self._record(attempt, entry)

    def _fetch_pages(self, entries: Iterable[Entry]) -> None:
        fresh: dict[str, Entry] = {}
        for entry in entries:
            fresh.setdefault(fold(entry.url), entry)
        self.listed.update(fresh)
        for key in self.of.known.among(self.of.layout, fresh):
            del fresh[key]
        wanted = [(key, entry) for key, entry in fresh.items() if not self._is_old(entry)]
        limit = self.of.max_new or self.of.limits.max_new_articles
        left = [entry for _, entry in wanted[limit:]]
        for number, (key, entry) in enumerate(wanted[:limit], 1):
            advance(f"{self.source.id}: pages", number, len(wanted[:limit]))
            if self.failures == FAILURES_IN_A_ROW:
                left.append(entry)
            elif self.of.claims.take(key):
                self._fetch(entry)
        self.left = len(left)
        for attempt, entry in left_for_later(left, self.of.now):
            self._record(attempt, entry)

    def _recheck_pages(self) -> None:
        pages = self.of.due_pages(self.source)
        for number, page in enumerate(pages, 1):
            advance(f"{self.source.id}: pages again", number, len(pages))
            if self.failures == FAILURES_IN_A_ROW:
                return
            if self.of.claims.take(fold(page.url)):
                self.rechecked += 1
                self._fetch(_entry_of(page), page)

    def _fetch(self, entry: Entry, held: DuePage | None = None) -> None:
        attempt = self._get(entry.url, CaptureKind.PAGE, held)
        self._record(attempt, entry)
        self.failures = self.failures + 1 if attempt.outcome in UNANSWERED else 0

    def _is_old(self, entry: Entry) -> bool:
        since, published = self.of.since, entry.published_at
        return since is not None and published is not None and published < since

    def _entries(self) -> Iterator[Entry]:
        last = self.of.last_listings(self.source)
        waiting = deque(self.tried or self.source.listings)
        seen = set(waiting)
        for _ in range(len(waiting) + MAX_CHILDREN):
            if not waiting:
                return
            listing = self._read(waiting.popleft(), last)
            if listing:
                yield from listing.entries
                waiting.extend(url for url in listing.children if url not in seen)
                seen.update(listing.children)
            elif self.is_on_trial:
                return

    @property
    def is_on_trial(self) -> bool:
        return bool(self.tried) and not self.read_listings

    def _read(self, url: str, last: dict[str, KnownListing]) -> Listing | None:
        """Read one listing; after a 304 the archived copy speaks, so no entry is ever missed."""
        kept = last.get(url)
        known = self.remembered.recall(url, kept.raw_ref) if kept else None
        copy = archived_copy(self.of.layout, kept.raw_ref) if kept and not known else b""
        attempt = self._get(url, CaptureKind.LISTING, kept if known or copy else None)
        listing = None
        if attempt.outcome is Outcome.LISTED:
            listing, attempt = self._parse(attempt)
        elif attempt.outcome is Outcome.NOT_MODIFIED and kept:
            listing = known or self._parse_again(url, kept, replace(attempt, payload=copy))
        self._record(attempt)
        self.read_listings += listing is not None
        if listing is None:
            detail = attempt.detail if url in attempt.detail else f"{url}: {attempt.detail}"
            self.failed_listings.append(f"{attempt.outcome}: {detail}")
        return listing

    def _parse_again(self, url: str, kept: KnownListing, unchanged: Attempt) -> Listing | None:
        if listing := self._parse(replace(unchanged, content_type=kept.content_type))[0]:
            self.remembered.keep(url, kept.raw_ref, listing)
        return listing

    def _parse(self, attempt: Attempt) -> tuple[Listing | None, Attempt]:
        limit = self.of.limits.max_entries
        read = read_listing(
            attempt.payload,
            attempt.content_type,
            attempt.url_final,
            max_entries=limit,
            may_be_section=attempt.url_requested in self.source.sections,
        )
        if isinstance(read, Listing):
            return read, attempt
        return None, replace(attempt, outcome=read.outcome, detail=read.detail)

    def _get(
        self, url: str, kind: CaptureKind, kept: KnownListing | DuePage | None = None
    ) -> Attempt:
        return self.of.client.get(
            url,
            kind=kind,
            accept="listing" if kind is CaptureKind.LISTING else "html",
            record=self._record_robots,
            min_interval=self.source.min_interval_seconds,
            allow_private=self.source.allow_private_hosts,
            etag=kept.etag if kept else None,
            last_modified=kept.last_modified if kept else None,
            max_tries=int(self.is_on_trial),
        )

    def _record_robots(self, attempt: Attempt) -> None:
        if attempt.kind is CaptureKind.ROBOTS:
            self._record(attempt)


def _entry_of(page: DuePage) -> Entry:
    """A known page as an entry, with what a listing once said of it."""
    said = (page.entry_headline, page.entry_published_raw, page.entry_published_at)
    return Entry(page.url, RECHECK, *said)
