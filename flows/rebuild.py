"""The rebuild job: make a layer again from the one before it, without the network."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from prefect.client.schemas.objects import State

from flows.runs.installation import open_for_run
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
from tasks.refine.run_archives import refine_archives
from tasks.refine.task import refine_uncommitted
from tasks.report.task import report_or_warn
from tasks.upkeep.task import rebuild_layers
from warehouse.layers.commits import Commit
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
        lost, done = _rebuild_articles(installation)
        after = counted_articles(installation.layout)
        if before is not None and after is not None:
            changes = list(differences(before, after))
        if lost:  # all else is rebuilt
            raise LayersBroken(lost)
    else:
        done = rebuild_snapshot(installation, return_state=True)
        done.result()
    report_or_warn(installation, "", [done])
    message = "\n".join([f"{layer} rebuilt: {installation.layout.current}", *changes])
    return completed(message, None)


def _rebuild_articles(installation: Installation) -> tuple[list[Finding], State[Any]]:
    """Returns the records that are lost, and the state of publishing."""
    layout = installation.layout
    with (
        page_pool(installation.settings) as pool,
        shard_pool(installation.settings.processes) as shards,
    ):

        def refine(commit: Commit) -> Run | None:
            if commit.flow != FLOW:
                return refine_archives(installation, commit.run_id, commit.warcs, pool)
            sources, topics = installation.sources, installation.topics
            place = Place(layout, sources, topics, installation.settings, Selection())
            return refine_again(place, commit, shards)

        rebuilding = rebuild_layers(installation, refine, return_state=True)
        lost = rebuilding.result()
        # Archive files without a commit. Those of unfinished runs are loaded by these runs, or by
        # the next ingest.
        archived = {Path(name).name.removesuffix(SUFFIX) for name in archive_files(layout)}
        others = sorted(archived.difference(begun_runs(layout)))
        return lost, load_uncommitted(installation, others, pool, [rebuilding])


def load_uncommitted(
    installation: Installation,
    run_ids: Sequence[str],
    pool: PagePool,
    after: Sequence[State[Any]] = (),
) -> State[Any]:
    """Refine and load those archive files of runs that no commit names, and publish.

    All in one load, which stops when other runs have no commit. Returns the state of publishing.
    """
    runs, before = list[Run](), list(after)
    if run_ids:
        refine = refine_uncommitted(installation, run_ids, pool, wait_for=after, return_state=True)
        runs, before = refine.result(), [refine]
    loading = load_runs(installation, runs, wait_for=before, return_state=True)
    loading.result()
    for run in runs:
        shutil.rmtree(installation.layout.stage / run.run_id, ignore_errors=True)
    publishing = publish_snapshot(installation, wait_for=[loading], return_state=True)
    publishing.result()
    return publishing
