"""Whether a listing still names what was newest at the read before it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tasks.collect.listings import Listing
from tasks.collect.listings.summary import summary
from tasks.model import Entry, ListingSummary
from warehouse.read.known_urls import KnownListing

THEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOW = THEN + timedelta(days=1)
HOUR = timedelta(hours=1)
WINDOW = 2 * 24 * 3600.0
"""The longest window of earlier reads, in seconds."""

Told = str | tuple[str, datetime]


def listing(kind: str, told: Sequence[Told]) -> Listing:
    pairs = [(each, None) if isinstance(each, str) else each for each in told]
    site = "https://gb-post.test/"
    return Listing(kind, tuple(Entry(site + name, kind, published_at=at) for name, at in pairs))


def compared(before: Sequence[Told], told: Sequence[Told], kind: str = "feed") -> ListingSummary:
    last = KnownListing(None, None, "", "", THEN, 30, WINDOW)
    return summary(listing(kind, told), listing(kind, before), last, set(), {}, NOW)


def stories(first: int, last: int, *, is_dated: bool = True) -> list[Told]:
    """Stories, the newest first; number 0 is of the earlier read, there is one an hour."""
    numbers = range(last, first - 1, -1)
    return [(f"s{n}", THEN + n * HOUR) if is_dated else f"s{n}" for n in numbers]


BEFORE, ALL_NEW, ONE_LEFT = stories(-9, 0), stories(11, 20), stories(0, 9)


@pytest.mark.parametrize(
    ("before", "told", "is_continued"),
    [
        (BEFORE, BEFORE, True),
        (BEFORE, stories(-8, 1), True),
        (BEFORE, ONE_LEFT, True),
        (BEFORE, ALL_NEW, False),
        # The newest was withdrawn.
        (BEFORE, [*stories(1, 3), *stories(-6, -1)], True),
        # A live ticker, whose date moves.
        ([("live", THEN), *BEFORE], [("live", NOW), *ALL_NEW], False),
        ([("live", THEN), *BEFORE], [("live", NOW), *ONE_LEFT], True),
        # An event to come.
        ([("fair", NOW + HOUR), *BEFORE], [("fair", NOW + HOUR), *ALL_NEW], False),
        ([("fair", NOW + HOUR), *BEFORE], [("fair", NOW + HOUR), *ONE_LEFT], True),
        # A story that was pinned when two newer ones had appeared.
        (BEFORE, [BEFORE[2], *ALL_NEW], False),
        (BEFORE, [BEFORE[2], *ONE_LEFT], True),
        ([("live", THEN)], [("live", NOW)], True),
    ],
)
def test_a_dated_listing_is_continued_by_what_was_newest(
    before: list[Told], told: list[Told], is_continued: bool
) -> None:
    for kind in ("feed", "jsonfeed", "sitemap"):
        assert compared(before, told, kind).is_continued is is_continued
    # Dates decide, not the order.
    assert compared(before[::-1], told[::-1]).is_continued is is_continued


@pytest.mark.parametrize("pinned_count", [1, 2])
@pytest.mark.parametrize("kind", ["feed", "jsonfeed"])
def test_the_newest_entries_of_a_dated_feed_prove_nothing_out_of_the_order_of_dates(
    kind: str, pinned_count: int
) -> None:
    pinned = BEFORE[:pinned_count]
    for told in ([*pinned, *ALL_NEW], [*ALL_NEW[:3], *pinned, *ALL_NEW[3:]]):
        found = compared(BEFORE, told, kind)
        assert found.is_continued is False
        assert found.window_from == THEN + 11 * HOUR
        assert compared(BEFORE[::-1], told[::-1], kind).is_continued is False
    # What comes after them by date is still listed.
    assert compared(BEFORE, [*pinned, *stories(-5, 4)[: 10 - pinned_count]], kind).is_continued


def test_the_order_of_dates_need_not_be_perfect() -> None:
    advertisement = ("sale", NOW - HOUR)
    for told in ([*ONE_LEFT, advertisement], [*ONE_LEFT[1:3], ONE_LEFT[0], *ONE_LEFT[3:]]):
        assert compared(BEFORE, told).is_continued is True
    # Nothing is pinned in a sitemap, and many have no order. In a feed of sections without the
    # order of dates nothing shows where its newest entry would stand.
    assert compared(BEFORE, [BEFORE[0], *ALL_NEW], "sitemap").is_continued is True
    sections = [*ALL_NEW[::2], BEFORE[0], *ALL_NEW[1:8:2]]
    assert compared(BEFORE, sections).is_continued is True


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_short_or_quiet_feed_is_continued_by_its_newest_entry(length: int) -> None:
    for newest in range(length):
        told = stories(newest + 1 - length, newest)
        assert compared(BEFORE[:length], told).is_continued is True
        assert compared(BEFORE[:length][::-1], told[::-1]).is_continued is True


def test_a_feed_that_states_the_time_of_the_request_for_all_is_continued() -> None:
    before, later = ([(f"s{n}", at) for n in range(10)] for at in (THEN, NOW))
    new = [(f"t{n}", NOW) for n in range(10)]
    assert compared(before, [*new[:2], *later[:8]]).is_continued is True
    assert compared(before, new).is_continued is False


@pytest.mark.parametrize("pinned_at", [None, 0, 1, 4, 10])
def test_a_pinned_entry_of_an_undated_feed_neither_continues_it_nor_ends_it(
    pinned_at: int | None,
) -> None:
    def shown(first: int, last: int) -> list[Told]:
        told = stories(first, last, is_dated=False)
        return told if pinned_at is None else [*told[:pinned_at], "pinned", *told[pinned_at:]]

    before = shown(-9, 0)
    for newest in (0, 1, 4, 6):
        assert compared(before, shown(newest - 9, newest)).is_continued is True
    assert compared(before, shown(11, 20)).is_continued is False


def test_a_pinned_entry_that_is_moved_down_proves_nothing() -> None:
    before = ["pinned", *stories(-9, 0, is_dated=False)]
    told = stories(11, 20, is_dated=False)
    assert compared(before, [*told[:3], "pinned", *told[3:]]).is_continued is False


@pytest.mark.parametrize("kind", ["section", "sitemap"])
def test_of_entries_without_dates_and_order_most_have_to_stay(kind: str) -> None:
    evergreen = ["about-us", "how-we-count"]
    before = [*evergreen, *stories(-9, 0, is_dated=False)]
    for first, is_continued in ((-9, True), (-5, True), (1, False)):
        told = [*evergreen, *stories(first, first + 9, is_dated=False)]
        assert compared(before, told, kind).is_continued is is_continued


@pytest.mark.parametrize(
    ("left", "most_entries"),
    [(THEN - HOUR, None), (THEN - 23 * HOUR, None), (THEN - 25 * HOUR, 30)],
)
def test_a_sitemap_that_loses_young_entries_loses_them_not_by_age(
    left: datetime, most_entries: int | None
) -> None:
    found = compared([("s", left)], [("t", NOW - HOUR)], "sitemap")
    assert (found.is_continued, found.most_entries) == (False, most_entries)
