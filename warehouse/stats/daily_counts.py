"""Articles by source and day, and those with each topic, read from topic_daily into arrays."""

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

MOST_CELLS = 1_000_000  # topics times sources times days of one array: 8 MB of float64
TOTALS = (
    "SELECT source_id, (day - DATE '1970-01-01')::INTEGER AS day, articles, estimated_published"
    " FROM topic_daily"
    " WHERE topic_id = ?"
)
# DuckDB finds a name's position once for a thousand rows: lists take 2 ms where joins take 8.
HITS = (
    "SELECT (list_position(?, topic_id) - 1) * ? + (list_position(?, source_id) - 1) * ?"
    " + (day - DATE '1970-01-01') - ? AS cell, articles_with_mention::INTEGER AS hits,"
    " coalesce(articles_with_mention_original, 0)::INTEGER AS originals"
    " FROM topic_daily WHERE articles_with_mention > 0 AND topic_id BETWEEN ? AND ?"
)


class Panel(NamedTuple):
    """Articles by source and day, which are the same for all topics."""

    topics: list[str]
    sources: list[str]
    days: Numbers  # every day from the first to the last, counted from 1970-01-01
    known: Marks  # by day: whether it is in any source's calendar
    total: Matrix  # articles by source and day; NaN where the source was not collected
    published: Matrix  # all that were published, as estimated; NaN where nothing tells


class Hits(NamedTuple):
    """Articles with a topic, by topic, source and day, for a range of topics."""

    topics: range
    hits: Whole
    originals: Whole  # those that are not copies


class Counts:
    """The counts of topic_daily, read on first use."""

    def __init__(self, con: Connection) -> None:
        self.con = con
        self._cached: list[Hits] = []

    @cached_property
    def panel(self) -> Panel:
        """The sources' articles."""
        topics = sorted(
            name
            for (name,) in self.con.execute("SELECT DISTINCT topic_id FROM topic_daily").fetchall()
        )
        # Every topic has a row for each source and day: those of one topic give all articles.
        rows = self.con.sql(TOTALS, params=[topics[0] if topics else ""]).to_arrow_table()
        encoded = rows["source_id"].combine_chunks().dictionary_encode()
        names = encoded.dictionary.to_pylist()
        sources = sorted(names)
        numbers = np.array([sources.index(name) for name in names], int)
        source, day = numbers[encoded.indices.to_numpy()], rows["day"].to_numpy().astype(int)
        days = np.arange(day.min(), day.max() + 1) if len(day) else day
        total, published = np.full((2, len(sources), len(days)), np.nan)
        total[source, day - days[:1]] = rows["articles"].to_numpy()
        published[source, day - days[:1]] = rows["estimated_published"].to_numpy()
        known = np.bincount(day - days[:1], minlength=len(days)) > 0
        return Panel(topics, sources, days, known, total, published)

    def hits(self) -> Iterator[Hits]:
        """The articles with each topic, in batches of at most MOST_CELLS cells."""
        topics = range(len(self.panel.topics))
        batch = max(1, MOST_CELLS // max(1, self.panel.total.size))
        if len(topics) > batch:
            yield from (self._read(topics[at : at + batch]) for at in topics[::batch])
        elif topics:
            # The index and the spikes read the same counts: one batch is kept for both.
            self._cached = self._cached or [self._read(topics)]
            yield from self._cached

    def _read(self, topics: range) -> Hits:
        panel, names = self.panel, self.panel.topics[topics.start : topics.stop]
        steps = names, panel.total.size, panel.sources, len(panel.days), int(panel.days[0])
        rows = self.con.sql(HITS, params=[*steps, names[0], names[-1]]).to_arrow_table()
        cell, hits, originals = (column.to_numpy() for column in rows.columns)
        cells = np.zeros((2, len(topics) * panel.total.size), np.int32)
        cells[0, cell], cells[1, cell] = hits, originals
        return Hits(topics, *cells.reshape(2, len(topics), *panel.total.shape))


def dates(days: Numbers) -> pa.Array:
    """Days counted from 1970-01-01, as dates."""
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def rounded(values: Matrix, digits: int) -> Matrix:
    """Values rounded half away from zero, the same for every order of additions before."""
    # To eleven digits first: a sum of 392.96875 may come out as 392.96874999999994.
    near = np.rint(values * 1e11) / 1e11
    result: Matrix = np.copysign(np.floor(np.abs(near) * 10.0**digits + 0.5), near) / 10.0**digits
    return result + 0.0  # turns -0.0 into 0.0
