"""Prefect's server and workers as their units start them, with the settings of `presswatch env`."""

import io
import shlex
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from dotenv import dotenv_values
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from tests.support.ports import free_port
from tests.support.prefect_database import without_prefect
from tests.support.sample_newsroom import DEPLOYMENTS, Place
from tests.support.serving import ROOT, START_SECONDS, wait_for

UNITS = DEPLOYMENTS / "systemd"
PROGRAMS = "/opt/presswatch/.venv/bin/"
STOP_SECONDS = 90
RUN_SECONDS = 300  # on two busy cores a run takes 90 s to begin


def unit(name: str) -> dict[str, str]:
    """The settings of a unit; the last one of a name counts."""
    lines = (UNITS / f"{name}.service").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def command_of(unit_name: str, **changed: str) -> list[str]:
    """What a unit starts, by this Python, with other values for some of its options."""
    words = shlex.split(unit(unit_name)["ExecStart"].removeprefix(PROGRAMS))
    for option, value in changed.items():
        words[words.index(f"--{option}") + 1] = value
    return [sys.executable, "-m", *words]


class Machines:
    """A server and workers of an installation, each a process of its own; ended with the test."""

    def __init__(self, place: Place, secrets: Mapping[str, str], auth: str) -> None:
        self.place = place
        self.port = free_port()
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.auth = auth
        self.secrets = {**secrets, "PREFECT_SERVER_API_AUTH_STRING": auth}
        self.logs = place.data.parent
        self.started: list[subprocess.Popen[bytes]] = []
        self.bare = {**without_prefect(), "PRESSWATCH_WORKERS": "1"}
        self.settings = {**self.bare, **self._printed()}
        Path(self.settings["PREFECT_HOME"]).mkdir(parents=True)

    def _printed(self) -> dict[str, str]:
        done = self.presswatch("env", "--api", self.api, environment=self.bare)
        assert done.returncode == 0, done.stderr
        return {
            name: text or ""
            for name, text in dotenv_values(stream=io.StringIO(done.stdout)).items()
        }

    @property
    def as_worker(self) -> dict[str, str]:
        """The environment of workers and of those who deploy."""
        return {**self.settings, "PREFECT_API_AUTH_STRING": self.auth}

    def presswatch(
        self, *words: str, environment: Mapping[str, str], place: Place | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run the command on the installation's files, or on those of another one."""
        given = (place or self.place).files
        files = ["--sources", given["sources_file"], "--topics", given["topics_file"]]
        files += ["--data", given["data"]]
        return subprocess.run(
            [sys.executable, "-m", "flows", *words, *files],
            cwd=ROOT,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
        )

    def start_server(self) -> "subprocess.Popen[bytes]":
        """Start the server, and wait until it answers."""
        command = command_of("presswatch-server", port=str(self.port))
        server = self._start("server", command, {**self.settings, **self.secrets})
        log = self.logs / "server.log"

        def answers() -> bool:
            assert server.poll() is None, log.read_text()
            try:
                return self.status("/health") == 200
            except OSError:
                return False

        wait_for("the server answers", answers, START_SECONDS)
        return server

    def start_worker(self, name: str, limit: int = 1) -> "subprocess.Popen[bytes]":
        """Start a worker of that name, for so many runs at once."""
        command = command_of("presswatch-worker", name=name, limit=str(limit))
        return self._start(name, command, self.as_worker)

    def _start(
        self, name: str, command: list[str], environment: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        with (self.logs / f"{name}.log").open("ab") as out:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(environment),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def status(self, path: str) -> int:
        """The status of an answer to somebody without the password."""
        try:
            with urllib.request.urlopen(self.api + path, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def deploy(self) -> None:
        """Register the deployments, as whoever has the password does."""
        done = self.presswatch("deploy", environment=self.as_worker)
        assert done.returncode == 0, done.stderr

    def begin(self, deployment: str = "ingest/ingest", **parameters: Any) -> UUID:
        """Start a run as a person does in the UI; its id."""
        with self.client() as client:
            deployed = client.read_deployment_by_name(deployment).id
            return client.create_flow_run_from_deployment(deployed, parameters=parameters).id

    def run(self, run_id: UUID) -> FlowRun:
        """What the server knows of a run."""
        with self.client() as client:
            return client.read_flow_run(run_id)

    def ended(self, run_id: UUID) -> FlowRun:
        """The run, once it has ended."""

        def asked() -> FlowRun | None:
            run = self.run(run_id)
            return run if run.state and run.state.is_final() else None

        return wait_for(f"run {run_id} ends", asked, RUN_SECONDS, pause=2)

    def log_contains(self, run_id: UUID, words: str) -> bool:
        """Whether a line of the run's log has the words."""
        about = {"logs": {"flow_run_id": {"any_": [str(run_id)]}}}
        with self.client() as client:
            lines = client.request("POST", "/logs/filter", json=about).json()
        return any(words in line["message"] for line in lines)

    @cached_property
    def _client(self) -> SyncPrefectClient:
        return SyncPrefectClient(self.api, auth_string=self.auth)

    def client(self) -> AbstractContextManager[SyncPrefectClient]:
        """Prefect's client, authorised: one, since making it costs as much as five questions."""
        return nullcontext(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.started):
            process.terminate()
        for process in reversed(self.started):
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
