"""Computing the attention index: shares scaled by source, and each source's own level removed.

Computed in numpy arrays of topics, sources and periods. A cell is one source in one period;
share = n / N, articles with the topic over all articles.

    sigma = sd(share) over the source's periods, y = share / sigma
    epu = 100 z / mean(z), z the mean of y over the sources of a period
    gap_robust: the same with y - a, from least squares y = a (source) + z (period), sum of a = 0
    log_linear: log_linear.py

To be scaled, a source needs enough periods for a standard deviation, which must be above zero.
Values are rounded, so that another order of additions does not make a new vintage.
"""

# The published formula of epu is wrong when a source is missing. It is kept, since readers compare
# it with the literature; gap_robust allows for missing sources.
#
# Not in SQL: over a thousand days of 20 sources and 20 topics, numpy takes 76 ms of CPU for the
# index, including 65 ms for log_linear and the intervals. SQL with a function over lists took
# 201 ms for the other series alone.

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.stats import log_linear
from warehouse.stats.balance import article_weights
from warehouse.stats.daily_counts import (
    Counts,
    Matrix,
    Numbers,
    Panel,
    Whole,
    dates,
    rounded,
)
from warehouse.stats.dispersion import dispersion
from warehouse.stats.log_linear import Fit, Index
from warehouse.stats.periods import ENOUGH, Periods, periods_of, quotient, sums_of
from warehouse.stats.scaled_shares import (
    Scaled,
    effects_of,
    epu_index,
    gap_robust_index,
    scale_to_100,
    scaled_shares,
)
from warehouse.stats.two_way import t_quantile

NAME = pa.dictionary(pa.int32(), pa.string())
KEY = {"topic_id": NAME, "period_kind": NAME, "period": pa.date32()}
VALUES = (
    *("pooled_share", "epu", "gpr_style", "tpu_style", "gap_robust"),
    *("completeness", "share_variance", "epu_low", "epu_high", "gap_robust_low", "gap_robust_high"),
    *("log_linear", "log_linear_low", "log_linear_high"),
)
SERIES = pa.schema(
    KEY
    | dict.fromkeys(("articles_with_mention", "articles", "sources"), pa.int64())
    | dict.fromkeys(VALUES, pa.float64())
)
NOTES = pa.schema(
    dict.fromkeys(("topic_id", "period_kind", "source_id"), NAME)
    | {"reason": pa.string(), "periods": pa.int64()}
)


class Indexes(NamedTuple):
    """The indexes of some topics by periods of one kind, with intermediate results."""

    scaled: Scaled
    effects: Matrix  # of gap_robust, by topic and source; NaN where a source is left out
    fitted: Fit
    epu: Index
    gap_robust: Index
    log_linear: Index


def index_tables(counts: Counts) -> dict[str, pa.Table]:
    """The tables that the index's marts read: `index_now`, the series, and `notes_now`."""
    series, notes = [SERIES.empty_table()], [NOTES.empty_table()]
    for panel in counts.panels:
        kinds = [periods_of(panel, kind) for kind in ENOUGH]
        for topics, hits, _ in counts.hits(panel):
            variation, _ = dispersion(np.nan_to_num(panel.total), hits)
            known = hits if panel.known.all() else hits[..., panel.known]
            columns = []
            for periods in kinds:
                sums = sums_of(periods, known)
                found = indexes(periods, sums, variation)
                intervals = *found.epu[1:], *found.gap_robust[1:], *found.log_linear
                columns.append(
                    _shares(periods, sums, variation, found)
                    + [rounded(each, 4) for each in intervals]
                )
                notes += _notes(panel, topics, periods, sums, found)
            series.append(series_table(SERIES, topics, kinds, columns))
    tables = {"index_now": series, "notes_now": notes}
    return {name: pa.concat_tables(parts).unify_dictionaries() for name, parts in tables.items()}


def indexes(
    periods: Periods, hits: Whole, variation: Matrix, groups: Numbers | None = None
) -> Indexes:
    """Compute the indexes.

    Args:
        periods: The periods, with the sources' articles.
        hits: Articles with each topic, by topic, source and period.
        variation: Of the sources' days, by topic and source (`dispersion`).
        groups: Of each source, its group, where groups are to weigh alike.
    """
    scaled = scaled_shares(periods, hits, groups)
    effects = effects_of(scaled)
    fitted = log_linear.fit(periods.total, hits)
    cells, quantile = _variances(periods, hits, fitted, variation), t_quantile(fitted.freedom)
    in_fit = cells
    if groups is not None:
        weights = article_weights(periods.total, groups)
        balanced = log_linear.fit(periods.total * weights, hits * weights)
        fitted = balanced._replace(variation=fitted.variation, freedom=fitted.freedom)
        in_fit = cells * weights**2
    return Indexes(
        scaled,
        effects,
        fitted,
        epu_index(periods, scaled, cells, quantile),
        gap_robust_index(periods, scaled, effects, cells, quantile),
        log_linear.index(fitted, in_fit),
    )


