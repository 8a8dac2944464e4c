"""Prefect's settings for a run on one machine: set before Prefect is imported."""

import os

SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "tasks,warehouse",
    "PREFECT_CLI_PROMPT": "false",
}
TEMPORARY = {"PREFECT_LOGGING_LEVEL": "WARNING", "PREFECT_LOGGING_SERVER_LEVEL": "ERROR"}


def configure(*, verbose: bool = False) -> None:
    """Set what is not set yet; without an address of a server, runs use a temporary one."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    if not verbose:
        for name, value in TEMPORARY.items():
            os.environ.setdefault(name, value)
