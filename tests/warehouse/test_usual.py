"""Whether a topic comes up more than usual is judged by each source's own past."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import duckdb
import pytest

from warehouse.build import loader
from warehouse.build.sql_files import read_sql
from warehouse.questions.usual import compared
from warehouse.read.query import records
from warehouse.read.utc_or_local_days import of_days

DAY = date(2026, 6, 28)
PAST = range(-62, -6)
NOW = range(-6, 1)
Cells = tuple[str, range, int, int]  # source, days from DAY on, articles with the topic, articles


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        loader.make_relations(con)
        yield con


@pytest.fixture
def con(made: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty relations: what a test fills them with is taken back."""
    made.begin()
    yield made
    made.rollback()


def fill(con: duckdb.DuckDBPyConnection, cells: Sequence[Cells]) -> None:
    con.execute(
        "INSERT INTO topics (topic_id, topic_version, name, valid_from)"
        " VALUES ('g20', 1, 'G20', TIMESTAMPTZ '2026-01-01 00:00:00+00')"
    )
    for source_id, days, hits, articles in cells:
        rows = [[source_id, DAY + timedelta(days=day), hits, articles] for day in days]
        con.executemany(
            "INSERT INTO topic_daily (topic_id, source_id, day, articles_with_mention, articles,"
            " articles_other_languages) VALUES ('g20', ?, ?, ?, ?, 0)",
            rows,
        )


def week(con: duckdb.DuckDBPyConnection) -> tuple[str, int, int, int]:
    found = compared(con, "week", DAY)["g20"]
    return (
        *(found["verdict"], found["hits"], round(found["expected"])),
        found["compared_articles"],
    )


QUIET = ("gb-quiet", range(-62, 1), 1, 20)


def test_a_paper_that_is_added_is_no_change_of_attention(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [QUIET, ("gb-loud", NOW, 8, 20)])
    assert week(con) == ("as usual", 63, 7, 140)


def test_nor_is_one_that_is_away(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [QUIET, ("gb-loud", PAST, 8, 20)])
    assert week(con) == ("as usual", 7, 7, 140)


def test_nor_one_that_prints_more(con: duckdb.DuckDBPyConnection) -> None:
    """One hit less is expected, since rates are shrunk to that of all sources."""
    fill(con, [QUIET, ("gb-loud", PAST, 8, 20), ("gb-loud", NOW, 32, 80)])
    assert week(con) == ("as usual", 231, 230, 700)


def test_a_rise_is_seen_beside_a_new_paper(con: duckdb.DuckDBPyConnection) -> None:
    rise = [("gb-quiet", PAST, 1, 20), ("gb-quiet", NOW, 4, 20)]
    fill(con, [*rise, ("gb-new", NOW, 0, 200)])
    assert week(con) == ("far more", 28, 7, 140)


def test_a_new_paper_alone_has_too_few_to_say(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [("gb-new", NOW, 8, 20)])
    found = compared(con, "week", DAY)["g20"]
    assert (found["verdict"], found["hits"], found["expected"]) == ("too few to say", 56, None)


def digest(con: duckdb.DuckDBPyConnection, first: int, last: int) -> tuple[int | None, int, float]:
    sql = of_days(read_sql("queries")["digest_topics"], False)
    days = {"first_day": DAY + timedelta(first), "last_day": DAY + timedelta(last)}
    [row] = records(con, sql, days)
    return row["found"], row["of_new"], row["usual"]


def test_the_digest_compares_the_same_sources(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [QUIET, ("gb-new", NOW, 8, 20), ("gb-gone", PAST, 5, 20)])
    assert digest(con, -6, 0) == (63, 56, 7.0)


def test_nothing_collected_is_not_zero_in_the_digest(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [QUIET])
    found, of_new, _ = digest(con, 1, 1)
    assert (found, of_new) == (None, 0)