def _variances(periods: Periods, hits: Whole, fitted: Fit, variation: Matrix) -> Matrix:
    """Variances of the hits, by topic, source and period."""
    usual = hits.sum(axis=2) / np.maximum(periods.total.sum(axis=1), 1)
    # For a source that the model leaves out, its average share.
    means = np.where(fitted.means > 0, fitted.means, periods.total * usual[:, :, None])
    # With a single source, the scatter of cells can only be estimated from days.
    of_days = variation[:, :, None] * periods.unevenness
    scatter = np.where(fitted.freedom[:, None, None] > 0, fitted.variation[:, None, None], of_days)
    variances: Matrix = means + scatter * means**2
    return variances


def _shares(periods: Periods, hits: Whole, variation: Matrix, found: Indexes) -> list[Matrix]:
    """The columns of SERIES up to `share_variance`, by topic and period."""
    sources = np.einsum("tp,pd->td", found.scaled.has_scale * 1.0, periods.has_articles * 1.0)
    articles = np.broadcast_to(periods.articles, sources.shape)
    with_mention = np.where(np.isnan(articles), np.nan, hits.sum(axis=1))
    pooled = quotient(with_mention, articles)
    excess = np.einsum("tpd,tp,pd->td", hits.astype(float) ** 2, variation, periods.unevenness)
    scaled_to = scale_to_100(pooled, 0.0), 100 * pooled / 0.01, found.gap_robust.values
    return [
        *(with_mention, articles, sources, rounded(pooled, 8)),
        *(rounded(values, 4) for values in (found.epu.values, *scaled_to)),
        rounded(np.broadcast_to(periods.completeness, sources.shape), 4),
        quotient(excess, with_mention**2),
    ]


def series_table(
    schema: pa.Schema, topics: list[str], kinds: list[Periods], columns: list[list[Matrix]]
) -> pa.Table:
    """Rows by topic, kind of period and period.

    Args:
        schema: Of the table: topic, kind, period, and the columns.
        topics: Their ids.
        kinds: The periods of each kind.
        columns: By kind of period, the columns by topic and period.
    """
    lengths = [len(periods.starts) for periods in kinds]
    kind = np.tile(np.repeat(np.arange(len(kinds)), lengths), len(topics))
    starts = np.tile(np.concatenate([periods.starts for periods in kinds]), len(topics))
    numbers = [np.concatenate(column, axis=1).ravel() for column in zip(*columns, strict=True)]
    return _table(
        schema,
        _dictionary_column(np.repeat(np.arange(len(topics)), sum(lengths)), topics),
        _dictionary_column(kind, list(ENOUGH)),
        dates(starts),
        *(pa.array(number, from_pandas=True) for number in numbers),
    )


def _notes(
    panel: Panel, topics: list[str], periods: Periods, hits: Whole, found: Indexes
) -> list[pa.Table]:
    """The rows of NOTES: sources without a level, and topics whose two indexes differ."""

    def rows(topic: Numbers, source: pa.Array, reason: object, count: Numbers) -> pa.Table:
        kind = np.full(len(topic), list(ENOUGH).index(periods.kind))
        names = _dictionary_column(topic, topics), _dictionary_column(kind, list(ENOUGH)), source
        return _table(NOTES, *names, pa.array(reason, pa.string()), pa.array(count))

    is_left_out = np.isnan(found.effects)
    reasons = np.where(found.scaled.reasons == "", "disconnected", found.scaled.reasons)
    is_unlinked = ~found.fitted.sources & (hits.sum(axis=2) > 0)
    is_unlinked &= ~is_left_out | (reasons != "disconnected")
    unlinked = np.full(reasons.shape, "unlinked")
    notes = []
    for is_noted, reason in ((is_left_out, reasons), (is_unlinked, unlinked)):
        topic, source = np.nonzero(is_noted & (periods.counts > 0))
        by_name = _dictionary_column(source, panel.sources), reason[topic, source].astype(object)
        notes.append(rows(topic, *by_name, periods.counts[source]))
    # Periods in which each index is outside the other's interval.
    robust, linear = found.gap_robust, found.log_linear
    differ = (robust.values < linear.low) | (robust.values > linear.high)
    differ &= (linear.values < robust.low) | (linear.values > robust.high)
    count = differ.sum(axis=1)
    topic = np.flatnonzero(count)
    no_source = pa.nulls(len(topic), pa.string()).dictionary_encode()
    notes.append(rows(topic, no_source, ["indexes_differ"] * len(topic), count[topic]))
    return notes


def _dictionary_column(numbers: npt.NDArray[np.generic], names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(numbers.astype(np.int32), pa.array(names, pa.string()))


def _table(schema: pa.Schema, *columns: pa.Array) -> pa.Table:
    typed = [column.cast(field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(typed, schema=schema)
