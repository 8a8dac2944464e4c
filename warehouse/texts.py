"""The texts of articles for SQL: a view over the Parquet files of the data folder.

DuckDB takes no path from a table, and a view's relative path means the reader's own folder. So the
view bears the data folder's absolute path, and is written again when that has changed; a reader can
say otherwise with the variable `presswatch_data`.
"""

import re
from pathlib import Path

import duckdb

from warehouse.layout import Layout

VIEW = Path(__file__).parent / "schema" / "article_version_texts.sql"
PLACE = "{articles}"
NO_FILES = (
    "(SELECT *, NULL::VARCHAR AS body, NULL::VARCHAR AS filename FROM article_versions LIMIT 0)"
)
FILES = (
    "read_parquet(coalesce(getvariable('presswatch_data'), {root}) || '/articles/*/*.parquet',"
    " filename = true, hive_partitioning = true, hive_types = {{'published_date': DATE}})"
)


def without_files(sql: str) -> str:
    """The SQL of a view for as long as there are no Parquet files, which read_parquet refuses."""
    return sql.replace(PLACE, NO_FILES)


def point_texts(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Let the views of texts read this data folder's files, once there are some."""
    if has_files(con) and not texts_fit(con, layout):
        con.execute(VIEW.read_text().replace(PLACE, FILES.format(root=_root(layout))))


def texts_fit(con: duckdb.DuckDBPyConnection, layout: Layout) -> bool:
    """Whether the views of texts read the files of this data folder."""
    rows = con.execute(
        "SELECT 1 FROM duckdb_views() WHERE view_name = ? AND contains(sql, ?)",
        [VIEW.stem, _root(layout)],
    ).fetchall()
    return bool(rows) or not has_files(con)


def has_files(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the warehouse was loaded from any file of articles."""
    return bool(con.execute("SELECT 1 FROM files WHERE layer = 'articles' LIMIT 1").fetchall())


def _root(layout: Layout) -> str:
    """The data folder as a SQL string in which nothing is a pattern."""
    path = re.sub(r"([*?\[])", r"[\1]", layout.root.absolute().as_posix())
    return "'" + path.replace("'", "''") + "'"
