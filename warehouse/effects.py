"""Each paper's own level in a panel with gaps: two-way fixed effects by least squares."""

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb.func import PythonUDFType

CELL = "STRUCT(paper INTEGER, period INTEGER, y DOUBLE)"
Matrix = npt.NDArray[np.float64]


def register(con: duckdb.DuckDBPyConnection) -> None:
    """Give the connection's SQL the function `paper_effects(cells)`.

    It takes a list of cells, `y` of a paper (numbered from 0) in a period, and gives a list with
    each paper's effect: `a` in y = a(paper) + z(period), over the observed cells, sum of a = 0.
    NULL for numbers without a cell, and for papers that no chain of common periods joins to the
    others.
    """
    con.create_function(
        "paper_effects", _of_lists, [f"{CELL}[]"], "DOUBLE[]", type=PythonUDFType.ARROW
    )


def _of_lists(lists: pa.ChunkedArray) -> pa.Array:
    found: list[list[float | None]] = []
    for chunk in lists.chunks:
        cells = chunk.flatten()
        paper, period, y = (cells.field(at).to_numpy(zero_copy_only=False) for at in range(3))
        ends = np.cumsum(chunk.value_lengths().to_numpy(zero_copy_only=False))
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            found.append(_effects(paper[start:end], period[start:end], y[start:end]))
    return pa.array(found, pa.list_(pa.float64()))


def _effects(
    paper: npt.NDArray[np.int32], period: npt.NDArray[np.int32], y: Matrix
) -> list[float | None]:
    periods, at = np.unique(period, return_inverse=True)
    shape = (len(periods), int(paper.max()) + 1)
    observed, values = np.zeros(shape), np.zeros(shape)
    observed[at, paper], values[at, paper] = 1.0, y
    return paper_effects(observed, values)


def paper_effects(observed: Matrix, values: Matrix) -> list[float | None]:
    """Effects of the columns; rows are periods, `observed` is 1.0 where there is a value, else 0.

    Least squares gives z = mean(y - a) over a period's papers. Put into the papers' equations,
    that leaves one equation a paper, whose solutions differ by a constant alone.
    """
    weighted = observed / observed.sum(axis=1, keepdims=True)
    equations = np.diag(observed.sum(axis=0)) - observed.T @ weighted
    excess = values.sum(axis=0) - weighted.T @ values.sum(axis=1)
    joined = _largest_component(observed)
    # The constant is settled by adding the sum of the effects, which is to be 0, to each equation.
    inner = equations[np.ix_(joined, joined)] + 1.0 / len(joined)
    solved = dict(zip(joined, np.linalg.solve(inner, excess[joined]), strict=True))
    return [float(solved[at]) if at in solved else None for at in range(observed.shape[1])]


def _largest_component(observed: Matrix) -> list[int]:
    """Columns joined by common periods; of several such sets the one with the most values."""
    left, best = set(range(observed.shape[1])), []  # type: tuple[set[int], list[int]]
    together = observed.T @ observed > 0
    while left:
        component = _reach(together, min(left))
        left -= set(component)
        best = max(best, component, key=lambda columns: observed[:, columns].sum())
    return best


def _reach(together: npt.NDArray[np.bool_], start: int) -> list[int]:
    reached = np.arange(len(together)) == start
    while True:
        further = together[reached].any(axis=0) | reached
        if (further == reached).all():
            return [int(at) for at in np.flatnonzero(reached)]
        reached = further
