"""Computing the attention index: shares scaled by source, and each source's own level removed.

Computed in numpy arrays of topics, sources and periods. A cell is one source in one period;
share = n / N, articles with the topic over all articles.

    sigma = sd(share) over the source's periods, y = share / sigma
    epu = 100 z / mean(z), z the mean of y over the sources of a period
    gap_robust: the same with y - a, from least squares y = a (source) + z (period), sum of a = 0

To be scaled, a source needs enough periods for a standard deviation, and one above zero. Values are
rounded, so that the order of additions does not make a new vintage.
"""

# Where a source is missing, the published formula of epu is wrong. It stays, since readers compare
# it with the literature; gap_robust is there for that.
#
# Not in SQL: over a thousand days of 20 sources and 20 topics, numpy takes 70 ms of CPU for the
# index, and SQL with a function over lists 201 ms, with the same digits.

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.stats.daily_counts import (
    Counts,
    Marks,
    Matrix,
    Numbers,
    Panel,
    Whole,
    dates,
    rounded,
)

# Fewest periods for a standard deviation, by kind of period, in the order of the index's rows.
ENOUGH = {"day": 28, "month": 6, "week": 8}
SERIES = pa.schema(
    [
        ("topic_id", pa.dictionary(pa.int32(), pa.string())),
        ("period_kind", pa.dictionary(pa.int32(), pa.string())),
        ("period", pa.date32()),
        *(("articles_with_mention", pa.int64()), ("articles", pa.int64()), ("sources", pa.int64())),
        *(("pooled_share", pa.float64()), ("epu", pa.float64()), ("gpr_style", pa.float64())),
        *(("tpu_style", pa.float64()), ("gap_robust", pa.float64())),
        ("completeness", pa.float64()),
    ]
)
LEFT_OUT = pa.schema(
    [
        ("topic_id", pa.dictionary(pa.int32(), pa.string())),
        ("period_kind", pa.dictionary(pa.int32(), pa.string())),
        ("source_id", pa.dictionary(pa.int32(), pa.string())),
        *(("reason", pa.string()), ("periods", pa.int64())),
    ]
)


class Periods(NamedTuple):
    """The periods of one kind that are in a source's calendar, and the articles in them."""

    kind: str
    starts: Numbers  # first days, counted from 1970-01-01
    columns: Numbers  # index of each one's first day among the panel's known days
    articles: Matrix  # all sources' articles by period; NaN where none was collected
    total: Matrix  # articles by source and period; 0 where there are none
    has_articles: Marks  # by source and period
    counts: Numbers  # periods in which a source has articles
    # By period: the share collected of what was published, where that can be estimated.
    completeness: Matrix


class Scaled(NamedTuple):
    """Shares over their standard deviations, of some topics and one kind of period."""

    values: Matrix  # by topic, source and period; 0 where a source has no articles
    by_source: Matrix  # sums of `values`, by topic and source
    by_period: Matrix  # and by topic and period
    # By topic and source: why it is not scaled; empty for those that are.
    reasons: npt.NDArray[np.str_]
    has_scale: Marks  # by topic and source


def index_tables(counts: Counts) -> dict[str, pa.Table]:
    """The tables that the index's marts read: `index_now`, the series, and `index_left_out`."""
    series, left_out = [SERIES.empty_table()], [LEFT_OUT.empty_table()]
    for panel in counts.panels:
        kinds = [_periods(panel, kind) for kind in ENOUGH]
        for topics, hits, _ in counts.hits(panel):
            known = hits if panel.known.all() else hits[..., panel.known]
            columns = []
            for periods in kinds:
                is_daily = len(periods.columns) == known.shape[2]
                sums = known if is_daily else np.add.reduceat(known, periods.columns, axis=2)
                scaled = _scaled(periods, sums)
                effects = _effects(periods, scaled)
                columns.append(_columns(periods, sums, scaled, effects))
                left_out.append(_left_out(panel, topics, periods, scaled, effects))
            series.append(_series(topics, kinds, columns))
    tables = {"index_now": series, "index_left_out": left_out}
    return {name: pa.concat_tables(parts).unify_dictionaries() for name, parts in tables.items()}


