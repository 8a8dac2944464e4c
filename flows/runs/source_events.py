"""Prefect events for automations: sources that fail, are skipped, fall silent or reject more."""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from prefect.client.schemas.objects import FlowRun
from prefect.events import emit_event

from tasks.collect.collector import Collected
from warehouse.read.source_health import SourceHealth

log = logging.getLogger(__name__)


def emit_source_events(
    names: Mapping[str, str],  # of all sources, by id
    failed: Iterable[Collected],
    ailing: Iterable[SourceHealth],
    run: FlowRun | None,  # that the events are related to
) -> None:
    """Emit an event for each source that failed, is skipped, is silent, or rejects more."""
    run_id = f"prefect.flow-run.{run.id}" if run else ""
    related = [{"prefect.resource.id": run_id, "prefect.resource.role": "flow-run"}] if run else []

    def emit(event: str, source_id: str, name: str, message: str) -> None:
        resource = {
            "prefect.resource.id": f"presswatch.source.{source_id}",
            "prefect.resource.name": name,
        }
        emit_event(
            f"presswatch.source.{event}", resource, related=related, payload={"message": message}
        )

    for source in failed:
        log.warning("%s failed: %s", source.source_id, source.error)
        emit("failed", source.source_id, names[source.source_id], source.error)
    now = datetime.now(UTC)
    for health in ailing:
        name = names.get(health.source_id, "")
        if health.is_silent or health.is_open(now):
            event = "silent" if health.is_silent else "open"
            emit(event, health.source_id, name, health.why)
        if health.is_rejecting_more:
            emit("rejecting", health.source_id, name, health.rejections)
