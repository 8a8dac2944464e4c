"""Which days of a source were read as a whole, by a clock of ours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import format_datetime
from typing import Any

import duckdb
import pytest

from tasks.collect.collector import Collected
from tasks.load.load_run import load
from tasks.process_pool import PagePool
from tasks.sources.source import Source
from tests.collect.test_collect import feed, item, page, source
from tests.collect.test_recheck import START, Desk
from tests.support.kept_folder import KeptFolder
from tests.support.loopback import Loopback
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS, files
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.read.known_urls import last_listings

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = START.replace(hour=0) - START  # START is at six


@dataclass(frozen=True)
class Paper:
    """Publishes an article now and then, from two days before the first one on."""

    polls: Sequence[timedelta]  # since midnight of the first day
    every: timedelta  # between two articles
    listed: int  # entries of the feed
    pinned: Sequence[timedelta] = ()  # publication times of stories that stay in it
    feeds: Sequence[str] = ("feed",)  # that all name the same

    def source(self, web: Loopback, name: str) -> Source:
        return source(name, feeds=tuple(f"{web.url}/{name}/{feed}" for feed in self.feeds))

    def publish(self, web: Loopback, name: str, at: timedelta) -> None:
        """Have the feed, and the pages that it names, as they are at that time."""
        latest = (at + 2 * DAY) // self.every
        times = [(f"a{n}", n * self.every - 2 * DAY) for n in range(latest + 1)][-self.listed :]
        pinned = [(f"p{n}", told) for n, told in enumerate(self.pinned) if told < at]
        items = [
            item(
                web.set_answers(f"/{name}/{story}", page(f"{name} {story}")),
                format_datetime(START + MIDNIGHT + told),
            )
            for story, told in reversed(pinned + times)
        ]
        for path in self.feeds:
            web.set_answers(f"/{name}/{path}", feed(*items))


PAPERS = {
    # Each time shortly before the next article.
    "gb-rolls-over": Paper([12.75 * HOUR + number * DAY for number in range(3)], DAY / 30, 10),
    "gb-two-feeds": Paper([0 * DAY, 1 * DAY, 2 * DAY], DAY / 30, 10, feeds=("feed", "other")),
    "gb-in-part": Paper([12 * HOUR, 27 * HOUR, 4 * DAY + 18 * HOUR], DAY / 15, 10),
    "gb-not-ended": Paper([0 * HOUR, 20 * HOUR], DAY / 6, 30),
    "gb-ended": Paper([0 * HOUR, 20 * HOUR, DAY + HOUR], DAY / 6, 30),
    # The story is of the day before the outage; not known: it was not in the feed then.
    "gb-pinned-known": Paper([0 * HOUR, 12 * HOUR, 4.5 * DAY], DAY / 27, 9, [-5 * HOUR]),
    "gb-pinned-unknown": Paper([0 * HOUR, 12 * HOUR, 4.5 * DAY], DAY / 27, 9, [13 * HOUR]),
    # Too few entries to show how far the feed reaches back.
    "gb-few": Paper([6 * HOUR], 10 * HOUR, 3),
    "gb-weekend": Paper([0 * HOUR, 20 * HOUR, 3 * DAY + 8 * HOUR], 10 * HOUR, 30),
    # 49 hours: to the end of the second day.
    "gb-long-feed": Paper([12 * HOUR, 4 * DAY], HOUR, 50),
    "gb-old-page": Paper([12 * HOUR], 2 * HOUR, 6, [timedelta(days=-11_000)]),
}


CUT = ("gb-dated", "gb-undated")
"""Papers whose feeds are too long: 20 of their entries are read."""
HOURLY = Paper((), every=HOUR, listed=12)
AHEAD = ("gb-ahead", "gb-compared")
"""Papers that are polled at noon after they were polled by a clock that was a month ahead."""
Poll = tuple[Desk, timedelta, list[Collected]]
"""The installation with the number of the run, when it polled, and what it collected."""


def of_long_feed(web: Loopback, desk: Desk, name: str, at: timedelta) -> list[Collected]:
    """Poll a feed that names thirty old entries before those of every four hours; 20 are read."""
    old = [(f"old{number}", number * HOUR - 60 * DAY) for number in range(30)]
    new = [(f"new{hour}", hour * HOUR) for hour in range(1, at // HOUR, 4)]
    items = [
        item(
            web.set_answers(f"/{name}/{story}", page(f"{name} {story}")),
            format_datetime(START + MIDNIGHT + told) if name == "gb-dated" else "",
        )
        for story, told in old + new
    ]
    url = web.set_answers(f"/{name}/feed", feed(*items))
    (collected,) = desk.collect(
        MIDNIGHT + at, source(name, feeds=(url,)), recheck_after=(), limits={"max_entries": 20}
    )
    assert collected.listing_notes[0].startswith(f"{url}: of {len(items)} entries")
    return [collected]


def of_clock(
    web: Loopback, desk: Desk, name: str, at: timedelta, shown: timedelta
) -> list[Collected]:
    """What is collected by a clock that says `at` when the feed is that of `shown`."""
    HOURLY.publish(web, name, shown)
    collected = desk.collect(MIDNIGHT + at, HOURLY.source(web, name), recheck_after=())
    assert collected[0].error == ""
    return collected


def polls(web: Loopback, layout: Layout, pool: PagePool, turn: int) -> Iterator[Poll]:
    """What each of PAPERS has at its poll of a turn."""
    for number, (name, paper) in enumerate(PAPERS.items()):
        for at in paper.polls[turn : turn + 1]:
            desk = Desk(layout.root, pool, number)
            paper.publish(web, name, at)
            collected = desk.collect(MIDNIGHT + at, paper.source(web, name), recheck_after=())
            assert collected[0].error == ""
            yield desk, at, collected


def odd_polls(web: Loopback, layout: Layout, pool: PagePool, turn: int) -> Iterator[Poll]:
    """The same of papers with too long feeds, and of papers whose clock was ahead."""
    cut, clock, compared = (Desk(layout.root, pool, 100 + number) for number in range(3))
    long_at = (0 * HOUR, 12 * HOUR, 25 * HOUR)[turn]
    yield cut, long_at, [each for name in CUT for each in of_long_feed(web, cut, name, long_at)]
    noon, eleven, later = 12 * HOUR, 11 * HOUR, 30 * DAY
    if turn == 0:
        yield clock, eleven, of_clock(web, clock, "gb-ahead", eleven, eleven)
    elif turn == 1:
        yield clock, later, of_clock(web, clock, "gb-ahead", later, eleven)
        yield compared, later, of_clock(web, compared, "gb-compared", later, later)
    else:
        yield clock, noon, of_clock(web, clock, "gb-ahead", noon, noon)
        with pytest.MonkeyPatch.context() as patch:
            # Versions before 0.2 compared with a read to come.
            patch.setattr(
                "tasks.collect.read_listings.last_listings",
                lambda layout, _: last_listings(layout, START + 60 * DAY),
            )
            yield compared, noon, of_clock(web, compared, "gb-compared", noon, noon)


@pytest.fixture(scope="module")
def sources(lasting_web: Loopback) -> tuple[Source, ...]:
    """The sources of all papers."""
    web = lasting_web
    return (
        *(paper.source(web, name) for name, paper in PAPERS.items()),
        *(source(name, feeds=(f"{web.url}/{name}/feed",)) for name in CUT),
        *(HOURLY.source(web, name) for name in AHEAD),
    )


@pytest.fixture(scope="module")
def polled(
    lasting_web: Loopback,
    pool: PagePool,
    sources: tuple[Source, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> KeptFolder:
    """All papers: their first polls were loaded, then their second ones, and their third ones."""

    def fill(layout: Layout) -> None:
        for turn in range(3):
            runs = [
                desk.refined(MIDNIGHT + at, collected, sources)
                for each in (polls, odd_polls)
                for desk, at, collected in each(lasting_web, layout, pool, turn)
            ]
            load(layout, TOPICS, sources, runs)
            publish(layout)

    return KeptFolder(tmp_path_factory.mktemp("polled"), fill)


@pytest.fixture
def read(polled: KeptFolder, pool: PagePool) -> Desk:
    """An installation that has polled all papers."""
    return Desk(polled.restored().root, pool)


def days(desk: Desk, name: str, columns: str) -> dict[int, tuple[Any, ...]]:
    """A paper's rows of coverage by day, counted from the first."""
    rows = desk.ask(f"SELECT day, {columns} FROM coverage WHERE source_id = '{name}' ORDER BY day")
    return {(day - date(2025, 3, 3)).days: tuple(row) for day, *row in rows}


