"""Days far above a topic's own past: planted ones are found, what is no spike is not."""

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from math import sqrt
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from tasks.load.load_run import load
from tasks.sources.source import Source
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, Page, prose, stage
from warehouse.build import loader, mart_refresh
from warehouse.build.loaded_definitions import Rules, set_rules
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.read.query import query
from warehouse.stats import daily_counts
from warehouse.stats.spikes import min_score

FIRST = date(2025, 1, 6)
"""A Monday."""
DAYS = 200
RATE = 0.1
"""False alarms a topic and year: so few that hundreds of days have none."""
Counts = np.ndarray[Any, np.dtype[np.int64]]

UNCHANGED = """
    CREATE OR REPLACE TEMP TABLE changed_topic_daily (day DATE);
    CREATE OR REPLACE TEMP TABLE changed_articles (published_date DATE);
    CREATE OR REPLACE TEMP TABLE changed_sources (source_id VARCHAR);
    CREATE OR REPLACE TEMP TABLE recounted (topic_id VARCHAR);
    CREATE OR REPLACE TEMP TABLE changed_spike_rule AS FROM spike_rule LIMIT 0;
"""
"""What the spikes' mart reads of a load that changed nothing."""


class Days:
    """An empty warehouse in memory whose topic_daily is filled by hand."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        loader.make_relations(self.con)
        self.con.execute(read_sql("steps")["macros"])

    def spikes(
        self,
        hits: Counts,
        totals: Counts,
        missing: AbstractSet[tuple[int, int]] = frozenset(),
        touched: Iterable[int] | None = None,
        rate: float = RATE,
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
        set_rules(self.con, Rules(rate))
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


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_spike_is_found_and_only_it(made: Days, seed: int) -> None:
    hits, totals = drawn(seed, *PAPERS)
    hits[:3, 150] += [8, 5, 9]
    found = made.spikes(hits, totals)
    assert set(found) == {150}
    n, expected, score = found[150]
    assert n == hits[:, 150].sum()
    assert 5 < expected < 11
    assert score > min_score(RATE)


def test_a_spike_does_not_hide_the_next_one(made: Days) -> None:
    hits, totals = drawn(1, *PAPERS)
    hits[2, [120, 121, 150]] += 30
    assert {120, 150} <= set(made.spikes(hits, totals))


def test_the_same_weekday_every_week_is_no_spike(made: Days) -> None:
    hits, totals = drawn(2, *PAPERS, weekday=lambda day: 2.5 if day % 7 == 3 else 0.75)
    found = made.spikes(hits, totals, rate=1)
    assert {day for day in found if day > 84} == set()
    hits[2, 157] += 15
    assert 157 % 7 == 3
    hits[2, 159] += 15
    found = made.spikes(hits, totals, rate=1)
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


def test_small_papers_that_write_of_little_else_have_their_own_rate(made: Days) -> None:
    totals = np.vstack([np.full((1, DAYS), 100), np.zeros((10, DAYS), np.int64)])
    totals[1:, 2::7] = totals[1:, 5::7] = 1
    hits = totals.copy()
    hits[0] = 1
    day = 159  # a day of the ten papers
    hits[0, day] = 60
    ((n, expected, _),) = made.spikes(hits, totals).values()
    assert (n, round(expected)) == (70, 11)


def test_a_day_that_was_not_collected_and_a_week_without_past_give_nothing(made: Days) -> None:
    hits, totals = drawn(7, *PAPERS)
    hits[:, [6, 150]] += 10
    assert made.spikes(hits, totals, {(paper, 150) for paper in range(4)}) == {}


def test_the_eighth_day_may_be_a_spike_with_a_wider_bound(made: Days) -> None:
    hits, totals = drawn(7, *PAPERS)
    hits[:, [7, 150]] = [[9], [15], [9], [9]]
    assert set(made.spikes(hits, totals)) == {7, 150}
    early, late = made.con.execute("SELECT threshold FROM topic_spikes ORDER BY day").fetchall()
    assert 40 >= early[0] > 1.4 * late[0] > 20


def test_a_spike_has_at_least_its_threshold(made: Days) -> None:
    hits, totals = drawn(8, *PAPERS)
    hits[:, 150] = [9, 9, 9, 9]
    made.spikes(hits, totals)
    ((threshold, rate),) = made.con.execute(
        "SELECT threshold, false_alarms_per_year FROM topic_spikes"
    ).fetchall()
    assert rate == RATE
    for articles, is_spike in ((threshold, True), (threshold - 1, False)):
        hits[:, 150] = [0, articles - 2, 1, 1]
        assert (150 in made.spikes(hits, totals)) is is_spike


def test_another_rate_of_false_alarms_judges_all_days_again(made: Days) -> None:
    hits, totals = drawn(9, *PAPERS)
    hits[1, 40::15] += 12
    few = made.spikes(hits, totals)
    assert set_rules(made.con, Rules(10))
    mart_refresh.fill(made.con, "topic_spikes", daily_counts.Counts(made.con))
    many = made.con.execute("SELECT DISTINCT day, false_alarms_per_year FROM topic_spikes")
    rows = many.fetchall()
    assert {(day - FIRST).days for day, _ in rows} > set(few)
    assert {rate for _, rate in rows} == {10}
    assert not set_rules(made.con, Rules(None))


class Plain:
    """The method as it is written down, number by number."""

    def __init__(self, hits: Counts, totals: Counts) -> None:
        self.hits: list[list[float]] = hits.tolist()
        self.totals: list[list[int]] = totals.tolist()
        self.papers, self.days = range(len(self.hits)), range(len(self.hits[0]))
        self.seen = [[self._seen(p, day) for day in self.days] for p in self.papers]
        self.counted = [
            [p for p in self.papers if self.totals[p][day] and self.seen[p][day] >= 5]
            for day in self.days
        ]
        self.n = [int(sum(self.hits[p][day] for p in self.counted[day])) for day in self.days]
        self.kept = [self._kept(day) for day in self.days]
        for day in self.days:
            for p in self.counted[day]:
                self.hits[p][day] *= self.kept[day]
        self.level = [self._level(day) for day in self.days]
        self.expected = [self._expected(day) for day in self.days]

    def _past(self, day: int) -> range:
        return range(max(0, day - 56), day)

    def _weeks(self, day: int) -> range:
        return range(day - 7 * min(8, day // 7), day, 7)

    def _seen(self, paper: int, day: int) -> int:
        return sum(self.totals[paper][before] > 0 for before in self._past(day))

    def _parts(self, day: int) -> dict[int, float]:
        """What the rate of each paper lets expect."""
        past, of = self._past(day), self.counted[day]
        hits = {p: sum(self.hits[p][before] for before in past) for p in of}
        totals = {p: sum(self.totals[p][before] for before in past) for p in of}
        return {p: self.totals[p][day] * hits[p] / totals[p] for p in of}

    def _level(self, day: int) -> float:
        return sum(self._parts(day).values())

    def _kept(self, day: int) -> float:
        return min(1, (3 * self._level(day) + 3) / self.n[day]) if self.n[day] else 1

    def _expected(self, day: int) -> float:
        alike = 50 + 2 * self.level[day]
        hits = sum(self.n[week] * self.kept[week] for week in self._weeks(day))
        return (
            self.level[day]
            * (hits + alike)
            / (sum(self.level[week] for week in self._weeks(day)) + alike)
        )

    def _collected(self, day: int) -> int:
        return sum(any(totals[before] for totals in self.totals) for before in self._past(day))

    def _scatter(self, day: int) -> float:
        beyond, told = 30 * 0.2, 30.0
        for before in self._past(day):
            if self.counted[before] and self._collected(before) >= 5:
                e = self.expected[before]
                n = min(self.n[before] * self.kept[before], 2 * e + 3)
                beyond += ((n - e) ** 2 - n) / (1 + 0.1 * e) ** 2
                told += e**2 / (1 + 0.1 * e) ** 2
        return max(0, beyond / told)

    def score(self, day: int) -> float | None:
        """None where there is too little past, no paper, or no article."""
        n, parts, days = self.n[day], self._parts(day), float(self._collected(day))
        if days < 7 or not n:
            return None
        if sum(parts.values()):
            shares = {p: part / sum(parts.values()) for p, part in parts.items()}
            days = 1 / sum(share / self.seen[p][day] for p, share in shares.items())
        expected, scatter = max(0.1, self.expected[day]), self._scatter(day)
        unknown = min(1, scatter + (1 / expected + scatter) / days)
        # Wilson and Hilferty: cube roots of both gamma variables.
        ratio = (expected / n) ** (1 / 3)
        mean = (1 - 1 / (9 * n)) - ratio * (1 - unknown / 9)
        sd = sqrt(1 / (9 * n) + ratio**2 * unknown / 9)
        part = scatter * expected / (1 + scatter * expected)
        score: float = mean / sd / (1 + 5 / days) / (1 + 0.3 * part)
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
    least = min_score(RATE)
    is_spike = {d: s for d, s in scores.items() if s and round(s, 3) >= least and plain.n[d] >= 4}
    found = made.spikes(hits, totals)
    assert set(found) == set(is_spike)
    assert len(found) > 3
    for day, (n, expected, score) in found.items():
        assert n == plain.n[day]
        assert expected == pytest.approx(plain.expected[day], abs=6e-5)
        assert score == pytest.approx(is_spike[day], abs=6e-4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_days_counted_anew_have_what_a_count_of_all_days_gives(made: Days, seed: int) -> None:
    dice = np.random.default_rng(seed)
    hits, totals = drawn(seed, *PAPERS, days=900)
    hits[1:, ::17] += 12
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
def test_a_spike_and_its_headlines_follow_what_happens_to_its_past_and_its_papers(
    tmp_path: Path,
) -> None:
    layout = Layout(tmp_path / "data")
    renamed = [SOURCES[0].model_copy(update={"name": "The Post"}), *SOURCES[1:]]
    past = [Page(f"past-{at}", "The G20 met.", -9 * at - 9) for at in range(4)]
    seen = []
    for number, (part, sources) in enumerate(((pages(), SOURCES), (past, renamed))):
        ingest(layout, number, part, sources)
        publish(layout)
        seen += query(layout, "FROM topic_spikes").to_pylist()
    counted = ("topic_id", "articles_with_mention", "articles")
    assert [tuple(spike[name] for name in counted) for spike in seen] == 2 * [("summit", 9, 11)]
    assert seen[0]["expected"] < seen[1]["expected"]
    for spike, post in zip(seen, ("gb-post", "The Post"), strict=True):
        assert [(told["headline"], told["source"]) for told in spike["headlines"]] == [
            ("G20 opens", "de-blatt"),
            ("A made headline", post),
            *((f"Day {at}", post) for at in (5, 4, 3)),
        ]
        assert spike["headlines"][0]["url"] == "https://de-blatt.test/first"
    assert load(layout, TOPICS, renamed).load_no is None
    assert load(layout, TOPICS, renamed, rules=Rules(5)).load_no == 3
    publish(layout)
    (spike,) = query(layout, "FROM topic_spikes").to_pylist()
    assert (seen[1]["false_alarms_per_year"], spike["false_alarms_per_year"]) == (1, 5)
    assert spike["threshold"] <= seen[1]["threshold"]
