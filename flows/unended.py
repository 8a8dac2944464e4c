"""Runs that Prefect still takes for running after their processes have been ended."""

import logging

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import StateType
from prefect.states import Crashed

from flows.deploy import POOL

log = logging.getLogger(__name__)

UNENDED = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def end_unended_runs(why: str) -> int:
    """Mark every run of the pool that has not ended as crashed; none of them may be alive.

    Returns:
        How many there were.
    """
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=UNENDED))
    pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=states), work_pool_filter=pool
        )
        for run in runs:
            client.set_flow_run_state(run.id, Crashed(message=why), force=True)
            log.info("run %s had not ended: %s", run.name, why)
    return len(runs)
