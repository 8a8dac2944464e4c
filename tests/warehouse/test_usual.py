"""Whether a topic comes up more than usual is judged by each source's own past."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pytest

from tasks.monitor.digest import topic_lines
from warehouse.build import loader
from warehouse.questions.usual import compare_with_past, nothing_to_compare

DAY = date(2026, 6, 28)
PAST = range(-62, -6)
NOW = range(-6, 1)
Cells = tuple[
    str, Iterable[int], int, int
]  # source, days from DAY on, articles with the topic, articles


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
    names = ("source_id", "day", "articles_with_mention", "articles")
    rows = [
        dict(zip(names, (source_id, DAY + timedelta(days=day), hits, articles), strict=True))
        for source_id, days, hits, articles in cells
        for day in days
    ]
    con.register("rows", pa.Table.from_pylist(rows))  # hundreds, each of which would be planned
    con.execute(
        "INSERT INTO topic_daily BY NAME"
        " SELECT *, 'g20' AS topic_id, 0 AS articles_other_languages FROM rows"
    )


def week(con: duckdb.DuckDBPyConnection) -> tuple[str, int, int, int]:
    found = compare_with_past(con, "week", DAY)["g20"]
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
    fill(con, [QUIET, ("gb-loud", PAST, 8, 20), ("gb-loud", NOW, 32, 80)])
    assert week(con) == ("as usual", 231, 231, 700)


DAILY = ("gb-daily", range(-62, 1), 1, 100)


def sites(days: Iterable[int], hits: int) -> list[Cells]:
    """Ten sites, each with an article on two days of the week."""
    return [
        (f"gb-site{number}", [day], *((hits, 1) if day % 7 in (1, 4) else (0, 0)))
        for number in range(10)
        for day in days
    ]


def test_sources_with_few_articles_have_their_own_rates(con: duckdb.DuckDBPyConnection) -> None:
    """Not rates between their own and that of all sources: all weeks are alike."""
    fill(con, [DAILY, *sites(range(-62, 1), 1)])
    assert week(con) == ("as usual", 27, 27, 720)


def test_a_fall_in_sources_with_few_articles_is_seen(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [DAILY, *sites(PAST, 1), *sites(NOW, 0)])
    assert week(con) == ("far less", 7, 27, 720)


@pytest.mark.parametrize(("back", "verdict"), [(0, "as usual"), (1, "as usual"), (2, "far more")])
def test_a_day_is_compared_by_its_weekday(
    con: duckdb.DuckDBPyConnection, back: int, verdict: str
) -> None:
    """On Sundays the topic comes up five times as often, and so on the last Friday."""
    often = [day for day in range(-62, 1) if day % 7 == 0 or day == -2]
    rarely = [day for day in range(-62, 1) if day not in often]
    fill(con, [("gb-post", often, 25, 100), ("gb-post", rarely, 5, 100)])
    found = compare_with_past(con, "day", DAY - timedelta(back))["g20"]
    assert found["verdict"] == verdict
    assert found["expected"] == pytest.approx(24 if back == 0 else 5, abs=1.5)


def test_a_rise_is_seen_beside_a_new_paper(con: duckdb.DuckDBPyConnection) -> None:
    rise = [("gb-quiet", PAST, 1, 20), ("gb-quiet", NOW, 4, 20)]
    fill(con, [*rise, ("gb-new", NOW, 0, 200)])
    assert week(con) == ("far more", 28, 7, 140)


def test_a_new_paper_alone_has_too_few_to_say(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [("gb-new", NOW, 8, 20)])
    found = compare_with_past(con, "week", DAY)["g20"]
    assert (found["verdict"], found["hits"], found["expected"]) == ("too few to say", 56, None)


IN_OTHERS = "no article in the topic's languages was published"


def digest(con: duckdb.DuckDBPyConnection, last: int = 0) -> str:
    [line] = topic_lines(con, "week", DAY + timedelta(last), is_local=False)
    return line.removeprefix("- G20: ")


def test_the_digest_compares_the_same_sources(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [QUIET, ("gb-new", NOW, 8, 20), ("gb-gone", PAST, 5, 20)])
    assert digest(con).startswith("63, 56 of them in new sources; as usual (7.")


def test_nothing_collected_is_not_zero_in_the_digest(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [QUIET])
    assert digest(con, 8) == "nothing was collected"


def test_a_feed_without_articles_is_no_past(con: duckdb.DuckDBPyConnection) -> None:
    """Nor are articles in languages that the topic has not: both are read days with none."""
    fill(con, [QUIET, ("gb-loud", PAST, 0, 0), ("gb-loud", NOW, 6, 10)])
    assert week(con) == ("as usual", 49, 7, 140)
    found = compare_with_past(con, "week", DAY)["g20"]
    assert found["new_sources"] == ["gb-loud"]
    assert digest(con).startswith("49, 42 of them in new sources; as usual (7.0 expected)")
    assert compare_with_past(con, "day", DAY)["g20"]["new_sources"] == ["gb-loud"]


def test_nor_are_articles_of_its_last_weeks(con: duckdb.DuckDBPyConnection) -> None:
    silent, began = range(-62, -27), range(-27, -6)
    loud = [("gb-loud", silent, 0, 0), ("gb-loud", began, 0, 10), ("gb-loud", NOW, 6, 10)]
    fill(con, [QUIET, *loud])
    assert week(con) == ("as usual", 49, 7, 140)


def test_a_weekly_paper_has_a_past(con: duckdb.DuckDBPyConnection) -> None:
    read = [day for day in range(-62, 1) if day % 7]
    fill(con, [QUIET, ("gb-weekly", range(-56, 1, 7), 3, 30), ("gb-weekly", read, 0, 0)])
    assert week(con) == ("as usual", 10, 10, 170)
    assert compare_with_past(con, "week", DAY)["g20"]["new_sources"] == []


@pytest.mark.parametrize("unit", ["day", "week"])
def test_half_of_the_past_is_half_of_its_days(con: duckdb.DuckDBPyConnection, unit: str) -> None:
    fill(con, [("gb-sundays", range(-62, -6, 7), 0, 40), ("gb-sundays", NOW, 4, 40)])
    found = compare_with_past(con, unit, DAY)["g20"]
    assert (found["verdict"], found["expected"]) == ("too few to say", None)
    assert found["new_sources"] == ["gb-sundays"]
    assert "; too few to say whether that is unusual" in digest(con)


def test_what_the_past_rests_on(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, [("gb-late", range(-41, 1), 5, 20)])
    con.execute(
        "UPDATE topic_daily SET estimated_published = 25 WHERE day >= ?", [DAY - timedelta(36)]
    )
    found = compare_with_past(con, "week", DAY)["g20"]
    past = {"days": 56, "days_collected": 35, "days_estimated": 30, "completeness": 0.8}
    assert found["past"] == past
    assert digest(con) == (
        "35; as usual (35.0 expected); the eight weeks before are known from 35 of 56 days"
        " of sources, about 80% of what was published on 30 of 56 days of sources,"
        " how much on the others is not known; collected: about 80% of what was published"
    )


def test_what_days_in_part_held_lowers_no_expectation(con: duckdb.DuckDBPyConnection) -> None:
    """Every other day of the past only 4 of 40 articles were caught."""
    odd, even = range(-61, -6, 2), range(-62, -6, 2)
    fill(con, [("gb-post", even, 10, 40), ("gb-post", odd, 1, 4), ("gb-post", NOW, 10, 40)])
    assert digest(con).startswith("70; as usual (70.0 expected)")


@pytest.mark.parametrize(
    ("articles", "others", "published", "verdict", "said"),
    [
        (0, 0, 0, "no article", "no article was published"),
        (0, 0, 5, "no article", "no article was found"),
        (0, 9, 9, "no article in its languages", IN_OTHERS),
        (None, None, None, "not collected", "nothing was collected"),
    ],
)
def test_nothing_was_collected_is_said_of_nothing_else(
    con: duckdb.DuckDBPyConnection,
    articles: int | None,
    others: int | None,
    published: int | None,
    verdict: str,
    said: str,
) -> None:
    fill(con, [QUIET])
    con.execute(
        "UPDATE topic_daily SET articles = ?, articles_with_mention = ?,"
        " articles_other_languages = ?, estimated_published = ? WHERE day > ?",
        [articles, articles, others, published, DAY - timedelta(7)],
    )
    found = compare_with_past(con, "week", DAY)["g20"]
    assert (found["verdict"], found["score"]) == (verdict, None)
    assert nothing_to_compare(found) == said
    assert digest(con).startswith(said)
