"""False alarms and recall of spikes, by simulation, beside peers: `--only spikes`.

A topic's articles a day, in four sources, are drawn around a level that scatters by a gamma factor
a day, or rises and falls slowly; nothing else happens. Whatever is found is a false alarm, but for
a day, the last, on which the topic comes up 2, 3 or 5 times as often.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from warehouse.stats import spikes
from warehouse.stats.daily_counts import Marks, Matrix, Whole

SCENARIOS = {"steady": (0, 0), "sd .25": (0.25, 0), "sd .5": (0.5, 0), "slow wave": (0, 0.4)}
"""The standard deviation of a day's factor, and the height of a wave of 180 days."""
EXPECTED = (0.5, 3, 8, 30)
TIMES = (2, 3, 5)
RATES = (0.5, 1, 2, 5)
PAST, YEAR = 280, 365
ARTICLES, PARTS = (600, 300, 1000, 150), (0.2, 0.2, 0.15, 0.45)
"""Articles a day of the four sources, and their parts of a topic's."""
TOPICS = 4000
"""Topics by scenario and expectation to find the thresholds with; a year of each."""
BATCH = 500
PEER_TOPICS = 1000
SEED = 20


class Topics(NamedTuple):
    """What is drawn: scenario, articles expected a day, how many topics and days."""

    scenario: str
    expected: float
    topics: int = BATCH
    days: int = PAST + YEAR


def draw(topics: Topics, seed: int, times: float = 1) -> Whole:
    """Articles with each topic, by topic, source and day; more on the last day."""
    dice = np.random.default_rng(seed)
    sd, wave = SCENARIOS[topics.scenario]
    level = np.full((topics.topics, topics.days), float(topics.expected))
    if wave:
        turns = np.arange(topics.days) / 180 + dice.random((topics.topics, 1))
        level *= 1 + wave * np.sin(2 * np.pi * turns)
    if sd:
        level *= dice.gamma(1 / sd**2, sd**2, level.shape)
    level[:, -1] *= times
    counts: Whole = dice.poisson(level[:, None, :] * np.array(PARTS)[:, None])
    return counts


def scores(hits: Whole, total: Matrix | None = None) -> Matrix:
    """Scores of warehouse/stats/spikes.py, by topic and day; -inf where none may be a spike.

    total: articles by source and day; else always the same.
    """
    if total is None:
        total = np.repeat(np.array(ARTICLES, float)[:, None], hits.shape[-1], axis=1)
    past = spikes.past_of(total)
    level = spikes.level_of(past, hits)
    may_be = (level.hits >= spikes.MIN_HITS) & (past.past_days >= spikes.MIN_DAYS)
    topic, day = np.nonzero(may_be)
    found = np.full(level.hits.shape, -np.inf)
    found[topic, day] = spikes.scores(level, topic, day)
    return found


# The peers see the articles of all sources together, which are as many each day.


