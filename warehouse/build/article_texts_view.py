"""The texts of articles for SQL: a view over the Parquet files of the data folder.

DuckDB takes no path from a table, and a view's relative path means the reader's own folder. So the
macro that lists the view's files bears the data folder's absolute path, and is written again when
that has changed; a reader can say otherwise with the variable `presswatch_data`. The view itself is
made once: to make it DuckDB looks at every file, 13 ms for two thousand.
"""

import re
from pathlib import Path

import duckdb

from warehouse.layers.layout import Layout
from warehouse.read.query import quoted

VIEW = Path(__file__).parents[1] / "schema" / "article_version_texts.sql"
LIST = Path(__file__).parents[1] / "macros" / "article_files.sql"
PLACE = "{articles}"
NO_FILES = "(SELECT *, NULL::VARCHAR AS body FROM article_versions LIMIT 0)"
FILES = (
    "read_parquet(article_files(), hive_partitioning = true, hive_types = {'published_date': DATE})"
)


def without_files(sql: str) -> str:
    """The SQL of a relation while there are no Parquet files, which read_parquet refuses."""
    return _listing(sql.replace(PLACE, NO_FILES), [], "")


def point_texts(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Let the views of texts read the live files of this data folder, once there are some."""
    paths = live_paths(con)
    if paths:
        con.execute(_listing(LIST.read_text(), paths, _root(layout)))
        if not _is_made_with_files(con):
            con.execute(VIEW.read_text().replace(PLACE, FILES))


def texts_fit(con: duckdb.DuckDBPyConnection, layout: Layout) -> bool:
    """Whether the views of texts read the files of this data folder."""
    if not _is_made_with_files(con):
        return not live_paths(con)
    ((first,),) = con.execute("SELECT article_files()[1]").fetchall()
    return str(first).startswith(_root(layout) + "/")


def _is_made_with_files(con: duckdb.DuckDBPyConnection) -> bool:
    rows = con.execute(
        "SELECT 1 FROM duckdb_views() WHERE view_name = ? AND contains(sql, ?)",
        [VIEW.stem, f"{LIST.stem}()"],
    ).fetchall()
    return bool(rows)


def _listing(sql: str, paths: list[str], root: str) -> str:
    lines = "".join(f"\n{path}" for path in paths)
    return sql.replace("{paths}", quoted(lines)).replace("{root}", quoted(root))


def live_paths(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The files of articles that the warehouse was loaded from, below the data folder."""
    rows = con.execute("SELECT DISTINCT path FROM files WHERE layer = 'articles' ORDER BY path")
    return [path for (path,) in rows.fetchall()]


def _root(layout: Layout) -> str:
    """The data folder, in which nothing is a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", layout.root.absolute().as_posix())
