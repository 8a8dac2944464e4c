"""The attention index's arithmetic: papers' shares scaled, and each paper's own level in a panel.

In arrays, as SQL takes four times as long over the half a million cells of three years.
"""

from collections.abc import Iterator
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb.func import PythonUDFType

CELL = "STRUCT(paper INTEGER, day INTEGER, hits INTEGER, total INTEGER)"
PERIODS = pa.struct(
    [
        *(("kind", pa.int8()), ("period", pa.int32()), ("hits", pa.int64()), ("total", pa.int64())),
        *(("sources", pa.int64()), ("level", pa.float64()), ("robust_level", pa.float64())),
    ]
)
PAPERS = pa.struct(
    [
        *(("kind", pa.int8()), ("paper", pa.int32()), ("periods", pa.int64())),
        *(("reason", pa.string()), ("effect", pa.float64())),
    ]
)
ENOUGH = {1: 28, 2: 8, 3: 6}
"""Periods for a standard deviation, by kind: days, weeks and months."""
Matrix = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Rows = tuple[npt.NDArray[np.generic], ...]
"""Columns of PERIODS or of PAPERS; NaN is NULL."""


class Cells(NamedTuple):
    """What papers have of a topic, day by day; NaN where a paper was not collected."""

    paper: Numbers
    day: Numbers
    hits: Matrix
    total: Matrix


def register(con: duckdb.DuckDBPyConnection) -> None:
    """Give the connection's SQL the function `index_series(cells)`.

    It takes a topic's cells, those of a paper (numbered from 0) on a day (counted from 1970), and
    gives `periods` and `papers`, by kind of period: 1 days, 2 weeks, 3 months. Of a period its
    sums, the papers that are scaled, the mean of their shares over their standard deviations, and
    that mean without the papers' own levels. Of a paper with a share its periods, why it is not
    scaled, and its own level: NULL for those not scaled, or that no common periods join to the
    others.
    """
    con.create_function(
        "index_series",
        _of_lists,
        [f"{CELL}[]"],
        f"STRUCT(periods {_sql(PERIODS)}[], papers {_sql(PAPERS)}[])",
        type=PythonUDFType.ARROW,
    )


def _sql(kind: pa.StructType) -> str:
    names = {pa.int8(): "TINYINT", pa.int32(): "INTEGER", pa.int64(): "BIGINT"}
    names |= {pa.float64(): "DOUBLE", pa.string(): "VARCHAR"}
    return f"STRUCT({', '.join(f'{field.name} {names[field.type]}' for field in kind)})"


def _of_lists(lists: pa.ChunkedArray) -> pa.Array:
    found = [
        [series(cells, kind) for kind in ENOUGH]
        for chunk in lists.chunks
        for cells in _cells(chunk)
    ]
    columns = [
        _lists([[rows[at] for rows in kinds] for kinds in found], struct)
        for at, struct in enumerate((PERIODS, PAPERS))
    ]
    return pa.StructArray.from_arrays(columns, ["periods", "papers"])


def _cells(chunk: pa.ListArray) -> Iterator[Cells]:
    cells = chunk.flatten()
    paper, day, hits, total = (cells.field(at).to_numpy(zero_copy_only=False) for at in range(4))
    ends = np.cumsum(chunk.value_lengths().to_numpy(zero_copy_only=False))
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        of = slice(start, end)
        yield Cells(paper[of].astype(int), day[of].astype(int), hits[of] * 1.0, total[of] * 1.0)


def _lists(topics: list[list[Rows]], struct: pa.StructType) -> pa.Array:
    """A list a topic, of the rows of all its kinds."""
    lengths = [sum(len(rows[0]) for rows in kinds) for kinds in topics]
    columns = zip(*(rows for kinds in topics for rows in kinds), strict=True)
    arrays = [
        pa.array(np.concatenate(column), field.type, from_pandas=True)
        for column, field in zip(columns, struct, strict=True)
    ]
    ends = pa.array(np.cumsum([0, *lengths]), pa.int32())
    return pa.ListArray.from_arrays(ends, pa.StructArray.from_arrays(arrays, fields=list(struct)))


