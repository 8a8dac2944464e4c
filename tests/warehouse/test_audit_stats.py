"""Precision, recall, kappa and corrected shares against known values, and how often they hold."""

from statistics import NormalDist

import pytest

from tests.bench import audits as simulated
from warehouse.stats.audits import (
    Estimate,
    Unit,
    closest_readers,
    corrected_share,
    estimate,
    kappa,
    recall,
    student,
    wilson,
)
from warehouse.stats.intervals import Z, share_interval


def units(*strata: tuple[int, int, int]) -> list[Unit]:
    """Of each stratum its size, the drawn articles, and those of them that are right."""
    return [
        Unit(number, size / drawn, is_known=True, hits=float(at < right))
        for number, (size, drawn, right) in enumerate(strata)
        for at in range(drawn)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("n", simulated.SIZES)
def test_95_percent_intervals_cover_93_percent(n: int) -> None:
    """Overdispersed, with a tenth of the cells missing; the other worlds are in the benchmark."""
    found = simulated.coverage(n, 0.25, 0.1, rounds=150)
    assert {name: held for name, held in found.items() if held < 0.93} == {}


def test_a_simple_sample_has_wilsons_interval() -> None:
    found = estimate(units((10**9, 100, 91)))
    assert found
    assert (found.share, found.n) == (0.91, 100)
    scale = (Z / student(99)) ** 2 * 99 / 100  # Student's t, and the variance of a sample
    assert (found.low, found.high) == pytest.approx(wilson(0.91, 100 * scale))
    assert (found.low, found.high) == pytest.approx(share_interval(91, 100), abs=0.002)


def test_weights_count() -> None:
    found = estimate(units((900, 50, 50), (100, 50, 0)))
    assert found
    assert found.share == pytest.approx(0.9)
    assert found.high - found.low < 0.12, "each stratum is of one kind: little is left to chance"


def test_what_is_not_judged_is_represented_by_its_stratum() -> None:
    known = units((900, 10, 5), (100, 10, 10))
    waiting = [Unit(0, 90.0, is_known=False) for _ in range(5)]
    found = estimate([*known[:5], *waiting, *known[10:]])
    assert found
    assert found.share == pytest.approx(1.0)
    assert estimate(waiting) is None
    assert estimate([]) is None


def test_strata_of_one_judged_article_are_pooled() -> None:
    found = estimate(units((100, 1, 1), (100, 1, 0), (100, 1, 1), (100, 1, 1)))
    assert found
    assert found.share == pytest.approx(0.75)
    assert 0.05 < found.low < 0.4 < 0.9 < found.high


def test_all_articles_judged_leaves_nothing_to_chance() -> None:
    assert estimate(units((20, 20, 15))) == Estimate(0.75, 0.75, 0.75, 20)
    of_any = estimate(units((20, 20, 15)), is_finite=False)
    assert of_any
    assert of_any.low < 0.6
    assert of_any.high > 0.85


def test_all_right_is_not_certain() -> None:
    found = estimate(units((10**6, 50, 50)))
    assert found
    assert (found.share, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.925, abs=0.005)


def test_students_points() -> None:
    table = {1: 12.706, 2: 4.303, 3: 3.182, 5: 2.571, 10: 2.228, 30: 2.042, 100: 1.984}
    assert {freedom: student(freedom) for freedom in table} == pytest.approx(table, abs=0.011)
    assert student(10**6) == pytest.approx(NormalDist().inv_cdf(0.975), abs=1e-4)


def test_a_corrected_share_is_the_mean_of_the_pseudo_outcomes() -> None:
    # 1000 articles, 100 of them counted; 20 judged, 15 right; 60 near misses, 10 judged, 1 right.
    outcomes = [
        *[1 + (right - 1) * 5 for right in [1] * 15 + [0] * 5],  # judged: Q = 1, 1 / p = 5
        *[1] * 80,
        *[0 + (right - 0) * 6 for right in [1] + [0] * 9],  # judged near misses: Q = 0, 1 / p = 6
        *[0] * 890,
    ]
    assert len(outcomes) == 1000
    precision, near = estimate(units((100, 20, 15))), estimate(units((60, 10, 1)))
    assert precision
    assert near
    missed = Estimate(near.share / 15, near.low / 15, near.high / 15, n=10)  # of 900, not of 60
    raw = Estimate(0.1, *wilson(0.1, 1000))
    found = corrected_share(raw, precision, missed)
    assert found.share == pytest.approx(sum(outcomes) / 1000)
    assert found.n == 30
    assert found.low < found.share < found.high
    alone = corrected_share(raw, precision)
    assert alone.share == pytest.approx(0.075)
    assert alone.low < raw.low
    assert alone.high - alone.low > precision.share * (raw.high - raw.low)


def test_nothing_found_and_nothing_right() -> None:
    raw = Estimate(0.0, *wilson(0.0, 1000))
    found = corrected_share(raw, Estimate(0.9, 0.8, 0.95))
    assert (found.share, found.low) == (0.0, 0.0)
    assert 0 < found.high < raw.high
    nothing = corrected_share(Estimate(0.1, 0.08, 0.12), Estimate(0.0, 0.0, 0.04))
    assert (nothing.share, nothing.low) == (0.0, 0.0)
    assert nothing.high == pytest.approx(0.12 * 0.04)


def test_recall_of_near_misses() -> None:
    precision, missed = Estimate(0.9, 0.84, 0.95, 100), Estimate(0.1, 0.05, 0.2, 60)
    found = recall(1000, precision, 500, missed)
    assert found
    assert found.share == pytest.approx(900 / 950)
    assert found.low == pytest.approx(900 / 1000, abs=0.005)
    assert found.high == pytest.approx(900 / 925, abs=0.005)
    none = recall(1000, precision, 500, Estimate(0.0, 0.0, 0.06, 60))
    assert none
    assert (none.share, none.high) == (1.0, 1.0)
    assert none.low == pytest.approx(900 / 930, abs=0.005)
    assert recall(1000, Estimate(0.0, 0.0, 0.1), 500, missed) is None


def test_kappa() -> None:
    # Cohen 1960: of 200, both said A 88 times, B 40, C 20.
    table = {"AA": 88, "AB": 14, "AC": 18, "BA": 10, "BB": 40, "BC": 10, "CA": 2, "CB": 6, "CC": 12}
    pairs = [(cell[0], cell[1]) for cell, times in table.items() for _ in range(times)]
    assert kappa(pairs) == pytest.approx(0.492, abs=0.001)
    assert kappa([("yes", "yes")] * 9) == 1.0
    assert kappa([]) is None
    answers = {("a", "ann"): "yes", ("a", "bob"): "no", ("b", "ann"): "no", ("b", "eve"): "no"}
    answers |= {("a", "eve"): "yes"}
    assert sorted(closest_readers(answers)) == [("no", "no"), ("yes", "yes")]
