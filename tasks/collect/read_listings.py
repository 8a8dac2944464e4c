"""Reads the listings of one source in one run, and compares them with what was known before."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from tasks.collect.fetch.request import origin, url_for_message
from tasks.collect.index_sitemaps import IndexSitemaps
from tasks.collect.listing_cache import ListingCache, archived_copy
from tasks.collect.listings import Listing
from tasks.collect.listings.summary import summary
from tasks.collect.missed_entries import limit_to_feeds, recovered_entries
from tasks.collect.parse_listing import parse_listing
from tasks.collect.source_time import SourceTime, deferred
from tasks.model import (
    LISTING_OUTCOMES,
    Attempt,
    Capture,
    CaptureKind,
    Entry,
    ListingSummary,
    Outcome,
)
from tasks.sources.source import Source
from tasks.text.counted import counted
from tasks.text.urls import fold_url
from warehouse.read.known_urls import KnownListing, last_listings

if TYPE_CHECKING:
    from tasks.collect.collector import Collector

Get = Callable[[str, KnownListing | None], Attempt]
Record = Callable[[Attempt, Entry | None], Capture]


class ListingReader:
    """The listings of one source in one run."""

    def __init__(
        self, collector: "Collector", source: Source, time: SourceTime, get: Get, record: Record
    ) -> None:
        self.collector, self.source, self.time = collector, source, time
        self.get, self.record = get, record
        self.trial_listings = collector.breaker.trial_listings(source)
        about = f"{collector.limits.max_entries} {source.sections} {source.timezone}"
        self.cache = ListingCache(collector.layout, source.id, about)
        self.read_count = 0  # of the source's own listings
        self.failed: list[str] = []  # the reason for each listing that could not be read
        self.notes: list[str] = []  # on listings that are too long, and sections without links
        self.rolled_over: list[ListingSummary] = []  # of feeds
        self.sitemaps: list[ListingSummary] = []
        self._sites: Counter[str] = Counter()  # origins of the entries of feeds
        self._named: set[str] = set()  # folded URLs that listings of this run name
        self._in_feeds: dict[str, datetime | None] = {}  # those of feeds, with their dates
        self._feeds_since: datetime | None = None  # from when on all feeds name their entries
        # Whether earlier runs collected a folded URL, and the sources of its articles.
        self._known: dict[str, frozenset[str] | None] = {}

    @property
    def is_on_trial(self) -> bool:
        """Whether the next listing decides on all further requests."""
        return bool(self.trial_listings) and not self.read_count

    @property
    def site(self) -> str:
        """The origin of most entries of its feeds; empty when these name none."""
        return max(self._sites, key=lambda each: (self._sites[each], each), default="")

    def entries(self) -> Iterator[Entry]:
        """The entries of all listings, in their order, then those that feeds have lost."""
        if not self.source.listings:
            return
        layout, now = self.collector.layout, self.collector.now
        read = partial(last_listings, layout, now)  # one query serves all sources
        last = self.collector.query_cache.get("listings", read).get(self.source.id, {})
        own = deque(self.trial_listings or self.source.listings)
        sitemaps = IndexSitemaps(own)
        while (own or not sitemaps.is_done) and not self.time.is_up():
            url = own.popleft() if own else sitemaps.take()
            known = last.get(url)
            listing = self.read(url, known)
            if listing:
                yield from listing.entries
                sitemaps.add(listing, known.read_at if known else now)
            elif self.is_on_trial:
                break
        self._record_unread(own, sitemaps)
        if self.read_count:
            yield from recovered_entries(self, last)

    def _record_unread(self, own: Iterable[str], sitemaps: IndexSitemaps) -> None:
        """Record what was not read: for lack of time, or as one of too many sitemaps."""
        at, late = self.collector.now, self.time.late
        if late:
            for url in own:
                self.record(deferred(CaptureKind.LISTING, url, at, late), None)
        unread = list(sitemaps.unread())
        for url, why in unread:
            self.record(deferred(CaptureKind.LISTING, url, at, late or why), None)
        if unread and not late:
            self.notes.append(f"{counted(len(unread), 'sitemap')} not read: {unread[0][1]}")

    def known(self, keys: Iterable[str]) -> dict[str, frozenset[str]]:
        """Those of the folded URLs that earlier runs have collected, with their articles' sources.

        Each is looked up once.
        """
        wanted = set(keys)
        asked = wanted - self._known.keys()
        found = self.collector.known.among(self.collector.layout, asked)
        self._known.update((key, found.get(key)) for key in asked)
        known = ((key, self._known[key]) for key in wanted)
        return {key: source_ids for key, source_ids in known if source_ids is not None}

    def read(self, url: str, last: KnownListing | None, found_in: str = "") -> Listing | None:
        """Read one listing, from the cache or the archive when the server answers 304.

        With `found_in` the listing is not one of the source's own: failing to read it is no failure
        of the source.
        """
        cached = self.cache.get(url, last.raw_ref) if last else None
        copy = archived_copy(self.collector.layout, last.raw_ref) if last and not cached else b""
        # Without a copy to fall back on a 304 would lose entries that an earlier run did not fetch.
        attempt = self.get(url, last if cached or copy else None)
        before = cached
        if last and copy and attempt.outcome in LISTING_OUTCOMES:
            earlier = replace(attempt, payload=copy, content_type=last.content_type)
            before, parsed = self._parse(earlier)
            if attempt.outcome is Outcome.NOT_MODIFIED and not before:  # its entries are unknown
                attempt = replace(attempt, outcome=parsed.outcome, detail=parsed.detail)
        listing = before if attempt.outcome is Outcome.NOT_MODIFIED else None
        if attempt.outcome is Outcome.LISTED:
            listing, attempt = self._parse(attempt)
        if listing:
            # A sitemap that is read only after losses rolls over between reads: do not compare it.
            compared = (None, None) if found_in else (before, last)
            followed = (
                limit_to_feeds(listing, self._in_feeds, self._feeds_since) if found_in else listing
            )
            attempt = self._with_summary(attempt, followed, *compared)
            attempt = replace(attempt, detail=attempt.detail or listing.left_out)
            if listing.left_out and not found_in:
                self.notes.append(f"{url}: {listing.left_out}")
            if listing.kind == "section" and not listing.entries:
                self.notes.append(f"{url}: no link looks like an article's")
        capture = self.record(attempt, Entry(url, found_in) if found_in else None)
        # A 304 has no record of its own.
        copied_at = capture.raw_ref if attempt.outcome is Outcome.LISTED else last and last.raw_ref
        if listing and copied_at and listing is not cached:
            self.cache.put(url, copied_at, listing)
        if found_in:
            return followed if listing else None
        self.read_count += listing is not None
        if listing is None and attempt.outcome is not Outcome.LEFT_FOR_LATER:
            detail = attempt.detail if url in attempt.detail else f"{url}: {attempt.detail}"
            self.failed.append(f"{attempt.outcome}: {detail}")
        return listing

    def _with_summary(
        self,
        attempt: Attempt,
        listing: Listing,
        before: Listing | None,
        last: KnownListing | None,
    ) -> Attempt:
        entries = {fold_url(entry.url): entry.published_at for entry in listing.entries}
        earlier = {fold_url(entry.url) for entry in before.entries} if before else set()
        known = self._named | self.known(entries.keys() - earlier - self._named).keys()
        found = summary(listing, before, last, known, self._in_feeds, attempt.attempted_at)
        self._named.update(entries)
        if listing.kind == "sitemap":
            self.sitemaps.append(found)
        if listing.kind in ("feed", "jsonfeed"):
            self._in_feeds.update(entries)
            self._sites.update(origin(entry.url) for entry in listing.entries)
            if since := found.window_from:
                self._feeds_since = max(self._feeds_since or since, since)
            if found.is_continued is False and found.entries:
                self.rolled_over.append(found)
        return replace(attempt, listing=found)

    def _parse(self, attempt: Attempt) -> tuple[Listing | None, Attempt]:
        collector, deadline = self.collector, self.time.deadline
        with collector.waits.show(self.source.id, f"parses {url_for_message(attempt.url_final)}"):
            may_be_section = attempt.url_requested in self.source.sections
            listing, attempt = parse_listing(
                attempt, collector.limits, collector.pool, deadline, may_be_section=may_be_section
            )
        if attempt.outcome is Outcome.LEFT_FOR_LATER:
            self.time.end()
        return listing and listing.in_zone(self.source.timezone), attempt
