"""Builds the warehouse in the loader's private DuckDB file, one transaction per load."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.build import schema_version
from warehouse.build.article_texts_view import point_texts, without_files
from warehouse.build.checks_runner import run_checks
from warehouse.build.mart_merge import note_last_rows, relations_read
from warehouse.build.sql_files import read_relations, read_sql, sql_hash
from warehouse.build.writer_file import allow_all_history, drop_writer, opened_writer, use_all_cores
from warehouse.layers.commits import Commit, committed_runs, layer_files, read_commits
from warehouse.layers.findings import LayersBroken, lost_commit
from warehouse.layers.layout import Layout, published_load
from warehouse.layers.parquet_schemas import UTC_TIME
from warehouse.memory_allocators import limit_arenas, release_memory
from warehouse.read.query import columns_of, has_table

# Attempts of one load, or articles when all history is read, from which on all cores are used.
MANY_ROWS = 20_000
# Columns of article_versions, text_sketches and captures that the load computes.
DERIVED = {
    "body_chars": "length(body)",
    "body_key": "md5_number_lower(body)",
    "minhash": "minhash::BIT",
    "moment": "coalesce(published_at, fetched_at)",
    "url_hash": "md5_number_lower(url_requested)",
}
# For captures of earlier versions, whose files lack the column.
OBTAINED_FROM = """
    UPDATE captures
    SET obtained_from = CASE WHEN kind = 'file' THEN 'file'
                             WHEN flow = 'backfill' THEN 'warc' ELSE 'source' END
    FROM (SELECT run_id, any_value(flow) AS flow FROM commits SEMI JOIN new_runs USING (run_id)
          GROUP BY run_id) AS loaded
    WHERE captures.run_id = loaded.run_id AND obtained_from IS NULL
