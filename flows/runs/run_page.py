"""What Prefect shows of the run that is on: its name, what it waits for, its artifacts and events.

And that it is alive.

Outside a flow run nothing of it happens.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event, Thread

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.events import emit_event
from prefect.settings import (
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    get_current_settings,
    temporary_settings,
)
from prefect.states import Running

log = logging.getLogger(__name__)

WAITING = "Waiting"
"""Name of the state of a run that waits for another one."""
BEAT_SECONDS = 30
"""The automation for runs that died waits for three."""


@contextmanager
def ends_at_once() -> Iterator[None]:
    """Leave it to `heard` that the runs of the body are heard of.

    Prefect's own thread looks once a second whether it may stop, and a run's end waits for that:
    half a second of the five of an ingest with nothing new.
    """
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


@contextmanager
def heard() -> Iterator[None]:
    """Let a run be heard of for as long as the body takes, where Prefect does not see to it."""
    if get_current_settings().flows.heartbeat_frequency is not None:
        yield
        return
    ended = Event()
    beating = Thread(target=copy_context().run, args=(_beat, ended), daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()


def _beat(ended: Event) -> None:
    run = _flow_run()
    while run:
        emit_event("prefect.flow-run.heartbeat", _resource(run))
        if ended.wait(BEAT_SECONDS):
            return


def is_scheduled() -> bool:
    """Whether the run was made by its deployment's schedule, and not by a person."""
    run = _flow_run()
    return bool(run and run.auto_scheduled)


def rename(name: str) -> None:
    """Give the run the name that people see in lists."""
    run = _flow_run()
    if run:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run.id, name=name)


def say_waiting(why: str) -> None:
    """Show that the run waits, and for what."""
    log.info("waiting: %s", why)
    _set_state(WAITING, why)


def say_running() -> None:
    """Show that the run goes on."""
    _set_state("Running", None)


def leave(key: str, markdown: str, about: str) -> None:
    """Leave an artifact that people read on the run's page."""
    create_markdown_artifact(key=key, markdown=markdown, description=about)


def tell(event: str, source_id: str, name: str, message: str) -> None:
    """Emit an event about a paper that an automation can catch.

    Args:
        event: Such as `presswatch.source.failed`.
        source_id: The paper.
        name: Its name, for people.
        message: What happened.
    """
    resource = {
        "prefect.resource.id": f"presswatch.source.{source_id}",
        "prefect.resource.name": name,
    }
    run = _flow_run()
    related = [_related(run)] if run else []
    emit_event(event, resource, related=related, payload={"message": message})


def _related(run: FlowRun) -> dict[str, str]:
    return {
        "prefect.resource.id": _resource(run)["prefect.resource.id"],
        "prefect.resource.role": "flow-run",
    }


def _resource(run: FlowRun) -> dict[str, str]:
    return {
        "prefect.resource.id": f"prefect.flow-run.{run.id}",
        "prefect.resource.name": run.name,
    }


def _flow_run() -> FlowRun | None:
    context = FlowRunContext.get()
    return context.flow_run if context else None


def _set_state(name: str, message: str | None) -> None:
    run = _flow_run()
    if run:
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run.id, Running(name=name, message=message), force=True)
