"""Which days of a source were read as a whole, by a clock of ours."""

from collections.abc import Sequence
from datetime import date, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.process_pool import PagePool
from tests.collect.test_collect import feed, item, page, source
from tests.collect.test_recheck import START, Desk
from tests.support.loopback import Loopback
from tests.support.staged_pages import tables
from warehouse.build.mart_merge import MACROS
from warehouse.read.known_urls import last_listings

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = START.replace(hour=0) - START  # START is at six


@pytest.fixture
def desk(tmp_path: Path, pool: PagePool) -> Desk:
    return Desk(tmp_path / "data", pool)


def publish(
    web: Loopback,
    desk: Desk,
    polls: Sequence[timedelta],  # since midnight of the first day
    every: timedelta,  # between two articles
    listed: int,  # entries of the feed
    pinned: Sequence[timedelta] = (),  # publication times of stories that stay in it
    feeds: Sequence[str] = ("/feed",),  # that all name the same
) -> None:
    """Poll a paper that publishes an article now and then, from two days before on."""
    one = source(feeds=tuple(f"{web.url}{path}" for path in feeds))
    for at in polls:
        latest = (at + 2 * DAY) // every
        times = [(f"a{number}", number * every - 2 * DAY) for number in range(latest + 1)][-listed:]
        times = [(f"p{number}", told) for number, told in enumerate(pinned) if told < at] + times
        for name, _ in times:
            web.say(f"/{name}", page(name))
        items = [
            item(f"{web.url}/{name}", format_datetime(START + MIDNIGHT + told))
            for name, told in reversed(times)
        ]
        for path in feeds:
            web.say(path, feed(*items))
        (collected,) = desk.collect(MIDNIGHT + at, one, recheck_after=())
        assert collected.error == ""
        desk.load(MIDNIGHT + at, collected, sources=(one,))


def days(desk: Desk, columns: str) -> dict[int, tuple[Any, ...]]:
    """Rows of coverage by day, counted from the first."""
    rows = desk.ask(f"SELECT day, {columns} FROM coverage ORDER BY day")
    return {(day - date(2025, 3, 3)).days: tuple(row) for day, *row in rows}


def test_a_feed_that_rolls_over_is_no_observed_day(web: Loopback, desk: Desk) -> None:
    # Each time shortly before the next article.
    publish(web, desk, [12.75 * HOUR + number * DAY for number in range(4)], DAY / 30, 10)
    found = days(desk, "state, reasons, extracted")
    assert {day: found[day] for day in (1, 2)} == {
        day: ("partial", ["listing_rolled_over"], 10) for day in (1, 2)
    }
    assert found[3][0] == "partial"
    lost = days(desk, "estimated_lost, completeness")
    assert [round(lost[day][0]) for day in (1, 2)] == [20, 20]
    assert [round(lost[day][1], 1) for day in (1, 2)] == [0.3] * 2
    assert desk.ask(
        "SELECT entries, known_entries, rolled_over, round(estimated_lost)"
        " FROM listing_reads ORDER BY read_at"
    ) == [(10, 0, False, None), *[(10, 0, True, 20.0)] * 3]
    assert desk.ask("SELECT sum(estimated_lost) > 50 FROM coverage_gaps") == [(True,)]


def test_a_second_feed_of_the_same_articles_rolls_over_as_well(web: Loopback, desk: Desk) -> None:
    # All its entries are known from the first feed, so it has a rate of nothing.
    publish(web, desk, [0 * DAY, 1 * DAY, 2 * DAY], DAY / 30, 10, feeds=("/feed", "/other"))
    assert desk.ask("SELECT count(*) FROM listing_reads WHERE rolled_over") == [(4,)]
    lost, completeness = days(desk, "estimated_lost, completeness")[1]
    # Of 30 articles 10 were collected; the rate is that of a few hours.
    assert lost == pytest.approx(20, abs=4)
    assert completeness == pytest.approx(1 / 3, abs=0.05)


def test_a_day_that_was_read_in_part_is_partial_and_a_rebuild_knows_it(
    web: Loopback, desk: Desk
) -> None:
    polls = [*(number * 12 * HOUR for number in range(4)), 4 * DAY + 18 * HOUR]
    publish(web, desk, polls, DAY / 15, 10)
    found = days(desk, "state, reasons, extracted > 0")
    # Read every twelve hours until noon of the second day, then not before the fifth; a read
    # reaches back sixteen hours.
    assert found[0] == ("observed", [], True)
    assert found[1] == ("partial", ["listing_rolled_over"], True)
    assert found[2] == ("missing", ["no_listing_read", "listing_rolled_over"], False)
    assert found[3] == ("missing", ["no_listing_read", "listing_rolled_over"], False)
    assert found[4] == ("partial", ["listing_rolled_over"], True)
    before = tables(desk.layout)
    desk.rebuild(source(feeds=(f"{web.url}/feed",)))
    after = tables(desk.layout)
    for name in ("listing_reads", "coverage", "source_calendars", "topic_daily"):
        assert after[name] == before[name]


