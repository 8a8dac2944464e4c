"""The scheduled job: collect every source, then refine, load and publish what is new."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Annotated, Any

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.runs.ingest_result import (
    Ingested,
    end,
    is_scheduled,
    nothing_due,
    run_name,
    set_run_name,
    show_waiting,
    skip,
)
from flows.runs.installation import open_for_run
from flows.runs.part_loads import PartLoads, result_of
from flows.runs.presswatch_flow import presswatch_flow
from tasks.archive.half_written import salvage, unfinished
from tasks.archive.warc_records import OPEN_SUFFIX
from tasks.collect.collector import Collected
from tasks.collect.current_waits import CurrentWaits
from tasks.collect.due_sources import due_or_next
from tasks.collect.task import (
    MAX_TASKS,
    SharedCollection,
    collect_sources,
    shared_collection,
    source_groups,
)
from tasks.installation import Installation
from tasks.load.task import rebuild_snapshot
from tasks.locks.run_locks import adopt_unfinished, is_alive, new_run_id, reopen, run_lock
from tasks.locks.source_locks import LockedSources, lock_sources
from tasks.process_pool import page_pool
from tasks.refine.run_archives import found_archives, uncommitted_archives
from tasks.refine.task import refine_sources
from tasks.report.task import report_or_warn
from tasks.settings import MAX_DAYS, MAX_PAGES
from tasks.text.counted import counted
from warehouse.build.schema_version import is_earlier_snapshot
from warehouse.damage.layer_findings import require_readable
from warehouse.layers.commits import committed_runs, next_part
from warehouse.read.query import keep_snapshot_open

log = logging.getLogger(__name__)


@presswatch_flow(
    "ingest",
    checks=True,
    # A thread for each collect task, and one for the refine task.
    task_runner=ThreadPoolTaskRunner(max_workers=MAX_TASKS + 1),
)
def ingest(
    only: list[str] = [],  # noqa: B006 - a real default makes a good form; never changed
    since_days: Annotated[int, Field(ge=0, le=MAX_DAYS)] = 0,
    max_new: Annotated[int, Field(ge=0, le=MAX_PAGES)] = 0,
    due_only: bool = False,
    sources_file: str = "",
    topics_file: str = "",
    data: str = "",
) -> Ingested:
    """Collect every source, or the named ones, and load what is new.

    Args:
        only: Ids of the sources to run, as in sources.toml; all of them when empty.
        since_days: Leave what was published more than this many days ago; 0 takes all.
        max_new: New pages fetched per source at most; 0 takes the limit of the settings.
        due_only: Ask only the sources that are due, each by its own interval.
    """
    installation = open_for_run(sources_file, topics_file, data)
    chosen = installation.chosen(only)
    if due_only:
        about = (datetime.now(UTC), installation.settings.recheck_after)
        chosen, message = due_or_next(installation.layout, chosen, *about)
        if message:
            return nothing_due(message)  # type: ignore[return-value]
    set_run_name(run_name(len(chosen)))
    run_id = new_run_id()
    waiting = None if is_scheduled() else show_waiting
    # A scheduled run skips busy sources, since the next one comes; a person's run waits for them.
    with lock_sources(installation.layout, run_id, chosen, waiting) as locked:
        if locked.busy and not locked.sources:
            return skip(run_id, locked.busy)  # type: ignore[return-value]
        if locked.has_waited:
            set_run_name(run_name(len(locked.sources)))
        finish_killed_runs(installation)
        make_readable(installation)
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
    waits, loads = CurrentWaits(), PartLoads(installation, run_id)
    with ExitStack() as reading, waits.logged():
        with run_lock(layout, run_id):
            with (
                page_pool(installation.settings) as pool,
                shared_collection(
                    installation, run_id, pool, waits, since_days, max_new, is_chosen=is_chosen
                ) as shared,
            ):
                refining = refine_sources.submit(
                    installation, run_id, pool, waits, shared, loads.refined
                )
                collecting = [
                    collect_sources.submit(name, group, shared)
                    for name, group in source_groups(locked.sources).items()
                ]
                _load_early(collecting, refining, shared, loads)
            loads.load_rest([refining, *collecting])
            # The report, artifacts and events read the same snapshot over one connection.
            reading.enter_context(keep_snapshot_open(layout))
            if layout.current.exists() and (loads.is_published or not layout.report.exists()):
                loaded = loads.report
                has_news = loaded.articles or loaded.revised or loaded.recounted
                report_or_warn(
                    installation, "ingest-topics" if has_news else "", loads.publications
                )
        ordered = [loads.refined.by_id[source.id] for source in locked.sources]
        loads.leave_unrefined()
        sources = tuple(one.collected for one in ordered)
        batches = tuple(one.batch for one in ordered if one.batch)
        done = Ingested(run_id, sources, batches, loads.report, locked.busy)
        return end(installation, done, is_published=loads.is_published)


def _load_early(
    collecting: Sequence[PrefectFuture[tuple[Collected, ...]]],
    refining: PrefectFuture[list[str]],
    shared: SharedCollection,
    loads: PartLoads,
) -> None:
    """Load what is refined while other sources are collected or refined, until all are."""
    ended = SimpleQueue[PrefectFuture[Any]]()
    every: list[PrefectFuture[Any]] = [*collecting, refining]
    for future in every:
        future.add_done_callback(ended.put)
    groups_left = len(collecting)
    while True:
        try:
            future = ended.get(timeout=loads.seconds_left)
        except Empty:
            loads.load_early()
            continue
        if future is refining:
            break
        for one in result_of(future):
            shared.release(one)
        groups_left -= 1
        if not groups_left:
            shared.end()
    result_of(refining)


def finish_killed_runs(installation: Installation) -> None:
    """Refine, load and publish the archives of killed runs, under their own ids."""
    layout = installation.layout
    for path in unfinished(layout.raw):
        run_id = path.name.removesuffix(OPEN_SUFFIX)
        # The next ingest takes the file of a run that is still alive.
        if not is_alive(layout, run_id) and salvage(path):
            reopen(layout, run_id)
    finished = list[PartLoads]()
    for run_id in adopt_unfinished(layout):
        log.info("run %s ended early: finishing it", run_id)
        loads = PartLoads(installation, run_id, next_part(layout.commits, run_id))
        warcs = found_archives(layout, uncommitted_archives(layout, run_id))
        with page_pool(installation.settings) as pool:
            loads.refine([Collected(warc.parent.name, warc) for warc in warcs], pool)
        loads.load_rest()
        finished.append(loads)
    for loads in finished:
        loads.leave_unrefined()


def make_readable(installation: Installation) -> None:
    """Rebuild a warehouse that is gone or of an earlier version, before anything is fetched.

    Known URLs are looked up in the snapshot, which needs the columns of this version.
    """
    layout = installation.layout
    is_earlier, is_gone = is_earlier_snapshot(layout), not layout.current.exists()
    if is_earlier or (is_gone and committed_runs(layout.commits)):
        state = "of an earlier version" if is_earlier else "gone"
        log.info("the warehouse is %s: rebuilding it before anything is fetched", state)
        rebuild_snapshot(installation)
    require_readable(layout)  # fetch nothing that could not be loaded
