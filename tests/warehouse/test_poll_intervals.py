"""How long a source may wait for its next poll, from made reads of its listings."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from warehouse.build.loader import make_relations
from warehouse.build.mart_merge import marts
from warehouse.build.sql_files import read_sql
from warehouse.read.query import records

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
"""A Monday."""
FEED = "https://gb-post.test/feed"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        make_relations(con)
        con.execute(read_sql("steps")["macros"])
        yield con


@pytest.fixture
def con(made: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty relations: what a test fills them with is taken back."""
    made.begin()
    yield made
    made.rollback()


def poll(con: duckdb.DuckDBPyConnection, at: datetime = NOW, **columns: Any) -> None:
    """Add a poll of gb-post that read its feed."""
    values = {
        "source_id": "gb-post",
        "sequence": int(at.timestamp()),
        "polled_at": at,
        "listings": [FEED],
        "ended": "read",
        "pages_to_retry": 0,
    } | columns
    insert(con, "polls", values)


def read(
    con: duckdb.DuckDBPyConnection, at: datetime, added: int, entries: int = 20, **columns: Any
) -> None:
    """Add a read of its feed an hour after the one before, which named `added` new entries."""
    values = {
        "source_id": "gb-post",
        "listing": FEED,
        "kind": "feed",
        "read_at": at,
        "previous_read_at": at - HOUR,
        "entries": entries,
        "added_entries": added,
        "is_complete": False,
        "is_continued": True,
    } | columns
    insert(con, "listing_reads", values)


def insert(con: duckdb.DuckDBPyConnection, table: str, values: dict[str, Any]) -> None:
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    con.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))


def read_hourly(con: duckdb.DuckDBPyConnection, added: int, days: int = 7, **columns: Any) -> None:
    for hours in range(24 * days):
        read(con, NOW - hours * HOUR, added, **columns)


