"""The loader's private DuckDB file: opened, or made anew where it is unusable."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from warehouse.layers.layout import Layout
from warehouse.read.query import quoted

STORAGE = "v1.2.0"
"""Storage version of the file: clients from DuckDB 1.2 on can read it."""
MEMORY, MEMORY_OF_ALL = "512MB", "2GB"
"""DuckDB's memory_limit: usually, and of loads that reach into all history.

It caches what it reads up to the limit, so that a backfill's process would grow with the warehouse.
But not all spills to disk: a rebuild of 100,000 articles ran out of 64 MB.
"""
FREED = "4MB"
"""DuckDB returns freed memory to the system once it frees this much at once. Its own 512 MB kept
20 of 170 MiB after a load."""
GROUP = 16_384
"""Rows of a group. With DuckDB's own 122,880 one load in eight to twenty took 3 s longer: it
rewrote a whole group."""
UNFINISHED = ("it is not a valid DuckDB database file", "Could not read enough bytes from file")
"""DuckDB's errors for a file whose creation was cut off by a full disk or a kill."""


@contextmanager
def opened(layout: Layout) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the writer's file, or a new one when its creation was cut off; close it after.

    Only for the holder of the writer's lock.
    """
    with _connect(layout) as con:
        with con.cursor() as used:  # closing it drops its temporary tables before the checkpoint
            used.execute("USE news")
            yield used
        con.execute("DETACH news")


def allow_all_history(con: duckdb.DuckDBPyConnection) -> None:
    """Raise the memory limit, until the connection is closed."""
    con.execute(f"SET memory_limit = '{MEMORY_OF_ALL}'")


def drop_writer(layout: Layout) -> None:
    """Remove the writer's file: the next load makes it again from all commits."""
    for path in (layout.writer.with_name(layout.writer.name + ".wal"), layout.writer):
        path.unlink(missing_ok=True)


def _connect(layout: Layout) -> duckdb.DuckDBPyConnection:
    layout.writer.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        config={
            "storage_compatibility_version": STORAGE,
            "memory_limit": MEMORY,
            "allocator_bulk_deallocation_flush_threshold": FREED,
            "temp_directory": str(layout.writer.with_suffix(".tmp")),
        }
    )
    try:
        con.execute("SET GLOBAL TimeZone = 'UTC'")
        _attach(con, layout)
    except BaseException:
        con.close()
        raise
    return con


def _attach(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    attach = f"ATTACH {quoted(layout.writer)} AS news (ROW_GROUP_SIZE {GROUP})"
    try:
        con.execute(attach)
    except duckdb.IOException as error:
        if not any(text in str(error) for text in UNFINISHED):
            raise
        drop_writer(layout)
        con.execute(attach)
