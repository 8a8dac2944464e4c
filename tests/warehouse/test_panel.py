"""topic_daily as arrays: all of it, in parts, and what is reckoned from them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from math import copysign, isnan, nan
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.warehouse.test_spikes import UNCHANGED
from warehouse.build import loader, mart_refresh
from warehouse.build.index_vintages import begin_vintage
from warehouse.build.loaded_definitions import Rules, set_rules
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.stats import daily_counts
from warehouse.stats.daily_counts import Counts, rounded

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 20, tzinfo=UTC)
MADE = (
    "INSERT INTO topic_daily (topic_id, source_id, day, articles, articles_with_mention,"
    " articles_with_mention_original)"
    " SELECT topic_id, source_id, DATE '2025-01-06' + i::INTEGER,"
    " if(is_missing, NULL, 40), if(is_missing, NULL, n), if(is_missing, NULL, n)"
    " FROM (SELECT *, hash(source_id, i) % 9 = 0 AS is_missing,"
    "  (hash(topic_id, source_id, i) % 3 + if(i % 60 = 59, 9, 0))::BIGINT AS n"
    "  FROM range(300) AS days (i)"
    "  CROSS JOIN (SELECT unnest(['summit', 'harvest', 'flood']) AS topic_id)"
    "  CROSS JOIN (SELECT unnest(['de-blatt', 'gb-post']) AS source_id))"
    " WHERE source_id = 'gb-post' OR i NOT BETWEEN 0 AND 20"
)
"""Three topics in two papers over 300 days, the one later than the other, with days missing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        loader.make_relations(con)
        con.execute(read_sql("steps")["macros"])
        con.execute(MADE)
        begin_vintage(con, Layout(tmp_path_factory.mktemp("panel")), NOW)
        set_rules(con, Rules(1))
        con.execute(UNCHANGED)
        con.execute("INSERT INTO changed_topic_daily SELECT day FROM topic_daily")
        yield con


@pytest.fixture
def con(made: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The made counts, as they were."""
    made.begin()
    yield made
    made.rollback()


def rows(con: duckdb.DuckDBPyConnection, relation: str) -> list[Any]:
    return con.execute(f"FROM {relation} ORDER BY ALL").fetchall()


def test_the_arrays_have_each_cell(con: duckdb.DuckDBPyConnection) -> None:
    counts = Counts(con)
    (panel,) = counts.panels
    (found,) = counts.hits(panel)
    topics, papers = ["flood", "harvest", "summit"], ["de-blatt", "gb-post"]
    assert (panel.topics, panel.sources) == (topics, papers)
    assert panel.known.all()
    assert panel.total.shape == (2, 300)
    first = (date(2025, 1, 6) - date(1970, 1, 1)).days
    cells = con.execute(
        "SELECT topic_id, source_id, (day - DATE '1970-01-01')::INTEGER, articles,"
        " articles_with_mention FROM topic_daily"
    ).fetchall()
    for topic, paper, day, articles, hits in cells:
        at = papers.index(paper), day - first
        assert isnan(panel.total[at]) if articles is None else panel.total[at] == articles
        assert found.hits[topics.index(topic), *at] == (hits or 0)
    assert np.isnan(panel.total[0, :21]).all()


def test_topics_that_are_read_in_parts_give_the_same_marts(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for most in (daily_counts.MAX_CELLS, 1200, 1):
        monkeypatch.setattr(daily_counts, "MAX_CELLS", most)
        found.append((*filled(con), sum(1 for _ in counts_of(con))))
    assert [parts for *_, parts in found] == [1, 2, 3]
    assert found[0][:2] == found[1][:2] == found[2][:2]
    assert {row[0] for row in found[0][1]} == {"flood", "harvest", "summit"}


def test_topics_that_count_other_articles_give_the_marts_that_each_gives_alone(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("UPDATE topic_daily SET articles = articles - 9 WHERE topic_id = 'harvest'")
    together = filled(con)
    assert [len(hits.topics) for hits in counts_of(con)] == [2, 1]
    con.execute("CREATE TEMP TABLE all_days AS FROM topic_daily")
    for topic in ("flood", "harvest", "summit"):
        con.execute("DELETE FROM topic_daily")
        con.execute("INSERT INTO topic_daily FROM all_days WHERE topic_id = ?", [topic])
        alone = filled(con)
        assert alone == tuple([row for row in part if row[0] == topic] for part in together)


def counts_of(con: duckdb.DuckDBPyConnection) -> Iterator[daily_counts.Hits]:
    counts = Counts(con)
    return (hits for panel in counts.panels for hits in counts.hits(panel))


def filled(con: duckdb.DuckDBPyConnection) -> tuple[list[Any], list[Any]]:
    counts = Counts(con)
    for mart in ("attention_index", "topic_spikes"):
        mart_refresh.fill(con, mart, counts)
    return rows(con, "attention_index"), rows(con, "topic_spikes")


def test_without_counts_there_is_neither_index_nor_spike(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM topic_daily")
    counts = Counts(con)
    for mart in ("attention_index", "topic_spikes"):
        mart_refresh.fill(con, mart, counts)
        assert rows(con, mart) == []


@pytest.mark.parametrize(
    ("value", "is_to_be"),
    [
        (392.96874999999994, 392.9688),
        (392.96875000000006, 392.9688),
        (392.96874, 392.9687),
        (-0.00005, -0.0001),
        (-0.00004, 0.0),
        (nan, nan),
    ],
)
def test_values_are_rounded(value: float, is_to_be: float) -> None:
    (found,) = rounded(np.array([value]), 4)
    assert found == pytest.approx(is_to_be, abs=0, nan_ok=True)
    assert copysign(1, found) == copysign(1, is_to_be)
