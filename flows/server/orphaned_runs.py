"""Runs that Prefect still takes for running after their worker has ended."""

import logging
import os
import signal
import socket

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

UNFINISHED = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def end_orphaned_runs(why: str, *, kill: bool, reschedule: bool = True) -> None:
    """Mark the runs of this machine's worker, which is gone, as crashed.

    Runs that die in another way are left to the automation for missed heartbeats, and so are all
    while another machine has a worker: a run does not say whose it is.

    Args:
        why: The message of their state.
        kill: Whether their processes may be alive and have to end. Not after a restart of the
            machine, when other processes may have their ids.
        reschedule: Whether runs that had not begun are scheduled again.
    """
    with get_client(sync_client=True) as client:
        online = WorkerFilter(status=WorkerFilterStatus(any_=[WorkerStatus.ONLINE]))
        workers = client.read_workers_for_work_pool(POOL, worker_filter=online)
        if any(worker.name != socket.gethostname() for worker in workers):
            return
        for run in _unfinished(client):
            if kill and run.infrastructure_pid:
                _kill_group(int(run.infrastructure_pid.rpartition(":")[2]))
            state: State[object] = Crashed(message=why)
            if reschedule and run.state_type is StateType.PENDING:
                state = Scheduled(message=f"{why}; it had not begun")
            client.set_flow_run_state(run.id, state, force=True)
            log.info("run %s is %s: %s", run.name, state.name, why)


def _unfinished(client: SyncPrefectClient) -> list[FlowRun]:
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=UNFINISHED))
    pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    return client.read_flow_runs(flow_run_filter=FlowRunFilter(state=states), work_pool_filter=pool)


def _kill_group(leader: int) -> None:
    """End a run's process and those that it started: a worker starts each run in its own group."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