def series(cells: Cells, kind: int) -> tuple[Rows, Rows]:
    """The rows of a topic's periods and papers, of one kind of period."""
    numbers = _numbers(cells.day, kind)
    first = numbers.min()
    found = np.bincount(numbers - first) > 0
    hits, total = (_sums(numbers - first, cells.paper, one)[found] for one in cells[2:])
    periods = _starts(np.flatnonzero(found) + first, kind)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(total > 0, hits / total, np.nan)
    there = ~np.isnan(shares)
    counts, papers = np.count_nonzero(there, axis=0), np.flatnonzero(there.any(axis=0))
    reasons = _reasons(shares, counts, ENOUGH[kind])
    scaled = np.where(reasons == "", shares / _deviations(shares, counts), np.nan)
    effects, sources = _effects(scaled), np.count_nonzero(~np.isnan(scaled), axis=1)
    sums = _total(hits), _total(total), sources, _mean(scaled), _mean(scaled - effects)
    of_papers = papers, counts[papers], reasons[papers], effects[papers]
    return (
        (np.full(len(periods), kind), periods, *sums),
        (np.full(len(papers), kind), *of_papers),
    )


def _deviations(shares: Matrix, counts: Numbers) -> Matrix:
    """Standard deviations of the papers' shares; NaN where there is none above zero."""
    means = _sum(shares, 0) / np.maximum(counts, 1)
    squares = _sum((shares - means) ** 2, 0) / np.maximum(counts - 1, 1)
    return np.where(squares > 0, np.sqrt(squares), np.nan)


def _numbers(days: Numbers, kind: int) -> Numbers:
    """Numbers of the days' periods, one after the other."""
    if kind == 1:
        return days
    if kind == 2:
        return (days + 3) // 7  # 1970 began on a Thursday
    return days.astype("M8[D]").astype("M8[M]").astype(np.int64)


def _starts(numbers: Numbers, kind: int) -> Numbers:
    """First days of numbered periods."""
    if kind == 1:
        return numbers
    if kind == 2:
        return numbers * 7 - 3
    return numbers.astype("M8[M]").astype("M8[D]").astype(np.int64)


def _sums(at: Numbers, paper: Numbers, values: Matrix) -> Matrix:
    """Sums by period and paper; NaN where there is no value."""
    shape = (int(at.max()) + 1, int(paper.max()) + 1)
    there = ~np.isnan(values)
    place = (at * shape[1] + paper)[there]
    sums: Matrix = np.bincount(place, values[there], shape[0] * shape[1]).astype(np.float64)
    sums[np.bincount(place, minlength=len(sums)) == 0] = np.nan
    return sums.reshape(shape)


def _sum(values: Matrix, axis: int) -> Matrix:
    sums: Matrix = np.where(np.isnan(values), 0.0, values).sum(axis=axis)
    return sums


def _total(sums: Matrix) -> Matrix:
    return np.where(np.isnan(sums).all(axis=1), np.nan, _sum(sums, 1))


def _mean(values: Matrix) -> Matrix:
    there = np.count_nonzero(~np.isnan(values), axis=1)
    return np.where(there, _sum(values, 1) / np.maximum(there, 1), np.nan)


def _reasons(shares: Matrix, counts: Numbers, enough: int) -> npt.NDArray[np.str_]:
    """Why a paper is not scaled: it has too few periods, or a standard deviation of zero."""
    lowest = np.where(np.isnan(shares), np.inf, shares).min(axis=0)
    highest = np.where(np.isnan(shares), -np.inf, shares).max(axis=0)
    varies = np.where(lowest == highest, "never_varies", "")
    return np.where(counts < enough, "too_little_history", varies)


def _effects(scaled: Matrix) -> Matrix:
    """The papers' own levels; NaN for those without one."""
    there = ~np.isnan(scaled)
    rows = there.any(axis=1)
    if not rows.any():
        return np.full(scaled.shape[1], np.nan)
    found = paper_effects(there[rows] * 1.0, np.where(there, scaled, 0.0)[rows])
    observed = there.any(axis=0)
    return np.where(observed, np.array(found, float), np.nan)


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
