"""Shares over their standard deviations: the epu index, and gap_robust without sources' levels."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from warehouse.stats.balance import cell_weights
from warehouse.stats.daily_counts import Marks, Matrix, Numbers, Whole
from warehouse.stats.log_linear import Index, connected
from warehouse.stats.periods import ENOUGH, Periods, quotient
from warehouse.stats.two_way import index_variances


class Scaled(NamedTuple):
    """Shares over their standard deviations, of some topics and one kind of period."""

    values: Matrix  # by topic, source and period; 0 where a source has no articles
    weights: Matrix  # of `values`; 0 where a source has no articles or is not scaled
    # By topic and source: why it is not scaled; empty for those that are.
    reasons: npt.NDArray[np.str_]
    has_scale: Marks  # by topic and source
    deviations: Matrix  # by topic and source; infinite for those that are not scaled
    groups: Numbers | None  # of each source, where groups weigh alike


def scaled_shares(periods: Periods, hits: Whole, groups: Numbers | None) -> Scaled:
    """The shares of each source over their standard deviation; as of `attention_index.indexes`."""
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
    weights = cell_weights(has_scale[..., None] & observed, groups)
    return Scaled(shares, weights, reasons, has_scale, deviations, groups)


def effects_of(scaled: Scaled) -> Matrix:
    """`source_effects` of each topic."""
    effects = np.full(scaled.has_scale.shape, np.nan)
    # Topics with the same scaled sources share their equations: solved once for all.
    patterns, pattern_of = np.unique(scaled.has_scale, axis=0, return_inverse=True)
    for number in range(len(patterns)):
        has_it = pattern_of == number
        weights = scaled.weights[has_it.argmax()]
        by_source = np.einsum("tpd,pd->tp", scaled.values[has_it], weights)
        by_period = np.einsum("tpd,pd->td", scaled.values[has_it], weights)
        effects[has_it] = source_effects(weights, by_source, by_period, scaled.groups)
    return effects


def source_effects(
    weights: Matrix, by_source: Matrix, by_period: Matrix, groups: Numbers | None = None
) -> Matrix:
    """Fit y = effect of the source + effect of the period, by weighted least squares.

    Args:
        weights: Of the cells, by source and period; 0 where nothing was observed; the same in all
            panels.
        by_source: Sums of y times its weight, by panel and source.
        by_period: Sums of y times its weight, by panel and period.
        groups: The group of each source; if given, the means of the groups' effects sum to 0,
            instead of the effects.

    Returns:
        Effects by panel and source. NaN for sources without values, and for those that no chain
        of common periods connects to the largest group of sources.
    """
    # Least squares gives z = mean(y - a) over a period's sources. Substituted into the equations of
    # the sources, that leaves one equation per source, whose solutions differ only by a constant.
    effects = np.full(by_source.shape, np.nan)
    cells = weights > 0
    if not cells.any():
        return effects
    of_periods = weights.sum(axis=0)
    parts = weights / np.where(of_periods > 0, of_periods, 1)
    equations = np.diag(weights.sum(axis=1)) - weights @ parts.T
    excess = by_source - by_period @ parts.T
    # The group with the most values; a common period connects sources.
    is_joined = connected(cells, cells[None])[0]
    joined = np.flatnonzero(is_joined)
    # Adding the sum of the effects, which has to be 0, to each equation determines the constant.
    in_sum = cell_weights(is_joined[:, None], groups)[joined, 0]
    inner = equations[np.ix_(joined, joined)] + in_sum / len(joined)
    effects[:, joined] = np.linalg.solve(inner, excess[:, joined].T).T
    return effects


def epu_index(periods: Periods, scaled: Scaled, cells: Matrix, quantile: Matrix) -> Index:
    """100 z / mean(z), z the mean of y over the sources of a period, with its interval.

    Args:
        periods: The periods.
        scaled: The shares.
        cells: Variances of the hits, by topic, source and period.
        quantile: Of Student's t, by topic.
    """
    weights = scaled.weights.sum(axis=1)
    level = quotient((scaled.weights * scaled.values).sum(axis=1), weights)
    noise = _noise(periods, scaled, cells) * scaled.weights**2
    noise = quotient(noise.sum(axis=1), weights**2)
    values = scale_to_100(level, 0.0)
    counts = np.count_nonzero(~np.isnan(level), axis=1, keepdims=True)
    mean_noise = np.nansum(noise, axis=1, keepdims=True) / np.maximum(counts, 1) ** 2
    ratio = values / 100
    # Each period is divided by a mean that includes it.
    variances = noise * (1 - 2 * ratio / np.maximum(counts, 1)) + ratio**2 * mean_noise
    low, high = _bounds(values, level, np.maximum(variances, 0), quantile)
    return Index(values, np.maximum(low, 0), high)


def gap_robust_index(
    periods: Periods, scaled: Scaled, effects: Matrix, cells: Matrix, quantile: Matrix
) -> Index:
    """As `epu_index`, for y less the sources' effects; standard deviations are taken as given."""
    is_joined = ~np.isnan(effects)
    weights = scaled.weights * is_joined[..., None]
    excess = weights * (scaled.values - np.nan_to_num(effects)[..., None])
    robust = quotient(excess.sum(axis=1), weights.sum(axis=1))
    # With few cells the mean may be zero or negative, and cannot be used for scaling.
    values = scale_to_100(robust, 1e-9)
    is_there = ~np.isnan(robust)
    mean = is_there / np.maximum(is_there.sum(axis=1, keepdims=True), 1)
    noise = _noise(periods, scaled, cells) * weights**2
    in_sum = cell_weights(is_joined[..., None], scaled.groups)[..., 0]
    variances = index_variances(weights, noise, mean, np.nan_to_num(values / 100), in_sum)
    return Index(values, *_bounds(values, robust, variances, quantile))


def _noise(periods: Periods, scaled: Scaled, cells: Matrix) -> Matrix:
    """Variances of y, 0 where a source is not scaled or has no articles."""
    total = np.where(periods.has_articles, periods.total, np.inf)
    noise: Matrix = cells / (total * scaled.deviations[:, :, None]) ** 2
    return noise


def _bounds(
    values: Matrix, unscaled: Matrix, variances: Matrix, quantile: Matrix
) -> tuple[Matrix, Matrix]:
    """The interval, which is centred slightly above the value, since variance grows with it."""
    mean = _mean(unscaled)
    half = quantile[:, None] * 100 * np.sqrt(variances) / np.where(mean > 0, mean, np.nan)
    shift = half**2 / (2 * np.maximum(np.maximum(values, half), 1e-300))
    width = np.sqrt(half**2 + shift**2)
    return values + shift - width, values + shift + width


def scale_to_100(values: Matrix, threshold: float) -> Matrix:
    """Each topic's values scaled to a mean of 100; NaN where the mean is not above a threshold."""
    means = _mean(values)
    return 100 * values / np.where(means > threshold, means, np.nan)


def _mean(values: Matrix) -> Matrix:
    counts = np.count_nonzero(~np.isnan(values), axis=1, keepdims=True)
    means: Matrix = np.nansum(values, axis=1, keepdims=True) / np.maximum(counts, 1)
    return means
