"""Computing spikes: days on which a topic came up far more often than its own past explains.

After the methods of outbreak detection (Farrington et al., J. R. Stat. Soc. A 159; Noufaily et al.,
Stat. Med. 32), with a negative binomial distribution: outliers of the past are limited, scatter is
estimated.

    1. rate of each source over the 56 days before
    2. hits of a day are limited to 3 times those expected by these rates, + 3; then step 1 again
    3. expected = sum over the day's sources of articles * rate, times a factor of the weekday
    4. scatter = the squared coefficient of variation of past days' true levels around the
       expected ones, by moments, from hits limited to 2 * expected + 3, weighted by the
       information of each day, with a prior of 0.2; plus the uncertainty of the expectation
       itself, (1 / expected + scatter) / days
    5. score = the normal quantile of the probability of so many hits, by a negative binomial with
       this mean and scatter (Camp and Paulson's approximation), / (1 + 5 / days), / (1 + 0.3 * s),
       where s is the part of the variance due to scatter: both are estimated from few days
    6. a spike's score is at least that of MIN_SCORES for the chosen rate of false alarms

Steps 1 to 4 look back 56 days, the first two together 112. So a day's score depends on the 224 days
before it, and a changed day touches the 224 after it (marts/topic_spikes{local}.sql).
"""

# Not in SQL: a day's spikes, over a thousand days of 20 sources and 20 topics, take 7 ms of CPU in
# numpy after 12 ms of reading. An earlier, simpler method took 16 ms in all, in SQL 115 ms.

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from warehouse.stats.daily_counts import Counts, Matrix, Numbers, Whole, dates, rounded

PAST_DAYS = 56  # days that each step looks back
MAX_DAYS_BACK = 4 * PAST_DAYS  # days before a day that its score depends on
# Least past days for a source to be counted, and for a day to be a spike.
MIN_SOURCE_DAYS, MIN_DAYS = 5, 7
# Least articles with the topic of a spike, and least articles that are not copies.
MIN_HITS, MIN_ORIGINALS = 4, 3
# The least score of a spike, by the false alarms allowed for a topic and year: in each scenario of
# `python -m tests.bench --only spikes`, which prints this table, there are at most so many.
MIN_SCORES = {0.1: 3.25, 0.2: 3.03, 0.5: 2.71, 1.0: 2.48, 2.0: 2.23, 5.0: 1.88, 10.0: 1.61}
SPIKES = pa.schema(
    {"topic_id": pa.string(), "day": pa.date32()}
    | dict.fromkeys(("hits", "total"), pa.int64())
    | dict.fromkeys(("expected", "score"), pa.float64())
    | dict.fromkeys(("threshold", "sources"), pa.int64())
)


class Past(NamedTuple):
    """Articles of the sources on each day and on the days before, by source and day, or by day."""

    total: Matrix
    counted: Matrix  # 1 where a source has articles on the day and on 5 of the days before; else 0
    weight: Matrix  # its articles / its articles of the days before; 0 if it is not counted
    source_days: Matrix  # days before with articles, at least 1
    sources: Numbers  # how many are counted
    past_days: Numbers  # days before on which any source was counted, or would have been


class Level(NamedTuple):
    """Hits of the counted sources, and their expectation, by topic and day."""

    hits: Matrix
    expected: Matrix
    scatter: Matrix  # squared coefficient of variation of the day's true level
    days: Matrix  # number of past days from which `expected` is estimated


def spike_table(counts: Counts) -> pa.Table:
    """The spikes of the days in the temporary view `touched`, by the rule in `spike_rule`."""
    touched = counts.con.sql("SELECT day FROM touched").to_arrow_table()["day"]
    wanted = touched.cast(pa.int32()).to_numpy()
    ((false_alarms,),) = counts.con.execute("FROM spike_rule").fetchall()
    least = min_score(false_alarms)
    found = [SPIKES.empty_table()]
    for panel in counts.panels:
        columns = np.flatnonzero(np.isin(panel.days, wanted))
        if not len(columns):
            continue
        read = slice(max(0, columns[0] - MAX_DAYS_BACK), columns[-1] + 1)
        days, scored = panel.days[read], columns - read.start
        past = past_of(np.nan_to_num(panel.total[:, read]))
        total = (past.counted * past.total).sum(axis=0)
        for names, hits, originals in counts.hits(panel):
            level = level_of(past, hits[..., read])
            enough = _weighted_sums(originals[..., read], past.counted) >= MIN_ORIGINALS
            enough &= (level.hits >= MIN_HITS) & (past.past_days >= MIN_DAYS)
            topic, at = np.nonzero(enough[:, scored])
            at = scored[at]
            score = rounded(scores(level, topic, at), 3)
            is_spike = score >= least
            topic, at = topic[is_spike], at[is_spike]
            values = [
                *([names[number] for number in topic], dates(days[at])),
                *(level.hits[topic, at], total[at]),
                *(rounded(level.expected[topic, at], 4), score[is_spike]),
                *(_thresholds(level, topic, at, least), past.sources[at]),
            ]
            found.append(pa.table([pa.array(each) for each in values], SPIKES.names).cast(SPIKES))
    return pa.concat_tables(found)


def min_score(false_alarms: float) -> float:
    """The least score of a spike for a rate of false alarms per topic and year.

    Interpolated between the rates of MIN_SCORES by their logarithm.
    """
    rates, scores = zip(*sorted(MIN_SCORES.items()), strict=True)
    return float(np.interp(np.log(false_alarms), np.log(rates), scores))


