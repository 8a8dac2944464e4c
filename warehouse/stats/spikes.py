"""Computing spikes: days on which a topic came up far more often than its own past explains.

After the methods of outbreak detection (Farrington et al., J. R. Stat. Soc. A 159; Noufaily et al.,
Stat. Med. 32): outliers of the past are limited, and overdispersion is estimated.

    1. hits of a day are limited to 3 times the hits expected from the 56 days before, + 3
    2. rate of each source over the 56 days before, shrunk to that of all where it has few articles
    3. expected = sum over the day's sources of articles * rate, times a factor of the weekday
    4. scatter = (1.4826 * median of the past days' absolute residuals) squared, at least 1, a
       residual being 2 (sqrt(n + 3/8) - sqrt(expected + 3/8))
    5. score = 3/2 (n^(2/3) - expected^(2/3)) / expected^(1/6) / sd, close to a standard normal
       under chance, also for few articles if at least a tenth of an article is expected

Steps 1 to 4 each look back 56 days. So a day's score depends on the 224 days before it, and a
changed day touches the 224 after it (marts/topic_spikes.sql).
"""

# Not in SQL: a day's spikes, over a thousand days of 20 sources and 20 topics, take 16 ms of CPU in
# numpy and 115 ms in SQL, with the same digits.

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from warehouse.stats.daily_counts import Counts, Matrix, Numbers, Whole, dates, rounded

PAST = 56  # days that each step looks back
REACH = 4 * PAST  # days before a day that its score depends on
# Thresholds of a spike: articles with the topic, those that are not copies, and the score.
LEAST_HITS, LEAST_ORIGINALS, LEAST_SCORE = 4, 3, 3.5
SPIKES = pa.schema(
    [
        *(("topic_id", pa.string()), ("day", pa.date32()), ("hits", pa.int64())),
        *(("total", pa.int64()), ("expected", pa.float64()), ("score", pa.float64())),
        ("sources", pa.int64()),
    ]
)


class Days(NamedTuple):
    """The days that are read, counted from 1970-01-01, and the indices of those to score."""

    all: Numbers
    wanted: Numbers


class Past(NamedTuple):
    """The sources' articles and those of the days before, by source and day, or by day."""

    total: Matrix
    counted: Matrix  # 1 where a source has articles on the day and on 14 of the days before; else 0
    # Its articles / (its articles of the days before + 20); 0 where it is not counted.
    weight: Matrix
    before: Matrix  # articles of the day's counted sources on the days before
    sources: Numbers  # how many are counted
    past_days: Numbers  # days before on which any source was counted


class Level(NamedTuple):
    """Hits of the counted sources, and those expected of them, by topic and day."""

    hits: Matrix
    expected: Matrix
    weekday: Matrix  # expected hits of the same weekday on the days before, + 10


def spike_table(counts: Counts) -> pa.Table:
    """The spikes of the days in the temporary view `touched`."""
    touched = counts.con.sql("SELECT day FROM touched").to_arrow_table()["day"]
    wanted = touched.cast(pa.int32()).to_numpy()
    found = [SPIKES.empty_table()]
    for panel in counts.panels:
        columns = np.flatnonzero(np.isin(panel.days, wanted))
        if len(columns):
            read = slice(max(0, columns[0] - REACH), columns[-1] + 1)
            days = Days(panel.days[read], columns - read.start)
            past = _past_of(np.nan_to_num(panel.total[:, read]))
            for topics, hits, originals in counts.hits(panel):
                found.append(_spikes(topics, days, past, hits[..., read], originals[..., read]))
    return pa.concat_tables(found)


def _past_of(total: Matrix) -> Past:
    past_total = _before(total)
    counted = ((total > 0) & (_before((total > 0).astype(float)) >= 14)).astype(float)
    sources = counted.sum(axis=0).astype(np.int64)
    return Past(
        total=total,
        counted=counted,
        weight=counted * total / (past_total + 20),
        before=(counted * past_total).sum(axis=0),
        sources=sources,
        past_days=_before((sources > 0).astype(float)).astype(np.int64),
    )


