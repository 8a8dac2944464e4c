"""The attention index: the vectors of its formulas, what holds for any panel, and its vintages."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import nan
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tasks.load.load_run import load, rebuild_warehouse
from tasks.sources.source import Source
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import HARVEST, SOURCES, SUMMIT, TOPICS, Page, stage, tables
from warehouse.build import loader, mart_refresh
from warehouse.build import publish as publishing
from warehouse.build.checks_runner import CheckFailed
from warehouse.build.index_vintages import DAILY_DAYS, RECENT_DAYS, begin_vintage
from warehouse.build.loaded_definitions import KEPT_RULES, Rules
from warehouse.build.sql_files import read_sql
from warehouse.build.writer_file import drop_writer
from warehouse.layers.layout import Layout
from warehouse.read.query import query, records
from warehouse.stats import log_linear
from warehouse.stats.daily_counts import Counts
from warehouse.stats.scaled_shares import source_effects
from warehouse.stats.two_way import index_variances

NOW = datetime(2026, 3, 20, tzinfo=UTC)
Cell = tuple[int, int] | None
"""Articles with the topic and all articles; None where the paper was not collected."""
Series = dict[str, list[float | None]]
"""By name, a value a month."""
SERIES = ("pooled_share", "epu", "gpr_style", "tpu_style", "gap_robust", "log_linear")
INTERVALS = ("pooled_share", "epu", "gap_robust", "log_linear")
COLUMNS = (*SERIES, *(f"{name}_{end}" for name in INTERVALS for end in ("low", "high")))
VECTORS = {
    "gb-post": list(zip([2, 4, 3, 5, 4, 10], [100] * 6, strict=True)),
    "de-blatt": list(zip([1, 1, 2, 2, 3, 6], [50] * 6, strict=True)),
}
EPU = [41.5845, 65.3525, 71.2851, 95.0531, 100.9856, 225.7392]
GPR = [41.8605, 69.7674, 69.7674, 97.6744, 97.6744, 223.2558]
TPU = [200, 333.3333, 333.3333, 466.6667, 466.6667, 1066.6667]
OUTAGE: dict[str, list[Cell]] = {
    "gb-post": [(5, 50), (6, 50)] * 6,
    "de-blatt": [(20, 50), (21, 50)] * 6,
}
OUTAGE["de-blatt"][6] = None


def month(number: int) -> date:
    return date(2020 + number // 12, number % 12 + 1, 1)


def load_days(
    layout: Layout,
    days: Mapping[str, Mapping[int, Cell]],
    sources: Sequence[Source] = SOURCES,
    rules: Rules = KEPT_RULES,
) -> None:
    """Load made articles so that each paper has so many of a day, and so many with harvests."""
    pages = [
        Page(f"{day}-{at}", "A harvest." if at < cell[0] else "Nothing.", day, 1.0, paper)
        for paper, cells in days.items()
        for day, cell in cells.items()
        if cell
        for at in range(cell[1])
    ]
    run = stage(layout, f"{NOW:%Y%m%dT%H%M%SZ}-aaaaaa", pages)
    load(layout, TOPICS, sources, [run], rules=rules, now=NOW)
    publish(layout)


def load_months(
    layout: Layout,
    panel: dict[str, list[Any]],
    sources: Sequence[Source] = SOURCES,
    rules: Rules = KEPT_RULES,
) -> None:
    days = {paper: {31 * at - 403: cell for at, cell in enumerate(c)} for paper, c in panel.items()}
    load_days(layout, days, sources, rules)


class Panel:
    """An empty warehouse in memory whose topic_daily is filled by hand."""

    def __init__(self, layout: Layout) -> None:
        self.con, self.layout = duckdb.connect(), layout
        loader.make_relations(self.con)
        self.con.execute(read_sql("steps")["macros"])
        self.con.execute("INSERT INTO topics (topic_id) VALUES ('harvest')")

    def fill(self, panel: Mapping[str, Sequence[Cell]], now: datetime = NOW) -> None:
        """Replace the counts, a month a cell, and bring the index up to date."""
        self.con.execute("DELETE FROM topic_daily")
        rows = [
            ["harvest", paper, month(at), *(cell or (None, None))]
            for paper, cells in panel.items()
            for at, cell in enumerate(cells)
        ]
        self.con.executemany(
            "INSERT INTO topic_daily (topic_id, source_id, day, articles_with_mention, articles)"
            " VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        self.refresh(now)

    def refresh(self, now: datetime = NOW) -> None:
        begin_vintage(self.con, self.layout, now)
        changed = "CREATE OR REPLACE TEMP TABLE changed_topic_daily AS FROM topic_daily"
        self.con.execute(changed)
        counts = Counts(self.con)
        for mart in ("attention_index", "index_notes"):
            mart_refresh.fill(self.con, mart, counts)

    def of(self, panel: Mapping[str, Sequence[Cell]]) -> Series:
        """The monthly series of a panel."""
        self.fill(panel)
        rows = records(
            self.con,
            "SELECT * FROM attention_index_latest WHERE period_kind = 'month' ORDER BY period",
        )
        return {name: [row[name] for row in rows] for name in COLUMNS}

    def notes(self, columns: str = "source_id, reason, periods") -> list[tuple[Any, ...]]:
        """The notes of the months on sources that are left out of epu or gap_robust."""
        sql = f"""SELECT {columns} FROM index_notes WHERE period_kind = 'month'
              AND reason NOT IN ('unlinked', 'indexes_differ') ORDER BY ALL"""
        return self.con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    panel = Panel(Layout(tmp_path_factory.mktemp("index")))
    yield panel
    panel.con.close()


def test_a_topic_of_one_paper_is_as_certain_as_its_share(made: Panel) -> None:
    hits = [40, 44, 36, 41, 38, 45, 39, 42, 37, 43, 40, 41]
    found = made.of({"gb-post": [(number, 400) for number in hits], "de-blatt": [(0, 400)] * 12})
    widths = {
        name: np.array(found[f"{name}_high"], float) / np.array(found[f"{name}_low"], float)
        for name in INTERVALS
    }
    for name in INTERVALS:
        assert widths[name] == pytest.approx(widths["pooled_share"], rel=0.2), name


# The vectors; test_balance.py and test_local_index.py have series through the loader.


def test_the_vectors_to_four_digits(made: Panel) -> None:
    found = made.of(VECTORS)
    assert [found[name] for name in SERIES[1:]] == [EPU, GPR, TPU, EPU, GPR]
    sigma = made.con.execute(
        "SELECT round(stddev_samp(articles_with_mention / articles), 6) FROM topic_daily"
        " GROUP BY source_id ORDER BY ALL"
    )
    assert sigma.fetchall() == [(0.028048,), (0.037417,)]


# What holds for any panel


def test_an_outage_moves_the_gap_robust_series_alone_to_where_it_was(made: Panel) -> None:
    found = made.of(OUTAGE)
    papers = made.con.execute(
        "SELECT sources FROM attention_index_latest WHERE period_kind = 'month' ORDER BY period"
    ).fetchall()
    assert papers == [(2,)] * 6 + [(1,)] + [(2,)] * 5

    def during_and_after(name: str, digits: int) -> list[float]:
        return [round(found[name][at] or 0, digits) for at in (6, 8)]

    assert during_and_after("epu", 1) == [40.4, 101.0]
    assert during_and_after("gap_robust", 1) == [96.2, 96.2]
    assert during_and_after("log_linear", 3) == [90.909, 96.611]


FULL_CELLS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CELLS = st.one_of(FULL_CELLS, FULL_CELLS, FULL_CELLS, st.none(), st.just((0, 0)))


def panels(cells: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(st.integers(1, most), st.integers(6, 10)).flatmap(
        lambda size: st.fixed_dictionaries(
            {f"xx-{at}": st.lists(cells, min_size=size[1], max_size=size[1])
             for at in range(size[0])}
        )
    )  # fmt: skip


slowly = settings(max_examples=5)
"""Each example fills a warehouse."""


def close(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    """Whether the values agree, and are NULL in the same places."""
    one, other = ([nan if value is None else value for value in values] for values in (one, other))
    return bool(one == pytest.approx(other, rel=1e-5, abs=3e-4, nan_ok=True))


@pytest.mark.slow
@slowly
@given(panels(CELLS), st.integers(2, 9), st.integers(0, 3), st.randoms(use_true_random=False))
def test_what_holds_for_any_panel(
    made: Panel, panel: dict[str, list[Cell]], times: int, paper: int, dice: random.Random
) -> None:
    found, notes = made.of(panel), made.notes()
    null_where_nothing_was_collected_and_only_there(panel, found)
    means_are_100(found)
    each_paper_is_in_the_index_or_in_the_notes(panel, notes)
    intervals_are_around_their_values(found)
    a_constant_times_a_papers_shares_changes_nothing(made, panel, found, times, paper)
    if not any(reason == "disconnected" for _, reason, _ in notes):
        the_order_of_papers_is_nothing(made, panel, found, dice)


def a_constant_times_a_papers_shares_changes_nothing(
    made: Panel, panel: dict[str, list[Cell]], before: Series, times: int, paper: int
) -> None:
    scaled = sorted(panel)[paper % len(panel)]
    fewer = [cell and (cell[0], cell[1] * times) for cell in panel[scaled]]
    after = made.of(panel | {scaled: fewer})
    assert close(after["epu"], before["epu"])
    assert close(after["gap_robust"], before["gap_robust"])


def the_order_of_papers_is_nothing(
    made: Panel, panel: dict[str, list[Cell]], before: Series, dice: random.Random
) -> None:
    names = list(panel)
    dice.shuffle(names)
    after = made.of(dict(zip(names, panel.values(), strict=True)))
    assert all(close(after[name], before[name]) for name in SERIES)


def means_are_100(found: Series) -> None:
    for name in ("epu", "gpr_style", "gap_robust", "log_linear"):
        values = [value for value in found[name] if value is not None]
        assert not values or sum(values) / len(values) == pytest.approx(100, abs=2e-4)


def intervals_are_around_their_values(found: Series) -> None:
    for name in INTERVALS:
        for low, value, high in zip(
            found[f"{name}_low"], found[name], found[f"{name}_high"], strict=True
        ):
            assert (low is None) == (value is None) == (high is None)
            assert low is None or value is None or high is None or low <= value <= high


def null_where_nothing_was_collected_and_only_there(
    panel: dict[str, list[Cell]], found: Series
) -> None:
    for at, cells in enumerate(zip(*panel.values(), strict=True)):
        is_empty = not any(cell and cell[1] for cell in cells)
        assert (found["pooled_share"][at] is None) == is_empty
        assert (found["tpu_style"][at] is None) == is_empty
        assert not is_empty or all(found[name][at] is None for name in SERIES)


def each_paper_is_in_the_index_or_in_the_notes(
    panel: dict[str, list[Cell]], notes: list[tuple[Any, ...]]
) -> None:
    reasons = {paper: (reason, periods) for paper, reason, periods in notes}
    for paper, cells in panel.items():
        shares = [cell[0] / cell[1] for cell in cells if cell and cell[1]]
        reason, periods = reasons.get(paper, (None, len(shares)))
        assert periods == len(shares) or not shares
        assert (reason == "too_little_history") == (0 < len(shares) < 6)
        assert (reason == "never_varies") == (len(shares) >= 6 and len(set(shares)) == 1)


@pytest.mark.slow
@slowly
@given(panels(FULL_CELLS))
def test_without_gaps_the_robust_series_is_the_epu_series(
    made: Panel, panel: dict[str, list[Cell]]
) -> None:
    found = made.of(panel)
    assert close(found["gap_robust"], found["epu"])


PERIODS = st.integers(1, 8)


@given(st.data(), st.integers(1, 5), PERIODS)
def test_effects_are_those_of_least_squares_with_dummies(
    data: st.DataObject, papers: int, periods: int
) -> None:
    cells = st.lists(st.booleans(), min_size=papers * periods, max_size=papers * periods)
    observed = np.array(data.draw(cells), float).reshape(periods, papers)
    observed = observed[observed.any(axis=1)][:, observed.any(axis=0)]
    assume(observed.size)
    dice = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = dice.normal(size=observed.shape) * observed
    both = np.stack([values.T, -values.T])
    found = source_effects((observed.T > 0).astype(np.float64), both.sum(axis=2), both.sum(axis=1))
    assert np.allclose(found[1], -found[0], equal_nan=True)

    joined = np.flatnonzero(~np.isnan(found[0]))
    rows = np.argwhere(observed[:, joined])
    dummies = np.zeros((len(rows), sum(observed.shape)))
    for row, (period, paper) in enumerate(rows):
        dummies[row, paper] = dummies[row, observed.shape[1] + period] = 1
    y = [values[period, joined[paper]] for period, paper in rows]
    solved = np.linalg.lstsq(dummies, np.array(y), rcond=None)[0][: len(joined)]
    assert list(found[0, joined]) == pytest.approx(list(solved - solved.mean()), abs=1e-8)


# The log-linear model


def fitted(*papers: Sequence[Cell]) -> log_linear.Fit:
    cells = np.array([[cell or (0, 0) for cell in cells] for cells in papers])
    return log_linear.fit(cells[..., 1].astype(float), cells[None, ..., 0])


def test_the_errors_of_the_log_linear_vector_to_four_digits() -> None:
    fit = fitted(*VECTORS.values())
    assert (fit.variation[0], fit.freedom[0]) == (0, 5)  # no dispersion beyond that of chance
    parts = fit.rates / fit.rates.sum()
    variances = index_variances(fit.means, fit.means, parts, np.ones_like(parts))
    errors = np.sqrt(variances[0])
    assert errors == pytest.approx([0.5568, 0.4204, 0.4204, 0.3458, 0.3458, 0.1981], abs=5e-5)
    index = log_linear.index(fit, fit.means)
    assert index.values[0] == pytest.approx(GPR, abs=5e-5)
    student = 2.5706  # 97.5 %, 5 degrees of freedom
    assert np.log(index.high / index.values)[0] == pytest.approx(student * errors, rel=2e-3)


def test_attention_that_doubles_while_a_paper_is_away(made: Panel) -> None:
    calm = [9, 11, 10] * 2
    both = calm + [2 * n for n in calm]
    panel: dict[str, list[Cell]] = {
        "xx-low": [(5 * n, 1000) for n in both],
        "xx-middle": [(10 * n, 1000) for n in both],
        "xx-high": [*[(40 * n, 1000) for n in calm], *[None] * 6],
    }
    found = made.of(panel)
    assert found["log_linear"] == pytest.approx([n * 100 / 15 for n in both], abs=1e-4)
    # gap_robust adds points of each source's own level.
    before, after = (sum(found["gap_robust"][at] or 0 for at in half) for half in HALVES)
    assert after < 1.5 * before


HALVES = (range(6), range(6, 12))
ROWS = st.lists(
    st.lists(st.one_of(FULL_CELLS, FULL_CELLS, st.none()), min_size=7, max_size=7),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@given(ROWS)
def test_the_model_reproduces_the_hits_of_each_source_and_period(rows: list[list[Cell]]) -> None:
    fit = fitted(*rows)
    hits = np.array([[(cell or (0, 0))[0] for cell in cells] for cells in rows])
    joined = hits * fit.sources[0][:, None]
    means = fit.means[0] * (fit.rates[0] > 0)
    assert means.sum(axis=1) == pytest.approx(joined.sum(axis=1), rel=1e-6, abs=1e-6)
    assert means.sum(axis=0) == pytest.approx(joined.sum(axis=0), rel=1e-6, abs=1e-6)
    assert not fit.sources[0][hits.sum(axis=1) == 0].any()


def test_sources_with_few_periods_in_common_are_joined_exactly() -> None:
    early: list[Cell] = [(4, 50)] * 400 + [None] * 399
    late: list[Cell] = [None] * 399 + [(12, 50)] * 400
    rates = fitted(early, late).rates[0]
    # In the one common period 16 hits of 100 articles: levels are 1 to 3 there.
    assert rates[398] == pytest.approx(rates[399])
    assert rates[400] == pytest.approx(rates[399])


def test_a_source_is_linked_by_hits_in_common_periods() -> None:
    no_hit, hit = (0, 30), (3, 30)
    linked = fitted([hit, no_hit, hit], [None, hit, no_hit], [no_hit, None, hit]).sources
    assert linked.tolist() == [[True, True, True]]
    # The second was never observed with a hit of the first, nor did it have one beside it.
    apart = fitted([hit, no_hit, hit, no_hit], [None, no_hit, None, hit]).sources
    assert apart.tolist() == [[True, False]]


def test_where_the_indexes_differ_is_noted(made: Panel) -> None:
    wave = [10 + 3 * (at % 4) for at in range(16)]
    made.of({"xx-one": [(n, 400) for n in wave], "xx-two": [(2 * n, 400) for n in wave]})
    differing = "SELECT topic_id, source_id, periods > 0 FROM index_notes WHERE {}".format(
        "period_kind = 'month' AND reason = 'indexes_differ'"
    )
    assert made.con.execute(differing).fetchall() == []
    away: list[Cell] = [(8 * n, 400) for n in wave[:8]]
    made.of(
        {
            "xx-one": [(n * (1 + (at > 7)) * 10, 4000) for at, n in enumerate(wave)],
            "xx-two": [(n * (1 + (at > 7)) * 20, 4000) for at, n in enumerate(wave)],
            "xx-high": [*away, *[None] * 8],
        }
    )
    assert made.con.execute(differing).fetchall() == [("harvest", None, True)]

    asked = "In how many periods do these two differ by more than their intervals"
    guide = Path("warehouse/README.md").read_text(encoding="utf-8").partition(asked)[2]
    noted = guide.partition("```sql\n")[2].partition("```")[0]
    assert [row[2] for row in made.con.execute(noted).fetchall()] != []
    # A newer vintage without a note has none: those of the older one no longer hold.
    made.fill({"xx-one": [(n, 400) for n in wave * 2]}, NOW + timedelta(days=1))
    assert made.con.execute(noted).fetchall() == []
    made.con.execute("DELETE FROM attention_index")
    made.con.execute("DELETE FROM index_notes")


# Papers that are left out


def test_papers_that_are_left_out_are_named(made: Panel) -> None:
    steady, moving = [(3, 30)] * 8, [(1 + at % 3, 30) for at in range(8)]
    young: list[Cell] = [None, None, None, (1, 9), (2, 9), (3, 9), (4, 9), (0, 0)]
    found = made.of({"xx-steady": steady, "xx-moving": moving, "xx-young": young})
    assert made.notes() == [
        ("xx-steady", "never_varies", 8),
        ("xx-young", "too_little_history", 4),
    ]
    assert found["epu"] == made.of({"xx-moving": moving})["epu"]
    assert found["pooled_share"] != made.of({"xx-moving": moving})["pooled_share"]


def test_papers_that_never_met_cannot_be_joined(made: Panel) -> None:
    wave = [(1 + at % 3, 30) for at in range(7)]
    early, late = [*wave, *[None] * 6], [*[None] * 7, *wave[:6]]
    found = made.of({"xx-early": early, "xx-late": late})
    assert made.notes() == [("xx-late", "disconnected", 6)]
    assert found["gap_robust"][7:] == [None] * 6
    assert None not in found["gap_robust"][:7]
    assert None not in found["epu"]


def test_without_any_paper_to_scale_there_are_shares_alone(made: Panel) -> None:
    found = made.of({"xx-young": [(1, 10), (2, 10)]})
    assert found["pooled_share"] == [0.1, 0.2]
    assert found["epu"] == found["gap_robust"] == [None, None]


# Vintages


def test_columns_of_a_later_version_are_no_revision(made: Panel) -> None:
    cells = [(1 + at % 3, 30) for at in range(8)]
    made.fill({"xx-one": cells, "xx-two": cells})
    added = ", ".join(
        f"{name} = NULL" for name in COLUMNS if "_low" in name or "_high" in name or "log" in name
    )
    made.con.execute(f"UPDATE attention_index SET {added}")
    made.refresh(NOW + timedelta(days=1))
    found = made.con.execute(
        "SELECT DISTINCT as_of, log_linear IS NULL, epu_low IS NULL FROM attention_index"
        " WHERE period_kind = 'month'"
    ).fetchall()
    assert found == [(NOW.date(), False, False)]
    made.con.execute("DELETE FROM attention_index")
    made.con.execute("DELETE FROM index_notes")


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


def load_on(layout: Layout, number: int, harvests: int, *, published: bool = True) -> None:
    """On the day of that number, load an article a harvest, all of that day, and two others."""
    texts = ["A harvest."] * harvests + ["Nothing.", "Nothing much."]
    pages = [Page(f"{number}-{at}", text, number - 70) for at, text in enumerate(texts)]
    run = stage(layout, f"{day(number):%Y%m%dT%H%M%SZ}-{harvests:06}", pages)
    load(layout, TOPICS, SOURCES, [run], now=day(number))
    if published:
        publish(layout)


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    return KeptFolder(tmp_path_factory.mktemp("first"), lambda layout: load_on(layout, 0, 2))


@pytest.fixture
def begun(first_day: KeptFolder) -> Layout:
    """A warehouse into which two harvests were loaded on the day of number 0."""
    return first_day.restored()


def shares(layout: Layout, relation: str = "attention_index_latest") -> list[float]:
    rows = query(
        layout,
        f"SELECT pooled_share FROM {relation} WHERE topic_id = 'harvest' AND period_kind = 'day'"
        " ORDER BY period",
    )
    return [row["pooled_share"] for row in rows.to_pylist()]


def vintages(layout: Layout) -> list[date]:
    rows = query(layout, "SELECT DISTINCT as_of FROM attention_index ORDER BY as_of")
    found: list[date] = rows["as_of"].to_pylist()
    return found


def kept_files(layout: Layout) -> dict[str, bytes]:
    files = (path for path in layout.vintages.rglob("*") if path.is_file())
    return {path.relative_to(layout.vintages).as_posix(): path.read_bytes() for path in files}


def as_of(number: int) -> str:
    return f"attention_index_as_of('{day(number).date()}')"


@pytest.mark.slow
def test_what_the_series_said_earlier_can_be_asked_and_the_last_load_of_a_day_wins(
    begun: Layout,
) -> None:
    first = shares(begun)
    load_on(begun, 2, 1)
    assert first == [0.5]
    assert shares(begun, as_of(0)) == shares(begun, as_of(1)) == first
    assert shares(begun) == shares(begun, as_of(5)) == [0.5, None, 0.33333333]
    assert shares(begun, as_of(-1)) == []
    assert vintages(begun) == [day(0).date(), day(2).date()]
    more = [Page(f"more-{at}", "A harvest.", -68) for at in range(3)]
    late = day(2) + timedelta(hours=9)
    load(begun, TOPICS, SOURCES, [stage(begun, "20260322T190000Z-bbbbbb", more)], now=late)
    publish(begun)
    assert vintages(begun) == [day(0).date(), day(2).date()]
    assert shares(begun) == [0.5, None, 0.66666667]
    assert shares(begun, as_of(0)) == first

    # A load that changes nothing makes no vintage, and writes a lost one again.
    kept = kept_files(begun)
    for path in begun.vintages.rglob(f"*{day(0).date()}*"):
        path.unlink()
    assert kept_files(begun) != kept
    named = replace(HARVEST, name="Grain")
    assert load(begun, [named, SUMMIT], SOURCES, now=day(3)).load_no == 4
    publish(begun)
    assert kept_files(begun) == kept
    assert vintages(begun) == [day(0).date(), day(2).date()]


@pytest.mark.slow
def test_a_clock_that_goes_back_makes_no_earlier_vintage(begun: Layout) -> None:
    load_on(begun, -3, 1)
    assert vintages(begun) == [day(0).date()]
    assert shares(begun) == [0.33333333, None, None, 0.5]


@pytest.mark.slow
def test_only_what_was_published_is_kept_and_a_rebuild_has_the_same(begun: Layout) -> None:
    load_on(begun, 1, 1, published=False)
    assert len(kept_files(begun)) == 4
    load_on(begun, 2, 5)
    assert vintages(begun) == [day(number).date() for number in (0, 1, 2)]
    assert len(kept_files(begun)) == 12
    wider = replace(HARVEST, aliases=("nothing",), definition_hash="other")
    load(begun, [wider, SUMMIT], SOURCES, now=day(160))
    publish(begun)
    loaded, files = tables(begun), kept_files(begun)
    assert vintages(begun) == [day(number).date() for number in (2, 160)]
    rebuild_warehouse(begun, [wider, SUMMIT], SOURCES)
    assert (tables(begun), kept_files(begun)) == (loaded, files)


@pytest.mark.slow
def test_a_load_that_rolled_back_leaves_no_vintage_and_a_topic_that_is_gone_what_was_said(
    begun: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = kept_files(begun)
    refresh = mart_refresh.refresh

    def wrong(con: loader.Connection) -> None:
        refresh(con)
        con.execute("UPDATE topic_daily SET share = 2 WHERE share IS NOT NULL")

    with monkeypatch.context() as plant:
        plant.setattr(mart_refresh, "refresh", wrong)
        with pytest.raises(CheckFailed):
            load_on(begun, 1, 1)
    publish(begun)
    assert kept_files(begun) == kept
    load(begun, [SUMMIT], SOURCES, now=day(2))
    publish(begun)
    assert vintages(begun) == [day(0).date(), day(2).date()]
    assert shares(begun) == []
    assert shares(begun, as_of(0)) == [0.5]


@pytest.mark.slow
def test_a_crash_between_the_vintages_and_the_snapshot_is_repaired(
    begun: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(publishing, "copy_over", lambda source, target: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load_on(begun, 1, 1)
    assert shares(begun) == [0.5]
    drop_writer(begun)
    load_on(begun, 1, 4)
    assert vintages(begun) == [day(0).date(), day(1).date()]
    assert shares(begun, as_of(0)) == [0.5]
    assert shares(begun) == [0.5, 0.66666667]


@pytest.mark.slow
def test_old_vintages_are_thinned_and_shortened(tmp_path: Path) -> None:
    panel = Panel(Layout(tmp_path))
    panel.con.execute(
        "INSERT INTO topic_daily (topic_id, source_id, day, articles_with_mention, articles)"
        " SELECT 'harvest', 'gb-post', DATE '2025-01-01' + i::INTEGER, i % 3, 10"
        " FROM range(400) AS days (i)"
    )
    start = datetime(2026, 2, 5, tzinfo=UTC)
    for number in range(0, 150, 5):
        more = "UPDATE topic_daily SET articles = articles + 1 WHERE day = '2026-02-04'"
        panel.con.execute(more)
        panel.refresh(start + timedelta(days=number))
    last = (start + timedelta(days=145)).date()
    found = panel.con.execute(
        "SELECT as_of, count(*) FILTER (period_kind = 'day'), count(*) FROM attention_index"
        " GROUP BY as_of ORDER BY as_of"
    ).fetchall()
    days = [row[0] for row in found]
    daily = [last - timedelta(days=back) for back in range(DAILY_DAYS, -1, -5)]
    assert days == [date(2026, 2, 25), date(2026, 3, 27), date(2026, 4, 26), *daily]
    assert found[-1][1] == 400
    assert found[0][1] == RECENT_DAYS - (date(2026, 2, 25) - date(2026, 2, 4)).days
    panel.con.close()
