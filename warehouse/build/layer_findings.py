"""What is damaged or missing among commits, documents, Parquet files and DuckDB files."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from warehouse.build.loaded_definitions import recorded_changes
from warehouse.build.manifest import NAME, read_manifest
from warehouse.layers.commits import (
    Commit,
    Compaction,
    committed_runs,
    read_commits,
    unnamed_files,
)
from warehouse.layers.definitions import read_definitions
from warehouse.layers.documents import DocumentError, decode
from warehouse.layers.findings import PARQUET, Finding, LayersBroken, lost_commit
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import parquet_problem
from warehouse.layers.writer_lock import writer_lock
from warehouse.read.query import (
    REBUILD,
    DatabaseDamaged,
    damage_named,
    quoted,
    snapshot_records,
)


def document_findings(layout: Layout) -> Iterator[Finding]:
    """Documents that cannot be read: commits, compactions, histories."""
    for path in sorted(layout.commits.glob("[!.]*.json")):
        yield from _unreadable(path, Commit)
    for path in sorted((layout.commits / "compacted").glob("[!.]*.json")):
        yield from _unreadable(path, Compaction)
    for read in (read_definitions, recorded_changes):
        try:
            read(layout)
        except DocumentError as error:
            yield of_document(error)


def manifest_findings(layout: Layout) -> Iterator[Finding]:
    """Manifests of snapshots that cannot be read."""
    for path in sorted(layout.warehouse.glob(f"snapshot-*/{NAME}")):
        try:
            read_manifest(path.parent)
        except DocumentError as error:
            yield of_document(error)


def of_document(error: DocumentError) -> Finding:
    """A document's error as a finding."""
    return Finding(Path(str(error.name)), error.problem, error.remedy)


def _unreadable(path: Path, kind: type[object]) -> Iterator[Finding]:
    try:
        decode(kind, path.read_bytes(), path)
    except DocumentError as error:
        yield of_document(error)


def lost_runs(layout: Layout) -> list[str]:
    """Runs that the snapshot was loaded from and that have no commit; none without a snapshot."""
    try:
        rows = snapshot_records(layout, "SELECT run_id FROM runs")
    except DatabaseDamaged:
        return []
    return sorted({row["run_id"] for row in rows} - set(committed_runs(layout.commits)))


def unnamed_findings(layout: Layout) -> Iterator[Finding]:
    """Parquet files that no commit names, as when a commit or a record of compaction is lost."""
    yield from map(unnamed_file, unnamed_files(layout))


def unnamed_file(path: Path) -> Finding:
    """The finding for one of `unnamed_files`."""
    problem = "is named by no commit, but seen by who reads the folder by a pattern"
    return Finding(path, problem, "restore its commit from a backup, or move it away")


def require_whole_layers(layout: Layout) -> None:
    """Raise LayersBroken unless the commits and their Parquet files are as they were written.

    The caller holds the writer's lock.
    """
    findings = list(document_findings(layout))
    if not findings:
        findings += (lost_commit(layout, run_id) for run_id in lost_runs(layout))
        findings += unnamed_findings(layout)
        commits = read_commits(layout.commits, committed_runs(layout.commits))
        # After compaction, runs have files in common: the rows of a file are those of all.
        rows: dict[tuple[str, str], int] = {}
        for file in (file for commit in commits for file in commit.files):
            rows[file.path, file.sha256] = rows.get((file.path, file.sha256), 0) + file.rows
        for (name, sha256), count in rows.items():
            path = layout.root / name
            if problem := parquet_problem(path, count, sha256):
                findings.append(Finding(path, problem, PARQUET))
    if findings:
        raise LayersBroken(findings)


def table_findings(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Finding]:
    """Whether DuckDB can read all of its file, whose blocks have checksums."""
    try:
        with damage_named(path):
            tables = con.execute(
                "SELECT database_name, table_name FROM duckdb_tables() WHERE NOT temporary"
            ).fetchall()
            for database, table in tables:
                con.execute(f'SELECT bit_xor(hash(t)) FROM "{database}"."{table}" AS t').fetchall()  # noqa: S608
    except DatabaseDamaged as error:
        yield Finding(path, error.problem, REBUILD)


def writer_findings(layout: Layout) -> Iterator[Finding]:
    """Whether the loader's file can be read; a load that is at work is waited for."""
    path = layout.writer
    if not path.exists():
        yield Finding(path, "is not there", "the next load makes it again")
        return
    with writer_lock(layout), duckdb.connect() as con:
        try:
            with damage_named(path):
                con.execute(f"ATTACH {quoted(path)} AS news (READ_ONLY)")
        except DatabaseDamaged as error:
            yield Finding(path, error.problem, REBUILD)
            return
        yield from table_findings(con, path)
