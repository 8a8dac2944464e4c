"""Rebuilds a layer from the one before it, without the network."""

import logging
import shutil
from pathlib import Path
from typing import Literal

from prefect import flow

from flows.ingest import refine_run
from flows.installation import Installation, open_installation
from flows.runs.prefect_settings import log_to_prefect
from tasks.backfill.loading import Place, refine_again
from tasks.backfill.selection import Selection
from tasks.backfill.shard_processes import ShardPool, shard_pool
from tasks.backfill.shards import FLOW
from tasks.load.task import load_runs, publish_snapshot, rebuild_snapshot
from tasks.locks.run_locks import begun_runs
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool, page_pool
from tasks.upkeep.rebuild_articles import rebuild_articles
from warehouse.layers.commits import committed_runs, read_commit
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
    log_to_prefect()
    installation = open_installation(sources_file, topics_file, data)
    if layer == "articles":
        _articles(installation)
        load_runs(installation, [])
        publish_snapshot(installation)
    else:
        rebuild_snapshot(installation)
    log.info("%s rebuilt: %s", layer, installation.layout.current)


def _articles(installation: Installation) -> None:
    with (
        page_pool(installation.settings) as pool,
        shard_pool(installation.settings.processes) as shards,
    ):
        made = rebuild_articles(
            installation.layout,
            lambda run_id: _refine_again(installation, run_id, pool, shards),
            waiting=log.info,
        )
        for commit in made:
            shutil.rmtree(installation.layout.stage / commit.run_id, ignore_errors=True)
        archived = {
            Path(name).name.removesuffix(SUFFIX) for name in archive_files(installation.layout)
        }
        committed = set(committed_runs(installation.layout.commits))
        alive = set(begun_runs(installation.layout))
        for run_id in sorted(archived - committed - alive):
            run = refine_run(installation, run_id, pool)
            load_runs(installation, [run] if run else [])


def _refine_again(
    installation: Installation, run_id: str, pool: PagePool, shards: ShardPool
) -> Run | None:
    commit = read_commit(installation.layout.commits, run_id)
    if commit is None or commit.flow != FLOW:
        return refine_run(installation, run_id, pool)
    here = Place(
        installation.layout,
        installation.sources,
        installation.topics,
        installation.settings,
        Selection(),
    )
    return refine_again(here, commit, shards)
