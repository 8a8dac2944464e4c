"""Days far above a topic's own past: planted ones are found, what is no spike is not."""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from math import sqrt
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np
import pytest

from tasks.load.loader import load, rebuild_warehouse
from tasks.sources.source import Source
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, Page, prose, stage, tables
from warehouse.build import loader, mart_refresh
from warehouse.layers.layout import Layout
from warehouse.read.query import query
from warehouse.stats import daily_counts

FIRST = date(2025, 1, 6)
"""A Monday."""
DAYS = 200
Counts = np.ndarray[Any, np.dtype[np.int64]]

UNCHANGED = """
    CREATE OR REPLACE TEMP TABLE changed_topic_daily (day DATE);
    CREATE OR REPLACE TEMP TABLE changed_articles (published_date DATE);
    CREATE OR REPLACE TEMP TABLE changed_sources (source_id VARCHAR);
    CREATE OR REPLACE TEMP TABLE recounted (topic_id VARCHAR);
"""
"""What the spikes' mart reads of a load that changed nothing."""


class Days:
    """An empty warehouse in memory whose topic_daily is filled by hand."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        loader.make_relations(self.con)

    def spikes(
        self,
        hits: Counts,
        totals: Counts,
        missing: AbstractSet[tuple[int, int]] = frozenset(),
        touched: Iterable[int] | None = None,
    ) -> dict[int, tuple[int, float, float]]:
        """Spiking days with hits, expectation and score; rows are papers, columns days.

        Counted anew for the touched days, else for all.
        """
        rows = [
            ("harvest", f"xx-{paper}", FIRST + timedelta(days=day), n, total, n)
            for paper in range(len(totals))
            for day in range(totals.shape[1])
            for n, total in [self._cell(hits, totals, missing, paper, day)]
        ]
        self.con.execute("DELETE FROM topic_daily")
        self.con.execute(
            "INSERT INTO topic_daily (topic_id, source_id, day, articles_with_mention, articles,"
            " articles_with_mention_original)"
            " SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::DATE[]),"
            " unnest(?::BIGINT[]), unnest(?::BIGINT[]), unnest(?::BIGINT[])",
            [list(column) for column in zip(*rows, strict=True)],
        )
        self._refresh(range(totals.shape[1]) if touched is None else touched)
        found = self.con.execute(
            "SELECT day, articles_with_mention, expected, score FROM topic_spikes ORDER BY day"
        ).fetchall()
        return {(day - FIRST).days: (n, expected, score) for day, n, expected, score in found}

    def _refresh(self, touched: Iterable[int]) -> None:
        self.con.execute(UNCHANGED)
        days = [FIRST + timedelta(days=day) for day in touched]
        self.con.execute("INSERT INTO changed_topic_daily SELECT unnest(?::DATE[])", [days])
        mart_refresh.fill(self.con, "topic_spikes", daily_counts.Counts(self.con))

    @staticmethod
    def _cell(
        hits: Counts, totals: Counts, missing: AbstractSet[tuple[int, int]], paper: int, day: int
    ) -> tuple[int | None, int | None]:
        if (paper, day) in missing:
            return None, None
        return int(hits[paper, day]), int(totals[paper, day])


@pytest.fixture(scope="module")
def made() -> Iterator[Days]:
    days = Days()
    yield days
    days.con.close()


def drawn(
    seed: int,
    rates: list[float],
    totals: list[int],
    weekday: Callable[[int], float] = lambda day: 1,
    days: int = DAYS,
) -> tuple[Counts, Counts]:
    """Counts by chance: a binomial a paper and day, its rate times a factor of the day."""
    dice = np.random.default_rng(seed)
    all_of = np.repeat(np.array(totals)[:, None], days, axis=1)
    factor = np.array([weekday(day) for day in range(days)])
    return dice.binomial(all_of, np.array(rates)[:, None] * factor), all_of


PAPERS = ([0.02, 0.05, 0.01, 0.2], [60, 30, 100, 15])
"""Rates and articles a day of four papers: eight articles of 205 are to be expected."""


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_spike_is_found_and_only_it(made: Days, seed: int) -> None:
    hits, totals = drawn(seed, *PAPERS)
    hits[:3, 150] += [8, 5, 9]
    found = made.spikes(hits, totals)
    assert set(found) == {150}
    n, expected, score = found[150]
    assert n == hits[:, 150].sum()
    assert 5 < expected < 11
    assert score > 3.5


def test_a_spike_does_not_hide_the_next_one(made: Days) -> None:
    hits, totals = drawn(1, *PAPERS)
    hits[2, [120, 121, 150]] += 30
    assert {120, 150} <= set(made.spikes(hits, totals))


def test_the_same_weekday_every_week_is_no_spike(made: Days) -> None:
    hits, totals = drawn(2, *PAPERS, weekday=lambda day: 2.5 if day % 7 == 3 else 0.75)
    found = made.spikes(hits, totals)
    assert {day for day in found if day > 84} == set()
    hits[2, 157] += 15
    assert 157 % 7 == 3
    hits[2, 159] += 15
    found = made.spikes(hits, totals)
    assert 159 in found
    assert 157 not in found or found[157][1] > 1.5 * found[159][1]


def test_a_papers_outage_return_and_growth_make_no_spike(made: Days) -> None:
    hits, totals = drawn(3, *PAPERS)
    away = {(paper, day) for paper in (0, 2) for day in range(110, 140)}
    away |= {(3, day) for day in range(90, 97)}
    assert made.spikes(hits, totals, away) == {}
    dice = np.random.default_rng(4)
    totals[3, 150:] *= 4
    hits[3, 150:] = dice.binomial(totals[3, 150:], 0.2)
    assert made.spikes(hits, totals, away) == {}


def test_a_new_paper_that_writes_of_nothing_else_makes_no_spike(made: Days) -> None:
    hits, totals = drawn(5, [0.02, 0.9], [100, 20])
    assert made.spikes(hits, totals, {(1, day) for day in range(120)}) == {}


def test_a_small_paper_does_not_spike_by_a_few_articles(made: Days) -> None:
    hits, totals = drawn(6, [0.0], [5])
    hits[0, 100] = 3
    assert made.spikes(hits, totals) == {}
    hits[0, 100] = 5
    assert set(made.spikes(hits, totals)) == {100}


def test_a_day_that_was_not_collected_and_a_short_past_give_nothing(made: Days) -> None:
    hits, totals = drawn(7, *PAPERS)
    hits[:, [5, 20, 150]] += 10
    assert made.spikes(hits, totals, {(paper, 150) for paper in range(4)}) == {}


@pytest.mark.slow
def test_false_alarms_are_rare(made: Days) -> None:
    """Four papers, 158 days with a past each: under one in a thousand days, whatever the level."""
    tried, alarms = 0, 0
    for level in (0.03, 0.1, 0.3, 1.0, 3.0):
        for seed in range(6):
            hits, totals = drawn(seed, [min(0.6, rate * level) for rate in PAPERS[0]], PAPERS[1])
            alarms += len(made.spikes(hits, totals))
            tried += DAYS - 42
    assert tried == 4740
    assert alarms / tried < 0.001


class Plain:
    """The method as it is written down, number by number, for a topic whose days are all there."""

    def __init__(self, hits: Counts, totals: Counts) -> None:
        self.hits: list[list[int]] = hits.tolist()
        self.totals: list[list[int]] = totals.tolist()
        self.papers, self.days = range(len(self.hits)), range(len(self.hits[0]))
        self.kept = [self._kept(day) for day in self.days]
        self.counted = [[p for p in self.papers if self._counts(p, day)] for day in self.days]
        self.level = [self._level(day) for day in self.days]
        self.n: list[int] = [sum(self.hits[p][day] for p in self.counted[day]) for day in self.days]
        self.weekday = [self._weekday(day) for day in self.days]
        self.expected = [self._expected(day) for day in self.days]
        self.distance = [
            abs(2 * (sqrt(n + 0.375) - sqrt(e + 0.375)))
            for n, e in zip(self.n, self.expected, strict=True)
        ]

    def _past(self, day: int) -> range:
        return range(max(0, day - 56), day)

    def _weeks(self, day: int) -> range:
        return range(1, min(8, day // 7) + 1)

    def _all(self, cells: list[list[int]], day: int) -> int:
        return sum(cells[p][day] for p in self.papers)

    def _kept(self, day: int) -> float:
        past_total = sum(self._all(self.totals, before) for before in self._past(day))
        past_hits = sum(self._all(self.hits, before) for before in self._past(day))
        hits = self._all(self.hits, day)
        if not past_total or not hits:
            return 1.0
        return min(1.0, (3 * self._all(self.totals, day) * past_hits / past_total + 3) / hits)

    def _counts(self, paper: int, day: int) -> bool:
        there = [before for before in self._past(day) if self.totals[paper][before]]
        return self.totals[paper][day] > 0 and len(there) >= 14

    def _level(self, day: int) -> float:
        past, of = self._past(day), self.counted[day]
        hits = {p: sum(self.hits[p][before] * self.kept[before] for before in past) for p in of}
        totals = {p: sum(self.totals[p][before] for before in past) for p in of}
        rate = sum(hits.values()) / sum(totals.values()) if of else 0
        return sum(self.totals[p][day] * (hits[p] + 20 * rate) / (totals[p] + 20) for p in of)

    def _weekday(self, day: int) -> float:
        return 10 + sum(self.level[day - 7 * k] for k in self._weeks(day))

    def _expected(self, day: int) -> float:
        cut = (self.n[day - 7 * k] * self.kept[day - 7 * k] for k in self._weeks(day))
        return self.level[day] * (10 + sum(cut)) / self.weekday[day]

    def score(self, day: int) -> float | None:
        """None where there is too little past, or no paper."""
        past = [self.distance[before] for before in self._past(day) if self.counted[before]]
        if len(past) < 28 or not self.counted[day]:
            return None
        scatter = max(1, (1.4826 * median(past)) ** 2)
        expected, least = self.expected[day], max(0.1, self.expected[day])
        sd = sqrt(scatter * (1 + expected / self.weekday[day]))
        score: float = 1.5 * (self.n[day] ** (2 / 3) - least ** (2 / 3)) / least ** (1 / 6) / sd
        return score


@pytest.mark.parametrize("seed", range(3))
def test_spikes_are_those_of_the_method_number_by_number(made: Days, seed: int) -> None:
    dice = np.random.default_rng(seed)
    hits, totals = drawn(seed, *PAPERS)
    totals[dice.random(totals.shape) < 0.2] = 0
    totals[:, 90:95] = 0
    totals[3, 100:130] = 0
    hits[dice.random(hits.shape) < 0.02] += 40
    hits = np.minimum(hits, totals)
    plain = Plain(hits, totals)
    scores = {day: plain.score(day) for day in range(DAYS)}
    is_spike = {d: s for d, s in scores.items() if s and round(s, 3) >= 3.5 and plain.n[d] >= 4}
    found = made.spikes(hits, totals)
    assert set(found) == set(is_spike)
    assert len(found) > 3
    for day, (n, expected, score) in found.items():
        assert n == plain.n[day]
        assert expected == pytest.approx(plain.expected[day], abs=6e-5)
        assert score == pytest.approx(is_spike[day], abs=6e-4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_days_counted_anew_have_what_a_count_of_all_days_gives(made: Days, seed: int) -> None:
    dice = np.random.default_rng(seed)
    hits, totals = drawn(seed, *PAPERS, days=900)
    hits[1:, ::17] += 6
    made.spikes(hits, totals)
    for _ in range(5):
        touched = sorted({int(dice.integers(900)), int(dice.integers(600, 650))})
        totals[:, touched] = dice.integers(0, 120, (4, len(touched)))
        hits[:, touched] = totals[:, touched] * dice.random((4, len(touched)))
        found = made.spikes(hits, totals, touched=touched)
        assert found == made.spikes(hits, totals)
        assert len(found) > 20


# Through the loader

SPIKE = 100


def pages() -> list[Page]:
    """A hundred days of two papers with an article each, then a day with six about the G20."""
    quiet = [
        Page(f"quiet-{day}-{paper}", prose(day), day - SPIKE, 1.0, paper)
        for day in range(SPIKE + 1)
        for paper in ("gb-post", "de-blatt")
    ]
    loud = [
        Page(f"loud-{at}", f"The G20 met. {'Again the G20. ' * at}", 0, 1.0, headline=f"Day {at}")
        for at in range(6)
    ]
    copy = [Page(f"copy-{at}", prose(9, 200) + " G20 " * 20, 0, 1.0 + at) for at in range(2)]
    first = [Page("first", "The summit.", 0, 1.0, "de-blatt", "G20 opens")]
    return [*quiet, *loud, *copy, *first]


def ingest(layout: Layout, number: int, part: list[Page], sources: Iterable[Source]) -> None:
    run = stage(layout, f"2026030{number}T060000Z-aaaaaa", part)
    load(layout, TOPICS, tuple(sources), [run])


@pytest.mark.slow
def test_a_spike_follows_what_happens_to_its_past_and_its_papers(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    renamed = [SOURCES[0].model_copy(update={"name": "The Post"}), *SOURCES[1:]]
    past = [Page(f"past-{at}", "The G20 met.", -9 * at - 9) for at in range(4)]
    seen = []
    for number, (part, sources) in enumerate(
        ((pages(), SOURCES), (past, SOURCES), ([Page("new", "Nothing.", 1)], renamed))
    ):
        ingest(layout, number, part, sources)
        publish(layout)
        seen += query(layout, "FROM topic_spikes").to_pylist()
    assert [spike["articles_with_mention"] for spike in seen] == [9, 9, 9]
    assert seen[0]["expected"] < seen[1]["expected"] == seen[2]["expected"]
    assert {told["source"] for told in seen[2]["headlines"]} == {"de-blatt", "The Post"}
    loaded = tables(layout)
    rebuild_warehouse(layout, TOPICS, renamed)
    assert tables(layout) == loaded


@pytest.mark.slow
def test_the_headlines_behind_a_spike(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    every = pages()
    for number, part in enumerate((every[:150], every[150:])):
        run = stage(layout, f"2026030{number + 2}T060000Z-aaaaaa", part)
        load(layout, TOPICS, SOURCES, [run])
    publish(layout)
    (spike,) = query(layout, "FROM topic_spikes").to_pylist()
    assert (spike["topic_id"], spike["articles_with_mention"], spike["articles"]) == (
        "summit", 9, 11)  # fmt: skip
    found = [(told["headline"], told["source"]) for told in spike["headlines"]]
    assert found == [
        ("G20 opens", "de-blatt"),
        ("A made headline", "gb-post"),
        *((f"Day {at}", "gb-post") for at in (5, 4, 3)),
    ]
    assert spike["headlines"][0]["url"] == "https://de-blatt.test/first"
    loaded = tables(layout)
    rebuild_warehouse(layout, TOPICS, SOURCES)
    assert tables(layout) == loaded
