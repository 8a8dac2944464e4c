"""Shares over their standard deviations: the epu index, and gap_robust without sources' levels."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from warehouse.stats.daily_counts import Marks, Matrix, Whole
from warehouse.stats.log_linear import Index
from warehouse.stats.periods import ENOUGH, Periods, quotient
from warehouse.stats.two_way import index_variances


class Scaled(NamedTuple):
    """Shares over their standard deviations, of some topics and one kind of period."""

    values: Matrix  # by topic, source and period; 0 where a source has no articles
    by_source: Matrix  # sums of `values`, by topic and source
    by_period: Matrix  # and by topic and period
    # By topic and source: why it is not scaled; empty for those that are.
    reasons: npt.NDArray[np.str_]
    has_scale: Marks  # by topic and source
    deviations: Matrix  # by topic and source; infinite for those that are not scaled


def scaled_shares(periods: Periods, hits: Whole) -> Scaled:
    """The shares of each source over their standard deviation."""
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
    sums = shares.sum(axis=2), shares.sum(axis=1)
    return Scaled(shares, *sums, reasons, has_scale, deviations)


def effects_of(periods: Periods, scaled: Scaled) -> Matrix:
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


def epu_index(periods: Periods, scaled: Scaled, cells: Matrix, quantile: Matrix) -> Index:
    """100 z / mean(z), z the mean of y over the sources of a period, with its interval.

    Args:
        periods: The periods.
        scaled: The shares.
        cells: Variances of the hits, by topic, source and period.
        quantile: Of Student's t, by topic.
    """
    sources = np.einsum("tp,pd->td", scaled.has_scale * 1.0, periods.has_articles * 1.0)
    level = quotient(scaled.by_period, sources)
    noise = quotient(_noise(periods, scaled, cells).sum(axis=1), sources**2)
    values = to_100(level, 0.0)
    counts = np.count_nonzero(~np.isnan(level), axis=1, keepdims=True)
    mean_noise = np.nansum(noise, axis=1, keepdims=True) / np.maximum(counts, 1) ** 2
    ratio = values / 100
    # A period is a part of the mean that it is divided by.
    variances = noise * (1 - 2 * ratio / np.maximum(counts, 1)) + ratio**2 * mean_noise
    low, high = _bounds(values, level, np.maximum(variances, 0), quantile)
    return Index(values, np.maximum(low, 0), high)


def gap_robust_index(
    periods: Periods, scaled: Scaled, effects: Matrix, cells: Matrix, quantile: Matrix
) -> Index:
    """The same of y less the effects of the sources; the standard deviations are taken as given."""
    joined, observed = ~np.isnan(effects) * 1.0, periods.has_articles * 1.0
    excess = np.einsum("tpd,tp->td", scaled.values, joined)
    excess -= np.einsum("tp,pd->td", np.nan_to_num(effects), observed)
    robust = quotient(excess, np.einsum("tp,pd->td", joined, observed))
    # A few cells can give a mean of zero or below, by which nothing can be scaled.
    values = to_100(robust, 1e-9)
    is_there = ~np.isnan(robust)
    mean = is_there / np.maximum(is_there.sum(axis=1, keepdims=True), 1)
    weights = joined[:, :, None] * observed
    noise = _noise(periods, scaled, cells) * weights
    variances = index_variances(weights, noise, mean, np.nan_to_num(values / 100))
    return Index(values, *_bounds(values, robust, variances, quantile))


def _noise(periods: Periods, scaled: Scaled, cells: Matrix) -> Matrix:
    """Variances of y, 0 where a source is not scaled or has no articles."""
    total = np.where(periods.has_articles, periods.total, np.inf)
    noise: Matrix = cells / (total * scaled.deviations[:, :, None]) ** 2
    return noise


def _bounds(
    values: Matrix, unscaled: Matrix, variances: Matrix, quantile: Matrix
) -> tuple[Matrix, Matrix]:
    """An interval that lies a little higher than its value, as the variance grows with it."""
    mean = _mean(unscaled)
    half = quantile[:, None] * 100 * np.sqrt(variances) / np.where(mean > 0, mean, np.nan)
    shift = half**2 / (2 * np.maximum(np.maximum(values, half), 1e-300))
    width = np.sqrt(half**2 + shift**2)
    return values + shift - width, values + shift + width


def to_100(values: Matrix, threshold: float) -> Matrix:
    """Each topic's values scaled to a mean of 100; NaN where the mean is not above a threshold."""
    means = _mean(values)
    return 100 * values / np.where(means > threshold, means, np.nan)


def _mean(values: Matrix) -> Matrix:
    counts = np.count_nonzero(~np.isnan(values), axis=1, keepdims=True)
    means: Matrix = np.nansum(values, axis=1, keepdims=True) / np.maximum(counts, 1)
    return means
