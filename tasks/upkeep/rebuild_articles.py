"""Rebuilds the Parquet layers from the raw archive."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.partition.partitions import Run, partition
from tasks.partition.versions import known_versions
from warehouse.build import loader
from warehouse.build.checks_runner import run_checks
from warehouse.build.schema_version import refuse_newer_writer
from warehouse.build.writer_file import drop_writer
from warehouse.damage.layer_findings import (
    changed_files,
    document_findings,
    lost_commits,
    read_committed,
    unnamed_file,
)
from warehouse.layers.commits import (
    Commit,
    commit_of,
    part_parameters,
    read_commit,
    read_commits,
    warc_name,
    write_commit,
)
from warehouse.layers.compactions import compacted_files, read_compactions
from warehouse.layers.findings import BACKUP, Finding, LayersBroken, lost_commit, make_finding
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import mark_begun, mark_done, swap_commits, sweep, unnamed_files
from warehouse.layers.parquet import write_parquet
from warehouse.read.query import snapshot_records
from warehouse.store.working_copy import pulled_and_pushed

# The remedy for a run that can neither keep its rows nor be rebuilt.
REMEDY = (
    "restore it or the run's archive files from a backup; to go on without the run, delete its"
    " Parquet files and the folder `warehouse`"
)

log = logging.getLogger(__name__)

# Columns of the rebuilt runs that are needed to number the versions of the next run.
NUMBERED = {
    "article_versions": "article_id UUID, version_no INTEGER, source_id VARCHAR, capture_id UUID,"
    " body_sha256 VARCHAR, page_sha256 VARCHAR, raw_ref VARCHAR,"
    " fetched_at TIMESTAMPTZ, first_seen_at TIMESTAMPTZ, published_at TIMESTAMPTZ,"
    " is_truncated BOOLEAN",
    "captures": "capture_id UUID, outcome VARCHAR, article_id UUID, version_no INTEGER",
}
NUMBERED_CHECKS = ("article_versions_differ", "article_versions_numbered", "captures_article")


def rebuild_articles(
    layout: Layout, refine_run: Callable[[Commit], Run | None]
) -> tuple[list[Commit], list[Finding]]:
    """Rebuild the Parquet layers from the raw archive, commit by commit in their order.

    `refine_run` refines a commit's archive files again, and returns None when it has none; if an
    archive file is gone or damaged, the commit keeps its old rows. All or nothing: the commits are
    swapped at the end. The writer's file is dropped, so the next load reads the new layer. A lost
    commit is made again if the snapshot has its record.

    Returns the commits, and the damaged records of runs whose old rows are damaged as well: these
    are lost. CheckFailed, and nothing is changed, when the versions of a run that keeps its old
    files do not continue the new versions before it, for example because a better rule finds no
    article there. LayersBroken, and nothing is changed, when a document is damaged or a run can
    neither keep its rows nor be rebuilt.
    """
    with pulled_and_pushed(layout, log.info):
        refuse_newer_writer(layout)
        sweep(layout)
        findings = [*read_committed(layout).findings, *document_findings(layout)]
        if findings:
            raise LayersBroken(findings)
        old = read_commits(layout.commits)
        lost = _lost_commits(layout)
        unnamed = [path for path in unnamed_files(layout) if commit_of(path) not in lost]
        if unnamed:
            raise LayersBroken([unnamed_file(path) for path in unnamed])
        ordered = sorted([*old, *lost.values()], key=lambda commit: commit.sequence)
        with duckdb.connect() as numbered:
            for table, columns in NUMBERED.items():
                numbered.execute(f"CREATE TABLE {table} ({columns})")
            new = [
                _rebuild_run(numbered, layout, commit, refine_run, findings) for commit in ordered
            ]
            run_checks(numbered, *NUMBERED_CHECKS)
        drop_writer(layout)
        if new:
            swap_commits(layout)
        for path in unnamed_files(layout):
            path.unlink()  # of a run whose commit was lost
    return new, findings


def _lost_commits(layout: Layout) -> dict[str, Commit]:
    """Lost commits that the snapshot was loaded from, from its record of them.

    LayersBroken for backfills, since only their commits name the archives that they were made from,
    and for commits of which a snapshot of 0.1 has no record.
    """
    columns = "run_id, sequence, flow, started_at, finished_at, extractor_version, warcs"
    missing = sorted(lost_commits(layout))
    if not missing:
        return {}
    sql = (
        f"SELECT commit_id, {columns} FROM commits WHERE commit_id IN (SELECT unnest(?::VARCHAR[]))"  # noqa: S608
    )
    rows = snapshot_records(layout, sql, [missing], needs="commits")
    known = {row.pop("commit_id"): row for row in rows if row["flow"] != "backfill"}
    if broken := [lost_commit(layout, name) for name in missing if name not in known]:
        raise LayersBroken(broken)
    return {
        name: Commit(
            **row | {"warcs": tuple(row["warcs"])},
            files=(),
            outcomes={},
            parameters=part_parameters(name),
        )
        for name, row in known.items()
    }


def _rebuild_run(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    old: Commit,
    refine_run: Callable[[Commit], Run | None],
    lost: list[Finding],  # gets the damaged records whose rows are lost
) -> Commit:
    run = refine_run(old)
    archived = {warc_name(layout, batch.warc) for batch in run.batches} if run else set()
    is_there = archived.issuperset(old.warcs)
    damage = list(_archive_damage(run, old, is_there=is_there)) if run else []
    broken = []
    if not run or not is_there or damage:
        broken = [replace(each, remedy=BACKUP) for each in changed_files(layout, [old])]
        if not old.files:
            broken.insert(0, replace(lost_commit(layout, old.id), remedy=REMEDY))
    commit = None
    if run and is_there and (broken or not damage):
        lost += damage
        about = replace(
            run,
            flow=old.flow,
            started_at=old.started_at,
            finished_at=old.finished_at,
            parameters=old.parameters,
        )
        known, folder = partial(known_versions, con), layout.next_commits
        commit = partition(layout, about, known, sequence=old.sequence, commits=folder)
    elif broken:
        raise LayersBroken(broken)
    if not commit:
        why = "an archive file is damaged" if damage else "not all of its archive files are there"
        log.warning("run %s keeps its rows as they are: " + why, old.id)
        commit = _copy_commit(layout, old)
    loader.insert_parquet(con, "article_versions", commit.paths(layout, "articles"))
    loader.insert_parquet(con, "captures", commit.paths(layout, "captures"))
    return commit


def _archive_damage(run: Run, old: Commit, *, is_there: bool) -> Iterator[Finding]:
    """Damaged records, and files with fewer captures than the commit, such as earlier versions."""
    for batch in run.batches:
        for each in batch.damage:
            problem = f"{each.reason}: the record is lost"
            yield make_finding("archive record", Path(batch.warc), problem, each.offset)
    for batch in run.batches if is_there and old.flow != "backfill" else ():
        committed = sum(old.outcomes.get(batch.source_id, {}).values())
        with pa.memory_map(str(batch.stage / "captures.arrow")) as staged:
            captures = pa.ipc.open_file(staged).read_all().num_rows
        if captures < committed and not batch.damage:
            yield make_finding(
                "archive file", Path(batch.warc), f"has {captures} captures of {committed}"
            )


def _copy_commit(layout: Layout, old: Commit) -> Commit:
    """Write a commit with its old rows into the folder of new commits, and return it.

    Its rows in compacted files, which hold rows of other commits as well, get files of their own.
    """
    mark_begun(layout.next_commits, old.id)
    compacted = compacted_files(read_compactions(layout.commits))
    files = []
    for file in (read_commit(layout.commits, old.id) or old).files:
        if file.path in compacted:
            shared, first = compacted[file.path]
            path = layout.root / shared.path
            own = pq.ParquetFile(path).read().slice(first, file.rows)
            file = write_parquet(layout, old.id, path.parent, file.layer, own.combine_chunks)
        files.append(file)
    commit = replace(old, files=tuple(files))
    write_commit(layout.next_commits, commit)
    mark_done(layout.next_commits, old.id)
    return commit
