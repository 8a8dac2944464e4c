"""What a run writes for Prometheus at its end."""

import logging
from datetime import UTC, datetime
from typing import Any

import duckdb
import httpx
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State, StateType

from tasks.installation import settings_of
from tasks.monitor.metrics import EndedRun, write_metrics
from tasks.progress import take_stage_seconds
from tasks.settings import ConfigError

log = logging.getLogger(__name__)


def record_run(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Write the metrics of an installation; a hook for the end of every flow's runs."""
    if flow_run.parameters.get("verify_only"):
        return  # a run that only verifies changes nothing, not even the metrics
    stages, begun = take_stage_seconds(), flow_run.start_time or flow_run.expected_start_time
    seconds = (state.timestamp - begun).total_seconds() if begun else 0.0
    try:
        settings = settings_of(data=flow_run.parameters.get("data"))
        if settings.data.exists():  # the run may have failed because it does not
            ended = EndedRun(flow.name, state.name or state.type, seconds, stages, state.timestamp)
            with get_client(sync_client=True) as client:
                waiting = {
                    reason: client.request(
                        "POST", "/flow_runs/count", json={"flow_runs": given}
                    ).json()
                    for reason, given in waiting_filters().items()
                }
            write_metrics(settings, ended, waiting)
    except (ConfigError, OSError, duckdb.Error, httpx.HTTPError) as error:
        # The run itself does not need them.
        log.warning("the metrics were not written: %s", error)


def waiting_filters() -> dict[str, dict[str, Any]]:
    """Filters of Prefect's API for waiting runs, by what they wait for."""
    due = {"next_scheduled_start_time": {"before_": datetime.now(UTC).isoformat()}}
    return {
        "worker": {"state": {"type": {"any_": [StateType.SCHEDULED]}}, **due},
        "source": {
            "state": {"type": {"any_": [StateType.RUNNING]}},
            "name": {"like_": "ingest, waiting:"},
        },
    }
