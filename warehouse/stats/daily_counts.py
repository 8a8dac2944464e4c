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

MAX_CELLS = 1_000_000  # topics times sources times days of one array: 8 MB of float64
# Topics count the articles in their own languages: topics with equal counts share a panel.
ALIKE = (
    "SELECT list(topic_id ORDER BY topic_id) FROM ("
    " SELECT topic_id, bit_xor(hash(source_id, day, articles, estimated_published)) AS counts"
    " FROM {days} GROUP BY topic_id"
    ") GROUP BY counts ORDER BY ALL"
)
TOTALS = (
    "SELECT source_id, (day - DATE '1970-01-01')::INTEGER AS day, articles, estimated_published,"
    " articles + coalesce(articles_other_languages, 0) AS collected"
    " FROM {days} WHERE topic_id = ?"
)
# DuckDB looks a name up once per thousand rows: with lists this takes 2 ms, with joins 8 ms.
HITS = (
    "SELECT (list_position($topics, topic_id) - 1) * $cells"
    " + (list_position($sources, source_id) - 1) * $days"
    " + (day - DATE '1970-01-01') - $first AS cell, articles_with_mention::INTEGER AS hits,"
    " coalesce(articles_with_mention_original, 0)::INTEGER AS originals"
    " FROM {days} WHERE articles_with_mention > 0 AND list_contains($topics, topic_id)"
)


class Panel(NamedTuple):
    """Articles by source and day, shared by topics that count the same articles."""

    topics: list[str]
    sources: list[str]
    days: Numbers  # every day from the first to the last, counted from 1970-01-01
    known: Marks  # by day: whether it is in any source's calendar
    total: Matrix  # articles by source and day; NaN where the source was not collected
    collected: Matrix  # those, and the articles in other languages than the topics'
    published: Matrix  # estimated number of published articles; NaN if unknown


class Hits(NamedTuple):
    """Articles with a topic, by topic, source and day, for some topics of a panel."""

    topics: list[str]
    hits: Whole
    originals: Whole  # those that are not copies


class Counts:
    """The counts of topic_daily or topic_daily_local, read on first use."""

    def __init__(self, con: Connection, days: str = "topic_daily") -> None:
        self.con, self._days = con, days
        self._kept: dict[str, Hits] = {}  # by a panel's first topic

    @cached_property
    def panels(self) -> list[Panel]:
        """The sources' articles, once for all topics that count the same ones."""
        panels = []
        for (topics,) in self.con.execute(ALIKE.format(days=self._days)).fetchall():
            # Every topic has a row for each source and day.
            rows = self.con.sql(TOTALS.format(days=self._days), params=[topics[0]]).to_arrow_table()
            encoded = rows["source_id"].combine_chunks().dictionary_encode()
            # Sorts the distinct names, not the names of all rows.
            sources, place = np.unique(encoded.dictionary.to_numpy(False), return_inverse=True)
            source, day = place[encoded.indices.to_numpy()], rows["day"].to_numpy().astype(int)
            days = np.arange(day.min(), day.max() + 1)
            counts = np.full((3, len(sources), len(days)), np.nan)
            for number, name in enumerate(("articles", "collected", "estimated_published")):
                counts[number, source, day - days[0]] = rows[name].to_numpy()
            known = np.bincount(day - days[0], minlength=len(days)) > 0
            panels.append(Panel(topics, sources.tolist(), days, known, *counts))
        return panels

    def hits(self, panel: Panel) -> Iterator[Hits]:
        """The articles with each topic of a panel, in batches of at most MAX_CELLS cells."""
        topics, batch = panel.topics, max(1, MAX_CELLS // panel.total.size)
        if sum(len(each.topics) * each.total.size for each in self.panels) > MAX_CELLS:
            for at in range(0, len(topics), batch):
                yield self._query_hits(panel, topics[at : at + batch])
        else:
            # The index and the spikes read the same counts, which are kept if they are few.
            if topics[0] not in self._kept:
                self._kept[topics[0]] = self._query_hits(panel, topics)
            yield self._kept[topics[0]]

    def _query_hits(self, panel: Panel, topics: list[str]) -> Hits:
        rows = self.con.sql(
            HITS.format(days=self._days),
            params={
                "topics": topics,
                "sources": panel.sources,
                "cells": panel.total.size,
                "days": len(panel.days),
                "first": int(panel.days[0]),
            },
        ).to_arrow_table()
        cell, hits, originals = (column.to_numpy() for column in rows.columns)
        cells = np.zeros((2, len(topics) * panel.total.size), np.int32)
        cells[0, cell], cells[1, cell] = hits, originals
        return Hits(topics, *cells.reshape(2, len(topics), *panel.total.shape))


def dates(days: Numbers) -> pa.Array:
    """Days counted from 1970-01-01, as dates."""
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def rounded(values: Matrix, digits: int) -> Matrix:
    """Values rounded half away from zero, independent of the order of earlier additions."""
    # To eleven digits first: a sum of 392.96875 may come out as 392.96874999999994.
    near = np.rint(values * 1e11) / 1e11
    result: Matrix = np.copysign(np.floor(np.abs(near) * 10.0**digits + 0.5), near) / 10.0**digits
    return result + 0.0  # turns -0.0 into 0.0
