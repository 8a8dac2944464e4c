"""Reads the texts of articles from the Parquet files of their days only."""

import glob
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import duckdb

from warehouse.layers.layout import Layout
from warehouse.layers.parquet import UNDATED
from warehouse.questions.selection import literal_list

DAY = re.compile(r"/published_date=([^/]+)/")


def files_by_day(con: duckdb.DuckDBPyConnection, layout: Layout) -> dict[date | None, list[str]]:
    """The files of articles that count, by day of publication, as read_parquet takes them."""
    root = layout.root.absolute().as_posix()
    found: dict[date | None, list[str]] = defaultdict(list)
    rows = con.execute("SELECT DISTINCT path FROM files WHERE layer = 'articles' ORDER BY path")
    for (path,) in rows.fetchall():
        day = DAY.search(path)
        if day:
            key = None if day[1] == UNDATED else date.fromisoformat(day[1])
            # read_parquet treats paths as glob patterns.
            found[key].append(glob.escape(f"{root}/{path}"))
    return found


def texts_of(files: Iterable[str]) -> str:
    """A relation of SQL: the rows of these files."""
    days = "hive_partitioning = true, hive_types = {'published_date': DATE}"
    return f"read_parquet([{literal_list(files)}], {days})"
