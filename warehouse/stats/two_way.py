"""Effects of sources and of periods, and the variances of the periods' effects.

Both the additive and the multiplicative index fit a table of sources and periods by effects of its
rows and columns. To first order, an effect depends on the residuals of the cells as in weighted
least squares, so one computation gives the variances of both indexes ("sandwich": the weights are
those of the fit, the variances those of the data).
"""

import numpy as np

from warehouse.stats.daily_counts import Matrix, Numbers
from warehouse.stats.intervals import T_TERMS, Z


def source_equations(weights: Matrix, in_sum: Matrix | None = None) -> Matrix:
    """The equations of the sources' effects, by topic, with the periods' effects eliminated.

    They determine the effects only up to a constant, which cancels out or is chosen so that the
    effects sum to 0: adding that sum makes the equations regular. Sources without weight have an
    effect of 0.

    Args:
        weights: By topic, source and period; periods without any are left out.
        in_sum: By topic and source, the weight of an effect in that sum, if not 1.
    """
    of_periods = weights.sum(axis=1)
    parts = weights / np.where(of_periods > 0, of_periods, 1)[:, None]
    of_sources = weights.sum(axis=2)
    equations = -weights @ parts.transpose(0, 2, 1)
    joined = (of_sources > 0).astype(float)
    sources = np.arange(weights.shape[1])
    equations[:, sources, sources] += of_sources + (of_sources == 0)
    size = np.maximum(of_sources.sum(axis=1) / np.maximum(joined.sum(axis=1), 1), 1e-300)
    scale = size / np.maximum(joined.sum(axis=1), 1)
    in_sum = joined if in_sum is None else in_sum
    result: Matrix = equations + scale[:, None, None] * joined[:, :, None] * in_sum[:, None, :]
    return result


def index_variances(
    weights: Matrix, variances: Matrix, mean: Matrix, level: Matrix, in_sum: Matrix | None = None
) -> Matrix:
    """Variances of (effect of a period - level * sum of mean * effects), by topic and period.

    This is the error of an index that is scaled to a mean of 100.

    Args:
        weights: Of the fit, by topic, source and period; 0 where nothing was observed.
        variances: Of the residuals times their weights.
        mean: How much each period's effect moves the mean of all, by topic and period.
        level: How much the mean moves each period's index.
        in_sum: As of `source_equations`.
    """
    inverse = np.linalg.inv(source_equations(weights, in_sum))
    of_periods = weights.sum(axis=1)
    is_observed = of_periods > 0
    total = np.where(is_observed, of_periods, 1)
    parts = weights / total[:, None]
    noise = variances.sum(axis=1)
    # Covariances of the sources' effects, and of these with the sums of a period's residuals.
    shared = variances @ parts.transpose(0, 2, 1)
    spread = -shared - shared.transpose(0, 2, 1)
    spread += (parts * noise[:, None]) @ parts.transpose(0, 2, 1)
    sources = np.arange(weights.shape[1])
    spread[:, sources, sources] += variances.sum(axis=2)
    of_sources = inverse @ spread @ inverse.transpose(0, 2, 1)
    crossed = inverse @ (variances - noise[:, None] * parts)
    # The mean of all effects, as a combination of residuals and of the sources' effects.
    direct = np.where(is_observed, mean / total, 0)
    via_sources = np.einsum("tsd,td->ts", parts, np.where(is_observed, mean, 0))
    crossed_mean = np.einsum("tsd,td->ts", crossed, direct)
    spread_mean = np.einsum("tsu,tu->ts", of_sources, via_sources)
    own = noise / total**2 - 2 * np.einsum("tsd,tsd->td", crossed, parts) / total
    own += np.einsum("tsd,tsd->td", of_sources @ parts, parts)
    common = direct * noise / total - np.einsum("tsd,ts->td", crossed, via_sources) / total
    common += np.einsum("tsd,ts->td", parts, spread_mean - crossed_mean)
    whole = (direct**2 * noise).sum(axis=1)
    whole += ((spread_mean - 2 * crossed_mean) * via_sources).sum(axis=1)
    result: Matrix = own - 2 * level * common + level**2 * whole[:, None]
    return np.where(is_observed, np.maximum(result, 0), np.nan)


def t_quantile(freedom: Numbers) -> Matrix:
    """The 97.5 % quantile of Student's t, by its series in 1 / freedom.

    That of the normal distribution for a freedom of 0: with a single source the scatter is
    estimated from days, which are many.
    """
    inverse = np.where(freedom > 0, 1 / np.maximum(freedom, 1), 0)
    quantile: Matrix = np.full(len(inverse), Z)
    for power, term in enumerate(T_TERMS, 1):
        quantile += term * inverse**power
    return quantile
