"""A Prefect server for the duration of one command, unless settings name another."""

import atexit
import fcntl
import os
import socket
import sys
import tempfile
import threading
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from flows.processes.child import ServerFailed, start, stop, wait_until_healthy, why_ended
from flows.processes.quick_imports import quick_imports
from flows.runs import prefect_settings
from tasks.settings import ConfigError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

HOST = "127.0.0.1"
STOP_SECONDS = 5
APP = "flows.processes.temporary_server:create_app"
# Without UI, schedules and other services that only a permanent server needs.
EPHEMERAL_SETTINGS = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    # Its output is read by `why_ended`, not by programs that collect logs.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "standard",
}


class PrefectServer:
    """The server that Prefect's settings name, else a temporary one, which ends with the command.

    A temporary one starts when the object is created, and is up after `wait`. Calls
    `prefect_settings.configure`.
    """

    # Prefect would start one itself, but in the terminal's process group, where Ctrl-C ended it
    # before the run, and without a tie to the command, so that a kill -9 left it behind.

    def __init__(self, *, verbose: bool = False) -> None:
        prefect_settings.configure(verbose=verbose)
        prefect_settings.require_valid()
        from prefect.context import refresh_global_settings_context
        from prefect.settings import get_current_settings

        self._process = None
        settings = get_current_settings()
        self._api, self._home = settings.api.url or "", settings.home
        if self._api:
            return
        # One command at a time until its server answers. Servers that start on a new database, or
        # one of an earlier Prefect, change its tables first: two at once conflicted, and one ended
        # with "table already exists".
        self._home.mkdir(parents=True, exist_ok=True)
        lock = (self._home / "presswatch-start.lock").open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        self._api = f"http://{HOST}:{port}/api"
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        command = [sys.executable, "-m", "uvicorn", "--factory", APP, "--log-level", "error"]
        command += ["--host", HOST, "--port", str(port)]
        given = settings.to_environment_variables(exclude_unset=True)
        environment = {**os.environ, **given, **EPHEMERAL_SETTINGS}
        self._process = process = start(command, environment, self._out)

        def unlock_when_up() -> None:
            with lock, suppress(ServerFailed):
                wait_until_healthy(self._api, process)

        # Not in `wait`: `demo` makes its history before that, for a minute.
        threading.Thread(target=unlock_when_up, daemon=True).start()
        # At exit Prefect first sends the events that it still has.
        atexit.register(stop, process, STOP_SECONDS)
        os.environ["PREFECT_API_URL"] = self._api
        refresh_global_settings_context()

    def wait(self) -> None:
        """Wait until it answers; ServerFailed or ConfigError with the reason when it does not."""
        if self._process:
            try:
                wait_until_healthy(self._api, self._process)
            except ServerFailed as failed:
                self._out.seek(0)
                why = why_ended(self._out.read())
                raise ServerFailed(f"{failed}: {why} (PREFECT_HOME is {self._home})") from None
            return
        import httpx
        from prefect.client.orchestration import get_client

        try:
            with get_client(sync_client=True) as client:
                client.hello().raise_for_status()
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status == HTTPStatus.UNAUTHORIZED:
                problem = f"PREFECT_API_AUTH_STRING was rejected by {self._api} ({status})"
            else:
                problem = f"PREFECT_API_URL: {self._api} answers with status {status}"
            raise ConfigError([problem]) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = " ".join(str(error).split())
            raise ConfigError([f"PREFECT_API_URL: {self._api} does not answer: {why}"]) from None


def create_app() -> "ASGIApp":
    """Prefect's server as `prefect server start` makes it; called by uvicorn."""
    with quick_imports():
        from prefect.server.api.server import create_app
    return create_app()