def moments(counts: Matrix, days: int, guard: int = 0) -> tuple[Matrix, Matrix]:
    """Mean and standard deviation of the days before each, but for the last `guard`; else NaN."""
    padded = np.pad(counts, ((0, 0), (days + guard, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, days, axis=1)
    windows = windows[:, : counts.shape[1]]
    return windows.mean(axis=2), windows.std(axis=2, ddof=1)


def above_mean(counts: Matrix, days: int, guard: int = 0) -> Matrix:
    """Standard deviations above the mean of the days before.

    With 7 days C1 of EARS (Hutwagner et al., J. Urban Health 80, 2003), with a guard of 2 its C2; a
    deviation is at least 0.5, as Burkom advises for sparse data.
    """
    mean, sd = moments(counts, days, guard)
    above: Matrix = (counts - mean) / np.maximum(sd, 0.5)
    return above


def c3(counts: Matrix) -> Matrix:
    """C3 of EARS: what C2 is above 1 on the day and the two before, added up."""
    above = np.maximum(np.nan_to_num(above_mean(counts, 7, 2)) - 1, 0)
    padded = np.pad(above, ((0, 0), (2, 0)))
    added: Matrix = padded[:, 2:] + padded[:, 1:-1] + padded[:, :-2]
    return added


def likelihood_ratios(counts: Matrix, times: float = 2) -> Matrix:
    """Steps of a negative binomial CUSUM for a level so many times as high.

    After Höhle and Paul (Comput. Stat. Data Anal. 52, 2008); mean and scatter are those of the 56
    days before, by moments.
    """
    mean, sd = moments(counts, 56)
    mean = np.maximum(mean, 0.1)
    scatter = np.maximum((sd**2 - mean) / mean**2, 1e-6)
    changed = (1 + times * scatter * mean) / (1 + scatter * mean)
    ratios: Matrix = counts * math.log(times) - (counts + 1 / scatter) * np.log(changed)
    return np.nan_to_num(ratios)


def version_0_1(counts: Matrix) -> Matrix:
    """The score of Presswatch 0.1.0, after Farrington: 2/3 powers, and scatter by a median."""
    weeks = partial(_weeks_before, counts.shape[1])
    mean = moments(counts, 56)[0]
    kept = np.fmin(counts, np.nan_to_num(3 * mean + 3, nan=np.inf))
    level = np.nan_to_num(moments(kept, 56)[0])
    known = weeks(level) + 10
    expected = level * (weeks(kept) + 10) / known
    residuals = np.abs(2 * (np.sqrt(counts + 0.375) - np.sqrt(expected + 0.375)))
    windows = np.lib.stride_tricks.sliding_window_view(residuals, 56, axis=1)
    median = np.pad(np.median(windows, axis=2)[:, :-1], ((0, 0), (56, 0)))
    scatter = np.maximum(1, (1.4826 * median) ** 2) * (1 + expected / known)
    least = np.maximum(expected, 0.1)
    excess = 1.5 * (counts ** (2 / 3) - least ** (2 / 3)) / least ** (1 / 6)
    scored: Matrix = excess / np.sqrt(scatter)
    return scored


def _weeks_before(days: int, values: Matrix) -> Matrix:
    padded = np.pad(values, ((0, 0), (56, 0)))
    added: Matrix = sum(
        (padded[:, 56 - back : 56 - back + days] for back in range(7, 57, 7)), np.zeros_like(values)
    )
    return added


class Method(NamedTuple):
    """A way to find spikes."""

    statistic: Callable[[Whole], Matrix]  # by topic and day, of hits by topic, source and day
    threshold: float  # its own: of the cited definition, or for one false alarm a topic and year
    is_cumulative: bool = False  # begins anew after an alarm


def pooled(statistic: Callable[[Matrix], Matrix], hits: Whole) -> Matrix:
    """The statistic of the articles of all sources together."""
    return statistic(hits.sum(axis=1).astype(float))


METHODS = {
    "Presswatch": Method(scores, spikes.min_score(1)),
    "0.1.0": Method(partial(pooled, version_0_1), 3.5),
    "28 days + 3 sd": Method(partial(pooled, partial(above_mean, days=28)), 3),
    "C1": Method(partial(pooled, partial(above_mean, days=7)), 3),
    "C2": Method(partial(pooled, partial(above_mean, days=7, guard=2)), 3),
    "C3": Method(partial(pooled, c3), 2),
    "NB CUSUM": Method(partial(pooled, likelihood_ratios), 4, is_cumulative=True),
}


class Judged(NamedTuple):
    """A method's statistic of some topics, and which of their days have enough articles."""

    method: Method
    statistic: Matrix
    enough: Marks

    def alarms(self, threshold: float) -> Marks:
        """The days that reach the threshold, by topic."""
        if not self.method.is_cumulative:
            return self.enough & (self.statistic >= threshold)
        total, found = np.zeros(len(self.statistic)), np.zeros_like(self.enough)
        for day, steps in enumerate(self.statistic.T):
            total = np.maximum(0, total + steps)
            found[:, day] = total >= threshold
            total[found[:, day]] = 0
        return found & self.enough


def judge(method: Method, hits: Whole) -> Judged:
    """The same rule for all: a spike has four articles."""
    statistic = np.nan_to_num(method.statistic(hits), nan=-np.inf)
    return Judged(method, statistic, hits.sum(axis=1) >= spikes.MIN_HITS)


def false_alarms(judged: Judged, threshold: float) -> float:
    """False alarms a topic and year, after the first days."""
    return float(judged.alarms(threshold)[:, PAST:].sum()) / len(judged.statistic)


def threshold_for(judged: Judged, rate: float) -> float:
    """The least threshold with at most so many false alarms a topic and year."""
    low, high = 0.0, 100.0
    while high - low > 0.001:
        middle = (low + high) / 2
        is_less = false_alarms(judged, middle) <= rate
        low, high = (low, middle) if is_less else (middle, high)
    return high


def cells(topics: int) -> Iterator[Topics]:
    """Each scenario with each expectation."""
    for scenario in SCENARIOS:
        for expected in EXPECTED:
            yield Topics(scenario, expected, topics)


def _in_batches(topics: Topics, days: int) -> Matrix:
    """Scores of many topics, a batch after another to save memory."""
    batch = topics._replace(topics=BATCH, days=days)
    numbers = range(topics.topics // BATCH)
    return np.concatenate([scores(draw(batch, SEED + number)) for number in numbers])


def calibrate() -> None:
    """Print the table MIN_SCORES, and the false alarms that it leaves."""
    years, months = {}, {}
    for cell in cells(TOPICS):
        years[cell] = np.sort(_in_batches(cell, PAST + YEAR)[:, PAST:].ravel())
        months[cell] = _in_batches(cell, 28)
    table = {}
    for rate in spikes.MIN_SCORES:
        # Up to the next hundredth.
        highest = max(float(found[-1 - round(rate * TOPICS)]) for found in years.values())
        table[rate] = math.ceil(highest * 100 + 1e-9) / 100
    print("MIN_SCORES =", table)
    print(
        "\n| | " + " | ".join(f"{rate} a year" for rate in RATES) + " | first 28 days: 1 a year |"
    )
    print("|---" * (len(RATES) + 2) + "|")
    for scenario in SCENARIOS:
        of_scenario = [cell for cell in years if cell.scenario == scenario]
        alarms = [
            max((years[cell] >= table[rate]).sum() / TOPICS for cell in of_scenario)
            for rate in RATES
        ]
        early = max((months[cell] >= table[1.0]).sum() / TOPICS for cell in of_scenario)
        row = [*(f"{each:.2f}" for each in alarms), f"{early * YEAR / 28:.2f}"]
        print(f"| {scenario} | " + " | ".join(row) + " |")


def compare() -> None:
    """Print false alarms at each method's own threshold, and recall at one a topic and year."""
    alarms: dict[tuple[Topics, str], str] = {}
    thresholds: dict[tuple[Topics, str], float] = {}
    for cell in cells(PEER_TOPICS):
        hits = draw(cell, SEED)
        for name, method in METHODS.items():
            judged = judge(method, hits)
            alarms[cell, name] = f"{false_alarms(judged, method.threshold):.2f}"
            thresholds[cell, name] = threshold_for(judged, 1)
    # One for all scenarios, of which a user does not know the one that a topic is.
    single = {
        name: max(each for (_, of), each in thresholds.items() if of == name) for name in METHODS
    }
    recalls: dict[tuple[Topics, str], str] = {}
    single_recalls: dict[tuple[Topics, str], str] = {}
    for cell in cells(PEER_TOPICS):
        planted = [draw(cell._replace(days=PAST + 1), SEED + 1, times) for times in TIMES]
        for name, method in METHODS.items():
            judged_days = [judge(method, days) for days in planted]
            recalls[cell, name] = _recall(judged_days, thresholds[cell, name])
            single_recalls[cell, name] = _recall(judged_days, single[name])
    print_table("False alarms a topic and year, at own thresholds", alarms)
    print_table("Recall at 2, 3, 5 times, by one false alarm a year in each row", recalls)
    print_table("The same with one threshold for all rows, by one in the worst", single_recalls)


def _recall(planted: list[Judged], threshold: float) -> str:
    found = (float(judged.alarms(threshold)[:, -1].mean()) for judged in planted)
    return " ".join(f"{each:.2f}".removeprefix("0") for each in found)


def print_table(title: str, cells_of: dict[tuple[Topics, str], str]) -> None:
    """Print a row a scenario and expectation, a column a method."""
    print(f"\n{title}\n\n| | {' | '.join(METHODS)} |\n{'|---' * (len(METHODS) + 1)}|")
    for cell in cells(PEER_TOPICS):
        row = " | ".join(cells_of[cell, name] for name in METHODS)
        print(f"| {cell.scenario}, {cell.expected:g} expected | {row} |")


def run() -> None:
    """Print the thresholds, and the comparison with peers."""
    calibrate()
    compare()