def test_a_day_is_read_to_its_end_by_the_next_poll(web: Loopback, desk: Desk) -> None:
    publish(web, desk, [0 * HOUR, 20 * HOUR], DAY / 6, 30)
    assert days(desk, "state, reasons, hours_read")[0] == ("partial", ["partly_read"], 20.0)
    publish(web, desk, [DAY + HOUR], DAY / 6, 30)
    assert days(desk, "state, reasons, hours_read")[0] == ("observed", [], 24.0)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_pinned_story_reaches_back_over_no_outage(
    web: Loopback, desk: Desk, is_known: bool
) -> None:
    # Of the day before the outage; not known: it was not in the feed then.
    pinned = [-5 * HOUR if is_known else 13 * HOUR]
    publish(web, desk, [0 * HOUR, 12 * HOUR, 4 * DAY + 12 * HOUR], DAY / 27, 9, pinned)
    found = days(desk, "state, reasons")
    assert {day: found[day] for day in (1, 2, 3)} == {
        day: ("missing", ["no_listing_read", "listing_rolled_over"]) for day in (1, 2, 3)
    }


def test_a_weekend_without_a_poll_that_the_next_one_lists_is_observed(
    web: Loopback, desk: Desk
) -> None:
    publish(web, desk, [0 * HOUR, 20 * HOUR, 3 * DAY + 8 * HOUR], 10 * HOUR, 30)
    found = days(desk, "state, is_spanned")
    assert [found[day][0] for day in (0, 1, 2)] == ["observed"] * 3


def test_a_long_feed_is_read_as_far_back_as_its_oldest_entry(web: Loopback, desk: Desk) -> None:
    publish(web, desk, [12 * HOUR, 4 * DAY], HOUR, 50)  # 49 hours: to the end of the second day
    found = days(desk, "state, reasons, hours_read")
    assert found[1] == ("partial", ["listing_rolled_over"], 1.0)
    assert {day: found[day] for day in (2, 3)} == {day: ("observed", [], 24.0) for day in (2, 3)}


def test_a_rush_hour_of_which_minutes_are_seen_keeps_its_rate() -> None:
    with duckdb.connect() as con:
        con.execute(MACROS)
        # Nine entries in 24 minutes, of a source with six an hour otherwise; and nothing at all.
        rates = con.execute("SELECT smoothed_rate(9, 0.4, 6), smoothed_rate(0, 0, 6)").fetchall()
        # Two night hours without an entry.
        rates += con.execute("SELECT smoothed_rate(0, 2, 6), smoothed_rate(0, 2, 0)").fetchall()
    assert [[round(rate, 1) for rate in row] for row in rates] == [[15.0, 6.0], [0.9, 0.0]]


def test_one_old_page_opens_no_calendar(web: Loopback, desk: Desk) -> None:
    publish(web, desk, [12 * HOUR], 2 * HOUR, 6, [timedelta(days=-11_000)])
    oldest = desk.ask("SELECT min(published_date), count(*) FROM articles")
    assert oldest == [(date(1995, 1, 20), 7)]
    assert desk.ask("SELECT count(*), min(day) FROM coverage") == [(1, date(2025, 3, 3))]
    assert desk.ask("SELECT count(*) FROM topic_daily") == [(2,)]
    assert desk.ask("SELECT min(period) FROM attention_index WHERE period_kind = 'day'") == [
        (date(2025, 3, 3),)
    ]


def test_a_clock_that_was_ahead_stops_no_load_and_names_no_gap(web: Loopback, desk: Desk) -> None:
    publish(web, desk, [11 * HOUR], every=HOUR, listed=12)
    one, ahead = source(feeds=(f"{web.url}/feed",)), MIDNIGHT + 30 * DAY
    (collected,) = desk.collect(ahead, one, recheck_after=())
    desk.load(ahead, collected, sources=(one,))
    publish(web, desk, [12 * HOUR, 13 * HOUR], every=HOUR, listed=12)
    assert desk.ask(
        "SELECT hour(read_at), hours_since_previous, is_continued, rolled_over FROM listing_reads"
        " WHERE read_at < '2025-03-04' ORDER BY read_at"
    ) == [(11, None, False, False), (12, 1.0, True, False), (13, 1.0, True, False)]


def test_a_read_that_was_compared_with_one_to_come_can_be_loaded(
    web: Loopback, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As versions before 0.2 did.
    later = START + 60 * DAY
    monkeypatch.setattr(
        "tasks.collect.read_listings.last_listings", lambda layout, _: last_listings(layout, later)
    )
    publish(web, desk, [30 * DAY, 12 * HOUR], every=HOUR, listed=12)
    assert desk.ask(
        "SELECT previous_read_at, rolled_over, estimated_lost FROM listing_reads"
        " WHERE read_at < '2025-03-04'"
    ) == [(None, False, None)]
