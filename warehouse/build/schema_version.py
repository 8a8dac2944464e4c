"""The version of the warehouse's tables and marts, and the versions that loaded a file."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from warehouse.layers.documents import DocumentError

# Version of the warehouse's rows: tables, marts, their arithmetic, how topics are counted.
# Raise it when a load would now write other columns or rows, then run `python -m
# tests.upgrade.fingerprints`. The next load of every user rebuilds the warehouse from Parquet,
# about a minute for a million articles. Views, macros and comments have no rows: the next load
# replaces them in any case.
SCHEMA_VERSION = 3
# `loads.sql_hash` of version 1 as written by 0.1.0, which had no version numbers.
SQL_HASH_1 = "09105c2c3d5e199817cb6ff0aa1f8d45a8f06de1741696d3ad80fd687a060082"


def schema_versions(con: duckdb.DuckDBPyConnection) -> set[int | None]:
    """The SCHEMA_VERSIONs that loaded the file; None stands for a version before 1."""
    columns = [row[0] for row in con.execute("DESCRIBE loads").fetchall()]
    legacy = f"CASE sql_hash WHEN '{SQL_HASH_1}' THEN 1 END"
    version = "schema_version" if "schema_version" in columns else legacy
    rows = con.execute(f"SELECT DISTINCT {version} FROM loads").fetchall()  # noqa: S608
    return {found for (found,) in rows}


def refuse_newer(versions: Iterable[int | None], path: Path) -> None:
    """DocumentError when a later SCHEMA_VERSION has loaded this file."""
    # Rebuilt by this version it would lose what the later one knows.
    newest = max((version for version in versions if version), default=0)
    if newest > SCHEMA_VERSION:
        raise DocumentError(
            f"{path} has tables of schema version {newest}, this version of Presswatch writes"
            f" {SCHEMA_VERSION}: it was written by a newer version of Presswatch; upgrade"
        )
