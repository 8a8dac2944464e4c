"""The scheduled job: collect every source, then refine, load and publish what is new."""

import logging
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from prefect import allow_failure, flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.runs.ingest_result import (
    Ingested,
    end,
    is_scheduled,
    rename,
    run_name,
    show_waiting,
    skip,
)
from flows.runs.installation import open_for_run
from tasks.archive import salvage, unfinished
from tasks.collect.activity import Activity
from tasks.collect.collector import Collected
from tasks.collect.task import MAX_TASKS, collect_sources, shared_collection, source_groups
from tasks.extract.extractor_version import EXTRACTOR_VERSION
from tasks.installation import Installation
from tasks.load.task import load_runs, publish_snapshot, rebuild_snapshot
from tasks.locks.run_locks import adopt_unfinished, new_run_id, running, started_at
from tasks.locks.source_locks import LockedSources, lock_sources
from tasks.model import Batch
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool, page_pool
from tasks.refine.task import RefinedSource, refine_run_archive, refine_source, refine_sources
from tasks.report.task import report_or_warn
from tasks.settings import MOST_DAYS, MOST_PAGES
from tasks.text.counted import counted
from warehouse.damage.layer_findings import require_readable
from warehouse.layers.commits import committed_runs
from warehouse.read.query import kept_open
from warehouse.store.archive_files import SUFFIX, archive_files, download_archive

log = logging.getLogger(__name__)


@flow(
    name="ingest",
    flow_run_name="ingest",
    # A thread for each collect task, and one for each refine task.
    task_runner=ThreadPoolTaskRunner(max_workers=2 * MAX_TASKS),  # type: ignore[arg-type]
    persist_result=False,
)
def ingest(
    only: list[str] = [],  # noqa: B006 - a real default makes a good form; never changed
    since_days: Annotated[int, Field(ge=0, le=MOST_DAYS)] = 0,
    max_new: Annotated[int, Field(ge=0, le=MOST_PAGES)] = 0,
    sources_file: str = "",
    topics_file: str = "",
    data: str = "",
) -> Ingested:
    """Collect every source, or the named ones, and load what is new.

    Args:
        only: Ids of the sources to run, as in sources.toml; all of them when empty.
        since_days: Ignore what was published more than this many days ago; 0 takes all.
        max_new: New pages fetched per source at most; 0 takes the limit of the settings.
        sources_file: The sources, a TOML file; empty takes PRESSWATCH_SOURCES.
        topics_file: The topics, a TOML file; empty takes PRESSWATCH_TOPICS.
        data: The data folder; empty takes PRESSWATCH_DATA.
    """
    installation = open_for_run(sources_file, topics_file, data)
    chosen = installation.chosen(only)
    rename(run_name(len(chosen)))
    run_id = new_run_id()
    waiting = None if is_scheduled() else show_waiting
    # A scheduled run skips busy sources, since the next one comes; a person's run waits for them.
    with lock_sources(installation.layout, run_id, chosen, waiting) as locked:
        if locked.busy and not locked.sources:
            return skip(run_id, locked.busy)  # type: ignore[return-value]
        if locked.has_waited:
            rename(run_name(len(locked.sources)))
        finish_earlier_runs(installation)
        layout = installation.layout
        if not layout.current.exists() and committed_runs(layout.commits):
            # What need not be fetched again is read from the snapshot.
            log.info("the warehouse is gone: rebuilding it before anything is fetched")
            rebuild_snapshot(installation)
        require_readable(layout)  # not to fetch what could not be loaded
        # Prefect takes the state, and returns its data to the caller.
        return _ingest(installation, run_id, locked, bool(only), since_days, max_new)  # type: ignore[return-value]


