"""Compares a read of a listing with what was known before it."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise, takewhile

from tasks.collect.listings.feeds_and_sitemaps import Listing
from tasks.model import ListingSummary
from tasks.text.urls import fold_url
from warehouse.read.known_urls import KnownListing

# The newest entries of the previous read. Others may have come and gone in between unless most of
# them are still listed, or the newest is. Not any one: live tickers and pinned stories stay listed.
NEWEST_COMPARED = 5
# A feed is in the order of its dates if at most this share of its entries stands out of it.
MAX_PINNED = 0.2
# With fewer dated entries, one wrong date would decide how far a listing reaches back.
MIN_DATED = 5
# The share of oldest dates that are left out where they stand apart, since they do not show how far
# a listing reaches back: feeds pin old stories; sitemaps rarely do.
OUTLIERS = {"sitemap": 0.05}
FEED_OUTLIERS = 0.2
# A date stands apart when the pause after it is more than this many times the longest pause between
# the others. A night is two or three times the longest pause of the day before it.
MIN_GAP_RATIO = 3
# Dates before a longer pause are left out, too, however many: they are stories of past years.
MAX_PAUSE = timedelta(weeks=5)

Dates = dict[str, datetime | None]
"""When each entry was published, by folded URL in the order of the listing."""


def summary(
    listing: Listing,
    before: Listing | None,  # the previous read; None when there was none, or it is lost
    last: KnownListing | None,  # that read, as the warehouse has it
    known: AbstractSet[str],  # folded URLs of entries known from elsewhere
    feeds: Mapping[str, datetime | None],  # entries that the feeds named in this run, by folded URL
    read_at: datetime,
) -> ListingSummary:
    """What a read of a listing named, for `listing_reads`."""
    now, then = _dates(listing), _dates(before) if before else {}
    keys, named = now.keys(), then.keys()
    dates = sorted(at for entry in listing.entries if (at := entry.published_at) and at <= read_at)
    is_continued = _is_continued(then, now, listing.kind, last.read_at if last else None)
    is_dated = 2 * len(dates) >= len(keys) and len(dates) >= MIN_DATED
    window = _window(dates, listing.kind) if is_dated else []
    # Entries left out of a listing that is too long may be new, unless their dates say otherwise;
    # but some sites state the time of the request for all pages.
    since = last.read_at.timestamp() if last else math.inf
    is_undated = listing.left_out_until == math.inf
    if is_undated or (is_continued and listing.left_out_until >= since):
        # Then it covers nothing, as if it had not been read before.
        window, is_continued, last = [], None, None
    if last and is_continued is False:
        # The previous read's newest entries are gone: whatever is older than that read is pinned.
        window = [at for at in window if at > last.read_at] or window
        if _dropped_young_entry(then, now, last, read_at):
            # Otherwise entries would count as leaving it by age alone where it has fewer than that.
            last = replace(last, most_entries=None)
    feed_share = None  # how much it names of the feeds' entries since then
    if listing.kind == "sitemap" and window:
        within = [key for key, at in feeds.items() if at and at >= window[0]]
        feed_share = sum(key in keys for key in within) / len(within) if within else None
    return ListingSummary(
        kind=listing.kind,
        entries=len(keys),
        known=len(keys & (named | known)),
        added=len(keys - named) if before else None,
        is_continued=is_continued,
        oldest_at=dates[0] if dates else None,
        newest_at=dates[-1] if dates else None,
        window_from=window[0] if window else None,
        window_entries=len(window),
        previous_read_at=last.read_at if last else None,
        most_entries=last.most_entries if last else None,
        longest_window=last.longest_window if last else None,
        before_window=sum(last.read_at < at < window[0] for at in dates) if last and window else 0,
        feed_share=feed_share,
    )


def _window(dates: Sequence[datetime], kind: str) -> Sequence[datetime]:
    """Sorted dates, without the oldest where they stand apart from the others."""
    pauses = [later - earlier for earlier, later in pairwise(dates)]
    outliers = max(1, int(len(dates) * OUTLIERS.get(kind, FEED_OUTLIERS)))
    usual = MIN_GAP_RATIO * max(pauses[outliers:])
    apart = [
        number
        for number, pause in enumerate(pauses, 1)
        if pause > MAX_PAUSE or (number <= outliers and pause > usual)
    ]
    return dates[max(apart, default=0) :]


def _dates(listing: Listing) -> Dates:
    return {fold_url(entry.url): entry.published_at for entry in listing.entries}


def _is_continued(then: Dates, now: Dates, kind: str, since: datetime | None) -> bool | None:
    """Whether all that was published since the previous read must still be listed.

    None if there was nothing to compare.
    """
    if not then:
        return None
    is_feed = kind in ("feed", "jsonfeed")
    past = {key: at for key, at in then.items() if at and (since is None or at <= since)}
    # Entries that are not known to stay for another reason: that the newest of them is still
    # listed shows that no later one has left.
    if past and 2 * sum(map(bool, then.values())) >= len(then):
        newest = sorted(past, key=past.__getitem__, reverse=True)
        pinned = _pinned(now) if is_feed else set()
        lasting = [
            key for key in newest if now.get(key, past[key]) == past[key] and key not in pinned
        ]
    elif is_feed:
        newest = list(then)
        # An entry that new ones follow is not in its turn.
        in_turn = set(takewhile(then.__contains__, reversed(now)))
        lasting = [key for key in newest if key in in_turn or key not in now]
    else:  # Neither dates nor order show which are the newest.
        return 2 * len(then.keys() & now.keys()) > len(then)
    compared = newest[:NEWEST_COMPARED]
    is_newest_listed = bool(lasting) and lasting[0] in now
    return is_newest_listed or 2 * sum(key in now for key in compared) > len(compared)


def _pinned(now: Dates) -> set[str]:
    """The dated entries of a feed in the order of dates, either way, that stand out of it."""
    dated = [(key, at) for key, at in now.items() if at]
    in_order = max(_longest_rise(reversed(dated)), _longest_rise(dated), key=len)
    others = {key for key, _ in dated} - in_order
    return others if len(others) <= MAX_PINNED * len(dated) else set()


def _longest_rise(dated: Iterable[tuple[str, datetime]]) -> set[str]:
    """The most entries of which none is older than one before it."""
    # The earliest date, and its entry, that one, two, three ... entries can end with.
    ends: list[datetime] = []
    last: list[str] = []
    before: dict[str, str] = {}
    for key, at in dated:
        place = bisect_right(ends, at)
        before[key] = last[place - 1] if place else ""
        ends[place : place + 1], last[place : place + 1] = [at], [key]
    found, key = set[str](), last[-1] if last else ""
    while key:
        found.add(key)
        key = before[key]
    return found


def _dropped_young_entry(then: Dates, now: Dates, last: KnownListing, read_at: datetime) -> bool:
    """Whether an entry is gone that is younger than the longest window of earlier reads."""
    gone = (at for key, at in then.items() if at and key not in now)
    ages = ((read_at - at).total_seconds() for at in gone if at <= last.read_at)
    return min(ages, default=math.inf) < (last.longest_window or 0)
