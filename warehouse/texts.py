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
NO_FILES = "(SELECT *, NULL::VARCHAR AS body FROM article_versions LIMIT 0)"
FILES = (
    "read_parquet(string_split(substr(replace('{paths}', chr(10),"
    " chr(10) || coalesce(getvariable('presswatch_data'), {root}) || '/'), 2), chr(10)),"
    " hive_partitioning = true, hive_types = {{'published_date': DATE}})"
)
"""The files by name, as lines: a pattern would also read those that compaction has replaced, and
fail when one of them goes in mid-query."""


def without_files(sql: str) -> str:
    """The SQL of a view for as long as there are no Parquet files, which read_parquet refuses."""
    return sql.replace(PLACE, NO_FILES)


def point_texts(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Let the views of texts read the live files of this data folder, once there are some."""
    paths = live_paths(con)
    if paths:
        lines = "".join(f"\n{path}" for path in paths).replace("'", "''")
        files = FILES.format(paths=lines, root=_root(layout))
        con.execute(VIEW.read_text().replace(PLACE, files))


def texts_fit(con: duckdb.DuckDBPyConnection, layout: Layout) -> bool:
    """Whether the views of texts read the files of this data folder."""
    rows = con.execute(
        "SELECT 1 FROM duckdb_views() WHERE view_name = ? AND contains(sql, ?)",
        [VIEW.stem, _root(layout)],
    ).fetchall()
    return bool(rows) or not live_paths(con)


def live_paths(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The files of articles that the warehouse was loaded from, below the data folder."""
    rows = con.execute("SELECT DISTINCT path FROM files WHERE layer = 'articles' ORDER BY path")
    return [path for (path,) in rows.fetchall()]


def _root(layout: Layout) -> str:
    """The data folder as a SQL string in which nothing is a pattern."""
    path = re.sub(r"([*?\[])", r"[\1]", layout.root.absolute().as_posix())
    return "'" + path.replace("'", "''") + "'"
