"""Finds damaged or missing documents, commits and Parquet files.

No snapshot is needed; if one can be read, its records are compared as well.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from warehouse.build import schema_version
from warehouse.build.index_vintages import other_vintages, unreadable_vintages
from warehouse.build.loaded_audits import changed_audit_files
from warehouse.build.loaded_definitions import recorded_changes
from warehouse.build.loader import loaded_commits
from warehouse.build.writer_file import opened_writer
from warehouse.damage.database_findings import lacking_histories
from warehouse.layers.audits import audit_findings, read_audits
from warehouse.layers.commits import (
    Commit,
    commit_of,
    committed_runs,
    read_commit,
    run_of_commit,
    with_current_files,
)
from warehouse.layers.compactions import (
    DAY_PREFIX,
    Compaction,
    compaction_path,
    compaction_paths,
    read_record,
)
from warehouse.layers.definitions import read_definitions
from warehouse.layers.documents import DocumentError
from warehouse.layers.findings import Finding, LayersBroken, lost_commit, make_finding
from warehouse.layers.layout import Layout, published_load
from warehouse.layers.leftovers import unnamed_files
from warehouse.layers.parquet import digest_problem, parquet_problem
from warehouse.read.query import QueryError, open_snapshot, snapshot
from warehouse.store.archive_files import SUFFIX, archive_files, removed_archives
from warehouse.store.link import is_working_copy, read_link


@dataclass(frozen=True, slots=True)
class Committed:
    """The readable commits of a data folder."""

    commits: tuple[Commit, ...]  # with their current files
    compactions: tuple[Compaction, ...]
    findings: tuple[Finding, ...]  # for those that cannot be read


def rows_of_files(commits: Iterable[Commit]) -> dict[tuple[str, str], int]:
    """Rows of the Parquet files of commits, by path below the data folder and SHA-256."""
    rows: dict[tuple[str, str], int] = {}
    # After compaction, commits share files: the rows of a file are the sum over its commits.
    for file in (file for commit in commits for file in commit.files):
        rows[file.path, file.sha256] = rows.get((file.path, file.sha256), 0) + file.rows
    return rows


def read_committed(layout: Layout) -> Committed:
    """Read all readable commits and records of compaction."""
    findings, commits, compactions = [], [], []
    for name in committed_runs(layout.commits):
        try:
            if commit := read_commit(layout.commits, name):
                commits.append(commit)
        except DocumentError as error:
            findings.append(error.finding)
    for path in compaction_paths(layout.commits):
        try:
            compactions.append(read_record(path))
        except DocumentError as error:
            findings.append(error.finding)
    current = with_current_files(commits, compactions)
    return Committed(tuple(current), tuple(compactions), tuple(findings))


_HISTORIES = (read_definitions, recorded_changes, removed_archives, read_link)


def require_readable(layout: Layout) -> None:
    """Raise the error of a document or a snapshot that is unreadable and needed by a load."""
    for read in (*_HISTORIES, read_audits):
        read(layout)
    if con := open_snapshot(layout):
        con.close()


def document_findings(layout: Layout) -> Iterator[Finding]:
    """Documents beside the layers that cannot be read, and vintages."""
    for read in _HISTORIES:
        try:
            read(layout)
        except DocumentError as error:
            yield error.finding
    yield from audit_findings(layout)
    yield from unreadable_vintages(layout)


def missing_commits(
    layout: Layout, committed: Committed, loading: Collection[str] = ()
) -> Iterator[Finding]:
    """Commits that are gone, as Parquet files, archive files, compactions or the snapshot show.

    The runs in `loading` have no commit yet.
    """
    names = set(committed_runs(layout.commits))
    runs = {run_of_commit(name) for name in names}
    parts = {
        commit_of(Path(part.path))
        for record in committed.compactions
        for file in record.files
        for part in file.parts
    }
    # Another machine may have archived files, and the later of two states of a store counts.
    is_shared = is_working_copy(layout)
    lost = (parts if is_shared else parts | lost_commits(layout)) - names
    yield from (lost_commit(layout, name) for name in sorted(lost))
    if committed.findings:
        return  # an unreadable commit may name the Parquet files that seem unnamed
    unnamed = unnamed_files(layout)
    for path in unnamed:
        name = commit_of(path)
        if name in names:
            yield unnamed_file(path)
        elif name.startswith(DAY_PREFIX):
            # The record of a compacted file is gone, or is an earlier version.
            layer, day = path.relative_to(layout.root).parts[0], name.removeprefix(DAY_PREFIX)
            record = compaction_path(layout.commits, layer, day)
            is_there = record.exists()
            problem = f"does not name {path.name}" if is_there else "is not there, yet its file is"
            yield make_finding("compaction", record, problem)
        elif name not in lost:
            lost.add(name)
            yield replace(lost_commit(layout, name), problem=f"is not there, yet {path.name} is")
    begun = {*loading, *(path.stem for path in layout.locks.glob("*.run"))}
    for name in () if is_shared else archive_files(layout):
        run_id = Path(name).name.removesuffix(SUFFIX)
        if run_id not in runs | lost | begun:
            lost.add(run_id)
            yield replace(lost_commit(layout, run_id), problem=f"is not there, yet raw/{name} is")


def lost_commits(layout: Layout) -> set[str]:
    """Commits that the snapshot was loaded from and that are gone; none without a snapshot."""
    with suppress(QueryError), snapshot(layout) as con:
        return loaded_commits(con) - set(committed_runs(layout.commits))
    return set()


def unnamed_file(path: Path) -> Finding:
    """The finding for a Parquet file of `unnamed_files`."""
    return make_finding(
        "parquet", path, "is named by no commit, but visible to readers of the folder"
    )


def parquet_findings(
    layout: Layout, files: Iterable[tuple[tuple[str, str], int]]
) -> Iterator[Finding]:
    """Files of `rows_of_files` that are gone, have other bytes, or cannot be read."""
    for (name, sha256), rows in files:
        path = layout.root / name
        if problem := parquet_problem(path, rows, sha256):
            yield make_finding("parquet", path, problem)


def changed_files(layout: Layout, commits: Iterable[Commit]) -> Iterator[Finding]:
    """Files of commits that are gone or have other bytes than were committed."""
    for file in (file for commit in commits for file in commit.files):
        path = layout.root / file.path
        if problem := digest_problem(path, file.sha256):
            yield make_finding("parquet", path, problem)


def require_whole_layers(layout: Layout, loading: Collection[str] = ()) -> None:
    """Raise LayersBroken unless the commits and their Parquet files are as they were written.

    The caller holds the writer's lock; the runs in `loading` are about to be committed.
    """
    committed = read_committed(layout)
    findings = [*committed.findings, *document_findings(layout)]
    if not findings:
        findings += missing_commits(layout, committed, loading)
        findings += parquet_findings(layout, rows_of_files(committed.commits).items())
        if not is_working_copy(layout):
            with suppress(QueryError, duckdb.Error), snapshot(layout) as con:
                if schema_version.schema_versions(con) == {schema_version.SCHEMA_VERSION}:
                    findings += lacking_histories(layout, con)
                    findings += changed_audit_files(con, layout)
    if findings:
        raise LayersBroken(findings)


def require_vintages(layout: Layout) -> None:
    """Raise LayersBroken when vintages of the index are not those of the snapshot.

    The caller holds the writer's lock. A load that is not published yet may have changed them.
    """
    findings: list[Finding] = []
    with suppress(QueryError, duckdb.Error):
        if layout.writer.exists():
            with opened_writer(layout) as con:
                [(last,)] = con.execute("SELECT max(load_no) FROM loads").fetchall()
            if last and last > published_load(layout):
                return
    with suppress(QueryError, duckdb.Error), snapshot(layout) as con:
        if schema_version.schema_versions(con) == {schema_version.SCHEMA_VERSION}:
            findings += other_vintages(con, layout)
    if findings:
        raise LayersBroken(findings)
