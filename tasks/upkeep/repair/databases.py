"""Reads what the DuckDB files still have of the layers: the loader's file, and the snapshots."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from warehouse.build.publish import snapshots
from warehouse.layers.layout import Layout
from warehouse.read.query import quoted


@contextmanager
def opened_copy(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file, opened read-only; duckdb.Error where it cannot be read."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"ATTACH {quoted(path)} AS news (READ_ONLY)")
        con.execute("USE news")
        yield con


def copies(layout: Layout) -> list[Path]:
    """The readable DuckDB files, the one of the last load first; the caller holds the lock."""
    found = []
    folders = snapshots(layout) if layout.warehouse.exists() else []
    for path in [layout.writer, *(folder / layout.writer.name for folder in reversed(folders))]:
        with suppress(duckdb.Error, OSError):
            if path.exists():
                with opened_copy(path) as con:
                    [(number,)] = con.execute("SELECT max(load_no) FROM loads").fetchall()
                found.append((number or 0, path))
    return [path for _, path in sorted(found, key=lambda each: -each[0])]


def records_of(layout: Layout, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
    """The rows of a query, by column name, from the first DuckDB file that has any."""
    for path in copies(layout):
        with suppress(duckdb.Error), opened_copy(path) as con:
            found = con.sql(sql, params=list(parameters)).to_arrow_table()
            if found.num_rows:
                rows: list[dict[str, Any]] = found.to_pylist()
                return rows
    return []
