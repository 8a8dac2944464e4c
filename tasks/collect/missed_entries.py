"""Recovers the entries that came and went between two reads of a feed, from a news sitemap."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tasks.collect.listings import Listing
from tasks.model import Entry, ListingSummary
from tasks.text.urls import fold_url, is_http, same_site
from warehouse.read.known_urls import KnownListing
from warehouse.read.listing_gaps import RecoveryRead, open_gaps, recovery_reads

if TYPE_CHECKING:
    from tasks.collect.read_listings import ListingReader

# The `found_in` of a sitemap that is read for lost entries. It is not a listing of the source:
# if it is missing or unreadable, that is not a failure.
RECOVERY = "recovery"
USUAL_PLACES = (
    *("/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_news.xml", "/news_sitemap.xml"),
    *("/sitemaps/news.xml", "/googlenews.xml"),
)
MAX_REQUESTS = 10  # of one visit
MAX_CHILDREN = 3  # of one sitemap index
MAX_OTHERS = 2  # sitemaps of robots.txt whose URL does not say news
# Feeds and sitemaps may give different times for the same article.
MARGIN = timedelta(hours=2)
RETRY_AFTER = timedelta(hours=1)
# As in listing_reads: a sitemap that names this share of the feeds' entries closes a gap.
MIN_SHARE = 0.9
# Of a directory's articles in a sitemap, the share that the feeds name if they follow it. Not all:
# many feeds leave out videos, or articles of agencies.
MIN_FOLLOWED = 0.8


@dataclass(frozen=True, slots=True)
class Gap:
    """A period whose entries may be lost."""

    since: datetime
    until: datetime

    def has(self, entry: Entry) -> bool:
        """Whether the entry is dated within it, or within MARGIN of it."""
        at = entry.published_at
        return at is not None and self.since - MARGIN <= at <= self.until + MARGIN

    def is_closed_by(self, sitemap: ListingSummary) -> bool:
        """Whether a sitemap named all that was published in it."""
        back_to = sitemap.window_from
        return (
            back_to is not None and back_to <= self.since and (sitemap.feed_share or 0) >= MIN_SHARE
        )


def recovered_entries(reader: "ListingReader", last: Mapping[str, KnownListing]) -> Iterator[Entry]:
    """Entries that a sitemap of the source names, dated in the gaps of its feeds."""
    collector, source = reader.collector, reader.source
    gap, past = _find_gap(reader)
    if gap is None or not reader.site or reader.time.is_up():
        return
    named = collector.client.sitemaps(
        reader.site,
        record=lambda attempt: reader.record(attempt, None),
        min_interval=source.min_interval_seconds,
        allow_private=source.allow_private_hosts,
        deadline=reader.time.deadline,
    )
    candidates = news_sitemap_urls(reader.site, filter(is_http, named), past, collector.now)
    waiting = deque(url for url in candidates if url not in source.listings)
    seen = {*waiting, *source.listings}
    for _ in range(MAX_REQUESTS):
        is_closed = any(map(gap.is_closed_by, reader.sitemaps))
        if not waiting or is_closed or reader.time.is_up():
            return
        url = waiting.popleft()
        listing = reader.read(url, last.get(url), RECOVERY)
        if listing is None:
            continue
        for entry in listing.entries:
            if gap.has(entry) and same_site(entry.url, reader.site):
                yield entry
        # The newest come first.
        children = [child for child in listing.children if child not in seen]
        chosen = list(filter(is_news, children)) or children
        waiting.extendleft(reversed(chosen[:MAX_CHILDREN]))
        seen.update(children)


def limit_to_feeds(sitemap: Listing, in_feeds: Iterable[str], since: datetime | None) -> Listing:
    """The sitemap of a whole site with the entries that the feeds would name, as of a section.

    Each entry is judged by its directory, or the nearest one above with articles since then. If the
    sitemap has no entry of the feeds, their URLs differ from its own, and it stays as it is.

    Args:
        sitemap: as read.
        in_feeds: folded URLs of the feeds' entries.
        since: from when on the feeds name all that they follow; None if that is unknown.
    """
    named = set(in_feeds)
    articles, of_feeds = Counter[str](), Counter[str]()
    for entry in sitemap.entries:
        if entry.published_at and since and entry.published_at >= since:
            articles.update(_directories(entry.url))
            if fold_url(entry.url) in named:
                of_feeds.update(_directories(entry.url))
    if not of_feeds:
        return sitemap

    def is_followed(entry: Entry) -> bool:
        nearest = next(each for each in reversed(_directories(entry.url)) if each in articles)
        return of_feeds[nearest] >= MIN_FOLLOWED * articles[nearest]

    return replace(sitemap, entries=tuple(filter(is_followed, sitemap.entries)))


def _directories(url: str) -> list[str]:
    """The directories of a URL, from the root down, without those that are numbers."""
    names = [name for name in urlsplit(url).path.split("/")[1:-1] if not name.isdigit()]
    return ["/".join(names[:depth]) for depth in range(len(names) + 1)]


def news_sitemap_urls(
    site: str, named: Iterable[str], past: Mapping[str, RecoveryRead], now: datetime
) -> list[str]:
    """URLs of a site's news sitemaps: those read before, else candidates, the likeliest first."""
    named = list(dict.fromkeys(named))
    others = [url for url in named if not is_news(url)]
    usual = [site + path for path in USUAL_PLACES]
    candidates = list(dict.fromkeys([*filter(is_news, named), *usual, *others[:MAX_OTHERS]]))
    if found := [url for url in candidates if url in past and past[url].is_read]:
        return found
    return [
        url
        for url in candidates
        if (last := past.get(url)) is None
        or (last.is_retryable and last.attempted_at < now - RETRY_AFTER)
    ]


def is_news(url: str) -> bool:
    """Whether a sitemap's URL says that it is of news; the host's name does not count."""
    split = urlsplit(url)
    return "news" in f"{split.path}?{split.query}".lower()


def _find_gap(reader: "ListingReader") -> tuple[Gap | None, Mapping[str, RecoveryRead]]:
    """The gap to recover entries from, and the earlier reads of sitemaps.

    The gap is that before the entries of this run's feeds, else one that earlier runs found; None
    when there is none that can be closed now.
    """
    collector, source_id = reader.collector, reader.source.id
    times = [
        (one.previous_read_at, one.window_from or one.newest_at or one.previous_read_at)
        for one in reader.rolled_over
        if one.previous_read_at
    ]
    # One query serves all sources.
    ask = partial(open_gaps, collector.layout, collector.now)
    earlier = None if times else collector.query_cache.get("open gaps", ask).get(source_id)
    if not times and not earlier:
        return None, {}
    read = partial(recovery_reads, collector.layout, collector.now)
    past = collector.query_cache.get("recovery reads", read).get(source_id, {})
    if not earlier:
        return Gap(min(at for at, _ in times), max(at for _, at in times)), past
    tried = [one for one in past.values() if one.attempted_at >= earlier.read_at]
    # Some of its pages remain, or no sitemap was read since it was found and one may be now.
    may_be_closed = earlier.has_left or (
        not any(one.is_read for one in tried)
        and (not tried or any(one.is_retryable for one in tried))
    )
    return (Gap(earlier.since, earlier.until) if may_be_closed else None), past
