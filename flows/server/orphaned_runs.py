"""Runs that Prefect still takes for running after their processes have ended."""

import logging
import os
import signal
import socket
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkerFilter,
    WorkerFilterStatus,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType, WorkerStatus
from prefect.states import Crashed, Scheduled

from flows.server.deploy import POOL

log = logging.getLogger(__name__)

UNENDED = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
BELONGS_TO = "PREFECT__FLOW_RUN_ID="
"""In the environment of each process that works for a run."""


def left_behind() -> set[UUID]:
    """Runs that have not ended and that no worker of another machine may have.

    Called while this machine has no worker.
    """
    with get_client(sync_client=True) as client:
        runs = {run.id for run in _unended(client)}
        is_shared = runs and _has_other_workers(client)
    return runs & living_runs().keys() if is_shared else runs


def end_dead_runs(left: Iterable[UUID], why: str) -> set[UUID]:
    """Mark those of the runs that have no process as crashed; one that had not begun waits anew.

    Returns:
        The runs that are alive.
    """
    wanted, living = set(left), living_runs()
    with get_client(sync_client=True) as client:
        runs = {run.id: run for run in _unended(client) if run.id in wanted}
        for run_id in runs.keys() - living.keys():
            _settle(client, runs[run_id], why)
    return runs.keys() & living.keys()


def end_unended_runs(why: str) -> int:
    """End every run of this machine that has not ended, and mark it as crashed.

    Returns:
        How many there were.
    """
    left, living = left_behind(), living_runs()
    with get_client(sync_client=True) as client:
        for run in _unended(client):
            if run.id in left:
                _kill(living.get(run.id, ()))
                client.set_flow_run_state(run.id, Crashed(message=why), force=True)
                log.info("run %s had not ended: %s", run.name, why)
    return len(left)


def living_runs() -> dict[UUID, list[int]]:
    """The runs that have a process on this machine, with its id and those of its helpers.

    Where there is no /proc, none is found.
    """
    found: dict[UUID, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # gone meanwhile, or another user's
        for entry in environment:
            if entry.startswith(BELONGS_TO):
                found[UUID(entry.removeprefix(BELONGS_TO))].append(int(folder.name))
    return dict(found)


def _unended(client: SyncPrefectClient) -> list[FlowRun]:
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=UNENDED))
    pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    return client.read_flow_runs(flow_run_filter=FlowRunFilter(state=states), work_pool_filter=pool)


def _settle(client: SyncPrefectClient, run: FlowRun, why: str) -> None:
    state: State[object] = Crashed(message=why)
    if run.state_type is StateType.PENDING:
        state = Scheduled(message=f"{why}; it had not begun")
    client.set_flow_run_state(run.id, state, force=True)
    log.info("run %s is %s: %s", run.name, state.name, why)


def _has_other_workers(client: SyncPrefectClient) -> bool:
    online = WorkerFilter(status=WorkerFilterStatus(any_=[WorkerStatus.ONLINE]))
    workers = client.read_workers_for_work_pool(POOL, worker_filter=online)
    return any(worker.name != socket.gethostname() for worker in workers)


def _kill(processes: Iterable[int]) -> None:
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
