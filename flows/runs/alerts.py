"""Alerts at the end of a run, and incidents that Prefect shows: no worker, failed runs."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import duckdb
import httpx
from prefect import Flow
from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter, WorkerFilter
from prefect.client.schemas.objects import BlockDocument, FlowRun, State, StateType, WorkerStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

from flows.runs.prefect_settings import POOL
from tasks.collect.circuit_breaker import EVERY_SOURCE_FAILED
from tasks.installation import open_layout, settings_of
from tasks.monitor.alert_settings import AlertSettings, Kind, load_alerts
from tasks.monitor.channels import Channel, NotAccepted, channels_of
from tasks.monitor.incidents import CurrentIncidents, Incident
from tasks.monitor.send_incidents import check_and_send
from tasks.settings import ConfigError, Settings
from warehouse.layers.documents import DocumentError
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError

log = logging.getLogger(__name__)

# Runs that ended by themselves. One that crashed is repeated; the server's automation reports it.
ENDED = [StateType.COMPLETED, StateType.FAILED]
# Names of the states of runs that asked no source: they neither failed nor did the run's work.
IDLE = ["NothingDue", "Skipped"]
# Errors that may prevent a check, but must not end the run or the server that makes it.
EXPECTED = (ConfigError, QueryError, DocumentError, OSError, duckdb.Error, httpx.HTTPError)


@dataclass(frozen=True, slots=True)
class BlockChannel:
    """A notification block of the Prefect server."""

    block: str
    document: BlockDocument | None  # None while the server does not answer

    @property
    def name(self) -> str:
        """Its name in the state file and in log lines."""
        return f"block {self.block}"

    def send(self, subject: str, body: str) -> None:
        """Send a message and return once it was accepted; NotAccepted when it was not."""
        if self.document is None or self.document.block_type is None:
            raise NotAccepted("the Prefect server does not answer")
        try:
            block: Any = Block.load(f"{self.document.block_type.slug}/{self.block}")
            with block.raise_on_failure():
                block.notify(body, subject)
        # A block may come from any package, and raise any exception.
        except Exception as error:
            # Messages of httpx contain the address, which is a secret for most services.
            response = getattr(error, "response", None)
            status = f" {response.status_code}" if response is not None else ""
            raise NotAccepted(f"{type(error).__name__}{status}") from error


def alert_channels(settings: AlertSettings, *, is_served: bool = True) -> tuple[Channel, ...]:
    """Where alerts go: the addresses of alerts.toml, and the block if the server has it."""
    found = channels_of(settings)
    if not is_served or not settings.block:
        return found
    try:
        with get_client(sync_client=True) as client:
            document = find_block(client, settings.block)
    except httpx.HTTPError:
        return (*found, BlockChannel(settings.block, None))  # its messages wait
    return (*found, BlockChannel(settings.block, document)) if document else found


def find_block(client: SyncPrefectClient, name: str) -> BlockDocument | None:
    """The block document of that name, of any type; None when there is none."""
    documents = client.read_block_documents(limit=200)
    return next((each for each in documents if each.name == name), None)


def no_recipient(settings: AlertSettings, path: object) -> str:
    """The warning for the UI and the terminal when nobody is set up to get alerts."""
    return f"Nothing is sent: there is no block {settings.block}, and {path} has no urls."


def check_after_run(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Send what is new since the last check; a hook of flows that never changes a run's state."""
    names = {"data": "data", "sources": "sources_file", "topics": "topics_file"}
    given = {name: flow_run.parameters.get(parameter) for name, parameter in names.items()}
    try:
        settings = settings_of(**given)
        alerts = load_alerts(settings)
        if channels := alert_channels(alerts):
            about = (Layout(settings.data), alerts, channels, datetime.now(UTC))
            others = prefect_incidents(with_workers=False)
            check_and_send(*about, others, is_local=settings.is_local)
    except EXPECTED as error:
        log.warning("alerts: not checked: %s", " ".join(str(error).split()))


def check_served(settings: Settings) -> None:
    """Check an installation whose server and worker run here; errors are logged."""
    try:
        alerts = load_alerts(settings)
        if channels := alert_channels(alerts):
            about = (open_layout(settings), alerts, channels, datetime.now(UTC))
            check_and_send(*about, prefect_incidents(), is_local=settings.is_local)
    except EXPECTED as error:
        log.warning("alerts: not checked: %s", " ".join(str(error).split()))


def prefect_incidents(*, with_workers: bool = True) -> CurrentIncidents:
    """What Prefect's server shows: no worker, and how the last run of each deployment ended.

    A server that does not answer counts as one without a worker.
    """
    workers = frozenset({Kind.NO_WORKER} if with_workers else ())
    try:
        with get_client(sync_client=True) as client:
            last = list(_last_runs(client))
            failed = [
                _failed(name, run, client)
                for name, run in last
                if run and run.state_type is StateType.FAILED
            ]
            found = (*failed, *(_no_worker(client) if with_workers else ()))
    except httpx.HTTPError as error:
        if not with_workers:
            raise
        why = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, httpx.HTTPStatusError):
            status = error.response.status_code
            why = f"it answers with status {status}"
            if status == HTTPStatus.UNAUTHORIZED:
                why = f"it rejected PREFECT_API_AUTH_STRING ({status})"
        text = f"The Prefect server could not be asked: {why}"
        about = (Kind.NO_WORKER, "", "no worker is polling", text, "a worker polls again")
        return CurrentIncidents((Incident(*about),), workers)
    completed = {
        name: run.end_time if run and run.state_type is StateType.COMPLETED else None
        for name, run in last
    }
    return CurrentIncidents(found, workers | {Kind.RUN_FAILED}, completed=completed)


def _last_runs(client: SyncPrefectClient) -> Iterator[tuple[str, FlowRun | None]]:
    """Each deployment and the last run of it that ended by itself and did its work."""
    ended = {"state": {"type": {"any_": ENDED}, "name": {"not_any_": IDLE}}}
    for deployment in client.read_deployments():
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate(ended),
            deployment_filter=DeploymentFilter.model_validate({"id": {"any_": [deployment.id]}}),
            sort=FlowRunSort.END_TIME_DESC,
            limit=1,
        )
        yield deployment.name, next(iter(runs), None)


def _failed(name: str, run: FlowRun, client: SyncPrefectClient) -> Incident:
    server = str(client.api_url).removesuffix("/").removesuffix("/api")
    why = run.state.message if run.state else ""
    return Incident(
        *(Kind.RUN_FAILED, name, f"{name} failed"),
        f"{run.name}: {why}\n{server}/v2/runs/flow-run/{run.id}",
        *(f"{name} completed", run.end_time),
        every_source_failed=EVERY_SOURCE_FAILED in (why or ""),
    )


def _no_worker(client: SyncPrefectClient) -> Iterator[Incident]:
    online = WorkerFilter.model_validate({"status": {"any_": [WorkerStatus.ONLINE]}})
    try:
        client.read_work_pool(POOL)  # the next call has no ObjectNotFound
        workers = client.read_workers_for_work_pool(POOL, worker_filter=online)
        last = "None has been heard of for a minute and a half."
    except ObjectNotFound:
        workers, last = [], f"There is no work pool {POOL}: run `presswatch deploy`."
    if not workers:
        text = f"{last} No run starts until one does: see presswatch-worker, or presswatch serve."
        yield Incident(Kind.NO_WORKER, "", "no worker is polling", text, "a worker polls again")
