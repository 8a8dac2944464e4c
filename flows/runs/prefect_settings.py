"""Prefect's settings, all in one place: set before Prefect is imported."""

import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import redirect_stderr
from io import StringIO
from urllib.parse import urlsplit

from pydantic import ValidationError

from flows.processes.quick_imports import quick_imports
from flows.runs.json_logs import PREFECT_LOGGING, is_json
from flows.runs.run_log import PROJECT_LOGGERS
from tasks.settings import ConfigError

POOL = "presswatch"  # the work pool of all deployments
SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_EXTRA_LOGGERS": ",".join(PROJECT_LOGGERS),
    "PREFECT_CLI_PROMPT": "false",
}
# Seconds between two heartbeats of a run; the automation for runs that died waits for three of
# them. Not for a temporary server, which has no automations: at its end, each run waits up to a
# second for the thread that sends them.
HEARTBEATS = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
SERVER = {
    # Leases of concurrency slots survive the server's end.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
    # With the defaults, 545 of 4,000 task runs in two bursts were never recorded.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    # A run of 20 sources takes a megabyte of Prefect's database; its server removes old runs.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(60 * 86_400),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P7D",
    # No offers of Prefect's paid service in the UI.
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_WORKER_QUERY_SECONDS": "5",
    # A page of another origin cannot change anything; who may read: `own_origins`.
    "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
}
# Where the pages and the API of a server are; those not set are Prefect's defaults.
ADDRESSES = ("PREFECT_API_URL", "PREFECT_UI_API_URL", "PREFECT_SERVER_UI_API_URL")


def configure(*, verbose: bool = False) -> None:
    """Set variables that are not set; without a server's address, runs use a temporary server."""
    # Only this user can read files of this command and its server, Prefect's database included.
    os.umask(0o077)
    # Hides Prefect's traceback of an error that the command reports in one line.
    quiet = {"PREFECT_LOGGING_LEVEL": "CRITICAL", "PREFECT_LOGGING_SERVER_LEVEL": "ERROR"}
    for name, value in _settings(os.environ, {} if verbose else quiet).items():
        os.environ.setdefault(name, value)
    if is_json():
        logging.captureWarnings(True)
    if verbose:
        return
    require_valid()
    from prefect.context import refresh_global_settings_context
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    more = HEARTBEATS
    if not settings.api.url:
        # A password keeps web pages and other users from a temporary server; a server of the
        # settings has its own.
        given = settings.server.api.auth_string or settings.api.auth_string
        password = given.get_secret_value() if given else f"presswatch:{secrets.token_urlsafe()}"
        names = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING")
        more = dict.fromkeys(names, password)
    for name, value in more.items():
        os.environ.setdefault(name, value)
    refresh_global_settings_context()


def require_valid() -> None:
    """Raise ConfigError for an environment variable that Prefect refuses when it is imported.

    This imports Prefect: set its variables before the call.
    """
    try:
        # Its plugins print the same in ten lines.
        with redirect_stderr(StringIO()), quick_imports():
            import prefect.context  # noqa: F401
    except ValidationError as error:
        found = error.errors()[0]
        value, field = str(found["input"]), str(found["loc"][-1]).upper()
        names = [
            name
            for name, text in os.environ.items()
            if name.startswith("PREFECT_") and text.lower() == value.lower()
        ]
        # Several may have this value: the one that ends with the field comes first.
        names.sort(key=lambda name: not name.endswith(field))
        key = names[0] if names else f"Prefect's {error.title}"
        why = found["msg"].replace("Input should be", "must be", 1)
        raise ConfigError([f"{key}: {why}, got {value!r}"]) from None


def server_settings(api: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Presswatch's settings for a server with this API address, its workers and their runs."""
    links = {"PREFECT_API_URL": api, "PREFECT_UI_URL": api.removesuffix("/api") + "/v2"}
    origins = ",".join(own_origins({**links, **environment}))
    others = HEARTBEATS | SERVER | links | {"PREFECT_SERVER_CORS_ALLOWED_ORIGINS": origins}
    return _settings(environment, others)


def _settings(environment: Mapping[str, str], others: dict[str, str]) -> dict[str, str]:
    return SETTINGS | others | (PREFECT_LOGGING if is_json(environment) else {})


def own_origins(environment: Mapping[str, str]) -> list[str]:
    """The origins of a server's own pages: only these may call its API from a browser."""
    urls = [urlsplit(environment[name]) for name in ADDRESSES if environment.get(name)]
    hosts = {f"{url.scheme}://{url.netloc.rpartition('@')[2]}" for url in urls}
    # A person may type localhost for a server on this machine.
    local = {host.replace("//127.0.0.1", "//localhost", 1) for host in hosts}
    return sorted(hosts | local)