def interval(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT 'gb-post' AS source_id")
    (row,) = records(con, marts()["poll_intervals"].query)
    assert row["due_at"] == row["polled_at"] + timedelta(minutes=row["interval_minutes"])
    return row


@pytest.mark.parametrize(
    ("added", "entries", "minutes"),
    [
        (2, 20, 193),  # room for 6.4
        (20, 20, 19),
        (60, 20, 10),
        (1, 100, 1440),
        (4, 100, 614),  # room for 41
    ],
)
def test_a_source_is_due_before_its_feed_is_full(
    con: duckdb.DuckDBPyConnection, added: int, entries: int, minutes: int
) -> None:
    poll(con)
    read_hourly(con, added, entries=entries)
    row = interval(con)
    assert row["interval_minutes"] == minutes
    assert (row["listing"], row["window_entries"]) == (FEED, entries)
    assert row["entries_per_day"] == pytest.approx(24 * added)


def test_the_rush_hour_that_comes_counts(con: duckdb.DuckDBPyConnection) -> None:
    """Nothing comes from 12 to 18 o'clock, then 20 entries an hour."""
    poll(con)
    for hours in range(24 * 28):
        at = NOW - hours * HOUR
        read(con, at, 20 if (at - HOUR).hour >= 18 else 0)
    assert 6 * 60 <= interval(con)["interval_minutes"] <= 6 * 60 + 20


def test_a_weekend_is_slower_than_a_monday(con: duckdb.DuckDBPyConnection) -> None:
    for hours in range(24 * 28):
        at = NOW - hours * HOUR
        read(con, at, 0 if (at - HOUR).isoweekday() > 5 else 6)
    poll(con, NOW)
    assert interval(con)["interval_minutes"] < 120
    poll(con, NOW + timedelta(days=5))
    assert interval(con)["interval_minutes"] > 240


def test_the_listing_that_fills_first_decides(con: duckdb.DuckDBPyConnection) -> None:
    poll(con, listings=[FEED, "https://gb-post.test/sport"])
    read_hourly(con, 1, listing="https://gb-post.test/sport", entries=10)
    read_hourly(con, 5)
    row = interval(con)
    assert (row["listing"], row["interval_minutes"]) == (FEED, 77)
    assert row["listings"] == [FEED, "https://gb-post.test/sport"]


def test_a_listing_that_was_removed_does_not_count(con: duckdb.DuckDBPyConnection) -> None:
    poll(con)
    read_hourly(con, 19, listing="https://gb-post.test/old")
    read_hourly(con, 0)
    assert interval(con)["interval_minutes"] == 1440


def test_a_sitemap_that_entries_leave_by_age_is_due_by_time(
    con: duckdb.DuckDBPyConnection,
) -> None:
    poll(con)
    read_hourly(con, 30, kind="sitemap", is_complete=True, window_from=NOW - 20 * HOUR)
    row = interval(con)
    assert (row["interval_minutes"], row["basis"]) == (8 * 60, "a sitemap of the last 20 hours")


@pytest.mark.parametrize(
    ("about", "minutes", "basis"),
    [
        ({"ended": "failed"}, 60, "the last poll failed"),
        ({"ended": "fell_silent"}, 60, "the last poll failed"),
        ({"pages_to_retry": 3}, 60, "pages left to fetch: 3"),
        ({}, 1440, "fewer new entries than it has room for in a day"),
    ],
)
def test_a_slow_source_is_asked_hourly_while_something_is_left(
    con: duckdb.DuckDBPyConnection, about: dict[str, Any], minutes: int, basis: str
) -> None:
    poll(con, **about)
    read_hourly(con, 0)
    row = interval(con)
    assert (row["interval_minutes"], row["basis"]) == (minutes, basis)


def test_a_fast_source_that_fails_is_not_asked_every_ten_minutes(
    con: duckdb.DuckDBPyConnection,
) -> None:
    read_hourly(con, 60)
    poll(con, NOW, ended="failed")
    assert interval(con)["interval_minutes"] == 30


def test_a_feed_is_known_by_its_dates_from_the_first_read_on(
    con: duckdb.DuckDBPyConnection,
) -> None:
    poll(con)
    first: dict[str, Any] = {"previous_read_at": None, "is_continued": False, "window_entries": 16}
    read(con, NOW, 0, window_from=NOW - 1 * HOUR, **first)
    assert interval(con)["interval_minutes"] == 24
    con.execute("UPDATE listing_reads SET window_from = read_at - INTERVAL 16 DAY")
    row = interval(con)
    assert (row["interval_minutes"], row["basis"]) == (60, "read for less than a day")
    con.execute("DELETE FROM listing_reads")
    row = interval(con)
    assert (row["interval_minutes"], row["basis"]) == (60, "no entries were counted yet")


BLIND = {"is_continued": False, "rolled_over": True}
"""A listing without dates that has rolled over."""


@pytest.mark.parametrize(("hours", "minutes"), [(24, 60), (1, 19)])
def test_a_listing_without_dates_that_rolls_over_is_asked_hourly_or_sooner(
    con: duckdb.DuckDBPyConnection, hours: int, minutes: int
) -> None:
    """At least the entries that are new have come since the read before."""
    poll(con)
    for number in range(5 * 24 // hours):
        at = NOW - number * hours * HOUR
        read(con, at, 20, previous_read_at=at - hours * HOUR, **BLIND)
    row = interval(con)
    assert row["interval_minutes"] == minutes
    assert row["basis"] == "rolled over, and its entries have no dates"


def test_a_rush_hour_in_which_a_listing_without_dates_rolls_over_counts(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """It is continued at all hours but one, at which twenty entries or more are new."""
    poll(con)
    for hours in range(24 * 14):
        at = NOW - hours * HOUR
        is_rush = at.hour == 19
        read(con, at, 20 if is_rush else 0, **(BLIND if is_rush else {}))
    assert 6 * 60 <= interval(con)["interval_minutes"] <= 7 * 60


def test_a_listing_without_dates_that_was_read_once_is_asked_hourly(
    con: duckdb.DuckDBPyConnection,
) -> None:
    poll(con)
    about: dict[str, Any] = {"previous_read_at": None, "is_continued": False}
    read(con, NOW - 30 * HOUR, 0, **about)
    row = interval(con)
    assert (row["interval_minutes"], row["basis"]) == (60, "no rate is known yet")


def test_a_feed_that_rolled_over_is_asked_sooner(con: duckdb.DuckDBPyConnection) -> None:
    """What it showed at the end of each gap came in an hour, whatever the gap was."""
    poll(con)
    for days in range(7):
        at = NOW - timedelta(days=days)
        about: dict[str, Any] = {"previous_read_at": at - timedelta(days=1), "is_continued": False}
        read(con, at, 20, window_from=at - HOUR, window_entries=16, **about)
    assert interval(con)["interval_minutes"] == 24