def test_a_feed_that_rolls_over_is_no_observed_day(read: Desk) -> None:
    name = "gb-rolls-over"
    found = days(read, name, "state, reasons, extracted")
    assert found[1] == ("partial", ["listing_rolled_over"], 10)
    assert found[2][0] == "partial"
    lost, completeness = days(read, name, "estimated_lost, completeness")[1]
    assert (round(lost), round(completeness, 1)) == (20, 0.3)
    assert read.ask(
        "SELECT entries, known_entries, rolled_over, round(estimated_lost)"
        f" FROM listing_reads WHERE source_id = '{name}' ORDER BY read_at"
    ) == [(10, 0, False, None), *[(10, 0, True, 20.0)] * 2]
    gaps = f"SELECT sum(estimated_lost) > 30 FROM coverage_gaps WHERE source_id = '{name}'"
    assert read.ask(gaps) == [(True,)]


def test_a_second_feed_of_the_same_articles_rolls_over_as_well(read: Desk) -> None:
    # All its entries are known from the first feed, so it has a rate of nothing.
    name = "gb-two-feeds"
    rolled = f"SELECT count(*) FROM listing_reads WHERE rolled_over AND source_id = '{name}'"
    assert read.ask(rolled) == [(4,)]
    lost, completeness = days(read, name, "estimated_lost, completeness")[1]
    # Of 30 articles 10 were collected; the rate is that of a few hours.
    assert lost == pytest.approx(20, abs=4)
    assert completeness == pytest.approx(1 / 3, abs=0.05)


