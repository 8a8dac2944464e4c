"""Runs whose worker has ended: marked as crashed, so that the next run goes on with their work."""

import logging
import os
import signal
import socket
from contextlib import suppress

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, WorkerFilter, WorkPoolFilter
from prefect.client.schemas.objects import State, StateType, WorkerStatus
from prefect.states import Crashed, Scheduled

from flows.runs.prefect_settings import POOL

log = logging.getLogger(__name__)

UNFINISHED = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def end_orphaned_runs(
    why: str,  # the message of their state
    *,
    kill: bool,  # not after a restart of the machine: other processes may have their ids
    reschedule: bool = True,  # those that had not started
) -> None:
    """Mark the unfinished runs of this machine's worker, which has ended, as crashed.

    The automation for missed heartbeats handles runs that die in another way. While another machine
    has a worker it handles all runs, since a run does not record its worker.
    """
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate({"state": {"type": {"any_": UNFINISHED}}}),
            work_pool_filter=WorkPoolFilter.model_validate({"name": {"any_": [POOL]}}),
        )
        if not runs:  # before the first `deploy` there is no pool to ask for its workers
            return
        online = WorkerFilter.model_validate({"status": {"any_": [WorkerStatus.ONLINE]}})
        workers = client.read_workers_for_work_pool(POOL, worker_filter=online)
        if any(worker.name != socket.gethostname() for worker in workers):
            return
        for run in runs:
            if kill and run.infrastructure_pid:
                # A worker starts each run in a process group of its own.
                with suppress(ProcessLookupError):
                    os.killpg(int(run.infrastructure_pid.rpartition(":")[2]), signal.SIGKILL)
            state: State[object] = Crashed(message=why)
            if reschedule and run.state_type is StateType.PENDING:
                state = Scheduled(message=f"{why}; it had not begun")
            client.set_flow_run_state(run.id, state, force=True)
            log.info("run %s is %s: %s", run.name, state.name, why)
