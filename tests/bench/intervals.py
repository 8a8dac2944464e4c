"""How often nominal 95 % intervals hold, in simulation: `python -m tests.bench --only intervals`.

Six sources with 20 to 200 articles a day over 24 weeks; attention moves from week to week by a
factor common to all. Counts are binomial, their rates scattered by a gamma factor of the given
standard deviation, of each source and day ("by day"), or of each source and week with one day of
articles ("by week"). What is to be covered is the share without scatter, and the factor.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from warehouse.stats.attention_index import indexes
from warehouse.stats.daily_counts import Matrix, Panel, Whole
from warehouse.stats.dispersion import dispersion
from warehouse.stats.intervals import share_interval
from warehouse.stats.log_linear import Index
from warehouse.stats.periods import Periods, periods_of, sums_of

RUNS = 400
AT_ONCE = 40  # runs with the same articles
SOURCES, WEEKS = 6, 24
MONDAY = 20_458  # 5 January 2026, counted from 1970-01-01
SCATTERS = (0.0, 0.25, 0.5)
NAMES = ("share", "all sources", "epu", "gap_robust", "log_linear")


class Case(NamedTuple):
    """One setting of the simulation."""

    scatter: float  # standard deviation of the gamma factor; 0 for chance alone
    missing: float  # part of the cells that are not collected
    is_by_day: bool  # else one day a week
    level: float = 0.1  # share of a usual source


class Made(NamedTuple):
    """Made counts, and the truth behind them; runs take the place of topics."""

    panel: Panel
    hits: Whole
    expected: Matrix  # hits by run, source and day, without chance and scatter
    factor: Matrix  # attention by run and week


def make(case: Case, random: np.random.Generator, runs: int) -> Made:
    """Counts of runs that have articles and gaps in common."""
    days, shape = WEEKS * 7, (SOURCES, WEEKS * 7)
    total = random.integers(20, 201, shape).astype(float)
    is_known = np.full(days, True) if case.is_by_day else np.arange(days) % 7 == 0
    total[(random.random(shape) < case.missing) | ~is_known] = np.nan
    factor = np.exp(random.normal(0, 0.3, (runs, WEEKS)))
    level = case.level * np.exp(random.normal(0, 0.4, (runs, SOURCES)))
    shares = np.minimum(level[:, :, None] * np.repeat(factor, 7, axis=1)[:, None], 0.9)
    scatter = random.gamma(case.scatter**-2, case.scatter**2, shares.shape) if case.scatter else 1
    articles = np.nan_to_num(total)
    hits = random.binomial(articles.astype(int), np.minimum(shares * scatter, 1))
    panel = Panel(
        [f"run-{run:02}" for run in range(runs)],
        [f"xx-{source}" for source in range(SOURCES)],
        MONDAY + np.arange(days),
        is_known,
        total,
        total,
        np.full(shape, np.nan),
    )
    return Made(panel, hits, shares * articles, factor)


def covered(made: Made, *, has_dispersion: bool = True) -> dict[str, Matrix]:
    """Whether each interval holds, by name; NaN where there is none."""
    panel = made.panel
    periods = periods_of(panel, "week")
    hits = sums_of(periods, made.hits[..., panel.known])
    expected = np.add.reduceat(made.expected[..., panel.known], periods.columns, axis=2)
    variation = dispersion(np.nan_to_num(panel.total), made.hits)[0] * has_dispersion
    found = indexes(periods, hits, variation)
    truth = 100 * made.factor / made.factor.mean(axis=1, keepdims=True)
    series = (found.epu, found.gap_robust, found.log_linear)
    return {
        **dict(zip(NAMES[:2], _shares_covered(periods, hits, expected, variation), strict=True)),
        **{name: _holds(index, truth) for name, index in zip(NAMES[2:], series, strict=True)},
    }


def _shares_covered(
    periods: Periods, hits: Whole, expected: Matrix, variation: Matrix
) -> Iterator[Matrix]:
    articles = np.broadcast_to(periods.total, hits.shape)
    excess = variation[:, :, None] * periods.unevenness * hits.astype(float) ** 2
    cells = hits, articles, expected, excess
    for parts in (cells, tuple(each.sum(axis=1) for each in cells)):
        holds = []
        for found, total, mean, beyond in zip(*(part.ravel() for part in parts), strict=True):
            bounds = share_interval(int(found), int(total), beyond / found**2 if found else 0.0)
            holds.append(bounds[0] <= mean / total <= bounds[1] if bounds else np.nan)
        yield np.array(holds, float)


def _holds(index: Index, truth: Matrix) -> Matrix:
    holds = (index.low <= truth) & (truth <= index.high)
    return np.where(np.isnan(index.values), np.nan, holds)


def coverage(case: Case, runs: int = RUNS, *, has_dispersion: bool = True) -> dict[str, float]:
    """The part of the intervals that hold, by name; those of shares also without dispersion."""
    random = np.random.default_rng(20)
    made = (make(case, random, AT_ONCE) for _ in range(runs // AT_ONCE))
    parts = [covered(each, has_dispersion=has_dispersion) for each in made]
    return {name: float(np.nanmean([part[name] for part in parts])) for name in NAMES}


def run() -> None:
    """Print the table of tests/bench/README.md."""
    print(f"| cells | share of a usual source | scatter | missing | {' | '.join(NAMES)} |")
    print(f"|---|---|---|---|{'---|' * len(NAMES)}")
    for is_by_day, level in ((True, 0.1), (True, 0.01), (False, 0.1), (False, 0.02)):
        for scatter in SCATTERS:
            for missing in (0.0, 0.1):
                found = coverage(Case(scatter, missing, is_by_day, level))
                cells = [f"{found[name]:.3f}".lstrip("0") for name in NAMES]
                kind = "by day" if is_by_day else "by week"
                print(f"| {kind} | {level} | {scatter} | {missing} | {' | '.join(cells)} |")