def test_a_day_that_was_read_in_part_is_partial_and_a_rebuild_knows_it(
    sources: tuple[Source, ...], read: Desk
) -> None:
    found = days(read, "gb-in-part", "state, reasons, extracted > 0")
    # Read until three in the second night, then not before the fifth day; a read reaches back
    # sixteen hours.
    assert found[0] == ("observed", [], True)
    assert found[1] == ("partial", ["listing_rolled_over"], True)
    assert found[2] == ("missing", ["no_listing_read", "listing_rolled_over"], False)
    assert found[3] == ("missing", ["no_listing_read", "listing_rolled_over"], False)
    assert found[4] == ("partial", ["listing_rolled_over"], True)
    kept = files(read.layout)
    read.rebuild_articles(*sources)
    assert files(read.layout) == kept


def test_articles_that_a_short_first_feed_names_are_counted_on_partial_days(read: Desk) -> None:
    found = read.ask(
        "SELECT day::VARCHAR AS day, extracted, state FROM coverage"
        " WHERE source_id = 'gb-few' AND extracted > 0 ORDER BY day"
    )
    first = (START - DAY).date()
    assert found == [(str(first), 2, "partial"), (str(first + DAY), 1, "partial")]
    counted = "SELECT sum(articles)::INTEGER FROM topic_daily WHERE source_id = 'gb-few'"
    assert read.ask(counted) == [(3 * len(TOPICS),)]


def test_a_day_is_read_to_its_end_by_the_next_poll(read: Desk) -> None:
    columns = "state, reasons, hours_read"
    assert days(read, "gb-not-ended", columns)[0] == ("partial", ["partly_read"], 20.0)
    assert days(read, "gb-ended", columns)[0] == ("observed", [], 24.0)


