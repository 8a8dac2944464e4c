"""Deployments that an earlier version registered under another name."""

import logging
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentCreate, DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.schemas.automations import AutomationCore

from flows.server.preserved_changes import read_deployments_file

log = logging.getLogger(__name__)

# The names of 0.1 by those of today, which are those of the flows. A user's own prefect.yaml may
# use the old names until 0.3.
RENAMED = {"ingest": "hourly", "maintain": "nightly", "report": "daily", "backfill": "archives"}
# Schedules of ingest: that of 0.1, and the one which asks only sources that are due.
HOURLY, DUE = "hourly", "due"
EVERY_HOUR = CronSchedule(cron="7 * * * *", timezone="UTC")
# Fields of a deployment to copy. Its version is the project's, its labels are the server's.
SERVER_FIELDS = {"schedules", "labels", "version_info", "branch", "base", "root"}
FIELDS = DeploymentCreate.model_fields.keys() - SERVER_FIELDS
# Fields of a schedule to copy, its slug included: the server updates a schedule by its slug.
SCHEDULE_FIELDS = DeploymentScheduleCreate.model_fields.keys()


def rename_deployments(client: SyncPrefectClient, file: Path) -> None:
    """Give deployments of 0.1 their new names, with schedules, pauses and what a person changed.

    The server cannot rename one: it is copied and deleted. Past runs stay with their flow.
    ConfigError when the file of deployments cannot be read.
    """
    named = read_deployments_file(file)
    every = {one.name: one for one in client.read_deployments()}
    for flow, before in RENAMED.items():
        if before in named:
            log.warning("%s: the deployment %s is called %s since 0.2", file, before, flow)
        elif old := every.get(before):
            if client.read_flow(old.flow_id).name != flow:
                continue  # somebody else's
            # Both exist if a deploy was interrupted.
            if flow not in every:
                _copy(client, old, flow)
            client.delete_deployment(old.id)
            log.info("the deployment %s/%s is now called %s/%s", flow, before, flow, flow)


def rename_schedules(client: SyncPrefectClient, file: Path) -> None:
    """Replace the schedule `hourly` of ingest, which was used until 0.1, by `due`.

    A paused one stays paused. If a person has changed its times or parameters in the UI, it is
    kept, and `due` is added paused.
    """
    schedules = read_deployments_file(file).get("ingest", {}).get("schedules", ())
    slugs = {one.get("slug") for one in schedules}
    if DUE not in slugs or HOURLY in slugs:
        return
    for one in client.read_deployments():
        by_slug = {schedule.slug: schedule for schedule in one.schedules}
        if one.name != "ingest" or HOURLY not in by_slug or DUE in by_slug:
            continue
        hourly = by_slug[HOURLY]
        path = f"/deployments/{one.id}/schedules"
        if hourly.schedule == EVERY_HOUR and not hourly.parameters:
            client.request("PATCH", f"{path}/{hourly.id}", json={"slug": DUE})  # type: ignore[arg-type]
        else:
            added = {"schedule": EVERY_HOUR.model_dump(mode="json"), "slug": DUE, "active": False}
            client.request("POST", path, json=[added])  # type: ignore[arg-type]
            log.info("ingest keeps its own schedule; the new one, every ten minutes, is paused")


def _copy(client: SyncPrefectClient, old: DeploymentResponse, name: str) -> None:
    """Copy a deployment under another name; its planned runs and automations move to the copy."""
    fields = old.model_dump(mode="json", include=set(FIELDS))
    limit = old.global_concurrency_limit
    schedules = [one.model_dump(mode="json", include=set(SCHEDULE_FIELDS)) for one in old.schedules]
    fields |= {
        "name": name,
        "schedules": schedules,
        "concurrency_limit": limit.limit if limit else None,
    }
    made = client.request("POST", "/deployments/", json=fields).json()["id"]
    planned = client.read_flow_runs(
        deployment_filter=DeploymentFilter.model_validate({"id": {"any_": [old.id]}}),
        flow_run_filter=FlowRunFilter.model_validate(
            {"state": {"type": {"any_": [StateType.SCHEDULED]}}}
        ),
    )
    for run in planned:
        if not run.auto_scheduled:  # the schedules plan their runs again
            client.create_flow_run_from_deployment(
                made, parameters=run.parameters, state=run.state, name=run.name
            )
    for automation in client.read_automations():
        # Without its owner, which the server rejects.
        text = automation.model_dump_json(exclude={"id", "created", "updated", "owner_resource"})
        if str(old.id) in text:
            text = text.replace(str(old.id), made)
            client.update_automation(automation.id, AutomationCore.model_validate_json(text))
