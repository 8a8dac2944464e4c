"""A run is heard of while it goes on, and waits for nobody at its end."""

import time
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.settings import get_current_settings

from flows.runs import run_page
from tests.support.serving import until

BEAT = "prefect.flow-run.heartbeat"


@flow
def lasting(seconds: float) -> tuple[str, float]:
    """A run of so many seconds; its resource, and how long its end took."""
    with run_page.heard():
        time.sleep(seconds)
        slept = time.monotonic()
    context = FlowRunContext.get()
    assert context
    assert context.flow_run
    return f"prefect.flow-run.{context.flow_run.id}", time.monotonic() - slept


def beats(resource: str) -> list[dict[str, Any]]:
    about = {"event": {"name": [BEAT]}, "any_resource": {"id": [resource]}}
    with get_client(sync_client=True) as client:
        said = client._client.post("/events/filter", json={"filter": about}).raise_for_status()
    found: list[dict[str, Any]] = said.json()["events"]
    return found


def test_a_run_is_heard_of_again_and_again(
    prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_page, "BEAT_SECONDS", 0.1)
    with run_page.ends_at_once():
        resource, _ = lasting(0.55)
    until("its beats are known", lambda: len(beats(resource)) >= 5, 60)
    assert {beat["resource"]["prefect.resource.id"] for beat in beats(resource)} == {resource}


def test_a_run_that_prefect_lets_be_heard_of_is_not_told_of_twice(
    prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_page, "BEAT_SECONDS", 0.1)
    resource, _ = lasting(0.55)
    until("its beat is known", lambda: bool(beats(resource)), 60)
    time.sleep(1)
    assert len(beats(resource)) == 1


def test_a_run_ends_at_once(prefect_api: str) -> None:
    took = []
    with run_page.ends_at_once():
        assert get_current_settings().flows.heartbeat_frequency is None
        for _ in range(5):
            resource, seconds = lasting(0.01)
            took.append(seconds)
    assert min(took) < 0.3
    until("its beat is known", lambda: len(beats(resource)) == 1, 60)
