"""The intervals that the queries of the guides give are those of the desk for the same question."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from warehouse.build import loader, mart_refresh
from warehouse.questions.selection import Selection
from warehouse.questions.series import RANGE, Row, series
from warehouse.read.query import records
from warehouse.stats.daily_counts import Counts

ROOT = Path(__file__).parents[2]
FIRST, DAYS = date(2026, 1, 5), 182
CHOSEN = Selection(FIRST, FIRST + timedelta(DAYS - 1), RANGE)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two sources in which the topic comes in bursts, one that has it never, one without a day."""
    random = np.random.default_rng(6)
    rows: list[tuple[Any, ...]] = []
    for source, level in (("a", 0.05), ("b", 0.2), ("none", 0.0), ("off", None)):
        for day in range(DAYS):
            articles = int(random.integers(10, 60))
            hits = int(random.binomial(articles, min(1, (level or 0) * random.gamma(4, 0.25))))
            is_known = level is not None and random.random() > 0.1
            counts = (articles, hits, articles // 2, hits // 2) if is_known else (None,) * 4
            state = "observed" if is_known else "missing"
            rows.append(("g20", source, FIRST + timedelta(day), state, *counts))
    with duckdb.connect() as con:
        loader.make_relations(con)
        con.executemany(
            "INSERT INTO topic_daily (topic_id, source_id, day, state, articles,"
            " articles_with_mention, articles_original, articles_with_mention_original)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        con.execute(
            "INSERT INTO sources (source_id, name) SELECT DISTINCT source_id, source_id"
            " FROM topic_daily"
        )
        con.execute("INSERT INTO topics (topic_id, topic_version) VALUES ('g20', 1)")
        con.execute("CREATE TEMP TABLE changed_topic_daily AS FROM topic_daily")
        mart_refresh.fill(con, "topic_dispersion", Counts(con))
        yield con


def question(number: int) -> str:
    """One of the ten questions."""
    text = (ROOT / "deployments/questions.sql").read_text(encoding="utf-8")
    return text.split("\n\n")[number]


def example(guide: str, of: str) -> str:
    """The query of a guide that holds some words."""
    text = (ROOT / guide).read_text(encoding="utf-8")
    (found,) = (sql for sql in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) if of in sql)
    return str(found)


README = ("README.md", "ORDER BY percent")
BY_DAY = ("warehouse/README.md", "articles_with_mention > 0 ORDER BY day")
BY_WEEK = ("warehouse/README.md", "period AS week, sum(articles_with_mention) AS hits, sum(")
ALL, WEEKS = CHOSEN, replace(CHOSEN, unit="week")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "key", "chosen", "part", "of"),
    [
        (example(*README), "name", ALL, "source", "part"),
        (question(1), "topic_id", ALL, "", "topic_id"),
        (question(2), "week", WEEKS, "", "period"),
        (question(3), "name", ALL, "source", "part"),
        (question(9), "topic_id", replace(ALL, is_without_copies=True), "", "topic_id"),
        (example(*BY_DAY), "day name", replace(ALL, unit="day"), "source", "period part"),
        (example(*BY_WEEK), "week", WEEKS, "", "period"),
    ],
    ids=["README", "1", "2", "3", "9", "by day", "by week"],
)
def test_the_interval_is_that_of_the_desk(
    con: duckdb.DuckDBPyConnection, sql: str, key: str, chosen: Selection, part: str, of: str
) -> None:
    desk = {_key(row, of): (row["low"], row["high"]) for row in series(con, chosen, part)}
    found = {_key(row, key): _ends(row["interval_95"]) for row in records(con, sql)}
    assert len(found) > 1 or key == "topic_id"
    known = {each: ends for each, ends in found.items() if ends[0] is not None}
    assert known
    digits = 5e-4 if isinstance(records(con, sql)[0]["interval_95"], str) else 1e-6
    for each, ends in known.items():
        assert ends == pytest.approx(desk[each], abs=digits)


def _key(row: Row, names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names.split())


def _ends(interval: Any) -> tuple[float | None, float | None]:
    if isinstance(interval, str):
        low, high = (float(end) / 100 for end in interval.split(" to "))
        return low, high
    return (interval["low"], interval["high"]) if interval else (None, None)