def _periods(panel: Panel, kind: str) -> Periods:
    days, total = panel.days[panel.known], panel.total[:, panel.known]
    starts = days
    if kind == "week":
        starts = days - (days + 3) % 7  # 1970 began on a Thursday
    elif kind == "month":
        starts = days.astype("M8[D]").astype("M8[M]").astype("M8[D]").astype(np.int64)
    columns = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    collected = np.logical_or.reduceat(~np.isnan(total).all(axis=0), columns)
    sums = np.add.reduceat(np.nan_to_num(total), columns, axis=1)
    articles = np.where(collected, sums.sum(axis=0), np.nan)
    has_articles = sums > 0
    counts = np.count_nonzero(has_articles, axis=1)
    published = panel.published[:, panel.known]
    told = np.where(np.isnan(published), 0, np.nan_to_num(panel.collected[:, panel.known]))
    completeness = _quotient(
        np.add.reduceat(told.sum(axis=0), columns),
        np.add.reduceat(np.nan_to_num(published).sum(axis=0), columns),
    )
    return Periods(
        kind, starts[columns], columns, articles, sums, has_articles, counts, completeness
    )


def _scaled(periods: Periods, hits: Whole) -> Scaled:
    observed = periods.has_articles
    shares = hits / np.where(observed, periods.total, np.inf)
    # Compared with the first share, since rounding can make the variance of equal shares positive.
    firsts = shares[:, np.arange(len(observed)), observed.argmax(axis=1)]
    varies = ((shares != firsts[..., None]) & observed).any(axis=2)
    means = shares.sum(axis=2) / np.maximum(periods.counts, 1)
    distances = shares - means[..., None]
    distances *= observed
    squares = np.einsum("tpd,tpd->tp", distances, distances) / np.maximum(periods.counts - 1, 1)
    has_enough = periods.counts >= ENOUGH[periods.kind]
    reasons = np.where(has_enough, np.where(varies, "", "never_varies"), "too_little_history")
    has_scale = (reasons == "") & (squares > 0)
    deviations = np.where(has_scale, np.sqrt(squares), np.inf)
    shares /= deviations[..., None]
    return Scaled(shares, shares.sum(axis=2), shares.sum(axis=1), reasons, has_scale)


def _effects(periods: Periods, scaled: Scaled) -> Matrix:
    """`source_effects` of each topic."""
    effects = np.full(scaled.has_scale.shape, np.nan)
    # Topics with the same scaled sources share their equations: solved once for all.
    groups, group_of = np.unique(scaled.has_scale, axis=0, return_inverse=True)
    for number, has_scale in enumerate(groups):
        of = group_of == number
        observed = periods.has_articles & has_scale[:, None]
        effects[of] = source_effects(observed, scaled.by_source[of], scaled.by_period[of])
    return effects


def source_effects(observed: Marks, by_source: Matrix, by_period: Matrix) -> Matrix:
    """Fit y = effect of the source + effect of the period, by least squares.

    Args:
        observed: Observed cells, by source and period; the same in all panels.
        by_source: Sums of y by panel and source, y being 0 where not observed.
        by_period: Sums of y by panel and period.

    Returns:
        Effects by panel and source. NaN for sources without values, and for those that no chain
        of common periods connects to the largest group of sources.
    """
    # Least squares gives z = mean(y - a) over a period's sources. Substituted into the equations of
    # the sources, that leaves one equation per source, whose solutions differ only by a constant.
    effects = np.full(by_source.shape, np.nan)
    if not observed.any():
        return effects
    cells = observed.astype(float)
    weighted = cells / np.maximum(cells.sum(axis=0), 1)
    equations = np.diag(cells.sum(axis=1)) - cells @ weighted.T
    excess = by_source - by_period @ weighted.T
    # The connected sources with the most values; sources with a common period are connected.
    remaining = set(range(len(cells)))
    joined: list[int] = []
    are_connected = cells @ cells.T > 0
    while remaining:
        reached = np.arange(len(cells)) == min(remaining)
        while ((extended := are_connected[reached].any(axis=0) | reached) != reached).any():
            reached = extended
        component = [int(source) for source in np.flatnonzero(reached)]
        remaining -= set(component)
        joined = max(joined, component, key=lambda sources: cells[sources].sum())
    # Adding the sum of the effects, which has to be 0, to each equation determines the constant.
    inner = equations[np.ix_(joined, joined)] + 1.0 / len(joined)
    effects[:, joined] = np.linalg.solve(inner, excess[:, joined].T).T
    return effects


