"""Papers' articles and those with a topic, day by day, as arrays."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Matrix = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]
Connection = duckdb.DuckDBPyConnection

MOST_CELLS = 2_000_000
"""Topics times papers times days held in an array at once: 16 MB."""
EARLIEST, LATEST = -1_000_000, 1_000_000
"""Days before and after all that papers have."""
TOTALS = (
    "SELECT source_id, (day - DATE '1970-01-01')::INTEGER AS day, articles FROM topic_daily"
    " WHERE topic_id = ? AND day - DATE '1970-01-01' BETWEEN ? AND ?"
)
HITS = (
    "SELECT topic * ? + paper * ? + (day - DATE '1970-01-01') - ? AS place, {columns}"
    " FROM topic_daily"
    " JOIN panel_topics USING (topic_id) JOIN panel_papers USING (source_id)"
    " WHERE articles_with_mention > 0 AND topic >= ? AND topic < ?"
    " AND day - DATE '1970-01-01' BETWEEN ? AND ?"
)


class Panel(NamedTuple):
    """What papers have of all topics: these share a calendar and each day's articles."""

    topics: list[str]
    papers: list[str]
    days: Numbers
    """Every day from the first to the last, counted from 1970."""
    known: Marks
    """By day: whether it is in a paper's calendar."""
    total: Matrix
    """Articles by paper and day; NaN where the paper was not collected."""


def read_panel(con: Connection, first: int = EARLIEST, last: int = LATEST) -> Panel:
    """Read the papers' articles of the days from the first to the last one given."""
    topics = sorted(
        name for (name,) in con.execute("SELECT DISTINCT topic_id FROM topic_daily").fetchall()
    )
    rows = con.sql(TOTALS, params=[topics[0] if topics else "", first, last]).to_arrow_table()
    source = rows["source_id"].combine_chunks().dictionary_encode()
    papers = sorted(source.dictionary.to_pylist())
    numbers = np.array([papers.index(name) for name in source.dictionary.to_pylist()], int)
    paper, day = numbers[source.indices.to_numpy()], rows["day"].to_numpy().astype(int)
    days = np.arange(day.min(), day.max() + 1) if len(day) else day
    total = np.full((len(papers), len(days)), np.nan)
    total[paper, day - days[:1]] = rows["articles"].to_numpy()
    known = np.bincount(day - days[:1], minlength=len(days)) > 0
    return Panel(topics, papers, days, known, total)


def read_hits(con: Connection, panel: Panel, *columns: str) -> Iterator[tuple[range, list[Matrix]]]:
    """Columns of topic_daily by topic, paper and day, where the topic comes up; else 0.

    As many topics at once as the memory is for.
    """
    _number(con, "panel_topics", "topic_id", "topic", panel.topics)
    _number(con, "panel_papers", "source_id", "paper", panel.papers)
    together = max(1, MOST_CELLS // max(1, panel.total.size))
    for start in range(0, len(panel.topics) if panel.total.size else 0, together):
        topics = range(len(panel.topics))[start : start + together]
        yield topics, _read(con, panel, topics, columns)
    con.unregister("panel_topics")
    con.unregister("panel_papers")


def _number(con: Connection, name: str, key: str, number: str, keys: list[str]) -> None:
    numbers = pa.array(range(len(keys)), pa.int32())
    con.register(name, pa.table({key: pa.array(keys, pa.string()), number: numbers}))


def _read(con: Connection, panel: Panel, topics: range, columns: Sequence[str]) -> list[Matrix]:
    wanted = ", ".join(f"coalesce({name}, 0)::INTEGER AS {name}" for name in columns)
    first, last = int(panel.days[0]), int(panel.days[-1])
    size, length = panel.total.size, len(panel.days)
    bounds = [size, length, topics.start * size + first, topics.start, topics.stop, first, last]
    rows = con.sql(HITS.format(columns=wanted), params=bounds).to_arrow_table()
    place, *values = (column.to_numpy() for column in rows.columns)
    return [_placed((len(topics), *panel.total.shape), place, value) for value in values]


def _placed(shape: tuple[int, ...], place: Numbers, values: Numbers) -> Matrix:
    cells = np.zeros(shape)
    cells.reshape(-1)[place] = values
    return cells


def settled(values: Matrix, digits: int) -> Matrix:
    """Rounded, half away from zero, and whatever the order in which numbers were added up.

    So to eleven digits first: 392.96875 may come out as 392.96874999999994.
    """
    near = np.rint(values * 1e11) / 1e11
    rounded: Matrix = np.copysign(np.floor(np.abs(near) * 10.0**digits + 0.5), near) / 10.0**digits
    return rounded + 0.0  # -0.0 is 0.0
