"""Making the Parquet layers again from what the raw archive holds."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import takewhile

import duckdb
import pyarrow.parquet as pq

from tasks.partition.partitions import Run, partition, warc_name
from tasks.partition.versions import known_versions
from warehouse.build import loader
from warehouse.build.schema_version import refuse_newer_writer
from warehouse.layers.commits import (
    Commit,
    CommittedFile,
    CompactedFile,
    committed_runs,
    compacted_files,
    mark_begun,
    mark_done,
    read_commit,
    read_commits,
    read_compactions,
    swap_commits,
    sweep,
    write_commit,
)
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import write_parquet
from warehouse.store.working_copy import synchronised

log = logging.getLogger(__name__)

# Columns of the rebuilt runs that numbering the versions of the next run needs.
NUMBERED = {
    "article_versions": "article_id UUID, version_no INTEGER, capture_id UUID,"
    " body_sha256 VARCHAR, page_sha256 VARCHAR,"
    " fetched_at TIMESTAMPTZ, first_seen_at TIMESTAMPTZ, published_at TIMESTAMPTZ,"
    " is_truncated BOOLEAN",
    "captures": "capture_id UUID, outcome VARCHAR, article_id UUID, version_no INTEGER",
}
NUMBERED_CHECKS = ("article_versions_differ", "article_versions_numbered", "captures_article")


def rebuild_articles(layout: Layout, refine_run: Callable[[str], Run | None]) -> list[Commit]:
    """Make the Parquet layers again from the raw archive, commit by commit in their order.

    `refine_run` gets a commit's id and refines its archive files again, None when it has none;
    where one of them is gone, the commit keeps its old rows. All or nothing: the commits are
    swapped at the end. The writer's file is dropped, so the next load reads the new layer.

    CheckFailed, and nothing is changed, when versions of a run whose old files stay do not follow
    from the new ones before it, as when a better rule finds no article there any more.
    """
    with synchronised(layout, log.info):
        refuse_newer_writer(layout)
        sweep(layout)
        old = read_commits(layout.commits, committed_runs(layout.commits))
        with duckdb.connect() as numbered:
            for table, columns in NUMBERED.items():
                numbered.execute(f"CREATE TABLE {table} ({columns})")
            new = [_rebuild_run(numbered, layout, commit, refine_run) for commit in old]
            loader.run_checks(numbered, *NUMBERED_CHECKS)
        loader.drop_writer(layout)
        if new:
            swap_commits(layout)
    return new


def _rebuild_run(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    old: Commit,
    refine_run: Callable[[str], Run | None],
) -> Commit:
    run = refine_run(old.id)
    folder = layout.next_commits
    commit = old
    archived = {warc_name(layout, batch.warc) for batch in run.batches} if run else set()
    if run and archived.issuperset(old.warcs):
        about = replace(
            run,
            flow=old.flow,
            started_at=old.started_at,
            finished_at=old.finished_at,
            parameters=old.parameters,
        )
        known = partial(known_versions, con)
        commit = partition(layout, about, known, sequence=old.sequence, commits=folder) or old
    if commit is old:
        log.warning(
            "run %s keeps its rows as they are: not all of its archive files are there", old.id
        )
        mark_begun(folder, old.id)
        # Files that it had in common with other commits become files of its own.
        compacted = compacted_files(read_compactions(layout.commits))
        written = read_commit(layout.commits, old.id) or old
        files = (
            _own_file(layout, old, file, compacted.get((old.run_id, file.path)))
            for file in written.files
        )
        commit = replace(old, files=tuple(files))
        write_commit(folder, commit)
        mark_done(folder, old.id)
    loader.insert_parquet(con, "article_versions", commit.paths(layout, "articles"))
    loader.insert_parquet(con, "captures", commit.paths(layout, "captures"))
    return commit


def _own_file(
    layout: Layout, commit: Commit, file: CommittedFile, shared: CompactedFile | None
) -> CommittedFile:
    """A file of a commit; its part of the file into which compaction has put it as one again."""
    if shared is None:
        return file
    # By place: the rows of other commits of the run have the same run_id.
    before = takewhile(lambda part: part.path != file.path, shared.parts)
    path = layout.root / shared.path
    own = pq.ParquetFile(path).read().slice(sum(part.rows for part in before), file.rows)
    return write_parquet(layout, commit.id, path.parent, file.layer, own.combine_chunks)