def _ingest(
    installation: Installation,
    run_id: str,
    locked: LockedSources,
    is_chosen: bool,
    since_days: int,
    max_new: int,
) -> State[Ingested]:
    layout = installation.layout
    log.info("run %s: %s", run_id, counted(len(locked.sources), "source"))
    activity = Activity()
    with ExitStack() as reading, activity.logged():
        with running(layout, run_id):
            with (
                page_pool(installation.settings) as pool,
                shared_collection(
                    installation, run_id, pool, activity, since_days, max_new, is_chosen=is_chosen
                ) as shared,
            ):
                collecting = {
                    name: collect_sources.submit(name, group, shared)
                    for name, group in source_groups(locked.sources).items()
                }
                refined = _refine(installation, run_id, collecting, pool, activity)
            refined_by_id = {one.collected.source_id: one for one in refined}
            ordered = [refined_by_id[source.id] for source in locked.sources]
            batches = tuple(one.batch for one in ordered if one.batch)
            report = load_runs(installation, [_run(run_id, batches)] if batches else [])
            snapshot = publish_snapshot(installation)
            # The report, artifacts and events read the same snapshot over one connection.
            reading.enter_context(kept_open(layout))
            if layout.current.exists() and (snapshot or not layout.report.exists()):
                has_news = report.articles or report.revised or report.recounted
                report_or_warn(installation, "ingest-topics" if has_news else "")
        sources = tuple(one.collected for one in ordered)
        done = Ingested(run_id, sources, batches, report, locked.busy)
        return end(installation, done, is_published=snapshot is not None)


def _refine(
    installation: Installation,
    run_id: str,
    collecting: dict[str, PrefectFuture[tuple[Collected, ...]]],
    pool: PagePool,
    activity: Activity,
) -> list[RefinedSource]:
    """Refine each group once it is collected, those without pages together in one task."""
    about = (installation, run_id, pool, activity)
    names = {future.task_run_id: name for name, future in collecting.items()}
    refining, without_pages = [], list[Collected]()
    for future in as_completed(list(collecting.values())):
        # The state of a group whose sources all failed holds the results as well.
        collected = future.result(raise_on_failure=False)
        if isinstance(collected, BaseException):
            raise collected
        if any(one.has_pages for one in collected):
            name, given = names[future.task_run_id], allow_failure(future)
            refining.append(refine_sources.submit(name, given, *about))
        else:
            without_pages += collected
    if without_pages:
        name = f"{len(without_pages)} without new pages"
        refining.append(refine_sources.submit(name, without_pages, *about))
    return [one for future in refining for one in future.result()]


def finish_earlier_runs(installation: Installation) -> None:
    """Refine, load and publish what killed runs had archived, each under its own id.

    This comes before collecting, which reads from the snapshot what need not be fetched again.
    """
    for path in unfinished(installation.layout.raw):
        salvage(path)
    for run_id in adopt_unfinished(installation.layout):
        log.info("run %s ended early: finishing it", run_id)
        with page_pool(installation.settings) as pool:
            results = [
                refine_source(installation, run_id, Collected(warc.parent.name, warc), pool)
                for warc in _archives(installation, run_id)
            ]
        batches = tuple(one.batch for one in results if one.batch)
        load_runs(installation, [_run(run_id, batches)] if batches else [])
        publish_snapshot(installation)


def _archives(installation: Installation, run_id: str) -> list[Path]:
    names = [
        name for name in archive_files(installation.layout) if name.endswith(f"/{run_id}{SUFFIX}")
    ]
    for name in names:
        download_archive(installation.layout, name)
    return [installation.layout.raw / name for name in names]


def refine_run(installation: Installation, run_id: str, pool: PagePool) -> Run | None:
    """Refine a run's archive files; None when it has none."""
    warcs = _archives(installation, run_id)
    batches = tuple(refine_run_archive(installation, run_id, warc, pool) for warc in warcs)
    return _run(run_id, batches) if batches else None


def _run(run_id: str, batches: tuple[Batch, ...]) -> Run:
    now = datetime.now(UTC)
    return Run(run_id, batches, "ingest", started_at(run_id), now, str(EXTRACTOR_VERSION))
