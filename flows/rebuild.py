"""A layer made again from the one before it, without the network."""

import logging
import shutil
from pathlib import Path
from typing import Literal

from prefect import flow

from flows.ingest import load_runs, publish_snapshot, refine_run
from flows.installation import Installation, open_installation
from flows.runs.prefect_settings import narrate
from tasks.backfill.loading import Place, refine_again
from tasks.backfill.selection import Selection
from tasks.backfill.shard_processes import ShardPool, shard_pool
from tasks.backfill.shards import FLOW
from tasks.load.loader import rebuild_warehouse
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
    """Make a layer again from the one before it.

    Args:
        layer: warehouse, from Parquet; or articles (Parquet, then the warehouse), from raw.
        sources_file: The papers, a TOML file; empty takes PRESSWATCH_SOURCES.
        topics_file: The topics, a TOML file; empty takes PRESSWATCH_TOPICS.
        data: The data folder; empty takes PRESSWATCH_DATA.
    """
    narrate()
    place = open_installation(sources_file, topics_file, data)
    if layer == "articles":
        _articles(place)
        load_runs(place, [])
        publish_snapshot(place)
    else:
        rebuild_warehouse(
            place.layout,
            place.topics,
            place.sources,
            limits=place.settings.limits,
            processes=place.settings.processes,
            waiting=log.info,
        )
    log.info("%s made again: %s", layer, place.layout.current)


def _articles(place: Installation) -> None:
    with (
        page_pool(place.settings) as pool,
        shard_pool(place.settings.processes) as shards,
    ):
        made = rebuild_articles(
            place.layout,
            lambda run_id: _refine_again(place, run_id, pool, shards),
            waiting=log.info,
        )
        for commit in made:
            shutil.rmtree(place.layout.stage / commit.run_id, ignore_errors=True)
        archived = {Path(name).name.removesuffix(SUFFIX) for name in archive_files(place.layout)}
        committed = set(committed_runs(place.layout.commits))
        alive = set(begun_runs(place.layout))
        for run_id in sorted(archived - committed - alive):
            run = refine_run(place, run_id, pool)
            load_runs(place, [run] if run else [])


def _refine_again(
    place: Installation, run_id: str, pool: PagePool, shards: ShardPool
) -> Run | None:
    commit = read_commit(place.layout.commits, run_id)
    if commit is None or commit.flow != FLOW:
        return refine_run(place, run_id, pool)
    here = Place(place.layout, place.sources, place.topics, place.settings, Selection())
    return refine_again(here, commit, shards)
