"""Each source's own level in a panel, by least squares."""

import numpy as np

from warehouse.stats.daily_counts import Marks, Matrix


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
