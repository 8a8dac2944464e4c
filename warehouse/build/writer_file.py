"""The loader's private DuckDB file."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from warehouse.layers.layout import Layout
from warehouse.read.query import detect_damage, quoted

STORAGE = "v1.2.0"  # storage version of the file: DuckDB 1.2 and later can read it
# DuckDB's memory_limit for usual loads, and for loads that read all history. DuckDB caches pages up
# to the limit, so with a high limit a backfill's process would grow with the warehouse. But not all
# operators spill to disk: a rebuild of 100,000 articles ran out of memory with 64 MB.
MEMORY, MEMORY_OF_ALL = "512MB", "2GB"
# Threads of usual loads, which are hundreds of small queries: two threads wait for each other. A
# load of a few articles takes 1.2 s of CPU with one thread, 1.7 s with two, in the same time (two
# cores, DuckDB 2.0.1).
THREADS = 1
# DuckDB returns freed memory to the system when it frees this much at once. With its default of
# 512 MB it kept 20 of 170 MiB after a load; with 4 MB it returns memory after most queries, a tenth
# of the CPU of a load of a few articles (DuckDB 2.0.1).
FLUSH_THRESHOLD = "16MB"
# With DuckDB's default of 122,880 one load in eight to twenty rewrote a whole group, in 3 s.
ROW_GROUP_SIZE = 16_384
# DuckDB's errors for a file whose creation was interrupted by a full disk or a kill.
UNFINISHED = ("it is not a valid DuckDB database file", "Could not read enough bytes from file")


@contextmanager
def opened_writer(layout: Layout) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the loader's file, or a new one if its creation was cut off; under the writer's lock.

    DatabaseDamaged where it is damaged.
    """
    layout.writer.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        config={
            "storage_compatibility_version": STORAGE,
            "memory_limit": MEMORY,
            "threads": THREADS,
            "allocator_bulk_deallocation_flush_threshold": FLUSH_THRESHOLD,
            "temp_directory": str(layout.writer.with_suffix(".tmp")),
        }
    )
    attach = f"ATTACH {quoted(layout.writer)} AS news (ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    with detect_damage(layout.writer), con:
        con.execute("SET GLOBAL TimeZone = 'UTC'")
        try:
            con.execute(attach)
        except duckdb.IOException as error:
            if not any(text in str(error) for text in UNFINISHED):
                raise
            drop_writer(layout)
            con.execute(attach)
        # Closing the cursor drops its temporary tables before the checkpoint of DETACH.
        with con.cursor() as cursor:
            cursor.execute("USE news")
            yield cursor
        con.execute("DETACH news")


def allow_all_history(con: duckdb.DuckDBPyConnection) -> None:
    """Raise the memory limit until the connection is closed."""
    con.execute(f"SET memory_limit = '{MEMORY_OF_ALL}'")


def use_all_cores(con: duckdb.DuckDBPyConnection) -> None:
    """Allow queries one thread per core, until the connection is closed."""
    con.execute("RESET threads")


def drop_writer(layout: Layout) -> None:
    """Remove the loader's file: the next load rebuilds it from all commits."""
    for path in (layout.writer.with_name(layout.writer.name + ".wal"), layout.writer):
        path.unlink(missing_ok=True)
