"""Reading the current snapshot. Readers and the loader never block each other."""

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.layers.commits import committed_runs
from warehouse.layers.findings import REMEDIES, Finding, Kind, make_finding
from warehouse.layers.layout import Layout

# Statement types that a person's query may contain. A snapshot is opened read-only, so CREATE can
# make only temporary objects.
READING = frozenset(
    {
        duckdb.StatementType.SELECT,
        duckdb.StatementType.EXPLAIN,
        duckdb.StatementType.MULTI,
        duckdb.StatementType.SET,
        duckdb.StatementType.PRAGMA,
        duckdb.StatementType.CREATE,
    }
)
HOLDING_OTHERS = {duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}
WORD = re.compile(rb"\w+")
# DuckDB's errors for a file whose bytes are not those that it wrote.
_DAMAGED = (
    *("not a valid DuckDB", "Could not read enough bytes", "Corrupt", "does not match stored"),
    *("database has been invalidated", "deserialize", "INTERNAL Error"),
)
_ORIGINAL = "Original error: "

NO_DISPERSION = (
    "CREATE TEMP VIEW topic_dispersion AS SELECT '' AS topic_id, '' AS source_id,"
    " NULL::DOUBLE AS variation, 0 AS pairs WHERE false"
)


class QueryError(Exception):
    """There is no snapshot yet, or it is damaged, or DuckDB cannot answer the query."""


