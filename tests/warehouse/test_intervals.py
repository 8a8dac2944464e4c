"""The 95 % interval of a share."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import duckdb
import numpy as np
import pytest

from tests.bench.intervals import SCATTERS, Case, coverage
from warehouse.build import loader, mart_refresh
from warehouse.questions.selection import Selection
from warehouse.questions.series import range_series, series, totals
from warehouse.stats.daily_counts import Counts
from warehouse.stats.dispersion import MAX_CORRELATION, dispersion
from warehouse.stats.intervals import share_interval

FIRST = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("hits", "articles", "interval"),
    [
        # Of Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (29, 29, (0.8830, 1.0)),
    ],
)
def test_equals_published_values(hits: int, articles: int, interval: tuple[float, float]) -> None:
    assert share_interval(hits, articles) == pytest.approx(interval, abs=5e-5)


def test_no_article_gives_no_interval() -> None:
    assert share_interval(0, 0) is None


def test_holds_for_few_articles() -> None:
    random = np.random.default_rng(7)
    for share in (0.02, 0.1, 0.5):
        intervals = [share_interval(hits, 30) for hits in range(31)]
        hits = random.binomial(30, share, size=4000)
        inside = [
            low <= share <= high for low, high in (intervals[each] or (0, 0) for each in hits)
        ]
        assert np.mean(inside) >= 0.9


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


CELLS = [
    (hits, articles, variance)
    for articles in (0, 1, 7, 30, 4000)
    for hits in {0, 1, articles // 3, articles}
    for variance in (0.0, 0.04, 0.2, 3.0)
    if hits <= articles
]


def test_sql_and_python_have_one_interval(con: duckdb.DuckDBPyConnection) -> None:
    for cell in CELLS:
        ((bounds,),) = con.execute("SELECT share_interval(?, ?, ?)", cell).fetchall()
        found = share_interval(*cell)
        assert (bounds is None) == (found is None) == (cell[1] == 0)
        assert bounds is None or tuple(bounds.values()) == pytest.approx(found, abs=1e-7)


def test_what_varies_beyond_chance_makes_it_wider() -> None:
    for hits, articles, variance in CELLS:
        if articles:
            low, high = share_interval(hits, articles, variance) or (1, 0)
            by_chance = share_interval(hits, articles) or (0, 1)
            assert 0 <= low <= by_chance[0] <= hits / articles <= by_chance[1] <= high <= 1


@pytest.mark.parametrize("sd", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("size", [12, 90])
def test_the_variation_of_days_is_found(sd: float, size: int) -> None:
    random = np.random.default_rng(4)
    days = np.arange(700)
    articles = random.integers(size // 2, size * 2, (3, 700)) * (random.random((3, 700)) > 0.1)
    wave = 0.15 * np.exp(0.5 * np.sin(days / 30))
    factor = random.gamma(1 / sd**2, sd**2, (1, 3, 700)) if sd else 1.0
    hits = random.binomial(articles, np.minimum(1, np.broadcast_to(wave * factor, (1, 3, 700))))
    variation, pairs = dispersion(articles.astype(float), hits)
    assert variation.mean() == pytest.approx(sd**2, abs=0.15 if size == 12 else 0.05)
    assert (variation >= 0).all()
    assert (pairs > 100).all()


def test_without_pairs_there_is_no_variation_and_with_a_single_burst_no_more_than_the_limit() -> (
    None
):
    articles = np.full((1, 60), 500.0)
    hits = np.zeros((1, 1, 60), np.int64)
    assert [each.item() for each in dispersion(articles, hits)] == [0, 0]
    hits[..., ::2] = 400
    most = 2 * MAX_CORRELATION / (1 - MAX_CORRELATION)
    assert dispersion(articles, hits)[0] == pytest.approx(most)


def fill(con: duckdb.DuckDBPyConnection, sd: float) -> None:
    """Three sources over 26 weeks; every tenth day is missing."""
    random = np.random.default_rng(6)
    rows = []
    for (source, level), day in product(enumerate((0.05, 0.1, 0.2)), range(182)):
        articles = int(random.integers(10, 60))
        factor = random.gamma(1 / sd**2, sd**2) if sd else 1.0
        hits = int(random.binomial(articles, min(1, level * factor)))
        cell = (None, None) if random.random() < 0.1 else (articles, hits)
        rows.append(("war", f"xx-{source}", FIRST + timedelta(day), *cell))
    con.executemany(
        "INSERT INTO topic_daily (topic_id, source_id, day, articles, articles_with_mention)"
        " VALUES (?, ?, ?, ?, ?)",
        rows,
    )
    con.execute("CREATE OR REPLACE TEMP TABLE changed_topic_daily AS FROM topic_daily")
    mart_refresh.fill(con, "topic_dispersion", Counts(con))


WEEKS = "FROM topic_weekly WHERE topic_id = 'war' ORDER BY source_id, period"
CHOSEN = Selection(FIRST, FIRST + timedelta(181), "week")


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.0, 0.5])
def test_weeks_and_series_have_the_same_interval(con: duckdb.DuckDBPyConnection, sd: float) -> None:
    fill(con, sd)
    weeks = con.sql(WEEKS).to_arrow_table().to_pylist()
    found = [(row["share_low"], row["share_high"]) for row in weeks]
    by_source = sorted(series(con, CHOSEN, "source"), key=lambda row: (row["part"], row["period"]))
    assert len(found) == len(by_source) == 78
    for low_high, row in zip(found, by_source, strict=True):
        assert low_high == pytest.approx((row["low"], row["high"]), abs=1e-7)
    chance = [share_interval(row["hits"], row["articles"]) or (0, 1) for row in by_source]
    widths = [np.diff(bounds) for bounds in (chance, found)]
    assert (np.mean(widths[1]) > 1.2 * np.mean(widths[0])) == (sd > 0)
    assert (widths[1] >= widths[0] - 1e-7).all()


@pytest.mark.slow
def test_without_copies_weeks_and_series_have_the_same_interval(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Of the documented expression; the part of copies differs from day to day."""
    fill(con, 0.5)
    con.execute(
        "UPDATE topic_daily SET articles_original = articles // (1 + dayofyear(day) % 3),"
        " articles_with_mention_original = articles_with_mention // (1 + dayofyear(day) % 3)"
    )
    asked = f"""
        SELECT share_interval(articles_with_mention_original, articles_original, share_variance)
        {WEEKS}
    """
    found = [tuple(bounds.values()) for (bounds,) in con.execute(asked).fetchall()]
    chosen = replace(CHOSEN, is_without_copies=True)
    by_source = sorted(series(con, chosen, "source"), key=lambda row: (row["part"], row["period"]))
    given = [(row["low"], row["high"]) for row in by_source]
    assert np.array(given) == pytest.approx(np.array(found), abs=1e-7)


