"""Keeps changes that a person made to deployments when `prefect deploy` runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate

from flows.runs.prefect_settings import POOL
from tasks.installation import RUN_THERE
from tasks.settings import ConfigError


def read_deployments_file(file: Path) -> dict[str, Mapping[str, Any]]:
    """The entries of a prefect.yaml by name; ConfigError when it cannot be read."""
    try:
        listed = yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"]
        return {one["name"]: one for one in listed}
    except FileNotFoundError:
        raise ConfigError([f"{file} is missing: {RUN_THERE}"]) from None
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise ConfigError([f"{file}: {' '.join(str(error).split())}"]) from None


@contextmanager
def preserved_changes(client: SyncPrefectClient, file: Path) -> Iterator[None]:
    """Restore what `prefect deploy` resets in deployments although the file does not set it.

    It empties default parameters, job variables and limits. If a schedule has no slug, such as one
    that was added in the UI, it replaces all schedules of the deployment, active again (3.9).
    """
    given = read_deployments_file(file)
    ours = [one for one in client.read_deployments() if one.work_pool_name == POOL]
    for deployment in ours:
        for schedule in deployment.schedules:
            if schedule.slug is None:
                path = f"/deployments/{deployment.id}/schedules/{schedule.id}"
                client.request("PATCH", path, json={"slug": f"added-{schedule.id}"})  # type: ignore[arg-type]
    yield
    for before in ours:
        entry = given.get(before.name)
        if entry is None:
            continue
        kept: dict[str, Any] = {}
        if "parameters" not in entry:
            schema = client.read_deployment(before.id).parameter_openapi_schema or {}
            known = schema.get("properties", {}).keys() & before.parameters.keys()
            kept["parameters"] = {name: before.parameters[name] for name in known}
        if "job_variables" not in entry.get("work_pool", {}):
            kept["job_variables"] = before.job_variables
        if "concurrency_limit" not in entry and before.global_concurrency_limit:
            kept["concurrency_limit"] = before.global_concurrency_limit.limit
        if any(kept.values()):
            client.update_deployment(before.id, DeploymentUpdate(**kept))
