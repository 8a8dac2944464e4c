"""Finds damage in the two DuckDB files, their manifests, and the histories beside them."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb

from warehouse.build import schema_version
from warehouse.build.checks_runner import failed_checks
from warehouse.build.loaded_audits import lost_audit_files
from warehouse.build.loaded_definitions import other_changes, other_topics
from warehouse.build.manifest import NAME, live_files, read_manifest
from warehouse.layers.documents import DocumentError
from warehouse.layers.findings import Finding, Kind, make_finding
from warehouse.layers.layout import Layout, published_load
from warehouse.layers.writer_lock import writer_lock
from warehouse.read.query import DatabaseDamaged, detect_damage, quoted


def manifest_findings(layout: Layout) -> Iterator[Finding]:
    """Manifests of snapshots that cannot be read."""
    for path in sorted(layout.warehouse.glob(f"snapshot-*/{NAME}")):
        try:
            read_manifest(path.parent)
        except DocumentError as error:
            yield error.finding


def table_findings(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Finding]:
    """A finding unless DuckDB can read the whole file, whose blocks have checksums."""
    try:
        with detect_damage(path):
            tables = con.execute(
                "SELECT database_name, table_name FROM duckdb_tables() WHERE NOT temporary"
            ).fetchall()
            for database, table in tables:
                con.execute(f'SELECT bit_xor(hash(t)) FROM "{database}"."{table}" AS t').fetchall()  # noqa: S608
    except DatabaseDamaged as error:
        yield error.finding


def writer_findings(layout: Layout) -> Iterator[Finding]:
    """A finding unless the loader's file can be read; waits for a load in progress."""
    path = layout.writer
    if not path.exists():
        yield Finding(path, "is not there", "the next load makes it again", "writer file")
        return
    with writer_lock(layout), duckdb.connect() as con:
        try:
            with detect_damage(path):
                con.execute(f"ATTACH {quoted(path)} AS news (READ_ONLY)")
        except DatabaseDamaged as error:
            yield error.finding
            return
        yield from table_findings(con, path)
        with suppress(duckdb.Error):  # damaged, which is already a finding
            [(load_no,)] = con.execute("SELECT max(load_no) FROM news.loads").fetchall()
            if (load_no or 0) < published_load(layout):
                problem = f"is older than the snapshot: of load {load_no}"
                yield Finding(path, problem, "the next load makes it again", "writer file")


def live_manifest_findings(con: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Finding]:
    """A manifest that is gone, or that lists other files than its snapshot was loaded from."""
    manifest = folder / NAME
    if not manifest.exists():
        yield make_finding("manifest", manifest, "is not there")
    elif read_manifest(folder) != live_files(con):
        yield make_finding(
            "manifest", manifest, "lists other files than the snapshot was loaded from"
        )


def lacking_histories(layout: Layout, con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Histories that lack entries of a DuckDB file: gone, or replaced by an earlier version."""
    histories: tuple[tuple[Kind, Path, bool], ...] = (
        ("definitions", layout.definitions, other_topics(con, layout)),
        ("topic changes", layout.topic_changes, other_changes(con, layout)),
    )
    for kind, path, is_other in histories:
        if is_other:
            problem = "lacks" if path.exists() else "is not there, yet"
            yield make_finding(kind, path, f"{problem} what the warehouse has")
    for name in sorted(lost_audit_files(con, layout)):
        yield make_finding(
            "audit", layout.root / name, "is not there, yet the warehouse has its rows"
        )


def check_findings(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Finding]:
    """Checks that find rows in the snapshot."""
    if schema_version.schema_versions(con) != {schema_version.SCHEMA_VERSION}:
        problem, remedy = "was made by another version", "the next load makes it again"
        yield Finding(path, problem, remedy, "snapshot")
        return
    for failed in failed_checks(con):
        yield make_finding("snapshot", path, " ".join(str(failed).split()))