@pytest.mark.slow
def test_a_sum_over_sources_and_periods_has_the_variance_of_its_parts(
    con: duckdb.DuckDBPyConnection,
) -> None:
    fill(con, 0.5)
    all_sources, by_source = series(con, CHOSEN), series(con, CHOSEN, "source")
    added, parts = totals(all_sources), totals(by_source)
    assert (added["low"], added["high"]) == pytest.approx((parts["low"], parts["high"]))
    asked = """
        SELECT share_interval(sum(articles_with_mention)::BIGINT, sum(articles)::BIGINT,
            sum(share_variance * articles_with_mention * articles_with_mention)
                / pow(sum(articles_with_mention), 2)) AS bounds
        FROM topic_weekly GROUP BY period ORDER BY period
    """
    # The same of all days together, whatever the periods that are shown beside it.
    totals_by_unit = [
        range_series(con, replace(CHOSEN, unit=unit)) for unit in ("day", "week", "month")
    ]
    assert totals_by_unit[0] == totals_by_unit[1] == totals_by_unit[2]
    [of_all] = totals_by_unit[0]
    assert of_all["share"] == pytest.approx(added["share"])
    bounds = [tuple(each.values()) for (each,) in con.execute(asked).fetchall()]
    given = [(row["low"], row["high"]) for row in all_sources]
    assert np.array(bounds) == pytest.approx(np.array(given), abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("relation", ["topic_weekly", "topic_monthly_local"])
def test_the_comment_of_each_other_share_has_its_interval(
    con: duckdb.DuckDBPyConnection, relation: str
) -> None:
    fill(con, 0.5)
    names = ("articles_with_mention", "articles")
    con.execute(
        "UPDATE topic_daily SET articles_with_mention_headline = articles_with_mention // 2,"
        + ", ".join(f"{name}_{kind} = {name}" for name in names for kind in ("original", "whole"))
    )
    con.execute("INSERT INTO topic_daily_local FROM topic_daily")
    comments = con.execute(
        "SELECT column_name, regexp_extract(comment, 'share_interval\\(.*\\)')"
        " FROM duckdb_columns() WHERE table_name = ? AND column_name LIKE 'share\\_%' ESCAPE '\\'",
        [relation],
    ).fetchall()
    expressions = {name: found for name, found in comments if found}
    assert expressions.keys() == {"share_headline", "share_original", "share_whole"}
    for share, bounds in expressions.items():
        held = f"{bounds}.low <= {share} AND {share} < {bounds}.high"
        rows = con.execute(f"SELECT count(*), count_if({held}) FROM {relation}").fetchall()
        assert rows[0][0] == rows[0][1] > 0


@pytest.mark.parametrize("is_by_day", [True, False])
@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("scatter", SCATTERS)
def test_intervals_hold_as_often_as_they_say(
    scatter: float, missing: float, is_by_day: bool
) -> None:
    found = coverage(Case(scatter, missing, is_by_day), runs=160)
    assert min(found.values()) >= 0.93
    assert max(found["gap_robust"], found["log_linear"]) <= 0.98
    if is_by_day:  # else attention moves from each day to the next, which counts as scatter
        assert max(found["share"], found["all sources"]) <= 0.985


def test_intervals_that_took_articles_for_independent_would_hold_too_seldom() -> None:
    case = Case(0.5, 0.1, is_by_day=True)
    assert coverage(case, runs=80, has_dispersion=False)["share"] < 0.8
