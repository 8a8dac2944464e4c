"""Reads the texts of articles from the Parquet files of their days only."""

import glob
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import duckdb

from warehouse.layers.layout import Layout
from warehouse.layers.parquet import UNDATED
from warehouse.questions.selection import literal_list

DAYS_OF_UNDATED_TEXTS = """
    SELECT DISTINCT articles.published_date
    FROM articles
    SEMI JOIN (FROM article_versions WHERE published_date IS NULL) AS undated
        USING (article_id, version_no)
    WHERE articles.published_date IS NOT NULL
"""
DAY = re.compile(r"/published_date=([^/]+)/")


def files_by_day(con: duckdb.DuckDBPyConnection, layout: Layout) -> dict[date | None, list[str]]:
    """The files with the texts of articles, by their days of publication; None for undated ones.

    Paths as read_parquet takes them. A day with an article whose last text gives no date has the
    files of undated texts, too: for several days call `files_of_days`.
    """
    root = layout.root.absolute().as_posix()
    found: dict[date | None, list[str]] = defaultdict(list)
    rows = con.execute("SELECT DISTINCT path FROM files WHERE layer = 'articles' ORDER BY path")
    for (path,) in rows.fetchall():
        name = DAY.search(path)
        if name:
            key = None if name[1] == UNDATED else date.fromisoformat(name[1])
            # read_parquet treats paths as glob patterns.
            found[key].append(glob.escape(f"{root}/{path}"))
    for (day,) in con.execute(DAYS_OF_UNDATED_TEXTS).fetchall():
        found[day] += found[None]
    return found


def files_of_days(
    by_day: Mapping[date | None, Sequence[str]], days: Iterable[date | None]
) -> list[str]:
    """The files of some of the days of `files_by_day`, each once."""
    return list(dict.fromkeys(path for day in days for path in by_day.get(day, ())))


def texts_of(files: Iterable[str]) -> str:
    """A relation of SQL: the rows of these files."""
    days = "hive_partitioning = true, hive_types = {'published_date': DATE}"
    return f"read_parquet([{literal_list(files)}], {days})"
