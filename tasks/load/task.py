"""The Prefect tasks that load runs into the warehouse, publish snapshots and rebuild."""

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from tasks.installation import Installation
from tasks.load.load_run import LoadReport, load, publish_all, rebuild_warehouse
from tasks.partition.partitions import Run
from tasks.progress import stage
from warehouse.build.loaded_definitions import Rules

log = logging.getLogger(__name__)

RETRY_DELAYS: list[float] = [5, 30]  # seconds


def is_retryable(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether a retry may succeed: a disk was full, or a file in use."""
    try:
        state.result()
    except Exception as error:
        # DuckDB reports a full disk at commit as a TransactionException: 'Could not write file
        # "news.duckdb.wal": No space left on device'.
        return isinstance(error, OSError | duckdb.IOException | duckdb.TransactionException)
    return False


RETRIED: dict[str, Any] = {
    "cache_policy": NO_CACHE,
    "retries": len(RETRY_DELAYS),
    "retry_delay_seconds": RETRY_DELAYS,
    "retry_condition_fn": is_retryable,
}


@task(name="store", task_run_name="{name}", cache_policy=NO_CACHE, retries=0)
def store_step(name: str, work: Callable[[], None]) -> None:
    """Pull from the store or push to it, as a task run within that of a load.

    It is not retried by itself: if another machine was first, a push succeeds only after another
    pull and load, so the load's task is retried as a whole, under a new lease.
    """
    work()


@task(name="load", task_run_name="load", **RETRIED)
@stage("load")
def load_runs(
    installation: Installation, runs: Sequence[Run], *, latest_rules: bool = False
) -> LoadReport:
    """Partition into Parquet, count mentions, load DuckDB, update the marts, run the checks.

    With `latest_rules`, topics that are counted by earlier matching rules are counted again.
    When the data are in a store, the task runs `pull` and `push` show the steps around the load.
    """
    report = load(runs=runs, latest_rules=latest_rules, **_arguments(installation))
    # Only after the load: a retry reads the staged rows again.
    for batch in (batch for run in runs for batch in run.batches):
        shutil.rmtree(batch.stage, ignore_errors=True)
    return report


@task(name="publish", task_run_name="publish", **RETRIED)
@stage("publish")
def publish_snapshot(installation: Installation) -> Path | None:
    """Publish the last load and return the snapshot's file; None when nothing was new."""
    return publish_all(**_arguments(installation))


@task(name="rebuild warehouse", task_run_name="rebuild warehouse", cache_policy=NO_CACHE)
@stage("rebuild warehouse")
def rebuild_snapshot(installation: Installation) -> LoadReport:
    """Rebuild the warehouse from Parquet, check it and publish it."""
    return rebuild_warehouse(**_arguments(installation))


def _arguments(installation: Installation) -> dict[str, Any]:
    """The arguments common to all functions of the loader."""
    return {
        "layout": installation.layout,
        "topics": installation.topics,
        "sources": installation.sources,
        "limits": installation.settings.limits,
        "rules": Rules(installation.settings.spike_false_alarms, installation.settings.balance),
        "processes": installation.settings.processes,
        "waiting": log.info,
        "step": store_step,
    }
