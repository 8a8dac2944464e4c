"""The Prefect server of a process of the tests, which runs while a module uses it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.processes.child import stop, wait_until_healthy
from flows.processes.temporary_server import APP, EPHEMERAL_SETTINGS, HOST
from tests.support.ports import free_port
from tests.support.prefect_database import NAME, put_database

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 5


class PausedServer:
    """A server of its own database, paused but for the time of `resumed`."""

    def __init__(self, folder: Path) -> None:
        put_database(folder)
        port = free_port()
        self.api = f"http://{HOST}:{port}/api"
        own = {
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / NAME}",
            # It has no automations; looking at each event for them took a quarter of its CPU.
            "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
        }
        command = [sys.executable, "-m", "uvicorn", "--factory", APP, "--log-level", "error"]
        command += ["--host", HOST, "--port", str(port)]
        environment = {**os.environ, **EPHEMERAL_SETTINGS, **own}
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment)
        wait_until_healthy(self.api, self._process)
        self._process.send_signal(signal.SIGSTOP)

    @contextmanager
    def resumed(self) -> Iterator[None]:
        """Let it run while the body does."""
        self._process.send_signal(signal.SIGCONT)
        yield
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End it, after what Prefect still has to tell it."""
        from prefect.events.worker import EventsWorker

        with self.resumed():
            EventsWorker.drain_all()
        self._process.send_signal(signal.SIGCONT)
        stop(self._process, STOP_SECONDS)


@contextmanager
def paused_server(folder: Path) -> Iterator[PausedServer]:
    """A paused server whose address is in Prefect's settings, though not in the environment."""
    # Prefect's own `prefect_test_harness` imports the whole server into this process, and its
    # server makes the tables of a new database: 7 s of CPU for each process of the tests.
    from prefect.context import refresh_global_settings_context
    from prefect.settings import PREFECT_API_URL, temporary_settings

    server = PausedServer(folder)
    try:
        # For threads, which do not have the context of this one.
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("PREFECT_API_URL", server.api)
            refresh_global_settings_context()
        with temporary_settings({PREFECT_API_URL: server.api}):
            yield server
    finally:
        server.stop()
