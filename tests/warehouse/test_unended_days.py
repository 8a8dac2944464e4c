"""A day that has not ended is no gap, wherever the source is and however often it is read."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.desk.snapshots import Snapshots
from flows.mcp.server import Tools
from tests.support.feed_reads import feed_reads
from tests.support.staged_pages import START, Page, source
from tests.warehouse.test_local_days import NEW_YORK, TOKYO, ask, load_pages
from warehouse.layers.layout import Layout
from warehouse.questions.selection import choices
from warehouse.read.query import snapshot

pytestmark = pytest.mark.slow

HOURLY, DAILY = source("gb-hourly", timezone="UTC"), source("gb-daily", timezone="UTC")
GAPS = "SELECT state, first_day, last_day FROM {} WHERE source_id = '{}' ORDER BY first_day"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def gaps(layout: Layout, source_id: str, relation: str = "coverage_gaps") -> list[Any]:
    """The gaps of a source, their days counted from START."""
    first = START.date()
    found = ask(layout, GAPS.format(relation, source_id))
    return [(state, (since - first).days, (to - first).days) for state, since, to in found]


def test_the_evening_before_in_america_is_no_gap(layout: Layout) -> None:
    """At 02:00 UTC it is 21:00 of the day before in New York, and 11:00 of this day in Tokyo."""
    pages = [*feed_reads("us-times", range(93)), *feed_reads("jp-shimbun", range(93))]
    load_pages(layout, [*pages, Page("a", source_id="us-times")], [TOKYO, NEW_YORK])
    for source_id in ("us-times", "jp-shimbun"):
        for relation in ("coverage_gaps", "coverage_gaps_local"):
            assert gaps(layout, source_id, relation) == []


def test_a_day_before_its_first_read_is_no_gap(layout: Layout) -> None:
    """At 06:00 of the fifth day a paper that is read at 18:00 was last read on the fourth."""
    pages = [*feed_reads("gb-hourly", range(97)), *feed_reads("gb-daily", range(12, 97, 24))]
    load_pages(layout, [*pages, Page("a", source_id="gb-daily")], [HOURLY, DAILY])
    assert gaps(layout, "gb-daily") == gaps(layout, "gb-daily", "coverage_gaps_local") == []


@pytest.mark.parametrize("days_ahead", [1, 2])
def test_an_article_dated_ahead_makes_no_gap_of_today(layout: Layout, days_ahead: int) -> None:
    ahead = Page("ahead", day=4 + days_ahead, hour=97, source_id="gb-hourly")
    load_pages(layout, [*feed_reads("gb-hourly", range(98)), Page("a"), ahead], [HOURLY])
    [(last_day,)] = ask(layout, "SELECT max(day) FROM coverage WHERE source_id = 'gb-hourly'")
    assert last_day == START.date() + timedelta(days=4 + days_ahead)
    assert gaps(layout, "gb-hourly") == []
    assert ask(
        layout, "SELECT days_unobserved FROM source_health WHERE source_id = 'gb-hourly'"
    ) == [(0,)]


def not_asked() -> list[Page]:
    """One paper is read on, the other one is not."""
    return [
        *feed_reads("gb-hourly", range(24 * 8)),
        *feed_reads("gb-daily", range(12, 97, 24)),
    ]


@pytest.mark.parametrize("ahead", [(), (Page("ahead", day=5, hour=84, source_id="gb-daily"),)])
def test_a_source_that_is_asked_no_more_has_a_gap_to_the_last_day_that_ended(
    layout: Layout, ahead: tuple[Page, ...]
) -> None:
    """It was last read on the fourth day; the others until 05:00 of the ninth."""
    load_pages(layout, [*not_asked(), Page("a", source_id="gb-daily"), *ahead], [HOURLY, DAILY])
    days = {
        day: state
        for state, first, last in gaps(layout, "gb-daily")
        for day in range(first, last + 1)
    }
    seen = {5: "partial"} if ahead else {}
    assert days == dict.fromkeys(range(4, 8), "missing") | seen
    # A day has ended in all time zones twelve hours after it has in UTC.
    assert max(last for _, _, last in gaps(layout, "gb-daily", "coverage_gaps_local")) == 6


@pytest.mark.parametrize(("is_local", "whole"), [(True, 4), (False, 4)])
def test_the_last_whole_day_has_ended_for_all_sources(
    layout: Layout, is_local: bool, whole: int
) -> None:
    """At 18:00 UTC of the sixth day it is 03:00 of the seventh in Tokyo, 13:00 in New York."""
    pages = [*feed_reads("us-times", range(133)), *feed_reads("jp-shimbun", range(133))]
    ahead = Page("ahead", day=7, hour=132, source_id="us-times")
    load_pages(layout, [*pages, ahead], [TOKYO, NEW_YORK])
    with snapshot(layout) as con:
        known = choices(con, is_local=is_local)
    assert known.last_day == START.date() + timedelta(days=7)
    assert known.last_whole_day == START.date() + timedelta(days=whole)
    asked = Tools(Snapshots(layout), is_local=is_local).usual("day")
    assert asked["coverage"]["last_day"] == known.last_whole_day
