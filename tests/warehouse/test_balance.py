"""Groups of sources that weigh alike: values by hand, and floods of articles from one group."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from tasks.load.load_run import load
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, source
from tests.warehouse.test_attention import EPU, GPR, load_months
from warehouse.build.loaded_definitions import Rules
from warehouse.build.loader import make_relations
from warehouse.layers.layout import Layout
from warehouse.questions.selection import Selection
from warehouse.questions.series import range_series, series
from warehouse.read.query import query, snapshot
from warehouse.stats.attention_index import Indexes, indexes
from warehouse.stats.balance import balanced_share
from warehouse.stats.daily_counts import Matrix, Numbers, Panel, Whole
from warehouse.stats.intervals import share_interval
from warehouse.stats.periods import Periods, periods_of

FIRST = [2, 4, 3, 5, 4, 10]  # of 100 articles
SECOND = [1, 1, 2, 2, 3, 6]  # of 50


def panel(articles: Matrix) -> Periods:
    """Months with one day each."""
    firsts = np.array([f"2026-{month:02}-01" for month in range(1, articles.shape[1] + 1)])
    days = firsts.astype("M8[D]").astype(np.int64)
    every = np.arange(days[0], days[-1] + 1)
    total = np.full((len(articles), len(every)), np.nan)
    total[:, days - days[0]] = articles
    known = np.isin(every, days)
    names = [f"xx-{number}" for number in range(len(articles))]
    published = np.full(total.shape, np.nan)
    return periods_of(Panel(["topic"], names, every, known, total, total, published), "month")


def cells(*sources: tuple[list[int], int]) -> tuple[Periods, Whole]:
    """Sources with their hits a month, and as many articles in each."""
    articles = np.array([[total] * len(hits) for hits, total in sources], float)
    return panel(articles), np.array([[hits for hits, _ in sources]])


def balanced(periods: Periods, hits: Whole, groups: Numbers) -> Indexes:
    return indexes(periods, hits, np.zeros(hits.shape[:2]), groups)


def test_three_sources_of_one_country_weigh_as_one_of_another() -> None:
    periods, hits = cells((FIRST, 100), (FIRST, 100), (FIRST, 100), (SECOND, 50))
    groups = np.array([0, 0, 0, 1])
    share = balanced_share(periods, hits, np.zeros((1, 4)), groups)
    # (.02 + .02) / 2, (.04 + .02) / 2, ...
    assert share.values[0] == pytest.approx([0.02, 0.03, 0.035, 0.045, 0.05, 0.11])
    assert list(share.groups) == [2] * 6
    # 2^2 / (1 / 300 + 1 / 50)
    assert share.effective_articles == pytest.approx([171.428571] * 6)
    found = balanced(periods, hits, groups)
    # Those of one source of each, from facts of the published formula.
    assert found.epu.values[0] == pytest.approx(EPU, abs=5e-5)
    # Nothing is missing, so that the model of the shares .04, .06, .07, .09, .1, .22 is their mean.
    assert found.log_linear.values[0] == pytest.approx(
        [41.3793, 62.0690, 72.4138, 93.1034, 103.4483, 227.5862], abs=5e-5
    )
    alone = balanced(*cells((FIRST, 100), (SECOND, 50)), np.array([0, 1]))
    assert found.gap_robust.values == pytest.approx(alone.gap_robust.values, abs=1e-9)
    # Three sources tell more of their country than one.
    width, width_alone = (index.gap_robust.high - index.gap_robust.low for index in (found, alone))
    assert (width < width_alone).all()


def test_without_groups_the_three_sources_of_one_country_prevail() -> None:
    periods, hits = cells((FIRST, 100), (FIRST, 100), (FIRST, 100), (SECOND, 50))
    found = indexes(periods, hits, np.zeros((1, 4)))
    assert not np.allclose(found.epu.values[0], EPU, atol=0.5)
    assert not np.allclose(found.log_linear.values[0], GPR, atol=0.5)


@pytest.mark.parametrize("flood", [1, 10, 1000])
def test_a_flood_of_articles_from_one_country_moves_nothing(flood: int) -> None:
    calm = np.array([[100.0] * 6, [80.0] * 6, [50.0] * 6])
    hits = np.array([[FIRST, [1, 3, 2, 2, 5, 4], SECOND]])
    groups = np.array([7, 7, 2])
    flooded, more = calm.copy(), hits.copy()
    # In the fourth month the first country's sources publish many times as much about all things.
    flooded[:2, 3] *= flood
    more[:, :2, 3] *= flood
    before, after = (
        balanced(panel(each), n, groups) for each, n in ((calm, hits), (flooded, more))
    )
    for name in ("epu", "gap_robust", "log_linear"):
        assert getattr(after, name).values == pytest.approx(getattr(before, name).values), name
    no_scatter = np.zeros((1, 3))
    shares = [
        balanced_share(panel(each), n, no_scatter, groups).values
        for each, n in ((calm, hits), (flooded, more))
    ]
    assert shares[1] == pytest.approx(shares[0])
    if flood > 1:
        pooled = more.sum(axis=1) / flooded.sum(axis=0)
        assert not np.allclose(pooled, hits.sum(axis=1) / calm.sum(axis=0))


def test_an_outage_of_one_source_moves_neither_gap_robust_nor_log_linear() -> None:
    factors = np.array([1, 1, 1, 1, 2, 2])
    articles = np.full((3, 6), 1000.0)
    hits = np.array([[50 * factors, 100 * factors, 400 * factors]])
    groups = np.array([0, 0, 1])
    articles[1, 4], hits[0, 1, 4] = np.nan, 0
    found = balanced(panel(articles), hits, groups)
    assert found.log_linear.values[0, 4] == pytest.approx(2 * found.log_linear.values[0, 0])


def test_few_articles_of_a_country_make_its_share_as_uncertain_as_they_are() -> None:
    periods, hits = cells(([0] * 6, 3000), ([0] * 6, 20))
    share = balanced_share(periods, hits, np.zeros((1, 2)), np.array([0, 1]))
    effective = share.effective_articles[0]
    assert effective == pytest.approx(4 / (1 / 3000 + 1 / 20))
    interval = share_interval(0, round(effective))
    assert interval is not None
    # Of 3,020 articles without a hit, the pooled share is below .13 %; half of it rests on twenty.
    assert interval[1] == pytest.approx(0.0464, abs=5e-4)


def test_balanced_intervals_hold_as_often_as_they_say() -> None:
    """Ten sources of one country, two of another, 300 topics; a tenth of the cells missing."""
    random = np.random.default_rng(20261128)
    shape = (300, 12, 24)
    groups = np.array([0] * 10 + [1] * 2)
    articles = random.integers(40, 200, shape[1:]).astype(float)
    articles[random.random(shape[1:]) < 0.1] = np.nan
    factor = np.exp(random.normal(0, 0.3, (300, 1, 24)))
    shares = 0.08 * np.exp(random.normal(0, 0.4, (300, 12, 1))) * factor
    hits = random.binomial(np.nan_to_num(articles).astype(int), np.minimum(shares, 1))
    firsts = np.arange(24).astype("M8[M]").astype("M8[D]").astype(np.int64)
    every = np.arange(firsts[0], firsts[-1] + 1)
    total = np.full((12, len(every)), np.nan)
    total[:, firsts - firsts[0]] = articles
    names = [f"xx-{number:02}" for number in range(12)]
    known = np.isin(every, firsts)
    published = np.full(total.shape, np.nan)
    periods = periods_of(Panel(["topic"], names, every, known, total, total, published), "month")
    found = indexes(periods, hits, np.zeros((300, 12)), groups)
    truth = 100 * factor[:, 0] / factor[:, 0].mean(axis=1, keepdims=True)
    held = (found.log_linear.low <= truth) & (truth <= found.log_linear.high)
    assert held.mean() > 0.93
    of_mean = balanced_share(periods, hits, np.zeros((300, 12)), groups)
    expected = np.stack(
        [
            (shares * np.nan_to_num(articles))[:, groups == group].sum(axis=1)
            / np.nansum(articles[groups == group], axis=0)
            for group in (0, 1)
        ]
    ).mean(axis=0)
    bounds = np.array(
        [
            share_interval(share * effective, effective)
            for share, effective in zip(
                of_mean.values.ravel(),
                np.broadcast_to(of_mean.effective_articles, of_mean.values.shape).ravel(),
                strict=True,
            )
        ]
    )
    held = (bounds[:, 0] <= expected.ravel()) & (expected.ravel() <= bounds[:, 1])
    assert held.mean() > 0.93


# Through the loader


def balanced_rows(layout: Layout, *, columns: str = "*", local: str = "") -> list[dict[str, Any]]:
    sql = f"SELECT {columns} FROM balanced_index{local} WHERE topic_id = 'harvest'"
    rows = query(layout, f"{sql} AND period_kind = 'month' ORDER BY period")
    return list(rows.to_pylist())


@pytest.mark.slow
def test_the_setting_fills_the_table_and_empties_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    first = [(n, 100) for n in FIRST]
    sources = {"gb-post": first, "gb-times": first, "gb-echo": first}
    months = sources | {"de-blatt": [(n, 50) for n in SECOND]}
    load_months(layout, months, rules=Rules(balance="country"))
    found = balanced_rows(layout)
    assert [row["balanced_share"] for row in found] == [0.02, 0.03, 0.035, 0.045, 0.05, 0.11]
    assert [row["epu"] for row in found] == EPU
    assert {(row["groups"], row["balance"]) for row in found} == {(2, "country")}
    assert all(row["balanced_share_low"] < 0.02 for row in found[:1])
    assert [row["epu"] for row in balanced_rows(layout, local="_local")] == EPU
    with snapshot(layout) as con:
        chosen = Selection(date(2020, 1, 1), date(2026, 6, 1), "month", balance="country")
        shown = [row for row in series(con, chosen) if row["topic_id"] == "harvest"]
        of_all, by_day = (
            next(row for row in range_series(con, each) if row["topic_id"] == "harvest")
            for each in (chosen, replace(chosen, unit="day"))
        )
    names = ("share", "low", "high")
    ends = [f"balanced_{name}" for name in ("share", "share_low", "share_high")]
    for name, end in zip(names, ends, strict=True):
        assert [row[name] for row in shown if row["hits"]] == pytest.approx(
            [row[end] for row in found], abs=1e-8
        )
    # Of all months, which have as many articles: the mean of the groups is that of the months.
    assert of_all["share"] == pytest.approx(sum(row["share"] for row in shown) / len(shown))
    assert of_all["share"] == by_day["share"]
    assert load(layout, TOPICS, SOURCES).load_no is None, "the rule is kept"
    load(layout, TOPICS, SOURCES, rules=Rules(balance="none"))
    publish(layout)
    assert balanced_rows(layout) == []


@pytest.mark.slow
@pytest.mark.parametrize("local", ["", "_local"])
def test_the_balanced_panel_has_every_week_whatever_weekdays_a_range_begins_and_ends_on(
    local: str,
) -> None:
    first = date(2026, 2, 2)  # a Monday
    days = [first + timedelta(days=at) for at in range(21)]
    with duckdb.connect() as con:
        make_relations(con)
        for source_id, weeks in {"always": range(3), "away": (0, 2)}.items():
            kept = [day for day in days if (day - first).days // 7 in weeks]
            con.execute(
                f"INSERT INTO coverage{local} (source_id, day, state)"
                " SELECT ?, unnest(?::DATE[]), 'observed'",
                [source_id, kept],
            )
        sql = f"FROM balanced_panel{local}(?, ?) ORDER BY 1"
        for begin, end in combinations_with_replacement(days, 2):
            weeks_between = range((begin - first).days // 7, (end - first).days // 7 + 1)
            expected = [("always",)] if 1 in weeks_between else [("always",), ("away",)]
            assert con.execute(sql, [begin, end]).fetchall() == expected, (begin, end)


@pytest.mark.slow
def test_collections_weigh_alike(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    of = {"gb-post": "west", "de-blatt": "west", "kr-ilbo": "east"}
    named = [source(name, collection=collection) for name, collection in of.items()]
    months = {name: [(n, 100)] * 6 for name, n in zip(of, (2, 4, 9), strict=True)}
    load_months(layout, months, named, Rules(balance="collection"))
    found = balanced_rows(layout)
    assert {(row["groups"], row["balanced_share"]) for row in found} == {(2, 0.06)}
    with snapshot(layout) as con:
        chosen = Selection(date(2020, 1, 1), date(2026, 6, 1), "month", balance="collection")
        shares = {row["share"] for row in series(con, chosen) if row["topic_id"] == "harvest"}
    # (6 of 200 and 9 of 100) / 2
    assert {round(share, 9) for share in shares if share is not None} == {0.06}
