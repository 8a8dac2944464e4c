"""Sources' own levels in a panel, by least squares."""

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]


def source_effects(observed: Marks, by_source: Matrix, by_period: Matrix) -> Matrix:
    """Effects by panel and source, of panels in which the same cells are observed.

    `observed` is by source and period; of the values, 0 where not observed, are given the sums by
    panel and source, and by panel and period. NaN for sources without values, or that no common
    periods join to the others.

    Least squares gives z = mean(y - a) over a period's sources. Put into the sources' equations,
    that leaves one equation a source, whose solutions differ by a constant alone.
    """
    effects = np.full(by_source.shape, np.nan)
    if not observed.any():
        return effects
    cells = observed.astype(float)
    weighted = cells / np.maximum(cells.sum(axis=0), 1)
    equations = np.diag(cells.sum(axis=1)) - cells @ weighted.T
    excess = by_source - by_period @ weighted.T
    joined = _largest_component(cells)
    # The constant is settled by adding the sum of the effects, which is to be 0, to each equation.
    inner = equations[np.ix_(joined, joined)] + 1.0 / len(joined)
    effects[:, joined] = np.linalg.solve(inner, excess[:, joined].T).T
    return effects


def _largest_component(cells: Matrix) -> list[int]:
    """Sources joined by common periods; of several such sets the one with the most values."""
    left, best = set(range(len(cells))), []  # type: tuple[set[int], list[int]]
    together = cells @ cells.T > 0
    while left:
        component = _reach(together, min(left))
        left -= set(component)
        best = max(best, component, key=lambda sources: cells[sources].sum())
    return best


def _reach(together: Marks, start: int) -> list[int]:
    reached = np.arange(len(together)) == start
    while True:
        further = together[reached].any(axis=0) | reached
        if (further == reached).all():
            return [int(at) for at in np.flatnonzero(reached)]
        reached = further