def _before(values: Matrix | Whole) -> Matrix:
    """Sums over the 56 days before each day, which are the last axis."""
    # By doubling, always in the same order: so a sum is the same to the last digit, whichever days
    # were read before these, and exactly 0 over zeros. Differences of a cumulative sum are not.
    days, before = values.shape[-1], np.zeros(values.shape)
    sums = np.concatenate([np.zeros((*values.shape[:-1], PAST)), values[..., :-1]], axis=-1)
    for width in (2, 4, 8, 16, 32):
        sums = sums[..., width // 2 :] + sums[..., : -width // 2]
        if width >= 8:  # 8 + 16 + 32 = 56, the last ones first
            before += sums[..., 2 * (32 - width) :][..., :days]
    return before


def _weekdays_before(values: Matrix) -> Matrix:
    """Sums over the same weekday of the eight weeks before each day, which are the last axis."""
    days = values.shape[-1]
    padded = np.concatenate([np.zeros((*values.shape[:-1], PAST)), values], axis=-1)
    sums: Matrix = sum(
        (padded[..., PAST - back : PAST - back + days] for back in range(7, PAST + 1, 7)),
        np.zeros_like(values),
    )
    return sums


def _spikes(names: list[str], days: Days, past: Past, hits: Whole, originals: Whole) -> pa.Table:
    level = _level(past, hits)
    enough = (level.hits >= LEAST_HITS) & (_of_counted(originals, past) >= LEAST_ORIGINALS)
    enough &= past.past_days >= PAST // 2
    topic, at = np.nonzero(enough[:, days.wanted])
    at = days.wanted[at]
    score = rounded(_scores(past, level, topic, at), 3)
    is_spike = score >= LEAST_SCORE
    topic, at = topic[is_spike], at[is_spike]
    found = [
        pa.array([names[number] for number in topic]),
        *(dates(days.all[at]), level.hits[topic, at]),
        (past.counted * past.total).sum(axis=0)[at],
        *(rounded(level.expected[topic, at], 4), score[is_spike], past.sources[at]),
    ]
    return pa.table([pa.array(column) for column in found], SPIKES.names).cast(SPIKES)


def _of_counted(values: Matrix | Whole, past: Past) -> Matrix:
    sums: Matrix = np.einsum("tpd,pd->td", values, past.counted)
    return sums


def _level(past: Past, hits: Whole) -> Level:
    """Steps 1 to 3."""
    total, all_hits = past.total.sum(axis=0), hits.sum(axis=1)
    past_total = _before(total)
    limit = 3 * total * _before(all_hits) / np.where(past_total > 0, past_total, np.nan) + 3
    # Step 1, as the part of a day's hits that is kept, by topic and day.
    kept_part = np.fmin(1.0, limit / np.where(all_hits > 0, all_hits, np.nan))
    past_hits = _before(hits * kept_part[:, None, :])
    rate_of_all = _of_counted(past_hits, past) / np.where(past.before > 0, past.before, np.inf)
    level = np.einsum("tpd,pd->td", past_hits, past.weight)
    level += past.weight.sum(axis=0) * 20 * rate_of_all
    counted = _of_counted(hits, past)
    weekday = _weekdays_before(level) + 10
    return Level(counted, level * (_weekdays_before(counted * kept_part) + 10) / weekday, weekday)


def _scores(past: Past, level: Level, topic: Numbers, at: Numbers) -> Matrix:
    """Steps 4 and 5, for pairs of a topic and a day."""
    residuals = np.abs(2 * (np.sqrt(level.hits + 0.375) - np.sqrt(level.expected + 0.375)))
    # Medians over the 56 days before, without NaN.
    residuals = np.where(past.sources > 0, residuals, np.nan)
    padded = np.pad(residuals, ((0, 0), (PAST, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, PAST, axis=1)
    ordered = np.sort(windows[topic, at], axis=1)  # NaN come last
    rows, counts = np.arange(len(at)), past.past_days[at]
    median = (ordered[rows, (counts - 1) // 2] + ordered[rows, counts // 2]) / 2
    scatter = np.maximum(1, (1.4826 * median) ** 2)
    expected = level.expected[topic, at]
    least = np.maximum(expected, 0.1)
    # The expectation itself is uncertain where the weekday has few hits in the past.
    variance = scatter * (1 + expected / level.weekday[topic, at])
    excess = level.hits[topic, at] ** (2 / 3) - least ** (2 / 3)
    scores: Matrix = 1.5 * excess / least ** (1 / 6) / np.sqrt(variance)
    return scores
