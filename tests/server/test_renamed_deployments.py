"""Deployments of 0.1: renamed once, with everything that a person changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    WorkPoolCreate,
)
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from flows.server.deploy import deploy
from flows.server.renamed_deployments import RENAMED, rename_deployments
from tasks.installation import open_installation
from tasks.settings import ConfigError
from tests.support.config_files import ONE_SOURCE
from tests.support.sample_newsroom import TOPICS
from tests.support.serving import ROOT

FILE = ROOT / "deployments" / "prefect.yaml"
SOON = datetime.now(UTC) + timedelta(days=2)
WATCH = """{
    "name": "mine", "trigger": {"type": "event", "posture": "Reactive", "threshold": 1, "within": 0,
                                "expect": ["presswatch.source.silent"]},
    "actions": [{"type": "run-deployment", "deployment_id": "ID"}]
}"""


@pytest.fixture
def client(prefect_api: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client
        for one in client.read_deployments():
            client.delete_deployment(one.id)


def register(client: SyncPrefectClient, flow: str, name: str) -> UUID:
    """A deployment as 0.1 made it, with changes of a person's: a pause, a schedule, a limit."""
    try:
        client.read_work_pool("presswatch")
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name="presswatch", type="process"))
    schedules = [
        DeploymentScheduleCreate(
            schedule=CronSchedule(cron="7 * * * *", timezone="UTC"), active=False, slug=name
        ),
        DeploymentScheduleCreate(schedule=CronSchedule(cron="0 4 * * 1", timezone="Asia/Tokyo")),
    ]
    return client.create_deployment(
        client.create_flow_from_name(flow),
        name,
        schedules=schedules,
        entrypoint=f"flows.{flow}.{flow}",
        parameters={"max_new": 50} if flow == "ingest" else {},
        concurrency_limit=2,
        job_variables={"env": {"LANG": "C"}},
        work_pool_name="presswatch",
        tags=["desk"],
    )


def test_old_names_become_the_flows_names_and_keep_what_a_person_changed(
    client: SyncPrefectClient,
) -> None:
    ids = {flow: register(client, flow, before) for flow, before in RENAMED.items()}
    old = str(ids["ingest"])
    watch = client.create_automation(AutomationCore.model_validate_json(WATCH.replace("ID", old)))
    client.create_flow_run_from_deployment(
        ids["ingest"],
        name="by hand",
        parameters={"max_new": 3},
        state=Scheduled(scheduled_time=SOON),
    )
    rename_deployments(client, FILE)
    found = {one.name: one for one in client.read_deployments()}
    assert found.keys() == RENAMED.keys()
    ingest = found["ingest"]
    assert {(one.slug, one.active, one.schedule.timezone) for one in ingest.schedules} == {  # type: ignore[union-attr]
        ("hourly", False, "UTC"),
        (None, True, "Asia/Tokyo"),
    }
    assert ingest.parameters == {"max_new": 50}
    assert ingest.global_concurrency_limit
    assert ingest.global_concurrency_limit.limit == 2
    assert ingest.job_variables == {"env": {"LANG": "C"}}
    assert (ingest.entrypoint, ingest.work_pool_name) == ("flows.ingest.ingest", "presswatch")
    (run,) = [one for one in client.read_flow_runs() if one.name == "by hand"]
    assert (run.deployment_id, run.parameters) == (ingest.id, {"max_new": 3})
    assert run.state
    assert run.state.state_details.scheduled_time == SOON
    changed = client.read_automation(watch)
    assert changed
    assert str(ingest.id) in changed.model_dump_json()
    assert old not in changed.model_dump_json()
    client.delete_automation(watch)
    # The next start finds nothing to do.
    rename_deployments(client, FILE)
    assert {one.id for one in client.read_deployments()} == {one.id for one in found.values()}


def test_a_deploy_keeps_what_a_person_changed(
    client: SyncPrefectClient, prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    (tmp_path / "sources.toml").write_text(ONE_SOURCE)
    register(client, "ingest", "hourly")
    register(client, "recount", "recount")
    installation = open_installation(tmp_path / "sources.toml", TOPICS, tmp_path / "data")
    found = {one.name: one for one in deploy(installation)}  # as an upgrade does
    assert "hourly" not in found
    ingest = client.read_deployment(found["ingest"].id)
    (due,) = (one for one in ingest.schedules if one.slug == "due")
    assert due.parameters == {"due_only": True}
    assert schedules(ingest) == [
        ("0 4 * * 1", "Asia/Tokyo", True),
        ("7-57/10 * * * *", "UTC", False),
    ]
    # As of 0.1, with times that a person changed: it goes on, and the new one is added paused.
    changed = {"slug": "hourly", "active": True, "parameters": {}}
    changed["schedule"] = {"cron": "7 */6 * * *", "timezone": "UTC"}
    client.request("PATCH", f"/deployments/{ingest.id}/schedules/{due.id}", json=changed)  # type: ignore[arg-type]
    found = {one.name: one for one in deploy(installation)}
    ingest = client.read_deployment(found["ingest"].id)
    assert schedules(ingest) == [
        ("0 4 * * 1", "Asia/Tokyo", True),
        ("7 */6 * * *", "UTC", True),
        ("7-57/10 * * * *", "UTC", False),
    ]
    assert ingest.global_concurrency_limit
    assert ingest.global_concurrency_limit.limit == 2
    assert ingest.parameters == {"max_new": 50}
    assert ingest.job_variables == {"env": {"LANG": "C"}}
    assert (ingest.description or "").startswith("Collect every source")
    assert ("0 4 * * 1", "Asia/Tokyo", True) in schedules(
        client.read_deployment(found["recount"].id)
    )


def schedules(deployment: DeploymentResponse) -> list[tuple[str, str | None, bool]]:
    """Each schedule of a deployment, with whether it is on."""
    found = [(one.schedule, one.active) for one in deployment.schedules]
    return sorted(
        (when.cron, when.timezone, active)
        for when, active in found
        if isinstance(when, CronSchedule)
    )


def test_what_an_interrupted_deploy_left_is_removed(client: SyncPrefectClient) -> None:
    register(client, "ingest", "hourly")
    kept = register(client, "ingest", "ingest")
    rename_deployments(client, FILE)
    assert [one.id for one in client.read_deployments()] == [kept]


def test_somebody_elses_deployment_of_such_a_name_stays(client: SyncPrefectClient) -> None:
    theirs = register(client, "theirs", "nightly")
    rename_deployments(client, FILE)
    assert [one.id for one in client.read_deployments()] == [theirs]


def test_a_file_with_the_old_names_goes_on_with_a_warning(
    client: SyncPrefectClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text(FILE.read_text().replace("- name: ingest\n", "- name: hourly\n"))
    kept = register(client, "ingest", "hourly")
    rename_deployments(client, file)
    assert [one.id for one in client.read_deployments()] == [kept]
    assert f"{file}: the deployment hourly is called ingest since 0.2" in caplog.messages


def test_a_file_that_is_none(client: SyncPrefectClient, tmp_path: Path) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text("deployments: [")
    with pytest.raises(ConfigError, match="while parsing"):
        rename_deployments(client, file)
