"""The scheduled job: collect every source, refine what is new, load it, publish it."""

import logging
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import duckdb
from prefect import Task, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.installation import Installation, open_installation
from flows.runs import run_page
from flows.runs.collect_tasks import (
    MOST_TASKS,
    collect_and_refine,
    refine_archive,
    refine_source,
    unseen,
)
from flows.runs.ingest_result import Ingested, called, end, skip
from flows.runs.prefect_settings import narrate
from tasks.archive import salvage, unfinished
from tasks.collect.collector import Collected
from tasks.load.loader import LoadReport, load, publish_all
from tasks.locks.run_locks import adopt_unfinished, new_run_id, running, started_at
from tasks.locks.source_locks import Turn, turn
from tasks.model import Batch
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool, page_pool
from tasks.refine.normalise import EXTRACTOR_VERSION
from tasks.report import summary_of_topics, write_report
from warehouse.read.query import kept_open
from warehouse.store.archive_files import SUFFIX, archive_files, bring_archive

log = logging.getLogger(__name__)


def _may_pass(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: a full disk is freed, a held file is let go."""
    try:
        state.result()
    except (OSError, duckdb.IOException, duckdb.TransactionException):
        # Failed to commit: Could not write file "news.duckdb.wal": No space left on device
        return True
    except Exception:
        return False
    return False


@task(
    name="load",
    task_run_name="load",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[5, 30],
    retry_condition_fn=_may_pass,
)
def load_runs(place: Installation, runs: Sequence[Run]) -> LoadReport:
    """Partition into Parquet, count mentions, load DuckDB, make the marts, check it all."""
    report = load(
        place.layout,
        place.topics,
        place.sources,
        runs,
        limits=place.settings.limits,
        processes=place.settings.processes,
        waiting=log.info,
    )
    for run in runs:
        shutil.rmtree(place.layout.stage / run.run_id, ignore_errors=True)
    return report


@task(
    name="publish",
    task_run_name="publish",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[5, 30],
    retry_condition_fn=_may_pass,
)
def publish_snapshot(place: Installation) -> Path | None:
    """Hand the last load to the readers."""
    return publish_all(
        place.layout,
        place.topics,
        place.sources,
        limits=place.settings.limits,
        processes=place.settings.processes,
        waiting=log.info,
    )


@task(name="report", task_run_name="report", cache_policy=NO_CACHE)
def report_snapshot(place: Installation, *, is_news: bool = True) -> None:
    """Write the HTML report; where there are new texts, show its charts on the run's page."""
    figures = write_report(place.layout, place.layout.report)
    if is_news:
        run_page.leave("ingest-topics", summary_of_topics(figures), "The topics over time")


def _report(place: Installation, snapshot: Path | None, loaded: LoadReport) -> None:
    """The report of a new snapshot; when it fails, the data of the run stand all the same."""
    if snapshot is None and place.layout.report.exists():
        return
    if place.layout.current.exists():
        is_news = bool(loaded.articles or loaded.revised or loaded.recounted)
        state = report_snapshot(unseen(place), is_news=is_news, return_state=True)
        if state.is_failed():
            log.warning("report_failed: %s was not written: %s", place.layout.report, state.message)


@flow(
    name="ingest",
    flow_run_name="ingest",
    task_runner=ThreadPoolTaskRunner(max_workers=2 * MOST_TASKS),  # type: ignore[arg-type]
    persist_result=False,
)
def ingest(
    only: list[str] = [],  # noqa: B006 - a real default makes a good form; never changed
    since_days: Annotated[int, Field(ge=0)] = 0,
    max_new: Annotated[int, Field(ge=0)] = 0,
    sources_file: str = "",
    topics_file: str = "",
    data: str = "",
) -> Ingested:
    """Collect every source, or the named ones, and load what is new.

    Args:
        only: Ids of the sources to run, as in sources.toml; all of them when empty.
        since_days: Leave alone what was published earlier than so many days ago; 0 takes all.
        max_new: New pages fetched a source at most; 0 takes the limit of the settings.
        sources_file: The papers, a TOML file; empty takes PRESSWATCH_SOURCES.
        topics_file: The topics, a TOML file; empty takes PRESSWATCH_TOPICS.
        data: The data folder; empty takes PRESSWATCH_DATA.
    """
    narrate()
    with run_page.heard():
        place = open_installation(sources_file, topics_file, data)
        chosen = place.chosen(only)
        run_page.rename(called(len(chosen)))
        run_id = new_run_id()
        waiting = None if run_page.is_scheduled() else run_page.say_waiting
        with turn(place.layout, run_id, chosen, waiting) as mine:
            if mine.busy and not mine.sources:
                return skip(run_id, mine.busy)  # type: ignore[return-value]
            if mine.has_waited:
                run_page.say_running()
            finish_earlier_runs(place)
            # Prefect takes the state and gives the caller what it holds.
            return _ingest(place, run_id, mine, bool(only), since_days, max_new)  # type: ignore[return-value]


# They are JSON as they are; to find that out Prefect would import FastAPI: 0.08 s of CPU.
ingest.serialize_parameters = dict  # type: ignore[method-assign, assignment]


def _ingest(
    place: Installation, run_id: str, mine: Turn, is_asked: bool, since_days: int, max_new: int
) -> State[Ingested]:
    log.info("run %s: %d sources", run_id, len(mine.sources))
    with ExitStack() as reading:
        with running(place.layout, run_id):
            collected, batches = collect_and_refine(
                place, run_id, mine.sources, since_days, max_new, is_asked
            )
            report = load_runs(unseen(place), unseen([_run(run_id, batches)] if batches else []))
            snapshot = publish_snapshot(unseen(place))
            reading.enter_context(kept_open(place.layout))
            _report(place, snapshot, report)
        done = Ingested(run_id, collected, batches, report, mine.busy)
        return end(place, done, is_published=snapshot is not None)


def finish_earlier_runs(place: Installation) -> None:
    """Finish what runs that were killed had archived, each under its own id.

    Published before anything is collected: the snapshot says what need not be fetched again.
    """
    for path in unfinished(place.layout.raw):
        salvage(path)
    for run_id in adopt_unfinished(place.layout):
        log.info("run %s had been ended early: finishing it", run_id)
        with page_pool(place.settings) as pool:
            results = [
                refine_source(place, run_id, Collected(warc.parent.name, warc), pool)
                for warc in _archives(place, run_id)
            ]
        batches = tuple(batch for _, batch in results if batch)
        load_runs(unseen(place), unseen([_run(run_id, batches)] if batches else []))
        publish_snapshot(unseen(place))


def _archives(place: Installation, run_id: str) -> list[Path]:
    names = [name for name in archive_files(place.layout) if name.endswith(f"/{run_id}{SUFFIX}")]
    for name in names:
        bring_archive(place.layout, name)
    return [place.layout.raw / name for name in names]


def refine_run(place: Installation, run_id: str, pool: PagePool) -> Run | None:
    """Refine a run's archive files; None when it has none."""
    batches = tuple(refine_archive(place, run_id, warc, pool) for warc in _archives(place, run_id))
    return _run(run_id, batches) if batches else None


def _run(run_id: str, batches: tuple[Batch, ...]) -> Run:
    now = datetime.now(UTC)
    return Run(run_id, batches, "ingest", started_at(run_id), now, str(EXTRACTOR_VERSION))
