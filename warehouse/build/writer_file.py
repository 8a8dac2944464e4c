"""The loader's private DuckDB file: opened, or begun anew where it is unusable."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import duckdb

from warehouse.build.written_blocks import (
    Blocks,
    add_written,
    state_of,
    tell_writes,
    written_blocks,
)
from warehouse.layers.layout import Layout
from warehouse.read.query import quoted

STORAGE = "v1.2.0"
"""Of the file: the oldest clients that read it are those of DuckDB 1.2."""


class Share(Enum):
    """What DuckDB may take of the machine."""

    MODEST = "modest"
    """One core, and memory given back at once: a backfill's load, whose refinement wants both."""
    USUAL = "usual"
    """Other loads of new runs."""
    MOST = "most"
    """Where a load reaches into all history, or the others were too little."""

    @property
    def more(self) -> "Share":
        """The next larger one; of the most, the most."""
        return Share.MOST if self is not Share.MODEST else Share.USUAL


MEMORY = {Share.MODEST: "64MB", Share.USUAL: "256MB", Share.MOST: "2GB"}
"""It keeps what it once read, up to its share: with 2 GB a load into 300,000 articles took 426 MiB,
with 256 MB 366, in the same time. A backfill's loads of 3,000 articles took 162 MiB into a thousand
articles, 239 into 300,000 and 299 into a million with 256 MB, with 64 MB 162, 169 and 173. What
needs more, a rebuild of millions of articles, goes to disk meanwhile.
"""
FREED = {Share.MODEST: "1MB", Share.USUAL: "4MB", Share.MOST: "4MB"}
"""What DuckDB frees at once goes back to the system from here on.

By itself it waits for 512 MB: loads of 500 pages then took 170 MiB instead of 150; 125 with 1 MB,
in one thread; in two that took a fifth more of CPU.
"""
GROUP = 16_384
"""Rows of a group. With DuckDB's own 122,880 one load in eight to twenty took 3 s more: it wrote a
whole group anew."""
UNFINISHED = ("it is not a valid DuckDB database file", "Could not read enough bytes from file")
"""What is said of a file whose making a full disk, or a kill, cut off."""


@contextmanager
def opened(layout: Layout, share: Share = Share.USUAL) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the writer's file, or a new one when its making was cut off; close it after.

    Which of its blocks were written is written down then, for the next copy. Only for the holder
    of the writer's lock.

    Args:
        layout: The installation.
        share: What DuckDB may take.
    """
    before = state_of(layout.writer)
    with _connect(layout, share) as con:
        with con.cursor() as used:  # its temporary tables make room for the checkpoint
            used.execute("USE news")
            yield used
        blocks = _detach(con, layout)
    add_written(layout, before, blocks)


def allow(con: duckdb.DuckDBPyConnection, share: Share) -> None:
    """Let DuckDB take a share from now on, until the connection is closed."""
    con.execute(f"SET memory_limit = '{MEMORY[share]}'")
    con.execute(f"SET allocator_bulk_deallocation_flush_threshold = '{FREED[share]}'")
    con.execute("SET threads = 1" if share is Share.MODEST else "RESET threads")


def drop_writer(layout: Layout) -> None:
    """Remove the writer's file: the next load makes it again from all commits."""
    for path in (layout.writer.with_name(layout.writer.name + ".wal"), layout.writer):
        path.unlink(missing_ok=True)


def _connect(layout: Layout, share: Share) -> duckdb.DuckDBPyConnection:
    layout.writer.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(config={"storage_compatibility_version": STORAGE})
    try:
        allow(con, share)
        _set_up(con, layout)
        _attach(con, layout)
    except BaseException:
        con.close()
        raise
    return con


def _set_up(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    con.execute(f"SET temp_directory = {quoted(layout.writer.with_suffix('.tmp'))}")
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    tell_writes(con)


def _attach(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    attach = f"ATTACH {quoted(layout.writer)} AS news (ROW_GROUP_SIZE {GROUP})"
    try:
        con.execute(attach)
    except duckdb.IOException as error:
        if not any(said in str(error) for said in UNFINISHED):
            raise
        drop_writer(layout)
        con.execute(attach)


def _detach(con: duckdb.DuckDBPyConnection, layout: Layout) -> Blocks:
    """Write the log into the file; with more memory where that is too little.

    What is committed stands, so this does not begin the load again.
    """
    try:
        return _detach_once(con, layout)
    except (duckdb.IOException, duckdb.OutOfMemoryException):
        # CHECKPOINT during DETACH failed. [...] Original error: failed to pin block of size 256 KiB
        allow(con, Share.MOST)
        _attach(con, layout)
        return _detach_once(con, layout)


def _detach_once(con: duckdb.DuckDBPyConnection, layout: Layout) -> Blocks:
    con.execute("DETACH news")
    return written_blocks(con, layout.writer)