@pytest.mark.parametrize("name", ["gb-pinned-known", "gb-pinned-unknown"])
def test_a_pinned_story_reaches_back_over_no_outage(read: Desk, name: str) -> None:
    found = days(read, name, "state, reasons")
    assert {day: found[day] for day in (1, 2, 3)} == {
        day: ("missing", ["no_listing_read", "listing_rolled_over"]) for day in (1, 2, 3)
    }


def test_a_weekend_without_a_poll_that_the_next_one_lists_is_observed(read: Desk) -> None:
    found = days(read, "gb-weekend", "state")
    assert [found[day] for day in (0, 1, 2)] == [("observed",)] * 3


def test_a_long_feed_is_read_as_far_back_as_its_oldest_entry(read: Desk) -> None:
    found = days(read, "gb-long-feed", "state, reasons, hours_read")
    assert found[1] == ("partial", ["listing_rolled_over"], 1.0)
    assert {day: found[day] for day in (2, 3)} == {day: ("observed", [], 24.0) for day in (2, 3)}


def test_a_rush_hour_of_which_minutes_are_seen_keeps_its_rate() -> None:
    with duckdb.connect() as con:
        con.execute(read_sql("steps")["macros"])
        # Nine entries in 24 minutes, of a source with six an hour otherwise; and nothing at all.
        rates = con.execute("SELECT smoothed_rate(9, 0.4, 6), smoothed_rate(0, 0, 6)").fetchall()
        # Two night hours without an entry.
        rates += con.execute("SELECT smoothed_rate(0, 2, 6), smoothed_rate(0, 2, 0)").fetchall()
    assert [[round(rate, 1) for rate in row] for row in rates] == [[15.0, 6.0], [0.9, 0.0]]


def test_one_old_page_opens_no_calendar(read: Desk) -> None:
    of_paper = "WHERE source_id = 'gb-old-page'"
    oldest = read.ask(f"SELECT min(published_date), count(*) FROM articles {of_paper}")
    assert oldest == [(date(1995, 1, 20), 7)]
    covered = read.ask(f"SELECT count(*), min(day) FROM coverage {of_paper}")
    # To the last day on which a paper of this warehouse was asked.
    assert covered == [(30, date(2025, 3, 3))]
    assert read.ask(f"SELECT count(*) FROM topic_daily {of_paper}") == [(60,)]
    first = "SELECT min(period), (SELECT min(day) FROM coverage) FROM attention_index"
    begins = date(2025, 1, 2)  # of the papers with too long feeds, whose oldest entries are of it
    assert read.ask(f"{first} WHERE period_kind = 'day'") == [(begins, begins)]


def test_too_long_a_feed_gives_its_newest_and_its_day_is_observed(read: Desk) -> None:
    columns = "state, reasons, extracted, estimated_published"
    assert days(read, "gb-dated", columns)[0] == ("observed", [], 6, 6)


def test_too_long_a_feed_without_dates_makes_no_true_zero(read: Desk) -> None:
    columns = "state, reasons, hours_read, estimated_published"
    reasons = ["partly_read", "articles_undated"]
    assert days(read, "gb-undated", columns)[0] == ("missing", reasons, 0, None)


def test_a_clock_that_was_ahead_stops_no_load_and_names_no_gap(read: Desk) -> None:
    assert read.ask(
        "SELECT hour(read_at), hours_since_previous, is_continued, rolled_over FROM listing_reads"
        " WHERE source_id = 'gb-ahead' AND read_at < '2025-03-04' ORDER BY read_at"
    ) == [(11, None, False, False), (12, 1.0, True, False)]
    assert read.ask(
        "SELECT previous_read_at, rolled_over, estimated_lost FROM listing_reads"
        " WHERE source_id = 'gb-compared' AND read_at < '2025-03-04'"
    ) == [(None, False, None)]
