"""Prefect's settings, all in one place: set before Prefect is imported, printed for services."""

import logging
import os
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from flows.runs.json_logs import PREFECT_LOGGING, is_json
from tasks.settings import ConfigError, Settings
from tasks.text.control_characters import without_controls

# Loggers whose lines appear at the terminal and on the run's page.
PROJECT_LOGGERS = ("flows", "tasks", "warehouse")

SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_EXTRA_LOGGERS": ",".join(PROJECT_LOGGERS),
    "PREFECT_CLI_PROMPT": "false",
    # The automation for runs that died waits for three of these.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}
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

log = logging.getLogger(__name__)


def configure(*, verbose: bool = False) -> None:
    """Set what is not set yet; without the address of a server, runs use a temporary one."""
    # What this command and its server write, Prefect's database too, is for this user alone.
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

    # A temporary server is kept from web pages and other users; those of settings have passwords
    # of their own.
    settings = get_current_settings()
    if settings.api.url:
        return
    given = settings.server.api.auth_string or settings.api.auth_string
    password = given.get_secret_value() if given else f"presswatch:{secrets.token_urlsafe()}"
    for name in ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"):
        os.environ.setdefault(name, password)
    refresh_global_settings_context()


def require_valid() -> None:
    """ConfigError for a variable of Prefect's that it refuses when it is imported.

    It is imported here: whoever sets more variables does that before.
    """
    said = StringIO()
    try:
        with redirect_stderr(said):  # its plugins say the same in ten lines
            import prefect.context  # noqa: F401
    except ValidationError as error:
        found = error.errors()[0]
        value = str(found["input"])
        names = [
            name
            for name, text in os.environ.items()
            if name.startswith("PREFECT_") and text.lower() == value.lower()
        ]
        key = names[0] if names else f"Prefect's {error.title}"
        why = found["msg"].replace("Input should be", "must be", 1)
        raise ConfigError([f"{key}: {why}, got {value!r}"]) from None


def server_settings(api: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Presswatch's settings for a server whose API has this address, workers and their runs."""
    links = {"PREFECT_API_URL": api, "PREFECT_UI_URL": api.removesuffix("/api") + "/v2"}
    origins = ",".join(own_origins({**links, **environment}))
    return _settings(environment, SERVER | links | {"PREFECT_SERVER_CORS_ALLOWED_ORIGINS": origins})


def _settings(environment: Mapping[str, str], others: dict[str, str]) -> dict[str, str]:
    return SETTINGS | others | (PREFECT_LOGGING if is_json(environment) else {})


def own_origins(environment: Mapping[str, str]) -> list[str]:
    """The origins of a server's own pages: only these may call its API from a browser."""
    urls = [urlsplit(environment[name]) for name in ADDRESSES if environment.get(name)]
    hosts = {f"{url.scheme}://{url.netloc.rpartition('@')[2]}" for url in urls}
    # A person may type this name for a server of this machine.
    local = {host.replace("//127.0.0.1", "//localhost", 1) for host in hosts}
    return sorted(hosts | local)


def log_to_prefect() -> None:
    """Let the project's log lines through to Prefect; called when a flow begins."""
    for name in PROJECT_LOGGERS:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        for handler in (*logger.handlers, *logging.getLogger().handlers):
            handler.addFilter(clean_record)
    progress = logging.getLogger("tasks.progress")
    if not progress.handlers:  # a terminal's progress bars are one
        progress.setLevel(logging.DEBUG)
        progress.addHandler(ProgressLines())
        progress.propagate = False
    # Hides "Finished in state Completed()" for each task run, which does not name the task.
    tasks = logging.getLogger("prefect.task_runs")
    tasks.setLevel(max(tasks.getEffectiveLevel(), logging.WARNING))  # a command's is higher
    # Hides "Running hook 'record_run' ..." at the end of each run; when it fails that is logged.
    logging.getLogger("prefect.flow_runs").addFilter(is_not_of_a_hook)


def is_not_of_a_hook(record: logging.LogRecord) -> bool:
    """A filter that removes the lines by which Prefect tells of a hook that does well."""
    is_of_a_hook = record.getMessage().startswith(("Running hook '", "Hook '"))
    return record.levelno > logging.INFO or not is_of_a_hook


def clean_record(record: logging.LogRecord) -> bool:
    """A filter for handlers that removes what a page's title or URL would do to a terminal."""
    record.msg, record.args = without_controls(record.getMessage()), ()
    return True


class ProgressLines(logging.Handler):
    """Logs what `tasks.progress.advance` reports, at most once in `every` seconds for each step."""

    def __init__(self, every: float = 15.0) -> None:
        super().__init__(logging.DEBUG)
        self._every = every
        self._logged_at: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log a step's progress, unless it was logged less than `every` seconds ago."""
        step = getattr(record, "step", None)
        if step is None:
            return
        now = time.monotonic()
        # Only from then on: work that is over in less than `every` seconds logs nothing.
        last = self._logged_at.setdefault(step, now)
        if now - last < self._every:
            return
        self._logged_at[step] = now
        done, total = record.__dict__["done"], record.__dict__["total"]
        of = f" of {total:,} ({done / total:.0%})" if total else ""
        log.info("%s: %s%s", step, f"{done:,}", of)


PREFIX = "PRESSWATCH_"
# Prefect's secrets; of its other variables only those that Presswatch sets are printed.
SECRETS = (
    "PREFECT_API_AUTH_STRING",
    "PREFECT_API_KEY",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_DATABASE_PASSWORD",
)
# A variable of Presswatch with one of these in its name holds a secret.
SECRET = re.compile("SECRET|PASSWORD|PASSWD|TOKEN|KEY|AUTH|CREDENTIAL")
# Values that systemd, compose and the shell read alike without quotes.
BARE = re.compile(r"[\w./:@%+,=~-]*", re.ASCII)


def env_file(settings: Settings, api: str, environment: Mapping[str, str]) -> str:
    """A sorted line KEY=VALUE for each setting; the environment overrides defaults.

    A secret that is set is named in a comment, without its value. ConfigError for a value that
    cannot be quoted.
    """
    home = environment.get("PREFECT_HOME") or str(settings.data / "prefect")
    # The server copies its pages at its start; by default, among the installed packages.
    pages = {"PREFECT_SERVER_UI_STATIC_DIRECTORY": f"{home}/ui"}
    defaults = server_settings(api, environment) | pages | {"PREFECT_HOME": home}
    wanted = {name: environment.get(name) or value for name, value in defaults.items()}
    wanted |= {key: value for key, value in environment.items() if key.startswith(PREFIX) and value}
    if settings.store:
        wanted[f"{PREFIX}STORE"] = settings.store
    for name in ("data", "sources", "topics", "alerts"):
        path: Path = getattr(settings, name)
        wanted[f"{PREFIX}{name.upper()}"] = str(path.absolute())
    hidden = {name for name in SECRETS if environment.get(name)}
    lines = []
    for name, value in sorted(wanted.items()):
        # An address may hold a password: in front of the host, or in its query.
        address = urlsplit(value) if "://" in value else urlsplit("")
        is_named_so = name.startswith(PREFIX) and SECRET.search(name)
        if name in hidden or is_named_so or address.username or address.query:
            hidden.add(name)
        elif "'" in value or not value.isprintable():
            raise ConfigError([f"{name}: {value!r} cannot be written into an environment file"])
        else:
            lines.append(f"{name}={value}" if BARE.fullmatch(value) else f"{name}='{value}'")
    return "\n".join([*(f"# left out, holds a secret: {name}" for name in sorted(hidden)), *lines])