def _columns(periods: Periods, hits: Whole, scaled: Scaled, effects: Matrix) -> list[Matrix]:
    """The numeric columns of SERIES, by topic and period."""
    joined, observed = ~np.isnan(effects) * 1.0, periods.has_articles * 1.0
    sources = np.einsum("tp,pd->td", scaled.has_scale * 1.0, observed)
    level = _quotient(scaled.by_period, sources)
    excess = np.einsum("tpd,tp->td", scaled.values, joined)
    excess -= np.einsum("tp,pd->td", np.nan_to_num(effects), observed)
    robust = _quotient(excess, np.einsum("tp,pd->td", joined, observed))
    articles = np.broadcast_to(periods.articles, sources.shape)
    with_mention = np.where(np.isnan(articles), np.nan, hits.sum(axis=1))
    pooled = _quotient(with_mention, articles)
    scaled_to = _to_100(level, 0.0), _to_100(pooled, 0.0), 100 * pooled / 0.01
    return [
        *(with_mention, articles, sources, rounded(pooled, 8)),
        *(rounded(series, 4) for series in scaled_to),
        # A few cells can give a mean of zero or below, by which nothing can be scaled.
        rounded(_to_100(robust, 1e-9), 4),
        rounded(np.broadcast_to(periods.completeness, sources.shape), 4),
    ]


def _quotient(above: Matrix, below: Matrix) -> Matrix:
    """The quotient; NaN where the divisor is not positive."""
    return above / np.where(below > 0, below, np.nan)


def _to_100(values: Matrix, threshold: float) -> Matrix:
    """Each topic's values scaled to a mean of 100; NaN where the mean is not above a threshold."""
    counts = np.count_nonzero(~np.isnan(values), axis=1, keepdims=True)
    means = np.nansum(values, axis=1, keepdims=True) / np.maximum(counts, 1)
    return 100 * values / np.where(means > threshold, means, np.nan)


def _series(topics: list[str], kinds: list[Periods], columns: list[list[Matrix]]) -> pa.Table:
    """The rows of SERIES, by topic, kind and period."""
    lengths = [len(periods.starts) for periods in kinds]
    kind = np.tile(np.repeat(np.arange(len(kinds)), lengths), len(topics))
    starts = np.tile(np.concatenate([periods.starts for periods in kinds]), len(topics))
    numbers = [np.concatenate(column, axis=1).ravel() for column in zip(*columns, strict=True)]
    return _table(
        SERIES,
        _named(np.repeat(np.arange(len(topics)), sum(lengths)), topics),
        _named(kind, list(ENOUGH)),
        dates(starts),
        *(pa.array(number, from_pandas=True) for number in numbers),
    )


def _left_out(
    panel: Panel, topics: list[str], periods: Periods, scaled: Scaled, effects: Matrix
) -> pa.Table:
    """The rows of LEFT_OUT: sources that have articles but no level, and the reason."""
    topic, source = np.nonzero(np.isnan(effects) & (periods.counts > 0))
    reasons = scaled.reasons[topic, source]
    return _table(
        LEFT_OUT,
        _named(topic, topics),
        _named(np.full(len(topic), list(ENOUGH).index(periods.kind)), list(ENOUGH)),
        _named(source, panel.sources),
        pa.array(np.where(reasons == "", "disconnected", reasons).astype(object), pa.string()),
        pa.array(periods.counts[source]),
    )


def _named(numbers: npt.NDArray[np.generic], names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(numbers.astype(np.int32), pa.array(names, pa.string()))


def _table(schema: pa.Schema, *columns: pa.Array) -> pa.Table:
    typed = [column.cast(field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(typed, schema=schema)
