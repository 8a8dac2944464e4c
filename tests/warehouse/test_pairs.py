"""Which topics come up together, and where they come up: the views over mentions."""

from datetime import date
from itertools import combinations
from typing import Any

import duckdb
import pytest

from tasks.load.load_run import load
from tasks.topics.topic import TopicEntry
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, Page, prose, source, stage
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

BOTH, ONE, OTHER = "The harvest and the G20.", "The harvest came.", "The G20 met."
WIRE = prose(3, 100) + " the harvest, the G20"


FOG = TopicEntry(id="fog", name="Fog", aliases=("fog",)).topic()


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """One load, which no test changes."""
    layout = Layout(tmp_path_factory.mktemp("pairs") / "data")
    texts = [BOTH, BOTH, ONE, ONE, OTHER, "None.", "No fog at all.", "Nothing."]
    pages = [Page(f"march-{at}", text) for at, text in enumerate(texts)]
    pages += [Page("february-a", ONE, -5), Page("february-b", "None.", -5)]
    pages += [Page("january", "None.", -40), Page("undated", BOTH, None)]
    pages += [Page("wire", WIRE), Page("wire-copy", WIRE, 0, 2.0, "de-blatt")]
    pages += [Page("revised", BOTH), Page("revised", "None any more.", hour=5)]
    pages += [
        Page("a", "They say the harvest was late.", 0, 1.0, "gb-context", headline="Rain"),
        Page("b", "A harvest that was.", 0, source_id="fr-context"),
        Page("b", "It is gone.", 0, 5.0, "fr-context"),
        Page("c", "Of the grain fair.", None, source_id="fr-context", is_truncated=True),
    ]
    run = stage(layout, "20260302T060000Z-aaaaaa", pages)
    load(layout, [*TOPICS, FOG], [*SOURCES, source("gb-context")], [run])
    publish(layout)
    return layout


def pairs(layout: Layout, topic_a: str, topic_b: str) -> dict[date | None, dict[str, Any]]:
    rows = query(layout, "FROM topic_pairs").to_pylist()
    assert {(row["topic_a"], row["topic_b"]) for row in rows} == {
        ("fog", "harvest"),
        ("fog", "summit"),
        ("harvest", "summit"),
    }
    assert all((row["period"] is None) == (row["period_kind"] == "all") for row in rows)
    return {
        row["period"]: row for row in rows if (row["topic_a"], row["topic_b"]) == (topic_a, topic_b)
    }


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(row[f"articles{of}"] for of in ("_both", "_a", "_b", ""))


def test_pairs_by_month_and_over_all(layout: Layout) -> None:
    found = pairs(layout, "harvest", "summit")
    assert list(map(counts, (found[month] for month in (
        date(2026, 3, 1), date(2026, 2, 1), date(2026, 1, 1), None
    )))) == [(3, 6, 4, 12), (0, 1, 0, 2), (0, 0, 0, 1), (3, 7, 4, 15)]  # fmt: skip
    assert found[date(2026, 3, 1)]["lift"] == pytest.approx(3 * 12 / (6 * 4))
    assert found[date(2026, 3, 1)]["jaccard"] == 3 / 7
    assert found[date(2026, 2, 1)]["lift"] is None
    assert found[date(2026, 2, 1)]["jaccard"] == 0
    assert found[date(2026, 1, 1)]["jaccard"] is None
    assert found[None]["lift"] == pytest.approx(3 * 15 / (7 * 4))


def test_never_together_has_a_lift_of_nothing(layout: Layout) -> None:
    assert pairs(layout, "fog", "summit")[None]["lift"] == 0


def test_mentions_in_context(layout: Layout) -> None:
    columns = "published_date, source, headline, url, context, alias, is_truncated, is_copy"
    where = "WHERE source_id LIKE '%-context' ORDER BY url DESC"
    rows = query(layout, f"SELECT {columns} FROM mention_contexts {where}").to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (date(2026, 3, 2), "gb-context", "Rain", "https://gb-context.test/a",
         "They say the [harvest] was late.", "harvest", False, False),
        (None, "fr-context", "A made headline", "https://fr-context.test/c",
         "Of the [grain fair].", "grain fair", True, False),
    ]  # fmt: skip


def test_pairs_that_are_as_frequent_stand_in_the_order_of_their_names() -> None:
    """Of 66 of them the report would show other twenty each time."""
    month = {"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 31)}
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE topics AS SELECT format('{:02d}', i) AS topic_id, topic_id AS name,"
            " NULL::TIMESTAMPTZ AS valid_to FROM range(12) AS numbers (i)"
        )
        con.execute(
            "CREATE TABLE topic_pairs AS SELECT one.topic_id AS topic_a, other.topic_id AS topic_b,"
            " 'month' AS period_kind, DATE '2026-03-01' AS period, 2 AS articles_both,"
            " 5 AS articles_a, 5 AS articles_b, 100 AS articles"
            " FROM topics AS one JOIN topics AS other ON one.topic_id < other.topic_id"
        )
        rows = con.execute(read_sql("queries")["pairs"], month).fetchall()
    names = [f"{at:02}" for at in range(12)]
    assert [row[:2] for row in rows] == [*combinations(names, 2)][:20]
