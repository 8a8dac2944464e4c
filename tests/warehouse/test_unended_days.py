"""A day that has not ended is no gap, wherever the source is and however often it is read."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.desk.snapshots import Snapshots
from flows.mcp.server import Tools
from tasks.sources.source import Source
from tests.support.feed_reads import feed_reads
from tests.support.staged_pages import START, Page, source
from tests.warehouse.test_local_days import NEW_YORK, TOKYO, ask, load_pages
from warehouse.layers.layout import Layout
from warehouse.questions.selection import choices
from warehouse.read.query import snapshot

pytestmark = pytest.mark.slow

HOURLY, DAILY = source("gb-hourly", timezone="UTC"), source("gb-daily", timezone="UTC")
AHEAD = [source(f"gb-ahead-{days}", timezone="UTC") for days in (1, 2)]
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


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """At 07:00 of the fifth day: a paper that is read at 18:00, and two with articles dated ahead.

    No test changes it.
    """
    layout = Layout(tmp_path_factory.mktemp("morning") / "data")
    pages = [
        *feed_reads(HOURLY.id, range(98)),
        *feed_reads(DAILY.id, range(12, 98, 24)),
        Page("a", source_id=DAILY.id),
    ]
    for days, ahead in enumerate(AHEAD, 1):
        pages += [
            *feed_reads(ahead.id, range(98)),
            Page("a", source_id=ahead.id),
            Page("ahead", day=4 + days, hour=97, source_id=ahead.id),
        ]
    load_pages(layout, pages, [HOURLY, DAILY, *AHEAD])
    return layout


def test_a_day_before_its_first_read_is_no_gap(morning: Layout) -> None:
    """The paper was last read on the fourth day."""
    assert gaps(morning, DAILY.id) == gaps(morning, DAILY.id, "coverage_gaps_local") == []


@pytest.mark.parametrize("days_ahead", [1, 2])
def test_an_article_dated_ahead_makes_no_gap_of_today(morning: Layout, days_ahead: int) -> None:
    of_paper = f"WHERE source_id = 'gb-ahead-{days_ahead}'"
    [(last_day,)] = ask(morning, f"SELECT max(day) FROM coverage {of_paper}")
    assert last_day == START.date() + timedelta(days=4 + days_ahead)
    assert gaps(morning, f"gb-ahead-{days_ahead}") == []
    assert ask(morning, f"SELECT days_unobserved FROM source_health {of_paper}") == [(0,)]


@pytest.fixture(scope="module")
def not_asked(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Papers that were last read on the fourth day; another one until 05:00 of the ninth.

    No test changes it.
    """
    layout = Layout(tmp_path_factory.mktemp("not-asked") / "data")
    pages = [*feed_reads(HOURLY.id, range(24 * 8))]
    for paper in (DAILY, AHEAD[0]):
        pages += [*feed_reads(paper.id, range(12, 97, 24)), Page("a", source_id=paper.id)]
    ahead = Page("ahead", day=5, hour=84, source_id=AHEAD[0].id)
    load_pages(layout, [*pages, ahead], [HOURLY, DAILY, AHEAD[0]])
    return layout


@pytest.mark.parametrize(("paper", "seen"), [(DAILY, {}), (AHEAD[0], {5: "partial"})])
def test_a_source_that_is_asked_no_more_has_a_gap_to_the_last_day_that_ended(
    not_asked: Layout, paper: Source, seen: dict[int, str]
) -> None:
    days = {
        day: state
        for state, first, last in gaps(not_asked, paper.id)
        for day in range(first, last + 1)
    }
    assert days == dict.fromkeys(range(4, 8), "missing") | seen
    # A day has ended in all time zones twelve hours after it has in UTC.
    assert max(last for _, _, last in gaps(not_asked, paper.id, "coverage_gaps_local")) == 6


def test_the_last_whole_day_has_ended_for_all_sources(layout: Layout) -> None:
    """At 18:00 UTC of the sixth day it is 03:00 of the seventh in Tokyo, 13:00 in New York."""
    pages = [*feed_reads("us-times", range(133)), *feed_reads("jp-shimbun", range(133))]
    ahead = Page("ahead", day=7, hour=132, source_id="us-times")
    load_pages(layout, [*pages, ahead], [TOKYO, NEW_YORK])
    for is_local in (True, False):
        with snapshot(layout) as con:
            known = choices(con, is_local=is_local)
        assert known.last_day == START.date() + timedelta(days=7)
        assert known.last_whole_day == START.date() + timedelta(days=4)
        asked = Tools(Snapshots(layout), is_local=is_local).usual("day")
        assert asked["coverage"]["last_day"] == known.last_whole_day
