"""Days of publication in the time zone of a source."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.load.load_run import load
from tasks.sources.source import Source
from tasks.text.dates import parse_moment
from tasks.text.printed_times import has_time, instant_in
from tests.support.partial_days import LOSES, ROLLED_OVER, WHOLE, reads
from tests.support.publishing import publish
from tests.support.staged_pages import START, TOPICS, Page, source, stage
from tests.text.test_dates import DAYS, FORMS
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

TOKYO = source("jp-shimbun", timezone="Asia/Tokyo")
NEW_YORK = source("us-times", timezone="America/New_York")
RUN = "20260310T060000Z-000000"


def dated(moment: str, raw: str) -> dict[str, Any]:
    """Columns of an article that was published at a UTC time."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return {"published_at": at, "published_at_raw": raw, "published_date": at.date()}


def load_pages(layout: Layout, pages: Iterable[Page], sources: Sequence[Source]) -> None:
    load(layout, TOPICS, sources, [stage(layout, RUN, pages)], now=START + timedelta(days=300))
    publish(layout)


def ask(layout: Layout, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(layout, sql).to_pylist()]


MORNING = dated("2026-03-03T23:00", "2026年3月4日 8時00分")
EVENING = dated("2026-03-04T01:00", "March 3, 2026, 8 p.m. EST")
DATE_ALONE = dated("2026-03-04T00:00", "2026-03-04")
PAGES = (
    Page("morning", source_id="jp-shimbun", hour=200, about=MORNING),
    Page("evening", source_id="us-times", hour=200, about=EVENING),
    Page("day", source_id="us-times", hour=200, about=DATE_ALONE),
)


# What was read: a date, of a page with a time that nothing reads; a time, in words of any language.
READ = [
    ("us-read", False, "March 4, 2026, 20:00 o'clock sharp", (date(2026, 3, 4), "day")),
    ("us-read", True, "3 de marzo de 2026 19 horas", (date(2026, 3, 3), "minute")),
    ("us-read", None, "2026-03-04T00:00Z", (date(2026, 3, 3), "minute")),
    ("us-read", None, "2026-03-04", (date(2026, 3, 4), "day")),
]


def pages_read() -> Iterator[Page]:
    for number, (source_id, is_timed, raw, _) in enumerate(READ):
        about = dated("2026-03-04T00:00", raw) | {"published_has_time": is_timed}
        yield Page(f"read-{number}", source_id=source_id, hour=200, about=about)


ZONES = {
    "us-read": "America/New_York",
    TOKYO.id: "Asia/Tokyo",
    NEW_YORK.id: "America/New_York",
    "us-whole": "America/New_York",
    "ws-whole": "Pacific/Apia",
    "us-clocks": "America/New_York",
    "jp-loses": "Asia/Tokyo",
    "gb-loses": "UTC",
}


