"""Sets the current run's name and events in Prefect.

Outside a flow run there is no run to rename.
"""

import logging

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.events import emit_event

log = logging.getLogger(__name__)


def is_scheduled() -> bool:
    """Whether the deployment's schedule started the run, not a person."""
    run = _flow_run()
    return bool(run and run.auto_scheduled)


def rename(name: str) -> None:
    """Set the run's name in Prefect's lists."""
    run = _flow_run()
    if run:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run.id, name=name)


def show_waiting(why: str) -> None:
    """Show what the run is waiting for, in its log and in its name."""
    log.info("waiting: %s", why)
    rename(f"ingest, waiting: {why}")


def emit_source_event(event: str, source_id: str, name: str, message: str) -> None:
    """Emit the event `presswatch.source.<event>`, for automations."""
    resource = {
        "prefect.resource.id": f"presswatch.source.{source_id}",
        "prefect.resource.name": name,
    }
    run = _flow_run()
    run_id = f"prefect.flow-run.{run.id}" if run else ""
    related = [{"prefect.resource.id": run_id, "prefect.resource.role": "flow-run"}] if run else []
    emit_event(
        f"presswatch.source.{event}", resource, related=related, payload={"message": message}
    )


def _flow_run() -> FlowRun | None:
    context = FlowRunContext.get()
    return context.flow_run if context else None
