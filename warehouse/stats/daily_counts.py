"""Sources' articles and those with a topic, day by day, as arrays."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Matrix = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Whole = npt.NDArray[np.integer[Any]]
Marks = npt.NDArray[np.bool_]
Connection = duckdb.DuckDBPyConnection

MOST_CELLS = 1_000_000
"""Topics times sources times days held in an array at once: 8 MB."""
TOTALS = (
    "SELECT source_id, (day - DATE '1970-01-01')::INTEGER AS day, articles FROM topic_daily"
    " WHERE topic_id = ?"
)
HITS = (
    "SELECT (list_position(?, topic_id) - 1) * ? + (list_position(?, source_id) - 1) * ?"
    " + (day - DATE '1970-01-01') - ? AS place, articles_with_mention::INTEGER AS hits,"
    " coalesce(articles_with_mention_original, 0)::INTEGER AS originals"
    " FROM topic_daily WHERE articles_with_mention > 0 AND topic_id BETWEEN ? AND ?"
)
"""DuckDB looks a name up once in a thousand rows, so that lists cost less than joins: 2 of 8 ms."""


class Panel(NamedTuple):
    """What sources have of all topics: these share a calendar and each day's articles."""

    topics: list[str]
    sources: list[str]
    days: Numbers
    """Every day from the first to the last, counted from 1970."""
    known: Marks
    """By day: whether it is in a source's calendar."""
    total: Matrix
    """Articles by source and day; NaN where the source was not collected."""


class Hits(NamedTuple):
    """Articles with a topic, by topic, source and day, of some of the topics."""

    topics: range
    hits: Whole
    originals: Whole
    """Those that are no copies."""


class Counts:
    """What topic_daily has, read when it is first asked for."""

    def __init__(self, con: Connection) -> None:
        self.con = con
        self._kept: list[Hits] = []

    @cached_property
    def panel(self) -> Panel:
        """The sources' articles."""
        return _panel(self.con)

    def hits(self) -> Iterator[Hits]:
        """The articles with each topic, of as many topics at once as the memory is for."""
        topics = range(len(self.panel.topics))
        together = max(1, MOST_CELLS // max(1, self.panel.total.size))
        if len(topics) > together:
            yield from (self._read(topics[at : at + together]) for at in topics[::together])
        elif topics:
            self._kept = self._kept or [self._read(topics)]
            yield from self._kept

    def _read(self, topics: range) -> Hits:
        panel, names = self.panel, self.panel.topics[topics.start : topics.stop]
        steps = names, panel.total.size, panel.sources, len(panel.days), int(panel.days[0])
        rows = self.con.sql(HITS, params=[*steps, names[0], names[-1]]).to_arrow_table()
        place, *values = (column.to_numpy() for column in rows.columns)
        shape = (len(topics), *panel.total.shape)
        return Hits(topics, *(_placed(shape, place, value) for value in values))


def _panel(con: Connection) -> Panel:
    topics = sorted(
        name for (name,) in con.execute("SELECT DISTINCT topic_id FROM topic_daily").fetchall()
    )
    rows = con.sql(TOTALS, params=[topics[0] if topics else ""]).to_arrow_table()
    encoded = rows["source_id"].combine_chunks().dictionary_encode()
    sources = sorted(encoded.dictionary.to_pylist())
    numbers = np.array([sources.index(name) for name in encoded.dictionary.to_pylist()], int)
    source, day = numbers[encoded.indices.to_numpy()], rows["day"].to_numpy().astype(int)
    days = np.arange(day.min(), day.max() + 1) if len(day) else day
    total = np.full((len(sources), len(days)), np.nan)
    total[source, day - days[:1]] = rows["articles"].to_numpy()
    known = np.bincount(day - days[:1], minlength=len(days)) > 0
    return Panel(topics, sources, days, known, total)


def _placed(shape: tuple[int, ...], place: Numbers, values: Whole) -> Whole:
    cells = np.zeros(shape, np.int32)
    cells.reshape(-1)[place] = values
    return cells


def dates(days: Numbers) -> pa.Array:
    """Days that were counted from 1970."""
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def settled(values: Matrix, digits: int) -> Matrix:
    """Rounded, half away from zero, and whatever the order in which numbers were added up.

    So to eleven digits first: 392.96875 may come out as 392.96874999999994.
    """
    near = np.rint(values * 1e11) / 1e11
    rounded: Matrix = np.copysign(np.floor(np.abs(near) * 10.0**digits + 0.5), near) / 10.0**digits
    return rounded + 0.0  # -0.0 is 0.0
