"""Reading the current snapshot; the writer is never in the way, nor is the reader in its."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.layout import Layout


class QueryError(Exception):
    """There is nothing to ask yet, or the question is not SQL that DuckDB can answer."""


def open_snapshot(layout: Layout) -> duckdb.DuckDBPyConnection | None:
    """Open the current snapshot read-only, with times in UTC; None when there is none yet."""
    # Through `current` itself, one process's connections would all share the first one's snapshot.
    path = os.path.realpath(layout.current)
    if not os.path.exists(path):  # noqa: PTH110
        return None
    con = duckdb.connect(path, read_only=True)
    con.execute("SET TimeZone = 'UTC'")
    return con


def query(layout: Layout, sql: str) -> pa.Table:
    """Answer one SQL query on the current snapshot.

    Raises:
        QueryError: with what to tell the person who asked.
    """
    con = open_snapshot(layout)
    if con is None:
        raise QueryError(f"{layout.current} is not there yet: run `presswatch ingest` first")
    with con:
        try:
            relation = con.sql(sql)
            return relation.to_arrow_table() if relation else pa.table({})
        except duckdb.Error as error:
            raise QueryError(str(error)) from error


def records(
    con: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Sequence[object] | Mapping[str, object] = (),
) -> list[dict[str, Any]]:
    """The rows of a query, by column name, with times in UTC."""
    # fetchall() wants pytz for a TIMESTAMPTZ.
    given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
    relation = con.sql(sql, params=given)
    rows: list[dict[str, Any]] = relation.to_arrow_table().to_pylist()
    return rows
