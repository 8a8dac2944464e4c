"""The version of the warehouse's tables and marts, and the versions that loaded a file."""

from contextlib import suppress
from pathlib import Path

import duckdb

from warehouse.build.writer_file import opened_writer
from warehouse.layers.documents import newer_version_error
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError, columns_of, snapshot

# Version of the warehouse's rows: tables, marts, their arithmetic, how topics are counted.
# Raise it when a load would now write other columns or rows, then run `python -m
# tests.upgrade.fingerprints`. The next load of every user rebuilds the warehouse from Parquet,
# about a minute for a million articles. Views, macros and comments have no rows: the next load
# replaces them in any case.
SCHEMA_VERSION = 16
# `loads.sql_hash` of version 1 as written by 0.1.0, which had no version numbers.
SQL_HASH_1 = "09105c2c3d5e199817cb6ff0aa1f8d45a8f06de1741696d3ad80fd687a060082"


def schema_versions(con: duckdb.DuckDBPyConnection) -> set[int | None]:
    """The SCHEMA_VERSIONs that loaded the file; None is a version before 1; empty before a load."""
    columns = columns_of(con, "loads")
    if not columns:
        return set()
    legacy = f"CASE sql_hash WHEN '{SQL_HASH_1}' THEN 1 END"
    version = "schema_version" if "schema_version" in columns else legacy
    rows = con.execute(f"SELECT DISTINCT {version} FROM loads").fetchall()  # noqa: S608
    return {found for (found,) in rows}


def refuse_newer(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """DocumentError when a later SCHEMA_VERSION has loaded this file."""
    # A rebuild by this version would lose data of the later one.
    newest = max((version for version in schema_versions(con) if version), default=0)
    if newest > SCHEMA_VERSION:
        ours = f"this version of Presswatch writes {SCHEMA_VERSION}"
        raise newer_version_error(path, f"has tables of schema version {newest}, {ours}")


def refuse_newer_snapshot(layout: Layout) -> None:
    """`refuse_newer` for the readers' snapshot, where there is one."""
    # A damaged snapshot is reported by its readers.
    with suppress(duckdb.Error, QueryError), snapshot(layout) as con:
        refuse_newer(con, layout.current)


def is_earlier_snapshot(layout: Layout) -> bool:
    """Whether an earlier SCHEMA_VERSION made the readers' snapshot."""
    with suppress(duckdb.Error, QueryError), snapshot(layout) as con:
        return schema_versions(con) != {SCHEMA_VERSION}
    return False


def refuse_newer_writer(layout: Layout) -> None:
    """`refuse_newer` for the loader's file, before a rebuild drops it; under the writer's lock."""
    if layout.writer.exists():
        # A damaged file will be rebuilt.
        with suppress(duckdb.Error, QueryError), opened_writer(layout) as con:
            refuse_newer(con, layout.writer)