def reads_of(source_id: str, like: str) -> Iterator[Page]:
    """The reads of a source as those of one of `partial_days`."""
    return (replace(page, source_id=source_id) for page in reads(like))


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A source of its own for each case, which no test changes."""
    layout = Layout(tmp_path_factory.mktemp("zones") / "data")
    pages = [
        *PAGES,
        *pages_read(),
        *(page for name in ("us-whole", "ws-whole") for page in reads_of(name, WHOLE)),
        *hour_left_out(),
        *(page for name in ("jp-loses", "gb-loses") for page in reads_of(name, LOSES)),
        *(Page(f"a{day}", day=day, hour=24.0 * day + 1, source_id="gb-loses") for day in range(6)),
    ]
    load_pages(layout, pages, [source(name, timezone=zone) for name, zone in ZONES.items()])
    return layout


def test_a_page_counts_on_the_day_of_its_source(layout: Layout) -> None:
    third, fourth = date(2026, 3, 3), date(2026, 3, 4)
    columns = "published_date, published_local_date, published_precision"
    of_both = f"source_id IN ('{TOKYO.id}', '{NEW_YORK.id}')"
    found = ask(layout, f"SELECT {columns} FROM articles WHERE {of_both} ORDER BY url_canonical")
    assert found == [
        (third, fourth, "minute"),
        (fourth, fourth, "day"),
        (fourth, third, "minute"),
    ]
    of_summit = f"WHERE {of_both} AND topic_id = 'summit'"
    counted = f"SELECT source_id, day, mentions FROM {{}} {of_summit} AND articles > 0"
    by_day = [
        sorted(ask(layout, counted.format(name))) for name in ("topic_daily", "topic_daily_local")
    ]
    assert by_day == [
        [("jp-shimbun", third, 1), ("us-times", fourth, 2)],
        [("jp-shimbun", fourth, 1), ("us-times", third, 1), ("us-times", fourth, 1)],
    ]
    week = f"SELECT articles, mentions FROM topic_weekly_local {of_summit}"
    assert sorted(ask(layout, week)) == [(1, 1), (2, 2)]


def test_the_day_follows_what_was_read_and_not_what_was_printed(layout: Layout) -> None:
    columns = "published_local_date, published_precision"
    asked = f"SELECT {columns} FROM articles WHERE source_id = 'us-read' ORDER BY url_canonical"
    assert ask(layout, asked) == [found for *_, found in READ]


def test_without_time_is_what_the_page_printed() -> None:
    """The rule for articles of earlier versions agrees with the parser, in all its forms."""
    printed = [(*form[:2], True) for form in FORMS] + [(*day, False) for day in DAYS]
    with duckdb.connect() as con:
        con.execute(read_sql("steps")["macros"])
        for raw, zone, is_timed in printed:
            moment = parse_moment(raw, zone)
            assert moment is not None
            at = moment.at.replace(hour=0, minute=0, second=0, microsecond=0)  # the worst case
            ((told,),) = con.execute("SELECT precision_of(?, ?, NULL)", [at, raw]).fetchall()
            assert (told != "day") == is_timed, raw


def test_a_time_in_a_listing_is_what_its_reader_saw() -> None:
    """Captures store no `has_time`: the rule decides on which day a page without article is."""
    printed = """
        Thu, 05 Mar 2026 00:00:00 GMT|Thu, 05 Mar 2026 12:00 AM EST|Thu, 05 Mar 2026 7 PM EST
        2026-03-05|20260305|2026-W10-4|2026-03-05T19:30|2026-03-05T193000Z|2026-03-05 19:30:00 EST
        Thu Mar 05 19:30:00 EST 2026|Thu, 05 Mar 2026 19.30|Thu,05 Mar 2026 19:30:00 -5
        Чт, 05 мар 2026 19:30:00 +0100|05.03.2026 19:30|05.03.2026|20260305193000|1772739000
    """
    with duckdb.connect() as con:
        con.execute(read_sql("steps")["macros"])
        midnight = "TIMESTAMPTZ '2026-03-05 00:00:00+00'"  # the worst case
        for raw in map(str.strip, printed.strip().replace("\n", "|").split("|")):
            assert instant_in(raw, "America/New_York"), raw
            asked = f"SELECT precision_of({midnight}, ?, NULL) <> 'day'"
            assert con.execute(asked, [raw]).fetchall() == [(has_time(raw),)], raw


@pytest.mark.parametrize(
    ("raw", "precision"),
    [
        ("Sat, 17 May 2024 00:00:00 GMT", "second"),
        ("2024-05-17T00:00Z", "minute"),
        ("2024-05-17+09:00", "day"),
        ("17.05.2024", "day"),
        ("17.05.2024, 00.00 Uhr", "minute"),
        ("1715904000", "second"),
        ("1715904000000", "second"),
        ("20240517000000", "second"),
        ("5月17日午前0時", "minute"),
        (None, "day"),
    ],
)
def test_the_precision_of_midnight_is_in_what_was_printed(raw: str | None, precision: str) -> None:
    with duckdb.connect() as con:
        con.execute(read_sql("steps")["macros"])
        midnight = "TIMESTAMPTZ '2024-05-17 00:00:00+00'"
        found = con.execute(f"SELECT precision_of({midnight}, ?, NULL)", [raw]).fetchall()
    assert found == [(precision,)]


@pytest.mark.parametrize(
    ("source_id", "day"),
    [
        ("us-whole", date(2026, 3, 8)),  # of 23 hours
        ("us-whole", date(2026, 3, 9)),
        ("ws-whole", date(2026, 3, 8)),
    ],
)
def test_a_day_is_read_as_a_whole_when_clocks_change(
    layout: Layout, source_id: str, day: date
) -> None:
    of_day = f"source_id = '{source_id}' AND day = '{day}'"
    rows = ask(layout, f"SELECT hours_read, state FROM coverage_local WHERE {of_day}")
    assert rows == [(24.0, "observed")]


@pytest.mark.parametrize(
    ("zone", "day", "begins_at", "hours"),
    [
        ("Atlantic/Azores", date(2026, 10, 25), "2026-10-25T00:00", 25),  # 00:59, then 00:00 again
        ("Atlantic/Azores", date(2026, 3, 29), "2026-03-29T01:00", 23),
        ("America/Goose_Bay", date(2010, 11, 7), "2010-11-07T04:00", 24),  # 00:01, then 23:01
        ("Asia/Beirut", date(2026, 10, 24), "2026-10-23T21:00", 25),  # 23:59, then 23:00 again
        ("Europe/London", date(2026, 10, 25), "2026-10-24T23:00", 25),
    ],
)
def test_a_day_begins_at_its_first_midnight(
    zone: str, day: date, begins_at: str, hours: int
) -> None:
    with duckdb.connect() as con:
        con.execute(read_sql("steps")["macros"])
        [(begins, ends)] = con.execute(
            "SELECT epoch(start_of_local($1, $2))::BIGINT,"
            " epoch(start_of_local($1 + 1, $2))::BIGINT",
            [day, zone],
        ).fetchall()
    assert datetime.fromtimestamp(begins, UTC) == datetime.fromisoformat(f"{begins_at}+00:00")
    assert ends - begins == 3600 * hours


def hour_left_out() -> Iterator[Page]:
    """On 1 November 2026 clocks change in New York: 04:00 to 05:00 UTC the next day, 25 hours."""
    midnight = datetime(2026, 11, 1, 4, tzinfo=UTC)
    moments = [midnight + timedelta(hours=hour) for hour in range(-24, 50)]
    named = {"kind": "feed", "entries": 10, "known": 9, "added": 1, "window_entries": 10}
    for at in moments:
        of_read = named | {
            "is_continued": at != midnight + timedelta(hours=8),
            "previous_read_at": at - timedelta(hours=1),
            "window_from": at,
        }
        hour = (at - START) / timedelta(hours=1)
        about = ("feed", "", None, hour, "us-clocks")
        yield Page(*about, outcome="listed", kind="listing", named=of_read)


def test_a_changed_time_zone_says_how_printed_times_are_read_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The days follow at once, the times that were converted when they were read do not."""
    caplog.set_level(logging.WARNING)  # progress is logged by time
    layout = Layout(tmp_path / "data")
    papers = [source("jp-shimbun"), source("us-times"), source("gb-unread")]
    load_pages(layout, [Page(paper.id, source_id=paper.id) for paper in papers[:2]], papers)
    assert caplog.messages == []
    moved = [TOKYO, papers[1], source("gb-unread", timezone="Europe/London")]
    load(layout, TOPICS, moved)
    [said] = caplog.messages
    assert said.startswith("jp-shimbun: the time zone has changed; times that its pages print")
    assert said.endswith("presswatch rebuild articles")
    load(layout, TOPICS, moved)
    assert len(caplog.messages) == 1


