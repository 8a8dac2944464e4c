"""A run sends heartbeats: without them, the automation for runs that died would end it."""

from typing import Any

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.runs.prefect_settings import server_settings
from tests.support.serving import wait_for

BEAT = "prefect.flow-run.heartbeat"


@flow
def short() -> str:
    """The run's resource."""
    context = FlowRunContext.get()
    assert context
    assert context.flow_run
    return f"prefect.flow-run.{context.flow_run.id}"


def heartbeats(resource: str) -> list[dict[str, Any]]:
    about = {"event": {"name": [BEAT]}, "any_resource": {"id": [resource]}}
    with get_client(sync_client=True) as client:
        said = client._client.post("/events/filter", json={"filter": about}).raise_for_status()
    found: list[dict[str, Any]] = said.json()["events"]
    return found


def test_a_run_sends_heartbeats_by_our_settings(prefect_api: str) -> None:
    seconds = int(server_settings(prefect_api, {})["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
    assert seconds == 30
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: seconds}):
        resource = short()
    wait_for("its heartbeat is known", lambda: len(heartbeats(resource)) == 1, 60)
