"""The rebuild job: make a layer again from the one before it, without the network."""

import logging
import shutil
from pathlib import Path
from typing import Literal

from prefect import flow

from flows.ingest import refine_run
from flows.runs.installation import open_for_run
from tasks.backfill.selection import Selection
from tasks.backfill.shard_processes import shard_pool
from tasks.backfill.shard_runs import Place, refine_again
from tasks.backfill.shards import FLOW
from tasks.installation import Installation
from tasks.load.task import load_runs, publish_snapshot, rebuild_snapshot
from tasks.locks.run_locks import begun_runs
from tasks.partition.partitions import Run
from tasks.process_pool import page_pool
from tasks.report.task import report_or_warn
from tasks.upkeep.rebuild_articles import rebuild_articles
from warehouse.layers.commits import committed_runs, read_commit, run_of_commit
from warehouse.layers.findings import Finding, LayersBroken
from warehouse.store.archive_files import SUFFIX, archive_files

log = logging.getLogger(__name__)


@flow(name="rebuild", flow_run_name="rebuild {layer}", persist_result=False)
def rebuild(
    layer: Literal["warehouse", "articles"] = "warehouse",
    sources_file: str = "",
    topics_file: str = "",
    data: str = "",
) -> None:
    """Rebuild a layer from the one before it.

    Args:
        layer: warehouse, from Parquet; or articles (Parquet, then the warehouse), from raw.
        sources_file: The sources, a TOML file; empty takes PRESSWATCH_SOURCES.
        topics_file: The topics, a TOML file; empty takes PRESSWATCH_TOPICS.
        data: The data folder; empty takes PRESSWATCH_DATA.
    """
    installation = open_for_run(sources_file, topics_file, data)
    installation.require_data()
    if layer == "articles":
        lost = _rebuild_articles(installation)
        load_runs(installation, [])
        publish_snapshot(installation)
        if lost:  # all else is rebuilt
            raise LayersBroken(lost)
    else:
        rebuild_snapshot(installation)
    report_or_warn(installation, "")
    log.info("%s rebuilt: %s", layer, installation.layout.current)


def _rebuild_articles(installation: Installation) -> list[Finding]:
    """Returns the records that are lost."""
    layout = installation.layout
    with (
        page_pool(installation.settings) as pool,
        shard_pool(installation.settings.processes) as shards,
    ):

        def refine(run_id: str) -> Run | None:
            commit = read_commit(layout.commits, run_id)
            if commit is None or commit.flow != FLOW:
                return refine_run(installation, run_id, pool)
            sources, topics = installation.sources, installation.topics
            place = Place(layout, sources, topics, installation.settings, Selection())
            return refine_again(place, commit, shards)

        commits, lost = rebuild_articles(layout, refine)
        for commit in commits:
            shutil.rmtree(layout.stage / commit.run_id, ignore_errors=True)
        # Archived without a commit; the runs that have begun are left to themselves or to the next
        # ingest, which finishes them.
        archived = {Path(name).name.removesuffix(SUFFIX) for name in archive_files(layout)}
        archived.difference_update(map(run_of_commit, committed_runs(layout.commits)))
        archived.difference_update(begun_runs(layout))
        runs = (refine_run(installation, run_id, pool) for run_id in sorted(archived))
        load_runs(installation, [run for run in runs if run])
    return lost
