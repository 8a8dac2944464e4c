"""The texts of articles for SQL: a view over the Parquet files of the data folder.

DuckDB cannot read a path from a table, and resolves a view's relative path in the reader's own
folder. So the macro that lists the view's files contains the data folder's absolute path, and is
replaced when that has changed; a reader can override it with the variable `presswatch_data`. The
view itself is created once, since DuckDB then opens every file: 13 ms for two thousand.
"""

import glob
from pathlib import Path

import duckdb

from warehouse.layers.layout import Layout
from warehouse.read.query import quoted

VIEW = Path(__file__).parents[1] / "marts" / "article_version_texts.sql"
LIST = Path(__file__).parents[1] / "macros" / "article_files.sql"
ARTICLES = "{articles}"
NO_FILES = "(SELECT *, NULL::VARCHAR AS body FROM article_versions LIMIT 0)"
FILES = (
    "read_parquet(article_files(), hive_partitioning = true, hive_types = {'published_date': DATE})"
)


def without_files(sql: str) -> str:
    """The SQL of a relation without Parquet files, since read_parquet needs at least one."""
    return _with_paths(sql.replace(ARTICLES, NO_FILES), [], "")


def point_texts(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Point the views of texts to the live files of this data folder, if there are any."""
    paths = live_paths(con)
    if paths:
        con.execute(_with_paths(LIST.read_text(), paths, _root(layout)))
        if not _reads_files(con):
            con.execute(VIEW.read_text().replace(ARTICLES, FILES))


def texts_fit(con: duckdb.DuckDBPyConnection, layout: Layout) -> bool:
    """Whether the views of texts read the files of this data folder."""
    if not _reads_files(con):
        return not live_paths(con)
    ((first,),) = con.execute("SELECT article_files()[1]").fetchall()
    return str(first).startswith(_root(layout) + "/")


def _reads_files(con: duckdb.DuckDBPyConnection) -> bool:
    rows = con.execute(
        "SELECT 1 FROM duckdb_views() WHERE view_name = ? AND contains(sql, ?)",
        [VIEW.stem, f"{LIST.stem}()"],
    ).fetchall()
    return bool(rows)


def _with_paths(sql: str, paths: list[str], root: str) -> str:
    lines = "".join(f"\n{path}" for path in paths)
    return sql.replace("{paths}", quoted(lines)).replace("{root}", quoted(root))


def live_paths(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The files of articles that the warehouse was loaded from, below the data folder."""
    rows = con.execute("SELECT DISTINCT path FROM files WHERE layer = 'articles' ORDER BY path")
    return [path for (path,) in rows.fetchall()]


def _root(layout: Layout) -> str:
    """The data folder, escaped for read_parquet, which takes its paths as glob patterns."""
    return glob.escape(layout.root.absolute().as_posix())