class DatabaseDamaged(QueryError):  # noqa: N818 - named for a state
    """A DuckDB file is damaged; the message names it and the remedy."""

    def __init__(self, path: Path | str, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = Path(path), problem

    def __str__(self) -> str:
        return str(self.finding)

    @property
    def finding(self) -> Finding:
        """The error as a finding."""
        kind: Kind = "writer file" if self.path.parent.name == "writer" else "snapshot"
        return make_finding(kind, self.path, self.problem)


@contextmanager
def detect_damage(path: Path | str) -> Iterator[None]:
    """Raise DatabaseDamaged if DuckDB reports its file as damaged."""
    try:
        yield
    except duckdb.Error as error:
        # DuckDB also invalidates a file that it could not write, for example on a full disk: the
        # original error shows whether it is damaged.
        text = " ".join(str(error).split())
        reason = text.rpartition(_ORIGINAL)[2]
        if not any(sign in reason for sign in _DAMAGED):
            raise
        raise DatabaseDamaged(path, f"is damaged: {reason[:200]}") from error


def open_snapshot(layout: Layout) -> duckdb.DuckDBPyConnection | None:
    """Open the current snapshot read-only, with times in UTC; None when there is none yet."""
    # DuckDB shares open files by path: through `current` all connections of a process would read
    # the snapshot of the first one.
    path = layout.current.resolve()
    # Path.exists raises for a folder that may not be read.
    if not os.path.exists(path):  # noqa: PTH110
        return None
    with detect_damage(path):
        con = duckdb.connect(path, read_only=True)
        con.execute("SET TimeZone = 'UTC'")
        [(load_no,)] = con.execute("SELECT max(load_no) FROM loads").fetchall()
        # A snapshot of a version before 0.2 lacks it.
        if not has_table(con, "topic_dispersion"):
            con.execute(NO_DISPERSION)
    folder = path.parent.name
    if folder.startswith("snapshot-") and folder != f"snapshot-{load_no}":
        con.close()
        raise DatabaseDamaged(path, f"is not of this folder: load {load_no} made it")
    return con


def columns_of(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """The columns of a table or view; empty if it is missing, as in files of earlier versions."""
    # Without duckdb_columns(), whose first use takes each connection 6 ms of CPU (DuckDB 2.0.1).
    try:
        described = con.execute(f"SELECT * FROM {name} LIMIT 0").description  # noqa: S608
    except duckdb.CatalogException:
        return []
    return [column for column, *_ in described or ()]


def has_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether there is a table or view of this name: files of earlier versions lack some."""
    return bool(columns_of(con, name))


def open_existing_snapshot(layout: Layout) -> duckdb.DuckDBPyConnection:
    """Open the current snapshot as `open_snapshot` does; QueryError when there is none yet."""
    con = open_snapshot(layout)
    if con is None:
        if committed_runs(layout.commits):
            raise QueryError(f"{layout.current} is not there; {REMEDIES['snapshot']}")
        raise QueryError(f"{layout.current} is not there yet: run `presswatch ingest` first")
    return con


@contextmanager
def snapshot(layout: Layout) -> Iterator[duckdb.DuckDBPyConnection]:
    """The current snapshot of `open_existing_snapshot`, closed after the body."""
    with open_existing_snapshot(layout) as con, detect_damage(layout.current):
        yield con


@contextmanager
def keep_snapshot_open(layout: Layout) -> Iterator[None]:
    """Keep the current snapshot open, for many short queries of this process."""
    # Opening it takes 20 ms of CPU, but 0.2 ms while another connection is open (DuckDB 2.0.1).
    con = open_snapshot(layout)
    try:
        yield
    finally:
        if con:
            con.close()


@contextmanager
def user_query(
    layout: Layout, sql: str, writes: Path | None = None
) -> Iterator[duckdb.DuckDBPyRelation | None]:
    """A person's query on the current snapshot: a relation to read within the body, or None.

    The query can read only the snapshot and the article files, and writes nothing; the body may
    write the file `writes`. QueryError with a message of one line.
    """
    with snapshot(layout) as con, _errors_in_a_line(), detect_damage(layout.current):
        _refuse_writing(con, sql)
        confine(con, layout, writes)
        # The views of texts have the data folder's path at the last load; it may have been moved.
        root = glob.escape(layout.root.absolute().as_posix())
        con.execute("SET VARIABLE presswatch_data = ?", [root])
        con.execute("SET lock_configuration = true")
        yield con.sql(sql)


def query(layout: Layout, sql: str) -> pa.Table:
    """The result of one SQL query on the current snapshot; QueryError with one line."""
    with snapshot(layout) as con, _errors_in_a_line(), detect_damage(layout.current):
        relation = con.sql(sql)
        return pa.table({}) if relation is None else relation.to_arrow_table()


@contextmanager
def _errors_in_a_line() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        # The message with the number of the line, without the excerpt of the query.
        text, marker, excerpt = str(error).partition("\n\nLINE ")
        line = f" (line {excerpt.partition(':')[0]})" if marker else ""
        raise QueryError(" ".join(text.split()) + line) from error


def _refuse_writing(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """QueryError for a statement that may write, since COPY can write wherever DuckDB can read.

    Also for none: a script whose variable is not set would take no rows for the answer.
    """
    kinds = [statement.type for statement in con.extract_statements(sql)]
    if not kinds:
        raise QueryError("the query is empty")
    refused = [kind.name for kind in kinds if kind not in READING]
    # EXPLAIN ANALYZE runs what it explains, and a statement of several may hold COPY (PIVOT ...).
    if not HOLDING_OTHERS.isdisjoint(kinds):
        text = sql.encode()  # the offsets of tokens count bytes
        words = (
            WORD.match(text, at)
            for at, kind in duckdb.tokenize(sql)
            if kind == duckdb.token_type.keyword
        )
        refused += ["COPY" for word in words if word and word[0].upper() == b"COPY"]
    if refused:
        raise QueryError(f"{refused[0]} is refused: a query reads the warehouse and writes nothing")


def confine(con: duckdb.DuckDBPyConnection, layout: Layout, writes: Path | None = None) -> None:
    """Keep a connection, and all others to the same file, to the snapshot and the article files."""
    if con.execute("SELECT NOT current_setting('enable_external_access')").fetchall() == [(True,)]:
        return  # done by another connection of this process, which shares the settings
    root = layout.articles.absolute().as_posix()
    # The views of texts name the files as escaped patterns.
    con.execute("SET allowed_directories = ?", [[root, glob.escape(root)]])
    if writes:
        # DuckDB replaces an existing file by a temporary one beside it.
        files = [str(writes.absolute()), str(writes.absolute().with_name(f"tmp_{writes.name}"))]
        con.execute("SET allowed_paths = ?", [files])
    con.execute("SET enable_external_access = false")


def records(
    con: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Sequence[object] | Mapping[str, object] = (),
) -> list[dict[str, Any]]:
    """The rows of a query, by column name, with times in UTC."""
    # Through Arrow: fetchall() needs pytz for a TIMESTAMPTZ.
    given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
    relation = con.sql(sql, params=given)
    rows: list[dict[str, Any]] = relation.to_arrow_table().to_pylist()
    return rows


def snapshot_records(
    layout: Layout,
    sql: str,
    parameters: Sequence[object] | Mapping[str, object] = (),
    needs: str = "",  # a table that snapshots of earlier versions lack
) -> list[dict[str, Any]]:
    """The `records` of a query on the current snapshot; none without it, or what it needs."""
    con = open_snapshot(layout)
    if con is None:
        return []
    with con, detect_damage(layout.current):
        return records(con, sql, parameters) if not needs or has_table(con, needs) else []


def quoted(text: str | Path) -> str:
    """A text or a path as a string literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"