def test_an_hour_of_25_that_was_not_read(layout: Layout) -> None:
    asked = "SELECT day, hours_read FROM coverage_local WHERE source_id = 'us-clocks'"
    days = dict(ask(layout, asked))
    assert days[date(2026, 10, 31)] == 24
    assert days[date(2026, 11, 1)] == round(24 * 24 / 25, 2)
    assert days[date(2026, 11, 2)] == 24


def test_what_was_lost_was_lost_on_the_days_of_the_gap(layout: Layout) -> None:
    """Read at 06:00 UTC after 24 hours, as far back as ten: gaps until 20:00, 05:00 in Tokyo."""
    asked = "SELECT day, estimated_lost FROM {} WHERE source_id = 'jp-loses' AND estimated_lost > 0"
    local, in_utc = (
        dict(ask(layout, asked.format(name))) for name in ("coverage_local", "coverage")
    )
    first = {(START + timedelta(days=day - 1)).date() for day in ROLLED_OVER}
    assert set(in_utc) == first
    assert set(local) == first | {day + timedelta(days=1) for day in first}
    assert sum(local.values()) == pytest.approx(sum(in_utc.values()), abs=0.05)
    # Nine of the fourteen hours lie before midnight in Tokyo.
    assert local[min(first)] / in_utc[min(first)] == pytest.approx(9 / 14, abs=0.01)


def test_a_source_in_utc_has_the_same_days_in_both(layout: Layout) -> None:
    for name in ("source_calendars", "coverage", "topic_daily", "topic_weekly", "topic_monthly"):
        asked = "FROM {} WHERE source_id = 'gb-loses' ORDER BY ALL"
        rows = ask(layout, asked.format(name))
        assert rows
        assert rows == ask(layout, asked.format(f"{name}_local"))
