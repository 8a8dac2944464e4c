"""The work pool, deployments, forms and automations of a server."""

import logging
import os
import subprocess
import sys
import tomllib
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound

from flows.runs.alerts import alert_channels, find_block, no_recipient
from flows.runs.prefect_settings import POOL
from flows.server.preserved_changes import preserved_changes
from flows.server.renamed_deployments import rename_deployments, rename_schedules
from tasks.installation import RUN_THERE, Installation
from tasks.monitor.alert_settings import load_alerts
from tasks.settings import ConfigError

log = logging.getLogger(__name__)

ABOUT_POOL = "Presswatch's runs: a process each, on the machines where a worker of this pool runs."
DOES_NOTHING = {"type": "do-nothing"}
# Automations of earlier versions. Checks now send their alerts, once per incident.
RETIRED = ("presswatch: a run failed", "presswatch: a source is silent")
DAY = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


def deploy(installation: Installation) -> list[DeploymentResponse]:
    """Create or update everything on the server at PREFECT_API_URL; what is paused stays paused.

    ConfigError when the file of deployments or of automations is missing or wrong, or the server
    requires a password.
    """
    automations = _read_automations(Path("deployments/automations.toml"))
    alerts = load_alerts(installation.settings)
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(POOL)
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        client.update_work_pool(POOL, WorkPoolUpdate(description=ABOUT_POOL))
        file = installation.settings.deployments
        rename_deployments(client, file)
        rename_schedules(client, file)
        with preserved_changes(client, file):
            _run_prefect_deploy(file)
        for automation in automations:
            # An action names a block document, where the server wants the document's id.
            for number, action in enumerate(automation["actions"]):
                block = action.pop("block", None)
                if block is not None:
                    if found := find_block(client, block):
                        action["block_document_id"] = str(found.id)
                    else:
                        automation["actions"][number] = DOES_NOTHING
                        automation["description"] += f" Nothing is sent: there is no block {block}."
            core = AutomationCore.model_validate(automation)
            existing = client.read_automations_by_name(core.name)
            if existing:
                core.enabled = existing[0].enabled  # one that was paused in the UI stays paused
                client.update_automation(existing[0].id, core)
            else:
                client.create_automation(core)
        for old in chain.from_iterable(map(client.read_automations_by_name, RETIRED)):
            client.delete_automation(old.id)
    if not alert_channels(alerts):
        log.warning("alerts: %s", no_recipient(alerts, installation.settings.alerts))
    return update_forms(installation)


def update_forms(installation: Installation) -> list[DeploymentResponse]:
    """Make the forms of all deployments offer the ids of the current sources."""
    with get_client(sync_client=True) as client:
        found = client.read_deployments()
        deployments = [one for one in found if one.work_pool_name == POOL]
        for deployment in deployments:
            schema = deployment.parameter_openapi_schema or {}
            fields = schema.get("properties", {})
            # For the command only: workers read PRESSWATCH_SOURCES and the like.
            for name in {"sources_file", "topics_file", "data"} & fields.keys():
                del fields[name]
            schema["additionalProperties"] = False
            # The server checks patterns, but no formats.
            for field in fields.values():
                if field.get("format") == "date":
                    field["pattern"] = DAY
            # The flow's `only` is a plain `list[str]`: its choices are those of sources.toml.
            if "only" in fields:
                ids = [source.id for source in installation.sources]
                fields["only"]["items"] = {"type": "string", "enum": ids}
            update = DeploymentUpdate(parameter_openapi_schema=schema)
            client.update_deployment(deployment.id, update)
    return deployments


def _read_automations(path: Path) -> list[dict[str, Any]]:
    try:
        automations = tomllib.loads(path.read_text(encoding="utf-8"))["automation"]
        for one in automations:
            AutomationCore.model_validate(one | {"actions": [DOES_NOTHING]})
    except FileNotFoundError:
        raise ConfigError([f"{path} is missing: {RUN_THERE}"]) from None
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError([f"{path}: {' '.join(str(error).split())}"]) from None
    return list(automations)


def _run_prefect_deploy(file: Path) -> None:
    """Deploy a prefect.yaml; only Prefect's command can, not its Python API."""
    # prefect.yaml reads both variables, for the working folder and the version of a deployment.
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    command += ["--prefect-file", str(file)]
    given = {"PRESSWATCH_HOME": str(Path.cwd()), "PRESSWATCH_VERSION": version("presswatch")}
    done = subprocess.run(  # noqa: S603 - our own command
        command, env=given | os.environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        output = " ".join((done.stderr or done.stdout).split())
        raise ConfigError([f"{file}: {output[-500:]}"])
