"""Which blocks of the writer's file were written since each copy of it: what a new copy differs in.

DuckDB tells what it writes (its log of the file system). A file is known again by its inode, size
and time of change: of a file that somebody else wrote to, or of which a killed load did not write
down what it wrote, nothing is known, and copies are compared with it whole.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import duckdb

from warehouse.build.file_copy import BLOCK, HEADERS
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.layout import Layout

COPIES = 8
"""Copies to remember: some more than snapshots are kept."""
Blocks = frozenset[int]


def tell_writes(con: duckdb.DuckDBPyConnection) -> None:
    """Have the connection remember what it writes, of files that it attaches from now on."""
    con.execute("CALL enable_logging('FileSystem')")


def written_blocks(con: duckdb.DuckDBPyConnection, path: Path) -> Blocks:
    """Blocks of a DuckDB file that the connection wrote, numbered from 0; the headers are none."""
    rows = con.execute(
        "SELECT DISTINCT pos, bytes FROM duckdb_logs_parsed('FileSystem')"
        " WHERE op = 'WRITE' AND path = ? AND pos >= ?",
        [str(path), HEADERS],
    )
    return frozenset(
        block
        for place, length in rows.fetchall()
        for block in range((place - HEADERS) // BLOCK, (place - HEADERS + length - 1) // BLOCK + 1)
    )


def state_of(path: Path) -> str | None:
    """What tells a DuckDB file from itself before and after a change; None with a log beside it.

    What such a log holds may lie in blocks that were written before.
    """
    if path.with_name(path.name + ".wal").exists() or not path.exists():
        return None
    found = path.stat()
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"


def add_written(layout: Layout, before: str | None, blocks: Iterable[int]) -> None:
    """Write down what was written to the writer's file since it was in the state `before`."""
    state = state_of(layout.writer)
    if state == before:
        return
    new = set(blocks)
    copies = _copies(layout, before)
    _keep(layout, state, {copy: sorted(new.union(known)) for copy, known in copies.items()})


def add_copy(layout: Layout, copy: Path) -> None:
    """Write down that a file is now the same as the writer's."""
    state = state_of(layout.writer)
    known = list(_copies(layout, state).items())[1 - COPIES :]
    _keep(layout, state, dict(known) | {str(state_of(copy)): []})


def written_since(layout: Layout, copy: Path) -> Blocks | None:
    """Blocks of the writer's file that were written since it was copied there; None: not known."""
    found = _copies(layout, state_of(layout.writer)).get(str(state_of(copy)))
    return None if found is None else frozenset(found)


def _copies(layout: Layout, state: str | None) -> dict[str, list[int]]:
    """Blocks by copy, when the writer's file is in the state that was written down."""
    path = _path(layout)
    if state is None or not path.exists():
        return {}
    kept = json.loads(path.read_bytes())
    return dict(kept["copies"]) if kept["writer"] == state else {}


def _keep(layout: Layout, state: str | None, copies: dict[str, list[int]]) -> None:
    write_whole(_path(layout), json.dumps({"writer": state, "copies": copies}).encode())


def _path(layout: Layout) -> Path:
    return layout.writer.with_name("written.json")
