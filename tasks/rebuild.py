"""Making the Parquet layers again from what the raw archive holds."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import duckdb

from tasks.partition import Run, partition
from tasks.versions import known_versions
from warehouse import build
from warehouse.commits import (
    Commit,
    committed_runs,
    next_commits,
    read_commits,
    swap_commits,
    sweep,
    write_commit,
)
from warehouse.layout import Layout
from warehouse.lock import writer_lock


def rebuild_articles(
    layout: Layout,
    refine_run: Callable[[str], Run | None],
    *,
    waiting: Callable[[str], None] = lambda message: None,
) -> list[Commit]:
    """Make the Parquet layers again from the raw archive, run by run in the order of commits.

    All or nothing: the new files are gathered beside the old ones, and the commits are swapped at
    the end. The writer's file is dropped, so the next load reads the new layer.

    Args:
        layout: The installation.
        refine_run: Refines a run's archive files again. With None, its archive being gone, the
            run's old files stay.
        waiting: Told when another process has to finish first.
    """
    with writer_lock(layout, waiting):
        sweep(layout)
        old = read_commits(layout.commits, committed_runs(layout.commits))
        with duckdb.connect() as numbered:
            numbered.execute(
                "CREATE TABLE article_versions (article_id UUID, version_no INTEGER,"
                " body_sha256 VARCHAR, fetched_at TIMESTAMPTZ, first_seen_at TIMESTAMPTZ)"
            )
            new = [_rebuild_run(numbered, layout, commit, refine_run) for commit in old]
        build.drop_writer(layout)
        if new:
            swap_commits(layout)
    return new


def _rebuild_run(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    old: Commit,
    refine_run: Callable[[str], Run | None],
) -> Commit:
    run = refine_run(old.run_id)
    folder = next_commits(layout)
    commit = old
    if run:
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
        write_commit(folder, old)
    paths = [str(path) for path in commit.paths(layout, "articles")]
    if paths:
        con.execute(
            "INSERT INTO article_versions BY NAME SELECT article_id, version_no, body_sha256,"
            " fetched_at, first_seen_at FROM read_parquet(?)",
            [paths],
        )
    return commit
