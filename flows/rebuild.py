"""The rebuild job: make a layer again from the one before it, without the network."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from flows.runs.installation import open_for_run
from flows.runs.part_loads import run_part
from flows.runs.presswatch_flow import completed, presswatch_flow
from tasks.backfill.selection import Selection
from tasks.backfill.shard_processes import shard_pool
from tasks.backfill.shard_runs import Place, refine_again
from tasks.backfill.shards import FLOW
from tasks.installation import Installation
from tasks.load.task import load_runs, publish_snapshot, rebuild_snapshot
from tasks.locks.run_locks import begun_runs
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool, page_pool
from tasks.refine.refine_source import refine_run_archive
from tasks.refine.run_archives import found_archives, uncommitted_archives
from tasks.report.task import report_or_warn
from tasks.upkeep.rebuild_articles import rebuild_articles
from warehouse.layers.commits import Commit, next_part
from warehouse.layers.findings import Finding, LayersBroken
from warehouse.read.counted_articles import counted_articles, differences
from warehouse.store.archive_files import SUFFIX, archive_files


@presswatch_flow("rebuild", run_name="rebuild {layer}")
def rebuild(
    layer: Literal["warehouse", "articles"] = "warehouse",
    sources_file: str = "",
    topics_file: str = "",
    data: str = "",
) -> None:
    """Rebuild a layer from the one before it; for articles, report the changes of each topic.

    Args:
        layer: The warehouse, from Parquet; or the articles, from raw, and then the warehouse.
    """
    installation = open_for_run(sources_file, topics_file, data)
    installation.require_data()
    changes: list[str] = []
    if layer == "articles":
        before = counted_articles(installation.layout)
        lost = _rebuild_articles(installation)
        load_runs(installation, [])
        publish_snapshot(installation)
        after = counted_articles(installation.layout)
        if before is not None and after is not None:
            changes = list(differences(before, after))
        if lost:  # all else is rebuilt
            raise LayersBroken(lost)
    else:
        rebuild_snapshot(installation)
    report_or_warn(installation, "")
    message = "\n".join([f"{layer} rebuilt: {installation.layout.current}", *changes])
    return completed(message, None)


def _rebuild_articles(installation: Installation) -> list[Finding]:
    """Returns the records that are lost."""
    layout = installation.layout
    with (
        page_pool(installation.settings) as pool,
        shard_pool(installation.settings.processes) as shards,
    ):

        def refine(commit: Commit) -> Run | None:
            if commit.flow != FLOW:
                return _refine_archives(installation, commit.run_id, commit.warcs, pool)
            sources, topics = installation.sources, installation.topics
            place = Place(layout, sources, topics, installation.settings, Selection())
            return refine_again(place, commit, shards)

        commits, lost = rebuild_articles(layout, refine)
        for commit in commits:
            shutil.rmtree(layout.stage / commit.run_id, ignore_errors=True)
        # Archive files without a commit. Those of unfinished runs are loaded by these runs, or by
        # the next ingest.
        archived = {Path(name).name.removesuffix(SUFFIX) for name in archive_files(layout)}
        load_uncommitted(installation, sorted(archived.difference(begun_runs(layout))), pool)
    return lost


def load_uncommitted(installation: Installation, run_ids: Iterable[str], pool: PagePool) -> None:
    """Refine and load those archive files of runs that no commit names.

    All in one load, which stops when other runs have no commit.
    """
    layout, runs = installation.layout, list[Run]()
    for run_id in run_ids:
        names, part = uncommitted_archives(layout, run_id), next_part(layout.commits, run_id)
        if run := _refine_archives(installation, run_id, names, pool, part):
            runs.append(run)
    load_runs(installation, runs)
    for run in runs:
        shutil.rmtree(layout.stage / run.run_id, ignore_errors=True)


def _refine_archives(
    installation: Installation, run_id: str, names: Iterable[str], pool: PagePool, part: int = 1
) -> Run | None:
    """Refine archive files of a run, as a part of it; None when there are none."""
    warcs = found_archives(installation.layout, names)
    batches = [refine_run_archive(installation, run_id, warc, pool) for warc in warcs]
    return run_part(run_id, batches, part) if batches else None