def past_of(total: Matrix) -> Past:
    """The values that are the same for all topics, from articles by source and day."""
    source_days = _sums_of_past_days((total > 0).astype(float))
    counted = ((total > 0) & (source_days >= MIN_SOURCE_DAYS)).astype(float)
    return Past(
        total=total,
        counted=counted,
        weight=counted * total / np.maximum(_sums_of_past_days(total), 1),
        source_days=np.maximum(source_days, 1),
        sources=counted.sum(axis=0).astype(np.int64),
        past_days=_sums_of_past_days((total > 0).any(axis=0).astype(float)).astype(np.int64),
    )


def _sums_of_past_days(values: Matrix | Whole) -> Matrix:
    """Sums over the 56 days before each day, which are the last axis."""
    # By doubling, always in the same order: so a sum is the same to the last digit, whichever days
    # were read before, and exactly 0 over zeros, unlike differences of a cumulative sum.
    days, before = values.shape[-1], np.zeros(values.shape)
    sums = np.concatenate([np.zeros((*values.shape[:-1], PAST_DAYS)), values[..., :-1]], axis=-1)
    for width in (2, 4, 8, 16, 32):
        sums = sums[..., width // 2 :] + sums[..., : -width // 2]
        if width >= 8:  # 8 + 16 + 32 = 56, the last ones first
            before += sums[..., 2 * (32 - width) :][..., :days]
    return before


def _weekdays_before(values: Matrix) -> Matrix:
    """Sums over the same weekday of the eight weeks before each day, which are the last axis."""
    days = values.shape[-1]
    padded = np.concatenate([np.zeros((*values.shape[:-1], PAST_DAYS)), values], axis=-1)
    starts = range(PAST_DAYS - 7, -1, -7)
    sums: Matrix = sum(
        (padded[..., start : start + days] for start in starts), np.zeros_like(values)
    )
    return sums


def _weighted_sums(values: Matrix | Whole, weight: Matrix) -> Matrix:
    """Sums over the sources, by topic and day."""
    sums: Matrix = np.einsum("tpd,pd->td", values, weight)
    return sums


def level_of(past: Past, hits: Whole) -> Level:
    """Steps 1 to 4, for articles with each topic by topic, source and day."""
    counted = _weighted_sums(hits, past.counted)
    first = _weighted_sums(_sums_of_past_days(hits), past.weight)
    # Step 2, as the part of a day's hits that is kept, by topic and day. Hits of a source that is
    # not counted yet are not limited, since its rate is unknown.
    kept = np.fmin(1.0, (3 * first + 3) / np.where(counted > 0, counted, np.nan))
    limited = hits * np.where(past.counted > 0, kept[:, None, :], 1.0)
    past_hits = _sums_of_past_days(limited)
    level = _weighted_sums(past_hits, past.weight)
    # The uncertainty of a sum of sources combines that of each, which depends on its own days.
    parts = _weighted_sums(past_hits, past.weight / past.source_days)
    days = np.where(level > 0, level / np.where(level > 0, parts, 1), past.past_days)
    # Shrunk by 50 hits and by two days: with less, the factor adds more noise than it explains.
    alike = 50 + 2 * level
    expected = level * (_weekdays_before(counted * kept) + alike)
    expected /= _weekdays_before(level) + alike
    return Level(counted, expected, _scatter(past, counted * kept, expected), np.maximum(days, 1))


def _scatter(past: Past, hits: Matrix, expected: Matrix) -> Matrix:
    """Step 4, without the uncertainty of the expectation."""
    # Limited more strictly: otherwise a few spikes would hide the next ones for eight weeks.
    hits = np.minimum(hits, 2 * expected + 3)
    # The variance of a negative binomial is expected + scatter * expected^2. A day's information on
    # the scatter is proportional to 1 / (1 / expected + scatter)^2, here with a scatter of 0.1.
    known = (past.sources > 0) & (past.past_days >= MIN_SOURCE_DAYS)
    weight = known / (1 + 0.1 * expected) ** 2
    beyond_chance = _sums_of_past_days(weight * ((hits - expected) ** 2 - hits)) + 30 * 0.2
    scatter: Matrix = np.maximum(0, beyond_chance / (_sums_of_past_days(weight * expected**2) + 30))
    return scatter


def scores(level: Level, topic: Numbers, at: Numbers, hits: Matrix | None = None) -> Matrix:
    """Step 5, for pairs of a topic and a day; `hits`, if given, replaces the actual hits."""
    hits = level.hits[topic, at] if hits is None else hits
    expected, days = np.maximum(level.expected[topic, at], 0.1), level.days[topic, at]
    scatter = level.scatter[topic, at]
    part = scatter * expected / (1 + scatter * expected)
    unknown = np.minimum(scatter + (1 / expected + scatter) / days, 1)
    # P(N >= n) is that of a beta variable, a ratio of gammas: their cube roots are nearly normal.
    root = np.cbrt(expected / hits)
    quantile = 3 * (1 - 1 / (9 * hits) - root * (1 - unknown / 9))
    sd = np.sqrt(1 / hits + root**2 * unknown)
    scored: Matrix = quantile / sd / ((1 + 5 / days) * (1 + 0.3 * part))
    return scored


def _thresholds(level: Level, topic: Numbers, at: Numbers, least: float) -> Matrix:
    """The fewest hits that would have been a spike, for pairs of a topic and a spike's day."""
    low, high = np.full(len(at), MIN_HITS - 1.0), level.hits[topic, at]
    while (high - low > 1).any():
        middle = np.ceil((low + high) / 2)
        is_spike = rounded(scores(level, topic, at, middle), 3) >= least
        low, high = np.where(is_spike, low, middle), np.where(is_spike, middle, high)
    return high
