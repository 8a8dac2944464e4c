"""`presswatch serve` as its user starts it: processes of its own, on a free port of loopback."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, TypeVar
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import DeploymentSchedule, FlowRun

from tests.support.ports import free_port
from tests.support.prefect_database import put_database, without_prefect

ROOT = Path(__file__).parents[2]
START_SECONDS = 180
T = TypeVar("T")


def wait_for(what: str, ask: Callable[[], T | None], seconds: float = 60, pause: float = 0.5) -> T:
    """What `ask` says as soon as it says something; the test fails when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        # A question to Prefect takes its server and this process 0.03 s of CPU.
        time.sleep(pause)
    raise AssertionError(f"not within {seconds} seconds: {what}")


def later_schedules(folder: Path) -> Path:
    """The deployments, none of them due for half an hour, whenever the tests are run."""
    now, path = datetime.now(UTC), folder / "prefect.yaml"
    text = (ROOT / "deployments" / "prefect.yaml").read_text(encoding="utf-8")
    hour, minute = (now.hour + 12) % 24, (now.minute + 40) % 60
    moved = {
        "7-57/10 * * * *": f"{minute} * * * *",
        "30 5 * * *": f"30 {hour} * * *",
        "40 3 * * *": f"40 {hour} * * *",
    }
    for was, then in moved.items():
        assert f'"{was}"' in text
        text = text.replace(f'"{was}"', f'"{then}"')
    path.write_text(text, encoding="utf-8")
    return path


class Files(TypedDict):
    """The files of an installation, as all flows take them."""

    sources_file: str
    topics_file: str
    data: str


class Served:
    """A running `presswatch serve`."""

    def __init__(
        self, files: Files, environment: Mapping[str, str], *, makes_database: bool = False
    ) -> None:
        self.port = free_port()
        self.data = Path(files["data"])
        self.out = self.data.parent / "serve.log"
        self.command = [sys.executable, "-m", "flows", "serve", "--port", str(self.port)]
        self.command += ["--sources", files["sources_file"], "--topics", files["topics_file"]]
        self.command += ["--data", files["data"]]
        schedules = {"PRESSWATCH_DEPLOYMENTS": str(later_schedules(self.data.parent))}
        self.environment = {**without_prefect(), **schedules, **environment}
        self.process: subprocess.Popen[bytes] | None = None
        if not makes_database:
            put_database(Path(self.environment.get("PREFECT_HOME") or self.data / "prefect"))

    def start(self) -> None:
        """Start it, and wait until it watches its children."""
        begun = self.out.stat().st_size if self.out.exists() else 0
        with self.out.open("ab") as out:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=out, stderr=out
            )
        try:
            wait_for("presswatch serve is up", lambda: self._is_up(begun), START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def _is_up(self, begun: int) -> bool:
        assert self.process is not None
        said = self.out.read_text()
        assert self.process.poll() is None, said
        return "shows the runs" in said[begun:]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and give the exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(60)

    def pid(self, name: str) -> int:
        """Process id of its `server` or `worker`."""
        started = {"server": "flows.server.app", "worker": "prefect worker start"}
        found = pids_of(started[name], str(self.data))
        assert len(found) == 1, found
        return found[0]

    @cached_property
    def _client(self) -> SyncPrefectClient:
        auth = self.environment.get("PREFECT_API_AUTH_STRING")
        return SyncPrefectClient(f"http://127.0.0.1:{self.port}/api", auth_string=auth)

    def client(self) -> AbstractContextManager[SyncPrefectClient]:
        """Prefect's client for its server: one, since making it costs as much as five questions."""
        return nullcontext(self._client)

    def begin(self, deployment: str = "ingest/ingest", **parameters: Any) -> UUID:
        """Start a run as a person does in the UI; its id."""
        with self.client() as client:
            made = client.create_flow_run_from_deployment(
                client.read_deployment_by_name(deployment).id, parameters=parameters
            )
            return made.id

    def run(self, run_id: UUID) -> FlowRun:
        """What the server knows of a run."""
        with self.client() as client:
            return client.read_flow_run(run_id)

    def schedules(self, deployment: str = "ingest/ingest") -> list[DeploymentSchedule]:
        """Those of a deployment, as the server has them."""
        with self.client() as client:
            found = client.read_deployment_by_name(deployment).schedules
        assert found
        return list(found)

    def state(self, run_id: UUID) -> str:
        """Name of the run's state."""
        state = self.run(run_id).state
        return state.name or "" if state else ""

    def ended(self, run_id: UUID, seconds: float = 120) -> FlowRun:
        """The run, once it has ended."""

        def asked() -> FlowRun | None:
            try:
                run = self.run(run_id)
            except httpx.TransportError:
                return None  # the server is being started again
            return run if run.state and run.state.is_final() else None

        return wait_for(f"run {run_id} ends", asked, seconds, pause=2)


def processes_of(*words: str) -> dict[int, str]:
    """Living processes whose command or environment holds all the words: their commands by id."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command, environment = ((folder / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:
            continue
        text = (command + environment).replace(b"\0", b" ").decode(errors="replace")
        if all(word in text for word in words):
            found[int(folder.name)] = text[: len(command)]
    return found


def pids_of(*words: str) -> list[int]:
    """Ids of these processes."""
    return list(processes_of(*words))


def wait_until_gone(group: int, seconds: float) -> None:
    """Wait until the processes of a group, such as a killed run's, have ended."""

    def is_gone() -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return False

    wait_for("no process has outlived the killed one", is_gone, seconds, pause=0.02)


def wait_until_no_process(*words: str, seconds: float = 60) -> None:
    """Wait until there is no such process; the failure says which ones are left."""
    try:
        wait_for("no process is left", lambda: not processes_of(*words), seconds)
    except AssertionError as late:
        raise AssertionError(f"{late}: {processes_of(*words)}") from None