"""
# Columns of `commits`; all except its id are fields of Commit.
COMMITS = pa.schema(
    [
        ("commit_id", pa.string()),
        ("run_id", pa.string()),
        ("sequence", pa.int32()),
        ("flow", pa.string()),
        ("started_at", UTC_TIME),
        ("finished_at", UTC_TIME),
        ("extractor_version", pa.string()),
        ("warcs", pa.list_(pa.string())),
        ("attempts", pa.int64()),
    ]
)

Connection = duckdb.DuckDBPyConnection


@contextmanager
def open_writer(layout: Layout) -> Iterator[Connection]:
    """Open the loader's file, rebuilt when it is missing or unusable; close it after the body.

    It is unusable if an earlier SCHEMA_VERSION made it, if it is older than the snapshot, or, in a
    working copy of a store, if a commit that it has loaded is gone. Without a store a lost commit
    raises LayersBroken, since a rebuild would lose its rows. DocumentError for a later
    SCHEMA_VERSION. The caller holds the writer's lock.
    """
    limit_arenas()
    try:
        with _usable_file(layout) as con:
            if not (has_table(con, "loads") and last_load(con)):
                with transaction(con):
                    make_relations(con)
            yield con
    finally:
        release_memory()


@contextmanager
def _usable_file(layout: Layout) -> Iterator[Connection]:
    with opened_writer(layout) as con:
        schema_version.refuse_newer(con, layout.writer)
        has_loads = has_table(con, "loads")
        loaded = loaded_commits(con) if has_loads else set[str]()
        lost = sorted(loaded.difference(committed_runs(layout.commits)))
        if lost and not layout.link.exists():
            raise LayersBroken([lost_commit(layout, name) for name in lost])
        is_current = schema_version.schema_versions(con) <= {schema_version.SCHEMA_VERSION}
        is_older = has_loads and 0 < last_load(con) < published_load(layout)
        if is_current and not lost and not is_older:
            yield con
            return
    drop_writer(layout)
    with opened_writer(layout) as con:
        yield con


def lacks_commits(layout: Layout) -> bool:
    """Whether a commit is not in the loader's file; the caller holds the writer's lock."""
    with open_writer(layout) as con:
        return not loaded_commits(con).issuperset(committed_runs(layout.commits))


@contextmanager
def transaction(con: Connection) -> Iterator[None]:
    """Commit at the end of the body; roll back when it raises."""
    con.begin()
    try:
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


def make_relations(con: Connection) -> None:
    """Create missing tables, and all views and macros, with their comments."""
    texts = read_relations()
    reads = {name: (relations_read(text) & texts.keys()) - {name} for name, text in texts.items()}
    macros = read_sql("macros")
    for name in ("share_interval", "counts_in"):  # views call them
        con.execute(macros[name])
    # A view is created after the relations that it reads.
    for name in TopologicalSorter(reads).static_order():
        con.execute(without_files(texts[name]))
    for text in macros.values():
        con.execute(without_files(text))


def update_relations(con: Connection) -> None:
    """Replace views, macros and comments when their SQL has changed since the last load.

    Tables stay: a change of those raises SCHEMA_VERSION. Call `point_texts` after it.
    """
    last = con.execute("SELECT sql_hash FROM loads ORDER BY load_no DESC LIMIT 1").fetchall()
    if last not in ([], [(sql_hash(),)]):
        views = con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        for (name,) in views:
            con.execute(f"DROP VIEW {name}")
        make_relations(con)


def loaded_commits(con: Connection) -> set[str]:
    """Ids of the commits in the file; in a file of an earlier version, ids of its runs."""
    ids = "commit_id FROM commits" if has_table(con, "commits") else "run_id FROM runs"
    return {row[0] for row in con.execute(f"SELECT {ids}").fetchall()}


def last_sequence(con: Connection) -> int:
    """The highest sequence number of the commits in the file."""
    return _number(con, "SELECT coalesce(max(sequence), 0) FROM commits")


def last_load(con: Connection) -> int:
    """Number of the last load; 0 before the first."""
    return _number(con, "SELECT coalesce(max(load_no), 0) FROM loads")


def next_load(con: Connection, layout: Layout) -> int:
    """Number of the next load; after a lost DuckDB file it follows the published one."""
    return max(last_load(con), published_load(layout)) + 1


def _number(con: Connection, sql: str) -> int:
    return int(con.execute(sql).fetchall()[0][0])


def begin_load(con: Connection) -> None:
    """Create the temporary tables that a load fills, within its transaction."""
    con.execute("CREATE OR REPLACE TEMP TABLE new_runs (run_id VARCHAR)")
    note_last_rows(con)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE source_definitions AS"
        " SELECT source_id, name, country, language, timezone, expected_low, expected_high,"
        " is_configured, kind, collection FROM sources LIMIT 0"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE recounted (topic_id VARCHAR)")


def add_commits(con: Connection, layout: Layout, commits: Sequence[Commit]) -> None:
    """Read the rows of commits from their Parquet files."""
    if not commits:
        return
    # A load of 194,000 captures ran out of 256 MB.
    if sum(commit.attempts for commit in commits) > MANY_ROWS:
        allow_all_history(con)
        use_all_cores(con)
    # `commit_id` is the only name that is not a field.
    rows = [{name: getattr(one, name, one.id) for name in COMMITS.names} for one in commits]
    insert(con, "commits", pa.Table.from_pylist(rows, COMMITS))
    insert(con, "new_runs", [{"run_id": commit.run_id} for commit in commits])
    add_files(con, commits)
    for layer, table in (
        ("articles", "article_versions"),
        ("articles", "text_sketches"),
        ("captures", "captures"),
        ("stripped_blocks", "stripped_blocks"),
    ):
        insert_parquet(con, table, layer_files(layout, commits, layer))
    con.execute(OBTAINED_FROM)


def add_files(con: Connection, commits: Iterable[Commit]) -> None:
    """Record which files contain the rows of which commit."""
    pairs = ((commit, file) for commit in commits for file in commit.files)
    rows = [{"commit_id": one.id, "run_id": one.run_id, **asdict(file)} for one, file in pairs]
    insert(con, "files", rows)


def insert_parquet(con: Connection, table: str, paths: Sequence[Path]) -> None:
    """Append the rows of Parquet files to a table, by column name.

    A column that a file of an earlier version lacks is NULL.
    """
    if not paths:
        return
    columns = columns_of(con, table)
    stored = tuple(name for name in columns if name not in DERIVED)
    derived = "".join(f", {DERIVED[name]} AS {name}" for name in columns if name in DERIVED)
    dated = ", hive_partitioning = true, hive_types = {'published_date': DATE}"
    con.execute(
        f"INSERT INTO {table} BY NAME SELECT COLUMNS(lambda c: c IN {stored}){derived}"  # noqa: S608
        " FROM read_parquet(?, union_by_name = true"
        f"{dated if table == 'article_versions' else ''})",
        [[str(path) for path in paths]],
    )


def insert(con: Connection, table: str, rows: pa.Table | list[dict[str, Any]]) -> None:
    """Append rows to a table, by column name."""
    if isinstance(rows, list):
        if not rows:  # they would have no columns
            return
        rows = pa.Table.from_pylist(rows)
    con.register("arrow_rows", rows)
    con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM arrow_rows")  # noqa: S608
    con.unregister("arrow_rows")


def follow_files(con: Connection, layout: Layout, now: datetime) -> bool:
    """Update `files` and the views of texts after a compaction, as a load of its own.

    The caller holds the writer's lock. Returns whether anything changed. CheckFailed, and nothing
    is changed, when the files do not hold the rows that were loaded.
    """
    commits = read_commits(layout.commits, loaded_commits(con))
    current = {(commit.id, file.layer, file.path) for commit in commits for file in commit.files}
    if set(con.execute("SELECT commit_id, layer, path FROM files").fetchall()) == current:
        return False
    with transaction(con):
        con.execute("DELETE FROM files")
        add_files(con, commits)
        point_texts(con, layout)
        record_load(con, next_load(con, layout), now, (), ())
        run_checks(con, "files_complete", "files_one_content")
    return True


def record_load(
    con: Connection, load_no: int, now: datetime, run_ids: Sequence[str], recounted: Sequence[str]
) -> None:
    """Record when the file changed, with the loaded runs and the topics counted again."""
    row = [load_no, now, list(run_ids), list(recounted), sql_hash(), schema_version.SCHEMA_VERSION]
    con.execute("INSERT INTO loads VALUES (?, ?, ?, ?, ?, ?)", row)
